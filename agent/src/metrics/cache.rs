//! What the cache holds and has done.

use super::family::{Family, Labels, Series};
use dns_core::cache::Cache;

/// All metrics of a cache.
pub(super) fn of(cache: &Cache) -> [Family; 5] {
    let usage = cache.usage();
    [
        gauge(
            "callsign_cache_entries",
            "Entries of the cache.",
            usage.entries,
        ),
        gauge(
            "callsign_cache_octets",
            "Memory that the cache takes.",
            usage.octets,
        ),
        gauge(
            "callsign_cache_octets_max",
            "Memory that the cache may take.",
            cache.config().octets_max,
        ),
        counter(
            "callsign_cache_inserts",
            "Entries put into the cache.",
            usage.inserts,
        ),
        counter(
            "callsign_cache_evictions",
            "Entries that had to go for others.",
            usage.evictions,
        ),
    ]
}

fn gauge(name: &'static str, help: &'static str, value: usize) -> Family {
    Family {
        name,
        help,
        series: Series::Gauge(vec![(Labels::new(), value as f64)]),
    }
}

fn counter(name: &'static str, help: &'static str, value: u64) -> Family {
    Family {
        name,
        help,
        series: Series::Counter(vec![(Labels::new(), value)]),
    }
}
