//! Exchanges with upstream servers, over sockets that serve for many of them.
//!
//! ```text
//! open ─┬─▶ UdpPool ─────▶ flush: one batch a socket        serve ─▶ Received
//!       └─▶ Connections ─▶ TCP, or TLS over it, pipelined
//! ```
//!
//! Which socket a question leaves by and which exchange a message belongs to is settled here, by
//! message id; whether a message is an answer is the resolver's to say.

mod channel;
mod connection;
mod connections;
mod tls;
mod udp_pool;
mod udp_socket;
mod unsent;

pub use tls::{UpstreamTls, UpstreamTlsError};

use super::EventSource;
use super::stats::NetStats;
use crate::engine::SeededRandom;
use connections::Connections;
use dns_core::{ExchangeId, Millis, Transport};
use dns_core::{Protocol, Server};
use mio::Registry;
use std::io;
use std::sync::Arc;
use udp_pool::UdpPool;

/// Milliseconds between looks for sockets that have had their time: each lives for seconds.
const SWEEP_MS: u64 = 1_000;

/// What has come from an upstream server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received<'a> {
    /// A message with the id of that exchange.
    Reply(ExchangeId, &'a [u8]),
    /// A datagram with the id of no exchange, on the socket of that one.
    Mismatch(ExchangeId),
    /// Word that no reply will come; the exchange is closed.
    Unreachable(ExchangeId),
}

/// The exchanges of a worker.
///
/// Protocol: open and close what the resolver wants, flush, wait for events, mark, serve.
pub(crate) struct Exchanges {
    udp: UdpPool,
    connections: Connections,
    max: usize,
    swept_at: Millis,
}

impl Exchanges {
    /// No exchanges, and never more than `max`. Without `tls` no server is asked over TLS.
    ///
    /// # Errors
    ///
    /// The system has no randomness or descriptors to give.
    pub(crate) fn new(
        registry: Registry,
        max: usize,
        stats: Arc<NetStats>,
        tls: Option<UpstreamTls>,
    ) -> io::Result<Self> {
        let random = SeededRandom::from_system()?;
        let udp = UdpPool::new(registry.try_clone()?, random, Arc::clone(&stats));
        Ok(Exchanges {
            udp,
            connections: Connections::new(registry, stats, tls),
            max,
            swept_at: Millis::default(),
        })
    }

    /// Takes the message of an exchange to that server. A datagram leaves with the next
    /// [`Exchanges::flush`].
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or there are too many exchanges or open files.
    pub(crate) fn open(
        &mut self,
        now: Millis,
        id: ExchangeId,
        server: &Arc<Server>,
        transport: Transport,
        message: &[u8],
    ) -> io::Result<()> {
        if self.udp.exchanges() + self.connections.exchanges() >= self.max {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        match (transport, &server.protocol) {
            (Transport::Udp, Protocol::Udp) => self.udp.open(now, id, server.address, message),
            // Whoever is to be asked over a connection is never asked without it.
            (Transport::Udp, Protocol::Tcp | Protocol::Tls(_)) | (Transport::Tcp, _) => {
                self.connections.open(now, id, server, message)
            }
        }
    }

    /// Ends an exchange, if it still is one.
    pub(crate) fn close(&mut self, now: Millis, id: ExchangeId) {
        if !self.udp.close(id) {
            self.connections.close(now, id);
        }
    }

    /// Sends the datagrams that have been opened.
    pub(crate) fn flush(&mut self) {
        self.udp.flush();
    }

    /// Notes that a socket can be read or written, or has failed.
    pub(crate) fn mark_ready(&mut self, index: usize) {
        match SocketToken::of(index) {
            SocketToken::Udp(slot) => self.udp.mark_ready(slot),
            SocketToken::Connection(slot) => self.connections.mark_ready(slot),
        }
    }

    /// Whether there is work that no event will tell of.
    pub(crate) fn has_backlog(&self) -> bool {
        self.udp.has_backlog() || self.connections.has_backlog()
    }

    /// Hands on what has come, and closes sockets that have had their time.
    pub(crate) fn serve(&mut self, now: Millis, mut on: impl FnMut(Received<'_>)) {
        self.udp.serve(&mut on);
        self.connections.serve(now, &mut on);
        if now.since(self.swept_at) >= SWEEP_MS {
            self.swept_at = now;
            self.udp.expire(now, &mut on);
            self.connections.expire(now);
        }
    }

    /// When to serve at the latest, though nothing has come.
    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let has_sockets = !self.udp.is_empty() || !self.connections.is_empty();
        has_sockets.then(|| self.swept_at.plus(SWEEP_MS))
    }
}

/// A socket as the index of [`EventSource::Exchange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SocketToken {
    Udp(usize),
    Connection(usize),
}

impl SocketToken {
    fn token(self) -> mio::Token {
        let index = match self {
            SocketToken::Udp(slot) => slot << 1,
            SocketToken::Connection(slot) => slot << 1 | 1,
        };
        EventSource::Exchange(index).token()
    }

    fn of(index: usize) -> Self {
        match index & 1 {
            0 => SocketToken::Udp(index >> 1),
            _ => SocketToken::Connection(index >> 1),
        }
    }
}

/// The id of a message (RFC 1035 section 4.1.1), unless it is too short to have one.
fn message_id(message: &[u8]) -> Option<u16> {
    message.first_chunk().map(|id| u16::from_be_bytes(*id))
}

#[cfg(test)]
mod tests;
