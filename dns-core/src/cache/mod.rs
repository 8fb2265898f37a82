//! The cache of forwarded answers: shared by the resolvers of a process, bounded in octets.

mod config;
mod key;

pub use config::CacheConfig;
pub use key::{QuestionFlags, QuestionKey};

use crate::forward::{Caching, Failure, Reply};
use crate::query::Asker;
use crate::transmit::{Millis, Transport};
use crate::wire::Ede;
use crate::wire::writer::Fit;
use alloc::vec::Vec;

/// Answers of upstreams, each kept for its TTL and, once that is over, for when no upstream
/// answers.
#[derive(Debug)]
pub struct Cache {}

impl Cache {
    /// An empty cache. Keys are names that clients choose, so `seed` must not be known to them.
    pub fn new(_config: CacheConfig, _seed: u64) -> Self {
        Cache {}
    }

    /// Shows what is kept for a question to `read`, which runs under a shared lock and should
    /// only copy.
    pub fn find<R>(
        &self,
        _now: Millis,
        _key: &QuestionKey,
        _read: impl FnOnce(Hit<'_>) -> R,
    ) -> Option<R> {
        None
    }

    /// Keeps an answer as long as its TTLs and `caching` say; what cannot be kept is not.
    pub fn keep(&self, _now: Millis, _key: &QuestionKey, _reply: &Reply, _caching: &Caching) {}

    /// Keeps word that a question got no answer (RFC 9520). Over an answer that can still be
    /// served stale it only notes when to ask again (RFC 8767 section 5).
    pub fn keep_failure(&self, _now: Millis, _key: &QuestionKey, _failure: Failure) {}
}

/// What is kept for a question.
#[derive(Debug)]
pub struct Hit<'c> {
    _cache: &'c Cache,
}

/// What may be done with what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is the answer.
    Fresh,
    /// It is the answer, and the finder shall ask again in time: it is popular and about to end.
    /// Said once to one finder.
    Prefetch,
    /// Its TTL is over: an upstream must be asked first.
    Stale,
    /// Its TTL is over and upstreams have failed of late: it is the answer for the moment.
    StaleWhileFailing,
}

impl Hit<'_> {
    /// What may be done with it.
    pub fn freshness(&self) -> Freshness {
        Freshness::Fresh
    }

    /// The failure, if that is what is kept.
    pub fn failure(&self) -> Option<Failure> {
        None
    }

    /// Appends the answer to `asker`, TTLs counted down; a stale one has the stale TTL and the
    /// extended error 3 (RFC 8767 section 5, RFC 8914 section 4.4). Gives whether all fitted.
    pub fn relay(&self, _asker: Asker<'_>, _transport: Transport, _out: &mut Vec<u8>) -> Fit {
        let _: Ede = Ede::STALE_ANSWER;
        Fit::Whole
    }

    /// The answer as a reply with TTLs as [`Hit::relay`] would give them.
    pub fn to_reply(&self) -> Option<Reply> {
        None
    }
}
