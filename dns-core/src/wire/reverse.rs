//! Addresses as names: `in-addr.arpa` (RFC 1035 section 3.5) and `ip6.arpa` (RFC 3596 section 2.5).

use super::name::{Name, NameBuf};
use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn name_of(address: IpAddr) -> NameBuf {
    let text = match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let mut text = String::with_capacity(72);
            for octet in v6.octets().iter().rev() {
                // Writing to a String cannot fail.
                let _ = write!(text, "{:x}.{:x}.", octet & 15, octet >> 4);
            }
            text + "ip6.arpa"
        }
    };
    NameBuf::parse(&text).expect("reverse names are short and well formed")
}

pub(super) fn address_of(name: Name<'_>) -> Option<IpAddr> {
    match name.label_count() {
        6 => v4_of(name).map(IpAddr::V4),
        34 => v6_of(name).map(IpAddr::V6),
        _ => None,
    }
}

fn v4_of(name: Name<'_>) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut labels = name.labels();
    for slot in octets.iter_mut().rev() {
        *slot = decimal_octet(labels.next()?)?;
    }
    ends_in(labels, b"in-addr").then(|| Ipv4Addr::from(octets))
}

fn v6_of(name: Name<'_>) -> Option<Ipv6Addr> {
    let mut octets = [0; 16];
    let mut labels = name.labels();
    for slot in octets.iter_mut().rev() {
        let low = nibble(labels.next()?)?;
        let high = nibble(labels.next()?)?;
        *slot = high << 4 | low;
    }
    ends_in(labels, b"ip6").then(|| Ipv6Addr::from(octets))
}

fn ends_in<'a>(mut labels: impl Iterator<Item = &'a [u8]>, kind: &[u8]) -> bool {
    labels
        .next()
        .is_some_and(|label| label.eq_ignore_ascii_case(kind))
        && labels
            .next()
            .is_some_and(|label| label.eq_ignore_ascii_case(b"arpa"))
}

/// Decimal without sign or leading zeros, so that every address has one reverse name.
fn decimal_octet(label: &[u8]) -> Option<u8> {
    let has_leading_zero = label.len() > 1 && label[0] == b'0';
    if has_leading_zero || !label.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(label).ok()?.parse().ok()
}

fn nibble(label: &[u8]) -> Option<u8> {
    let [digit] = label else { return None };
    char::from(*digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_its_reverse_name_lead_to_each_other() {
        for address in ["10.96.7.7", "0.0.0.0", "255.1.2.3", "2001:db8::1", "::"] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(name_of(address).as_name().reverse_address(), Some(address));
        }
    }

    #[test]
    fn names_that_only_look_like_reverse_names_are_none() {
        for text in [
            "1.2.3.in-addr.arpa",
            "01.2.3.4.in-addr.arpa",
            "+1.2.3.4.in-addr.arpa",
            "256.2.3.4.in-addr.arpa",
            "a.b.c.d.in-addr.arpa",
            "1.2.3.4.ip6.arpa",
        ] {
            assert_eq!(
                NameBuf::parse(text).unwrap().as_name().reverse_address(),
                None,
                "{text}"
            );
        }
    }
}
