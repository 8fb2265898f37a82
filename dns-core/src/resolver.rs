//! The engine: octets and time in, octets and wishes out.
//!
//! Calling protocol: hand in what happened with the time (`handle_*`), then drain
//! [`Resolver::poll_transmit`] until it gives `None`, then wait for the next event or until
//! [`Resolver::poll_timeout`].

use crate::answer::{self, Answer, Authority, Records, Recursion};
use crate::config::ResolverConfig;
use crate::decide::{Step, decide};
use crate::fast::{self, FastQuestion};
use crate::forward::{Event, Failure, Forwarder, Outcome, Question, Waiter};
use crate::query::Query;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use crate::transmit::{Client, ExchangeId, Millis, Random, Transmit, Transport};
use crate::wire::writer::Fit;
use crate::wire::{Ede, Rcode, Reaction};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What became of a query at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The answer was appended to the buffer.
    Answered,
    /// It waits for an upstream; the answer comes from [`Resolver::poll_transmit`].
    Pending,
    /// It gets no answer.
    Dropped,
}

/// The engine. One owner, no lock; several resolvers may share one [`Snapshot`].
pub struct Resolver {
    config: ResolverConfig,
    snapshot: Arc<Snapshot>,
    forwarder: Forwarder,
    random: Box<dyn Random + Send>,
    rotation: u64,
    scratch: [u8; FastQuestion::SCRATCH_LEN],
    stats: Arc<Stats>,
}

impl Resolver {
    /// A resolver that answers from `snapshot`.
    pub fn new(
        config: ResolverConfig,
        snapshot: Arc<Snapshot>,
        mut random: Box<dyn Random + Send>,
    ) -> Self {
        let forwarder = Forwarder::new(&config);
        let rotation = u64::from(random.next_u32());
        Resolver {
            config,
            snapshot,
            forwarder,
            random,
            rotation,
            scratch: [0; FastQuestion::SCRATCH_LEN],
            stats: Arc::default(),
        }
    }

    /// A resolver that shares a cache and the questions in flight with others; `number` is its own
    /// among them, and whoever drives it passes [`Transmit::Wake`] on.
    pub fn with_shared(
        config: ResolverConfig,
        snapshot: Arc<Snapshot>,
        random: Box<dyn Random + Send>,
        _shared: Arc<Shared>,
        _number: usize,
    ) -> Self {
        Self::new(config, snapshot, random)
    }

    /// Whether [`Resolver::handle_mail`] has something to do: one relaxed load.
    pub fn has_mail(&self) -> bool {
        false
    }

    /// Takes what other resolvers found out for this one. To be called when woken by
    /// [`Transmit::Wake`], or whenever [`Resolver::has_mail`] says so.
    pub fn handle_mail(&mut self, _now: Millis) {}

    /// Takes word of a datagram with an id that no exchange has, on the socket of that exchange:
    /// somebody may be guessing (RFC 5452 section 4). To be called for every exchange on the
    /// socket, up to eight.
    pub fn handle_mismatch(&mut self, _now: Millis, _exchange: ExchangeId) {}

