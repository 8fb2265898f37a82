//! An upstream's answer as a client's: the same octets, with id, question, flags and OPT as ours.

use super::failure::Failure;
use super::reply::Reply;
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
    let opt = own_opt(asker, ede);
    let room = asker
        .reply_limit(transport)
        .saturating_sub(opt_len(opt.as_ref()));
    let part = reply.part_within(room);
    debug_assert_eq!(
        asker.question.len() + 12,
        part.start,
        "another question's reply"
    );
    let mut header = Header {
        qdcount: 1,
        ancount: part.ancount,
        nscount: part.nscount,
        arcount: part.arcount + u16::from(opt.is_some()),
        ..flags(asker, reply)
    };
    if part.fit == Fit::Cut {
        header = header.with_truncated();
    }
    out.extend_from_slice(&header.to_wire());
    out.extend_from_slice(asker.question);
    out.extend_from_slice(&reply.message()[part.start..part.end]);
    out.extend_from_slice(opt.as_ref().map_or(&[], OptRecord::as_wire));
    part.fit
}

/// Appends SERVFAIL with the extended error of `failure`.
pub(super) fn fail(asker: Asker<'_>, failure: Failure, out: &mut Vec<u8>) -> Fit {
    let opt = own_opt(asker, Some(failure.ede()));
    let header = Header {
        qdcount: 1,
        arcount: u16::from(opt.is_some()),
        ..asker.header.reply()
    };
    let header = header
        .with_recursion_available()
        .with_rcode(Rcode::SERVFAIL);
    out.extend_from_slice(&header.to_wire());
    out.extend_from_slice(asker.question);
    out.extend_from_slice(opt.as_ref().map_or(&[], OptRecord::as_wire));
    Fit::Whole
}

fn flags(asker: Asker<'_>, reply: &Reply) -> Header {
    let upstream = reply.header();
    let mut header = asker
        .header
        .reply()
        .with_recursion_available()
        .with_rcode(upstream.rcode());
    if upstream.is_authoritative() {
        header = header.with_authoritative();
    }
    if upstream.is_truncated() {
        header = header.with_truncated();
    }
    let wants_ad = asker.header.authentic_data() || asker.edns.is_some_and(|edns| edns.dnssec_ok);
    if upstream.authentic_data() && wants_ad {
        header = header.with_authentic_data();
    }
    header
}

/// Our OPT record for the reply to `asker`, if it gets one.
pub(super) fn own_opt(asker: Asker<'_>, ede: Option<Ede>) -> Option<OptRecord> {
    asker
        .edns
        .map(|_| Edns::opt_record(asker.dnssec_ok(), 0, ede))
}

/// Octets to keep free for it.
pub(super) fn opt_len(opt: Option<&OptRecord>) -> usize {
    opt.map_or(0, |opt| opt.as_wire().len())
}
