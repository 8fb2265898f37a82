//! An upstream's answer as a client's: the same octets, with id, question, flags and OPT as ours.

use super::reply::Reply;
use crate::query::Query;
use crate::transmit::Transport;
use crate::wire::edns::OptRecord;
use crate::wire::writer::Fit;
use crate::wire::{Edns, Header};
use alloc::vec::Vec;

/// Appends the reply to `query`: the records of `reply` octet by octet, behind the client's id
/// and spelling.
///
/// AA, TC and the response code are the upstream's, RA is set, AD is passed to those who asked
/// for it with AD or DO (RFC 6840 section 5.8). The upstream's OPT record ends with us; ours is
/// there if the query had one. A reply too long for the client ends behind the last record that
/// fits, with TC if an answer or authority record is missing. The question of `reply` must be the
/// one of `query`. Gives whether all fitted.
pub fn relay(query: &Query, transport: Transport, reply: &Reply, out: &mut Vec<u8>) -> Fit {
    let opt = own_opt(query);
    let room = query
        .reply_limit(transport)
        .saturating_sub(opt_len(opt.as_ref()));
    let part = reply.part_within(room);
    debug_assert_eq!(
        query.name.as_wire().len() + 16,
        part.start,
        "another question's reply"
    );
    let mut header = Header {
        qdcount: 1,
        ancount: part.ancount,
        nscount: part.nscount,
        arcount: part.arcount + u16::from(opt.is_some()),
        ..flags(query, reply)
    };
    if part.fit == Fit::Cut {
        header = header.with_truncated();
    }
    out.extend_from_slice(&header.to_wire());
    out.extend_from_slice(query.question());
    out.extend_from_slice(&reply.message()[part.start..part.end]);
    out.extend_from_slice(opt.as_ref().map_or(&[], OptRecord::as_wire));
    part.fit
}

fn flags(query: &Query, reply: &Reply) -> Header {
    let upstream = reply.header();
    let mut header = query
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
    let wants_ad = query.header.authentic_data() || query.edns.is_some_and(|edns| edns.dnssec_ok);
    if upstream.authentic_data() && wants_ad {
        header = header.with_authentic_data();
    }
    header
}

/// Our OPT record for the reply to `query`, if it gets one.
pub(super) fn own_opt(query: &Query) -> Option<OptRecord> {
    query
        .edns
        .map(|_| Edns::opt_record(query.dnssec_ok(), 0, None))
}

/// Octets to keep free for it.
pub(super) fn opt_len(opt: Option<&OptRecord>) -> usize {
    opt.map_or(0, |opt| opt.as_wire().len())
}
