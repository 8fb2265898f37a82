//! Exchanges over loopback, with servers that do what the test says. Time is an argument.

mod datagrams;
mod streams;
mod tls;

use super::*;
use crate::net::frames::{Frames, close_frame, open_frame};
use mio::{Events, Poll};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How long anything may take before the test fails.
const GUARD: Duration = Duration::from_secs(20);
/// How long one look for events may take; servers are looked at in between.
const STEP: Duration = Duration::from_millis(2);

/// What has been handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Reply(u64, Vec<u8>),
    Mismatch(u64),
    Unreachable(u64),
}

/// Exchanges with a poll of their own.
struct Bench {
    poll: Poll,
    exchanges: Exchanges,
    stats: Arc<NetStats>,
    now: Millis,
    told: Vec<Told>,
}

impl Bench {
    fn new(tls: Option<UpstreamTls>) -> Self {
        let poll = Poll::new().unwrap();
        let stats = Arc::new(NetStats::default());
        let registry = poll.registry().try_clone().unwrap();
        let exchanges = Exchanges::new(registry, 10_000, Arc::clone(&stats), tls).unwrap();
        Bench {
            poll,
            exchanges,
            stats,
            now: Millis(0),
            told: Vec::new(),
        }
    }

    fn open(&mut self, exchange: u64, server: &Arc<Server>, transport: Transport, id: u16) {
        self.exchanges
            .open(
                self.now,
                ExchangeId(exchange),
                server,
                transport,
                &message(id),
            )
            .unwrap();
    }

    fn ask_udp(&mut self, exchange: u64, server: &Arc<Server>, id: u16) {
        self.open(exchange, server, Transport::Udp, id);
        self.exchanges.flush();
    }

    fn ask_tcp(&mut self, exchange: u64, server: &Arc<Server>, id: u16) {
        self.open(exchange, server, Transport::Tcp, id);
    }

    fn close(&mut self, exchange: u64) {
        self.exchanges.close(self.now, ExchangeId(exchange));
    }

    /// A turn as a worker makes it.
    fn step(&mut self) {
        let mut events = Events::with_capacity(64);
        self.poll.poll(&mut events, Some(STEP)).unwrap();
        for event in &events {
            if let EventSource::Exchange(index) = EventSource::of(event.token()) {
                self.exchanges.mark_ready(index);
            }
        }
        let told = &mut self.told;
        self.exchanges.serve(self.now, |received| {
            told.push(match received {
                Received::Reply(exchange, message) => Told::Reply(exchange.0, message.to_vec()),
                Received::Mismatch(exchange) => Told::Mismatch(exchange.0),
                Received::Unreachable(exchange) => Told::Unreachable(exchange.0),
            });
        });
    }

    /// Makes turns until `look` finds something.
    fn until<T>(&mut self, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(start.elapsed() < GUARD, "nothing comes");
            self.step();
        }
    }

    /// The next thing that is handed on.
    fn next(&mut self) -> Told {
        self.until(|bench| (!bench.told.is_empty()).then(|| bench.told.remove(0)))
    }

    /// So many things that are handed on, sorted.
    fn next_sorted(&mut self, count: usize) -> Vec<Told> {
        let mut told: Vec<Told> = (0..count).map(|_| self.next()).collect();
        told.sort_by_key(|told| match told {
            Told::Reply(exchange, _) | Told::Mismatch(exchange) | Told::Unreachable(exchange) => {
                *exchange
            }
        });
        told
    }

    /// Moves time on and makes a turn.
    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        self.step();
    }

    fn count(&self, field: &str) -> u64 {
        let mut counters = self.stats.iter();
        counters.find(|(name, _)| *name == field).unwrap().1
    }
}

/// A message of that id and nothing that matters here.
fn message(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![high, low, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
}

fn reply(exchange: u64, id: u16) -> Told {
    Told::Reply(exchange, message(id))
}

fn server_at(address: SocketAddr, protocol: Protocol) -> Arc<Server> {
    Arc::new(Server { address, protocol })
}

/// A server of datagrams.
struct UdpServer {
    socket: UdpSocket,
    server: Arc<Server>,
}

impl UdpServer {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(GUARD)).unwrap();
        let server = server_at(socket.local_addr().unwrap(), Protocol::Udp);
        UdpServer { socket, server }
    }

    /// The id of the next question and who asks.
    fn receive(&self) -> (u16, SocketAddr) {
        let mut buffer = [0; 512];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        let id = message_id(&buffer).unwrap();
        assert_eq!(buffer[..length], message(id));
        (id, from)
    }

    fn send(&self, to: SocketAddr, id: u16) {
        self.socket.send_to(&message(id), to).unwrap();
    }
}

/// A server of streams.
struct StreamServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl StreamServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        StreamServer { listener, address }
    }

    fn accept_stream(&self, bench: &mut Bench) -> TcpStream {
        let (stream, _) = bench.until(|_| self.listener.accept().ok());
        stream.set_nonblocking(true).unwrap();
        stream
    }

    fn accept(&self, bench: &mut Bench) -> Peer<TcpStream> {
        Peer::new(self.accept_stream(bench))
    }
}

/// The server's end of a connection.
struct Peer<S> {
    stream: S,
    frames: Frames,
}

impl<S: Read + Write> Peer<S> {
    fn new(stream: S) -> Self {
        Peer {
            stream,
            frames: Frames::default(),
        }
    }

    /// The id of the next question; none at the end of the stream.
    fn receive(&mut self, bench: &mut Bench) -> Option<u16> {
        bench.until(|_| {
            if let Some(message) = self.frames.take().unwrap() {
                return Some(message_id(message));
            }
            let mut buffer = [0; 4_096];
            match self.stream.read(&mut buffer) {
                Ok(0) => Some(None),
                Ok(length) => {
                    self.frames.extend(&buffer[..length]);
                    None
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
                Err(error) => panic!("{error}"),
            }
        })
    }

    fn send(&mut self, ids: &[u16]) {
        let mut octets = Vec::new();
        for id in ids {
            let start = open_frame(&mut octets);
            octets.extend_from_slice(&message(*id));
            close_frame(&mut octets, start);
        }
        self.stream.write_all(&octets).unwrap();
    }
}
