//! The walk over the `cache` section.

use super::walk::{Section, Walk};
use super::{times, values};
use dns_core::{CacheConfig, ResolverConfig};
use std::time::Duration;

/// Fewest octets: with less a burst of questions would push out what it has just fetched.
const OCTETS_MIN: usize = 1 << 20;
/// Most octets, 64 GiB: more than any node has to spare.
const OCTETS_MAX: usize = 64 << 30;
/// Largest TTL of negative answers, three hours (RFC 2308 section 5).
pub(super) const NEGATIVE_TTL_MAX_SECS: u32 = 10_800;
/// Longest time that a failure is kept, five minutes (RFC 9520 section 3.2).
const FAILURE_TTL_MAX_SECS: u32 = 300;
/// Longest time that an answer is served stale, three days (RFC 8767 section 5).
const STALE_MAX_SECS: u32 = 3 * 86_400;
/// Largest TTL of a stale answer, and longest rest of a refresh that failed: five minutes, or
/// clients would keep what is known to be old.
const STALE_TTL_MAX_SECS: u32 = 300;

/// Reads the `cache` section; `None` with `no_cache`. When a stale answer is given is the
/// resolver's to know.
pub(super) fn read(
    walk: &mut Walk,
    root: &Section<'_>,
    resolver: &mut ResolverConfig,
) -> Option<CacheConfig> {
    let is_off = walk.optional(root.field("no_cache"), values::truth) == Some(true);
    let mut cache = CacheConfig::default();
    if let Some(section) = root.field("cache").and_then(|field| walk.section(&field)) {
        read_section(walk, &section, &mut cache);
        let waits = times::duration(Duration::from_millis(10), Duration::from_secs(60));
        if let Some(wait) = walk.optional(section.field("stale_after"), waits) {
            resolver.stale_after_ms = times::millis(wait);
        }
    }
    (!is_off).then_some(cache)
}

fn read_section(walk: &mut Walk, section: &Section<'_>, cache: &mut CacheConfig) {
    let sizes = values::octets(OCTETS_MIN, OCTETS_MAX);
    if let Some(octets) = walk.optional(section.field("octets"), sizes) {
        cache.octets_max = octets;
    }
    if let Some(ttl) = walk.optional(section.field("ttl_max"), times::ttl) {
        cache.ttl_max_secs = ttl;
    }
    let seconds = [
        (
            "negative_ttl_max",
            (0, NEGATIVE_TTL_MAX_SECS),
            &mut cache.negative_ttl_max_secs,
        ),
        (
            "failure_ttl",
            (1, FAILURE_TTL_MAX_SECS),
            &mut cache.failure_ttl_secs,
        ),
        ("stale_max", (0, STALE_MAX_SECS), &mut cache.stale_max_secs),
        (
            "stale_ttl",
            (1, STALE_TTL_MAX_SECS),
            &mut cache.stale_ttl_secs,
        ),
        (
            "stale_recheck",
            (1, STALE_TTL_MAX_SECS),
            &mut cache.stale_recheck_secs,
        ),
    ];
    for (name, (min, max), place) in seconds {
        let found = walk.optional(section.field(name), times::seconds(min, max));
        *place = found.unwrap_or(*place);
    }
    let shares = values::number(0, 90);
    if let Some(percent) = walk.optional(section.field("prefetch_percent"), shares) {
        cache.prefetch_percent = u8::try_from(percent).unwrap_or(u8::MAX);
    }
}
