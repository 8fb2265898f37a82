//! Servers that do the least there is to do: what no DNS server can be cheaper than.

use crate::load::udp_socket;
use agent::net::batch::{Addresses, BATCH_MESSAGES, ReceiveBatch, SendBatch};
use dns_core::wire::{Header, Reader};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

/// Largest message that is read whole.
const MESSAGE_MAX: usize = 1_500;
/// QR, RD and RA.
const RESPONSE: u16 = 0x8180;
/// An A record for the question's name, with a TTL of an hour.
const RECORD: [u8; 16] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 10, 1, 2, 3];

/// Answers every question with one address, in batches. It is also a fast upstream.
///
/// # Errors
/// When its socket fails; it does not end otherwise.
pub fn echo(address: SocketAddr) -> io::Result<()> {
    let socket = udp_socket(address)?;
    let (mut inbox, mut outbox) = (ReceiveBatch::new(MESSAGE_MAX), SendBatch::default());
    let mut readiness = Readiness::of([&socket])?;
    loop {
        if inbox.receive(socket.as_fd(), Addresses::Source)? == 0 {
            readiness.wait()?;
            continue;
        }
        for datagram in inbox.datagrams() {
            if append_answer(datagram.message, outbox.buffer()).is_some() {
                outbox.push(datagram.source, None);
            }
        }
        outbox.send(socket.as_fd());
    }
}

fn append_answer(message: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let header = Header::parse(message)?;
    // Without case folding and checks this would be a search for the zero octet.
    let mut reader = Reader::after_header(message);
    while reader.octets(1).ok()? != [0] {}
    let end = reader.offset() + 4;
    let question = message.get(12..end)?;
    let answer = Header {
        id: header.id,
        flags: RESPONSE,
        qdcount: 1,
        ancount: 1,
        ..Header::default()
    };
    out.extend_from_slice(&answer.to_wire());
    out.extend_from_slice(question);
    out.extend_from_slice(&RECORD);
    Some(())
}

/// Passes questions on to one upstream with ids of its own, and answers back: no table, no check,
/// no deadline.
///
/// # Errors
/// When a socket fails; it does not end otherwise.
pub fn echo_forward(address: SocketAddr, upstream: SocketAddr) -> io::Result<()> {
    let clients = udp_socket(address)?;
    let servers = udp_socket((Ipv4Addr::LOCALHOST, 0).into())?;
    servers.connect(upstream)?;
    let (mut inbox, mut outbox) = (ReceiveBatch::new(MESSAGE_MAX), SendBatch::default());
    let mut readiness = Readiness::of([&clients, &servers])?;
    let mut askers = vec![([0; 2], address); usize::from(u16::MAX) + 1];
    let mut next_id = 0u16;
    loop {
        let asked = inbox.receive(clients.as_fd(), Addresses::Source)?;
        for datagram in inbox.datagrams() {
            let Some((id, rest)) = datagram.message.split_first_chunk::<2>() else {
                continue;
            };
            next_id = next_id.wrapping_add(1);
            askers[usize::from(next_id)] = (*id, datagram.source);
            outbox.buffer().extend_from_slice(&next_id.to_be_bytes());
            outbox.buffer().extend_from_slice(rest);
            outbox.push_connected();
        }
        outbox.send(servers.as_fd());
        let answered = inbox.receive_connected(servers.as_fd())?;
        for (message, _) in inbox.messages() {
            let Some((id, rest)) = message.split_first_chunk::<2>() else {
                continue;
            };
            let (id, client) = askers[usize::from(u16::from_be_bytes(*id))];
            outbox.buffer().extend_from_slice(&id);
            outbox.buffer().extend_from_slice(rest);
            outbox.push(client, None);
        }
        outbox.send(clients.as_fd());
        if asked < BATCH_MESSAGES && answered < BATCH_MESSAGES {
            readiness.wait()?;
        }
    }
}

/// Waits for one of some sockets.
struct Readiness {
    poll: mio::Poll,
    events: mio::Events,
}

impl Readiness {
    fn of<const N: usize>(sockets: [&UdpSocket; N]) -> io::Result<Self> {
        use std::os::fd::AsRawFd;
        let poll = mio::Poll::new()?;
        for (at, socket) in sockets.into_iter().enumerate() {
            poll.registry().register(
                &mut mio::unix::SourceFd(&socket.as_raw_fd()),
                mio::Token(at),
                mio::Interest::READABLE,
            )?;
        }
        let events = mio::Events::with_capacity(N);
        Ok(Readiness { poll, events })
    }

    fn wait(&mut self) -> io::Result<()> {
        match self.poll.poll(&mut self.events, None) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}
