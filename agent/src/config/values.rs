//! Text to values: addresses, names, numbers, words. Each says why a text is not one.

use super::walk::Reason;
use dns_core::{AnswerMode, NameBuf, Strategy};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Port of DNS (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;
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

/// `ADDR`, `ADDR:PORT` or `[v6]:PORT`; port 53 if none is written.
pub(crate) fn server_address(text: &str) -> Result<SocketAddr, Reason> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = match (text.parse::<SocketAddr>(), bare.parse::<IpAddr>()) {
        (Ok(address), _) => address,
        (Err(_), Ok(ip)) => SocketAddr::new(ip, DNS_PORT),
        (Err(_), Err(_)) => {
            return Err(Reason::new(
                format!("`{text}` is not the address of a server"),
                "write for example 10.0.0.10, 10.0.0.10:5353 or [2001:db8::1]:53; \
                 host names are not looked up",
            ));
        }
    };
    if address.port() == 0 || address.ip().is_unspecified() || address.ip().is_multicast() {
        let hint = "write the address and port of one server";
        return Err(Reason::new(
            format!("nobody can be asked at {address}"),
            hint,
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
    ("parallel", Strategy::Parallel),
];

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
    fn a_server_has_port_53_unless_one_is_written() {
        for (text, expected) in [
            ("10.0.0.10", "10.0.0.10:53"),
            ("10.0.0.10:5353", "10.0.0.10:5353"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[2001:db8::1]", "[2001:db8::1]:53"),
            ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
        ] {
            assert_eq!(
                server_address(text).map(|a| a.to_string()),
                Ok(expected.to_owned())
            );
        }
        for text in [
            "",
            "dns.example.com",
            "10.0.0.10:0",
            "0.0.0.0",
            "224.0.0.1",
            "10.0.0.10:x",
        ] {
            assert!(server_address(text).is_err(), "{text}");
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
