//! [`Upstream`]: one server as it is written, by address or by name.

use super::values;
use super::walk::Reason;
use dns_core::{NameBuf, Protocol, Server};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Port of DNS over UDP and TCP (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;
/// Port of DNS over TLS (RFC 7858 section 3.1).
const TLS_PORT: u16 = 853;

/// A server for names that are not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// At an address.
    At(Server),
    /// At the addresses of a host name, which [`crate::upstream_names`] looks up.
    Named(NamedServer),
}

/// A server at the addresses of a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedServer {
    /// The name; absolute, no search domain is added.
    pub host: NameBuf,
    /// Port at each of its addresses.
    pub port: u16,
    /// How it is spoken to.
    pub protocol: Protocol,
}

impl NamedServer {
    /// The server at one of its addresses.
    pub fn at(&self, address: IpAddr) -> Server {
        Server {
            address: SocketAddr::new(address, self.port),
            protocol: self.protocol.clone(),
        }
    }
}

/// As it is written, with its port.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (protocol, place) = match self {
            Upstream::At(server) => (&server.protocol, server.address.to_string()),
            Upstream::Named(named) => (&named.protocol, format!("{}:{}", named.host, named.port)),
        };
        match protocol {
            Protocol::Udp => f.write_str(&place),
            Protocol::Tcp => write!(f, "tcp://{place}"),
            Protocol::Tls(name) => write!(f, "tls://{place}#{name}"),
        }
    }
}

/// What stands before `://`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Udp,
    Tcp,
    Tls,
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Scheme::Udp | Scheme::Tcp => DNS_PORT,
            Scheme::Tls => TLS_PORT,
        }
    }
}

/// Where a server is.
enum Place {
    At(SocketAddr),
    Named(NameBuf, u16),
}

/// `ADDR`, `ADDR:PORT`, `NAME` or `NAME:PORT`, with `udp://`, `tcp://` or `tls://` before it; over
/// TLS the name of the certificate stands behind `#`, or behind `%` as CoreDNS writes it.
pub(crate) fn upstream(text: &str) -> Result<Upstream, Reason> {
    let (scheme, rest) = scheme_of(text)?;
    let (place, certificate) = match scheme {
        Scheme::Udp | Scheme::Tcp => (rest, None),
        Scheme::Tls => split_certificate(rest),
    };
    let place = place_of(text, place, scheme.port())?;
    let protocol = match scheme {
        Scheme::Udp => Protocol::Udp,
        Scheme::Tcp => Protocol::Tcp,
        Scheme::Tls => Protocol::Tls(certificate_name(text, certificate, &place)?),
    };
    Ok(match place {
        Place::At(address) => Upstream::At(Server { address, protocol }),
        Place::Named(host, port) => Upstream::Named(NamedServer {
            host,
            port,
            protocol,
        }),
    })
}

/// `ADDR`, `ADDR:PORT` or `[v6]:PORT`; port 53 if none is written.
pub(crate) fn server_address(text: &str) -> Result<SocketAddr, Reason> {
    address(text, DNS_PORT)?.ok_or_else(|| {
        Reason::new(
            format!("`{text}` is not the address of a server"),
            "write for example 10.0.0.10, 10.0.0.10:5353 or [2001:db8::1]:53",
        )
    })
}

fn scheme_of(text: &str) -> Result<(Scheme, &str), Reason> {
    let Some((word, rest)) = text.split_once("://") else {
        return Ok((Scheme::Udp, text));
    };
    let scheme = match word {
        "udp" | "dns" => Scheme::Udp,
        "tcp" => Scheme::Tcp,
        "tls" => Scheme::Tls,
        _ => {
            let reason = format!("servers are not spoken to over `{word}`");
            return Err(Reason::new(reason, "write udp://, tcp:// or tls://"));
        }
    };
    Ok((scheme, rest))
}

/// The name of the certificate, and what stands before it. Within brackets `%` is the interface of
/// an address.
fn split_certificate(text: &str) -> (&str, Option<&str>) {
    if let Some((place, name)) = text.split_once('#') {
        return (place, Some(name));
    }
    let after_brackets = text.rfind(']').unwrap_or(0);
    match text[after_brackets..].split_once('%') {
        Some((before, name)) => (&text[..after_brackets + before.len()], Some(name)),
        None => (text, None),
    }
}

/// The name that the certificate must be valid for: the one written, else that of the host.
fn certificate_name(text: &str, written: Option<&str>, place: &Place) -> Result<Arc<str>, Reason> {
    let name = match (written, place) {
        (Some(written), _) => values::name(written)?,
        (None, Place::Named(host, _)) => host.clone(),
        (None, Place::At(_)) => {
            let reason = format!("`{text}` has no name for its certificate");
            let hint =
                format!("write {text}#dns.example.net, with the name that it is made out to");
            return Err(Reason::new(reason, hint));
        }
    };
    Ok(name.to_string().trim_end_matches('.').into())
}

