//! Workers on loopback, clients that ask them, and an upstream.

use crate::messages::framed;
use agent::net::{Listeners, NetLimits};
use agent::workers::{WorkerExit, WorkerOptions, Workers};
use arc_swap::ArcSwap;
use dns_core::{
    AddressOrigin, Completeness, ForwardPolicy, HostAddress, HostEntry, HostKind, NameBuf,
    ResolverConfig, Route, Snapshot, Source, TableUpdate, TableWriter, View, Views,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Address of `web.test` in the table.
pub(crate) const WEB: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

/// Address that the upstream answers with.
pub(crate) const FOREIGN: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

/// How long a socket waits before a test is given up.
const GUARD: Duration = Duration::from_secs(20);

/// Running workers and what they answer from.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) workers: Arc<Workers>,
    pub(crate) snapshots: Arc<ArcSwap<Snapshot>>,
    pub(crate) exits: Receiver<WorkerExit>,
}

/// How a world differs from the usual.
pub(crate) struct Setup {
    pub(crate) listen: &'static str,
    pub(crate) workers: usize,
    pub(crate) limits: NetLimits,
    pub(crate) upstreams: Vec<SocketAddr>,
    pub(crate) budget_ms: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            listen: "127.0.0.1:0",
            workers: 1,
            limits: NetLimits::default(),
            upstreams: Vec::new(),
            // No test shall depend on being faster than a time-out.
            budget_ms: 60_000,
        }
    }
}

impl Setup {
    pub(crate) fn upstream(upstream: &Upstream) -> Self {
        Setup {
            upstreams: vec![upstream.address],
            ..Setup::default()
        }
    }

    pub(crate) fn start(self) -> World {
        let listen = self.listen.parse().unwrap();
        let workers = NonZeroUsize::new(self.workers).unwrap();
        let listeners = Listeners::bind(&[listen], workers).unwrap();
        let address = listeners.local_addresses()[0];
        let snapshots = Arc::new(ArcSwap::from_pointee(snapshot(WEB, self.upstreams)));
        let (ended, exits) = channel();
        let options = WorkerOptions {
            resolver: ResolverConfig {
                forward_budget_ms: self.budget_ms,
                forward_retry_ms: self.budget_ms,
                ..ResolverConfig::default()
            },
            limits: self.limits,
            cache: None,
            snapshots: Arc::clone(&snapshots),
            upstream_tls: None,
            on_exit: Some(Arc::new(move |exit| ended.send(exit).unwrap_or_default())),
        };
        let workers = Arc::new(Workers::start(listeners, options).unwrap());
        World {
            address,
            workers,
            snapshots,
            exits,
        }
    }
}

/// `web.test` at that address, `test` a zone of ours, the rest forwarded.
pub(crate) fn snapshot(web: Ipv4Addr, upstreams: Vec<SocketAddr>) -> Snapshot {
    let name = |text| NameBuf::parse(text).unwrap();
    let mut entry = HostEntry::new(name("web.test"), HostKind::External, Source::default());
    entry
        .addresses
        .push(HostAddress::new(web.into(), AddressOrigin::Pinned));
    let update = TableUpdate::Replace(vec![entry]);
    let route = Route::new(name("."), upstreams);
    Snapshot {
        table: TableWriter::new(1).apply(update, Completeness::Complete),
        views: Views::single(View::new(name("cluster.local"))),
        zones: vec![name("test")],
        forward: ForwardPolicy::new([route]),
    }
}

impl World {
    /// Sum of a counter of the workers' sockets.
    pub(crate) fn net_count(&self, name: &str) -> u64 {
        let stats = self.workers.net_stats();
        stats
            .iter()
            .flat_map(|stats| stats.iter())
            .filter(|(n, _)| *n == name)
            .map(|(_, c)| c)
            .sum()
    }

    /// Sum of a counter of the workers' resolvers.
    pub(crate) fn count(&self, name: &str) -> u64 {
        let stats = self.workers.stats();
        stats
            .iter()
            .flat_map(|stats| stats.iter())
            .filter(|(n, _)| *n == name)
            .map(|(_, c)| c)
            .sum()
    }

    /// A UDP client.
    pub(crate) fn udp(&self) -> Udp {
        Udp::to(self.address)
    }

    /// A TCP client.
    pub(crate) fn tcp(&self) -> Tcp {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        Tcp { stream }
    }
}

/// A UDP client that hears only the address it asks.
pub(crate) struct Udp {
    socket: UdpSocket,
}

impl Udp {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let any: SocketAddr = if address.is_ipv4() {
            "127.0.0.1:0"
        } else {
            "[::1]:0"
        }
        .parse()
        .unwrap();
        let socket = UdpSocket::bind(any).unwrap();
        socket.connect(address).unwrap();
        socket.set_read_timeout(Some(GUARD)).unwrap();
        Udp { socket }
    }

    pub(crate) fn send(&self, message: &[u8]) {
        self.socket.send(message).unwrap();
    }

    pub(crate) fn receive(&self) -> Vec<u8> {
        let mut buffer = vec![0; 65_535];
        let length = self.socket.recv(&mut buffer).unwrap();
        buffer.truncate(length);
        buffer
    }

    pub(crate) fn ask(&self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.receive()
    }
}

/// A TCP client.
pub(crate) struct Tcp {
    pub(crate) stream: TcpStream,
}

impl Tcp {
    pub(crate) fn send(&mut self, message: &[u8]) {
        self.stream.write_all(&framed(message)).unwrap();
    }

    pub(crate) fn receive(&mut self) -> Vec<u8> {
        read_frame(&mut self.stream)
    }

    pub(crate) fn ask(&mut self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.receive()
    }

    /// Returns once the other side has closed; there must be nothing more to read.
    pub(crate) fn expect_end(&mut self) {
        let mut rest = [0; 16];
        match self.stream.read(&mut rest) {
            Ok(length) => assert_eq!(length, 0, "{:?}", &rest[..length]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

fn read_frame(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).unwrap();
    message
}

/// An upstream that says what the test tells it to, over both transports on one port.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        loop {
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = udp.local_addr().unwrap();
            if let Ok(tcp) = TcpListener::bind(address) {
                udp.set_read_timeout(Some(GUARD)).unwrap();
                return Upstream { address, udp, tcp };
            }
        }
    }

    /// The next question and who asks.
    pub(crate) fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 65_535];
        let (length, from) = self.udp.recv_from(&mut buffer).unwrap();
        buffer.truncate(length);
        (buffer, from)
    }

    pub(crate) fn send(&self, to: SocketAddr, message: &[u8]) {
        self.udp.send_to(message, to).unwrap();
    }

    /// The next connection and the question on it.
    pub(crate) fn accept(&self) -> (Vec<u8>, TcpStream) {
        let (mut stream, _) = self.tcp.accept().unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        (read_frame(&mut stream), stream)
    }
}
