//! One question in flight: who waits for it, whom it was sent to, and what is left to try.

use super::compose::compose;
use super::failure::Failure;
use super::policy::{Route, Strategy};
use super::question::{Opt, Question};
use super::relay::relay;
use super::reply::Reply;
use crate::answer::Cname;
use crate::query::Query;
use crate::transmit::{Client, ExchangeId, Millis, Transport};
use crate::wire::writer::Fit;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// A client that waits for an answer.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Whom the answer goes to.
    pub client: Client,
    /// Its query.
    pub query: Box<Query>,
    /// CNAMEs that go in front of the answer; with none the answer is passed through.
    pub chain: Vec<Cname>,
}

impl Waiter {
    /// Appends this client's answer, made of `reply`. Gives whether all fitted.
    pub fn write_answer(&self, reply: &Reply, out: &mut Vec<u8>) -> Fit {
        if self.chain.is_empty() {
            relay(&self.query, self.client.transport, reply, out)
        } else {
            compose(&self.query, self.client.transport, &self.chain, reply, out)
        }
    }
}

/// What makes two waiting questions one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) route: Arc<Route>,
    pub(super) question: Question,
}

/// A question in flight.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) key: Arc<Key>,
    pub(super) waiters: Vec<Waiter>,
    /// When it fails.
    pub(super) ends_at: Millis,
    /// When a silent server is joined by the next.
    pub(super) retry_at: Option<Millis>,
    /// A truncated answer, in case TCP gives no better one.
    pub(super) truncated: Option<Arc<Reply>>,
    failure: Failure,
    servers: Vec<Server>,
    exchanges: Vec<Exchange>,
    last_asked: usize,
    attempts_left: u8,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    standing: Standing,
}

/// A server in the eyes of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Untried,
    Asked,
    Failed,
}

/// A message to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// Index of the server.
    pub(super) server: usize,
    pub(super) transport: Transport,
    pub(super) opt: Opt,
}

/// A message sent, and its socket.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) id: ExchangeId,
    pub(super) attempt: Attempt,
    pub(super) message_id: u16,
    pub(super) sent_at: Millis,
    pub(super) patience: Patience,
}

/// Whether an exchange is still in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    Waiting,
    /// Its server was silent for too long; a late answer is welcome all the same.
    Spent,
}

impl Pending {
    pub(super) fn new(
        key: Arc<Key>,
        servers: Vec<SocketAddr>,
        ends_at: Millis,
        attempts_max: u8,
    ) -> Self {
        let untried = |address| Server {
            address,
            standing: Standing::Untried,
        };
        Pending {
            key,
            waiters: Vec::new(),
            ends_at,
            retry_at: None,
            truncated: None,
            failure: Failure::Unreachable,
            servers: servers.into_iter().map(untried).collect(),
            exchanges: Vec::new(),
            last_asked: 0,
            attempts_left: attempts_max,
        }
    }

    /// When it wants to be looked at.
    pub(super) fn wake_at(&self) -> Millis {
        self.retry_at
            .map_or(self.ends_at, |at| at.min(self.ends_at))
    }

    /// What is sent at once.
    pub(super) fn first_attempts(&self) -> usize {
        match self.key.route.strategy {
            Strategy::Sequential
            | Strategy::Random
            | Strategy::RoundRobin
            | Strategy::Fastest
            | Strategy::Race => 1,
            // One message stays in hand for TCP, or long answers would never arrive.
            Strategy::Parallel => usize::from(self.attempts_left.saturating_sub(1).max(1)),
        }
    }

    /// The next server that was not asked.
    pub(super) fn next_untried(&self) -> Option<Attempt> {
        let untried = |server: &Server| server.standing == Standing::Untried;
        self.servers
            .iter()
            .position(untried)
            .map(|server| self.attempt(server))
    }

    /// Whom to ask when the one asked last is silent: one not asked so far, else the next in turn
    /// that has not failed. A connection carries its own retransmissions, so a server with one
    /// open is left alone.
    pub(super) fn next_after_silence(&self) -> Option<Attempt> {
        let count = self.servers.len();
        let turn = (1..=count).map(|step| (self.last_asked + step) % count);
        let can_answer = |server: &usize| {
            self.servers[*server].standing != Standing::Failed && !self.is_connected(*server)
        };
        self.next_untried().or_else(|| {
            let mut turn = turn;
            turn.find(can_answer).map(|server| self.attempt(server))
        })
    }

    /// Whether a message is left in the budget.
    pub(super) fn may_send(&self) -> bool {
        self.attempts_left > 0
    }

    pub(super) fn has_exchanges(&self) -> bool {
        !self.exchanges.is_empty()
    }

    pub(super) fn exchange(&self, id: ExchangeId) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.id == id)
    }

    pub(super) fn address(&self, server: usize) -> SocketAddr {
        self.servers[server].address
    }

    /// Notes that a message went out.
    pub(super) fn sent(&mut self, exchange: Exchange) {
        let server = exchange.attempt.server;
        self.attempts_left = self.attempts_left.saturating_sub(1);
        self.last_asked = server;
        if self.servers[server].standing == Standing::Untried {
            self.servers[server].standing = Standing::Asked;
        }
        self.exchanges.push(exchange);
    }

    /// Notes that this server is of no more use.
    pub(super) fn failed(&mut self, server: usize) {
        self.servers[server].standing = Standing::Failed;
    }

    /// Notes why a server is of no use.
    pub(super) fn note(&mut self, failure: Failure) {
        self.failure = self.failure.or_later(failure);
    }

    /// Takes out the exchanges with a server over one transport: what one has said, all have.
    pub(super) fn take_exchanges(&mut self, server: usize, transport: Transport) -> Vec<Exchange> {
        let told = |exchange: &mut Exchange| {
            exchange.attempt.server == server && exchange.attempt.transport == transport
        };
        self.exchanges.extract_if(.., told).collect()
    }

    /// Takes out all exchanges.
    pub(super) fn take_all_exchanges(&mut self) -> Vec<Exchange> {
        core::mem::take(&mut self.exchanges)
    }

    /// Marks the exchanges that have waited for `patience_ms`, and names their servers and
    /// transports.
    pub(super) fn spend_patience(
        &mut self,
        now: Millis,
        patience_ms: u64,
    ) -> Vec<(SocketAddr, Transport)> {
        let mut silent = Vec::new();
        for exchange in &mut self.exchanges {
            let is_late = exchange.sent_at.plus(patience_ms) <= now;
            if exchange.patience == Patience::Waiting && is_late {
                exchange.patience = Patience::Spent;
                let Attempt {
                    server, transport, ..
                } = exchange.attempt;
                silent.push((self.servers[server].address, transport));
            }
        }
        silent
    }

    /// Why it fails, when nothing is left to try.
    pub(super) fn failure(&self) -> Failure {
        self.failure
    }

    /// Why it fails at the end of its time.
    pub(super) fn failure_at_end(&self) -> Failure {
        self.failure.or_later(Failure::TimedOut)
    }

    /// Once one answer was truncated, others are asked for over TCP.
    fn attempt(&self, server: usize) -> Attempt {
        let transport = if self.truncated.is_some() {
            Transport::Tcp
        } else {
            Transport::Udp
        };
        Attempt {
            server,
            transport,
            opt: Opt::Sent,
        }
    }

    /// Whether a connection to that server is open.
    pub(super) fn is_connected(&self, server: usize) -> bool {
        self.exchanges.iter().any(|exchange| {
            exchange.attempt.server == server && exchange.attempt.transport == Transport::Tcp
        })
    }
}
