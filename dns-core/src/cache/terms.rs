//! Whether a reply may be kept, and for how long.

use super::config::CacheConfig;
use super::key::QuestionKey;
use crate::forward::{Caching, Reply};
use crate::wire::edns::DnssecOk;
use crate::wire::{FoldedName, Rcode, Reader, Rtype};

/// Most CNAMEs followed from the question; a longer chain is not kept.
const CHAIN_MAX: usize = 16;
/// The record that denies in hashed order (RFC 5155).
const NSEC3: Rtype = Rtype(50);

/// What is to be done with a reply.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is kept.
    Keep(Terms),
    /// It is not, but it is newer word than what is kept, which goes.
    Forget,
    /// It says nothing that matters to what is kept.
    Ignore,
}

/// How a reply is kept.
#[derive(Debug)]
pub(super) struct Terms {
    /// Seconds that it is the answer; never 0.
    pub(super) ttl_secs: u32,
    /// Longest TTL of each record.
    pub(super) record_ttl_max_secs: u32,
    /// The SOA record of a negative answer.
    pub(super) soa: Option<Soa>,
}

/// The SOA record of a negative answer.
#[derive(Debug)]
pub(super) struct Soa {
    /// Offset of the record in the message.
    pub(super) at: usize,
    /// The smaller of its TTL and its minimum (RFC 2308 section 5).
    pub(super) ttl_secs: u32,
}

/// Judges a reply to the question of `key`.
pub(super) fn judge(
    key: &QuestionKey,
    reply: &Reply,
    caching: &Caching,
    config: &CacheConfig,
) -> Verdict {
    let is_ours = reply.question_end() == key.name().as_wire().len() + 16;
    let is_word = matches!(reply.rcode(), Rcode::NOERROR | Rcode::NXDOMAIN);
    if !caching.is_on || !is_ours || !is_word || reply.header().is_truncated() {
        return Verdict::Ignore;
    }
    if has_proof(key, reply) {
        return Verdict::Forget;
    }
    let ttl_max_secs = caching.ttl_max_secs.unwrap_or(config.ttl_max_secs);
    let negative_ttl_max_secs = caching
        .negative_ttl_max_secs
        .unwrap_or(config.negative_ttl_max_secs);
    let terms = chain_end(key, reply).and_then(|end| {
        let is_answered = reply
            .answers()
            .any(|record| record.owner == end && is_asked_for(key, record.rtype));
        match (reply.rcode(), is_answered) {
            (Rcode::NOERROR, true) => positive(reply, ttl_max_secs),
            (_, false) => negative(reply, &end, negative_ttl_max_secs),
            // The name has records and does not exist: one of the two is wrong.
            (_, true) => None,
        }
    });
    match terms {
        Some(terms) if terms.ttl_secs > 0 => Verdict::Keep(terms),
        _ => Verdict::Forget,
    }
}

/// Whether the proof of an answer lies in its authority section (RFC 4035 section 3.1.3). It is
/// not kept, and an answer without its proof is a forgery to those who validate.
fn has_proof(key: &QuestionKey, reply: &Reply) -> bool {
    key.flags().dnssec_ok == DnssecOk::Set
        && reply
            .authorities()
            .any(|record| matches!(record.rtype, Rtype::NSEC | NSEC3))
}

fn is_asked_for(key: &QuestionKey, rtype: Rtype) -> bool {
    key.rtype() == rtype || key.rtype() == Rtype::ANY
}

/// The name that the reply is about in the end; `None` if the chain is too long or a loop.
fn chain_end(key: &QuestionKey, reply: &Reply) -> Option<FoldedName> {
    let asked = FoldedName::of(key.name());
    if matches!(key.rtype(), Rtype::CNAME | Rtype::ANY) {
        return Some(asked);
    }
    let mut end = asked;
    for _ in 0..CHAIN_MAX {
        let cname = reply
            .answers()
            .find(|record| record.rtype == Rtype::CNAME && record.owner == end);
        let Some(cname) = cname else {
            return Some(end);
        };
        end = Reader::at_offset(reply.message(), cname.rdata_at)
            .name()
            .ok()?;
    }
    None
}

fn positive(reply: &Reply, ttl_max_secs: u32) -> Option<Terms> {
    let ttl_secs = reply.answers().map(|record| record.ttl_secs).min()?;
    Some(Terms {
        ttl_secs: ttl_secs.min(ttl_max_secs),
        record_ttl_max_secs: ttl_max_secs,
        soa: None,
    })
}

/// A negative answer lives as its SOA record says, whose zone must hold the name (RFC 2308
/// sections 3 and 5); without one it is not kept.
fn negative(reply: &Reply, name: &FoldedName, ttl_max_secs: u32) -> Option<Terms> {
    let record = reply.authorities().find(|record| {
        record.rtype == Rtype::SOA && name.as_name().ends_with(record.owner.as_name())
    })?;
    let (_, minimum) = reply.message()[record.rdata_at..record.end()].split_last_chunk()?;
    let soa = Soa {
        ttl_secs: record
            .ttl_secs
            .min(u32::from_be_bytes(*minimum))
            .min(ttl_max_secs),
        at: record.start,
    };
    let ttls = reply.answers().map(|record| record.ttl_secs);
    Some(Terms {
        ttl_secs: ttls.fold(soa.ttl_secs, u32::min),
        record_ttl_max_secs: ttl_max_secs,
        soa: Some(soa),
    })
}
