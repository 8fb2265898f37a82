//! Datagrams from and to clients, in batches.
//!
//! A batch is received into [`Datagrams`], and answers are collected in an [`Outbox`] and sent
//! together. Inside it is a system call for each datagram; nothing outside depends on that.

use super::BATCH_MESSAGES;
use super::listen::{UdpListener, UdpScope};
use super::stats::NetStats;
use mio::net::UdpSocket;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
};
use std::collections::HashMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::os::fd::AsRawFd;

/// Octets of a receive buffer: the largest datagram, since a query may be of any size.
const DATAGRAM_MAX_OCTETS: usize = 65_535;

/// Most addresses of this machine remembered per worker for answers that come later. Far more
/// than machines have; past it such an answer leaves from the address that the kernel picks.
const LOCAL_ADDRESSES_MAX: usize = 4_096;

/// The address of this machine that a datagram was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LocalAddress {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; the number of the interface if it is valid on that one only, else 0.
    V6(Ipv6Addr, u32),
}

/// The UDP sockets of a worker.
#[derive(Debug)]
pub(crate) struct UdpFront {
    sockets: Vec<Listening>,
    locals: LocalAddresses,
}

#[derive(Debug)]
struct Listening {
    socket: UdpSocket,
    scope: UdpScope,
    is_readable: bool,
    is_receiving: bool,
}

impl UdpFront {
    /// Takes over the sockets and registers them.
    pub(crate) fn new(listeners: Vec<UdpListener>, registry: &mio::Registry) -> io::Result<Self> {
        let mut sockets = Vec::new();
        for (number, listener) in listeners.into_iter().enumerate() {
            let mut socket = UdpSocket::from_std(listener.socket);
            let token = super::EventSource::Udp(number).token();
            registry.register(&mut socket, token, mio::Interest::READABLE)?;
            let scope = listener.scope;
            sockets.push(Listening {
                socket,
                scope,
                is_readable: true,
                is_receiving: true,
            });
        }
        Ok(UdpFront {
            sockets,
            locals: LocalAddresses::default(),
        })
    }

    /// Number of sockets.
    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Notes that a socket has datagrams.
    pub(crate) fn mark_readable(&mut self, number: usize) {
        if let Some(listening) = self.sockets.get_mut(number) {
            listening.is_readable = true;
        }
    }

    /// Whether some socket may have datagrams that no event will tell of.
    pub(crate) fn has_backlog(&self) -> bool {
        self.sockets
            .iter()
            .any(|listening| listening.is_receiving && listening.is_readable)
    }

    /// Takes nothing in any more; answers still leave.
    pub(crate) fn stop_receiving(&mut self) {
        for listening in &mut self.sockets {
            listening.is_receiving = false;
        }
    }

    /// Fills `datagrams` from that socket, as far as there are any.
    pub(crate) fn receive(&mut self, number: usize, datagrams: &mut Datagrams, stats: &NetStats) {
        datagrams.filled.clear();
        let Some(listening) = self.sockets.get_mut(number).filter(|l| l.is_receiving) else {
            return;
        };
        // Datagrams that are dropped take their turn as well.
        for _ in 0..BATCH_MESSAGES {
            if !listening.is_readable {
                return;
            }
            listening.receive_one(datagrams, stats);
        }
    }

    /// The token of a client whose datagram came in there.
    pub(crate) fn client_token(&mut self, number: usize, local: Option<LocalAddress>) -> u64 {
        let local = local.map_or(0, |local| self.locals.number(local));
        (number as u64) << 32 | u64::from(local)
    }

    /// Adds an answer to a client of that token, its octets being `range` of the outbox.
    pub(crate) fn address_answer(
        &self,
        token: u64,
        to: SocketAddr,
        range: Range<usize>,
        outbox: &mut Outbox,
    ) {
        let local = self.locals.address(token as u32);
        outbox.answers.push(Outgoing {
            number: (token >> 32) as usize,
            to,
            local,
            range,
        });
    }

    /// Sends what is in the outbox and empties it. What the kernel does not take is lost.
    pub(crate) fn send(&self, outbox: &mut Outbox, stats: &NetStats) {
        for answer in outbox.answers.drain(..) {
            let Some(listening) = self.sockets.get(answer.number) else {
                continue;
            };
            let octets = &outbox.octets[answer.range];
            let sent = uninterrupted(|| listening.send_one(octets, answer.to, answer.local));
            match sent {
                Ok(_) => stats.datagrams_sent.increment(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    stats.datagrams_dropped_full.increment();
                }
                Err(_) => stats.datagrams_dropped_error.increment(),
            }
        }
        outbox.octets.clear();
    }
}

