//! One question in flight: who waits for it, whom it was sent to, and what is left to try.

use super::attempt::{Attempt, Candidate, Case, Exchange, Patience, Standing};
use super::message::{Opt, spelled};
use super::policy::Strategy;
use super::upstreams::{RouteId, ServerId};
use super::waiter::Waiter;
use crate::question::{QuestionFlags, QuestionKey};
use crate::reply::Failure;
use crate::reply::Reply;
use crate::transmit::{Millis, Transport};
use crate::wire::edns::DnssecOk;
use crate::wire::{Name, Rtype};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Datagrams that answered nothing we asked after which a question is asked over TCP: somebody may
/// be guessing.
const MISMATCHES_MAX: u8 = 2;

/// A question in flight.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) key: QuestionKey,
    pub(super) hash: u64,
    name_len: u8,
    pub(super) rtype: Rtype,
    pub(super) flags: QuestionFlags,
    /// The route of its name, and the one whose servers are asked.
    pub(super) route: RouteId,
    pub(super) asking: RouteId,
    pub(super) role: Role,
    pub(super) waiters: Vec<Waiter>,
    /// Whose share of the questions in flight it takes.
    pub(super) client: Option<IpAddr>,
    pub(super) started_at: Millis,
    /// When it fails.
    pub(super) ends_at: Millis,
    /// When a silent server is joined by the next.
    pub(super) retry_at: Option<Millis>,
    /// When those who wait get a stale answer.
    pub(super) stale_at: Option<Millis>,
    /// An answer that is better than none: a truncated one, or one that other servers were to
    /// better.
    pub(super) fallback: Option<Arc<Reply>>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) spelling: Spelling,
    failure: Failure,
    exchanges: Vec<Exchange>,
    last_asked: usize,
    attempts_left: u8,
    number: u8,
    /// Routes gone on to.
    pub(super) hops: u8,
    mismatches: u8,
    guard: Guard,
    cookies: Cookies,
}

/// Whether a server has sent another cookie for this question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cookies {
    AsKnown,
    Renewed,
}

/// Who asks the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// We do.
    Owner,
    /// Another resolver does; we wait for its word.
    Joined,
}

/// How the name is spelled in datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// In random case, if that is on and the server repeats it.
    Random,
    /// In lower case: it came back in another case, and TCP did not help.
    Plain,
}

/// Whether a question was asked over TCP because somebody may be guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    Down,
    Up,
}

impl Default for Pending {
    fn default() -> Self {
        let flags = QuestionFlags {
            dnssec_ok: DnssecOk::Clear,
            checking_disabled: false,
            recursion_desired: false,
        };
        Pending {
            key: QuestionKey::new(Name::ROOT, Rtype::NS, flags, 0),
            hash: 0,
            name_len: 1,
            rtype: Rtype::NS,
            flags,
            route: RouteId::default(),
            asking: RouteId::default(),
            role: Role::Owner,
            waiters: Vec::new(),
            client: None,
            started_at: Millis(0),
            ends_at: Millis(0),
            retry_at: None,
            stale_at: None,
            fallback: None,
            candidates: Vec::new(),
            spelling: Spelling::Random,
            failure: Failure::Unreachable,
            exchanges: Vec::new(),
            last_asked: 0,
            attempts_left: 0,
            number: 0,
            hops: 0,
            mismatches: 0,
            guard: Guard::Down,
            cookies: Cookies::AsKnown,
        }
    }
}

impl Pending {
    /// Makes it a new question; what it holds keeps its room.
    pub(super) fn begin(&mut self, key: &QuestionKey, hash: u64, name_len: usize) {
        self.key.clone_from(key);
        self.hash = hash;
        self.name_len = name_len as u8;
        self.waiters.clear();
        self.candidates.clear();
        self.exchanges.clear();
        self.client = None;
        self.retry_at = None;
        self.stale_at = None;
        self.fallback = None;
        self.spelling = Spelling::Random;
        self.failure = Failure::Unreachable;
        self.last_asked = 0;
        self.number = 0;
        self.hops = 0;
        self.mismatches = 0;
        self.guard = Guard::Down;
        self.cookies = Cookies::AsKnown;
    }

