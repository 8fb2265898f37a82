//! Names and record data in presentation form, as dig and kdig print them (RFC 1035 section 5.1,
//! RFC 3597 section 5).

use super::service_binding;
use dns_core::wire::Rtype;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinEncodable};
use std::fmt::Write;

/// A name with its trailing dot.
pub(crate) fn name(name: &Name) -> String {
    let mut text = String::new();
    for label in name.iter() {
        for &octet in label {
            match octet {
                b'.' | b'"' | b'(' | b')' | b';' | b'@' | b'$' | b'\\' => {
                    text.push('\\');
                    text.push(char::from(octet));
                }
                octet => push(&mut text, octet, b'!'),
            }
        }
        text.push('.');
    }
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

/// The mnemonic of a type, or `TYPEnnn`.
pub(crate) fn record_type(rtype: RecordType) -> String {
    let number = u16::from(rtype);
    match (Rtype(number).mnemonic(), rtype) {
        (Some(mnemonic), _) => mnemonic.to_owned(),
        (None, RecordType::Unknown(_)) => format!("TYPE{number}"),
        (None, rtype) => rtype.to_string(),
    }
}

/// Record data.
pub(crate) fn record_data(data: &RData) -> String {
    match data {
        RData::A(address) => address.to_string(),
        RData::AAAA(address) => address.to_string(),
        RData::CNAME(target) => name(&target.0),
        RData::NS(target) => name(&target.0),
        RData::PTR(target) => name(&target.0),
        RData::MX(mx) => format!("{} {}", mx.preference, name(&mx.exchange)),
        RData::SRV(srv) => {
            format!(
                "{} {} {} {}",
                srv.priority,
                srv.weight,
                srv.port,
                name(&srv.target)
            )
        }
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            name(&soa.mname),
            name(&soa.rname),
            soa.serial,
            soa.refresh as u32,
            soa.retry as u32,
            soa.expire as u32,
            soa.minimum
        ),
        RData::TXT(txt) => strings(txt.txt_data.iter().map(|text| &**text)),
        RData::HINFO(hinfo) => strings([&*hinfo.cpu, &*hinfo.os].into_iter()),
        RData::CAA(caa) => format!("{} {} {}", caa.flags(), caa.tag, string(&caa.value)),
        RData::NAPTR(naptr) => format!(
            "{} {} {} {}",
            naptr.order,
            naptr.preference,
            strings([&*naptr.flags, &*naptr.services, &*naptr.regexp].into_iter()),
            name(&naptr.replacement)
        ),
        RData::HTTPS(binding) => {
            service_binding::record_data(binding).unwrap_or_else(|| octets_of(data))
        }
        RData::SVCB(binding) => {
            service_binding::record_data(binding).unwrap_or_else(|| octets_of(data))
        }
        RData::SSHFP(_) => numbers_and_digest(data, &[1, 1]),
        RData::TLSA(_) => numbers_and_digest(data, &[1, 1, 1]),
        RData::Unknown { code, .. } if *code == RecordType::DS => {
            numbers_and_digest(data, &[2, 1, 1])
        }
        RData::Unknown { code, rdata } if u16::from(*code) == Rtype::DNAME.0 => {
            match Name::from_bytes(&rdata.anything) {
                Ok(target) => name(&target),
                Err(_) => octets_of(data),
            }
        }
        other => octets_of(other),
    }
}

/// Record data as it travels, names in it written out.
pub(crate) fn rdata(rtype: Rtype, octets: &[u8]) -> String {
    let Ok(len) = u16::try_from(octets.len()) else {
        return generic(octets);
    };
    let numbers = [rtype.0, DNSClass::IN.into(), 0, 0, len].map(u16::to_be_bytes);
    // A record of the root, with that data.
    let record = [&[0], numbers.as_flattened(), octets].concat();
    match Record::from_bytes(&record) {
        Ok(record) => record_data(&record.data),
        Err(_) => generic(octets),
    }
}

