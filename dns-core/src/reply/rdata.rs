//! The form of record data, as far as a forwarder must know it: where names lie that may be
//! compressed, and what length is fixed.

use crate::wire::{RawRecord, Reader, Rtype};
use alloc::vec::Vec;
use core::ops::Range;

/// How the data of a type is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// So many octets.
    Fixed(usize),
    /// Octets, names that may be compressed, octets.
    Names {
        before: usize,
        names: usize,
        after: usize,
    },
    /// One or more strings, each with its length in front.
    Strings,
    /// Anything, and never a compressed name (RFC 3597 section 4).
    Opaque,
}

impl Form {
    fn of(rtype: Rtype) -> Self {
        /// Types of RFC 1035 and RFC 1183 that are hardly used but may hold compressed names.
        const MD: Rtype = Rtype(3);
        const MF: Rtype = Rtype(4);
        const MB: Rtype = Rtype(7);
        const MG: Rtype = Rtype(8);
        const MR: Rtype = Rtype(9);
        const MINFO: Rtype = Rtype(14);
        const RP: Rtype = Rtype(17);
        const AFSDB: Rtype = Rtype(18);
        const RT: Rtype = Rtype(21);
        match rtype {
            Rtype::A => Form::Fixed(4),
            Rtype::AAAA => Form::Fixed(16),
            Rtype::CNAME | Rtype::DNAME | Rtype::NS | Rtype::PTR | MD | MF | MB | MG | MR => {
                Form::Names {
                    before: 0,
                    names: 1,
                    after: 0,
                }
            }
            Rtype::MX | AFSDB | RT => Form::Names {
                before: 2,
                names: 1,
                after: 0,
            },
            Rtype::SRV => Form::Names {
                before: 6,
                names: 1,
                after: 0,
            },
            MINFO | RP => Form::Names {
                before: 0,
                names: 2,
                after: 0,
            },
            Rtype::SOA => Form::Names {
                before: 0,
                names: 2,
                after: 20,
            },
            Rtype::TXT | Rtype::HINFO => Form::Strings,
            _ => Form::Opaque,
        }
    }
}

/// Whether the data at `rdata` has the form of its type.
pub(crate) fn is_well_formed(message: &[u8], rtype: Rtype, rdata: Range<usize>) -> bool {
    let mut reader = Reader::at_offset(message, rdata.start);
    match Form::of(rtype) {
        Form::Fixed(len) => rdata.len() == len,
        Form::Names {
            before,
            names,
            after,
        } => {
            reader.octets(before).is_ok()
                && (0..names).all(|_| reader.name().is_ok())
                && reader.octets(after).is_ok()
                && reader.offset() == rdata.end
        }
        Form::Strings => are_strings(&message[rdata]),
        Form::Opaque => true,
    }
}

/// Appends the data of a well-formed record with its names uncompressed.
pub(crate) fn expand(message: &[u8], record: &RawRecord, out: &mut Vec<u8>) {
    let Form::Names { before, names, .. } = Form::of(record.rtype) else {
        out.extend_from_slice(&message[record.rdata_at..record.end()]);
        return;
    };
    let names_at = record.rdata_at + before;
    out.extend_from_slice(&message[record.rdata_at..names_at]);
    let mut reader = Reader::at_offset(message, names_at);
    for _ in 0..names {
        let name = reader
            .name()
            .expect("names of a well-formed record can be read");
        out.extend_from_slice(name.as_wire());
    }
    out.extend_from_slice(&message[reader.offset()..record.end()]);
}

fn are_strings(mut octets: &[u8]) -> bool {
    if octets.is_empty() {
        return false;
    }
    while let Some((&len, rest)) = octets.split_first() {
        let Some(rest) = rest.get(usize::from(len)..) else {
            return false;
        };
        octets = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::header::HEADER_LEN;

    /// A record of the root with `rdata`, behind a header and the name `b.c.` at offset 12.
    fn record(rtype: Rtype, rdata: &[u8]) -> (Vec<u8>, RawRecord) {
        let mut message = alloc::vec![0; HEADER_LEN];
        message.extend_from_slice(b"\x01b\x01c\0\0");
        message.extend_from_slice(&rtype.0.to_be_bytes());
        message.extend_from_slice(b"\0\x01\0\0\0\x3c");
        message.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        message.extend_from_slice(rdata);
        message.extend_from_slice(b"behind");
        let record = Reader::at_offset(&message, HEADER_LEN + 5)
            .record()
            .unwrap();
        (message, record)
    }

    fn is_good(rtype: Rtype, rdata: &[u8]) -> bool {
        let (message, record) = record(rtype, rdata);
        is_well_formed(&message, rtype, record.rdata_at..record.end())
    }

    #[test]
    fn data_that_breaks_the_form_of_its_type_is_found() {
        let soa = [b"\x01a\xc0\x0c\xc0\x0c".as_slice(), &[7; 20]].concat();
        for (rtype, good) in [
            (Rtype::A, &[1; 4][..]),
            (Rtype::AAAA, &[1; 16]),
            (Rtype::CNAME, b"\x01a\xc0\x0c"),
            (Rtype::MX, b"\0\x0a\xc0\x0c"),
            (Rtype::SRV, b"\0\x01\0\x02\0\x50\xc0\x0c"),
            (Rtype::SOA, &soa),
            (Rtype::TXT, b"\x02hi\0"),
        ] {
            assert!(is_good(rtype, good), "{rtype}");
            let longer = [good, b"\xff".as_slice()].concat();
            assert!(!is_good(rtype, &longer), "{rtype} with an octet too many");
            for len in 0..good.len() {
                let cut_text = rtype == Rtype::TXT && len == 3;
                assert_eq!(
                    is_good(rtype, &good[..len]),
                    cut_text,
                    "{rtype} of {len} octets"
                );
            }
        }
        assert!(!is_good(Rtype::NS, b"\xc0\x40"));
        assert!(is_good(Rtype::CAA, b""));
    }

    #[test]
    fn expanded_data_needs_no_other_octets_of_the_message() {
        let (message, mx) = record(Rtype::MX, b"\0\x0a\x01a\xc0\x0c");
        let mut out = Vec::new();
        expand(&message, &mx, &mut out);
        assert_eq!(out, b"\0\x0a\x01a\x01b\x01c\0");
        let soa = [b"\xc0\x0c\xc0\x0e".as_slice(), &[7; 20]].concat();
        let (message, soa) = record(Rtype::SOA, &soa);
        out.clear();
        expand(&message, &soa, &mut out);
        assert_eq!(out, [b"\x01b\x01c\0\x01c\0".as_slice(), &[7; 20]].concat());
    }
}
