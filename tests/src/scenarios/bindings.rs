//! What placeholders stand for: bound on first use, the same ever after.

use super::settings::Blocks;
use crate::records::data_matches;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A placeholder for an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Placeholder {
    /// Virtual address of a name, of IPv4 or IPv6.
    Vip(Family, String),
    /// Virtual address of an instance, by `HOST@CLUSTER`.
    Instance(Family, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    V4,
    V6,
}

impl Placeholder {
    /// Reads one; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.strip_prefix('$')?.split_once('(')?;
        let inner = rest.strip_suffix(')')?.to_ascii_lowercase();
        match kind {
            "vip4" => Some(Placeholder::Vip(Family::V4, inner)),
            "vip6" => Some(Placeholder::Vip(Family::V6, inner)),
            "inst4" => Some(Placeholder::Instance(Family::V4, inner)),
            "inst6" => Some(Placeholder::Instance(Family::V6, inner)),
            _ => None,
        }
    }

    /// The name whose address it is.
    pub(super) fn name(&self) -> &str {
        match self {
            Placeholder::Vip(_, name) => name,
            Placeholder::Instance(_, key) => key.split('@').next().unwrap_or(key),
        }
    }

    pub(super) fn family(&self) -> Family {
        match self {
            Placeholder::Vip(family, _) | Placeholder::Instance(family, _) => *family,
        }
    }
}

/// What the placeholders of a scenario stand for.
#[derive(Clone, Debug)]
pub(super) struct Bindings {
    blocks: Blocks,
    bound: BTreeMap<Placeholder, IpAddr>,
}

impl Bindings {
    /// None is bound yet.
    pub(super) fn new(blocks: Blocks) -> Self {
        Bindings {
            blocks,
            bound: BTreeMap::new(),
        }
    }

    pub(super) fn get(&self, placeholder: &Placeholder) -> Option<IpAddr> {
        self.bound.get(placeholder).copied()
    }

    /// Whether the placeholder stands for that address. One that is not bound yet is, if it may
    /// be.
    pub(super) fn is(&mut self, placeholder: &Placeholder, address: IpAddr) -> bool {
        if let Some(bound) = self.get(placeholder) {
            return bound == address;
        }
        let is_of_pool = match placeholder {
            Placeholder::Vip(..) => self.blocks.is_name(address),
            Placeholder::Instance(..) => self.blocks.is_instance(address),
        };
        let is_of_family = match placeholder.family() {
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        let is_new = self.bound.values().all(|other| *other != address);
        if is_of_pool && is_of_family && is_new {
            self.bound.insert(placeholder.clone(), address);
            return true;
        }
        false
    }

    /// Whether a text that came is the one expected: `*` is any, placeholders are bound, names and
    /// addresses are compared by what they mean.
    pub(super) fn matches(&mut self, expected: &str, got: &str) -> bool {
        if expected == "*" {
            return true;
        }
        match Placeholder::parse(expected) {
            Some(placeholder) => got
                .parse()
                .is_ok_and(|address| self.is(&placeholder, address)),
            None => data_matches(expected, got),
        }
    }

    /// The address that a text means: an address, or a placeholder that is bound.
    pub(super) fn address(&self, text: &str) -> Result<IpAddr, String> {
        match Placeholder::parse(text) {
            Some(placeholder) => self
                .get(&placeholder)
                .ok_or_else(|| format!("{text} is not bound yet")),
            None => text
                .parse()
                .map_err(|_| format!("{text} is not an address")),
        }
    }

    /// The name that a text means: a name, or `$ptr(ADDRESS)`.
    pub(super) fn name(&self, text: &str) -> Result<String, String> {
        let inner = text
            .strip_prefix("$ptr(")
            .and_then(|rest| rest.strip_suffix(')'));
        match inner {
            Some(inner) => Ok(reverse_name(self.address(inner)?)),
            None => Ok(text.to_owned()),
        }
    }

    /// A text with what its placeholders stand for, for reports.
    pub(super) fn shown(&self, text: &str) -> String {
        match Placeholder::parse(text).map(|placeholder| self.get(&placeholder)) {
            Some(Some(address)) => format!("{text}={address}"),
            Some(None) => format!("{text} (not bound)"),
            None => text.to_owned(),
        }
    }
}

/// The name below `in-addr.arpa.` or `ip6.arpa.` of an address.
pub(super) fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev();
            let labels: String = nibbles
                .map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4))
                .collect();
            format!("{labels}ip6.arpa.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_bound_once_in_its_pool_and_to_no_address_of_another() {
        let mut bindings = Bindings::new(Blocks::of(None).unwrap());
        assert!(!bindings.matches("$vip4(a.example.com)", "10.0.0.1"));
        assert!(bindings.matches("$vip4(a.example.com)", "240.240.0.7"));
        assert!(bindings.matches("$vip4(A.example.com)", "240.240.0.7"));
        assert!(!bindings.matches("$vip4(a.example.com)", "240.240.0.8"));
        assert!(!bindings.matches("$vip4(b.example.com)", "240.240.0.7"));
        assert!(!bindings.matches("$inst4(h.a@c)", "240.240.0.9"));
        assert!(bindings.matches("$inst4(h.a@c)", "251.0.0.9"));
        let name = bindings.name("$ptr($vip4(a.example.com))").unwrap();
        assert_eq!(name, "7.0.240.240.in-addr.arpa.");
    }
}
