//! Exchanges with upstreams: a socket for each, with a port of its own that the kernel picks at
//! random (RFC 5452 section 9.2), open until the resolver closes it.

use super::frames::{Frames, close_frame, open_frame};
use super::slots::Slots;
use super::stats::NetStats;
use super::udp::uninterrupted;
use super::{BATCH_MESSAGES, EventSource};
use crate::engine::Engine;
use dns_core::{ExchangeId, Millis, Transport};
use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

/// Octets of the receive buffer: the largest message.
const MESSAGE_MAX_OCTETS: usize = 65_535;

/// The exchanges of a worker.
#[derive(Debug)]
pub(crate) struct Exchanges {
    registry: Registry,
    slots: Slots<Exchange>,
    by_id: HashMap<ExchangeId, usize>,
    max: usize,
    queue: Vec<usize>,
    buffer: Box<[u8]>,
    stats: Arc<NetStats>,
}

#[derive(Debug)]
struct Exchange {
    id: ExchangeId,
    socket: ExchangeSocket,
    is_queued: bool,
}

#[derive(Debug)]
enum ExchangeSocket {
    Udp(UdpSocket),
    Tcp(Box<TcpExchange>),
}

#[derive(Debug)]
struct TcpExchange {
    stream: TcpStream,
    unsent: Vec<u8>,
    sent: usize,
    frames: Frames,
}

/// What came of receiving.
enum Received<'a> {
    Message(&'a [u8]),
    Nothing,
    Failed,
}

impl Exchanges {
    /// No exchanges, and never more than `max`.
    pub(crate) fn new(registry: Registry, max: usize, stats: Arc<NetStats>) -> Self {
        Exchanges {
            registry,
            slots: Slots::default(),
            by_id: HashMap::new(),
            max,
            queue: Vec::new(),
            buffer: vec![0; MESSAGE_MAX_OCTETS].into_boxed_slice(),
            stats,
        }
    }

    /// Opens a socket for an exchange and sends its message.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or there are too many exchanges or open files.
    pub(crate) fn open(
        &mut self,
        id: ExchangeId,
        server: SocketAddr,
        transport: Transport,
        message: &[u8],
    ) -> io::Result<()> {
        let opened = self.open_socket(id, server, transport, message);
        match &opened {
            Ok(()) => self.stats.exchanges_opened.increment(),
            Err(_) => self.stats.exchange_open_failures.increment(),
        }
        opened
    }

    /// Closes the socket of an exchange, if it still has one.
    pub(crate) fn close(&mut self, id: ExchangeId) {
        let Some(slot) = self.by_id.remove(&id) else {
            return;
        };
        let Some(mut exchange) = self.slots.remove(slot) else {
            return;
        };
        let _ = match &mut exchange.socket {
            ExchangeSocket::Udp(socket) => self.registry.deregister(socket),
            ExchangeSocket::Tcp(tcp) => self.registry.deregister(&mut tcp.stream),
        };
    }

    /// Notes that a socket can be read or written, or has failed.
    pub(crate) fn mark_ready(&mut self, slot: usize) {
        let Some(exchange) = self.slots.value_mut(slot) else {
            return;
        };
        if !exchange.is_queued {
            exchange.is_queued = true;
            self.queue.push(slot);
        }
    }

    /// Whether there is work that no event will tell of.
    pub(crate) fn has_backlog(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Hands the messages that have come to the resolver.
    pub(crate) fn serve(&mut self, now: Millis, engine: &mut Engine) {
        for slot in std::mem::take(&mut self.queue) {
            self.serve_one(now, slot, engine);
        }
    }

    fn serve_one(&mut self, now: Millis, slot: usize, engine: &mut Engine) {
        let Some(exchange) = self.slots.value_mut(slot) else {
            return;
        };
        exchange.is_queued = false;
        let id = exchange.id;
        for _ in 0..BATCH_MESSAGES {
            match exchange.socket.receive(&mut self.buffer) {
                Received::Message(message) => engine.handle_reply(now, id, message),
                Received::Nothing => return,
                Received::Failed => {
                    self.close(id);
                    return engine.handle_unreachable(now, id);
                }
            }
        }
        self.mark_ready(slot);
    }

    fn open_socket(
        &mut self,
        id: ExchangeId,
        server: SocketAddr,
        transport: Transport,
        message: &[u8],
    ) -> io::Result<()> {
        if self.slots.len() >= self.max {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let token = EventSource::Exchange(self.slots.next_slot()).token();
        let socket = match transport {
            Transport::Udp => {
                let mut socket = connect_udp(server)?;
                self.registry
                    .register(&mut socket, token, Interest::READABLE)?;
                send_datagram(&socket, message)?;
                ExchangeSocket::Udp(socket)
            }
            Transport::Tcp => {
                let mut stream = TcpStream::connect(server)?;
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.registry.register(&mut stream, token, interest)?;
                ExchangeSocket::Tcp(Box::new(TcpExchange::new(stream, message)))
            }
        };
        let slot = self.slots.insert(Exchange {
            id,
            socket,
            is_queued: false,
        });
        self.by_id.insert(id, slot);
        Ok(())
    }
}

impl ExchangeSocket {
    fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> Received<'a> {
        match self {
            // An empty datagram is a message, though no good one; it ends nothing.
            ExchangeSocket::Udp(socket) => match uninterrupted(|| socket.recv(buffer)) {
                Ok(length) => Received::Message(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Received::Nothing,
                Err(_) => Received::Failed,
            },
            ExchangeSocket::Tcp(tcp) => tcp.receive(buffer),
        }
    }
}

impl TcpExchange {
    fn new(stream: TcpStream, message: &[u8]) -> Self {
        let mut unsent = Vec::with_capacity(message.len() + 2);
        let start = open_frame(&mut unsent);
        unsent.extend_from_slice(message);
        close_frame(&mut unsent, start);
        TcpExchange {
            stream,
            unsent,
            sent: 0,
            frames: Frames::default(),
        }
    }

    fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> Received<'a> {
        if self.send().is_err() {
            return Received::Failed;
        }
        loop {
            match self.frames.take() {
                Err(_) => return Received::Failed,
                Ok(Some(message)) => {
                    let buffer = &mut buffer[..message.len()];
                    buffer.copy_from_slice(message);
                    return Received::Message(buffer);
                }
                Ok(None) => {}
            }
            match uninterrupted(|| self.stream.read(buffer)) {
                Ok(0) => return Received::Failed,
                Ok(length) => self.frames.extend(&buffer[..length]),
                Err(error) if is_waiting(&error) => return Received::Nothing,
                Err(_) => return Received::Failed,
            }
        }
    }

    fn send(&mut self) -> io::Result<()> {
        while self.sent < self.unsent.len() {
            match uninterrupted(|| self.stream.write(&self.unsent[self.sent..])) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => self.sent += length,
                Err(error) if is_waiting(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether the socket needs time, be it to connect.
fn is_waiting(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected
    )
}

/// A socket that hears that server only. Connecting binds it to a port at random.
fn connect_udp(server: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(server),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    socket.connect(&server.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}

/// Sends a datagram; one that the kernel has no room for is lost like any other.
fn send_datagram(socket: &UdpSocket, message: &[u8]) -> io::Result<()> {
    match uninterrupted(|| socket.send(message)) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}
