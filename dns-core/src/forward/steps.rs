//! The steps of a forwarded question: send, ask again, give a server up, go on to other servers.

use super::attempt::{Attempt, Candidate, Exchange, Patience};
use super::judge::{Verdict, is_word, judge};
use super::message::{Opt, write_message};
use super::pending::{Pending, Role, Spelling};
use super::policy::Next;
use super::slab::PendingId;
use super::upstream::Health;
use super::{Event, Forwarder, Order, exchange};
use crate::reply::Failure;
use crate::reply::Outcome;
use crate::reply::Reply;
use crate::transmit::{Millis, Transport};
use crate::wire::Rcode;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Most routes gone on to for one question, so that routes that name each other end.
const HOPS_MAX: u8 = 4;

impl Forwarder {
    /// Sends a question for the first time to the servers of the route it is at.
    pub(super) fn ask_first(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        only: Option<Candidate>,
    ) {
        let route = pending.asking;
        let mut order = core::mem::take(&mut pending.candidates);
        let mut plan = self
            .upstreams
            .order(now, route, &mut *self.random, &mut order);
        if let Some(only) = only {
            order.clear();
            order.push(only);
            plan = Order::InTurn;
        }
        pending.candidates = order;
        self.want_route(now, route);
        let strategy = self.upstreams.of(route).route.strategy;
        for _ in 0..pending.first_attempts(strategy) {
            self.ask_untried(now, id, pending);
        }
        if let (Order::Hedged(after_ms), Some(retry_at)) = (plan, pending.retry_at) {
            pending.retry_at = Some(retry_at.min(now.plus(after_ms)));
        }
    }

    /// Sends the question once, if the budget of messages allows.
    pub(super) fn send(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        attempt: Attempt,
    ) {
        if !pending.can_pay(attempt.transport) {
            return;
        }
        self.stats.forward_sent.increment();
        let server = pending.candidates[attempt.at].server;
        let retry_ms = self.config.forward_retry_ms;
        let upstream = self.upstreams.server(server);
        let is_native = upstream.server.protocol.transport() == attempt.transport;
        let patience_ms = match attempt.transport {
            Transport::Udp => upstream.patience_ms(retry_ms),
            Transport::Tcp => retry_ms,
        };
        let keeps_case = self.config.forward_random_case
            && attempt.transport == Transport::Udp
            && pending.spelling == Spelling::Random
            && upstream.keeps_case(now);
        if !is_native {
            self.stats.forward_tcp_retries.increment();
        }
        let message_id = self.random.next_u32() as u16;
        let case = if keeps_case {
            u64::from(self.random.next_u32()) << 32 | u64::from(self.random.next_u32())
        } else {
            0
        };
        let number = pending.next_number();
        pending.sent(Exchange {
            number,
            attempt,
            server,
            message_id,
            case,
            sent_at: now,
            patience_ms,
            patience: Patience::Waiting,
            is_announced: false,
        });
        pending.retry_at = pending.may_send().then_some(now.plus(patience_ms));
        self.queue(exchange::of_question(id, number));
    }

    /// The message of an exchange that is still waited for.
    pub(super) fn announce(
        &mut self,
        id: PendingId,
        number: u8,
        out: &mut Vec<u8>,
    ) -> Option<Event> {
        let pending = self.slab.get_mut(id)?;
        let exchange = pending.announce(number)?;
        let upstream = self.upstreams.server(exchange.server);
        let cookie = if self.config.forward_cookies {
            upstream.cookies.as_octets()
        } else {
            &[]
        };
        let question = (pending.name(), pending.rtype, pending.flags);
        let Attempt { opt, transport, .. } = exchange.attempt;
        write_message(
            question,
            exchange.message_id,
            exchange.case,
            opt,
            cookie,
            out,
        );
        Some(Event::Ask {
            exchange: exchange::of_question(id, number),
            server: Arc::clone(&upstream.server),
            transport,
        })
    }

