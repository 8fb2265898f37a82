//! Which answers belong to a question: those of its name and of the CNAME chain from it.

use super::Reply;
use crate::wire::{FoldedName, Name, RawRecord, Reader, Rtype};
use alloc::vec::Vec;

/// Most CNAMEs followed from the question; what lies behind them is not believed.
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
    let mut chain = alloc::vec![asked];
    loop {
        let before = chain.len();
        for record in reply
            .answers()
            .filter(|record| record.rtype == Rtype::CNAME)
        {
            if chain.last() != Some(&record.owner) {
                continue;
            }
            let target = Reader::at_offset(reply.message(), record.rdata_at).name();
            chain.extend(target.ok().filter(|target| !chain.contains(target)));
            if chain.len() > CHAIN_MAX {
                return chain;
            }
        }
        if chain.len() == before {
            return chain;
        }
    }
}

/// Whether a record is a DNAME or the signature of one.
fn speaks_of_dname(reply: &Reply, record: &RawRecord) -> bool {
    let covered = &reply.message()[record.rdata_at..record.end()];
    record.rtype == Rtype::DNAME
        || record.rtype == Rtype::RRSIG && covered.starts_with(&Rtype::DNAME.0.to_be_bytes())
}