    pub(super) fn limit_attempts(&mut self, most: u8) {
        self.attempts_left = most;
    }

    /// The name asked for, in lower case.
    pub(super) fn name(&self) -> &[u8] {
        &self.key.as_octets()[..usize::from(self.name_len)]
    }

    /// Whether its name, spelled so, has a large letter at all.
    pub(super) fn has_large_letter(&self, case: u64) -> bool {
        spelled(self.name(), case).ne(self.name().iter().copied())
    }

    /// When it wants to be looked at.
    pub(super) fn wake_at(&self) -> Millis {
        let at = self
            .retry_at
            .map_or(self.ends_at, |at| at.min(self.ends_at));
        self.stale_at.map_or(at, |stale| stale.min(at))
    }

    /// What is sent at once.
    pub(super) fn first_attempts(&self, strategy: Strategy) -> usize {
        match strategy {
            Strategy::Sequential
            | Strategy::Random
            | Strategy::RoundRobin
            | Strategy::Fastest
            | Strategy::Race => 1,
            // Enough stays in hand for TCP, or long answers would never arrive.
            Strategy::Parallel => {
                let for_tcp = messages_of(Transport::Tcp);
                usize::from(self.attempts_left.saturating_sub(for_tcp).max(1))
            }
        }
    }

    /// The next server that was not asked.
    pub(super) fn next_untried(&self) -> Option<Attempt> {
        let untried = |candidate: &Candidate| candidate.standing == Standing::Untried;
        self.candidates
            .iter()
            .position(untried)
            .map(|at| self.attempt(at))
    }

    /// Whom to ask when the one asked last is silent: one not asked so far, else the next in turn
    /// that has not failed and that `can_be_asked`. A connection carries its own retransmissions,
    /// so a server is not asked over a second one.
    pub(super) fn next_after_silence(
        &self,
        can_be_asked: impl Fn(ServerId) -> bool,
    ) -> Option<Attempt> {
        let count = self.candidates.len();
        let mut turn = (1..=count).map(|step| (self.last_asked + step) % count);
        let can_answer = |at: &usize| {
            let candidate = &self.candidates[*at];
            let is_busy = self.attempt(*at).transport == Transport::Tcp && self.is_connected(*at);
            candidate.standing != Standing::Failed && !is_busy && can_be_asked(candidate.server)
        };
        self.next_untried()
            .or_else(|| turn.find(can_answer).map(|at| self.attempt(at)))
    }

    /// Whether a message is left in the budget.
    pub(super) fn may_send(&self) -> bool {
        self.attempts_left > 0
    }

    /// Whether what is left pays for a message over that transport.
    pub(super) fn can_pay(&self, transport: Transport) -> bool {
        self.attempts_left >= messages_of(transport)
    }

    pub(super) fn has_exchanges(&self) -> bool {
        !self.exchanges.is_empty()
    }

    pub(super) fn exchange(&self, number: u8) -> Option<&Exchange> {
        self.exchanges
            .iter()
            .find(|exchange| exchange.number == number)
    }

    /// Messages that may still be answered.
    pub(super) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Notes that the message of that number is on its way.
    pub(super) fn announce(&mut self, number: u8) -> Option<Exchange> {
        let exchange = self
            .exchanges
            .iter_mut()
            .find(|exchange| exchange.number == number)?;
        exchange.is_announced = true;
        Some(*exchange)
    }

    /// The number of the next message.
    pub(super) fn next_number(&self) -> u8 {
        self.number
    }

    /// Notes that a message goes out.
    pub(super) fn sent(&mut self, exchange: Exchange) {
        let at = exchange.attempt.at;
        let cost = messages_of(exchange.attempt.transport);
        self.attempts_left = self.attempts_left.saturating_sub(cost);
        self.number = self.number.wrapping_add(1);
        self.last_asked = at;
        if self.candidates[at].standing == Standing::Untried {
            self.candidates[at].standing = Standing::Asked;
        }
        self.exchanges.push(exchange);
    }

