//! Forwarding: questions that neither the table nor a zone answers, on their way to upstream
//! servers and back.
//!
//! ```text
//! ask ──▶ cache ──▶ Pending ──▶ Event::Ask ──▶ server ──▶ handle_reply ──▶ Reply ──▶ Event::Done
//!          │         │  ▲                                     │             └──▶ cache
//!          │         │  └── another query joins               ├─ not ours: ignored, counted
//!          └─ a hit  └── silence: the next server             └─ unusable: the next server
//! ```
//!
//! The resolver calls it. Calling protocol: hand in what happened, then drain
//! [`Forwarder::poll`], then wait for the next event or until [`Forwarder::poll_timeout`].

mod ask;
mod attempt;
mod cookie;
mod doubt;
mod exchange;
mod finish;
mod fits;
mod health;
mod judge;
mod limits;
mod message;
mod pending;
pub mod policy;
mod probe;
mod recall;
mod slab;
mod steps;
mod timers;
mod upstream;
mod upstreams;
mod waiter;

pub use policy::{ForwardPolicy, Next, Route, Strategy};
pub use waiter::Waiter;

use crate::answer::Cname;
use crate::config::ResolverConfig;
use crate::query::Asker;
use crate::reply::{Outcome, Reply};
use crate::server::Server;
use crate::shared::Shared;
use crate::stats::Stats;
use crate::transmit::{Client, ExchangeId, Millis, Random, Transport};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use exchange::Subject;
use foldhash::quality::FixedState;
use hashbrown::HashTable;
use limits::Limits;
use pending::{Pending, Role};
use slab::{PendingId, Slab};
use timers::Timers;
use upstreams::{Order, Upstreams};

/// Most messages for one question, whatever the configuration says: a question must not become a
/// packet cannon.
const ATTEMPTS_CEILING: u8 = 8;

/// What the forwarder wants done.
#[derive(Debug)]
pub enum Event {
    /// Send the octets to that server.
    Ask {
        /// Names the exchange in both directions.
        exchange: ExchangeId,
        /// The server.
        server: Arc<Server>,
        /// How to reach it.
        transport: Transport,
    },
    /// Pass on nothing more of that exchange. Comes once for each.
    Close(ExchangeId),
    /// A waiter's question has ended.
    Done {
        /// The waiter.
        waiter: Waiter,
        /// How it ended.
        outcome: Outcome,
    },
    /// A waiter gets an answer whose time is over, for no other can be had in time.
    Stale {
        /// The waiter.
        waiter: Waiter,
        /// The answer.
        reply: Arc<Reply>,
    },
    /// Wake the resolver of that number.
    Wake(usize),
}

/// A client with a question.
#[derive(Debug)]
pub struct Asking<'q> {
    /// The client.
    pub client: Client,
    /// What its answer needs to know of its query.
    pub asker: Asker<'q>,
    /// CNAMEs that go in front of the answer; with none the answer is passed through.
    pub chain: Vec<Cname>,
}

/// Questions on their way upstream.
pub struct Forwarder {
    config: ResolverConfig,
    random: Box<dyn Random + Send>,
    stats: Arc<Stats>,
    shared: Option<(Arc<Shared>, usize)>,
    upstreams: Upstreams,
    slab: Slab,
    /// Places by the hash of their key: names are the askers' choice, so where they lie must not
    /// be.
    by_key: HashTable<(u64, u32)>,
    hasher: FixedState,
    timers: Timers,
    limits: Limits,
    /// When the first probe is due.
    probe_due: Option<Millis>,
    queue: VecDeque<Queued>,
    /// Replies that were passed on, kept for their buffers.
    spare_replies: VecDeque<Arc<Reply>>,
}

/// What is to be done, in order.
#[derive(Debug)]
enum Queued {
    /// Send the message of an exchange, if it is still waited for.
    Ask(ExchangeId),
    Ready(Event),
}

/// One that goes leaves no mark that others wait for in vain. They find word of it when they look
/// for mail: it has nobody left to have them woken by.
impl Drop for Forwarder {
    fn drop(&mut self) {
        if let Some((shared, number)) = &self.shared {
            shared.abandon(*number);
        }
    }
}

impl Forwarder {
    /// A forwarder with the limits of `config`; what it shares with others, and its number among
    /// them, is given if there are others or a cache.
    pub fn new(
        config: &ResolverConfig,
        mut random: Box<dyn Random + Send>,
        stats: Arc<Stats>,
        shared: Option<(Arc<Shared>, usize)>,
    ) -> Self {
        let config = ResolverConfig {
            forward_attempts_max: config.forward_attempts_max.clamp(1, ATTEMPTS_CEILING),
            forward_retry_ms: config.forward_retry_ms.max(1),
            forward_pending_max: config.forward_pending_max.min(exchange::PLACES_MAX),
            ..config.clone()
        };
        let mut wide = || u64::from(random.next_u32()) << 32 | u64::from(random.next_u32());
        let (seed, secret) = (wide(), (wide(), wide()));
        Forwarder {
            config,
            random,
            stats,
            shared,
            upstreams: Upstreams::new(secret),
            slab: Slab::default(),
            by_key: HashTable::new(),
            hasher: FixedState::with_seed(seed),
            timers: Timers::default(),
            limits: Limits::new(seed),
            probe_due: None,
            queue: VecDeque::new(),
            spare_replies: VecDeque::new(),
        }
    }

