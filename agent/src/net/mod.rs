//! Sockets: listeners for clients, and those to upstream servers, which serve many questions each.
//!
//! Everything here is non-blocking and belongs to one worker; the loop that drives it is
//! `Worker::turn`.

#[doc(hidden)]
pub mod batch;
mod connection;
mod connections;
mod frames;
mod limits;
mod listen;
mod local_addresses;
mod open_files;
mod slots;
mod stats;
mod tcp;
mod turn;
mod udp;
mod upstream;

pub use limits::NetLimits;
pub use listen::{BindError, Listeners};
pub use open_files::raise_open_files_limit;
pub use stats::NetStats;
pub use upstream::{UpstreamTls, UpstreamTlsError};

pub(crate) use batch::BATCH_MESSAGES;
pub(crate) use listen::ListenerSet;
pub(crate) use tcp::TcpFront;
pub(crate) use udp::UdpFront;
pub(crate) use upstream::{Exchanges, Received};

/// What an event of the poll is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventSource {
    /// Another thread wants attention.
    Waker,
    /// UDP listener of that number.
    Udp(usize),
    /// TCP listener of that number.
    Listener(usize),
    /// Client connection in that slot.
    Connection(usize),
    /// Upstream exchange in that slot.
    Exchange(usize),
}

impl EventSource {
    const KIND_BITS: u32 = 3;

    /// The token that stands for it in the poll.
    pub(crate) fn token(self) -> mio::Token {
        let (kind, index) = match self {
            EventSource::Waker => (0, 0),
            EventSource::Udp(index) => (1, index),
            EventSource::Listener(index) => (2, index),
            EventSource::Connection(index) => (3, index),
            EventSource::Exchange(index) => (4, index),
        };
        mio::Token(index << Self::KIND_BITS | kind)
    }

    /// The source that a token of [`EventSource::token`] stands for.
    pub(crate) fn of(token: mio::Token) -> Self {
        let index = token.0 >> Self::KIND_BITS;
        match token.0 & ((1 << Self::KIND_BITS) - 1) {
            1 => EventSource::Udp(index),
            2 => EventSource::Listener(index),
            3 => EventSource::Connection(index),
            4 => EventSource::Exchange(index),
            _ => EventSource::Waker,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_source() {
        for source in [
            EventSource::Waker,
            EventSource::Udp(0),
            EventSource::Listener(7),
            EventSource::Connection(1023),
            EventSource::Exchange(16_383),
        ] {
            assert_eq!(EventSource::of(source.token()), source);
        }
    }
}
