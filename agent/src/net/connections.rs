//! The TCP connections of a worker: who gets a slot, and whose time is up.

use super::connection::{CloseReason, Connection};
use super::limits::NetLimits;
use super::slots::Slots;
use dns_core::Millis;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// Milliseconds between two looks at all deadlines. Nobody minds a connection that lives so much
/// longer, and it keeps the looks few.
const EXPIRY_STEP_MS: u64 = 100;

/// The connections, by slot.
#[derive(Debug)]
pub(crate) struct Connections<S> {
    limits: NetLimits,
    slots: Slots<Connection<S>>,
    by_client: HashMap<IpAddr, usize>,
    accepted: u32,
    look_at: Option<Millis>,
}

/// What becomes of a new connection.
#[derive(Debug)]
pub(crate) enum Admission<S> {
    /// It is in that slot.
    Admitted(usize),
    /// It is, and another had to make room.
    AdmittedFor(usize, Connection<S>),
    /// Every slot is busy.
    RefusedFull(S),
    /// Its client has enough.
    RefusedClient(S),
}

impl<S> Connections<S> {
    /// No connections.
    pub(crate) fn new(limits: NetLimits) -> Self {
        let slots = Slots::default();
        Connections {
            limits,
            slots,
            by_client: HashMap::new(),
            accepted: 0,
            look_at: None,
        }
    }

    /// Number of connections.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Finds a slot for a new connection.
    pub(crate) fn admit(&mut self, now: Millis, peer: SocketAddr, stream: S) -> Admission<S> {
        let client = peer.ip().to_canonical();
        let of_client = self.by_client.get(&client).copied().unwrap_or(0);
        if !client.is_loopback() && of_client >= self.limits.tcp_connections_per_client_max {
            return Admission::RefusedClient(stream);
        }
        let evicted = if self.slots.len() >= self.limits.tcp_connections_max {
            match self.remove_longest_idle() {
                Some(connection) => Some(connection),
                None => return Admission::RefusedFull(stream),
            }
        } else {
            None
        };
        let slot = self.insert(now, client, peer, stream);
        match evicted {
            Some(connection) => Admission::AdmittedFor(slot, connection),
            None => Admission::Admitted(slot),
        }
    }

    /// Takes out the connection that has been idle the longest, if any is.
    pub(crate) fn remove_longest_idle(&mut self) -> Option<Connection<S>> {
        self.longest_idle().and_then(|slot| self.remove(slot))
    }

