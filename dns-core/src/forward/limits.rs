//! How many questions may be in flight: in all, of a route, and of one client.

use super::Forwarder;
use super::slab::PendingId;
use super::upstreams::RouteId;
use crate::reply::Failure;
use crate::transmit::Millis;
use alloc::collections::VecDeque;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use foldhash::quality::FixedState;
use hashbrown::HashMap;

/// Most of the oldest questions looked at to find one of a certain route.
const JOSTLE_LOOK: usize = 64;
/// Ended questions that may lie in the order of age for each one in flight.
const ENDED_PER_PENDING: usize = 2;
/// Length of the order of age that is never cleared.
const AGE_MIN: usize = 256;

/// What counts towards the limits.
#[derive(Debug)]
pub(super) struct Limits {
    /// Questions in flight by the address of their first asker.
    by_client: HashMap<IpAddr, usize, FixedState>,
    /// Questions by age, oldest first; some have ended.
    by_age: VecDeque<(PendingId, Millis)>,
}

/// There is no room for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Limits {
    pub(super) fn new(seed: u64) -> Self {
        Limits {
            by_client: HashMap::with_hasher(FixedState::with_seed(seed)),
            by_age: VecDeque::new(),
        }
    }

    /// Notes a question that goes out.
    pub(super) fn began(&mut self, now: Millis, id: PendingId, client: Option<IpAddr>) {
        self.by_age.push_back((id, now));
        if let Some(client) = client {
            *self.by_client.entry(client).or_insert(0) += 1;
        }
    }

    /// Notes that a question of that client has ended.
    pub(super) fn ended(&mut self, client: Option<IpAddr>) {
        let Some(client) = client else {
            return;
        };
        if let Some(count) = self.by_client.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.by_client.remove(&client);
            }
        }
    }

    fn count_of(&self, client: IpAddr) -> usize {
        self.by_client.get(&client).copied().unwrap_or(0)
    }
}

impl Forwarder {
    /// Makes room for a question, if need be at the cost of one that has waited for long.
    pub(super) fn admit(
        &mut self,
        now: Millis,
        route: RouteId,
        client: Option<IpAddr>,
    ) -> Result<(), Full> {
        self.clear_ages();
        let pending_max = self.config.forward_pending_max;
        let share = usize::from(self.config.forward_client_percent);
        let client_max = (pending_max.saturating_mul(share) / 100).max(1);
        // Behind this address are all programs of a machine, or of a pod.
        let is_shared =
            |client: &IpAddr| *client == Ipv4Addr::LOCALHOST || *client == Ipv6Addr::LOCALHOST;
        let client = client.filter(|client| !is_shared(client));
        let is_crowded = share < 100 && self.slab.len() > pending_max / 2;
        if is_crowded && client.is_some_and(|client| self.limits.count_of(client) >= client_max) {
            self.stats.forward_client_shed.increment();
            return Err(Full);
        }
        let state = self.upstreams.of(route);
        let route_max = state.route.in_flight_max;
        if route_max > 0 && state.in_flight >= route_max && !self.jostle(now, Some(route)) {
            self.stats.forward_route_shed.increment();
            return Err(Full);
        }
        if self.slab.len() >= pending_max && !self.jostle(now, None) {
            self.stats.forward_shed.increment();
            return Err(Full);
        }
        Ok(())
    }

    /// Ends the oldest question, of that route if one is given, that has waited long enough.
    /// Gives whether there was one.
    fn jostle(&mut self, now: Millis, route: Option<RouteId>) -> bool {
        let jostle_ms = self.config.forward_jostle_ms;
        let is_it = |(id, began_at): &(PendingId, Millis)| {
            let pending = self.slab.get(*id);
            now.since(*began_at) >= jostle_ms
                && pending.is_some_and(|pending| route.is_none_or(|route| pending.route == route))
        };
        let look = if route.is_some() {
            JOSTLE_LOOK
        } else {
            usize::MAX
        };
        let found = self.limits.by_age.iter().take(look).copied().find(is_it);
        let Some((id, _)) = found else {
            return false;
        };
        if let Some(pending) = self.slab.take(id) {
            self.stats.forward_jostled.increment();
            self.finish_without_answer(now, id, pending, Failure::Overloaded);
        }
        true
    }

    /// Drops ended questions from the order of age: those in front, and all when they are many.
    fn clear_ages(&mut self) {
        let by_age = &mut self.limits.by_age;
        while let Some((id, _)) = by_age.front() {
            if self.slab.get(*id).is_some() {
                break;
            }
            by_age.pop_front();
        }
        if by_age.len() > AGE_MIN + (1 + ENDED_PER_PENDING) * self.slab.len() {
            by_age.retain(|(id, _)| self.slab.get(*id).is_some());
        }
    }
}
