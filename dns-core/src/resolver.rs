//! The engine: octets and time in, octets and wishes out.
//!
//! Calling protocol: hand in what happened with the time (`handle_*`), then drain
//! [`Resolver::poll_transmit`] until it gives `None`, then wait for the next event or until
//! [`Resolver::poll_timeout`].

use crate::answer::{self, Answer, Authority, Records};
use crate::config::ResolverConfig;
use crate::decide::{Shortcut, Step, decide, route_of_stranger};
use crate::fast::{self, FastQuestion};
use crate::forward::{Asking, Event, Forwarder};
use crate::query::Query;
use crate::question::Question;
use crate::reply::Outcome;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use crate::transmit::{Client, Disposition, ExchangeId, Millis, Random, Transmit, Transport};
use crate::wire::writer::Fit;
use crate::wire::{Ede, Rcode, Reaction};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The engine. One owner, no lock; several resolvers may share one [`Snapshot`].
pub struct Resolver {
    config: ResolverConfig,
    snapshot: Arc<Snapshot>,
    forwarder: Forwarder,
    shared: Option<(Arc<Shared>, usize)>,
    rotation: u64,
    scratch: [u8; FastQuestion::SCRATCH_LEN],
    stats: Arc<Stats>,
}

impl Resolver {
    /// A resolver that answers from `snapshot`.
    pub fn new(
        config: ResolverConfig,
        snapshot: Arc<Snapshot>,
        random: Box<dyn Random + Send>,
    ) -> Self {
        Self::build(config, snapshot, random, None)
    }

    /// A resolver that shares a cache and the questions in flight with others; `number` is its own
    /// among them, and whoever drives it passes [`Transmit::Wake`] on.
    pub fn with_shared(
        config: ResolverConfig,
        snapshot: Arc<Snapshot>,
        random: Box<dyn Random + Send>,
        shared: Arc<Shared>,
        number: usize,
    ) -> Self {
        Self::build(config, snapshot, random, Some((shared, number)))
    }

    fn build(
        config: ResolverConfig,
        snapshot: Arc<Snapshot>,
        mut random: Box<dyn Random + Send>,
        shared: Option<(Arc<Shared>, usize)>,
    ) -> Self {
        let rotation = u64::from(random.next_u32());
        let stats: Arc<Stats> = Arc::default();
        let forwarder = Forwarder::new(&config, random, Arc::clone(&stats), shared.clone());
        Resolver {
            config,
            snapshot,
            forwarder,
            shared,
            rotation,
            scratch: [0; FastQuestion::SCRATCH_LEN],
            stats,
        }
    }

    /// Whether [`Resolver::handle_mail`] has something to do: one relaxed load.
    pub fn has_mail(&self) -> bool {
        let has_mail = |(shared, number): &(Arc<Shared>, usize)| shared.has_mail(*number);
        self.shared.as_ref().is_some_and(has_mail)
    }

    /// Takes what other resolvers found out for this one. To be called when woken by
    /// [`Transmit::Wake`], or whenever [`Resolver::has_mail`] says so.
    pub fn handle_mail(&mut self, now: Millis) {
        self.forwarder.handle_mail(now);
    }

