//! Forwarding: questions that neither the table nor a zone answers, on their way to upstream
//! servers and back.
//!
//! ```text
//! ask ──▶ Pending ──▶ Event::Ask ──▶ server ──▶ handle_reply ──▶ Reply ──▶ Event::Done
//!          │  ▲                                     │
//!          │  └── another query joins               ├─ not ours: ignored, counted
//!          └── silence: the next server             └─ unusable: the next server
//! ```
//!
//! The resolver calls it. Calling protocol: hand in what happened, then drain
//! [`Forwarder::poll`], then wait for the next event or until [`Forwarder::poll_timeout`].

mod compose;
mod failure;
mod judge;
mod pending;
pub mod policy;
mod question;
pub(crate) mod rdata;
pub(crate) mod relay;
mod reply;
mod server;
mod steps;
mod upstream;

pub use compose::compose;
pub use failure::Failure;
pub use pending::Waiter;
pub use policy::{Caching, ForwardPolicy, Next, Route, Strategy};
pub use question::Question;
pub use relay::relay;
pub(crate) use reply::Part;
pub use reply::{Defect, Reply};
pub use server::{Protocol, Server};

use crate::config::ResolverConfig;
use crate::stats::Stats;
use crate::transmit::{ExchangeId, Millis, Random, Transport};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use judge::{Verdict, judge};
use pending::{Attempt, Exchange, Key, Pending};
use question::Opt;
use steps::Turn;
use upstream::Upstreams;

/// Most messages for one question, whatever the configuration says: a question must not become a
/// packet cannon.
const ATTEMPTS_CEILING: u8 = 8;

/// What the forwarder wants done.
#[derive(Debug)]
pub enum Event {
    /// Send that message to that server from a socket of its own.
    Ask {
        /// Names the exchange in both directions.
        exchange: ExchangeId,
        /// The server.
        server: Arc<Server>,
        /// How to reach it.
        transport: Transport,
        /// The message, without length prefix.
        message: Vec<u8>,
    },
    /// Close the socket of that exchange. Comes once for each.
    Close(ExchangeId),
    /// A waiter's question has ended.
    Done {
        /// The waiter.
        waiter: Waiter,
        /// How it ended.
        outcome: Outcome,
    },
}

/// How a forwarded question ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With an answer; [`Waiter::write_answer`] makes it the client's.
    Reply(Arc<Reply>),
    /// Without.
    Failed(Failure),
}

/// Questions on their way upstream.
#[derive(Debug)]
pub struct Forwarder {
    config: ResolverConfig,
    upstreams: Upstreams,
    pending: BTreeMap<PendingId, Pending>,
    by_key: HashMap<Arc<Key>, PendingId, FixedState>,
    by_exchange: BTreeMap<ExchangeId, PendingId>,
    wakes: BTreeSet<(Millis, PendingId)>,
    events: VecDeque<Event>,
    last_pending: u64,
    last_exchange: u64,
}

/// A question in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PendingId(u64);

impl Forwarder {
    /// A forwarder with the limits of `config`.
    pub fn new(config: &ResolverConfig) -> Self {
        let config = ResolverConfig {
            forward_attempts_max: config.forward_attempts_max.clamp(1, ATTEMPTS_CEILING),
            forward_retry_ms: config.forward_retry_ms.max(1),
            ..config.clone()
        };
        Forwarder {
            config,
            upstreams: Upstreams::default(),
            pending: BTreeMap::new(),
            by_key: HashMap::default(),
            by_exchange: BTreeMap::new(),
            wakes: BTreeSet::new(),
            events: VecDeque::new(),
            last_pending: 0,
            last_exchange: 0,
        }
    }

    /// Asks the servers of `route` on behalf of `waiter`, or joins it to the same question in
    /// flight.
    ///
    /// # Errors
    /// The waiter, to be answered with [`Failure::Overloaded`], when `forward_pending_max`
    /// questions or `forward_waiters_max` waiters are there already.
    pub fn ask(
        &mut self,
        now: Millis,
        route: &Arc<Route>,
        question: Question,
        waiter: Waiter,
        random: &mut dyn Random,
        stats: &Stats,
    ) -> Result<(), Waiter> {
        if self.last_pending == 0 {
            // Names are the askers' choice, so where they lie in the map must not be.
            let seed = FixedState::with_seed(u64::from(random.next_u32()));
            self.by_key = HashMap::with_hasher(seed);
        }
        let key = Key {
            route: Arc::clone(route),
            question,
        };
        if let Some(id) = self.by_key.get(&key) {
            return self.join(*id, waiter, stats);
        }
        if self.pending.len() >= self.config.forward_pending_max {
            stats.forward_shed.increment();
            return Err(waiter);
        }
        self.start(key, waiter, &mut Turn { now, random, stats });
        Ok(())
    }