    /// Takes a message that came back for a question.
    pub(super) fn handle_answer(
        &mut self,
        now: Millis,
        id: PendingId,
        mut pending: Box<Pending>,
        exchange: &Exchange,
        message: &[u8],
    ) {
        let mut reply = self.blank_reply();
        let failover = Arc::clone(&self.upstreams.of(pending.asking).route);
        let jar = &mut self.upstreams.server_mut(exchange.server).cookies;
        let jar = self.config.forward_cookies.then_some(jar);
        let filled = Arc::make_mut(&mut reply);
        let verdict = judge(&pending, exchange, &failover.failover, jar, message, filled);
        verdict.count(&self.stats);
        match verdict {
            Verdict::Mismatch | Verdict::NoCookie => {
                self.note_mismatch(now, id, &mut pending, exchange);
            }
            Verdict::Folded => self.ask_for_case(now, id, &mut pending, exchange),
            Verdict::Answer => {
                self.note_answer(now, &pending, exchange);
                match self.next_route(&pending, &reply) {
                    Some(next) => self.go_on(now, id, &mut pending, &next),
                    None => {
                        self.close_told(id, &mut pending, exchange);
                        self.note_outrun(now, &pending);
                        return self.finish(now, id, pending, Outcome::Reply(reply));
                    }
                }
            }
            Verdict::Truncated => {
                self.note_answer(now, &pending, exchange);
                pending.fallback.get_or_insert_with(|| Arc::clone(&reply));
                let again = (Transport::Tcp, Opt::Sent);
                self.ask_again(now, id, &mut pending, exchange, again);
            }
            Verdict::RefusedOpt(failure) => {
                pending.note(failure);
                let again = (exchange.attempt.transport, Opt::Omitted);
                self.ask_again(now, id, &mut pending, exchange, again);
            }
            Verdict::BadCookie => self.ask_with_cookie(now, id, &mut pending, exchange),
            Verdict::Failed(failure) => {
                pending.note(failure);
                if matches!(failure, Failure::Rcode(rcode) if is_word(rcode)) {
                    pending.fallback.get_or_insert_with(|| Arc::clone(&reply));
                }
                self.note_life(now, exchange);
                self.give_up_server(now, id, &mut pending, exchange);
            }
        }
        self.recycle(reply);
        self.settle(now, id, pending);
    }

    /// Takes word that a message did not reach its server, or its answer not us.
    pub(super) fn handle_refused(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: Box<Pending>,
        exchange: &Exchange,
    ) {
        let protocol = &self.upstreams.server(exchange.server).server.protocol;
        if protocol.transport() == exchange.attempt.transport {
            self.refused(now, exchange.server, exchange.attempt.transport);
        }
        self.give_up_exchange(now, id, pending, exchange);
    }

    /// Turns from an exchange that nothing comes of: to the same server in lower case if it was
    /// asked over TCP for the case alone, else to the next.
    pub(super) fn give_up_exchange(
        &mut self,
        now: Millis,
        id: PendingId,
        mut pending: Box<Pending>,
        exchange: &Exchange,
    ) {
        let Attempt { at, transport, .. } = exchange.attempt;
        pending.note(Failure::Unreachable);
        let is_native = {
            let protocol = &self.upstreams.server(exchange.server).server.protocol;
            protocol.transport() == transport
        };
        if !is_native && pending.spelling == Spelling::Random && pending.was_folded(at) {
            // It neither repeats the case of names nor takes connections.
            self.close_told(id, &mut pending, exchange);
            pending.spelling = Spelling::Plain;
            let attempt = Attempt {
                at,
                transport: Transport::Udp,
                opt: Opt::Sent,
            };
            self.send(now, id, &mut pending, attempt);
        } else {
            self.give_up_server(now, id, &mut pending, exchange);
        }
        self.settle(now, id, pending);
    }