    /// Notes that this server is of no more use.
    pub(super) fn failed(&mut self, at: usize) {
        self.candidates[at].standing = Standing::Failed;
    }

    /// Whether a server may still answer what it was asked.
    pub(super) fn is_waiting_for(&self, at: usize) -> bool {
        self.exchanges
            .iter()
            .any(|exchange| exchange.attempt.at == at)
    }

    /// Whether a server has answered in another case than it was asked in.
    pub(super) fn was_folded(&self, at: usize) -> bool {
        self.candidates[at].case == Case::Folded
    }

    /// Notes that it has.
    pub(super) fn folded(&mut self, at: usize) {
        self.candidates[at].case = Case::Folded;
    }

    /// Whether this is the first time that a server wants another cookie.
    pub(super) fn took_cookie(&mut self) -> bool {
        core::mem::replace(&mut self.cookies, Cookies::Renewed) == Cookies::AsKnown
    }

    /// Notes why a server is of no use.
    pub(super) fn note(&mut self, failure: Failure) {
        self.failure = self.failure.or_later(failure);
    }

    /// Notes a datagram that answers nothing. Gives whether the question is to be asked over TCP
    /// for it, which it is once.
    pub(super) fn mismatched(&mut self) -> bool {
        self.mismatches = self.mismatches.saturating_add(1);
        if self.mismatches < MISMATCHES_MAX || self.guard == Guard::Up || !self.may_send() {
            return false;
        }
        self.guard = Guard::Up;
        true
    }

    /// Takes out an exchange with a server over one transport, one at a time: what one has said,
    /// all have.
    pub(super) fn take_exchange(&mut self, at: usize, transport: Transport) -> Option<Exchange> {
        let told = |exchange: &Exchange| {
            exchange.attempt.at == at && exchange.attempt.transport == transport
        };
        let index = self.exchanges.iter().position(told)?;
        Some(self.exchanges.remove(index))
    }

    /// Takes out any exchange.
    pub(super) fn take_any_exchange(&mut self) -> Option<Exchange> {
        self.exchanges.pop()
    }

    /// An exchange that has waited too long, marked as such.
    pub(super) fn take_silent(&mut self, now: Millis) -> Option<Exchange> {
        let is_late = |exchange: &&mut Exchange| {
            exchange.patience == Patience::Waiting
                && exchange.sent_at.plus(exchange.patience_ms) <= now
        };
        let exchange = self.exchanges.iter_mut().find(is_late)?;
        exchange.patience = Patience::Spent;
        Some(*exchange)
    }

    /// Why it fails, when nothing is left to try.
    pub(super) fn failure(&self) -> Failure {
        self.failure
    }

    /// Why it fails at the end of its time.
    pub(super) fn failure_at_end(&self) -> Failure {
        self.failure.or_later(Failure::TimedOut)
    }

    /// Whether a connection to that server is open.
    pub(super) fn is_connected(&self, at: usize) -> bool {
        self.exchanges.iter().any(|exchange| {
            exchange.attempt.at == at && exchange.attempt.transport == Transport::Tcp
        })
    }

    /// Once one answer was truncated, others are asked for over TCP.
    fn attempt(&self, at: usize) -> Attempt {
        let is_truncated = self
            .fallback
            .as_ref()
            .is_some_and(|reply| reply.header().is_truncated());
        let transport = if is_truncated {
            Transport::Tcp
        } else {
            self.candidates[at].transport
        };
        Attempt {
            at,
            transport,
            opt: Opt::Sent,
        }
    }
}

/// Messages that one over that transport may come to: on a connection that the server closes it is
/// sent once more (RFC 7766 section 6.2.4).
fn messages_of(transport: Transport) -> u8 {
    match transport {
        Transport::Udp => 1,
        Transport::Tcp => 2,
    }
}
