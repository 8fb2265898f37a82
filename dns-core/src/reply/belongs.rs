//! Which answers belong to a question: those of its name and of the CNAME chain from it.

use super::Reply;
use crate::wire::{FoldedName, Name, RawRecord, Reader, Rtype};
use alloc::vec::Vec;

/// Most CNAMEs followed from the question; what lies behind them is not believed. A reply with more
/// of them is no chain that a server means.
const CHAIN_MAX: usize = 16;

/// Whether every answer is for a name on the CNAME chain from the question, or is a DNAME above
/// one (RFC 6672 section 3.1).
pub(crate) fn answers_belong(reply: &Reply, asked: &[u8]) -> bool {
    let Ok(asked) = Name::from_wire(asked) else {
        return false;
    };
    let chain = cname_chain(reply, FoldedName::of(asked));
    reply.answers().all(|record| {
        chain.contains(&record.owner)
            || speaks_of_dname(reply, &record)
                && chain
                    .iter()
                    .any(|name| name.as_name().ends_with(record.owner.as_name()))
    })
}

/// The names that CNAMEs lead to from `asked`, itself the first, whatever the order of records.
fn cname_chain(reply: &Reply, asked: FoldedName) -> Vec<FoldedName> {
    let cnames = reply
        .answers()
        .filter(|record| record.rtype == Rtype::CNAME);
    // Read once: a message may have thousands of records with names of a hundred labels.
    let links: Vec<(FoldedName, FoldedName)> = cnames
        .take(CHAIN_MAX)
        .filter_map(|record| {
            let target = Reader::at_offset(reply.message(), record.rdata_at).name();
            Some((record.owner, target.ok()?))
        })
        .collect();
    let mut chain = alloc::vec![asked];
    while let Some((_, target)) = chain
        .last()
        .and_then(|last| links.iter().find(|(owner, _)| owner == last))
        && !chain.contains(target)
    {
        chain.push(*target);
    }
    chain
}

/// Whether a record is a DNAME or the signature of one.
fn speaks_of_dname(reply: &Reply, record: &RawRecord) -> bool {
    let covered = &reply.message()[record.rdata_at..record.end()];
    record.rtype == Rtype::DNAME
        || record.rtype == Rtype::RRSIG && covered.starts_with(&Rtype::DNAME.0.to_be_bytes())
}
