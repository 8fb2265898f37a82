//! Text to values: addresses, names, numbers, words. Each says why a text is not one.

use super::walk::Reason;
use crate::sources::is_cluster_id;
use dns_core::wire::Rcode;
use dns_core::{AnswerMode, Locality, NameBuf, Strategy};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Longest namespace, a DNS label (RFC 1123).
const LABEL_MAX: usize = 63;
/// Longest name of a network or cluster. They are free text; this is room enough.
const WORD_MAX: usize = 253;

/// `ADDR:PORT`.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, Reason> {
    text.parse().map_err(|_| match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => Reason::new(
            format!("`{text}` has no port"),
            format!("write [{text}]:15053"),
        ),
        Ok(IpAddr::V4(_)) => Reason::new(
            format!("`{text}` has no port"),
            format!("write {text}:15053"),
        ),
        Err(_) => Reason::new(
            format!("`{text}` is not an address with a port"),
            "write for example 127.0.0.1:15053 or [::1]:15053; host names are not looked up",
        ),
    })
}

/// `ADDR:PORT` of this machine alone.
pub(crate) fn loopback_address(text: &str) -> Result<SocketAddr, Reason> {
    let address = listen_address(text)?;
    if !address.ip().to_canonical().is_loopback() {
        return Err(Reason::new(
            format!(
                "{} is not a loopback address, and the admin port asks nobody who they are",
                address.ip()
            ),
            format!("write 127.0.0.1:{}", address.port()),
        ));
    }
    Ok(address)
}

/// A domain name of letters, digits, hyphens and underscores, not the root, no wildcard.
pub(crate) fn name(text: &str) -> Result<NameBuf, Reason> {
    let bad = |why: String| {
        Err(Reason::new(
            format!("`{text}` is not a DNS name: it {why}"),
            "write for example mesh.example.com",
        ))
    };
    if text.split('.').any(|label| label == "*") {
        return bad("has a wildcard".to_owned());
    }
    let odd = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"-_.".contains(*c));
    if let Some(odd) = odd {
        let hint = if odd.is_ascii() {
            "letters, digits, `-`, `_` and dots make a name"
        } else {
            "write international names in their xn-- form"
        };
        return Err(Reason::new(
            format!("`{text}` is not a DNS name: it has the character `{odd}`"),
            hint,
        ));
    }
    match NameBuf::parse(text) {
        Ok(name) if name.as_name().is_root() => bad("is the root".to_owned()),
        Ok(name) => Ok(name),
        Err(error) => bad(error.to_string()),
    }
}

/// A Kubernetes namespace: a label of small letters, digits and hyphens (RFC 1123).
pub(crate) fn namespace(text: &str) -> Result<Arc<str>, Reason> {
    let is_label = !text.is_empty()
        && text.len() <= LABEL_MAX
        && text
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_label {
        return Ok(text.into());
    }
    Err(Reason::new(
        format!("`{text}` is not a namespace"),
        "write at most 63 small letters, digits and `-`, for example shop",
    ))
}

/// A name of a network or a cluster: any word without spaces and slashes.
pub(crate) fn word(text: &str) -> Result<Arc<str>, Reason> {
    let is_word = !text.is_empty()
        && text.len() <= WORD_MAX
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/')
        && text != "."
        && text != "..";
    if is_word {
        return Ok(text.into());
    }
    Err(Reason::new(
        format!("`{text}` is not a name"),
        "write one word without spaces and slashes",
    ))
}

/// The id of a cluster: a label, since it is part of names and names a folder.
pub(crate) fn cluster_id(text: &str) -> Result<Arc<str>, Reason> {
    if is_cluster_id(text) {
        return Ok(text.into());
    }
    Err(Reason::new(
        format!("`{text}` is not the id of a cluster"),
        "write at most 63 letters, digits, `-` and `_`, a letter or digit first and last",
    ))
}

/// The name of a network as a key: a word without brackets.
pub(crate) fn network_id(text: &str) -> Result<Arc<str>, Reason> {
    let network = word(text)?;
    if text.contains(['[', ']']) {
        let hint = "write one word without brackets";
        return Err(Reason::new(format!("`{text}` is not a network"), hint));
    }
    Ok(network)
}

/// A place: region, zone and subzone with slashes between, the last ones left out if need be.
pub(crate) fn locality(text: &str) -> Result<Locality, Reason> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() > 3 || parts.iter().any(|part| part.trim().is_empty()) {
        return Err(Reason::new(
            format!("`{text}` is not a locality"),
            "write region, region/zone or region/zone/subzone, for example us-west/us-west-1a",
        ));
    }
    Ok(Locality::parse(text))
}

/// A CIDR; a bare address is that address alone. Host bits are cleared.
pub(crate) fn cidr(text: &str) -> Result<IpNet, Reason> {
    let net = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net: IpNet| net.trunc()).map_err(|_| {
        Reason::new(
            format!("`{text}` is not a CIDR"),
            "write for example 10.0.0.0/8 or 2001:db8::/32",
        )
    })
}

/// An IP address.
pub(crate) fn ip(text: &str) -> Result<IpAddr, Reason> {
    text.parse().map_err(|_| {
        Reason::new(
            format!("`{text}` is not an IP address"),
            "write for example 10.1.2.3",
        )
    })
}

/// `true` or `false`.
pub(crate) fn truth(text: &str) -> Result<bool, Reason> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err(Reason::new(
            format!("`{text}` is neither true nor false"),
            "write true or false",
        )),
    }
}

