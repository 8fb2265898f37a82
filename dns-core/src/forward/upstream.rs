//! What is remembered of upstream servers from one question to the next.

use crate::transmit::Millis;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// Milliseconds that a silent server stays behind the others: long enough that a dead server
/// slows one question in many, short enough that a restarted one is soon preferred again.
const DEMOTION_MS: u64 = 10_000;

/// Most servers remembered; past it further ones are not demoted.
const DEMOTED_MAX: usize = 1_024;

/// Servers that were silent lately.
///
/// Only silence and a closed port count: what a spoofer can send never changes anything here.
#[derive(Debug, Default)]
pub(super) struct Upstreams {
    demoted_until: BTreeMap<SocketAddr, Millis>,
}

impl Upstreams {
    /// Those servers, each once, in their order, silent ones last.
    pub(super) fn order(&self, now: Millis, servers: &[SocketAddr]) -> Vec<SocketAddr> {
        let mut order = Vec::with_capacity(servers.len());
        for server in servers {
            if !order.contains(server) {
                order.push(*server);
            }
        }
        order.sort_by_key(|server| self.is_demoted(now, *server));
        order
    }

    /// Puts a server that did not answer in time behind the others for a while.
    pub(super) fn demote(&mut self, now: Millis, server: SocketAddr) {
        if self.demoted_until.len() >= DEMOTED_MAX && !self.demoted_until.contains_key(&server) {
            self.demoted_until.retain(|_, until| *until > now);
        }
        if self.demoted_until.len() < DEMOTED_MAX || self.demoted_until.contains_key(&server) {
            self.demoted_until.insert(server, now.plus(DEMOTION_MS));
        }
    }

    /// Puts a server that answered in time back in its place.
    pub(super) fn restore(&mut self, server: SocketAddr) {
        self.demoted_until.remove(&server);
    }

    fn is_demoted(&self, now: Millis, server: SocketAddr) -> bool {
        self.demoted_until
            .get(&server)
            .is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn ports(upstreams: &Upstreams, now: u64, servers: &[u16]) -> Vec<u16> {
        let servers: Vec<_> = servers.iter().map(|port| server(*port)).collect();
        upstreams
            .order(Millis(now), &servers)
            .iter()
            .map(SocketAddr::port)
            .collect()
    }

    #[test]
    fn a_silent_server_goes_last_until_it_answers_or_time_passes() {
        let mut upstreams = Upstreams::default();
        assert_eq!(ports(&upstreams, 0, &[1, 2, 1, 3]), [1, 2, 3]);
        upstreams.demote(Millis(0), server(1));
        assert_eq!(ports(&upstreams, 1, &[1, 2, 3]), [2, 3, 1]);
        assert_eq!(ports(&upstreams, DEMOTION_MS, &[1, 2, 3]), [1, 2, 3]);
        upstreams.demote(Millis(0), server(1));
        upstreams.restore(server(1));
        assert_eq!(ports(&upstreams, 1, &[1, 2, 3]), [1, 2, 3]);
    }

    #[test]
    fn when_all_are_silent_the_order_is_the_configured_one() {
        let mut upstreams = Upstreams::default();
        upstreams.demote(Millis(0), server(1));
        upstreams.demote(Millis(5), server(2));
        assert_eq!(ports(&upstreams, 6, &[1, 2]), [1, 2]);
    }

    #[test]
    fn memory_is_bounded_and_old_marks_make_room() {
        let mut upstreams = Upstreams::default();
        for port in 0..2 * DEMOTED_MAX as u16 {
            upstreams.demote(Millis(0), server(port));
        }
        assert_eq!(upstreams.demoted_until.len(), DEMOTED_MAX);
        upstreams.demote(Millis(DEMOTION_MS), server(9_999));
        assert_eq!(ports(&upstreams, DEMOTION_MS, &[9_999, 5]), [5, 9_999]);
    }
}
