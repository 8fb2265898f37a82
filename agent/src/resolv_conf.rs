//! resolv.conf(5): which servers and search domains this machine uses.

use dns_core::NameBuf;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Port of DNS (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;
/// Most servers taken from a file: more than any libc uses, and few enough for one question.
const SERVERS_MAX: usize = 8;
/// Most search domains taken from a file: glibc had six for long, and has no limit today.
const SEARCH_MAX: usize = 32;

/// What a resolv.conf says. Options, sort lists and lines that are not understood are skipped, as
/// libc does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// Servers in the order of the file, none twice, port 53.
    pub servers: Vec<SocketAddr>,
    /// Search domains of the last `search` or `domain` line.
    pub search: Vec<NameBuf>,
}

impl ResolvConf {
    /// Reads the text of a file. `interface_index` gives the number of an interface for addresses
    /// such as `fe80::1%eth0`; a server on an interface that has none is left out.
    pub fn parse(text: &str, interface_index: impl Fn(&str) -> Option<u32>) -> Self {
        let mut found = ResolvConf::default();
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let server = words.next().and_then(|word| server(word, &interface_index));
                    found.add(server);
                }
                Some("search") => {
                    found.search = words.filter_map(domain).take(SEARCH_MAX).collect();
                }
                Some("domain") => found.search = words.filter_map(domain).take(1).collect(),
                _ => {}
            }
        }
        found
    }

    fn add(&mut self, server: Option<SocketAddr>) {
        let Some(server) = server else { return };
        if self.servers.len() < SERVERS_MAX && !self.servers.contains(&server) {
            self.servers.push(server);
        }
    }
}

/// The number of an interface of this machine, for [`ResolvConf::parse`].
pub fn interface_index(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
}

fn server(word: &str, interface_index: impl Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let Some((address, scope)) = word.split_once('%') else {
        return word
            .parse::<IpAddr>()
            .ok()
            .map(|ip| SocketAddr::new(ip, DNS_PORT));
    };
    let address: Ipv6Addr = address.parse().ok()?;
    let scope = scope.parse().ok().or_else(|| interface_index(scope))?;
    Some(SocketAddrV6::new(address, DNS_PORT, 0, scope).into())
}

fn domain(word: &str) -> Option<NameBuf> {
    NameBuf::parse(word)
        .ok()
        .filter(|name| !name.as_name().is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ResolvConf {
        ResolvConf::parse(text, |name| (name == "eth0").then_some(7))
    }

    fn servers(text: &str) -> Vec<String> {
        parse(text)
            .servers
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn servers_keep_their_order_and_repeats_are_dropped() {
        let text = "# made by hand\nnameserver 10.0.0.10\n\tnameserver 2001:db8::1 # two\n\
                    nameserver 10.0.0.10\noptions ndots:5\nnameserver\nnameserver nonsense\n";
        assert_eq!(servers(text), ["10.0.0.10:53", "[2001:db8::1]:53"]);
    }

    #[test]
    fn a_scope_is_a_number_or_an_interface_that_exists() {
        assert_eq!(servers("nameserver fe80::1%3"), ["[fe80::1%3]:53"]);
        assert_eq!(servers("nameserver fe80::1%eth0"), ["[fe80::1%7]:53"]);
        assert!(servers("nameserver fe80::1%gone").is_empty());
    }

    #[test]
    fn the_last_of_search_and_domain_wins() {
        let search = |text: &str| -> Vec<String> {
            parse(text).search.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            search("domain a.example\nsearch b.example c.example\n"),
            ["b.example", "c.example"]
        );
        assert_eq!(
            search("search b.example c.example\ndomain a.example\n"),
            ["a.example"]
        );
        assert!(search("search .\n").is_empty());
    }

    #[test]
    fn no_more_servers_are_taken_than_the_bound() {
        let text: String = (0..20)
            .map(|i| format!("nameserver 10.0.0.{i}\n"))
            .collect();
        assert_eq!(parse(&text).servers.len(), SERVERS_MAX);
    }
}
