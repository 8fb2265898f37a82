//! A socket to one upstream server and the questions that have left by it.

use super::{Received, message_id};
use crate::net::stats::NetStats;
use dns_core::{ExchangeId, Millis};
use foldhash::fast::RandomState;
use mio::net::UdpSocket;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

/// Most ids that a socket remembers, one sixteenth of all: an id drawn at random is rarely taken.
/// At the bound no question leaves by it any more.
const IDS_MAX: usize = 4_096;

/// Most exchanges told of a datagram that is none's. The exchanges of a socket are in the same
/// danger, and word of it to all would cost more than the datagram.
const MISMATCHES_TOLD_MAX: usize = 8;

/// Octets of the kernel's buffers that are asked for. Replies to a whole batch come together; the
/// default of 208 KiB holds a few hundred. The kernel may give less.
const BUFFER_OCTETS: usize = 1024 * 1024;

/// A connected UDP socket: it hears one server only, and the kernel has picked its port at random
/// (RFC 5452 section 9.2).
#[derive(Debug)]
pub(super) struct PooledSocket {
    /// The socket itself.
    pub(super) socket: UdpSocket,
    /// The server that it is connected to.
    pub(super) server: SocketAddr,
    /// Whether it waits to be read.
    pub(super) is_queued: bool,
    ids: HashMap<u16, Asked, RandomState>,
    open: usize,
    messages_left: u32,
    opened_at: Millis,
    used_at: Millis,
    state: State,
}

/// What an id of the socket stands for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// A question that waits.
    Open(ExchangeId),
    /// A question that has ended. Its reply may still come and is nobody's guess.
    Closed,
}

/// What a socket is good for.
#[derive(Clone, Copy, Debug)]
enum State {
    /// For further questions.
    Active,
    /// For replies to those that have left, since that time.
    Retired(Millis),
    /// For nothing.
    Failed,
}

impl PooledSocket {
    /// Connects a socket that may send that many messages.
    pub(super) fn connect(now: Millis, server: SocketAddr, messages_max: u32) -> io::Result<Self> {
        let domain = Domain::for_address(server);
        let kind = Type::DGRAM.nonblocking();
        let socket = Socket::new(domain, kind, Some(Protocol::UDP))?;
        // A smaller buffer serves as well, only less of it.
        let _ = socket.set_recv_buffer_size(BUFFER_OCTETS);
        let _ = socket.set_send_buffer_size(BUFFER_OCTETS);
        socket.connect(&server.into())?;
        Ok(PooledSocket {
            socket: UdpSocket::from_std(socket.into()),
            server,
            is_queued: false,
            ids: HashMap::default(),
            open: 0,
            messages_left: messages_max,
            opened_at: now,
            used_at: now,
            state: State::Active,
        })
    }

    /// Whether a question with that id can leave by it.
    pub(super) fn has_room(&self, id: u16) -> bool {
        let is_free = match self.ids.get(&id) {
            None => self.ids.len() < IDS_MAX,
            Some(Asked::Closed) => true,
            Some(Asked::Open(_)) => false,
        };
        is_free && !matches!(self.state, State::Failed)
    }

    /// Whether it is active and has sent less, and for less long, than it may.
    pub(super) fn is_fresh(&self, now: Millis, age_max_ms: u64) -> bool {
        matches!(self.state, State::Active)
            && self.messages_left > 0
            && now.since(self.opened_at) < age_max_ms
    }

    /// Milliseconds since a question left by it.
    pub(super) fn unused_ms(&self, now: Millis) -> u64 {
        now.since(self.used_at)
    }

    /// Notes that an exchange leaves by it. The id must be free.
    pub(super) fn open(&mut self, now: Millis, id: u16, exchange: ExchangeId) {
        self.ids.insert(id, Asked::Open(exchange));
        self.open += 1;
        self.used_at = now;
        self.messages_left = self.messages_left.saturating_sub(1);
    }

    /// Notes that the exchange of that id has ended.
    pub(super) fn close(&mut self, id: u16) {
        if let Some(asked @ Asked::Open(_)) = self.ids.get_mut(&id) {
            *asked = Asked::Closed;
            self.open -= 1;
        }
    }

    /// Lets nothing more leave by it.
    pub(super) fn retire(&mut self, now: Millis) {
        if matches!(self.state, State::Active) {
            self.state = State::Retired(now);
        }
    }

    /// Gives it up: its exchanges are to be told when it is served.
    pub(super) fn fail(&mut self) {
        self.state = State::Failed;
    }

    /// Whether it has been given up.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed)
    }

    /// Milliseconds since it was retired, if it was.
    pub(super) fn retired_ms(&self, now: Millis) -> Option<u64> {
        match self.state {
            State::Retired(since) => Some(now.since(since)),
            State::Active | State::Failed => None,
        }
    }

    /// Whether it is retired and nobody waits for a reply.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Retired(_)) && self.open == 0
    }

    /// The exchanges that wait, in no order.
    pub(super) fn exchanges(&self) -> impl Iterator<Item = ExchangeId> + '_ {
        self.ids.values().filter_map(|asked| match asked {
            Asked::Open(exchange) => Some(*exchange),
            Asked::Closed => None,
        })
    }

    /// Tells what a datagram means.
    pub(super) fn hand_on(
        &self,
        datagram: &[u8],
        stats: &NetStats,
        on: &mut dyn FnMut(Received<'_>),
    ) {
        let asked = message_id(datagram).and_then(|id| self.ids.get(&id));
        match asked {
            Some(Asked::Open(exchange)) => on(Received::Reply(*exchange, datagram)),
            Some(Asked::Closed) => stats.upstream_datagrams_late.increment(),
            // One too short for an id as well: a server that sends such may do better over TCP.
            None => {
                stats.upstream_datagrams_mismatched.increment();
                for exchange in self.exchanges().take(MISMATCHES_TOLD_MAX) {
                    on(Received::Mismatch(exchange));
                }
            }
        }
    }
}
