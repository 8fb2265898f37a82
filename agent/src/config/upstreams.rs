//! [`Upstreams`]: who is asked for names that are not ours, and the check that it is not us.

use super::upstream::{self, Upstream};
use super::walk::{Field, Located, Reason, Walk};
use crate::yaml::Value;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Servers for names that are not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstreams {
    /// The nameserver lines of a file like resolv.conf(5).
    ResolvConf(PathBuf),
    /// These, in order of preference.
    Servers(Vec<Upstream>),
    /// Nobody: such names are refused.
    None,
}

/// Whether a query to `server` would come back to one of the addresses we listen on.
///
/// On a wildcard listener every loopback address and every address of an interface of this
/// machine is ours; an IPv4-mapped address is its IPv4 address. Interfaces that cannot be listed
/// count as having none.
pub fn upstream_is_ourselves(listen: &[SocketAddr], server: SocketAddr) -> bool {
    is_ourselves(listen, server, local_addresses)
}

fn is_ourselves(
    listen: &[SocketAddr],
    server: SocketAddr,
    local_addresses: impl FnOnce() -> Vec<IpAddr>,
) -> bool {
    let ip = server.ip().to_canonical();
    let mut same_port = listen
        .iter()
        .filter(|own| own.port() == server.port() && own.port() != 0);
    let is_direct = same_port.clone().any(|own| own.ip().to_canonical() == ip);
    let has_wildcard = same_port.any(|own| takes_in(own.ip(), ip));
    is_direct
        || (has_wildcard
            && (ip.is_loopback() || ip.is_unspecified() || local_addresses().contains(&ip)))
}

/// Whether a wildcard listener serves the family of `ip`; `::` serves both.
fn takes_in(own: IpAddr, ip: IpAddr) -> bool {
    match own.to_canonical() {
        IpAddr::V4(own) => own.is_unspecified() && ip.is_ipv4(),
        IpAddr::V6(own) => own.is_unspecified(),
    }
}

fn local_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    interfaces
        .filter_map(|interface| interface.address)
        .filter_map(|address| {
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        })
        .map(|ip| ip.to_canonical())
        .collect()
}

/// Reads a list of servers, or `none`. Servers that are ourselves or given twice are faults.
pub(crate) fn read(walk: &mut Walk, field: &Field<'_>, listen: &[SocketAddr]) -> Vec<Upstream> {
    if is_none(field) {
        return Vec::new();
    }
    let problems_before = walk.problems.len();
    let servers = walk.list(field, upstream::upstream);
    if servers.is_empty() && walk.problems.len() == problems_before {
        walk.fault(
            field,
            Reason::new(
                "an empty list",
                "write servers, or none to refuse names that are not ours",
            ),
        );
    }
    for (index, server) in servers.iter().enumerate() {
        if let Some(reason) = objection(server, &servers[..index], listen) {
            walk.fault_at(server.at.clone(), server.path.clone(), reason);
        }
    }
    servers.into_iter().map(|server| server.value).collect()
}

/// Reads the servers that host names of servers are looked up with: addresses alone, not ours.
pub(crate) fn read_bootstrap(
    walk: &mut Walk,
    field: &Field<'_>,
    listen: &[SocketAddr],
) -> Vec<SocketAddr> {
    let servers = walk.list(field, upstream::server_address);
    for server in &servers {
        if let Some(reason) = is_our_own(server.value, listen) {
            walk.fault_at(server.at.clone(), server.path.clone(), reason);
        }
    }
    servers.into_iter().map(|server| server.value).collect()
}

fn objection(
    server: &Located<Upstream>,
    before: &[Located<Upstream>],
    listen: &[SocketAddr],
) -> Option<Reason> {
    if before.iter().any(|other| other.value == server.value) {
        return Some(Reason::new(
            format!("{} given twice", server.value),
            "keep one of them",
        ));
    }
    match &server.value {
        Upstream::At(server) => is_our_own(server.address, listen),
        Upstream::Named(_) => None,
    }
}

fn is_our_own(server: SocketAddr, listen: &[SocketAddr]) -> Option<Reason> {
    upstream_is_ourselves(listen, server).then(|| {
        Reason::new(
            format!("{server} is an address we listen on: every forwarded query would come back"),
            "write another server, or none",
        )
    })
}

fn is_none(field: &Field<'_>) -> bool {
    let is_word = |value: &Value| matches!(value, Value::Scalar(text) if text == "none");
    match &field.node.value {
        Value::List(items) => items.len() == 1 && is_word(&items[0].value),
        value => is_word(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(listen: &str, server: &str) -> bool {
        let local = || vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        is_ourselves(&[listen.parse().unwrap()], server.parse().unwrap(), local)
    }

    #[test]
    fn a_server_at_our_own_address_and_port_is_ourselves() {
        assert!(ours("127.0.0.1:53", "127.0.0.1:53"));
        assert!(ours("127.0.0.1:53", "[::ffff:127.0.0.1]:53"));
        assert!(!ours("127.0.0.1:53", "127.0.0.1:54"));
        assert!(!ours("127.0.0.1:53", "127.0.0.2:53"));
        assert!(!ours("127.0.0.1:53", "192.0.2.7:53"));
    }

    #[test]
    fn a_wildcard_listener_is_every_address_of_this_machine() {
        for listen in ["0.0.0.0:53", "[::]:53", "[::ffff:0.0.0.0]:53"] {
            for server in [
                "127.0.0.1:53",
                "127.9.9.9:53",
                "192.0.2.7:53",
                "[::ffff:192.0.2.7]:53",
            ] {
                assert!(ours(listen, server), "{listen} {server}");
            }
            assert!(!ours(listen, "192.0.2.8:53"));
            assert!(!ours(listen, "192.0.2.7:5353"));
        }
        assert!(ours("[::]:53", "[::1]:53"));
        assert!(ours("[::]:53", "[2001:db8::7]:53"));
        assert!(!ours("0.0.0.0:53", "[::1]:53"));
    }
}
