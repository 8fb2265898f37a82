//! The UDP sockets of a worker: for each server a few that are connected to it.
//!
//! The questions of one turn to one server leave together by one socket, drawn at random. A socket
//! is replaced once it has sent enough or is old enough, so that who finds out its port can do
//! little with it.

use super::udp_socket::PooledSocket;
use super::unsent::Unsent;
use super::{Received, SocketToken, message_id};
use crate::engine::SeededRandom;
use crate::net::BATCH_MESSAGES;
use crate::net::batch::{ReceiveBatch, SendBatch, SlotFit};
use crate::net::slots::Slots;
use crate::net::stats::NetStats;
use dns_core::{ExchangeId, Millis, Random};
use foldhash::fast::RandomState;
use mio::{Interest, Registry};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;

/// Sockets to draw from for each server. A guess at a reply must hit one port of many whatever
/// their number; eight let no single port carry most of the traffic.
const SOCKETS_PER_SERVER: usize = 8;

/// Fewest messages of a socket, and how many more it may be: drawn at random, so that nobody can
/// count to the next port. At 128 on average opening and closing costs each question less than a
/// hundredth of a socket of its own.
const MESSAGES_MIN: u32 = 96;
const MESSAGES_SPREAD: u32 = 65;

/// Milliseconds that a socket sends: shorter than it takes to find its port by probing all of
/// them at the rate that ICMP errors are limited to (RFC 5452 section 4.5, SAD DNS).
const AGE_MAX_MS: u64 = 10_000;

/// Milliseconds that a retired socket waits for replies, longer than any question may take.
const RETIRED_MAX_MS: u64 = 5_000;

/// Milliseconds without a question after which an old socket is closed with none to replace it. A
/// busy one is replaced first: the descriptor that it gives back might be gone at once.
const UNUSED_MS: u64 = 1_000;

/// Most sockets of a worker. At the bound questions leave by those that are open.
const SOCKETS_MAX: usize = 1_024;

/// Octets kept of a datagram. We ask for at most 1,232 (RFC 9715); the room above is for servers
/// that do not care, and what does not fit is dropped.
const DATAGRAM_MAX_OCTETS: usize = 8 * 1_024;

/// Connected sockets and the exchanges on them.
pub(super) struct UdpPool {
    registry: Registry,
    random: SeededRandom,
    sockets: Slots<PooledSocket>,
    servers: HashMap<SocketAddr, ServerSockets, RandomState>,
    places: HashMap<ExchangeId, Place, RandomState>,
    unsent: Unsent,
    ready: VecDeque<usize>,
    inbox: ReceiveBatch,
    outbox: SendBatch,
    stats: Arc<NetStats>,
}

/// Where an exchange is.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: usize,
    id: u16,
}

/// The active sockets of a server.
#[derive(Debug, Default)]
struct ServerSockets {
    slots: Vec<usize>,
    /// The one that the questions of this turn leave by.
    current: Option<usize>,
}

impl UdpPool {
    /// No sockets.
    pub(super) fn new(registry: Registry, random: SeededRandom, stats: Arc<NetStats>) -> Self {
        UdpPool {
            registry,
            random,
            sockets: Slots::default(),
            servers: HashMap::default(),
            places: HashMap::default(),
            unsent: Unsent::default(),
            ready: VecDeque::new(),
            inbox: ReceiveBatch::new(DATAGRAM_MAX_OCTETS),
            outbox: SendBatch::default(),
            stats,
        }
    }

