//! An upstream server: where it is and how it is spoken to.

use crate::transmit::Transport;
use alloc::sync::Arc;
use core::net::SocketAddr;

/// An upstream server: where it is and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    /// Address and port.
    pub address: SocketAddr,
    /// How it is spoken to.
    pub protocol: Protocol,
}

impl Server {
    /// A server asked over UDP, and over TCP when an answer is too long.
    pub fn plain(address: SocketAddr) -> Self {
        Server {
            address,
            protocol: Protocol::Udp,
        }
    }
}

/// How an upstream server is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// UDP, and TCP for answers that are too long for it (RFC 7766). The default.
    #[default]
    Udp,
    /// TCP only, one connection for many questions.
    Tcp,
    /// DNS over TLS (RFC 7858) in its strict profile (RFC 8310 section 5): the certificate must
    /// be valid for that name.
    Tls(Arc<str>),
}

impl Protocol {
    /// How a question travels first.
    pub fn transport(&self) -> Transport {
        match self {
            Protocol::Udp => Transport::Udp,
            Protocol::Tcp | Protocol::Tls(_) => Transport::Tcp,
        }
    }

    /// Fixed text for output and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Protocol::Udp => "udp",
            Protocol::Tcp => "tcp",
            Protocol::Tls(_) => "tls",
        }
    }
}
