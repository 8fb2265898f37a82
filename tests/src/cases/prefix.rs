//! A CIDR of a case.

use std::net::IpAddr;

/// A CIDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    first: IpAddr,
    len: u32,
}

impl Prefix {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts = || {
            let (first, len) = text.split_once('/')?;
            let prefix = Prefix {
                first: first.parse().ok()?,
                len: len.parse().ok()?,
            };
            (prefix.len <= width(prefix.first)).then_some(prefix)
        };
        parts().ok_or(format!("{text} is no CIDR"))
    }

    pub(super) fn has(&self, ip: IpAddr) -> bool {
        let host_bits = width(ip).saturating_sub(self.len);
        let network = |ip| bits(ip).checked_shr(host_bits).unwrap_or(0);
        ip.is_ipv4() == self.first.is_ipv4() && network(ip) == network(self.first)
    }
}

fn width(ip: IpAddr) -> u32 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_what_begins_with_it() {
        let has = |cidr: &str, ip: &str| Prefix::parse(cidr).unwrap().has(ip.parse().unwrap());
        assert!(has("240.240.2.0/24", "240.240.2.255"));
        assert!(!has("240.240.2.0/24", "240.240.3.0"));
        assert!(has("2001:2:0:2::/64", "2001:2:0:2::9"));
        assert!(!has("2001:2:0:2::/64", "2001:2:0:3::"));
        assert!(!has("0.0.0.0/0", "::1"));
        assert!(Prefix::parse("10.0.0.0/33").is_err());
    }
}
