//! The start of a forwarded question: the cache, the same question in flight, or a server.

use super::attempt::Candidate;
use super::pending::Role;
use super::policy::Route;
use super::recall::Kept;
use super::slab::PendingId;
use super::upstreams::RouteId;
use super::{Asking, Forwarder, Waiter};
use crate::question::QuestionKey;
use crate::question::Wanted;
use crate::reply::Failure;
use crate::reply::relay;
use crate::shared::Claim;
use crate::transmit::Disposition;
use crate::transmit::Millis;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasher;

/// A question to be asked.
struct Start<'q> {
    route: RouteId,
    key: &'q QuestionKey,
    hash: u64,
    wanted: Wanted<'q>,
    /// The one server to ask, whatever its health.
    only: Option<Candidate>,
}

impl Forwarder {
    /// Answers a question from the cache, or asks the servers of `route`, or joins it to the same
    /// question in flight. An answer at once, SERVFAIL when there is no room or no server, is
    /// appended to `out`.
    pub fn ask(
        &mut self,
        now: Millis,
        route: &Arc<Route>,
        wanted: Wanted<'_>,
        asking: Asking<'_>,
        out: &mut Vec<u8>,
    ) -> Disposition {
        let route = self.upstreams.route(now, route);
        let group = self.upstreams.of(route).group;
        let Wanted { name, rtype, flags } = wanted;
        let key = QuestionKey::new(name, rtype, flags, group);
        let kept = self.recall(now, route, &key, &asking, out);
        if kept == Kept::Answered {
            return Disposition::Answered;
        }
        let hash = self.hasher.hash_one(key.as_octets());
        let flight = self.find(hash, key.as_octets());
        let start = Start {
            route,
            key: &key,
            hash,
            wanted,
            only: None,
        };
        match (kept, flight) {
            (Kept::Answered | Kept::Refresh, _) => {
                if flight.is_none() {
                    self.renew(now, start);
                }
                Disposition::Answered
            }
            (Kept::Stale, Some(id)) if self.is_past_stale(id) => {
                self.answer_stale(now, &key, &asking, out)
            }
            (Kept::Stale | Kept::Nothing, Some(_)) if self.refuses_for_down(now, route) => {
                self.stats.forward_all_down.increment();
                self.refuse(&asking, Failure::Unreachable, out)
            }
            (Kept::Stale | Kept::Nothing, Some(id)) => self.join(id, asking, out),
            (Kept::Stale | Kept::Nothing, None) => self.ask_anew(now, start, asking, kept, out),
        }
    }

    /// Asks a question that is not in flight for a client, if there is a server and room.
    fn ask_anew(
        &mut self,
        now: Millis,
        start: Start<'_>,
        asking: Asking<'_>,
        kept: Kept,
        out: &mut Vec<u8>,
    ) -> Disposition {
        if self.refuses_for_down(now, start.route) {
            self.stats.forward_all_down.increment();
            self.try_down(now, start);
            return self.refuse(&asking, Failure::Unreachable, out);
        }
        let client = asking.client.address.ip();
        if self.admit(now, start.route, Some(client)).is_err() {
            return self.refuse(&asking, Failure::Overloaded, out);
        }
        let stale_at = (kept == Kept::Stale).then(|| now.plus(self.config.stale_after_ms));
        let waiter = Waiter::new(asking.client, asking.asker, asking.chain);
        self.start(now, start, Some(waiter), stale_at);
        Disposition::Pending
    }

    /// Asks a question that nobody waits for, so that its answer does not run out.
    fn renew(&mut self, now: Millis, start: Start<'_>) {
        if self.upstreams.is_down(start.route) {
            return self.try_down(now, start);
        }
        if self.admit(now, start.route, None).is_ok() {
            self.stats.forward_prefetched.increment();
            self.start(now, start, None, None);
        }
    }

    /// Asks a server that is down, of a route where all are, a question that nobody waits for: one
    /// that does not answer probes may answer this. At most once in `forward_probe_ms`.
    fn try_down(&mut self, now: Millis, start: Start<'_>) {
        let pause_ms = self.config.forward_probe_ms;
        let Some(only) = self.upstreams.try_down(now, start.route, pause_ms) else {
            return;
        };
        if self.admit(now, start.route, None).is_ok() {
            let only = Some(only);
            self.start(now, Start { only, ..start }, None, None);
        }
    }

    /// Sends a question on its way.
    fn start(
        &mut self,
        now: Millis,
        start: Start<'_>,
        waiter: Option<Waiter>,
        stale_at: Option<Millis>,
    ) {
        self.stats.forwarded.increment();
        let Start {
            route,
            key,
            hash,
            wanted,
            only,
        } = start;
        let id = self.slab.reserve();
        let mut pending = self.slab.blank();
        pending.begin(key, hash, wanted.name.as_wire().len());
        pending.limit_attempts(self.config.forward_attempts_max);
        pending.rtype = wanted.rtype;
        pending.flags = wanted.flags;
        pending.route = route;
        pending.asking = route;
        pending.role = self.claim(key);
        pending.started_at = now;
        pending.ends_at = now.plus(self.config.forward_budget_ms);
        pending.stale_at = stale_at;
        pending.client = waiter.as_ref().map(|waiter| waiter.client.address.ip());
        pending.waiters.extend(waiter);
        self.by_key
            .insert_unique(hash, (hash, id.place), |(hash, _)| *hash);
        self.upstreams.of_mut(route).in_flight += 1;
        self.limits.began(now, id, pending.client);
        if pending.role == Role::Owner {
            self.ask_first(now, id, &mut pending, only);
        }
        self.settle(now, id, pending);
    }

    fn join(&mut self, id: PendingId, asking: Asking<'_>, out: &mut Vec<u8>) -> Disposition {
        let waiters_max = self.config.forward_waiters_max;
        let pending = self.slab.get_mut(id);
        match pending.filter(|pending| pending.waiters.len() < waiters_max) {
            Some(pending) => {
                self.stats.forward_joined.increment();
                let waiter = Waiter::new(asking.client, asking.asker, asking.chain);
                pending.waiters.push(waiter);
                Disposition::Pending
            }
            None => {
                self.stats.forward_shed.increment();
                self.refuse(&asking, Failure::Overloaded, out)
            }
        }
    }

    pub(super) fn refuse(
        &self,
        asking: &Asking<'_>,
        failure: Failure,
        out: &mut Vec<u8>,
    ) -> Disposition {
        relay::fail(asking.asker, failure, out);
        Disposition::Answered
    }

    fn claim(&self, key: &QuestionKey) -> Role {
        match &self.shared {
            Some((shared, number)) if shared.claim(*number, key) == Claim::Joined => Role::Joined,
            _ => Role::Owner,
        }
    }
}
