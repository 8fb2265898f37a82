//! Messages as octets, as a server or a client would send them.

use dns_core::NameBuf;
use dns_core::query::Query;
use dns_core::wire::{Header, Rtype};

pub(crate) const RESPONSE: u16 = 0x8080;
pub(crate) const AA: u16 = 0x0400;
pub(crate) const TC: u16 = 0x0200;
pub(crate) const RD: u16 = 0x0100;
pub(crate) const AD: u16 = 0x0020;
pub(crate) const CD: u16 = 0x0010;
/// A pointer to the question's name.
pub(crate) const QUESTION: &[u8] = b"\xc0\x0c";
/// An OPT record of 4096 octets with a cookie.
pub(crate) const FOREIGN_OPT: &[u8] = b"\0\0\x29\x10\0\0\0\0\0\0\x0c\0\x0a\0\x08cookie!!";

/// The wire form of a name, with its case.
pub(crate) fn wire(text: &str) -> Vec<u8> {
    let mut wire = NameBuf::parse(text).unwrap().as_name().as_wire().to_vec();
    let mut at = 0;
    for label in text.split('.') {
        wire[at + 1..=at + label.len()].copy_from_slice(label.as_bytes());
        at += label.len() + 1;
    }
    wire
}

/// A client's query: header flags, name as spelled, type, OPT record or nothing.
pub(crate) fn query(id: u16, flags: u16, name: &str, rtype: Rtype, opt: &[u8]) -> Query {
    let header = Header {
        id,
        flags,
        qdcount: 1,
        arcount: u16::from(!opt.is_empty()),
        ..Header::default()
    };
    let mut message = header.to_wire().to_vec();
    message.extend_from_slice(&wire(name));
    message.extend_from_slice(&rtype.0.to_be_bytes());
    message.extend_from_slice(b"\0\x01");
    message.extend_from_slice(opt);
    Query::parse(&message).unwrap()
}

/// An OPT record of a client.
pub(crate) fn opt(payload_size: u16, dnssec_ok: bool) -> Vec<u8> {
    let mut record = b"\0\0\x29\0\0\0\0\0\0\0\0".to_vec();
    record[3..5].copy_from_slice(&payload_size.to_be_bytes());
    record[7] = if dnssec_ok { 0x80 } else { 0 };
    record
}

/// A record of class IN with a TTL of a minute.
pub(crate) fn record(owner: &[u8], rtype: Rtype, rdata: &[u8]) -> Vec<u8> {
    record_of(owner, rtype, 1, 60, rdata)
}

/// A record.
pub(crate) fn record_of(owner: &[u8], rtype: Rtype, class: u16, ttl: u32, rdata: &[u8]) -> Vec<u8> {
    let mut record = owner.to_vec();
    record.extend_from_slice(&rtype.0.to_be_bytes());
    record.extend_from_slice(&class.to_be_bytes());
    record.extend_from_slice(&ttl.to_be_bytes());
    record.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    record.extend_from_slice(rdata);
    record
}

/// The rdata of an SOA below `name`.
pub(crate) fn soa(name: &str) -> Vec<u8> {
    [wire(name), wire(name), vec![0; 20]].concat()
}

/// The response to `asked`: its id and question, these flags besides QR and RA, these records.
pub(crate) fn response(asked: &[u8], flags: u16, sections: [&[Vec<u8>]; 3]) -> Vec<u8> {
    let asked_header = Header::parse(asked).unwrap();
    let [answers, authorities, additional] = sections;
    let header = Header {
        id: asked_header.id,
        flags: RESPONSE | flags,
        qdcount: 1,
        ancount: answers.len() as u16,
        nscount: authorities.len() as u16,
        arcount: additional.len() as u16,
    };
    let question_end = 12 + asked[12..].iter().position(|octet| *octet == 0).unwrap() + 5;
    let mut message = header.to_wire().to_vec();
    message.extend_from_slice(&asked[12..question_end]);
    message.extend(sections.concat().concat());
    message
}

/// A good answer of one address.
pub(crate) fn answer(asked: &[u8]) -> Vec<u8> {
    response(
        asked,
        0,
        [&[record(QUESTION, Rtype::A, &[192, 0, 2, 80])], &[], &[]],
    )
}

/// A response with nothing but a response code.
pub(crate) fn rcode(asked: &[u8], rcode: u16) -> Vec<u8> {
    response(asked, rcode, [&[], &[], &[]])
}