    /// Takes word of a datagram with an id that no exchange has, on the socket of that exchange:
    /// somebody may be guessing (RFC 5452 section 4). To be called for every exchange on the
    /// socket, up to eight.
    pub fn handle_mismatch(&mut self, now: Millis, exchange: ExchangeId) {
        self.forwarder.handle_mismatch(now, exchange);
    }

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
        if let Some(disposition) = self.handle_usual(now, client, message, rotation, out) {
            return disposition;
        }
        self.handle_cold(now, client, message, rotation, out)
    }

    /// Takes a message that came back for that exchange.
    pub fn handle_reply(&mut self, now: Millis, exchange: ExchangeId, message: &[u8]) {
        self.forwarder.handle_reply(now, exchange, message);
    }

    /// Takes word that the socket of that exchange failed: refused, reset, closed, no route.
    pub fn handle_unreachable(&mut self, now: Millis, exchange: ExchangeId) {
        self.forwarder.handle_unreachable(now, exchange);
    }

    /// Takes word that the message of that exchange could not be sent for want of something of our
    /// own, as descriptors: unlike with [`Resolver::handle_unreachable`] nothing speaks against the
    /// server.
    pub fn handle_unsent(&mut self, now: Millis, exchange: ExchangeId) {
        self.forwarder.handle_unsent(now, exchange);
    }

    /// Takes word that [`Resolver::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.forwarder.handle_timeout(now);
    }

    /// What to do next; octets to send, if any, are appended to `out`. Drain it after every
    /// input.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> Option<Transmit> {
        Some(match self.forwarder.poll(out)? {
            Event::Ask {
                exchange,
                server,
                transport,
            } => Transmit::Ask {
                exchange,
                server,
                transport,
            },
            Event::Close(exchange) => Transmit::Close(exchange),
            Event::Wake(resolver) => Transmit::Wake(resolver),
            Event::Done { waiter, outcome } => {
                self.note_fit(match &outcome {
                    Outcome::Reply(reply) => waiter.write_answer(reply, out),
                    Outcome::Failed(failure) => waiter.write_failure(*failure, out),
                });
                Transmit::Answer(waiter.client)
            }
            Event::Stale { waiter, reply } => {
                self.note_fit(waiter.write_stale(&reply, out));
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

    /// Takes a query of the usual kind, if what it asks for has the usual answer or none of ours.
    #[inline]
    fn handle_usual(
        &mut self,
        now: Millis,
        client: Client,
        message: &[u8],
        rotation: u32,
        out: &mut Vec<u8>,
    ) -> Option<Disposition> {
        let Resolver {
            config,
            snapshot,
            forwarder,
            scratch,
            stats,
            ..
        } = self;
        let question = FastQuestion::read(message, scratch)?;
        let shortcut = fast::answer(snapshot, config, client, &question, rotation, stats, out);
        let route = match shortcut {
            Shortcut::Answered => return Some(Disposition::Answered),
            Shortcut::Unusual => return None,
            Shortcut::Absent | Shortcut::Unlooked => {
                route_of_stranger(snapshot, client, question.name(), shortcut)?
            }
        };
        let asker = question.asker();
        let asking = Asking {
            client,
            asker,
            chain: Vec::new(),
        };
        Some(forwarder.ask(now, route, question.wanted(asker), asking, out))
    }

    /// Takes a query the long way.
    #[inline(never)]
    fn handle_cold(
        &mut self,
        now: Millis,
        client: Client,
        message: &[u8],
        rotation: u32,
        out: &mut Vec<u8>,
    ) -> Disposition {
        match Query::parse(message) {
            Ok(query) => self.answer_or_forward(now, client, &query, rotation, out),
            Err(refusal) => {
                let recursion = self.snapshot.recursion();
                let reaction = answer::refuse(refusal, message, recursion, out);
                self.refused(reaction)
            }
        }
    }

    fn answer_or_forward(
        &mut self,
        now: Millis,
        client: Client,
        query: &Query,
        rotation: u32,
        out: &mut Vec<u8>,
    ) -> Disposition {
        let Resolver {
            config,
            snapshot,
            forwarder,
            stats,
            ..
        } = self;
        let (route, name, chain) = match decide(snapshot, config, client, query, rotation) {
            Step::Answer(answer) => {
                let fit = answer.encode(query, client.transport, snapshot.recursion(), out);
                count(stats, &answer, fit);
                return Disposition::Answered;
            }
            Step::Forward(route, name, chain) => (route, name, chain),
        };
        let question = Question::of(query).renamed(*name);
        let asking = Asking {
            client,
            asker: query.asker(),
            chain,
        };
        forwarder.ask(now, route, question.wanted(), asking, out)
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

    fn note_fit(&self, fit: Fit) {
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