    /// Takes a message that came back for that exchange.
    pub fn handle_reply(&mut self, now: Millis, exchange: ExchangeId, message: &[u8]) {
        match exchange::subject(exchange) {
            Subject::Probe(server, number) => {
                self.handle_probe_reply(now, (server, number), message);
            }
            Subject::Question(id, number) => match self.take(id, number) {
                Some((pending, exchange)) => {
                    self.handle_answer(now, id, pending, &exchange, message);
                }
                None => self.stats.forward_mismatched.increment(),
            },
        }
    }

    /// Takes word that the socket of that exchange failed: refused, reset, closed, no route.
    pub fn handle_unreachable(&mut self, now: Millis, exchange: ExchangeId) {
        match exchange::subject(exchange) {
            Subject::Probe(server, number) => self.handle_probe_unreachable(now, server, number),
            Subject::Question(id, number) => {
                if let Some((pending, exchange)) = self.take(id, number) {
                    self.handle_refused(now, id, pending, &exchange);
                }
            }
        }
    }

    /// Takes word that the message of that exchange could not be sent for want of something of our
    /// own: the next server is asked, and nothing speaks against this one.
    pub fn handle_unsent(&mut self, now: Millis, exchange: ExchangeId) {
        match exchange::subject(exchange) {
            Subject::Probe(server, number) => self.close_probe(server, number),
            Subject::Question(id, number) => {
                if let Some((pending, exchange)) = self.take(id, number) {
                    self.give_up_exchange(now, id, pending, &exchange);
                }
            }
        }
    }

    /// Takes word of a datagram, on the socket of that exchange, that belongs to no exchange.
    pub fn handle_mismatch(&mut self, now: Millis, exchange: ExchangeId) {
        self.stats.forward_mismatched.increment();
        let Subject::Question(id, number) = exchange::subject(exchange) else {
            return;
        };
        if let Some((mut pending, exchange)) = self.take(id, number) {
            self.note_mismatch(now, id, &mut pending, &exchange);
            self.settle(now, id, pending);
        }
    }

    /// Takes word that [`Forwarder::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Millis) {
        while let Some(place) = self.timers.expire(now) {
            if let Some((id, pending)) = self.slab.take_at(place) {
                self.wake(now, id, pending);
            }
        }
        self.run_probes(now);
    }

    /// Takes what other resolvers found out for this one.
    pub fn handle_mail(&mut self, now: Millis) {
        let Some((shared, number)) = &self.shared else {
            return;
        };
        for mail in shared.take_mail(*number) {
            let hash = self.hasher.hash_one(&*mail.key);
            let Some(id) = self.find(hash, &mail.key) else {
                continue;
            };
            let is_joined = |pending: &Pending| pending.role == Role::Joined;
            if self.slab.get(id).is_some_and(is_joined)
                && let Some(pending) = self.slab.take(id)
            {
                self.finish_joined(now, id, pending, mail.outcome);
            }
        }
    }

    /// When [`Forwarder::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Millis> {
        match (self.timers.next(), self.probe_due) {
            (Some(timer), Some(probe)) => Some(timer.min(probe)),
            (timer, probe) => timer.or(probe),
        }
    }

    /// What to do next; the octets of [`Event::Ask`] are appended to `out`.
    pub fn poll(&mut self, out: &mut Vec<u8>) -> Option<Event> {
        loop {
            match self.queue.pop_front()? {
                Queued::Ready(event) => return Some(event),
                Queued::Ask(exchange) => {
                    let event = match exchange::subject(exchange) {
                        Subject::Probe(server, number) => self.announce_probe(server, number, out),
                        Subject::Question(id, number) => self.announce(id, number, out),
                    };
                    if event.is_some() {
                        return event;
                    }
                }
            }
        }
    }

    /// The question in flight with that key.
    fn find(&self, hash: u64, key: &[u8]) -> Option<PendingId> {
        let is_it = |(_, place): &(u64, u32)| {
            let pending = self.slab.at(*place);
            pending.is_some_and(|pending| pending.key.as_octets() == key)
        };
        let (_, place) = self.by_key.find(hash, is_it)?;
        self.slab.id_at(*place)
    }

    /// Takes out the question of an exchange; it is put back by [`Forwarder::settle`].
    fn take(&mut self, id: PendingId, number: u8) -> Option<(Box<Pending>, attempt::Exchange)> {
        let exchange = *self.slab.get(id)?.exchange(number)?;
        Some((self.slab.take(id)?, exchange))
    }

    fn tell(&mut self, event: Event) {
        self.queue.push_back(Queued::Ready(event));
    }

    fn queue(&mut self, exchange: ExchangeId) {
        self.queue.push_back(Queued::Ask(exchange));
    }
}

impl core::fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Forwarder")
            .field("in_flight", &self.slab.len())
            .finish_non_exhaustive()
    }
}