fn place_of(text: &str, place: &str, port: u16) -> Result<Place, Reason> {
    if let Some(address) = address(place, port)? {
        return Ok(Place::At(address));
    }
    let bad = || {
        Reason::new(
            format!("`{text}` is not the address or the name of a server"),
            "write for example 10.0.0.10, 10.0.0.10:5353, [2001:db8::1]:53, dns.example.net or \
             tls://9.9.9.9#dns.quad9.net",
        )
    };
    let (host, port) = match place.split_once(':') {
        Some((host, digits)) => (host, digits.parse().ok().filter(|port| *port != 0)),
        None => (place, Some(port)),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.eq_ignore_ascii_case("localhost") {
        let hint = "write 127.0.0.1 or [::1]";
        return Err(Reason::new("`localhost` is not looked up", hint));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_name = host != "none" && last.bytes().any(|octet| octet.is_ascii_alphabetic());
    match (values::name(host), port) {
        (Ok(host), Some(port)) if is_name => Ok(Place::Named(host, port)),
        _ => Err(bad()),
    }
}

/// The address, if the text is one that can be asked.
fn address(text: &str, port: u16) -> Result<Option<SocketAddr>, Reason> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = match (text.parse::<SocketAddr>(), bare.parse::<IpAddr>()) {
        (Ok(address), _) => address,
        (Err(_), Ok(ip)) => SocketAddr::new(ip, port),
        (Err(_), Err(_)) => return Ok(None),
    };
    if address.port() == 0 || !is_of_one_host(address.ip()) {
        let hint = "write the address and port of one server";
        return Err(Reason::new(
            format!("nobody can be asked at {address}"),
            hint,
        ));
    }
    Ok(Some(address))
}

/// Whether one server can be asked there: at no unspecified, multicast or broadcast address.
pub(crate) fn is_of_one_host(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    !(ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_the_port_of_its_protocol_unless_one_is_written() {
        for (text, expected) in [
            ("10.0.0.10", "10.0.0.10:53"),
            ("udp://10.0.0.10:5353", "10.0.0.10:5353"),
            ("dns://10.0.0.10", "10.0.0.10:53"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[2001:db8::1]", "[2001:db8::1]:53"),
            ("tcp://[2001:db8::1]:5353", "tcp://[2001:db8::1]:5353"),
            ("tcp://10.0.0.10", "tcp://10.0.0.10:53"),
            (
                "tls://9.9.9.9#dns.quad9.net",
                "tls://9.9.9.9:853#dns.quad9.net",
            ),
            (
                "tls://9.9.9.9:8853%dns.quad9.net",
                "tls://9.9.9.9:8853#dns.quad9.net",
            ),
            (
                "tls://[2620:fe::9]%dns.quad9.net",
                "tls://[2620:fe::9]:853#dns.quad9.net",
            ),
            ("dns.example.net", "dns.example.net:53"),
            ("coredns:5353", "coredns:5353"),
            (
                "tls://dns.example.net",
                "tls://dns.example.net:853#dns.example.net",
            ),
            (
                "tls://dns.example.net#other.example.net",
                "tls://dns.example.net:853#other.example.net",
            ),
        ] {
            let shown = upstream(text).map(|server| server.to_string());
            assert_eq!(shown, Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_said_with_a_remedy() {
        for (text, hint) in [
            ("", "10.0.0.10"),
            ("none", "10.0.0.10"),
            ("10.0.0.300", "10.0.0.10"),
            ("10.0.0.10:x", "10.0.0.10"),
            ("dns.example.net:0", "10.0.0.10"),
            ("10.0.0.10:0", "one server"),
            ("0.0.0.0", "one server"),
            ("224.0.0.1", "one server"),
            ("255.255.255.255", "one server"),
            ("tcp://[::]", "one server"),
            ("[ff02::1]:53", "one server"),
            ("::ffff:0.0.0.0", "one server"),
            ("localhost", "127.0.0.1"),
            ("https://dns.example.net/dns-query", "tls://"),
            ("tls://9.9.9.9", "tls://9.9.9.9#dns.example.net"),
            ("tls://9.9.9.9#", "mesh.example.com"),
        ] {
            let reason = upstream(text).unwrap_err();
            assert!(reason.hint.contains(hint), "{text}: {reason:?}");
        }
    }

    #[test]
    fn the_address_of_a_server_is_no_name() {
        assert!(server_address("dns.example.net").is_err());
        assert!(server_address("10.0.0.10").is_ok());
    }
}
