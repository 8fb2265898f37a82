//! Whether a message is a response to a question at all.

use super::message::spelled;
use crate::reply::question_end;
use crate::wire::header::HEADER_LEN;
use crate::wire::{Class, Edns, Header, Opcode, Reader, Rtype};
use core::ops::Range;

/// How a message fits a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    /// It is a response to it.
    Whole(Header),
    /// It would be, but for the case of the name.
    Folded,
    /// It is not.
    Not,
}

/// How `message` fits the question for `name`, in lower case, that was sent with that id and with
/// the letters of `case` large (RFC 5452 section 9.1).
pub(super) fn fits(message: &[u8], name: &[u8], rtype: Rtype, id: u16, case: u64) -> Fits {
    let Some(header) = Header::parse(message) else {
        return Fits::Not;
    };
    let is_ours = message.len() <= usize::from(u16::MAX)
        && header.id == id
        && header.is_response()
        && header.opcode() == Opcode::QUERY
        && header.qdcount == 1;
    let end = question_end(name);
    let Some(question) = message.get(HEADER_LEN..end).filter(|_| is_ours) else {
        return Fits::Not;
    };
    let (spelling, rest) = question.split_at(name.len());
    let [high, low] = rtype.0.to_be_bytes();
    let [class_high, class_low] = Class::IN.0.to_be_bytes();
    if rest != [high, low, class_high, class_low] {
        return Fits::Not;
    }
    if case != 0 && spelled(name, case).eq(spelling.iter().copied()) {
        return Fits::Whole(header);
    }
    match spelling.eq_ignore_ascii_case(name) {
        true if case == 0 => Fits::Whole(header),
        true => Fits::Folded,
        false => Fits::Not,
    }
}

/// Whether `message` is a response to the question for `name` that was sent with that id.
pub(super) fn is_response_to(message: &[u8], name: &[u8], rtype: Rtype, id: u16) -> bool {
    matches!(fits(message, name, rtype, id, 0), Fits::Whole(_))
}

/// The OPT record of a message whose records are not looked at otherwise: what it says, and where
/// its options lie.
pub(super) fn find_opt(message: &[u8], name: &[u8]) -> Option<(Edns, Range<usize>)> {
    let header = Header::parse(message)?;
    let mut reader = Reader::at_offset(message, question_end(name));
    for _ in 0..u32::from(header.ancount) + u32::from(header.nscount) {
        reader.record().ok()?;
    }
    for _ in 0..header.arcount {
        let record = reader.record().ok()?;
        if record.rtype == Rtype::OPT {
            let edns = Edns::from_record(record.class.0, record.ttl_secs);
            return Some((edns, record.rdata_at..record.end()));
        }
    }
    None
}
