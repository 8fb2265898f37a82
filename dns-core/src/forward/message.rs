//! The message that asks an upstream.

use super::cookie::COOKIE_OPTION;
use crate::question::QuestionFlags;
use crate::wire::edns::DnssecOk;
use crate::wire::{Class, Edns, Header, Rtype};
use alloc::vec::Vec;

/// What a message upstream says besides its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opt {
    /// It has our OPT record.
    Sent,
    /// It has none, for a server that failed on it (RFC 6891 section 7).
    Omitted,
}

/// Appends the message that asks a question: RD, CD and DO as asked for, AD clear, and of EDNS
/// only our own. The letters of `name`, which is in lower case, that have a bit in `case` are
/// written large; `cookie` is sent if there is one.
pub(super) fn write_message(
    (name, rtype, flags): (&[u8], Rtype, QuestionFlags),
    id: u16,
    case: u64,
    opt: Opt,
    cookie: &[u8],
    out: &mut Vec<u8>,
) {
    let mut header = Header {
        id,
        qdcount: 1,
        arcount: u16::from(opt == Opt::Sent),
        ..Header::default()
    };
    if flags.recursion_desired {
        header = header.with_recursion_desired();
    }
    if flags.checking_disabled {
        header = header.with_checking_disabled();
    }
    out.extend_from_slice(&header.to_wire());
    if case == 0 {
        out.extend_from_slice(name);
    } else {
        out.extend(spelled(name, case));
    }
    out.extend_from_slice(&rtype.0.to_be_bytes());
    out.extend_from_slice(&Class::IN.0.to_be_bytes());
    if opt == Opt::Sent {
        write_opt(flags.dnssec_ok, cookie, out);
    }
}

/// The octets of a name in lower case as `case` has them spelled, over and over from its lowest
/// bit. Length octets are at most 63, below every letter.
pub(super) fn spelled(name: &[u8], case: u64) -> impl Iterator<Item = u8> {
    let mut bits = case;
    name.iter().map(move |octet| {
        let is_large = bits & 1 == 1 && octet.is_ascii_lowercase();
        bits = bits.rotate_right(1);
        octet ^ (u8::from(is_large) << 5)
    })
}

fn write_opt(dnssec_ok: DnssecOk, cookie: &[u8], out: &mut Vec<u8>) {
    let record = Edns::opt_record(dnssec_ok, 0, None);
    out.extend_from_slice(record.as_wire());
    if cookie.is_empty() {
        return;
    }
    let len_at = out.len() - 2;
    let len = cookie.len() as u16;
    out[len_at..].copy_from_slice(&(len + 4).to_be_bytes());
    out.extend_from_slice(&COOKIE_OPTION.to_be_bytes());
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(cookie);
}
