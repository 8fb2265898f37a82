//! Names that are spelled with octets of a TTL: they are other names once the TTL is corrected or
//! has counted down.

use super::rdata;
use crate::wire::{RawRecord, Reader};
use alloc::vec::Vec;

/// Octets between a record's TTL and its data.
const TTL_BEFORE_RDATA: usize = 6;

/// Whether a name in the records of a well-formed message is spelled with octets of a TTL. No
/// honest server points there: a pointer leads to a name (RFC 1035 section 4.1.4).
pub(crate) fn leans_on_ttl(message: &[u8], records_at: usize) -> bool {
    if !points_behind(message, records_at) {
        return false;
    }
    let records: Vec<_> = records(message, records_at).collect();
    let mut flipped = message.to_vec();
    for record in &records {
        let ttl_at = record.rdata_at - TTL_BEFORE_RDATA;
        for octet in &mut flipped[ttl_at..ttl_at + 4] {
            *octet = !*octet;
        }
    }
    let mut reader = Reader::at_offset(&flipped, records_at);
    !records.iter().all(|record| {
        reader
            .record()
            .is_ok_and(|other| other.owner == record.owner)
            && reads_alike(message, &flipped, record)
    })
}

/// Whether the names in the data of a record are the same in both messages.
fn reads_alike(message: &[u8], flipped: &[u8], record: &RawRecord) -> bool {
    let is_readable =
        |message| rdata::is_well_formed(message, record.rtype, record.rdata_at..record.end());
    if !is_readable(message) || !is_readable(flipped) {
        return false;
    }
    let expanded = |message| {
        let mut out = Vec::new();
        rdata::expand(message, record, &mut out);
        out
    };
    expanded(message) == expanded(flipped)
}

/// Whether some octets look like a pointer that leads behind the question. Addresses may look so
/// too: then the message is looked at once more, no harm done.
fn points_behind(message: &[u8], records_at: usize) -> bool {
    message[records_at..].windows(2).any(|pair| {
        let target = usize::from(u16::from_be_bytes([pair[0] & 0x3f, pair[1]]));
        pair[0] >= 0xc0 && (records_at..message.len()).contains(&target)
    })
}

fn records(message: &[u8], at: usize) -> impl Iterator<Item = RawRecord> + '_ {
    let mut reader = Reader::at_offset(message, at);
    core::iter::from_fn(move || reader.record().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header, question `a.`, an A record with that TTL, and another one with that owner.
    fn message(ttl: &[u8; 4], owner: &[u8]) -> Vec<u8> {
        let data = b"\0\x04\x0a\0\0\x01";
        let asked = b"\0\x07\x81\x80\0\x01\0\x02\0\0\0\0\x01a\0\0\x01\0\x01";
        let first = [b"\xc0\x0c\0\x01\0\x01", &ttl[..], data].concat();
        [&asked[..], &first, owner, b"\0\x01\0\x01\0\0\0\x3c", data].concat()
    }

    const RECORDS_AT: usize = 19;
    const TTL_AT: u8 = 25;

    #[test]
    fn an_owner_spelled_with_a_ttl_is_seen() {
        let spelled = message(b"\x01b\0\0", &[0xc0, TTL_AT]);
        assert!(leans_on_ttl(&spelled, RECORDS_AT));
        let over = message(b"\0\0\0\x3c", &[0xc0, TTL_AT - 1]);
        assert!(leans_on_ttl(&over, RECORDS_AT));
    }

    #[test]
    fn pointers_to_names_and_what_only_looks_like_one_are_no_matter() {
        for owner in [&b"\xc0\x0c"[..], &[0xc0, 19], b"\x01\xc0\x02\x14\x15\0"] {
            assert!(!leans_on_ttl(&message(b"\0\0\0\x3c", owner), RECORDS_AT));
        }
    }
}
