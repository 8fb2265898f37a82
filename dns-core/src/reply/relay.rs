//! An upstream's answer as a client's: the same octets, with id, question, flags and OPT as ours.

use super::failure::Failure;
use super::{Part, Reply};
use crate::query::Asker;
use crate::transmit::Transport;
use crate::wire::edns::OptRecord;
use crate::wire::writer::Fit;
use crate::wire::{Ede, Edns, Header, Rcode};
use alloc::vec::Vec;

/// Appends the reply to `asker`: the records of `reply` octet by octet, behind the client's id
/// and spelling.
///
/// AA, TC and the response code are the upstream's, RA is set, AD is passed to those who asked
/// for it with AD or DO (RFC 6840 section 5.8). The upstream's OPT record ends with us; ours is
/// there if the query had one. A reply too long for the client ends behind the last record that
/// fits, with TC if an answer or authority record is missing. The question of `reply` must be the
/// one of `asker`. Gives whether all fitted.
pub fn relay(
    asker: Asker<'_>,
    transport: Transport,
    reply: &Reply,
    ede: Option<Ede>,
    out: &mut Vec<u8>,
) -> Fit {
    let opt = opt_for(asker, ede);
    let part = reply.part_within(room(asker, transport, opt.as_ref()));
    debug_assert_eq!(
        asker.question.len() + 12,
        part.start,
        "another question's reply"
    );
    let records = &reply.message()[part.start..part.end];
    write(asker, reply.header(), &part, records, opt, out)
}

/// Appends SERVFAIL with the extended error of `failure`.
pub(crate) fn fail(asker: Asker<'_>, failure: Failure, out: &mut Vec<u8>) -> Fit {
    let opt = opt_for(asker, Some(failure.ede()));
    let header = Header::default().with_rcode(Rcode::SERVFAIL);
    write(asker, header, &Part::NOTHING, &[], opt, out)
}

/// Appends a message to `asker`: flags and response code as of `source`, the records of `part`,
/// and that OPT record. Gives whether the part is all there is.
pub(crate) fn write(
    asker: Asker<'_>,
    source: Header,
    part: &Part,
    records: &[u8],
    opt: Option<OptRecord>,
    out: &mut Vec<u8>,
) -> Fit {
    let mut header = Header {
        qdcount: 1,
        ancount: part.ancount,
        nscount: part.nscount,
        arcount: part.arcount + u16::from(opt.is_some()),
        ..flags(asker, source)
    };
    if part.fit == Fit::Cut {
        header = header.with_truncated();
    }
    out.extend_from_slice(&header.to_wire());
    out.extend_from_slice(asker.question);
    out.extend_from_slice(records);
    out.extend_from_slice(opt.as_ref().map_or(&[], OptRecord::as_wire));
    part.fit
}

fn flags(asker: Asker<'_>, source: Header) -> Header {
    let mut header = asker
        .header
        .reply()
        .with_recursion_available()
        .with_rcode(source.rcode());
    if source.is_authoritative() {
        header = header.with_authoritative();
    }
    if source.is_truncated() {
        header = header.with_truncated();
    }
    let wants_ad = asker.header.authentic_data() || asker.edns.is_some_and(|edns| edns.dnssec_ok);
    if source.authentic_data() && wants_ad {
        header = header.with_authentic_data();
    }
    header
}

/// Octets that header, question and records of a reply may take beside its OPT record.
pub(crate) fn room(asker: Asker<'_>, transport: Transport, opt: Option<&OptRecord>) -> usize {
    asker.reply_limit(transport).saturating_sub(opt_len(opt))
}

/// Our OPT record for the reply to `asker`, if it gets one, with that extended error.
pub(crate) fn opt_for(asker: Asker<'_>, ede: Option<Ede>) -> Option<OptRecord> {
    asker
        .edns
        .map(|_| Edns::opt_record(asker.dnssec_ok(), 0, ede))
}

/// Octets to keep free for it.
pub(crate) fn opt_len(opt: Option<&OptRecord>) -> usize {
    opt.map_or(0, |opt| opt.as_wire().len())
}
