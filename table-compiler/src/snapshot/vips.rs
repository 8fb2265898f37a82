//! Virtual addresses as a snapshot has them: configuration, ledger, and addresses that are taken.

use super::SnapshotError;
use super::text::Text;
use dns_core::vip::journal::{self, HEADER};
use dns_core::vip::{Family, Given, GivenBy, Ledger, Pool, PoolKind, Pools, VipConfig, VipKey};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredVips {
    pools: StoredPools,
    key: Text<[u8; 16]>,
    quarantine_secs: u64,
    ttl_max_secs: u64,
    records_max: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPools {
    names: Vec<Text<IpNet>>,
    instances: Vec<Text<IpNet>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredGiven {
    address: IpAddr,
    key: Text<VipKey>,
    by: Text<GivenBy>,
}

impl From<&VipConfig> for StoredVips {
    fn from(config: &VipConfig) -> Self {
        let VipConfig {
            pools,
            hash_key,
            quarantine_secs,
            ttl_max_secs,
            records_max,
        } = config;
        let blocks = |kind| {
            let pool = pools.of(kind);
            let blocks = Family::ALL.map(|family| pool.blocks(family));
            blocks.concat().into_iter().map(Text).collect()
        };
        StoredVips {
            pools: StoredPools {
                names: blocks(PoolKind::Names),
                instances: blocks(PoolKind::Instances),
            },
            key: Text(*hash_key),
            quarantine_secs: *quarantine_secs,
            ttl_max_secs: *ttl_max_secs,
            records_max: *records_max,
        }
    }
}

impl StoredVips {
    pub(super) fn restore(self) -> Result<VipConfig, SnapshotError> {
        let pool = |field, blocks: Vec<Text<IpNet>>| {
            let blocks = blocks.into_iter().map(|block| block.0);
            Pool::new(blocks).map_err(|error| SnapshotError::field(field, error))
        };
        let names = pool("vips.pools.names", self.pools.names)?;
        let instances = pool("vips.pools.instances", self.pools.instances)?;
        let pools = Pools::new(names, instances);
        Ok(VipConfig {
            pools: pools.map_err(|error| SnapshotError::field("vips.pools", error))?,
            hash_key: self.key.0,
            quarantine_secs: self.quarantine_secs,
            ttl_max_secs: self.ttl_max_secs,
            records_max: self.records_max,
        })
    }
}

/// The lines of the journal that replays to the ledger, without its header.
pub(super) fn journal_of(ledger: &Ledger) -> Vec<String> {
    let journal = journal::snapshot(ledger);
    let text = String::from_utf8_lossy(&journal);
    text.lines().skip(1).map(str::to_owned).collect()
}

/// The ledger of these lines.
pub(super) fn ledger_of(lines: &[String], config: VipConfig) -> Result<Ledger, SnapshotError> {
    let mut octets = HEADER.to_vec();
    for line in lines {
        octets.extend_from_slice(line.as_bytes());
        octets.push(b'\n');
    }
    let replay = journal::replay(&octets, config);
    let replay = replay.map_err(|error| SnapshotError::field("ledger", error))?;
    match replay.damage {
        // The header is line 1.
        Some(damage) => Err(SnapshotError::field(
            &format!("ledger[{}]", damage.line.saturating_sub(2)),
            "is damaged: its checksum does not fit",
        )),
        None => Ok(replay.ledger),
    }
}

pub(super) fn store_given(occupied: &BTreeMap<IpAddr, Given>) -> Vec<StoredGiven> {
    let stored = |(address, given): (&IpAddr, &Given)| {
        let Given { key, by } = given.clone();
        StoredGiven {
            address: *address,
            key: Text(key),
            by: Text(by),
        }
    };
    occupied.iter().map(stored).collect()
}

pub(super) fn restore_given(stored: Vec<StoredGiven>) -> BTreeMap<IpAddr, Given> {
    let given = |stored: StoredGiven| {
        let given = Given {
            key: stored.key.0,
            by: stored.by.0,
        };
        (stored.address, given)
    };
    stored.into_iter().map(given).collect()
}
