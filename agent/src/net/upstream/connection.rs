//! A connection to an upstream server, with many questions on their way (RFC 7766 section 6.2.1.1).

use super::channel::Channel;
use super::{Received, UpstreamTls, message_id};
use crate::net::frames::{Frames, close_frame, open_frame};
use dns_core::Server;
use dns_core::{ExchangeId, Millis};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// Reads of one turn before the other sockets have theirs.
const READS_MAX: usize = 32;

/// Milliseconds without a word from the server that show a connection to be dead once a question
/// is given up. Long for a server that lives, short for those whose questions would follow.
const SILENT_MS: u64 = 1_000;

/// A connection and the questions on it.
#[derive(Debug)]
pub(super) struct Connection {
    /// The server.
    pub(super) server: Arc<Server>,
    /// Whether it waits to be served.
    pub(super) is_queued: bool,
    channel: Channel,
    frames: Frames,
    unsent: Vec<u8>,
    sent: usize,
    asked: HashMap<u16, Asked, RandomState>,
    used_at: Millis,
    heard_at: Millis,
    age: Age,
    questions: u32,
    answers: u32,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its exchange.
    pub(super) exchange: ExchangeId,
    /// What was asked, if it may be asked once more should the connection prove to be used.
    pub(super) again: Option<Box<[u8]>>,
    /// Whether an answer has come, be it good or bad.
    pub(super) is_answered: bool,
    asked_at: Millis,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// It has brought no answer yet.
    Fresh,
    /// It has brought answers, so its server may be about to close it.
    Used,
    /// Nothing more is to leave by it.
    Retired,
}

/// Whether a turn has left something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is more to read.
    Cut,
    /// An event will tell.
    Complete,
}

/// Whether a question may be asked once more when the connection is closed under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tries {
    /// It may, if the connection has brought an answer: its server may have closed it after that,
    /// without having seen the question (RFC 7766 section 6.2.4).
    Two,
    /// This is the last.
    One,
}

impl Connection {
    /// Starts to connect.
    pub(super) fn connect(
        now: Millis,
        server: &Arc<Server>,
        tls: Option<&UpstreamTls>,
    ) -> io::Result<Self> {
        Ok(Connection {
            channel: Channel::connect(server, tls)?,
            server: Arc::clone(server),
            is_queued: false,
            frames: Frames::default(),
            unsent: Vec::new(),
            sent: 0,
            asked: HashMap::default(),
            used_at: now,
            heard_at: now,
            age: Age::Fresh,
            questions: 0,
            answers: 0,
        })
    }

    /// The stream below, to be registered.
    pub(super) fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    /// Number of questions on their way.
    pub(super) fn in_flight(&self) -> usize {
        self.asked.len()
    }

    /// Number of questions that have been asked over it, those that are answered too.
    pub(super) fn questions(&self) -> u32 {
        self.questions
    }

    /// Number of questions that have been answered over it.
    pub(super) fn answers(&self) -> u32 {
        self.answers
    }

    /// Whether a question with that id can leave by it.
    pub(super) fn is_free(&self, id: u16) -> bool {
        self.age != Age::Retired && !self.asked.contains_key(&id)
    }

    /// Whether it has brought no answer yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.age == Age::Fresh
    }

    /// Whether it is retired and nobody waits.
    pub(super) fn is_done(&self) -> bool {
        self.age == Age::Retired && self.asked.is_empty()
    }

    /// Milliseconds since a question was asked or a message came, if none is on its way.
    pub(super) fn idle_ms(&self, now: Millis) -> Option<u64> {
        self.asked
            .is_empty()
            .then(|| now.since(self.used_at.max(self.heard_at)))
    }

    /// Puts a question on its way. Its id must be free; it leaves when the connection is served.
    pub(super) fn ask(
        &mut self,
        now: Millis,
        id: u16,
        exchange: ExchangeId,
        message: &[u8],
        tries: Tries,
    ) {
        let start = open_frame(&mut self.unsent);
        self.unsent.extend_from_slice(message);
        close_frame(&mut self.unsent, start);
        self.questions = self.questions.saturating_add(1);
        self.used_at = now;
        self.asked.insert(
            id,
            Asked {
                exchange,
                again: (tries == Tries::Two).then(|| message.into()),
                asked_at: now,
                is_answered: false,
            },
        );
    }

    /// Notes that the question of that id is no more. If the server has been silent since it was
    /// asked, and for long, nothing more shall be asked there.
    pub(super) fn close(&mut self, now: Millis, id: u16) {
        let Some(asked) = self.asked.remove(&id) else {
            return;
        };
        let is_silent = self.heard_at <= asked.asked_at && now.since(asked.asked_at) >= SILENT_MS;
        if is_silent && !asked.is_answered {
            self.age = Age::Retired;
        }
    }

    /// Its questions, in the order of their ids.
    pub(super) fn take_asked(&mut self) -> Vec<Asked> {
        let mut asked: Vec<(u16, Asked)> = self.asked.drain().collect();
        asked.sort_by_key(|(id, _)| *id);
        asked.into_iter().map(|(_, asked)| asked).collect()
    }

    /// Sends and receives what can be.
    ///
    /// # Errors
    ///
    /// The connection has failed or ended. What came before has been handed on.
    pub(super) fn serve(
        &mut self,
        now: Millis,
        buffer: &mut [u8],
        on: &mut dyn FnMut(Received<'_>),
    ) -> io::Result<Turn> {
        self.send()?;
        for _ in 0..READS_MAX {
            match self.channel.read(buffer)? {
                Some(length) => {
                    self.heard_at = now;
                    self.frames.extend(&buffer[..length]);
                    self.hand_on(on)?;
                }
                None if self.unsent.is_empty() => return Ok(Turn::Complete),
                // Reading may have ended a handshake that sending has waited for.
                None => {
                    let sent = self.sent;
                    self.send()?;
                    if self.sent == sent {
                        return Ok(Turn::Complete);
                    }
                }
            }
        }
        Ok(Turn::Cut)
    }

    fn send(&mut self) -> io::Result<()> {
        while self.sent < self.unsent.len() {
            match self.channel.write(&self.unsent[self.sent..])? {
                Some(length) => self.sent += length,
                None => return Ok(()),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        self.channel.flush()
    }

    fn hand_on(&mut self, on: &mut dyn FnMut(Received<'_>)) -> io::Result<()> {
        loop {
            let message = match self.frames.take() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(()),
                Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            };
            // An id of nobody is a late answer: guesses come over no connection.
            let asked = message_id(message).and_then(|id| self.asked.get_mut(&id));
            if let Some(asked) = asked {
                if !asked.is_answered {
                    asked.is_answered = true;
                    self.answers = self.answers.saturating_add(1);
                }
                if self.age == Age::Fresh {
                    self.age = Age::Used;
                }
                on(Received::Reply(asked.exchange, message));
            }
        }
    }
}