    /// Takes a message that came back on the socket of that exchange.
    pub fn handle_reply(
        &mut self,
        now: Millis,
        exchange: ExchangeId,
        message: &[u8],
        random: &mut dyn Random,
        stats: &Stats,
    ) {
        let Some((id, mut pending, exchange)) = self.take(exchange) else {
            stats.forward_mismatched.increment();
            return;
        };
        let verdict = judge(&pending.key.question, &exchange, message);
        verdict.count(stats);
        let mut turn = Turn { now, random, stats };
        match verdict {
            Verdict::Ignore => {}
            Verdict::Answer(reply) => {
                self.restore(&pending, &exchange);
                return self.finish(id, pending, Outcome::Reply(Arc::new(reply)), stats);
            }
            Verdict::Truncated(reply) => {
                self.restore(&pending, &exchange);
                pending.truncated.get_or_insert_with(|| Arc::new(reply));
                self.ask_again(
                    id,
                    &mut pending,
                    &exchange,
                    (Transport::Tcp, Opt::Sent),
                    &mut turn,
                );
            }
            Verdict::RefusedOpt(failure) => {
                pending.note(failure);
                let again = (exchange.attempt.transport, Opt::Omitted);
                self.ask_again(id, &mut pending, &exchange, again, &mut turn);
            }
            Verdict::Failed(failure) => {
                pending.note(failure);
                self.give_up_server(id, &mut pending, &exchange, &mut turn);
            }
        }
        self.settle(id, pending, stats);
    }

    /// Takes word that the socket of that exchange failed: refused, reset, closed, no route.
    pub fn handle_unreachable(
        &mut self,
        now: Millis,
        exchange: ExchangeId,
        random: &mut dyn Random,
        stats: &Stats,
    ) {
        let Some((id, mut pending, exchange)) = self.take(exchange) else {
            return;
        };
        let Attempt {
            server, transport, ..
        } = exchange.attempt;
        if transport == Transport::Udp {
            self.upstreams.demote(now, pending.address(server));
        }
        pending.note(Failure::Unreachable);
        self.give_up_server(
            id,
            &mut pending,
            &exchange,
            &mut Turn { now, random, stats },
        );
        self.settle(id, pending, stats);
    }

    /// Takes word that [`Forwarder::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Millis, random: &mut dyn Random, stats: &Stats) {
        while let Some(&(at, id)) = self.wakes.first().filter(|(at, _)| *at <= now) {
            self.wakes.remove(&(at, id));
            let Some(mut pending) = self.pending.remove(&id) else {
                continue;
            };
            self.mark_silent(now, &mut pending, stats);
            if pending.ends_at <= now {
                let failure = pending.failure_at_end();
                self.finish_without_answer(id, pending, failure, stats);
                continue;
            }
            pending.retry_at = None;
            if let Some(attempt) = pending.next_after_silence() {
                self.send(id, &mut pending, attempt, &mut Turn { now, random, stats });
            }
            self.settle(id, pending, stats);
        }
    }

    /// When [`Forwarder::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// What to do next.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Asks a question that nobody waits for yet.
    fn start(&mut self, key: Key, waiter: Waiter, turn: &mut Turn<'_>) {
        turn.stats.forwarded.increment();
        self.last_pending += 1;
        let id = PendingId(self.last_pending);
        let key = Arc::new(key);
        self.by_key.insert(Arc::clone(&key), id);
        let addresses: Vec<_> = key
            .route
            .servers
            .iter()
            .map(|server| server.address)
            .collect();
        let servers = self.upstreams.order(turn.now, &addresses);
        let ends_at = turn.now.plus(self.config.forward_budget_ms);
        let mut pending = Pending::new(key, servers, ends_at, self.config.forward_attempts_max);
        pending.waiters.push(waiter);
        for _ in 0..pending.first_attempts() {
            self.ask_untried(id, &mut pending, turn);
        }
        self.settle(id, pending, turn.stats);
    }

    fn join(&mut self, id: PendingId, waiter: Waiter, stats: &Stats) -> Result<(), Waiter> {
        let waiters_max = self.config.forward_waiters_max;
        match self
            .pending
            .get_mut(&id)
            .filter(|pending| pending.waiters.len() < waiters_max)
        {
            Some(pending) => {
                stats.forward_joined.increment();
                pending.waiters.push(waiter);
                Ok(())
            }
            None => {
                stats.forward_shed.increment();
                Err(waiter)
            }
        }
    }

    /// Takes out the question of an exchange; it is put back by [`Forwarder::settle`].
    fn take(&mut self, exchange: ExchangeId) -> Option<(PendingId, Pending, Exchange)> {
        let id = *self.by_exchange.get(&exchange)?;
        let exchange = self.pending.get(&id)?.exchange(exchange)?.clone();
        let pending = self.pending.remove(&id)?;
        self.wakes.remove(&(pending.wake_at(), id));
        Some((id, pending, exchange))
    }
}
