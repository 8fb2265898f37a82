//! Listening sockets: for every address one UDP socket and one TCP listener per worker.
//!
//! The workers' sockets share their port by `SO_REUSEPORT`, and the kernel spreads clients over
//! them. That option also lets a second process of the same user join in without notice, so the
//! first socket of an address is bound without it, which fails if anybody is there, and gets it
//! afterwards to let its siblings in.

use dns_core::Transport;
use mio::net::TcpListener;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::num::NonZeroUsize;

/// Send and receive buffers of a UDP socket in octets. A burst of 10,000 queries fits; the
/// kernel may give less (`net.core.rmem_max`).
const UDP_BUFFER_OCTETS: usize = 4 * 1024 * 1024;

/// Connections that wait for us to accept them; the kernel may give less
/// (`net.core.somaxconn`).
const TCP_BACKLOG: i32 = 1_024;

/// Most ports tried for an address with port 0: the one that UDP gets may be taken in TCP.
const PORT_ATTEMPTS_MAX: usize = 16;

/// Bound sockets for a number of workers. They queue what arrives from now on.
#[derive(Debug)]
pub struct Listeners {
    addresses: Vec<SocketAddr>,
    workers: Vec<ListenerSet>,
}

/// The listening sockets of one worker.
#[derive(Debug, Default)]
pub(crate) struct ListenerSet {
    /// UDP sockets.
    pub(crate) udp: Vec<UdpListener>,
    /// TCP listeners.
    pub(crate) tcp: Vec<TcpListener>,
}

/// A bound UDP socket.
#[derive(Debug)]
pub(crate) struct UdpListener {
    /// The socket, non-blocking.
    pub(crate) socket: UdpSocket,
    /// Which addresses it receives for.
    pub(crate) scope: UdpScope,
}

/// Which addresses a UDP socket receives for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UdpScope {
    /// One: answers leave from it without further ado.
    Single,
    /// All of the machine. The kernel tells with every datagram which one was meant, so that the
    /// answer can leave from there.
    Wildcard,
}

impl Listeners {
    /// Binds UDP and TCP at every address for that many workers. Port 0 takes a free port, the
    /// same for both. IPv6 sockets take no IPv4, so both wildcards can be listened on.
    ///
    /// # Errors
    ///
    /// The first address that cannot be had, with what to do about it.
    pub fn bind(addresses: &[SocketAddr], workers: NonZeroUsize) -> Result<Self, BindError> {
        let mut sets: Vec<_> = (0..workers.get()).map(|_| ListenerSet::default()).collect();
        let mut bound = Vec::new();
        for &address in addresses {
            bound.push(bind_address(address, &mut sets)?);
        }
        Ok(Listeners {
            addresses: bound,
            workers: sets,
        })
    }

    /// What is listened on, ports filled in, in the order asked for.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes the sockets apart, one set a worker.
    pub(crate) fn into_sets(self) -> Vec<ListenerSet> {
        self.workers
    }
}

/// An address that cannot be listened on.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// The transport that failed.
    pub transport: Transport,
    /// What the system said.
    pub cause: io::Error,
}

impl BindError {
    fn hint(&self) -> &'static str {
        match self.cause.kind() {
            io::ErrorKind::AddrInUse => {
                ": another process listens there, or the address is listed twice; \
                 stop it or listen on another address or port"
            }
            io::ErrorKind::AddrNotAvailable => ": no interface of this machine has the address",
            io::ErrorKind::PermissionDenied => {
                ": ports below 1024 need the capability CAP_NET_BIND_SERVICE; \
                 grant it or listen on a higher port"
            }
            _ => "",
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = self.transport.label();
        let (address, hint) = (self.address, self.hint());
        write!(
            f,
            "cannot listen on {address} ({transport}): {}{hint}",
            self.cause
        )
    }
}

// The text has the cause in it, so that it is no source.
impl std::error::Error for BindError {}

fn bind_address(address: SocketAddr, sets: &mut [ListenerSet]) -> Result<SocketAddr, BindError> {
    let mut attempts = if address.port() == 0 {
        PORT_ATTEMPTS_MAX
    } else {
        1
    };
    loop {
        attempts -= 1;
        match bind_first(address) {
            Ok((udp, tcp)) => return bind_siblings(udp, tcp, sets),
            Err(error) if attempts == 0 || error.cause.kind() != io::ErrorKind::AddrInUse => {
                return Err(error);
            }
            Err(_) => {}
        }
    }
}

/// The first sockets of an address, bound without company and then opened to it.
fn bind_first(address: SocketAddr) -> Result<(Socket, Socket), BindError> {
    let udp = bound(address, Transport::Udp, Sharing::Alone)?;
    let address = local_address(&udp, address)?;
    let tcp = bound(address, Transport::Tcp, Sharing::Alone)?;
    for (socket, transport) in [(&udp, Transport::Udp), (&tcp, Transport::Tcp)] {
        socket.set_reuse_port(true).map_err(|cause| BindError {
            address,
            transport,
            cause,
        })?;
    }
    Ok((udp, tcp))
}

