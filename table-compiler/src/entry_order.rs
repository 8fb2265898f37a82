//! The order of table entries.

use dns_core::HostEntry;
use std::cmp::Ordering;

/// Order of entries: by name, then by rank of the variants of a name. The older comes first;
/// no creation time is youngest.
pub(crate) fn by_name_and_rank(a: &HostEntry, b: &HostEntry) -> Ordering {
    let rank = |entry: &HostEntry| {
        (
            entry.kind,
            !entry.canonical,
            entry.created_secs.unwrap_or(u64::MAX),
        )
    };
    (a.name.cmp(&b.name))
        .then_with(|| rank(a).cmp(&rank(b)))
        .then_with(|| a.source.cluster.cmp(&b.source.cluster))
        .then_with(|| a.source.namespace.cmp(&b.source.namespace))
        .then_with(|| a.source.name.cmp(&b.source.name))
}
