//! A forwarder with a clock that is moved by hand and a log of what it wanted done.

use crate::messages;
use dns_core::answer::Cname;
use dns_core::forward::{Asking, Event, Forwarder, Waiter};
use dns_core::query::Query;
use dns_core::question::Question;
use dns_core::reply::{Failure, Outcome, Reply};
use dns_core::wire::Rtype;
use dns_core::{
    Client, Disposition, ExchangeId, Millis, NameBuf, Random, ResolverConfig, Route, Shared, Stats,
    Strategy, Transport,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// The same numbers in every run, without a pattern.
pub(crate) struct Mixed(u64);

impl Random for Mixed {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) as u32
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

/// An answer whose time was over.
#[derive(Debug)]
pub(crate) struct Stale {
    pub(crate) at: u64,
    pub(crate) octets: Vec<u8>,
}

pub(crate) struct Rig {
    pub(crate) forwarder: Forwarder,
    pub(crate) route: Arc<Route>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) now: u64,
    pub(crate) asked: Vec<Asked>,
    /// Questions of our own to servers that were silent.
    pub(crate) probes: Vec<Asked>,
    pub(crate) done: Vec<Done>,
    pub(crate) stale: Vec<Stale>,
    pub(crate) woken: Vec<usize>,
    /// What was answered at once.
    pub(crate) said: Vec<Vec<u8>>,
    pub(crate) client: Client,
    pub(crate) open: BTreeSet<ExchangeId>,
    open_probes: BTreeSet<ExchangeId>,
}

/// Every default, with names in lower case and without cookies.
pub(crate) fn plain() -> ResolverConfig {
    ResolverConfig {
        forward_random_case: false,
        forward_cookies: false,
        ..ResolverConfig::default()
    }
}

impl Rig {
    /// Servers are told apart by their ports.
    pub(crate) fn new(ports: &[u16]) -> Self {
        Rig::with(ports, Strategy::Sequential, &plain())
    }

    pub(crate) fn with(ports: &[u16], strategy: Strategy, config: &ResolverConfig) -> Self {
        Rig::of_route(route(ports, strategy), config, None)
    }

    pub(crate) fn of_route(
        route: Route,
        config: &ResolverConfig,
        shared: Option<(Arc<Shared>, usize)>,
    ) -> Self {
        let stats = Arc::new(Stats::default());
        let random = Box::new(Mixed(0));
        Rig {
            forwarder: Forwarder::new(config, random, Arc::clone(&stats), shared),
            route: Arc::new(route),
            stats,
            now: 0,
            asked: Vec::new(),
            probes: Vec::new(),
            done: Vec::new(),
            stale: Vec::new(),
            woken: Vec::new(),
            said: Vec::new(),
            client: client(),
            open: BTreeSet::new(),
            open_probes: BTreeSet::new(),
        }
    }

    /// A plain client asks for the address of `name`; whether it was let in.
    pub(crate) fn ask(&mut self, name: &str) -> bool {
        self.ask_query(messages::query(7, messages::RD, name, Rtype::A, b""))
    }

    pub(crate) fn ask_query(&mut self, query: Query) -> bool {
        self.ask_for(&Question::of(&query), &query, Vec::new())
    }

    pub(crate) fn ask_for(
        &mut self,
        question: &Question,
        query: &Query,
        chain: Vec<Cname>,
    ) -> bool {
        let asking = Asking {
            client: self.client,
            asker: query.asker(),
            chain,
        };
        let mut out = Vec::new();
        let now = Millis(self.now);
        let disposition = self
            .forwarder
            .ask(now, &self.route, question.wanted(), asking, &mut out);
        let is_pending = disposition == Disposition::Pending;
        assert_eq!(out.is_empty(), is_pending, "an answer at once, or later");
        if !is_pending {
            self.said.push(out);
        }
        self.drain();
        is_pending
    }

    /// The server answers the message of that index with what `response` makes of it.
    pub(crate) fn reply(&mut self, index: usize, response: impl FnOnce(&[u8]) -> Vec<u8>) {
        let message = response(&self.asked[index].message);
        self.deliver(self.asked[index].exchange, &message);
    }

    pub(crate) fn deliver(&mut self, exchange: ExchangeId, message: &[u8]) {
        let now = Millis(self.now);
        self.forwarder.handle_reply(now, exchange, message);
        self.drain();
    }

    pub(crate) fn unreachable(&mut self, index: usize) {
        self.fail(self.asked[index].exchange);
    }

    pub(crate) fn fail(&mut self, exchange: ExchangeId) {
        let now = Millis(self.now);
        self.forwarder.handle_unreachable(now, exchange);
        self.drain();
    }

    pub(crate) fn unsent(&mut self, index: usize) {
        let (now, exchange) = (Millis(self.now), self.asked[index].exchange);
        self.forwarder.handle_unsent(now, exchange);
        self.drain();
    }

    pub(crate) fn mismatch(&mut self, index: usize) {
        let (now, exchange) = (Millis(self.now), self.asked[index].exchange);
        self.forwarder.handle_mismatch(now, exchange);
        self.drain();
    }

    /// The server answers the last probe.
    pub(crate) fn answer_probe(&mut self) {
        let probe = self.probes.last().unwrap();
        let (exchange, message) = (probe.exchange, messages::rcode(&probe.message, 5));
        self.deliver(exchange, &message);
    }

    pub(crate) fn take_mail(&mut self) {
        self.forwarder.handle_mail(Millis(self.now));
        self.drain();
    }

    /// Moves the clock, with a stop at every timeout on the way.
    pub(crate) fn advance_to(&mut self, to: u64) {
        while let Some(Millis(at)) = self.forwarder.poll_timeout().filter(|at| at.0 <= to) {
            assert!(at >= self.now, "a timeout in the past would spin");
            self.now = at;
            self.forwarder.handle_timeout(Millis(at));
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

    /// The reply of the question that ended behind so many others.
    pub(crate) fn only_reply_after(&self, ended: usize) -> &Reply {
        match &self.done[ended..] {
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
        let mut out = Vec::new();
        while let Some(event) = self.forwarder.poll(&mut out) {
            let message = std::mem::take(&mut out);
            match event {
                Event::Ask {
                    exchange,
                    server,
                    transport,
                } => {
                    let (at, port) = (self.now, server.address.port());
                    let is_probe = message.get(12) == Some(&0);
                    let (messages, open) = if is_probe {
                        (&mut self.probes, &mut self.open_probes)
                    } else {
                        (&mut self.asked, &mut self.open)
                    };
                    assert!(open.insert(exchange), "an exchange has one message");
                    messages.push(Asked {
                        at,
                        exchange,
                        port,
                        transport,
                        message,
                    });
                }
                Event::Close(exchange) => {
                    let was_open = self.open.remove(&exchange);
                    assert!(
                        was_open || self.open_probes.remove(&exchange),
                        "closed once"
                    );
                }
                Event::Done { waiter, outcome } => {
                    self.done.push(Done {
                        at: self.now,
                        waiter,
                        outcome,
                    });
                }
                Event::Stale { waiter, reply } => {
                    let mut octets = Vec::new();
                    waiter.write_stale(&reply, &mut octets);
                    self.stale.push(Stale {
                        at: self.now,
                        octets,
                    });
                }
                Event::Wake(resolver) => self.woken.push(resolver),
            }
        }
        if self.forwarder.poll_timeout().is_none() {
            assert!(self.open.is_empty(), "exchanges left open");
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
