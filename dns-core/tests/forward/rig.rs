//! A forwarder with a clock that is moved by hand and a log of what it wanted done.

use crate::messages;
use dns_core::forward::{Event, Failure, Forwarder, Outcome, Question, Reply, Waiter};
use dns_core::query::Query;
use dns_core::wire::Rtype;
use dns_core::{
    Client, ExchangeId, Millis, NameBuf, Random, ResolverConfig, Route, Stats, Strategy, Transport,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// Ids 1, 2, 3, ...
pub(crate) struct Counting(u32);

impl Random for Counting {
    fn next_u32(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

/// A message the forwarder sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: u64,
    pub(crate) exchange: ExchangeId,
    pub(crate) port: u16,
    pub(crate) transport: Transport,
    pub(crate) message: Vec<u8>,
}

/// A question that ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) at: u64,
    pub(crate) waiter: Waiter,
    pub(crate) outcome: Outcome,
}

pub(crate) struct Rig {
    pub(crate) forwarder: Forwarder,
    pub(crate) route: Arc<Route>,
    pub(crate) stats: Stats,
    pub(crate) now: u64,
    pub(crate) asked: Vec<Asked>,
    pub(crate) done: Vec<Done>,
    pub(crate) open: BTreeSet<ExchangeId>,
    random: Counting,
}

impl Rig {
    /// Servers are told apart by their ports.
    pub(crate) fn new(ports: &[u16]) -> Self {
        Rig::with(ports, Strategy::Sequential, &ResolverConfig::default())
    }

    pub(crate) fn with(ports: &[u16], strategy: Strategy, config: &ResolverConfig) -> Self {
        Rig {
            forwarder: Forwarder::new(config),
            route: Arc::new(route(ports, strategy)),
            stats: Stats::default(),
            now: 0,
            asked: Vec::new(),
            done: Vec::new(),
            open: BTreeSet::new(),
            random: Counting(0),
        }
    }

    /// A plain client asks for the address of `name`; whether it was let in.
    pub(crate) fn ask(&mut self, name: &str) -> bool {
        self.ask_query(messages::query(7, messages::RD, name, Rtype::A, b""))
    }

    pub(crate) fn ask_query(&mut self, query: Query) -> bool {
        let waiter = Waiter {
            client: client(),
            query: Box::new(query),
            chain: Vec::new(),
        };
        self.ask_for(Question::of(&waiter.query), waiter)
    }

    pub(crate) fn ask_for(&mut self, question: Question, waiter: Waiter) -> bool {
        let Rig {
            forwarder,
            route,
            random,
            stats,
            now,
            ..
        } = self;
        let is_in = forwarder
            .ask(Millis(*now), route, question, waiter, random, stats)
            .is_ok();
        self.drain();
        is_in
    }

    /// The server answers the message of that index with what `response` makes of it.
    pub(crate) fn reply(&mut self, index: usize, response: impl FnOnce(&[u8]) -> Vec<u8>) {
        let message = response(&self.asked[index].message);
        self.deliver(self.asked[index].exchange, &message);
    }

    pub(crate) fn deliver(&mut self, exchange: ExchangeId, message: &[u8]) {
        let Rig {
            forwarder,
            random,
            stats,
            now,
            ..
        } = self;
        forwarder.handle_reply(Millis(*now), exchange, message, random, stats);
        self.drain();
    }

    pub(crate) fn unreachable(&mut self, index: usize) {
        let exchange = self.asked[index].exchange;
        let Rig {
            forwarder,
            random,
            stats,
            now,
            ..
        } = self;
        forwarder.handle_unreachable(Millis(*now), exchange, random, stats);
        self.drain();
    }

    /// Moves the clock, with a stop at every timeout on the way.
    pub(crate) fn advance_to(&mut self, to: u64) {
        while let Some(Millis(at)) = self.forwarder.poll_timeout().filter(|at| at.0 <= to) {
            assert!(at >= self.now, "a timeout in the past would spin");
            self.now = at;
            let Rig {
                forwarder,
                random,
                stats,
                now,
                ..
            } = self;
            forwarder.handle_timeout(Millis(*now), random, stats);
            self.drain();
        }
        self.now = to;
    }

    /// When, and to which ports, messages went out.
    pub(crate) fn sent(&self) -> Vec<(u64, u16)> {
        self.asked
            .iter()
            .map(|asked| (asked.at, asked.port))
            .collect()
    }

    /// The reply of the only question that ended.
    pub(crate) fn only_reply(&self) -> &Reply {
        match &self.done[..] {
            [
                Done {
                    outcome: Outcome::Reply(reply),
                    ..
                },
            ] => reply,
            other => panic!("no single reply: {other:?}"),
        }
    }

    /// The failure of the only question that ended, and when.
    pub(crate) fn only_failure(&self) -> (u64, Failure) {
        match &self.done[..] {
            [
                Done {
                    outcome: Outcome::Failed(failure),
                    at,
                    ..
                },
            ] => (*at, *failure),
            other => panic!("no single failure: {other:?}"),
        }
    }

    /// The answer that the client of the only question gets.
    pub(crate) fn only_answer(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.done[0]
            .waiter
            .write_answer(self.only_reply(), &mut out);
        out
    }

    fn drain(&mut self) {
        while let Some(event) = self.forwarder.poll() {
            match event {
                Event::Ask {
                    exchange,
                    server,
                    transport,
                    message,
                } => {
                    assert!(self.open.insert(exchange), "an exchange has one message");
                    let (at, port) = (self.now, server.address.port());
                    self.asked.push(Asked {
                        at,
                        exchange,
                        port,
                        transport,
                        message,
                    });
                }
                Event::Close(exchange) => assert!(self.open.remove(&exchange), "closed once"),
                Event::Done { waiter, outcome } => {
                    self.done.push(Done {
                        at: self.now,
                        waiter,
                        outcome,
                    });
                }
            }
        }
        if self.forwarder.poll_timeout().is_none() {
            assert!(self.open.is_empty(), "sockets left open");
        }
    }
}

pub(crate) fn route(ports: &[u16], strategy: Strategy) -> Route {
    let server = |port: &u16| SocketAddr::from(([192, 0, 2, 53], *port));
    Route {
        strategy,
        ..Route::new(NameBuf::parse(".").unwrap(), ports.iter().map(server))
    }
}

pub(crate) fn client() -> Client {
    let address = SocketAddr::from(([192, 0, 2, 1], 40_000));
    Client {
        address,
        transport: Transport::Udp,
        token: 1,
    }
}
