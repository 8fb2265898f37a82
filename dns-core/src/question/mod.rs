//! What is asked upstream: the facts of a query that change the answer, and nothing of its asker.

mod key;

pub(crate) use key::KeyParts;
pub use key::{QuestionFlags, QuestionKey};

use crate::query::Query;
use crate::wire::edns::DnssecOk;
use crate::wire::{FoldedName, Name, Rtype};

/// A question for an upstream. Two queries with equal questions can share one answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Name, in lower case.
    pub name: FoldedName,
    /// Type.
    pub rtype: Rtype,
    /// Whether DNSSEC records are wanted.
    pub dnssec_ok: DnssecOk,
    /// The CD bit (RFC 4035 section 3.2.2).
    pub checking_disabled: bool,
    /// The RD bit (RFC 1035 section 4.1.1).
    pub recursion_desired: bool,
}

/// A question as it is asked: what a [`Question`] says, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'n> {
    /// Name, in lower case.
    pub name: Name<'n>,
    /// Type.
    pub rtype: Rtype,
    /// The flags that change its answer.
    pub flags: QuestionFlags,
}

impl Question {
    /// The same, borrowed.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            name: self.name.as_name(),
            rtype: self.rtype,
            flags: self.flags(),
        }
    }

    /// The question of a query.
    pub fn of(query: &Query) -> Self {
        Question {
            name: query.name,
            rtype: query.rtype,
            dnssec_ok: query.dnssec_ok(),
            checking_disabled: query.header.checking_disabled(),
            recursion_desired: query.header.recursion_desired(),
        }
    }

    /// The same question for another name: the target of a CNAME.
    #[must_use]
    pub fn renamed(self, name: FoldedName) -> Self {
        Question { name, ..self }
    }

    /// The flags that change its answer.
    pub fn flags(&self) -> QuestionFlags {
        QuestionFlags {
            dnssec_ok: self.dnssec_ok,
            checking_disabled: self.checking_disabled,
            recursion_desired: self.recursion_desired,
        }
    }
}
