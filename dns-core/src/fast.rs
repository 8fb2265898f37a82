//! The usual question and its usual answer: read in place, looked up once, written from octets that
//! were made ready when the table changed.
//!
//! Whatever is not usual gives `None` and goes the long way, which would say the same: what is
//! answered here is byte for byte what [`decide`](crate::decide) and [`Answer`](crate::answer)
//! make of it.

mod question;
mod reply;

pub(crate) use question::FastQuestion;

use crate::answer::Recursion;
use crate::config::ResolverConfig;
use crate::decide::{self, Shortcut};
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use crate::table::{PlainAnswer, PlainLookup, TOUCHED_MAX};
use crate::transmit::Client;
use crate::view::{AnswerMode, Families};
use crate::wire::Rtype;
use alloc::vec::Vec;
use reply::{Family, Reply};

/// Answers a question about a name that is in the table as it was asked and says the same to all.
/// Appends the answer to `out`, or nothing.
#[inline]
pub(crate) fn answer(
    snapshot: &Snapshot,
    config: &ResolverConfig,
    client: Client,
    question: &FastQuestion<'_>,
    rotation: u32,
    stats: &Stats,
    out: &mut Vec<u8>,
) -> Shortcut {
    let Some(view) = snapshot.views.select(client.address.ip()) else {
        return Shortcut::Unusual;
    };
    if view.answer != AnswerMode::Vip {
        return Shortcut::Unlooked;
    }
    let table = &snapshot.table;
    if table.has_no_names() {
        return Shortcut::Absent;
    }
    let wire = question.wire();
    let plain = match table.plain(wire, table.hash(wire)) {
        PlainLookup::Plain(plain) => plain,
        PlainLookup::Other => return Shortcut::Unusual,
        PlainLookup::Absent => return Shortcut::Absent,
    };
    let reply = Reply {
        question,
        transport: client.transport,
        recursion: snapshot.recursion(),
    };
    let counter = match seen(&plain, question.rtype, view.families) {
        Some(Seen::Addresses(family, octets)) => {
            let ttl_secs = plain.ttl_secs.unwrap_or(config.ttl_secs);
            let written = reply.addresses(family, octets, rotation, ttl_secs, out);
            written.map(|()| &stats.table_hits)
        }
        Some(Seen::Nothing) => {
            let soa = decide::soa(snapshot, config, question.name());
            reply.no_data(&soa, out).map(|()| &stats.table_nodata)
        }
        None => None,
    };
    match counter {
        Some(counter) => {
            counter.increment();
            Shortcut::Answered
        }
        None => Shortcut::Unusual,
    }
}

/// Brings what the answers to these messages are made of into the processor's cache, if the table
/// is large; messages past the first 32 are left alone.
pub(crate) fn warm<'m>(
    snapshot: &Snapshot,
    scratch: &mut [u8; FastQuestion::SCRATCH_LEN],
    messages: impl Iterator<Item = &'m [u8]>,
) {
    let table = &snapshot.table;
    if !table.is_large() {
        return;
    }
    let mut hashes = [0; TOUCHED_MAX];
    for (hash, message) in hashes.iter_mut().zip(messages) {
        if let Some(question) = FastQuestion::read(message, scratch) {
            *hash = table.hash(question.wire());
        }
    }
    table.touch(&hashes);
}

/// What an asker sees of a name.
enum Seen<'t> {
    Addresses(Family, &'t [u8]),
    Nothing,
}

fn seen<'t>(plain: &PlainAnswer<'t>, rtype: Rtype, families: Families) -> Option<Seen<'t>> {
    let (family, octets, is_hidden) = match rtype {
        Rtype::A => (Family::V4, plain.v4, plain.restricted.v4 && !families.v4),
        Rtype::AAAA => (Family::V6, plain.v6, plain.restricted.v6 && !families.v6),
        Rtype::ANY | Rtype::SRV => return None,
        _ => return Some(Seen::Nothing),
    };
    Some(if octets.is_empty() || is_hidden {
        Seen::Nothing
    } else {
        Seen::Addresses(family, octets)
    })
}

/// RA as the long way sets it.
fn recursion_bit(recursion: Recursion) -> u16 {
    const RA: u16 = 0x0080;
    match recursion {
        Recursion::Available => RA,
        Recursion::Unavailable => 0,
    }
}

#[cfg(test)]
mod tests;
