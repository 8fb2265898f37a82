//! What is asked upstream: the facts of a query that change the answer, and nothing of its asker.

use crate::query::Query;
use crate::wire::edns::DnssecOk;
use crate::wire::header::HEADER_LEN;
use crate::wire::{Class, Edns, FoldedName, Header, Rtype};
use alloc::vec::Vec;

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

impl Question {
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

    /// Octets up to the end of the question section of a message with this question.
    pub(super) fn end(&self) -> usize {
        HEADER_LEN + self.name.as_wire().len() + 4
    }

    /// The message that asks it: RD, CD and DO as asked for, AD clear, and of EDNS only our own.
    pub(super) fn to_message(&self, id: u16, opt: Opt) -> Vec<u8> {
        let mut header = Header {
            id,
            qdcount: 1,
            ..Header::default()
        };
        if self.recursion_desired {
            header = header.with_recursion_desired();
        }
        if self.checking_disabled {
            header = header.with_checking_disabled();
        }
        header.arcount = u16::from(opt == Opt::Sent);
        let record = Edns::opt_record(self.dnssec_ok, 0, None);
        let mut message = Vec::with_capacity(self.end() + record.as_wire().len());
        message.extend_from_slice(&header.to_wire());
        message.extend_from_slice(self.name.as_wire());
        message.extend_from_slice(&self.rtype.0.to_be_bytes());
        message.extend_from_slice(&Class::IN.0.to_be_bytes());
        if opt == Opt::Sent {
            message.extend_from_slice(record.as_wire());
        }
        message
    }
}

/// Whether a message upstream has an OPT record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opt {
    /// It has ours.
    Sent,
    /// It has none, for a server that failed on it (RFC 6891 section 7).
    Omitted,
}