    /// Number of exchanges.
    pub(super) fn exchanges(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no socket.
    pub(super) fn is_empty(&self) -> bool {
        self.sockets.len() == 0
    }

    /// Whether there is work that no event will tell of.
    pub(super) fn has_backlog(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Notes that a socket can be read, or has failed.
    pub(super) fn mark_ready(&mut self, slot: usize) {
        if let Some(socket) = self.sockets.value_mut(slot)
            && !socket.is_queued
        {
            socket.is_queued = true;
            self.ready.push_back(slot);
        }
    }

    /// Queues the message of an exchange for the next [`UdpPool::flush`].
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or no socket can be opened and none is open to it.
    pub(super) fn open(
        &mut self,
        now: Millis,
        exchange: ExchangeId,
        server: SocketAddr,
        message: &[u8],
    ) -> io::Result<()> {
        let id = message_id(message).ok_or(io::ErrorKind::InvalidInput)?;
        let slot = self.choose(now, server, id)?;
        let Some(socket) = self.sockets.value_mut(slot) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        socket.open(now, id, exchange);
        self.places.insert(exchange, Place { slot, id });
        self.unsent.push(slot, message);
        Ok(())
    }

    /// Sends what has been queued, all messages of one socket together. One that the kernel has
    /// no room for is lost like any other.
    pub(super) fn flush(&mut self) {
        if self.unsent.is_empty() {
            return;
        }
        let mut unsent = std::mem::take(&mut self.unsent);
        for (slot, messages) in unsent.batches() {
            self.send(slot, messages);
        }
        unsent.clear();
        self.unsent = unsent;
        for server in self.servers.values_mut() {
            server.current = None;
        }
    }

    /// Ends an exchange, if it still is one. Gives whether it was.
    pub(super) fn close(&mut self, exchange: ExchangeId) -> bool {
        let Some(Place { slot, id }) = self.places.remove(&exchange) else {
            return false;
        };
        if let Some(socket) = self.sockets.value_mut(slot) {
            socket.close(id);
            if socket.is_done() {
                self.drop_socket(slot);
            }
        }
        true
    }

    /// Hands on what has come.
    pub(super) fn serve(&mut self, on: &mut dyn FnMut(Received<'_>)) {
        self.flush();
        for _ in 0..self.ready.len() {
            if let Some(slot) = self.ready.pop_front() {
                self.serve_one(slot, on);
            }
        }
    }

    /// Closes sockets that have had their time.
    pub(super) fn expire(&mut self, now: Millis, on: &mut dyn FnMut(Received<'_>)) {
        self.flush();
        let old: Vec<usize> = self
            .sockets
            .iter()
            .filter(|(_, socket)| is_over(socket, now))
            .map(|(slot, _)| slot)
            .collect();
        for slot in old {
            self.retire(now, slot);
            let has_waited = self
                .sockets
                .value_mut(slot)
                .and_then(|socket| socket.retired_ms(now))
                .is_some_and(|retired_ms| retired_ms >= RETIRED_MAX_MS);
            if has_waited {
                self.abandon(slot, on);
            }
        }
    }

    fn choose(&mut self, now: Millis, server: SocketAddr, id: u16) -> io::Result<usize> {
        let current = self.servers.get(&server).and_then(|known| known.current);
        if let Some(slot) = current
            && self.is_fit(now, slot, id)
        {
            return Ok(slot);
        }
        let number = self.random.next_u32() as usize % SOCKETS_PER_SERVER;
        let drawn = self
            .servers
            .get(&server)
            .and_then(|known| known.slots.get(number).copied());
        let slot = match drawn {
            Some(slot) if self.is_fit(now, slot, id) => slot,
            _ => self.replace(now, server, number, id)?,
        };
        self.servers.entry(server).or_default().current = Some(slot);
        Ok(slot)
    }

    /// Opens a socket in place of the one of that number, or else falls back on another.
    fn replace(
        &mut self,
        now: Millis,
        server: SocketAddr,
        number: usize,
        id: u16,
    ) -> io::Result<usize> {
        let slot = match self.connect(now, server) {
            Ok(slot) => slot,
            Err(error) => return self.any_with_room(server, id).ok_or(error),
        };
        let slots = &mut self.servers.entry(server).or_default().slots;
        let replaced = match slots.get_mut(number) {
            Some(place) => Some(std::mem::replace(place, slot)),
            None => {
                slots.push(slot);
                None
            }
        };
        if let Some(replaced) = replaced {
            self.retire(now, replaced);
        }
        Ok(slot)
    }

    fn connect(&mut self, now: Millis, server: SocketAddr) -> io::Result<usize> {
        let opened = self.connect_and_register(now, server);
        match &opened {
            Ok(_) => self.stats.exchanges_opened.increment(),
            Err(_) => self.stats.exchange_open_failures.increment(),
        }
        opened
    }

    fn connect_and_register(&mut self, now: Millis, server: SocketAddr) -> io::Result<usize> {
        if self.sockets.len() >= SOCKETS_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let messages_max = MESSAGES_MIN + self.random.next_u32() % MESSAGES_SPREAD;
        let mut socket = PooledSocket::connect(now, server, messages_max)?;
        let token = SocketToken::Udp(self.sockets.next_slot()).token();
        self.registry
            .register(&mut socket.socket, token, Interest::READABLE)?;
        Ok(self.sockets.insert(socket))
    }

    fn is_fit(&mut self, now: Millis, slot: usize, id: u16) -> bool {
        self.sockets
            .value_mut(slot)
            .is_some_and(|socket| socket.is_fresh(now, AGE_MAX_MS) && socket.has_room(id))
    }

    /// A socket that may be past its time, for when there are no descriptors: better an answer by
    /// a port that is known for long than none.
    fn any_with_room(&mut self, server: SocketAddr, id: u16) -> Option<usize> {
        let slots = &self.servers.get(&server)?.slots;
        slots.iter().copied().find(|slot| {
            self.sockets
                .value_mut(*slot)
                .is_some_and(|socket| socket.has_room(id))
        })
    }

    /// Lets nothing more leave by a socket, and closes it if nobody waits for a reply.
    fn retire(&mut self, now: Millis, slot: usize) {
        let Some(socket) = self.sockets.value_mut(slot) else {
            return;
        };
        socket.retire(now);
        let (server, is_done) = (socket.server, socket.is_done());
        self.forget(server, slot);
        if is_done {
            self.drop_socket(slot);
        }
    }

    /// Closes a socket, which takes it out of the poll. What is queued is sent before, lest it
    /// leave by the next socket in that slot.
    fn drop_socket(&mut self, slot: usize) -> Option<PooledSocket> {
        self.flush();
        self.sockets.remove(slot)
    }

    fn forget(&mut self, server: SocketAddr, slot: usize) {
        let Some(known) = self.servers.get_mut(&server) else {
            return;
        };
        known.slots.retain(|other| *other != slot);
        known.current = known.current.filter(|current| *current != slot);
        if known.slots.is_empty() {
            self.servers.remove(&server);
        }
    }

    /// Closes a socket and tells its exchanges.
    fn abandon(&mut self, slot: usize, on: &mut dyn FnMut(Received<'_>)) {
        let Some(socket) = self.drop_socket(slot) else {
            return;
        };
        self.forget(socket.server, slot);
        for exchange in socket.exchanges() {
            self.places.remove(&exchange);
            on(Received::Unreachable(exchange));
        }
    }

    fn send<'a>(&mut self, slot: usize, messages: impl Iterator<Item = &'a [u8]>) {
        let Some(socket) = self.sockets.value_mut(slot) else {
            return;
        };
        for message in messages {
            self.outbox.buffer().extend_from_slice(message);
            self.outbox.push_connected();
        }
        let report = self.outbox.send(socket.socket.as_fd());
        let lost = report.dropped_full + report.dropped_error;
        self.stats.upstream_datagrams_unsent.add(lost as u64);
        if report.error.is_some_and(|error| is_final(&error)) {
            socket.fail();
            self.mark_ready(slot);
        }
    }

    fn serve_one(&mut self, slot: usize, on: &mut dyn FnMut(Received<'_>)) {
        let Some(socket) = self.sockets.value_mut(slot) else {
            return;
        };
        socket.is_queued = false;
        if socket.has_failed() {
            return self.abandon(slot, on);
        }
        match self.inbox.receive_connected(socket.socket.as_fd()) {
            Ok(count) => {
                for (message, fit) in self.inbox.messages() {
                    match fit {
                        SlotFit::Whole => socket.hand_on(message, &self.stats, on),
                        SlotFit::Cut => self.stats.upstream_datagrams_cut.increment(),
                    }
                }
                if count == BATCH_MESSAGES {
                    self.mark_ready(slot);
                }
            }
            Err(error) if is_final(&error) => self.abandon(slot, on),
            // Reading an error clears it; datagrams may wait behind it.
            Err(_) => self.mark_ready(slot),
        }
    }
}

fn is_over(socket: &PooledSocket, now: Millis) -> bool {
    let is_old = !socket.is_fresh(now, AGE_MAX_MS) && socket.unused_ms(now) >= UNUSED_MS;
    is_old || socket.retired_ms(now).is_some()
}

/// Whether the error says that the server cannot be reached, and not that one message is lost.
fn is_final(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NotConnected
    )
}
