//! What the cache knows of a question, and what it is told.

use super::judge::is_word;
use super::pending::Pending;
use super::slab::PendingId;
use super::upstream::Health;
use super::upstreams::RouteId;
use super::waiter::write_answer;
use super::{Asking, Forwarder};
use crate::cache::{Cache, Freshness};
use crate::question::QuestionKey;
use crate::reply::Failure;
use crate::reply::Reply;
use crate::reply::{Outcome, relay};
use crate::transmit::Disposition;
use crate::transmit::Millis;
use crate::wire::Ede;
use crate::wire::writer::Fit;
use alloc::vec::Vec;

/// What the cache says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nothing.
    Nothing,
    /// An answer whose time is over: to be given when no other can be had.
    Stale,
    /// The answer, which was written.
    Answered,
    /// The same, and it is to be asked for again in time.
    Refresh,
}

/// What was found of it under the lock.
enum Found {
    Failure(Failure),
    Stale,
    Written(Freshness, Fit),
    Copied(Freshness, Option<Reply>),
}

impl Forwarder {
    /// Answers from the cache, if it can.
    pub(super) fn recall(
        &mut self,
        now: Millis,
        route: RouteId,
        key: &QuestionKey,
        asking: &Asking<'_>,
        out: &mut Vec<u8>,
    ) -> Kept {
        let Some(cache) = self.cache(route) else {
            return Kept::Nothing;
        };
        let transport = asking.client.transport;
        let found = cache.find(now, key, |hit| {
            if let Some(failure) = hit.failure() {
                return Found::Failure(failure);
            }
            match hit.freshness() {
                Freshness::Stale if !self.upstreams.is_down(route) => Found::Stale,
                freshness if asking.chain.is_empty() => {
                    Found::Written(freshness, hit.relay(asking.asker, transport, out))
                }
                freshness => Found::Copied(freshness, hit.to_reply()),
            }
        });
        match found {
            None | Some(Found::Copied(_, None)) => Kept::Nothing,
            Some(Found::Stale) => Kept::Stale,
            Some(Found::Failure(failure)) => {
                self.stats.cache_failures.increment();
                relay::fail(asking.asker, failure, out);
                Kept::Answered
            }
            Some(Found::Written(freshness, fit)) => self.recalled(now, route, freshness, fit),
            Some(Found::Copied(freshness, Some(reply))) => {
                let ede = freshness.is_stale().then_some(Ede::STALE_ANSWER);
                let Asking { asker, chain, .. } = asking;
                let fit = write_answer(*asker, transport, chain, &reply, ede, out);
                self.recalled(now, route, freshness, fit)
            }
        }
    }

    fn recalled(&mut self, now: Millis, route: RouteId, freshness: Freshness, fit: Fit) -> Kept {
        if fit == Fit::Cut {
            self.stats.truncated.increment();
        }
        if freshness.is_stale() {
            self.stats.cache_stale.increment();
            self.want_route(now, route);
            if self.upstreams.is_down(route) {
                return Kept::Refresh;
            }
        } else {
            self.stats.cache_hits.increment();
        }
        match freshness {
            Freshness::Prefetch => Kept::Refresh,
            Freshness::Fresh | Freshness::Stale | Freshness::StaleWhileFailing => Kept::Answered,
        }
    }

    /// Whether those who waited for a question were given a stale answer already.
    pub(super) fn is_past_stale(&self, id: PendingId) -> bool {
        let pending = self.slab.get(id);
        pending.is_some_and(|pending| pending.stale_at.is_none())
    }

    /// Answers with what the cache has, its time over or not.
    pub(super) fn answer_stale(
        &mut self,
        now: Millis,
        key: &QuestionKey,
        asking: &Asking<'_>,
        out: &mut Vec<u8>,
    ) -> Disposition {
        let Asking {
            client,
            asker,
            chain,
        } = asking;
        let Some(reply) = self.find_stale(now, key) else {
            return self.refuse(asking, Failure::TimedOut, out);
        };
        self.stats.cache_stale.increment();
        let ede = Some(Ede::STALE_ANSWER);
        if write_answer(*asker, client.transport, chain, &reply, ede, out) == Fit::Cut {
            self.stats.truncated.increment();
        }
        Disposition::Answered
    }

    /// A reply out of the cache, its time over or not.
    pub(super) fn find_stale(&self, now: Millis, key: &QuestionKey) -> Option<Reply> {
        let (shared, _) = self.shared.as_ref()?;
        let cache = shared.cache()?;
        cache.find(now, key, |hit| hit.to_reply()).flatten()
    }

    /// Keeps what came of a question that we asked.
    pub(super) fn keep(&self, now: Millis, pending: &Pending, outcome: &Outcome) {
        let Some(cache) = self.cache(pending.route) else {
            return;
        };
        let caching = &self.upstreams.of(pending.route).route.caching;
        match outcome {
            Outcome::Reply(reply) => {
                if is_word(reply.rcode()) && !reply.header().is_truncated() {
                    cache.keep(now, &pending.key, reply, caching);
                }
            }
            Outcome::Failed(failure) => {
                if self.is_of_the_name(pending, *failure) {
                    cache.keep_failure(now, &pending.key, *failure);
                }
            }
        }
    }

    /// Whether a failure is one of the name, to be kept (RFC 9520 section 3.2). Servers that are
    /// down are probed instead, so that their names are found as soon as they are back.
    fn is_of_the_name(&self, pending: &Pending, failure: Failure) -> bool {
        let may_be_up = |candidate: &super::attempt::Candidate| {
            self.upstreams.server(candidate.server).health() != Health::Down
        };
        match failure {
            Failure::Rcode(_) | Failure::BadResponse(_) => true,
            Failure::TimedOut => pending.candidates.iter().any(may_be_up),
            Failure::Unreachable | Failure::Overloaded => false,
        }
    }

    fn cache(&self, route: RouteId) -> Option<&Cache> {
        let (shared, _) = self.shared.as_ref()?;
        let is_on = self.upstreams.of(route).route.caching.is_on;
        shared.cache().filter(|_| is_on)
    }
}
