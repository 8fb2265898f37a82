//! Explicit hosts among the patterns of a gateway.

use crate::input::NamePattern;
use dns_core::NameBuf;

/// The one host of a pattern that is no wildcard.
pub(super) fn exact(pattern: &NamePattern) -> Option<&NameBuf> {
    match pattern {
        NamePattern::Exact(name) => Some(name),
        NamePattern::Any | NamePattern::Below(_) => None,
    }
}

/// The host that two patterns have in common, where at least one of them is a host.
pub(super) fn common<'a>(a: &'a NamePattern, b: &'a NamePattern) -> Option<&'a NameBuf> {
    match (exact(a), exact(b)) {
        (Some(host), _) => b.matches(host.as_name()).then_some(host),
        (None, Some(host)) => a.matches(host.as_name()).then_some(host),
        (None, None) => None,
    }
}
