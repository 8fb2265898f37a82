//! The end of a forwarded question.

use super::attempt::Exchange;
use super::pending::{Pending, Role};
use super::slab::PendingId;
use super::{Event, Forwarder, exchange};
use crate::reply::Failure;
use crate::reply::Outcome;
use crate::reply::Reply;
use crate::transmit::{Millis, Transport};
use alloc::boxed::Box;
use alloc::sync::Arc;

/// Most replies kept for their buffers: as many as may wait to be passed on in one turn.
const SPARE_REPLIES_MAX: usize = 64;
/// Octets of the largest buffer kept.
const SPARE_REPLY_OCTETS_MAX: usize = 4_096;

/// Milliseconds that an answer may take to refresh the cache, once the askers have a stale one:
/// what stub resolvers wait for theirs.
const LATE_ANSWER_MS: u64 = 5_000;

impl Forwarder {
    /// Puts a question back to wait, or ends it when nobody is left who could answer.
    pub(super) fn settle(&mut self, now: Millis, id: PendingId, pending: Box<Pending>) {
        if pending.role == Role::Joined || pending.has_exchanges() {
            self.timers.set(now, id.place, pending.wake_at());
            self.slab.put(id, pending);
        } else {
            let failure = pending.failure();
            self.finish_without_answer(now, id, pending, failure);
        }
    }

    /// Ends a question that got no answer. A truncated one is better than none, for those who can
    /// still ask over TCP; the others would take it for the whole (RFC 2181 section 9). Next best
    /// is one out of the cache whose time is over.
    pub(super) fn finish_without_answer(
        &mut self,
        now: Millis,
        id: PendingId,
        mut pending: Box<Pending>,
        failure: Failure,
    ) {
        let fallback = pending.fallback.take();
        match fallback {
            Some(reply) if reply.header().is_truncated() => {
                self.fail_streams(&mut pending, failure);
                self.finish(now, id, pending, Outcome::Reply(reply));
            }
            Some(reply) => self.finish(now, id, pending, Outcome::Reply(reply)),
            None => {
                self.serve_stale(now, &mut pending);
                self.finish(now, id, pending, Outcome::Failed(failure));
            }
        }
    }

    /// Ends a question that another resolver asked.
    pub(super) fn finish_joined(
        &mut self,
        now: Millis,
        id: PendingId,
        mut pending: Box<Pending>,
        outcome: Outcome,
    ) {
        match &outcome {
            Outcome::Failed(_) => self.serve_stale(now, &mut pending),
            Outcome::Reply(reply) if reply.header().is_truncated() => {
                self.fail_streams(&mut pending, Failure::TimedOut);
            }
            Outcome::Reply(_) => {}
        }
        self.end(id, pending, &outcome);
    }

    /// Tells those who asked over TCP that there is no answer.
    fn fail_streams(&mut self, pending: &mut Pending, failure: Failure) {
        let on_tcp = |waiter: &mut super::Waiter| waiter.client.transport == Transport::Tcp;
        for waiter in pending.waiters.extract_if(.., on_tcp) {
            let outcome = Outcome::Failed(failure);
            let event = Event::Done { waiter, outcome };
            self.queue.push_back(super::Queued::Ready(event));
        }
    }

    /// Gives those who wait a stale answer, if there is one.
    pub(super) fn serve_stale(&mut self, now: Millis, pending: &mut Pending) {
        pending.stale_at = None;
        if pending.waiters.is_empty() {
            return;
        }
        let Some(reply) = self.find_stale(now, &pending.key) else {
            return;
        };
        let reply = Arc::new(reply);
        // Nobody waits any more, but a late answer still ends the staleness.
        pending.ends_at = pending.ends_at.max(pending.started_at.plus(LATE_ANSWER_MS));
        for waiter in pending.waiters.drain(..) {
            self.stats.cache_stale.increment();
            let reply = Arc::clone(&reply);
            self.tell(Event::Stale { waiter, reply });
        }
    }

    /// Ends a question of ours: keeps and tells what came of it.
    pub(super) fn finish(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: Box<Pending>,
        outcome: Outcome,
    ) {
        if pending.role == Role::Owner {
            self.keep(now, &pending, &outcome);
        }
        if let Some((shared, number)) = &self.shared {
            match pending.role {
                Role::Owner => {
                    let woken = shared.release(*number, &pending.key, &outcome);
                    for resolver in woken {
                        let event = Event::Wake(resolver);
                        self.queue.push_back(super::Queued::Ready(event));
                    }
                }
                Role::Joined => shared.leave(*number, &pending.key),
            }
        }
        self.end(id, pending, &outcome);
        if let Outcome::Reply(reply) = outcome {
            self.recycle(reply);
        }
    }

    /// A reply to be filled that nobody else holds.
    pub(super) fn blank_reply(&mut self) -> Arc<Reply> {
        let spare = self.spare_replies.pop_front();
        spare
            .filter(|reply| Arc::strong_count(reply) == 1)
            .unwrap_or_default()
    }

    /// Keeps a reply for its buffer.
    pub(super) fn recycle(&mut self, reply: Arc<Reply>) {
        let is_small = reply.capacity() <= SPARE_REPLY_OCTETS_MAX;
        if is_small && self.spare_replies.len() < SPARE_REPLIES_MAX {
            self.spare_replies.push_back(reply);
        }
    }

    /// Tells the shell to pass on nothing more of an exchange, if it knows of it.
    pub(super) fn close(&mut self, id: PendingId, exchange: &Exchange) {
        if exchange.is_announced {
            let exchange = exchange::of_question(id, exchange.number);
            self.tell(Event::Close(exchange));
        }
    }

    fn end(&mut self, id: PendingId, mut pending: Box<Pending>, outcome: &Outcome) {
        match outcome {
            Outcome::Reply(_) => self.stats.forward_answered.increment(),
            Outcome::Failed(_) => self.stats.forward_failed.increment(),
        }
        let is_it = |(_, place): &(u64, u32)| *place == id.place;
        if let Ok(entry) = self.by_key.find_entry(pending.hash, is_it) {
            entry.remove();
        }
        self.timers.cancel(id.place);
        self.upstreams.of_mut(pending.route).in_flight -= 1;
        self.limits.ended(pending.client);
        for waiter in pending.waiters.drain(..) {
            let outcome = outcome.clone();
            self.tell(Event::Done { waiter, outcome });
        }
        while let Some(exchange) = pending.take_any_exchange() {
            self.close(id, &exchange);
        }
        pending.fallback = None;
        self.slab.release(id, pending);
    }
}
