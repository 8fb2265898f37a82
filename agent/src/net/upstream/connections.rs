//! The connections of a worker to its upstream servers: few for each, and kept.

use super::connection::{Connection, Tries, Turn};
use super::{Received, SocketToken, UpstreamTls, message_id};
use crate::net::slots::Slots;
use crate::net::stats::NetStats;
use dns_core::{ExchangeId, Millis};
use dns_core::{Protocol, Server};
use foldhash::fast::RandomState;
use mio::{Interest, Registry};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

/// Most connections to one server. RFC 7766 section 6.2.2 wants one; more are for servers that
/// work through a connection in order, and for ids that meet.
const CONNECTIONS_PER_SERVER: usize = 4;

/// Most connections to a server that closes them early: each takes few questions, perhaps one, so
/// a hundred milliseconds a connection still leave some 300 questions a second.
const CONNECTIONS_PER_CLOSING_SERVER: usize = 32;

/// Milliseconds for which a server that has closed a connection early is taken to do so again.
/// Each time it is forgotten the next such end costs its questions a second try.
const CLOSING_MS: u64 = 60_000;

/// Questions on their way over one connection from which on another is opened. More than servers
/// work on at a time for one client.
const IN_FLIGHT_USUAL: usize = 128;

/// Most questions on their way over one connection; past it a question is turned away.
const IN_FLIGHT_MAX: usize = 1_024;

/// Most connections of a worker, for many servers.
const CONNECTIONS_MAX: usize = 256;

/// Milliseconds that a connection may be idle, in the range of RFC 7766 section 6.2.3.
const IDLE_MS: u64 = 10_000;

/// Milliseconds between warnings about one server: its certificate is looked at with each
/// connection.
const WARNING_INTERVAL_MS: u64 = 60_000;

/// Octets read at a time: the largest TLS record, and hundreds of usual answers.
const READ_OCTETS: usize = 16 * 1_024;

/// Connections and the exchanges on them.
#[derive(Debug)]
pub(super) struct Connections {
    registry: Registry,
    tls: Option<UpstreamTls>,
    connections: Slots<Connection>,
    servers: HashMap<Arc<Server>, ServerConnections, RandomState>,
    places: HashMap<ExchangeId, Place, RandomState>,
    ready: VecDeque<usize>,
    buffer: Box<[u8]>,
    stats: Arc<NetStats>,
}

/// Where an exchange is.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: usize,
    id: u16,
}

/// The connections to a server.
#[derive(Debug, Default)]
struct ServerConnections {
    slots: Vec<usize>,
    warned_at: Option<Millis>,
    closing: Option<Closing>,
}

/// A server has closed a connection that it had answered on, with questions open.
#[derive(Clone, Copy, Debug)]
struct Closing {
    /// Answers that the connection had brought.
    answers: u32,
    seen_at: Millis,
}

/// How much is put on the connections to a server.
#[derive(Clone, Copy, Debug)]
struct Load {
    /// Most connections.
    connections: usize,
    /// Questions in all that one of them is meant for.
    questions: u32,
}

impl ServerConnections {
    fn load(&self, now: Millis) -> Load {
        match self.closing {
            Some(closing) if now.since(closing.seen_at) < CLOSING_MS => Load {
                connections: CONNECTIONS_PER_CLOSING_SERVER,
                questions: closing.answers,
            },
            _ => Load::USUAL,
        }
    }

    fn is_forgettable(&self, now: Millis) -> bool {
        let is_quiet = |at: Millis| now.since(at) >= WARNING_INTERVAL_MS;
        let is_past = |closing: Closing| now.since(closing.seen_at) >= CLOSING_MS;
        self.slots.is_empty()
            && self.warned_at.is_none_or(is_quiet)
            && self.closing.is_none_or(is_past)
    }
}

impl Load {
    const USUAL: Load = Load {
        connections: CONNECTIONS_PER_SERVER,
        questions: u32::MAX,
    };

    /// Whether one more question is well placed there. Those that one end has left without an
    /// answer go apart, lest one that the server hangs up on takes the others with it again.
    fn has_room(self, connection: &Connection, tries: Tries) -> bool {
        let in_flight_usual = match tries {
            Tries::Two => IN_FLIGHT_USUAL,
            Tries::One => 1,
        };
        connection.in_flight() < in_flight_usual && connection.questions() < self.questions
    }
}

