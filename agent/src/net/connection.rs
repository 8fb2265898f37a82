//! One TCP connection of a client: what it sent, what it is owed, and when it has had its time.

use super::frames::{EmptyFrame, Frames, close_frame, open_frame};
use super::limits::NetLimits;
use dns_core::Millis;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The client closed it.
    Client,
    /// It was idle for too long.
    Idle,
    /// It was idle, and another needed the slot.
    Evicted,
    /// A message took too long to arrive.
    SlowMessage,
    /// The client does not read its answers.
    WriteStalled,
    /// A message of length zero.
    BadFrame,
    /// The connection broke.
    Error,
    /// We are shutting down.
    Shutdown,
}

/// Why nothing more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Open,
    Ended(CloseReason),
}

/// What an event has told of the socket's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Readiness {
    /// It has been read; there will be an event before there is more.
    Nothing,
    /// It has octets. A read that gets fewer than it might has taken them all.
    Octets,
    /// It has ended, broken, or has a mark in it at which reads stop short: it has to be read
    /// until it says that there is nothing more.
    Exhaust,
}

/// Events that a connection is registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// That there is input.
    Input,
    /// And that there is room for output: the client has once been slow to read.
    InputAndRoom,
}

/// A connection and its state. Time is an argument everywhere.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    /// The socket.
    pub(crate) stream: S,
    /// Whether it waits for its turn already.
    pub(crate) is_queued: bool,
    /// What events are wanted of the socket.
    pub(crate) wanted: Wanted,
    readiness: Readiness,
    peer: SocketAddr,
    token: u64,
    input: Input,
    frames: Frames,
    unsent: Vec<u8>,
    sent: usize,
    in_flight: usize,
    active_at: Millis,
    message_since: Option<Millis>,
    progress_at: Millis,
}

impl<S> Connection<S> {
    /// A connection that has just been accepted. `token` is what its answers are addressed to.
    pub(crate) fn new(stream: S, peer: SocketAddr, token: u64, now: Millis) -> Self {
        Connection {
            stream,
            is_queued: false,
            wanted: Wanted::Input,
            readiness: Readiness::Octets,
            peer,
            token,
            input: Input::Open,
            frames: Frames::default(),
            unsent: Vec::new(),
            sent: 0,
            in_flight: 0,
            active_at: now,
            message_since: None,
            progress_at: now,
        }
    }

    /// Address of the client.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// What its answers are addressed to.
    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    /// Notes what an event has told.
    pub(crate) fn note_readiness(&mut self, readiness: Readiness) {
        self.readiness = self.readiness.max(readiness);
    }

    /// Whether an event must tell when there is room for output.
    pub(crate) fn needs_room(&self) -> bool {
        self.unsent_octets() > 0 && self.wanted == Wanted::Input
    }

    /// Whether nothing is read until answers have left.
    pub(crate) fn is_paused(&self, limits: &NetLimits) -> bool {
        self.in_flight >= limits.tcp_in_flight_max
            || self.unsent_octets() >= limits.tcp_unsent_pause_octets
    }

