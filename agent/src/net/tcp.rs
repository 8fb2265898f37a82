//! The TCP side of a worker: accepts clients, takes their queries, sends their answers in the
//! order they become ready (RFC 7766 section 6.2.1.1).

use super::connection::{AnswerTime, CloseReason, Connection, ReadOutcome, Taken};
use super::connections::{Admission, Connections};
use super::limits::NetLimits;
use super::stats::NetStats;
use super::{BATCH_MESSAGES, EventSource};
use crate::engine::Engine;
use dns_core::{Client, Disposition, Millis, Transport};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Octets read from a connection at a time; hundreds of queries.
const READ_CHUNK_OCTETS: usize = 16 * 1024;

/// Most connections accepted from one listener before others have their turn.
const BATCH_ACCEPTS: usize = 64;

/// Listeners and connections of a worker.
#[derive(Debug)]
pub(crate) struct TcpFront {
    registry: Registry,
    listeners: Vec<Listening>,
    connections: Connections<TcpStream>,
    limits: NetLimits,
    queue: Vec<usize>,
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
            queue: Vec::new(),
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

    /// Notes that a connection can be read or written.
    pub(crate) fn mark_ready(&mut self, slot: usize) {
        if let Some(connection) = self.connections.connection_mut(slot) {
            connection.is_readable = true;
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

    /// Gives every connection that is ready its turn.
    pub(crate) fn serve(&mut self, now: Millis, engine: &mut Engine) {
        for slot in std::mem::take(&mut self.queue) {
            self.serve_one(now, slot, engine);
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
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self
            .registry
            .register(&mut connection.stream, token, interest)
        {
            Ok(()) => self.enqueue(slot),
            Err(_) => self.close(slot, CloseReason::Error),
        }
    }

    fn serve_one(&mut self, now: Millis, slot: usize, engine: &mut Engine) {
        let Some(connection) = self.connections.connection_mut(slot) else {
            return;
        };
        connection.is_queued = false;
        let turn = take_turn(now, connection, engine, &mut self.chunk, &self.limits);
        let reason = match turn {
            Turn::Closed(reason) => Some(reason),
            Turn::Done => connection.end(&self.limits),
            Turn::Unfinished => None,
        };
        if let Some(reason) = reason {
            return self.close(slot, reason);
        }
        if matches!(turn, Turn::Unfinished) {
            self.enqueue(slot);
        }
        self.connections.note_deadline(slot);
    }

    fn enqueue(&mut self, slot: usize) {
        let Some(connection) = self.connections.connection_mut(slot) else {
            return;
        };
        if !connection.is_queued {
            connection.is_queued = true;
            self.queue.push(slot);
        }
    }

    fn close(&mut self, slot: usize, reason: CloseReason) {
        if let Some(mut connection) = self.connections.remove(slot) {
            self.release(&mut connection, reason);
        }
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

/// How a connection's turn ended.
#[derive(Clone, Copy)]
enum Turn {
    /// There is more to take right away.
    Unfinished,
    /// An event or an answer has to come first.
    Done,
    Closed(CloseReason),
}

/// Takes up to a batch of messages and sends what can be sent.
fn take_turn(
    now: Millis,
    connection: &mut Connection<TcpStream>,
    engine: &mut Engine,
    chunk: &mut [u8],
    limits: &NetLimits,
) -> Turn {
    // What is unsent may be what pauses reading.
    if connection.flush(now).is_err() {
        return Turn::Closed(CloseReason::Error);
    }
    let turn = take_messages(now, connection, engine, chunk, limits);
    if connection.flush(now).is_err() {
        return Turn::Closed(CloseReason::Error);
    }
    turn
}

fn take_messages(
    now: Millis,
    connection: &mut Connection<TcpStream>,
    engine: &mut Engine,
    chunk: &mut [u8],
    limits: &NetLimits,
) -> Turn {
    let client = Client {
        address: connection.peer(),
        transport: Transport::Tcp,
        token: connection.token(),
    };
    let mut answer =
        |message: &[u8], out: &mut Vec<u8>| match engine.handle_query(now, client, message, out) {
            Disposition::Pending => AnswerTime::Later,
            Disposition::Answered | Disposition::Dropped => AnswerTime::Now,
        };
    for _ in 0..BATCH_MESSAGES {
        if connection.is_paused(limits) {
            connection.pause();
            return Turn::Done;
        }
        match connection.take_message(now, &mut answer) {
            Err(_) => return Turn::Closed(CloseReason::BadFrame),
            Ok(Taken::Message) => {}
            Ok(Taken::None) => match connection.read(chunk) {
                ReadOutcome::Octets => {}
                ReadOutcome::Nothing => return Turn::Done,
                ReadOutcome::Failed => return Turn::Closed(CloseReason::Error),
            },
        }
    }
    Turn::Unfinished
}
