//! Where a gateway is reached.

use super::field::{Invalid, Read, quoted};
use super::host::{HostPattern, dns_name};
use super::yaml::Yaml;
use dns_core::NameBuf;
use std::net::IpAddr;

/// An address of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum GatewayAddress {
    Ip(IpAddr),
    /// A name that has to be looked up.
    Host(NameBuf),
}

impl GatewayAddress {
    /// Reads an address that is the text of a field or a piece of it.
    pub(crate) fn in_text<'a>(item: &'a Yaml, text: &str) -> Read<'a, Self> {
        if let Ok(ip) = text.parse() {
            return Ok(GatewayAddress::Ip(ip));
        }
        dns_name(text, HostPattern::Exact)
            .map(GatewayAddress::Host)
            .map_err(|reason| {
                let reason = format!("{} {reason}", quoted(text));
                Invalid::new(item, reason, "write an IP address or a DNS name")
            })
    }
}
