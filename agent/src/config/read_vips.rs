//! The walk over the `vips` section.

use super::walk::{Reason, Section, Walk};
use super::{VipsConfig, WildcardVips, times, values};
use dns_core::ResolverConfig;
use dns_core::vip::{Pool, PoolKind, Pools, QUARANTINE_TTLS, VipConfig};
use ipnet::IpNet;
use std::time::Duration;

/// Reads the `vips` section. The quarantine outlasts the TTLs of `resolver`.
pub(super) fn read(walk: &mut Walk, root: &Section<'_>, resolver: &ResolverConfig) -> VipsConfig {
    let largest_ttl = u64::from(resolver.ttl_secs.max(resolver.endpoints_ttl_secs));
    let mut ledger = VipConfig::default();
    ledger.ttl_max_secs = ledger.ttl_max_secs.max(largest_ttl);
    let quarantine_min = ledger.ttl_max_secs * QUARANTINE_TTLS;
    ledger.quarantine_secs = ledger.quarantine_secs.max(quarantine_min);
    let mut wildcards = WildcardVips::DynamicOnly;
    let Some(section) = root.field("vips").and_then(|field| walk.section(&field)) else {
        return VipsConfig { ledger, wildcards };
    };
    if let Some(hash_key) = walk.optional(section.field("key"), values::hash_key) {
        ledger.hash_key = hash_key;
    }
    if let Some(pools) = read_pools(walk, &section) {
        ledger.pools = pools;
    }
    let quarantines = times::duration(
        Duration::from_secs(quarantine_min),
        Duration::from_secs(365 * 86_400),
    );
    if let Some(quarantine) = walk.optional(section.field("quarantine"), quarantines) {
        ledger.quarantine_secs = quarantine.as_secs();
    }
    if walk.optional(section.field("wildcards"), values::truth) == Some(true) {
        wildcards = WildcardVips::All;
    }
    VipsConfig { ledger, wildcards }
}

fn read_pools(walk: &mut Walk, vips: &Section<'_>) -> Option<Pools> {
    let pools = vips.field("pools")?;
    let section = walk.section(&pools)?;
    let names = read_pool(walk, &section, PoolKind::Names);
    let instances = read_pool(walk, &section, PoolKind::Instances);
    let hint = "write both `names` and `instances`, with no address in common";
    Pools::new(names?, instances?)
        .map_err(|error| walk.fault(&pools, Reason::new(error.to_string(), hint)))
        .ok()
}

fn read_pool(walk: &mut Walk, pools: &Section<'_>, kind: PoolKind) -> Option<Pool> {
    let Some(field) = pools.field(kind.label()) else {
        return Some(Pool::default_for(kind));
    };
    let blocks = walk.list(&field, values::cidr);
    let mut taken: Vec<IpNet> = Vec::new();
    for block in &blocks {
        taken.push(block.value);
        if let Err(error) = Pool::new(taken.iter().copied()) {
            taken.pop();
            let reason = Reason::new(
                error.to_string(),
                "write wider blocks that share no address",
            );
            walk.fault_at(block.at.clone(), block.path.clone(), reason);
        }
    }
    Pool::new(taken).ok()
}
