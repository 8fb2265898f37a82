//! What goes in and out of the resolver besides octets: time, clients, and what to send where.

use crate::server::Server;
use alloc::sync::Arc;
use core::net::SocketAddr;

/// A point in time in milliseconds, from a clock that never goes back. Where it starts is the
/// caller's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// The time that many milliseconds later.
    pub fn plus(self, millis: u64) -> Self {
        Millis(self.0.saturating_add(millis))
    }

    /// Milliseconds since `earlier`, or 0 if that is in the future.
    pub fn since(self, earlier: Millis) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// What became of a query at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The answer was appended to the buffer.
    Answered,
    /// It waits for an upstream; the answer comes from [`Resolver::poll_transmit`](crate::Resolver::poll_transmit).
    Pending,
    /// It gets no answer.
    Dropped,
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One message a datagram.
    Udp,
    /// Messages with a two-octet length in front (RFC 1035 section 4.2.2). The length is the
    /// caller's: messages pass in and out of the resolver without it.
    Tcp,
}

impl Transport {
    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        }
    }
}

/// Whom an answer goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Address that the query came from.
    pub address: SocketAddr,
    /// Transport that the query came over.
    pub transport: Transport,
    /// The caller's own key of the socket or connection; handed back untouched.
    pub token: u64,
}

/// One question on its way to one upstream server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub u64);

/// What the caller must do. Drained from [`Resolver::poll_transmit`](crate::Resolver::poll_transmit).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// Send the octets to that client.
    Answer(Client),
    /// Send the octets to that server from a socket where no exchange with the same message id is
    /// open, and pass on every message with that id that comes back until [`Transmit::Close`].
    /// The port of a UDP socket must be unpredictable and not live long (RFC 5452 section 9.2).
    Ask {
        /// Names the exchange in both directions.
        exchange: ExchangeId,
        /// The server. One spoken to over TLS is asked over [`Transport::Tcp`].
        server: Arc<Server>,
        /// How to reach it this time.
        transport: Transport,
    },
    /// Pass on nothing more of that exchange; no octets.
    Close(ExchangeId),
    /// Have the resolver of that number run [`Resolver::handle_mail`](crate::Resolver::handle_mail);
    /// no octets.
    Wake(usize),
}

/// Source of unpredictable numbers: message ids depend on it, so it must be a cryptographic
/// generator seeded by the operating system (RFC 5452 section 9.2).
pub trait Random {
    /// The next 32 bits.
    fn next_u32(&mut self) -> u32;
}
