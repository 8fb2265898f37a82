//! The TCP side of a worker: accepts clients, takes their queries, sends their answers in the
//! order they become ready (RFC 7766 section 6.2.1.1).

use super::EventSource;
use super::connection::{AnswerTime, CloseReason, Connection, Readiness, Wanted};
use super::connections::{Admission, Connections};
use super::limits::NetLimits;
use super::stats::NetStats;
use super::turn::{READ_CHUNK_OCTETS, Turn, take_turn};
use crate::engine::Engine;
use dns_core::{Client, Disposition, Millis, Transport};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Most messages of all connections taken before datagrams have their turn: less than a
/// millisecond's work.
const ROUND_MESSAGES_MAX: usize = 1_024;

/// Most connections accepted from one listener before others have their turn.
const BATCH_ACCEPTS: usize = 64;

/// Listeners and connections of a worker.
#[derive(Debug)]
pub(crate) struct TcpFront {
    registry: Registry,
    listeners: Vec<Listening>,
    connections: Connections<TcpStream>,
    limits: NetLimits,
    queue: VecDeque<usize>,
    chunk: Box<[u8]>,
    stats: Arc<NetStats>,
}

#[derive(Debug)]
struct Listening {
    listener: TcpListener,
    is_ready: bool,
    paused_until: Option<Millis>,
}

impl TcpFront {
    /// Takes over the listeners and registers them.
    pub(crate) fn new(
        listeners: Vec<TcpListener>,
        registry: Registry,
        limits: NetLimits,
        stats: Arc<NetStats>,
    ) -> io::Result<Self> {
        let mut listening = Vec::new();
        for (number, mut listener) in listeners.into_iter().enumerate() {
            let token = EventSource::Listener(number).token();
            registry.register(&mut listener, token, Interest::READABLE)?;
            listening.push(Listening {
                listener,
                is_ready: true,
                paused_until: None,
            });
        }
        Ok(TcpFront {
            registry,
            listeners: listening,
            connections: Connections::new(limits.clone()),
            limits,
            queue: VecDeque::new(),
            chunk: vec![0; READ_CHUNK_OCTETS].into_boxed_slice(),
            stats,
        })
    }

    /// Notes that a listener has connections to accept.
    pub(crate) fn mark_acceptable(&mut self, number: usize) {
        if let Some(listening) = self.listeners.get_mut(number) {
            listening.is_ready = true;
        }
    }

    /// Notes what an event tells of a connection.
    pub(crate) fn mark_ready(&mut self, slot: usize, event: &Event) {
        if let Some(connection) = self.connections.connection_mut(slot) {
            connection.note_readiness(readiness(event));
        }
        self.enqueue(slot);
    }

    /// Whether there is work that no event will tell of.
    pub(crate) fn has_backlog(&self) -> bool {
        !self.queue.is_empty()
            || self
                .listeners
                .iter()
                .any(|l| l.is_ready && l.paused_until.is_none())
    }