    /// Looks at a question whose time has come.
    pub(super) fn wake(&mut self, now: Millis, id: PendingId, mut pending: Box<Pending>) {
        while let Some(silent) = pending.take_silent(now) {
            self.stats.forward_timeouts.increment();
            // A server that is silent over TCP alone has just answered over UDP.
            let protocol = &self.upstreams.server(silent.server).server.protocol;
            if protocol.transport() == silent.attempt.transport {
                self.silent(now, silent.server, silent.sent_at);
            }
        }
        if pending.ends_at <= now {
            let failure = pending.failure_at_end();
            return self.finish_without_answer(now, id, pending, failure);
        }
        if pending.stale_at.is_some_and(|at| at <= now) {
            self.serve_stale(now, &mut pending);
        }
        if pending.retry_at.is_some_and(|at| at <= now) {
            self.retry(now, id, &mut pending);
        }
        self.settle(now, id, pending);
    }

    /// Asks whoever is next when the server asked last is silent.
    fn retry(&mut self, now: Millis, id: PendingId, pending: &mut Pending) {
        pending.retry_at = None;
        if pending.role == Role::Joined {
            return;
        }
        let upstreams = &self.upstreams;
        let can_be_asked = |server| upstreams.server(server).health() != Health::Down;
        match pending.next_after_silence(can_be_asked) {
            Some(attempt) => self.send(now, id, pending, attempt),
            // Somebody may be back before its time is over.
            None if pending.may_send() => {
                pending.retry_at = Some(now.plus(self.config.forward_retry_ms));
            }
            None => {}
        }
    }

    /// Asks the next server that was not asked.
    fn ask_untried(&mut self, now: Millis, id: PendingId, pending: &mut Pending) {
        if let Some(attempt) = pending.next_untried() {
            self.send(now, id, pending, attempt);
        }
    }

    /// Asks the server of `exchange` again in another way, or gives it up if no message is left.
    pub(super) fn ask_again(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
        (transport, opt): (Transport, Opt),
    ) {
        if !pending.may_send() {
            return self.give_up_server(now, id, pending, exchange);
        }
        let at = exchange.attempt.at;
        self.close_told(id, pending, exchange);
        if !pending.is_connected(at) {
            let attempt = Attempt { at, transport, opt };
            self.send(now, id, pending, attempt);
        }
    }

    /// Turns from the server of `exchange` to one not asked so far.
    pub(super) fn give_up_server(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
    ) {
        self.close_told(id, pending, exchange);
        let Attempt { at, transport, .. } = exchange.attempt;
        if transport == Transport::Tcp && pending.is_waiting_for(at) {
            // What it was asked over UDP it may still answer.
            return;
        }
        pending.failed(at);
        self.ask_untried(now, id, pending);
    }

    /// Closes all exchanges with a server over one transport.
    fn close_told(&mut self, id: PendingId, pending: &mut Pending, exchange: &Exchange) {
        let Attempt { at, transport, .. } = exchange.attempt;
        while let Some(told) = pending.take_exchange(at, transport) {
            self.close(id, &told);
        }
    }

    /// The route to go on to, when servers say that there is nothing.
    fn next_route(&self, pending: &Pending, reply: &Reply) -> Option<Next> {
        let next = self.upstreams.of(pending.asking).route.next.as_ref()?;
        let is_nodata = reply.rcode() == Rcode::NOERROR && reply.header().ancount == 0;
        let is_wanted =
            next.on_nxdomain && reply.rcode() == Rcode::NXDOMAIN || next.on_nodata && is_nodata;
        (is_wanted && pending.hops < HOPS_MAX && pending.may_send()).then(|| next.clone())
    }

    /// Goes on to the servers of another route, with what is left of the budgets.
    fn go_on(&mut self, now: Millis, id: PendingId, pending: &mut Pending, next: &Next) {
        self.stats.forward_next.increment();
        while let Some(exchange) = pending.take_any_exchange() {
            self.close(id, &exchange);
        }
        pending.hops += 1;
        pending.fallback = None;
        pending.asking = self.upstreams.route(now, &next.route);
        self.ask_first(now, id, pending, None);
    }
}