/// Numbers of so many octets each, then a digest in hexadecimal.
fn numbers_and_digest(data: &RData, sizes: &[usize]) -> String {
    let octets = octets(data);
    if octets.len() < sizes.iter().sum() {
        return generic(&octets);
    }
    let mut rest = octets.as_slice();
    let mut text = String::new();
    for &size in sizes {
        let (number, after) = rest.split_at(size);
        let number = number
            .iter()
            .fold(0, |sum: u32, octet| sum << 8 | u32::from(*octet));
        let _ = write!(text, "{number} ");
        rest = after;
    }
    text + &hexadecimal(rest)
}

fn octets_of(data: &RData) -> String {
    generic(&octets(data))
}

/// The data as it travels; empty if it has none.
fn octets(data: &RData) -> Vec<u8> {
    match data {
        RData::Unknown { rdata, .. } => rdata.anything.clone(),
        other => other.to_bytes().unwrap_or_default(),
    }
}

/// Character strings in quotes.
fn strings<'s>(strings: impl Iterator<Item = &'s [u8]>) -> String {
    strings.map(string).collect::<Vec<_>>().join(" ")
}

fn string(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for &octet in octets {
        if matches!(octet, b'"' | b'\\') {
            text.push('\\');
            text.push(char::from(octet));
        } else {
            push(&mut text, octet, b' ');
        }
    }
    text.push('"');
    text
}

/// A printable octet from `first` on as it is, any other as three decimal digits.
fn push(text: &mut String, octet: u8, first: u8) {
    if (first..=b'~').contains(&octet) {
        text.push(char::from(octet));
    } else {
        // Writing to a string does not fail.
        let _ = write!(text, "\\{octet:03}");
    }
}

/// Data of a type that has no form of its own (RFC 3597 section 5).
fn generic(octets: &[u8]) -> String {
    let space = if octets.is_empty() { "" } else { " " };
    format!("\\# {}{space}{}", octets.len(), hexadecimal(octets))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{HINFO, NULL, SOA, SRV, TXT};

    #[test]
    fn names_end_with_a_dot_and_escape_in_decimal() {
        let odd = Name::from_labels([&b"a.b"[..], b"\x00 \xff", b"_x-*"]).unwrap();
        assert_eq!(name(&odd), r"a\.b.\000\032\255._x-*.");
        assert_eq!(name(&Name::root()), ".");
    }

    #[test]
    fn data_is_printed_as_in_a_zone_file() {
        let target = || Name::from_ascii("t.example.").unwrap();
        let soa = SOA::new(target(), target(), 1, 2, 3, 4, 5);
        let unknown = |octets: &[u8]| RData::Unknown {
            code: RecordType::Unknown(65280),
            rdata: NULL::with(octets.to_vec()),
        };
        for (data, expected) in [
            (
                RData::TXT(TXT::new(vec!["a \"b\"".into(), "\u{7f}".into()])),
                r#""a \"b\"" "\127""#,
            ),
            (
                RData::HINFO(HINFO::new("RFC8482".into(), String::new())),
                r#""RFC8482" """#,
            ),
            (
                RData::SRV(SRV::new(0, 100, 80, target())),
                "0 100 80 t.example.",
            ),
            (RData::SOA(soa), "t.example. t.example. 1 2 3 4 5"),
            (unknown(&[1, 0xab]), r"\# 2 01AB"),
        ] {
            assert_eq!(record_data(&data), expected);
        }
        assert_eq!(generic(&[]), r"\# 0");
    }

    #[test]
    fn data_on_the_wire_is_printed_alike_and_bad_data_in_hexadecimal() {
        let srv = b"\0\x05\0\x64\0\x50\x01t\x07example\0";
        for (rtype, octets, expected) in [
            (Rtype::A, &[192, 0, 2, 1][..], "192.0.2.1"),
            (Rtype::SRV, &srv[..], "5 100 80 t.example."),
            (Rtype::A, &[192, 0, 2], r"\# 3 C00002"),
            (Rtype(65280), &[1, 0xab], r"\# 2 01AB"),
        ] {
            assert_eq!(rdata(rtype, octets), expected);
        }
    }
}
