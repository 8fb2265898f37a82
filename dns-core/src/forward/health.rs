//! What happens to a server, told to its record and to the probes.

use super::Forwarder;
use super::upstream::{Health, Turned};
use super::upstreams::{RouteId, ServerId};
use crate::transmit::Millis;

impl Forwarder {
    pub(super) fn answered(
        &mut self,
        now: Millis,
        id: ServerId,
        delay_ms: Option<u64>,
        is_timely: bool,
    ) {
        let upstream = self.upstreams.server_mut(id);
        upstream.answered(now, delay_ms, is_timely);
        if upstream.health() == Health::Up && upstream.probe.is_wanted() {
            self.stop_probing(id);
        }
    }

    pub(super) fn silent(&mut self, now: Millis, id: ServerId, sent_at: Millis) {
        let turned = self.upstreams.server_mut(id).silent(now, sent_at);
        self.turned(now, id, turned);
    }

    pub(super) fn refused(&mut self, now: Millis, id: ServerId) {
        let turned = self.upstreams.server_mut(id).refused(now);
        self.turned(now, id, turned);
    }

    fn turned(&mut self, now: Millis, id: ServerId, turned: Turned) {
        if turned == Turned::Worse {
            if self.upstreams.server(id).health() == Health::Down {
                self.stats.forward_servers_down.increment();
            }
            self.want(now, id);
        }
    }

    /// Sees to it that the silent servers of a route are probed while questions want them.
    pub(super) fn want_route(&mut self, now: Millis, route: RouteId) {
        for at in 0.. {
            let Some(id) = self.upstreams.server_of(route, at) else {
                return;
            };
            if self.upstreams.server(id).health() != Health::Up {
                self.want(now, id);
            }
        }
    }

    /// Whether no server of a route can be asked, all being down.
    pub(super) fn refuses_for_down(&mut self, now: Millis, route: RouteId) -> bool {
        let is_down = self.upstreams.is_down(route);
        if is_down {
            self.want_route(now, route);
        }
        is_down
    }
}
