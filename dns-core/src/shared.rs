//! What the resolvers of a process share: the cache, and the marks that join equal questions in
//! flight across resolvers.

use crate::cache::{Cache, CacheConfig, QuestionKey};
use crate::forward::Outcome;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What the resolvers of a process share.
#[derive(Debug)]
pub struct Shared {
    cache: Option<Cache>,
}

/// Who asks the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The caller, which must call [`Shared::release`] at the end.
    Own,
    /// Another resolver: what comes of it arrives by [`Shared::take_mail`]. Who stops waiting
    /// calls [`Shared::leave`].
    Joined,
}

/// What came of a question that another resolver has asked.
#[derive(Debug)]
pub struct Mail {
    /// The question, as [`QuestionKey::as_octets`].
    pub key: Box<[u8]>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Shared {
    /// For that many resolvers, numbered from 0; without a cache equal questions are joined all
    /// the same. `seed` keys the hash of names.
    pub fn new(_resolvers: usize, cache: Option<CacheConfig>, seed: u64) -> Self {
        Shared {
            cache: cache.map(|config| Cache::new(config, seed)),
        }
    }

    /// The cache, if it is on.
    pub fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Asks for the right to ask a question upstream.
    pub fn claim(&self, _resolver: usize, _key: &QuestionKey) -> Claim {
        Claim::Own
    }

    /// Tells what came of an owned question; gives the resolvers that have mail and must be woken.
    pub fn release(&self, _resolver: usize, _key: &QuestionKey, _outcome: &Outcome) -> Vec<usize> {
        Vec::new()
    }

    /// Stops waiting for a joined question.
    pub fn leave(&self, _resolver: usize, _key: &QuestionKey) {}

    /// Whether [`Shared::take_mail`] has something to give: one relaxed load.
    pub fn has_mail(&self, _resolver: usize) -> bool {
        false
    }

    /// Takes what came of joined questions.
    pub fn take_mail(&self, _resolver: usize) -> Vec<Mail> {
        Vec::new()
    }
}
