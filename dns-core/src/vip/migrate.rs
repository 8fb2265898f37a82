//! [`Ledger::migrate`]: names leave addresses that are not in their pool any more.

use super::assign::Assignment;
use super::demand::Place;
use super::key::VipKey;
use super::ledger::Ledger;
use super::pool::{Family, PoolKind};
use super::record::Record;
use super::turn::Turn;
use alloc::vec::Vec;
use core::net::IpAddr;

/// What a migration would do to one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMove {
    /// The name.
    pub key: VipKey,
    /// The family.
    pub family: Family,
    /// Its address, outside its pool.
    pub from: IpAddr,
    /// The address it would get; `None` if the pool has none left: the name would stay.
    pub to: Option<IpAddr>,
}

impl Ledger {
    /// What [`Ledger::migrate`] would do at this time, in the order of the keys. Changes nothing.
    ///
    /// A copy of the ledger is made, so the cost grows with its size.
    pub fn plan_migration(&self, now_ms: u64) -> Vec<PlannedMove> {
        let mut trial = self.clone();
        trial.migrate(now_ms);
        let planned = self.strays().map(|(record, (key, family))| {
            let to = trial.address_of(&key, family);
            PlannedMove {
                to: to.filter(|to| *to != record.address),
                from: record.address,
                key,
                family,
            }
        });
        planned.collect()
    }

    /// Gives every name whose allotted or imported address lies outside its pool one of the pool,
    /// in the order of the keys.
    ///
    /// The old address leads back to the name for the largest TTL ([`Ledger::former_of`]). A name
    /// for which the pool has nothing keeps what it has and is among
    /// [`Assignment::exhausted`]. Addresses that objects give are left alone.
    pub fn migrate(&mut self, now_ms: u64) -> Assignment {
        self.adopt();
        let strays = self.strays().map(|(record, place)| (record.clone(), place));
        let strays: Vec<(Record, Place)> = strays.collect();
        let mut turn = Turn::new(self, now_ms);
        for (record, place) in strays {
            turn.replace(record, place);
        }
        turn.finish()
    }

    /// Holders of addresses outside their pools, in the order of the keys.
    fn strays(&self) -> impl Iterator<Item = (&Record, Place)> {
        let held = self.allotted.iter().filter_map(|(place, address)| {
            let record = self.record(*address)?;
            Some((record, place.clone()))
        });
        held.filter(|(record, _)| {
            !self
                .config
                .pools
                .of(self.pool_for(record))
                .contains(record.address)
        })
    }

    fn pool_for(&self, record: &Record) -> PoolKind {
        let place = (record.key.clone(), record.family());
        let wanted = self.demand.wanted.get(&place);
        wanted.copied().unwrap_or(record.pool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vip::{Change, Pool, Pools, RecordState, TTL_MAX_SECS, VipConfig, Want};

    fn config(block: &str) -> VipConfig {
        let names = Pool::new([block.parse().unwrap()]).unwrap();
        VipConfig {
            pools: Pools::new(names, Pool::default_for(PoolKind::Instances)).unwrap(),
            ..VipConfig::default()
        }
    }

    fn key(name: &str) -> VipKey {
        VipKey::parse(name).unwrap()
    }

    fn ledger(names: &[&str]) -> Ledger {
        let mut ledger = Ledger::new(config("240.240.0.0/16"));
        let wanted = names.iter().map(|name| Want {
            key: key(name),
            family: Family::V4,
            pool: PoolKind::Names,
        });
        let change = Change {
            wanted: wanted.collect(),
            ..Change::default()
        };
        ledger.settle(0, &change);
        ledger
    }

    #[test]
    fn the_plan_says_what_would_be_and_changes_nothing() {
        let mut ledger = ledger(&["b", "a", "c"]);
        assert!(ledger.plan_migration(1).is_empty());
        ledger.reconfigure(config("10.9.8.0/24"));
        let before = ledger.clone();
        let plan = ledger.plan_migration(1);
        assert_eq!(ledger, before);
        let keys: Vec<&str> = plan.iter().map(|planned| planned.key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "c"]);

        let moves = ledger.migrate(1).moves;
        for (planned, moved) in plan.iter().zip(&moves) {
            assert_eq!((planned.from, planned.to), (moved.from, moved.to));
            let mut fresh = Ledger::new(config("10.9.8.0/24"));
            fresh.merge(&ledger);
            assert_eq!(fresh.address_of(&planned.key, Family::V4), planned.to);
        }
        assert!(ledger.plan_migration(1).is_empty());
        assert!(ledger.settle(1, &Change::default()).changes.is_empty());
    }

    #[test]
    fn both_addresses_are_the_names_for_the_largest_ttl() {
        let mut ledger = ledger(&["a"]);
        let old = ledger.address_of(&key("a"), Family::V4).unwrap();
        ledger.reconfigure(config("10.9.8.0/24"));
        ledger.migrate(5);
        let former = |now_ms| {
            ledger
                .former_of(&key("a"), now_ms)
                .any(|r| r.address == old)
        };
        assert!(former(5 + TTL_MAX_SECS * 1000 - 1));
        assert!(!former(5 + TTL_MAX_SECS * 1000));
        assert!(ledger.records().any(|r| r.state == RecordState::Moved));
    }

    #[test]
    fn a_pool_too_small_leaves_the_rest_where_it_is() {
        let mut ledger = ledger(&["a", "b", "c"]);
        let old = ledger.address_of(&key("c"), Family::V4);
        ledger.reconfigure(config("10.9.8.0/30"));
        let plan = ledger.plan_migration(1);
        assert_eq!(
            plan.iter().filter(|planned| planned.to.is_none()).count(),
            1
        );
        assert_eq!(ledger.migrate(1).exhausted, [(key("c"), Family::V4)]);
        assert_eq!(ledger.address_of(&key("c"), Family::V4), old);
        assert!(ledger.waiting().is_empty());
    }
}
