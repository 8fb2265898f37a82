//! Whom a question can be sent to, and the messages that were.

use super::message::Opt;
use super::upstreams::ServerId;
use crate::transmit::{Millis, Transport};

/// A server in the eyes of one question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) server: ServerId,
    pub(super) standing: Standing,
    pub(super) transport: Transport,
    pub(super) case: Case,
}

/// Whether a server repeated the case of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Untold,
    Folded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Untried,
    Asked,
    Failed,
}

/// A message to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// Index of the candidate.
    pub(super) at: usize,
    pub(super) transport: Transport,
    pub(super) opt: Opt,
}

/// A message sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    /// Its number among those of the question.
    pub(super) number: u8,
    pub(super) attempt: Attempt,
    pub(super) server: ServerId,
    pub(super) message_id: u16,
    /// Which letters are large.
    pub(super) case: u64,
    pub(super) sent_at: Millis,
    pub(super) patience_ms: u64,
    pub(super) patience: Patience,
    pub(super) is_announced: bool,
}

/// Whether an exchange is still in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    Waiting,
    /// Its server was silent for too long; a late answer is welcome all the same.
    Spent,
}

impl Candidate {
    pub(super) fn of(server: ServerId, transport: Transport) -> Self {
        Candidate {
            server,
            standing: Standing::Untried,
            transport,
            case: Case::Untold,
        }
    }
}