/// A whole number within bounds.
pub(crate) fn number(min: u64, max: u64) -> impl Fn(&str) -> Result<u64, Reason> {
    move |text| {
        let hint = format!("write a whole number from {min} to {max}");
        match text.parse::<u64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            Ok(number) if number < min => Err(Reason::new(format!("{number} is too small"), hint)),
            Ok(number) => Err(Reason::new(format!("{number} is too large"), hint)),
            Err(_) => Err(Reason::new(format!("`{text}` is not a number"), hint)),
        }
    }
}

/// One of several words.
pub(crate) fn one_of<T: Copy>(
    words: &'static [(&'static str, T)],
) -> impl Fn(&str) -> Result<T, Reason> {
    move |text| {
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let (last, others) = known.split_last().unwrap_or((&"", &[]));
                let hint = match others {
                    [] => format!("write {last}"),
                    others => format!("write {} or {last}", others.join(", ")),
                };
                Reason::new(format!("`{text}` is not known"), hint)
            })
    }
}

pub(crate) const STRATEGIES: &[(&str, Strategy)] = &[
    ("sequential", Strategy::Sequential),
    ("random", Strategy::Random),
    ("round-robin", Strategy::RoundRobin),
    ("fastest", Strategy::Fastest),
    ("race", Strategy::Race),
    ("parallel", Strategy::Parallel),
];

const RCODES: &[(&str, Rcode)] = &[
    ("servfail", Rcode::SERVFAIL),
    ("refused", Rcode::REFUSED),
    ("notimp", Rcode::NOTIMP),
    ("formerr", Rcode::FORMERR),
    ("nxdomain", Rcode::NXDOMAIN),
];

/// A response code that another server may do better than, whatever the case.
pub(crate) fn rcode(text: &str) -> Result<Rcode, Reason> {
    one_of(RCODES)(&text.to_ascii_lowercase())
}

/// Octets within bounds: a number, or one with `KiB`, `MiB` or `GiB` behind it, or as Kubernetes
/// writes them `Ki`, `Mi` or `Gi`.
pub(crate) fn octets(min: usize, max: usize) -> impl Fn(&str) -> Result<usize, Reason> {
    move |text| {
        let bounds = format!(
            "write octets from {} to {}, for example 32MiB",
            show_octets(min),
            show_octets(max)
        );
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let shift = match unit.trim_start() {
            "" => 0,
            "KiB" | "Ki" => 10,
            "MiB" | "Mi" => 20,
            "GiB" | "Gi" => 30,
            _ => return Err(Reason::new(format!("`{text}` is not a size"), bounds)),
        };
        let number: u64 = number
            .parse()
            .map_err(|_| Reason::new(format!("`{text}` is not a size"), bounds.clone()))?;
        let found = number.saturating_mul(1 << shift);
        match usize::try_from(found).unwrap_or(usize::MAX) {
            found if found < min => Err(Reason::new(format!("{text} is too small"), bounds)),
            found if found > max => Err(Reason::new(format!("{text} is too large"), bounds)),
            found => Ok(found),
        }
    }
}

fn show_octets(octets: usize) -> String {
    match octets {
        octets if octets % (1 << 30) == 0 => format!("{}GiB", octets >> 30),
        octets if octets % (1 << 20) == 0 => format!("{}MiB", octets >> 20),
        octets if octets % (1 << 10) == 0 => format!("{}KiB", octets >> 10),
        octets => octets.to_string(),
    }
}

pub(crate) const ANSWERS: &[(&str, AnswerMode)] = &[
    ("vip", AnswerMode::Vip),
    ("endpoints", AnswerMode::Endpoints),
    ("forward", AnswerMode::Forward),
];

/// The key of the hash of candidates: 16 ASCII characters, or 32 hexadecimal digits.
pub(crate) fn hash_key(text: &str) -> Result<[u8; 16], Reason> {
    if let (true, Ok(key)) = (text.is_ascii(), <[u8; 16]>::try_from(text.as_bytes())) {
        return Ok(key);
    }
    let digits = (text.len() == 32 && text.is_ascii())
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
        .filter(|_| !text.starts_with('+'));
    digits.map(u128::to_be_bytes).ok_or_else(|| {
        Reason::new(
            "not a key of 16 octets",
            "write 16 ASCII characters or 32 hexadecimal digits",
        )
    })
}

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// A log level, or filter directives `target=level` with commas between.
pub(crate) fn log_filter(text: &str) -> Result<String, Reason> {
    for directive in text.split(',') {
        let level = directive.rsplit('=').next().unwrap_or(directive).trim();
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            let hint = "write error, warn, info, debug, trace or off, or directives \
                        such as info,agent=debug";
            return Err(Reason::new(format!("`{level}` is not a log level"), hint));
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_binary_units() {
        let read = octets(1 << 20, 1 << 30);
        for (text, expected) in [("1048576", 1 << 20), ("32MiB", 32 << 20), ("1 Gi", 1 << 30)] {
            assert_eq!(read(text), Ok(expected));
        }
        for text in [
            "",
            "MiB",
            "32MB",
            "1KiB",
            "2GiB",
            "99999999999999999999GiB",
            "-1",
        ] {
            let hint = read(text).unwrap_err().hint;
            assert!(hint.contains("from 1MiB to 1GiB"), "{text}: {hint}");
        }
    }

    #[test]
    fn a_misspelt_level_is_no_filter() {
        assert!(log_filter("info,agent=debug").is_ok());
        assert!(log_filter("debgu").is_err());
        assert!(log_filter("agent=loud").is_err());
    }

    #[test]
    fn a_key_is_16_characters_or_32_digits() {
        assert_eq!(hash_key("callsign vip key"), Ok(*b"callsign vip key"));
        assert_eq!(
            hash_key("000102030405060708090a0b0c0d0e0f").unwrap()[15],
            15
        );
        assert!(hash_key("short").is_err());
        assert!(hash_key("+0102030405060708090a0b0c0d0e0f0").is_err());
    }
}
