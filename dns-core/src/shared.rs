//! What the resolvers of a process share: the cache, and the marks that join equal questions in
//! flight across resolvers.
//!
//! ```text
//! claim ─▶ Own ────▶ ask upstream ─▶ release ─▶ mail to those that joined, who are woken
//!    └───▶ Joined ─▶ wait ─▶ take_mail, or leave
//! ```

mod mailbox;
mod marks;

use crate::cache::{Cache, CacheConfig};
use crate::question::QuestionKey;
use crate::reply::{Failure, Outcome};
use alloc::boxed::Box;
use alloc::vec::Vec;
use mailbox::Mailbox;
use marks::{Mark, Marks};

/// What the resolvers of a process share.
#[derive(Debug)]
pub struct Shared {
    cache: Option<Cache>,
    marks: Marks,
    mailboxes: Box<[Mailbox]>,
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
    pub fn new(resolvers: usize, cache: Option<CacheConfig>, seed: u64) -> Self {
        Shared {
            cache: cache.map(|config| Cache::new(config, seed)),
            marks: Marks::new(seed),
            mailboxes: (0..resolvers).map(|_| Mailbox::default()).collect(),
        }
    }

    /// The cache, if it is on.
    pub fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Asks for the right to ask a question upstream. Who owns it already owns it still.
    ///
    /// One resolver alone owns all it asks for, and so does one whose number is none of
    /// [`Shared::new`]: its questions are joined with nobody's. The same holds for questions
    /// beyond 65,536 in flight, and for the resolver after the 255th that joins one.
    pub fn claim(&self, resolver: usize, key: &QuestionKey) -> Claim {
        if self.is_alone(resolver) {
            return Claim::Own;
        }
        self.marks.claim(resolver, key)
    }

    /// Tells what came of an owned question; gives the resolvers that have mail and must be woken,
    /// which are none and no allocation if nobody joined. Of a question that is not the caller's
    /// it does nothing.
    ///
    /// A resolver that has 4,096 pieces of mail unread gets no more: its own time-out ends the
    /// question.
    pub fn release(&self, resolver: usize, key: &QuestionKey, outcome: &Outcome) -> Vec<usize> {
        if self.is_alone(resolver) {
            return Vec::new();
        }
        match self.marks.take(resolver, key) {
            Some(mark) => self.deliver(mark, outcome),
            None => Vec::new(),
        }
    }

    /// Stops waiting for a joined question. Mail about it may still come.
    pub fn leave(&self, resolver: usize, key: &QuestionKey) {
        self.marks.leave(resolver, key);
    }

    /// Ends all that a resolver owns, has joined or was sent, for it is gone: those that joined
    /// its questions are told that they timed out. Gives the resolvers that must be woken, each
    /// once. It looks at all marks.
    pub fn abandon(&self, resolver: usize) -> Vec<usize> {
        let outcome = Outcome::Failed(Failure::TimedOut);
        let mut wakes = Vec::new();
        for mark in self.marks.take_all(resolver) {
            wakes.extend(self.deliver(mark, &outcome));
        }
        self.take_mail(resolver);
        wakes
    }

    /// Whether [`Shared::take_mail`] has something to give: one relaxed load.
    pub fn has_mail(&self, resolver: usize) -> bool {
        self.mailboxes.get(resolver).is_some_and(Mailbox::has_mail)
    }

    /// Takes what came of joined questions, in order.
    pub fn take_mail(&self, resolver: usize) -> Vec<Mail> {
        self.mailboxes
            .get(resolver)
            .map_or_else(Vec::new, Mailbox::take)
    }

    /// Whether nobody else can ask the same.
    fn is_alone(&self, resolver: usize) -> bool {
        self.mailboxes.len() < 2 || resolver >= self.mailboxes.len()
    }

    /// Sends the outcome to all that joined; gives those whose mailbox was empty. The others were
    /// woken for what is in it.
    fn deliver(&self, mark: Mark, outcome: &Outcome) -> Vec<usize> {
        let Mark {
            key, mut joined, ..
        } = mark;
        joined.retain(|resolver| {
            let mail = Mail {
                key: key.clone(),
                outcome: outcome.clone(),
            };
            self.mailboxes
                .get(*resolver)
                .is_some_and(|mailbox| mailbox.put(mail))
        });
        joined
    }
}

#[cfg(test)]
mod tests;
