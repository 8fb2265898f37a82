//! The walk over times to live and limits.

use super::read_forward::PENDING_MAX;
use super::walk::{Section, Walk};
use super::{times, values};
use crate::net::NetLimits;
use dns_core::ResolverConfig;
use std::time::Duration;

/// Largest limit of things per worker that cost a descriptor or a slot each.
const SLOTS_MAX: u64 = 1 << 16;

/// Reads the TTLs of the root and the `limits` section; `forward` is what its section said.
pub(super) fn read(
    walk: &mut Walk,
    root: &Section<'_>,
    forward: ResolverConfig,
) -> (ResolverConfig, NetLimits) {
    let ttl = walk.optional(root.field("ttl"), times::ttl);
    let negative_ttl = walk.optional(root.field("negative_ttl"), times::ttl);
    let endpoints_ttl = walk.optional(root.field("endpoints_ttl"), times::ttl);
    let mut resolver = ResolverConfig {
        ttl_secs: ttl.unwrap_or(forward.ttl_secs),
        negative_ttl_secs: negative_ttl.unwrap_or(forward.negative_ttl_secs),
        endpoints_ttl_secs: endpoints_ttl.unwrap_or(forward.endpoints_ttl_secs),
        ..forward
    };
    let mut net = NetLimits::default();
    if let Some(limits) = root.field("limits").and_then(|field| walk.section(&field)) {
        let counts = [
            (
                "forward_pending_max",
                PENDING_MAX,
                &mut resolver.forward_pending_max,
            ),
            (
                "forward_waiters_max",
                SLOTS_MAX,
                &mut resolver.forward_waiters_max,
            ),
            (
                "tcp_connections_max",
                SLOTS_MAX,
                &mut net.tcp_connections_max,
            ),
            (
                "tcp_connections_per_client_max",
                SLOTS_MAX,
                &mut net.tcp_connections_per_client_max,
            ),
            ("tcp_in_flight_max", SLOTS_MAX, &mut net.tcp_in_flight_max),
        ];
        for (name, max, limit) in counts {
            let found = walk.optional(limits.field(name), values::number(1, max));
            *limit = found
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(*limit);
        }
        let idle = times::duration(Duration::from_secs(1), Duration::from_secs(3_600));
        if let Some(idle) = walk.optional(limits.field("tcp_idle"), idle) {
            net.tcp_idle_ms = times::millis(idle);
        }
        read_shares(walk, &limits, &mut resolver);
    }
    (resolver, net)
}

/// How questions of several clients share what there is.
fn read_shares(walk: &mut Walk, limits: &Section<'_>, resolver: &mut ResolverConfig) {
    let percent = walk.optional(
        limits.field("forward_client_percent"),
        values::number(1, 100),
    );
    if let Some(percent) = percent.and_then(|percent| u8::try_from(percent).ok()) {
        resolver.forward_client_percent = percent;
    }
    let waits = times::duration(Duration::from_millis(10), Duration::from_secs(10));
    if let Some(jostle) = walk.optional(limits.field("forward_jostle"), waits) {
        resolver.forward_jostle_ms = times::millis(jostle);
    }
}
