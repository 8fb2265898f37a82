//! CNAMEs of ours in front of an upstream's answer: the one place where an answer is made of
//! records from two sources.

use super::Reply;
use super::rdata;
use super::relay::{opt_for, opt_len};
use crate::answer::Cname;
use crate::query::Asker;
use crate::transmit::Transport;
use crate::wire::writer::{Fit, Owner, Section};
use crate::wire::{Ede, FoldedName, RawRecord, Reader, Rtype, Writer};
use alloc::vec::Vec;

/// Most owners remembered to point back to; further ones are written in full.
const KNOWN_MAX: usize = 16;
/// Octets of a record between its owner and its data.
const RECORD_FIXED_LEN: usize = 10;

/// Appends the reply to `asker`: `chain`, then the answers of `reply`, which is about the last
/// target.
///
/// The response code is the upstream's, for it is about the last name of the chain (RFC 2308
/// section 2.1); AA is set, for it is about the first (RFC 1034 section 4.3.2); RA is set, AD is
/// clear. Of the authority section the SOA of a negative answer is kept. Gives whether all
/// fitted.
pub fn compose(
    asker: Asker<'_>,
    transport: Transport,
    chain: &[Cname],
    reply: &Reply,
    ede: Option<Ede>,
    out: &mut Vec<u8>,
) -> Fit {
    let opt = opt_for(asker, ede);
    let mut header = asker
        .header
        .reply()
        .with_authoritative()
        .with_recursion_available()
        .with_rcode(reply.header().rcode());
    if reply.header().is_truncated() {
        header = header.with_truncated();
    }
    let mut writer = Writer::start(out, header, asker.question, asker.reply_limit(transport));
    writer.reserve(opt_len(opt.as_ref()));
    let mut known = Known::new(asked_name(asker));
    write_chain(&mut writer, &mut known, chain);
    for record in reply.answers() {
        copy(&mut writer, &mut known, Section::Answer, reply, &record);
    }
    if let Some(soa) = reply
        .authorities()
        .find(|record| record.rtype == Rtype::SOA)
    {
        copy(&mut writer, &mut known, Section::Authority, reply, &soa);
    }
    writer.finish(opt)
}

/// The name asked for, in lower case.
fn asked_name(asker: Asker<'_>) -> FoldedName {
    Reader::at_offset(asker.question, 0)
        .name()
        .expect("a checked question begins with its name")
}

fn write_chain(writer: &mut Writer<'_>, known: &mut Known, chain: &[Cname]) {
    let mut owner = known.asked;
    for cname in chain {
        let target = cname.target.as_name();
        let owner_at = writer.offset();
        let owner_len = match known.owner(&owner) {
            Owner::Name(name) => name.as_wire().len(),
            Owner::Question | Owner::At(_) => 2,
        };
        writer.record(
            Section::Answer,
            known.owner(&owner),
            Rtype::CNAME,
            cname.ttl_secs,
            |out| {
                out.extend_from_slice(target.as_wire());
            },
        );
        owner = FoldedName::of(target);
        known.remember(owner, owner_at + owner_len + RECORD_FIXED_LEN);
    }
}

fn copy(
    writer: &mut Writer<'_>,
    known: &mut Known,
    section: Section,
    reply: &Reply,
    record: &RawRecord,
) {
    let at = writer.offset();
    let owner = known.owner(&record.owner);
    let is_new = matches!(owner, Owner::Name(_));
    writer.record(section, owner, record.rtype, record.ttl_secs, |out| {
        rdata::expand(reply.message(), record, out);
    });
    if is_new {
        known.remember(record.owner, at);
    }
}

/// Names that the reply holds already, and where.
struct Known {
    asked: FoldedName,
    names: Vec<(FoldedName, usize)>,
}

impl Known {
    fn new(asked: FoldedName) -> Self {
        Known {
            asked,
            names: Vec::new(),
        }
    }

    /// The shortest way to write `name`.
    fn owner<'a>(&self, name: &'a FoldedName) -> Owner<'a> {
        if *name == self.asked {
            return Owner::Question;
        }
        match self.names.iter().find(|(known, _)| known == name) {
            Some((_, at)) => Owner::at(*at, name.as_name()),
            None => Owner::Name(name.as_name()),
        }
    }

    fn remember(&mut self, name: FoldedName, at: usize) {
        if self.names.len() < KNOWN_MAX {
            self.names.push((name, at));
        }
    }
}