    /// When [`TcpFront::accept`] and [`TcpFront::expire`] are due.
    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let pauses = self
            .listeners
            .iter()
            .filter_map(|listening| listening.paused_until);
        pauses.chain(self.connections.next_look()).min()
    }

    /// Whether no connection is open.
    pub(crate) fn is_settled(&self) -> bool {
        self.connections.len() == 0
    }

    /// Accepts what is waiting.
    pub(crate) fn accept(&mut self, now: Millis) {
        for number in 0..self.listeners.len() {
            for _ in 0..BATCH_ACCEPTS {
                match self.listeners[number].accept(now) {
                    Accepted::Connection(stream, peer) => self.admit(now, stream, peer),
                    Accepted::Nothing => break,
                    Accepted::Aborted => self.stats.tcp_accept_errors.increment(),
                    Accepted::Failed => {
                        self.stats.tcp_accept_errors.increment();
                        let until = now.plus(self.limits.accept_pause_ms);
                        self.listeners[number].paused_until = Some(until);
                        break;
                    }
                }
            }
        }
    }

    /// Gives connections that are ready their turn, those that have waited the longest first.
    pub(crate) fn serve(&mut self, now: Millis, engine: &mut Engine) {
        let mut taken = 0;
        // Those that come back have to wait for the next round.
        for _ in 0..self.queue.len() {
            if taken >= ROUND_MESSAGES_MAX {
                return;
            }
            let Some(slot) = self.queue.pop_front() else {
                return;
            };
            taken += self.serve_one(now, slot, engine);
        }
    }

    /// Sends an answer, if its connection is still there.
    pub(crate) fn answer(&mut self, now: Millis, token: u64, message: &[u8]) {
        let Some(slot) = self.connections.slot_of(token) else {
            return;
        };
        if let Some(connection) = self.connections.connection_mut(slot) {
            connection.answer(now, message);
        }
        // Its turn sends the answer, and reads on if that was waited for.
        self.enqueue(slot);
    }

    /// Closes the connections whose time is up.
    pub(crate) fn expire(&mut self, now: Millis) {
        for (slot, reason) in self.connections.expired(now) {
            self.close(slot, reason);
        }
    }

    /// Accepts and reads for the last time; connections end once they are answered.
    pub(crate) fn drain(&mut self, now: Millis, engine: &mut Engine) {
        self.accept(now);
        for mut listening in self.listeners.drain(..) {
            let _ = self.registry.deregister(&mut listening.listener);
        }
        for slot in self.connections.slots() {
            if let Some(connection) = self.connections.connection_mut(slot) {
                connection.note_readiness(Readiness::Exhaust);
            }
            self.serve_one(now, slot, engine);
            if let Some(connection) = self.connections.connection_mut(slot) {
                connection.end_input(CloseReason::Shutdown);
            }
            self.enqueue(slot);
        }
    }

    fn admit(&mut self, now: Millis, stream: TcpStream, peer: SocketAddr) {
        // Answers are whole when they are written; waiting to fill a segment gains nothing.
        let _ = stream.set_nodelay(true);
        let slot = match self.connections.admit(now, peer, stream) {
            Admission::Admitted(slot) => slot,
            Admission::AdmittedFor(slot, mut evicted) => {
                self.release(&mut evicted, CloseReason::Evicted);
                slot
            }
            Admission::RefusedFull(_) => return self.stats.tcp_refused_full.increment(),
            Admission::RefusedClient(_) => return self.stats.tcp_refused_client.increment(),
        };
        self.stats.tcp_accepted.increment();
        let Some(connection) = self.connections.connection_mut(slot) else {
            return;
        };
        let token = EventSource::Connection(slot).token();
        let interest = Wanted::Input.interest();
        match self
            .registry
            .register(&mut connection.stream, token, interest)
        {
            Ok(()) => self.enqueue(slot),
            Err(_) => self.close(slot, CloseReason::Error),
        }
    }

    /// Gives a connection its turn; says how many messages it took.
    fn serve_one(&mut self, now: Millis, slot: usize, engine: &mut Engine) -> usize {
        let Some(connection) = self.connections.connection_mut(slot) else {
            return 0;
        };
        connection.is_queued = false;
        let client = Client {
            address: connection.peer(),
            transport: Transport::Tcp,
            token: connection.token(),
        };
        let answer = |message: &[u8], out: &mut Vec<u8>| match engine
            .handle_query(now, client, message, out)
        {
            Disposition::Pending => AnswerTime::Later,
            Disposition::Answered | Disposition::Dropped => AnswerTime::Now,
        };
        let (turn, taken) = take_turn(now, connection, &mut self.chunk, &self.limits, answer);
        let reason = match turn {
            Turn::Closed(reason) => Some(reason),
            Turn::Done => connection.end(&self.limits),
            Turn::Unfinished => None,
        };
        let reason = reason.or_else(|| want_room(&self.registry, slot, connection).err());
        if let Some(reason) = reason {
            self.close(slot, reason);
            return taken;
        }
        if matches!(turn, Turn::Unfinished) {
            self.enqueue(slot);
        }
        self.connections.note_deadline(slot);
        taken
    }

    fn enqueue(&mut self, slot: usize) {
        let Some(connection) = self.connections.connection_mut(slot) else {
            return;
        };
        if !connection.is_queued {
            connection.is_queued = true;
            self.queue.push_back(slot);
        }
    }

    fn close(&mut self, slot: usize, reason: CloseReason) {
        if let Some(mut connection) = self.connections.remove(slot) {
            self.release(&mut connection, reason);
        }
    }

    /// Closes the connection that has been idle the longest, if any is, for a descriptor that is
    /// needed more. Gives whether one was.
    pub(crate) fn make_room(&mut self) -> bool {
        let Some(mut evicted) = self.connections.remove_longest_idle() else {
            return false;
        };
        self.release(&mut evicted, CloseReason::Evicted);
        true
    }

    fn release(&self, connection: &mut Connection<TcpStream>, reason: CloseReason) {
        let _ = self.registry.deregister(&mut connection.stream);
        let counter = match reason {
            CloseReason::Client => &self.stats.tcp_closed_by_client,
            CloseReason::Idle => &self.stats.tcp_closed_idle,
            CloseReason::Evicted => &self.stats.tcp_closed_evicted,
            CloseReason::SlowMessage => &self.stats.tcp_closed_slow_message,
            CloseReason::WriteStalled => &self.stats.tcp_closed_write_stalled,
            CloseReason::BadFrame => &self.stats.tcp_closed_bad_frame,
            CloseReason::Error => &self.stats.tcp_closed_error,
            CloseReason::Shutdown => &self.stats.tcp_closed_shutdown,
        };
        counter.increment();
    }
}

impl Listening {
    fn accept(&mut self, now: Millis) -> Accepted {
        if self.paused_until.is_some_and(|until| until > now) {
            return Accepted::Nothing;
        }
        self.paused_until = None;
        if !self.is_ready {
            return Accepted::Nothing;
        }
        match self.listener.accept() {
            Ok((stream, peer)) => Accepted::Connection(stream, peer),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    self.is_ready = false;
                    Accepted::Nothing
                }
                // The fault of one client, not of the listener.
                io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => Accepted::Aborted,
                _ => Accepted::Failed,
            },
        }
    }
}

enum Accepted {
    Connection(TcpStream, SocketAddr),
    Nothing,
    Aborted,
    Failed,
}

/// Has an event tell when there is room for what could not be sent. Clients that read need none.
fn want_room(
    registry: &Registry,
    slot: usize,
    connection: &mut Connection<TcpStream>,
) -> Result<(), CloseReason> {
    if !connection.needs_room() {
        return Ok(());
    }
    connection.wanted = Wanted::InputAndRoom;
    let interest = connection.wanted.interest();
    let token = EventSource::Connection(slot).token();
    registry
        .reregister(&mut connection.stream, token, interest)
        .map_err(|_| CloseReason::Error)
}

impl Wanted {
    fn interest(self) -> Interest {
        // Urgent octets are ours to know of since reads stop at them.
        let input = Interest::READABLE | Interest::PRIORITY;
        match self {
            Wanted::Input => input,
            Wanted::InputAndRoom => input | Interest::WRITABLE,
        }
    }
}

fn readiness(event: &Event) -> Readiness {
    if event.is_read_closed() || event.is_error() || event.is_priority() {
        Readiness::Exhaust
    } else if event.is_readable() {
        Readiness::Octets
    } else {
        Readiness::Nothing
    }
}
