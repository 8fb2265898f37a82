//! One message to one upstream server: a socket of its own, read until the resolver closes it.

use super::driver::Driver;
use crate::server::{Protocol, Server};
use crate::transmit::{ExchangeId, Transport};
use alloc::sync::{Arc, Weak};
use alloc::vec;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Octets of the largest datagram.
const DATAGRAM_MAX_OCTETS: usize = 65_535;

pub(super) struct Exchange {
    pub(super) driver: Weak<Driver>,
    pub(super) id: ExchangeId,
    pub(super) server: Arc<Server>,
    pub(super) message: Vec<u8>,
}

/// Whether there is still someone to read for.
enum Listener {
    Present,
    Gone,
}

impl Exchange {
    /// Asks and passes on what comes back. The resolver ends it from outside, by aborting it.
    pub(super) async fn run(self, transport: Transport) {
        let ended = match (&self.server.protocol, transport) {
            // It speaks no TLS, and must not ask in the clear what was to be asked so.
            (Protocol::Tls(_), _) => Err(io::ErrorKind::Unsupported.into()),
            (Protocol::Udp | Protocol::Tcp, Transport::Udp) => self.run_udp().await,
            (Protocol::Udp | Protocol::Tcp, Transport::Tcp) => self.run_tcp().await,
        };
        if ended.is_err()
            && let Some(driver) = self.driver.upgrade()
        {
            driver.handle_unreachable(self.id);
        }
    }

    /// The kernel picks the port at random (RFC 5452 section 9.2), and a connected socket takes
    /// datagrams from its server alone.
    async fn run_udp(&self) -> io::Result<()> {
        let any: SocketAddr = match self.server.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(self.server.address).await?;
        socket.send(&self.message).await?;
        loop {
            socket.readable().await?;
            // Only now, so that thousands of waiting exchanges hold no buffers.
            let mut reply = Vec::with_capacity(DATAGRAM_MAX_OCTETS);
            match socket.try_recv_buf(&mut reply) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            if let Listener::Gone = self.pass_on(&reply) {
                return Ok(());
            }
        }
    }

    /// Messages have their length in front (RFC 1035 section 4.2.2).
    async fn run_tcp(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.server.address).await?;
        let len = u16::try_from(self.message.len()).map_err(io::Error::other)?;
        // In one write, for servers that expect both in one segment (RFC 7766 section 8).
        let frame = [&len.to_be_bytes()[..], &self.message].concat();
        stream.write_all(&frame).await?;
        loop {
            let len = stream.read_u16().await?;
            let mut reply = vec![0; usize::from(len)];
            stream.read_exact(&mut reply).await?;
            if let Listener::Gone = self.pass_on(&reply) {
                return Ok(());
            }
        }
    }

    fn pass_on(&self, reply: &[u8]) -> Listener {
        let Some(driver) = self.driver.upgrade() else {
            return Listener::Gone;
        };
        driver.handle_reply(self.id, reply);
        Listener::Present
    }
}
