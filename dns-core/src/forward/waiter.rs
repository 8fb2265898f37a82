//! A client that waits for an answer.

use crate::answer::Cname;
use crate::query::Asker;
use crate::reply::Failure;
use crate::reply::Reply;
use crate::reply::compose;
use crate::reply::relay::{fail, relay};
use crate::transmit::{Client, Transport};
use crate::wire::writer::Fit;
use crate::wire::{Ede, Edns, Header};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A client that waits for an answer.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Whom the answer goes to.
    pub client: Client,
    header: Header,
    edns: Option<Edns>,
    question: Box<[u8]>,
    chain: Vec<Cname>,
}

impl Waiter {
    /// A client, what its answer needs to know of its query, and the CNAMEs that go in front of
    /// the answer; with none the answer is passed through.
    pub fn new(client: Client, asker: Asker<'_>, chain: Vec<Cname>) -> Self {
        Waiter {
            client,
            header: asker.header,
            edns: asker.edns,
            question: asker.question.into(),
            chain,
        }
    }

    /// What its answer needs to know of its query.
    pub fn asker(&self) -> Asker<'_> {
        Asker {
            header: self.header,
            question: &self.question,
            edns: self.edns,
        }
    }

    /// Appends this client's answer, made of `reply`. Gives whether all fitted.
    pub fn write_answer(&self, reply: &Reply, out: &mut Vec<u8>) -> Fit {
        let transport = self.client.transport;
        write_answer(self.asker(), transport, &self.chain, reply, None, out)
    }

    /// Appends this client's answer, made of a reply whose time is over (RFC 8767 section 4).
    /// Gives whether all fitted.
    pub fn write_stale(&self, reply: &Reply, out: &mut Vec<u8>) -> Fit {
        let (transport, ede) = (self.client.transport, Some(Ede::STALE_ANSWER));
        write_answer(self.asker(), transport, &self.chain, reply, ede, out)
    }

    /// Appends SERVFAIL, and why.
    pub fn write_failure(&self, failure: Failure, out: &mut Vec<u8>) -> Fit {
        fail(self.asker(), failure, out)
    }
}

/// Appends an answer made of `reply`, behind `chain`.
pub(super) fn write_answer(
    asker: Asker<'_>,
    transport: Transport,
    chain: &[Cname],
    reply: &Reply,
    ede: Option<Ede>,
    out: &mut Vec<u8>,
) -> Fit {
    if chain.is_empty() {
        relay(asker, transport, reply, ede, out)
    } else {
        compose(asker, transport, chain, reply, ede, out)
    }
}