    /// Whether the client is owed nothing. A message in part counts for nothing: it may never
    /// be finished.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.unsent_octets() == 0
    }

    /// When it was last accepted, heard or answered.
    pub(crate) fn active_at(&self) -> Millis {
        self.active_at
    }

    /// Reads nothing more; it ends once everything is answered.
    pub(crate) fn end_input(&mut self, reason: CloseReason) {
        if self.input == Input::Open {
            self.input = Input::Ended(reason);
        }
    }

    /// Hands the next whole message to `answer`, which appends what is to be said at once and
    /// says whether more comes later.
    pub(crate) fn take_message(
        &mut self,
        now: Millis,
        answer: impl FnOnce(&[u8], &mut Vec<u8>) -> AnswerTime,
    ) -> Result<Taken, EmptyFrame> {
        let Some(message) = self.frames.take()? else {
            let is_waiting = self.input == Input::Open && self.frames.has_rest();
            self.message_since = is_waiting.then(|| self.message_since.unwrap_or(now));
            return Ok(Taken::None);
        };
        self.active_at = now;
        self.message_since = None;
        if self.unsent.is_empty() {
            self.progress_at = now;
        }
        let start = open_frame(&mut self.unsent);
        if answer(message, &mut self.unsent) == AnswerTime::Later {
            self.in_flight += 1;
        }
        close_frame(&mut self.unsent, start);
        Ok(Taken::Message)
    }

    /// Takes an answer to a message that was to be answered later.
    pub(crate) fn answer(&mut self, now: Millis, message: &[u8]) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.active_at = now;
        if self.unsent.is_empty() {
            self.progress_at = now;
        }
        let start = open_frame(&mut self.unsent);
        self.unsent.extend_from_slice(message);
        close_frame(&mut self.unsent, start);
    }

    /// Stops the clock of a message in part: it is us who does not read on.
    pub(crate) fn pause(&mut self) {
        self.message_since = None;
    }

    /// Whether it is over, and why.
    pub(crate) fn end(&self, limits: &NetLimits) -> Option<CloseReason> {
        if self.unsent_octets() > limits.tcp_unsent_max_octets {
            return Some(CloseReason::WriteStalled);
        }
        match self.input {
            Input::Ended(reason) if self.is_idle() => Some(reason),
            _ => None,
        }
    }

    /// When it is over if nothing happens, and why. With queries in flight and nothing else the
    /// resolver sees to it that something happens.
    pub(crate) fn deadline(
        &self,
        idle_ms: u64,
        limits: &NetLimits,
    ) -> Option<(Millis, CloseReason)> {
        let stalled = (self.unsent_octets() > 0).then(|| {
            (
                self.progress_at.plus(limits.tcp_write_stall_ms),
                CloseReason::WriteStalled,
            )
        });
        let slow = self
            .message_since
            .map(|since| (since.plus(limits.tcp_message_ms), CloseReason::SlowMessage));
        let idle = self
            .is_idle()
            .then(|| (self.active_at.plus(idle_ms), CloseReason::Idle));
        [stalled, slow, idle]
            .into_iter()
            .flatten()
            .min_by_key(|(due, _)| *due)
    }

    /// Octets as if they had been read.
    #[cfg(test)]
    pub(crate) fn append_input(&mut self, octets: &[u8]) {
        self.frames.extend(octets);
    }

    fn unsent_octets(&self) -> usize {
        self.unsent.len() - self.sent
    }
}

impl<S: Read> Connection<S> {
    /// Reads once into the frames, by way of `chunk`.
    pub(crate) fn read(&mut self, chunk: &mut [u8]) -> ReadOutcome {
        if self.input != Input::Open || self.readiness == Readiness::Nothing {
            return ReadOutcome::Nothing;
        }
        match super::batch::uninterrupted(|| self.stream.read(chunk)) {
            Ok(0) => {
                self.end_input(CloseReason::Client);
                ReadOutcome::Nothing
            }
            Ok(length) => {
                if length < chunk.len() && self.readiness == Readiness::Octets {
                    self.readiness = Readiness::Nothing;
                }
                self.frames.extend(&chunk[..length]);
                ReadOutcome::Octets
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readiness = Readiness::Nothing;
                ReadOutcome::Nothing
            }
            Err(_) => ReadOutcome::Failed,
        }
    }
}

impl<S: Write> Connection<S> {
    /// Sends as much as the client takes.
    pub(crate) fn flush(&mut self, now: Millis) -> io::Result<()> {
        while self.unsent_octets() > 0 {
            match super::batch::uninterrupted(|| self.stream.write(&self.unsent[self.sent..])) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => {
                    self.sent += length;
                    self.progress_at = now;
                    self.active_at = now;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent.drain(..self.sent);
                    self.sent = 0;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        self.unsent.shrink_to(KEPT_CAPACITY_OCTETS);
        Ok(())
    }
}

/// Capacity that an empty output buffer keeps; most answers fit.
const KEPT_CAPACITY_OCTETS: usize = 4 * 1024;

/// When a message is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerTime {
    /// It has been, or never is.
    Now,
    /// Later, by [`Connection::answer`].
    Later,
}

/// Whether there was a message to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// There was.
    Message,
    /// More octets are needed.
    None,
}

/// What came of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadOutcome {
    /// Octets.
    Octets,
    /// Nothing for now, or never again.
    Nothing,
    /// The connection broke.
    Failed,
}

#[cfg(test)]
mod tests;
