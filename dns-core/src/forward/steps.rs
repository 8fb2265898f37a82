//! The steps of a forwarded question: send, ask again, give a server up, end.

use super::failure::Failure;
use super::pending::{Attempt, Exchange, Patience, Pending, Waiter};
use super::question::Opt;
use super::{Event, Forwarder, Outcome, PendingId};
use crate::stats::Stats;
use crate::transmit::{ExchangeId, Millis, Random, Transport};
use alloc::vec::Vec;

/// What every step needs from outside.
pub(super) struct Turn<'a> {
    pub(super) now: Millis,
    pub(super) random: &'a mut dyn Random,
    pub(super) stats: &'a Stats,
}

impl Forwarder {
    /// Sends the question once, if the budget of messages allows.
    pub(super) fn send(
        &mut self,
        id: PendingId,
        pending: &mut Pending,
        attempt: Attempt,
        turn: &mut Turn<'_>,
    ) {
        if !pending.may_send() {
            return;
        }
        turn.stats.forward_sent.increment();
        if attempt.transport == Transport::Tcp {
            turn.stats.forward_tcp_retries.increment();
        }
        self.last_exchange += 1;
        let exchange = ExchangeId(self.last_exchange);
        let message_id = turn.random.next_u32() as u16;
        self.by_exchange.insert(exchange, id);
        self.events.push_back(Event::Ask {
            exchange,
            server: alloc::sync::Arc::new(super::Server::plain(pending.address(attempt.server))),
            transport: attempt.transport,
            message: pending.key.question.to_message(message_id, attempt.opt),
        });
        let (sent_at, patience) = (turn.now, Patience::Waiting);
        pending.sent(Exchange {
            id: exchange,
            attempt,
            message_id,
            sent_at,
            patience,
        });
        let retry_at = turn.now.plus(self.config.forward_retry_ms);
        pending.retry_at = pending.may_send().then_some(retry_at);
    }

    /// Asks the next server that was not asked.
    pub(super) fn ask_untried(
        &mut self,
        id: PendingId,
        pending: &mut Pending,
        turn: &mut Turn<'_>,
    ) {
        if let Some(attempt) = pending.next_untried() {
            self.send(id, pending, attempt, turn);
        }
    }

    /// Asks the server of `exchange` again in another way, or gives it up if no message is left.
    pub(super) fn ask_again(
        &mut self,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
        (transport, opt): (Transport, Opt),
        turn: &mut Turn<'_>,
    ) {
        if !pending.may_send() {
            return self.give_up_server(id, pending, exchange, turn);
        }
        let server = exchange.attempt.server;
        let told = pending.take_exchanges(server, exchange.attempt.transport);
        self.close(told);
        if !pending.is_connected(server) {
            self.send(
                id,
                pending,
                Attempt {
                    server,
                    transport,
                    opt,
                },
                turn,
            );
        }
    }

    /// Turns from the server of `exchange` to one not asked so far.
    pub(super) fn give_up_server(
        &mut self,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
        turn: &mut Turn<'_>,
    ) {
        let Attempt {
            server, transport, ..
        } = exchange.attempt;
        pending.failed(server);
        let told = pending.take_exchanges(server, transport);
        self.close(told);
        self.ask_untried(id, pending, turn);
    }

    /// Counts and remembers the servers that were silent for too long.
    pub(super) fn mark_silent(&mut self, now: Millis, pending: &mut Pending, stats: &Stats) {
        for (server, transport) in pending.spend_patience(now, self.config.forward_retry_ms) {
            stats.forward_timeouts.increment();
            // A server that is silent over TCP alone has just answered over UDP.
            if transport == Transport::Udp {
                self.upstreams.demote(now, server);
            }
        }
    }

    /// Puts a server that answered in time back in its place.
    pub(super) fn restore(&mut self, pending: &Pending, exchange: &Exchange) {
        if exchange.patience == Patience::Waiting {
            let server = pending.address(exchange.attempt.server);
            self.upstreams.restore(server);
        }
    }

    /// Puts a question back to wait, or ends it when nobody is left who could answer.
    pub(super) fn settle(&mut self, id: PendingId, pending: Pending, stats: &Stats) {
        if pending.has_exchanges() {
            self.wakes.insert((pending.wake_at(), id));
            self.pending.insert(id, pending);
        } else {
            let failure = pending.failure();
            self.finish_without_answer(id, pending, failure, stats);
        }
    }

    /// Ends a question that got no answer: a truncated one is better than none, for those who can
    /// still ask over TCP. The others would take it for the whole (RFC 2181 section 9).
    pub(super) fn finish_without_answer(
        &mut self,
        id: PendingId,
        mut pending: Pending,
        failure: Failure,
        stats: &Stats,
    ) {
        if pending.truncated.is_some() {
            let on_tcp = |waiter: &mut Waiter| waiter.client.transport == Transport::Tcp;
            for waiter in pending.waiters.extract_if(.., on_tcp) {
                let outcome = Outcome::Failed(failure);
                self.events.push_back(Event::Done { waiter, outcome });
            }
        }
        let truncated = pending.truncated.clone().map(Outcome::Reply);
        let outcome = truncated.unwrap_or(Outcome::Failed(failure));
        self.finish(id, pending, outcome, stats);
    }

    /// Ends a question.
    pub(super) fn finish(
        &mut self,
        id: PendingId,
        mut pending: Pending,
        outcome: Outcome,
        stats: &Stats,
    ) {
        match outcome {
            Outcome::Reply(_) => stats.forward_answered.increment(),
            Outcome::Failed(_) => stats.forward_failed.increment(),
        }
        debug_assert_eq!(
            self.by_key.get(&pending.key),
            Some(&id),
            "a question has one entry"
        );
        self.by_key.remove(&pending.key);
        for waiter in core::mem::take(&mut pending.waiters) {
            self.events.push_back(Event::Done {
                waiter,
                outcome: outcome.clone(),
            });
        }
        self.close(pending.take_all_exchanges());
    }

    fn close(&mut self, exchanges: Vec<Exchange>) {
        for exchange in exchanges {
            self.by_exchange.remove(&exchange.id);
            self.events.push_back(Event::Close(exchange.id));
        }
    }
}