    /// Takes a connection out.
    pub(crate) fn remove(&mut self, slot: usize) -> Option<Connection<S>> {
        let connection = self.slots.remove(slot)?;
        let client = connection.peer().ip().to_canonical();
        if let Some(count) = self.by_client.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.by_client.remove(&client);
            }
        }
        Some(connection)
    }

    /// The connection in that slot.
    pub(crate) fn connection_mut(&mut self, slot: usize) -> Option<&mut Connection<S>> {
        self.slots.value_mut(slot)
    }

    /// The slot of the connection that has that token, unless it is gone.
    pub(crate) fn slot_of(&mut self, token: u64) -> Option<usize> {
        let slot = token as u32 as usize;
        self.slots
            .value_mut(slot)
            .filter(|connection| connection.token() == token)?;
        Some(slot)
    }

    /// Every slot in use.
    pub(crate) fn slots(&self) -> Vec<usize> {
        self.slots.iter().map(|(slot, _)| slot).collect()
    }

    /// Notes that the deadline of a connection may have become sooner.
    pub(crate) fn note_deadline(&mut self, slot: usize) {
        let idle_ms = self.idle_ms();
        let Some(connection) = self.slots.value_mut(slot) else {
            return;
        };
        let due = connection
            .deadline(idle_ms, &self.limits)
            .map(|(due, _)| due);
        self.look_at = [self.look_at, due].into_iter().flatten().min();
    }

    /// When [`Connections::expired`] is worth calling.
    pub(crate) fn next_look(&self) -> Option<Millis> {
        self.look_at
    }

    /// Slots of the connections whose time is up.
    pub(crate) fn expired(&mut self, now: Millis) -> Vec<(usize, CloseReason)> {
        if self.look_at.is_none_or(|look_at| look_at > now) {
            return Vec::new();
        }
        let idle_ms = self.idle_ms();
        let mut expired = Vec::new();
        let mut next: Option<Millis> = None;
        for (slot, connection) in self.slots.iter() {
            match connection.deadline(idle_ms, &self.limits) {
                Some((due, reason)) if due <= now => expired.push((slot, reason)),
                Some((due, _)) => next = Some(next.map_or(due, |next| next.min(due))),
                None => {}
            }
        }
        self.look_at = next.map(|next| next.max(now.plus(EXPIRY_STEP_MS)));
        expired
    }

    fn insert(&mut self, now: Millis, client: IpAddr, peer: SocketAddr, stream: S) -> usize {
        self.accepted = self.accepted.wrapping_add(1);
        let token = u64::from(self.accepted) << 32 | self.slots.next_slot() as u64;
        let was_pressed = self.is_pressed();
        let slot = self.slots.insert(Connection::new(stream, peer, token, now));
        *self.by_client.entry(client).or_default() += 1;
        if self.is_pressed() && !was_pressed {
            self.look_at = Some(now);
        }
        self.note_deadline(slot);
        slot
    }

    fn longest_idle(&self) -> Option<usize> {
        let idle = self
            .slots
            .iter()
            .filter(|(_, connection)| connection.is_idle());
        idle.min_by_key(|(_, connection)| connection.active_at())
            .map(|(slot, _)| slot)
    }

    fn is_pressed(&self) -> bool {
        self.slots.len() * 100 > self.limits.tcp_connections_max * self.limits.tcp_pressed_percent
    }

    fn idle_ms(&self) -> u64 {
        if self.is_pressed() {
            self.limits.tcp_idle_pressed_ms
        } else {
            self.limits.tcp_idle_ms
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::AnswerTime;
    use super::*;

    fn connections(max: usize, per_client: usize) -> Connections<&'static str> {
        Connections::new(NetLimits {
            tcp_connections_max: max,
            tcp_connections_per_client_max: per_client,
            ..NetLimits::default()
        })
    }

    fn admit(
        connections: &mut Connections<&'static str>,
        at: u64,
        peer: &str,
        name: &'static str,
    ) -> Admission<&'static str> {
        connections.admit(Millis(at), peer.parse().unwrap(), name)
    }

    fn admitted(admission: Admission<&'static str>) -> usize {
        match admission {
            Admission::Admitted(slot) => slot,
            other => panic!("{other:?}"),
        }
    }

    fn make_busy(connections: &mut Connections<&'static str>, slot: usize, at: u64) {
        // A connection that was answered but whose client has not read it yet.
        connections
            .connection_mut(slot)
            .unwrap()
            .answer(Millis(at), &[1]);
    }

    #[test]
    fn a_client_has_so_many_connections_and_loopback_any_number() {
        let mut connections = connections(10, 2);
        let first = admitted(admit(&mut connections, 0, "192.0.2.1:1", "a"));
        admitted(admit(&mut connections, 0, "192.0.2.1:2", "b"));
        let third = admit(&mut connections, 0, "192.0.2.1:3", "c");
        assert!(matches!(third, Admission::RefusedClient("c")), "{third:?}");
        admitted(admit(&mut connections, 0, "192.0.2.2:1", "d"));
        connections.remove(first);
        admitted(admit(&mut connections, 0, "192.0.2.1:3", "c"));
        for port in 1..5 {
            admitted(admit(
                &mut connections,
                0,
                &format!("127.0.0.1:{port}"),
                "l",
            ));
        }
    }

    #[test]
    fn when_full_the_longest_idle_makes_room() {
        let mut connections = connections(3, 3);
        let busy = admitted(admit(&mut connections, 0, "192.0.2.1:1", "busy"));
        make_busy(&mut connections, busy, 0);
        admitted(admit(&mut connections, 1, "192.0.2.2:1", "old"));
        admitted(admit(&mut connections, 2, "192.0.2.3:1", "young"));
        match admit(&mut connections, 3, "192.0.2.4:1", "new") {
            Admission::AdmittedFor(_, evicted) => assert_eq!(evicted.stream, "old"),
            other => panic!("{other:?}"),
        }
        assert_eq!(connections.len(), 3);
    }

    #[test]
    fn when_full_and_busy_a_new_one_is_refused() {
        let mut connections = connections(2, 2);
        for port in 1..3 {
            let slot = admitted(admit(
                &mut connections,
                0,
                &format!("192.0.2.1:{port}"),
                "busy",
            ));
            make_busy(&mut connections, slot, 0);
        }
        let third = admit(&mut connections, 1, "192.0.2.2:1", "new");
        assert!(matches!(third, Admission::RefusedFull("new")), "{third:?}");
    }

    #[test]
    fn idle_connections_expire_and_sooner_when_slots_run_short() {
        let mut connections = connections(4, 4);
        for (port, at) in [(1, 0), (2, 500), (3, 1_200)] {
            admitted(admit(
                &mut connections,
                at,
                &format!("192.0.2.1:{port}"),
                "c",
            ));
        }
        assert_eq!(connections.expired(Millis(9_999)), []);
        assert_eq!(connections.next_look(), Some(Millis(10_000)));
        let fourth = admitted(admit(&mut connections, 1_600, "192.0.2.1:4", "c"));
        let expired: Vec<_> = connections.expired(Millis(1_600)).into_iter().collect();
        assert_eq!(expired, [(0, CloseReason::Idle), (1, CloseReason::Idle)]);
        connections.remove(0);
        connections.remove(1);
        let remaining = connections.expired(Millis(11_600));
        assert_eq!(
            remaining,
            [(2, CloseReason::Idle), (fourth, CloseReason::Idle)]
        );
    }

    #[test]
    fn an_answer_for_a_connection_that_is_gone_finds_nobody() {
        let mut connections = connections(4, 4);
        let slot = admitted(admit(&mut connections, 0, "192.0.2.1:1", "a"));
        let token = connections.connection_mut(slot).unwrap().token();
        assert_eq!(connections.slot_of(token), Some(slot));
        connections.remove(slot);
        assert_eq!(connections.slot_of(token), None);
        assert_eq!(
            admitted(admit(&mut connections, 0, "192.0.2.1:2", "b")),
            slot
        );
        assert_eq!(connections.slot_of(token), None);
    }

    #[test]
    fn a_query_in_flight_is_not_idle() {
        let mut connections = connections(4, 4);
        let slot = admitted(admit(&mut connections, 0, "192.0.2.1:1", "a"));
        let connection = connections.connection_mut(slot).unwrap();
        assert!(connection.is_idle());
        connection.append_input(&[0, 1, 7]);
        connection
            .take_message(Millis(1), |_, _| AnswerTime::Later)
            .unwrap();
        assert_eq!(connections.expired(Millis(60_000)), []);
    }
}