    /// Prepares for queries that are about to be handed in, up to 32: with a table of many names
    /// their waits for memory overlap. It changes no answer.
    pub fn warm<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>) {
        fast::warm(&self.snapshot, &mut self.scratch, messages);
    }

    /// Takes a query. If it can be answered at once the answer is appended to `out`.
    pub fn handle_query(
        &mut self,
        now: Millis,
        client: Client,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Disposition {
        match client.transport {
            Transport::Udp => self.stats.queries_udp.increment(),
            Transport::Tcp => self.stats.queries_tcp.increment(),
        }
        let rotation = self.next_rotation();
        if self.answer_fast(client, message, rotation, out).is_some() {
            return Disposition::Answered;
        }
        let query = match Query::parse(message) {
            Ok(query) => query,
            Err(refusal) => {
                let recursion = self.snapshot.recursion();
                let reaction = answer::refuse(refusal, message, recursion, out);
                return self.refused(reaction);
            }
        };
        self.answer_or_forward(now, client, query, rotation, out)
    }

    /// Takes a message that came back on the socket of that exchange.
    pub fn handle_reply(&mut self, now: Millis, exchange: ExchangeId, message: &[u8]) {
        let Resolver {
            forwarder,
            random,
            stats,
            ..
        } = self;
        forwarder.handle_reply(now, exchange, message, &mut **random, stats);
    }

    /// Takes word that the socket of that exchange failed: refused, reset, closed, no route.
    pub fn handle_unreachable(&mut self, now: Millis, exchange: ExchangeId) {
        let Resolver {
            forwarder,
            random,
            stats,
            ..
        } = self;
        forwarder.handle_unreachable(now, exchange, &mut **random, stats);
    }

    /// Takes word that [`Resolver::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Millis) {
        let Resolver {
            forwarder,
            random,
            stats,
            ..
        } = self;
        forwarder.handle_timeout(now, &mut **random, stats);
    }

    /// What to do next; octets to send, if any, are appended to `out`. Drain it after every
    /// input.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> Option<Transmit> {
        Some(match self.forwarder.poll()? {
            Event::Ask {
                exchange,
                server,
                transport,
                message,
            } => {
                out.extend_from_slice(&message);
                Transmit::Ask {
                    exchange,
                    server,
                    transport,
                }
            }
            Event::Close(exchange) => Transmit::Close(exchange),
            Event::Done { waiter, outcome } => {
                self.finish(&waiter, &outcome, out);
                Transmit::Answer(waiter.client)
            }
        })
    }

    /// When [`Resolver::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.forwarder.poll_timeout()
    }

    /// Answers from `snapshot` from the next query on.
    pub fn install(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshot = snapshot;
    }

    /// Its counters; they may be read from any thread.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    #[inline]
    fn answer_fast(
        &mut self,
        client: Client,
        message: &[u8],
        rotation: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let question = FastQuestion::read(message, &mut self.scratch)?;
        let (snapshot, config) = (&self.snapshot, &self.config);
        fast::answer(
            snapshot,
            config,
            client,
            &question,
            rotation,
            &self.stats,
            out,
        )
    }

    fn answer_or_forward(
        &mut self,
        now: Millis,
        client: Client,
        query: Query,
        rotation: u32,
        out: &mut Vec<u8>,
    ) -> Disposition {
        let Resolver {
            config,
            snapshot,
            forwarder,
            random,
            stats,
            ..
        } = self;
        let (route, name, chain) = match decide(snapshot, config, client, &query, rotation) {
            Step::Answer(answer) => {
                let fit = answer.encode(&query, client.transport, snapshot.recursion(), out);
                count(stats, &answer, fit);
                return Disposition::Answered;
            }
            Step::Forward(route, name, chain) => (route, name, chain),
        };
        let question = Question::of(&query).renamed(*name);
        let waiter = Waiter {
            client,
            query: Box::new(query),
            chain,
        };
        match forwarder.ask(now, route, question, waiter, &mut **random, stats) {
            Ok(()) => Disposition::Pending,
            Err(waiter) => {
                self.finish(&waiter, &Outcome::Failed(Failure::Overloaded), out);
                Disposition::Answered
            }
        }
    }

    /// A step of a full-period generator: its upper bits spread over the addresses of an answer
    /// even when clients ask in a pattern.
    fn next_rotation(&mut self) -> u32 {
        self.rotation = self
            .rotation
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.rotation >> 33) as u32
    }

    fn refused(&self, reaction: Reaction) -> Disposition {
        match reaction {
            Reaction::Silence => self.stats.dropped.increment(),
            Reaction::FormErr => self.stats.refused_formerr.increment(),
            Reaction::NotImp => self.stats.refused_notimp.increment(),
            Reaction::BadVers => self.stats.refused_badvers.increment(),
            Reaction::Refused => self.stats.refused_policy.increment(),
        }
        match reaction {
            Reaction::Silence => Disposition::Dropped,
            _ => Disposition::Answered,
        }
    }

    fn finish(&self, waiter: &Waiter, outcome: &Outcome, out: &mut Vec<u8>) {
        let fit = match outcome {
            Outcome::Reply(reply) => waiter.write_answer(reply, out),
            Outcome::Failed(failure) => {
                let answer = Answer::failure(Rcode::SERVFAIL, Some(failure.ede()));
                let transport = waiter.client.transport;
                answer.encode(&waiter.query, transport, Recursion::Available, out)
            }
        };
        if fit == Fit::Cut {
            self.stats.truncated.increment();
        }
    }
}

fn count(stats: &Stats, answer: &Answer<'_>, fit: Fit) {
    if fit == Fit::Cut {
        stats.truncated.increment();
    }
    let counter = match (answer.rcode, answer.authority, &answer.records) {
        (Rcode::REFUSED, ..) if answer.ede == Some(Ede::PROHIBITED) => &stats.refused_no_view,
        (Rcode::REFUSED, ..) => &stats.refused_no_upstream,
        (Rcode::NXDOMAIN, ..) => &stats.table_nxdomain,
        (_, Authority::None, _) => &stats.not_ready,
        (_, _, Records::Negative(_)) => &stats.table_nodata,
        _ => &stats.table_hits,
    };
    counter.increment();
}
