//! Whether a reply may be kept, and for how long.

use super::config::CacheConfig;
use crate::cache::Caching;
use crate::question::{KeyParts, QuestionKey};
use crate::reply::Reply;
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
    /// Offset behind the answers in the message.
    pub(super) answers_end: usize,
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

impl Terms {
    /// Those of a reply that lives no longer than its answers, its SOA record and `ttl_max_secs`.
    fn of(reply: &Reply, ttl_max_secs: u32, soa: Option<Soa>) -> Self {
        let soa = soa.map(|soa| Soa {
            ttl_secs: soa.ttl_secs.min(ttl_max_secs),
            ..soa
        });
        let mut terms = Terms {
            ttl_secs: soa.as_ref().map_or(ttl_max_secs, |soa| soa.ttl_secs),
            record_ttl_max_secs: ttl_max_secs,
            answers_end: reply.question_end(),
            soa,
        };
        for record in reply.answers() {
            terms.ttl_secs = terms.ttl_secs.min(record.ttl_secs);
            terms.answers_end = record.end();
        }
        terms
    }
}

/// Judges a reply to the question of `key`.
pub(super) fn judge(
    key: &QuestionKey,
    reply: &Reply,
    caching: &Caching,
    config: &CacheConfig,
) -> Verdict {
    let key = key.parts();
    let is_ours = reply.question_end() == key.name.as_wire().len() + 16;
    let is_word = matches!(reply.rcode(), Rcode::NOERROR | Rcode::NXDOMAIN);
    if !caching.is_on || !is_ours || !is_word || reply.header().is_truncated() {
        return Verdict::Ignore;
    }
    let ttl_max_secs = caching.ttl_max_secs.unwrap_or(config.ttl_max_secs);
    let negative_ttl_max_secs = caching
        .negative_ttl_max_secs
        .unwrap_or(config.negative_ttl_max_secs);
    let terms = match (subject(&key, reply), reply.rcode()) {
        _ if has_proof(&key, reply) => None,
        (Some(subject), Rcode::NOERROR) if subject.has_records => {
            Some(Terms::of(reply, ttl_max_secs, None))
        }
        (Some(subject), _) if !subject.has_records => {
            negative(reply, &subject.name, negative_ttl_max_secs)
        }
        // The name has records and does not exist, or there is no end to its chain.
        _ => None,
    };
    match terms {
        Some(terms) if terms.ttl_secs > 0 => Verdict::Keep(terms),
        _ => Verdict::Forget,
    }
}

/// Whether the proof of an answer lies in its authority section (RFC 4035 section 3.1.3). It is
/// not kept, and an answer without its proof is a forgery to those who validate.
fn has_proof(key: &KeyParts<'_>, reply: &Reply) -> bool {
    key.flags.dnssec_ok == DnssecOk::Set
        && reply
            .authorities()
            .any(|record| matches!(record.rtype, Rtype::NSEC | NSEC3))
}

/// The name asked for, or the last of its CNAME chain.
struct Subject {
    name: FoldedName,
    /// Whether it has such records as were asked for.
    has_records: bool,
}

/// What the answers are about; `None` if the chain is too long or a loop.
fn subject(key: &KeyParts<'_>, reply: &Reply) -> Option<Subject> {
    let is_asked_for = |rtype| key.rtype == rtype || key.rtype == Rtype::ANY;
    let mut name = FoldedName::of(key.name);
    for _ in 0..CHAIN_MAX {
        let mut cname = None;
        let mut has_records = false;
        for record in reply.answers().filter(|record| record.owner == name) {
            has_records |= is_asked_for(record.rtype);
            if record.rtype == Rtype::CNAME {
                cname = Some(record.rdata_at);
            }
        }
        match cname {
            Some(target_at) if !has_records => {
                name = Reader::at_offset(reply.message(), target_at).name().ok()?;
            }
            _ => return Some(Subject { name, has_records }),
        }
    }
    None
}

/// A negative answer lives as its SOA record says, whose zone must hold the name (RFC 2308
/// sections 3 and 5); without one it is not kept.
fn negative(reply: &Reply, name: &FoldedName, ttl_max_secs: u32) -> Option<Terms> {
    let record = reply.authorities().find(|record| {
        record.rtype == Rtype::SOA && name.as_name().ends_with(record.owner.as_name())
    })?;
    let (_, minimum) = reply.message()[record.rdata_at..record.end()].split_last_chunk()?;
    let soa = Soa {
        ttl_secs: record.ttl_secs.min(u32::from_be_bytes(*minimum)),
        at: record.start,
    };
    Some(Terms::of(reply, ttl_max_secs, Some(soa)))
}
