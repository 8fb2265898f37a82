//! Datagrams from and to clients, in batches: one system call takes up to 32 in, one sends what
//! can be answered at once.

use super::batch::{
    Addresses, BATCH_MESSAGES, Datagram, ReceiveBatch, SendBatch, SendReport, SlotFit,
};
use super::listen::{UdpListener, UdpScope};
use super::local_addresses::LocalAddresses;
use super::stats::NetStats;
use crate::engine::Engine;
use dns_core::{Client, Disposition, Millis, Transport};
use mio::net::UdpSocket;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

/// Messages of a batch from which on the socket is looked at again without asking the poll: under
/// load that saves a call for every batch, and one in vain costs as much as the one it saves.
const BUSY_MESSAGES: usize = BATCH_MESSAGES / 4;

/// Octets of a datagram that are received. A query is one question and an OPT record, some hundred
/// octets even when padded; 4,096 is the most that clients have been used to exchange. What is
/// longer is cut and answered FORMERR. The 64 keep the slots of a batch apart in the processor's
/// caches, which they would share if they were a page each.
const SLOT_OCTETS: usize = 4_096 + 64;

/// The UDP sockets of a worker.
#[derive(Debug)]
pub(crate) struct UdpFront {
    sockets: Vec<Listening>,
    locals: LocalAddresses,
    received: ReceiveBatch,
    intake: Intake,
    stats: Arc<NetStats>,
}

/// A socket and the answers that are to leave by it.
#[derive(Debug)]
struct Listening {
    socket: UdpSocket,
    scope: UdpScope,
    is_readable: bool,
    answers: SendBatch,
}

/// Whether datagrams are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intake {
    Open,
    Closed,
}

impl UdpFront {
    /// Takes over the sockets and registers them.
    pub(crate) fn new(
        listeners: Vec<UdpListener>,
        registry: &mio::Registry,
        stats: Arc<NetStats>,
    ) -> io::Result<Self> {
        let mut sockets = Vec::new();
        for (number, listener) in listeners.into_iter().enumerate() {
            let mut socket = UdpSocket::from_std(listener.socket);
            let token = super::EventSource::Udp(number).token();
            registry.register(&mut socket, token, mio::Interest::READABLE)?;
            sockets.push(Listening {
                socket,
                scope: listener.scope,
                is_readable: true,
                answers: SendBatch::default(),
            });
        }
        Ok(UdpFront {
            sockets,
            locals: LocalAddresses::default(),
            received: ReceiveBatch::new(SLOT_OCTETS),
            intake: Intake::Open,
            stats,
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

    /// Has every socket looked at, whether or not an event has told of datagrams.
    pub(crate) fn mark_all_readable(&mut self) {
        for listening in &mut self.sockets {
            listening.is_readable = true;
        }
    }

    /// Whether that socket may have datagrams that no event will tell of.
    pub(crate) fn is_readable(&self, number: usize) -> bool {
        self.intake == Intake::Open && self.sockets.get(number).is_some_and(|l| l.is_readable)
    }

    /// Whether some socket may have datagrams that no event will tell of.
    pub(crate) fn has_backlog(&self) -> bool {
        self.intake == Intake::Open && self.sockets.iter().any(|l| l.is_readable)
    }

    /// Takes nothing in any more; answers still leave.
    pub(crate) fn stop_receiving(&mut self) {
        self.intake = Intake::Closed;
    }

    /// Receives a batch from that socket and has it answered, as far as that is possible at once.
    pub(crate) fn serve(&mut self, number: usize, now: Millis, engine: &mut Engine) {
        if !self.is_readable(number) {
            return;
        }
        let listening = &mut self.sockets[number];
        if !listening.receive(&mut self.received, &self.stats) {
            return;
        }
        engine.warm(self.received.messages().map(|(message, _)| message));
        let mut tally = Tally::default();
        for datagram in self.received.datagrams() {
            tally.count(&datagram);
            if datagram.source.port() == 0 {
                continue;
            }
            let local = datagram.local.map_or(0, |local| self.locals.number(local));
            let client = Client {
                address: datagram.source,
                transport: Transport::Udp,
                token: token(number, local),
            };
            let answers = &mut listening.answers;
            match engine.handle_query(now, client, datagram.message, answers.buffer()) {
                Disposition::Answered => answers.push(datagram.source, datagram.local),
                Disposition::Pending | Disposition::Dropped => answers.discard(),
            }
        }
        tally.add_to(&self.stats);
    }

    /// Adds an answer to a client that has waited for it.
    pub(crate) fn answer(&mut self, client: Client, message: &[u8]) {
        let local = self.locals.address(client.token as u32);
        if let Some(listening) = self.sockets.get_mut((client.token >> 32) as usize) {
            listening.answers.buffer().extend_from_slice(message);
            listening.answers.push(client.address, local);
        }
    }

    /// Sends the answers. What the kernel does not take is lost.
    pub(crate) fn send(&mut self) {
        for listening in &mut self.sockets {
            if !listening.answers.is_empty() {
                let report = listening.answers.send(listening.socket.as_fd());
                count_sent(&self.stats, &report);
            }
        }
    }
}

impl Listening {
    /// Whether there was anything to receive.
    fn receive(&mut self, batch: &mut ReceiveBatch, stats: &NetStats) -> bool {
        let addresses = match self.scope {
            UdpScope::Single => Addresses::Source,
            UdpScope::Wildcard => Addresses::SourceAndLocal,
        };
        match batch.receive(self.socket.as_fd(), addresses) {
            Ok(received) => {
                // A batch that is not full has emptied the socket, and the next datagram is an
                // event; but where many came, more have come meanwhile.
                self.is_readable = received >= BUSY_MESSAGES;
                received > 0
            }
            // Reading an error clears it; datagrams may wait behind it.
            Err(_) => {
                stats.receive_errors.increment();
                false
            }
        }
    }
}

/// What a batch adds to the counters, in one go.
#[derive(Debug, Default)]
struct Tally {
    received: u64,
    port_zero: u64,
    cut: u64,
}

impl Tally {
    fn count(&mut self, datagram: &Datagram<'_>) {
        if datagram.source.port() == 0 {
            self.port_zero += 1;
        } else {
            self.received += 1;
            self.cut += u64::from(datagram.fit == SlotFit::Cut);
        }
    }

    fn add_to(&self, stats: &NetStats) {
        stats.datagrams_received.add(self.received);
        if self.port_zero > 0 {
            stats.datagrams_dropped_port_zero.add(self.port_zero);
        }
        if self.cut > 0 {
            stats.datagrams_cut.add(self.cut);
        }
    }
}

fn count_sent(stats: &NetStats, report: &SendReport) {
    stats.datagrams_sent.add(report.sent as u64);
    if report.dropped_full > 0 {
        stats.datagrams_dropped_full.add(report.dropped_full as u64);
    }
    if report.dropped_error > 0 {
        stats
            .datagrams_dropped_error
            .add(report.dropped_error as u64);
    }
}

/// The token of a client: the socket, and the number of the address it asked.
fn token(socket: usize, local: u32) -> u64 {
    (socket as u64) << 32 | u64::from(local)
}