impl Connections {
    /// No connections.
    pub(super) fn new(registry: Registry, stats: Arc<NetStats>, tls: Option<UpstreamTls>) -> Self {
        Connections {
            registry,
            tls,
            connections: Slots::default(),
            servers: HashMap::default(),
            places: HashMap::default(),
            ready: VecDeque::new(),
            buffer: vec![0; READ_OCTETS].into_boxed_slice(),
            stats,
        }
    }

    /// Number of exchanges.
    pub(super) fn exchanges(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no connection.
    pub(super) fn is_empty(&self) -> bool {
        self.connections.len() == 0
    }

    /// Whether there is work that no event will tell of.
    pub(super) fn has_backlog(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Notes that a connection can be read or written, or has failed.
    pub(super) fn mark_ready(&mut self, slot: usize) {
        if let Some(connection) = self.connections.value_mut(slot)
            && !connection.is_queued
        {
            connection.is_queued = true;
            self.ready.push_back(slot);
        }
    }

    /// Puts the message of an exchange on its way.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or has too many questions to answer already.
    pub(super) fn open(
        &mut self,
        now: Millis,
        exchange: ExchangeId,
        server: &Arc<Server>,
        message: &[u8],
    ) -> io::Result<()> {
        self.ask(now, exchange, server, message, Tries::Two)
    }

    /// Ends an exchange, if it still is one.
    pub(super) fn close(&mut self, now: Millis, exchange: ExchangeId) {
        let Some(Place { slot, id }) = self.places.remove(&exchange) else {
            return;
        };
        let Some(connection) = self.connections.value_mut(slot) else {
            return;
        };
        connection.close(now, id);
        let known = self.servers.get(&connection.server);
        let load = known.map_or(Load::USUAL, |known| known.load(now));
        let is_spent = connection.in_flight() == 0 && connection.questions() >= load.questions;
        if connection.is_done() || is_spent {
            self.remove(slot);
        }
    }

    /// Sends and hands on what can be.
    pub(super) fn serve(&mut self, now: Millis, on: &mut dyn FnMut(Received<'_>)) {
        for _ in 0..self.ready.len() {
            if let Some(slot) = self.ready.pop_front() {
                self.serve_one(now, slot, on);
            }
        }
    }

    /// Closes connections that have been idle.
    pub(super) fn expire(&mut self, now: Millis) {
        let idle: Vec<usize> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.idle_ms(now).is_some_and(|idle| idle >= IDLE_MS))
            .map(|(slot, _)| slot)
            .collect();
        for slot in idle {
            self.remove(slot);
        }
        self.servers.retain(|_, known| !known.is_forgettable(now));
    }

    fn ask(
        &mut self,
        now: Millis,
        exchange: ExchangeId,
        server: &Arc<Server>,
        message: &[u8],
        tries: Tries,
    ) -> io::Result<()> {
        let id = message_id(message).ok_or(io::ErrorKind::InvalidInput)?;
        let slot = self.choose(now, server, id, tries)?;
        let Some(connection) = self.connections.value_mut(slot) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        connection.ask(now, id, exchange, message, tries);
        self.places.insert(exchange, Place { slot, id });
        self.mark_ready(slot);
        Ok(())
    }

    /// The connection with the fewest questions of those with room; if none has, a new one, or past
    /// their number the one with the fewest.
    fn choose(
        &mut self,
        now: Millis,
        server: &Arc<Server>,
        id: u16,
        tries: Tries,
    ) -> io::Result<usize> {
        let known = self.servers.get(server);
        let slots = known.map_or(&[][..], |known| &known.slots);
        let load = known.map_or(Load::USUAL, |known| known.load(now));
        let count = slots.len();
        let least = slots
            .iter()
            .filter_map(|slot| {
                let connection = self.connections.value_mut(*slot)?;
                let suits = tries == Tries::Two || connection.is_fresh();
                let fits = suits && connection.is_free(id);
                let is_full = !load.has_room(connection, tries);
                fits.then(|| (is_full, connection.in_flight(), *slot))
            })
            .min();
        let is_least_full = least.is_none_or(|(is_full, ..)| is_full);
        let least = least.map(|(_, in_flight, slot)| (in_flight, slot));
        match least {
            Some((_, slot)) if !is_least_full => Ok(slot),
            _ if count < load.connections => match (self.connect(now, server), least) {
                (Err(_), Some((in_flight, slot))) if in_flight < IN_FLIGHT_MAX => Ok(slot),
                (connected, _) => connected,
            },
            Some((in_flight, slot)) if in_flight < IN_FLIGHT_MAX => Ok(slot),
            _ => Err(io::ErrorKind::QuotaExceeded.into()),
        }
    }

    fn connect(&mut self, now: Millis, server: &Arc<Server>) -> io::Result<usize> {
        let connected = self.connect_and_register(now, server);
        match &connected {
            Ok(slot) => {
                self.stats.exchanges_opened.increment();
                let known = self.servers.entry(Arc::clone(server)).or_default();
                known.slots.push(*slot);
            }
            Err(_) => self.stats.exchange_open_failures.increment(),
        }
        connected
    }

    fn connect_and_register(&mut self, now: Millis, server: &Arc<Server>) -> io::Result<usize> {
        if self.connections.len() >= CONNECTIONS_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let mut connection = Connection::connect(now, server, self.tls.as_ref())?;
        let token = SocketToken::Connection(self.connections.next_slot()).token();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry
            .register(connection.channel().stream(), token, interest)?;
        Ok(self.connections.insert(connection))
    }

    fn serve_one(&mut self, now: Millis, slot: usize, on: &mut dyn FnMut(Received<'_>)) {
        let Some(connection) = self.connections.value_mut(slot) else {
            return;
        };
        connection.is_queued = false;
        match connection.serve(now, &mut self.buffer, on) {
            Ok(Turn::Complete) => {}
            Ok(Turn::Cut) => self.mark_ready(slot),
            Err(error) => self.end(now, slot, &error, on),
        }
    }

    /// Closes a connection that has ended. Questions that its server may not have seen are asked
    /// once more, the others are told.
    fn end(
        &mut self,
        now: Millis,
        slot: usize,
        error: &io::Error,
        on: &mut dyn FnMut(Received<'_>),
    ) {
        let Some(mut connection) = self.remove(slot) else {
            return;
        };
        let server = Arc::clone(&connection.server);
        self.note_failure(now, &server, error);
        let asked = connection.take_asked();
        let answers = connection.answers();
        let is_used = answers > 0;
        if is_used && asked.iter().any(|asked| !asked.is_answered) {
            let known = self.servers.entry(Arc::clone(&server)).or_default();
            let seen_at = now;
            known.closing = Some(Closing { answers, seen_at });
        }
        for asked in asked {
            self.places.remove(&asked.exchange);
            if asked.is_answered {
                continue;
            }
            let is_asked = asked.again.filter(|_| is_used).is_some_and(|message| {
                self.ask(now, asked.exchange, &server, &message, Tries::One)
                    .is_ok()
            });
            if is_asked {
                self.stats.upstream_asked_again.increment();
            } else {
                on(Received::Unreachable(asked.exchange));
            }
        }
    }

    /// Takes a connection out of all lists. Dropping it closes it.
    fn remove(&mut self, slot: usize) -> Option<Connection> {
        let mut connection = self.connections.remove(slot)?;
        connection.channel().close();
        if let Some(known) = self.servers.get_mut(&connection.server) {
            known.slots.retain(|other| *other != slot);
        }
        Some(connection)
    }

    fn note_failure(&mut self, now: Millis, server: &Arc<Server>, error: &io::Error) {
        let Some(cause) = tls_error(error) else {
            return;
        };
        self.stats.upstream_tls_failures.increment();
        let known = self.servers.entry(Arc::clone(server)).or_default();
        let is_quiet = known
            .warned_at
            .is_some_and(|at| now.since(at) < WARNING_INTERVAL_MS);
        if is_quiet {
            return;
        }
        known.warned_at = Some(now);
        let name = match &server.protocol {
            Protocol::Tls(name) => name,
            Protocol::Udp | Protocol::Tcp => "",
        };
        tracing::warn!(server = %server.address, name, error = %cause, "no TLS with upstream server");
    }
}

/// What TLS says of a failure, if it is one of its own.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