impl Listening {
    fn receive_one(&mut self, datagrams: &mut Datagrams, stats: &NetStats) {
        let slot = datagrams.filled.len();
        let start = slot * DATAGRAM_MAX_OCTETS;
        let buffer = &mut datagrams.octets[start..start + DATAGRAM_MAX_OCTETS];
        let received = match self.scope {
            UdpScope::Single => uninterrupted(|| {
                self.socket
                    .recv_from(buffer)
                    .map(|(length, from)| (length, from, None))
            }),
            UdpScope::Wildcard => {
                uninterrupted(|| receive_told(&self.socket, buffer, &mut datagrams.control))
            }
        };
        match received {
            Ok((_, from, _)) if from.port() == 0 => stats.datagrams_dropped_port_zero.increment(),
            Ok((length, from, local)) => {
                stats.datagrams_received.increment();
                datagrams.filled.push(Incoming {
                    from,
                    local,
                    range: start..start + length,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_readable = false,
            // Reading an error clears it; datagrams may wait behind it.
            Err(_) => stats.receive_errors.increment(),
        }
    }

    fn send_one(
        &self,
        octets: &[u8],
        to: SocketAddr,
        from: Option<LocalAddress>,
    ) -> io::Result<usize> {
        match from {
            None => self.socket.send_to(octets, to),
            Some(from) => send_from(&self.socket, octets, to, from),
        }
    }
}

/// Datagrams received together.
#[derive(Debug)]
pub(crate) struct Datagrams {
    octets: Box<[u8]>,
    control: Vec<u8>,
    filled: Vec<Incoming>,
}

#[derive(Debug)]
struct Incoming {
    from: SocketAddr,
    local: Option<LocalAddress>,
    range: Range<usize>,
}

impl Default for Datagrams {
    fn default() -> Self {
        Datagrams {
            // Zeroed memory is the kernel's until it is written: large datagrams that never
            // come cost nothing.
            octets: vec![0; BATCH_MESSAGES * DATAGRAM_MAX_OCTETS].into_boxed_slice(),
            control: nix::cmsg_space!(libc::in6_pktinfo),
            filled: Vec::with_capacity(BATCH_MESSAGES),
        }
    }
}

impl Datagrams {
    /// Every datagram: who sent it, to which address of ours, and what it says.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SocketAddr, Option<LocalAddress>, &[u8])> {
        self.filled.iter().map(|datagram| {
            (
                datagram.from,
                datagram.local,
                &self.octets[datagram.range.clone()],
            )
        })
    }
}

/// Answers to be sent together.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Octets of the answers, one behind the other.
    pub(crate) octets: Vec<u8>,
    answers: Vec<Outgoing>,
}

#[derive(Debug)]
struct Outgoing {
    number: usize,
    to: SocketAddr,
    local: Option<LocalAddress>,
    range: Range<usize>,
}

/// Addresses of this machine by small numbers, which fit in a client's token.
#[derive(Debug, Default)]
struct LocalAddresses {
    known: Vec<LocalAddress>,
    numbers: HashMap<LocalAddress, u32>,
}

impl LocalAddresses {
    /// The number of an address; 0 if there are too many.
    fn number(&mut self, address: LocalAddress) -> u32 {
        if let Some(&number) = self.numbers.get(&address) {
            return number;
        }
        if self.known.len() >= LOCAL_ADDRESSES_MAX {
            return 0;
        }
        self.known.push(address);
        let number = self.known.len() as u32;
        self.numbers.insert(address, number);
        number
    }

    fn address(&self, number: u32) -> Option<LocalAddress> {
        self.known.get((number as usize).checked_sub(1)?).copied()
    }
}

/// Receives with the address that was meant (RFC 3542 section 6.1; `IP_PKTINFO` for IPv4).
fn receive_told(
    socket: &UdpSocket,
    buffer: &mut [u8],
    control: &mut [u8],
) -> io::Result<(usize, SocketAddr, Option<LocalAddress>)> {
    socket.try_io(|| {
        let mut slices = [IoSliceMut::new(buffer)];
        let fd = socket.as_raw_fd();
        let flags = MsgFlags::empty();
        let message = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(control), flags)?;
        let from = message.address.as_ref().and_then(socket_address);
        let from = from.ok_or(io::ErrorKind::InvalidData)?;
        let local = message
            .cmsgs()
            .ok()
            .and_then(|mut found| found.find_map(local_address));
        Ok((message.bytes, from, local))
    })
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|&v4| SocketAddr::from(v4));
    v4.or_else(|| address.as_sockaddr_in6().map(|&v6| SocketAddr::from(v6)))
}

fn local_address(control: ControlMessageOwned) -> Option<LocalAddress> {
    match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(LocalAddress::V4(Ipv4Addr::from(
            info.ipi_spec_dst.s_addr.to_ne_bytes(),
        ))),
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
            let interface = if ip.is_unicast_link_local() {
                info.ipi6_ifindex
            } else {
                0
            };
            (!ip.is_multicast()).then_some(LocalAddress::V6(ip, interface))
        }
        _ => None,
    }
}

fn send_from(
    socket: &UdpSocket,
    octets: &[u8],
    to: SocketAddr,
    from: LocalAddress,
) -> io::Result<usize> {
    let to = SockaddrStorage::from(to);
    let slices = [IoSlice::new(octets)];
    let send = |control: ControlMessage<'_>| {
        socket.try_io(|| {
            let fd = socket.as_raw_fd();
            Ok(sendmsg(
                fd,
                &slices,
                &[control],
                MsgFlags::empty(),
                Some(&to),
            )?)
        })
    };
    match from {
        LocalAddress::V4(ip) => {
            let address = libc::in_addr {
                s_addr: u32::from_ne_bytes(ip.octets()),
            };
            let any = libc::in_addr { s_addr: 0 };
            send(ControlMessage::Ipv4PacketInfo(&libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: address,
                ipi_addr: any,
            }))
        }
        LocalAddress::V6(ip, interface) => {
            send(ControlMessage::Ipv6PacketInfo(&libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr {
                    s6_addr: ip.octets(),
                },
                ipi6_ifindex: interface,
            }))
        }
    }
}

/// The result of a system call that no signal interrupted.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