fn bind_siblings(
    udp: Socket,
    tcp: Socket,
    sets: &mut [ListenerSet],
) -> Result<SocketAddr, BindError> {
    let unbound = SocketAddr::from(([0, 0, 0, 0], 0));
    let address = local_address(&udp, unbound)?;
    let mut first = Some((udp, tcp));
    for set in sets {
        let (udp, tcp) = match first.take() {
            Some(sockets) => sockets,
            None => (
                bound(address, Transport::Udp, Sharing::Shared)?,
                bound(address, Transport::Tcp, Sharing::Shared)?,
            ),
        };
        set.udp.push(udp_listener(udp, address)?);
        set.tcp.push(tcp_listener(tcp, address)?);
    }
    Ok(address)
}

/// Whether a socket may share its port at the time it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    Alone,
    Shared,
}

fn bound(address: SocketAddr, transport: Transport, sharing: Sharing) -> Result<Socket, BindError> {
    let bind = || {
        let (kind, protocol) = match transport {
            Transport::Udp => (Type::DGRAM, Protocol::UDP),
            Transport::Tcp => (Type::STREAM, Protocol::TCP),
        };
        let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        if transport == Transport::Tcp {
            // Connections of a process before us may still be in TIME_WAIT. A listening socket
            // is in the way all the same.
            socket.set_reuse_address(true)?;
        }
        if sharing == Sharing::Shared {
            socket.set_reuse_port(true)?;
        }
        socket.bind(&address.into())?;
        Ok(socket)
    };
    bind().map_err(|cause| BindError {
        address,
        transport,
        cause,
    })
}

fn local_address(socket: &Socket, wanted: SocketAddr) -> Result<SocketAddr, BindError> {
    let address = socket.local_addr().and_then(|address| {
        address
            .as_socket()
            .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    });
    address.map_err(|cause| BindError {
        address: wanted,
        transport: Transport::Udp,
        cause,
    })
}

fn udp_listener(socket: Socket, address: SocketAddr) -> Result<UdpListener, BindError> {
    // Best effort: less is smaller bursts, not a fault.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER_OCTETS);
    let _ = socket.set_send_buffer_size(UDP_BUFFER_OCTETS);
    if !address.ip().is_unspecified() {
        return Ok(UdpListener {
            socket: socket.into(),
            scope: UdpScope::Single,
        });
    }
    let told = match address {
        SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true),
        SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true),
    };
    told.map_err(|errno| BindError {
        address,
        transport: Transport::Udp,
        cause: errno.into(),
    })?;
    Ok(UdpListener {
        socket: socket.into(),
        scope: UdpScope::Wildcard,
    })
}

fn tcp_listener(socket: Socket, address: SocketAddr) -> Result<TcpListener, BindError> {
    socket.listen(TCP_BACKLOG).map_err(|cause| BindError {
        address,
        transport: Transport::Tcp,
        cause,
    })?;
    Ok(TcpListener::from_std(socket.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn bind(addresses: &[&str], workers: usize) -> Result<Listeners, BindError> {
        let addresses: Vec<_> = addresses.iter().map(|text| address(text)).collect();
        Listeners::bind(&addresses, NonZeroUsize::new(workers).unwrap())
    }

    #[test]
    fn port_zero_becomes_one_port_for_all_workers_and_both_transports() {
        let listeners = bind(&["127.0.0.1:0", "127.0.0.1:0"], 3).unwrap();
        let addresses = listeners.local_addresses().to_vec();
        assert_ne!(addresses[0].port(), 0);
        assert_ne!(addresses[0], addresses[1]);
        let sets = listeners.into_sets();
        assert_eq!(sets.len(), 3);
        for set in sets {
            for (number, expected) in addresses.iter().enumerate() {
                assert_eq!(set.udp[number].socket.local_addr().unwrap(), *expected);
                assert_eq!(set.tcp[number].local_addr().unwrap(), *expected);
            }
        }
    }

    #[test]
    fn a_second_binding_of_the_same_user_is_refused_with_advice() {
        let listeners = bind(&["127.0.0.1:0"], 2).unwrap();
        let taken = listeners.local_addresses()[0];
        let error = Listeners::bind(&[taken], NonZeroUsize::MIN).unwrap_err();
        assert_eq!((error.address, error.transport), (taken, Transport::Udp));
        let text = error.to_string();
        assert!(text.contains(&taken.to_string()), "{text}");
        assert!(text.contains("another process listens there"), "{text}");
    }

    #[test]
    fn a_port_taken_in_tcp_alone_is_refused() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = held.local_addr().unwrap();
        let error = Listeners::bind(&[taken], NonZeroUsize::MIN).unwrap_err();
        assert_eq!(error.cause.kind(), io::ErrorKind::AddrInUse);
        assert_eq!((error.address, error.transport), (taken, Transport::Tcp));
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        let error = bind(&["192.0.2.1:0"], 1).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("no interface of this machine has"),
            "{error}"
        );
    }

    #[test]
    fn both_wildcards_share_a_port() {
        let v4 = bind(&["0.0.0.0:0"], 2).unwrap();
        let v6 = SocketAddr::new("::".parse().unwrap(), v4.local_addresses()[0].port());
        match Listeners::bind(&[v6], NonZeroUsize::MIN) {
            Ok(listeners) => {
                let sets = listeners.into_sets();
                assert_eq!(sets[0].udp[0].scope, UdpScope::Wildcard);
            }
            // A machine without IPv6.
            Err(error) => assert_ne!(error.cause.kind(), io::ErrorKind::AddrInUse, "{error}"),
        }
    }
}
