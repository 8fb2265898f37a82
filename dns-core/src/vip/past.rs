//! [`Past`]: what the ledger knows about addresses beyond who holds them.

use super::key::VipKey;
use super::record::{Record, RecordState};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

/// A key and an address.
pub(super) type Pair = (VipKey, IpAddr);

/// Records of pairs whose key does not hold the address: lost, over, or not settled since a merge.
///
/// The sets are indices, each an exact function of the records, so that nobody has to search for
/// what has served its time.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    records: BTreeMap<Pair, Record>,
    /// Moved records, the oldest loss first.
    moved: BTreeSet<(u64, Pair)>,
    /// Tombstones, the oldest first.
    tombstones: BTreeSet<(u64, Pair)>,
    /// Contested claims, and releases of addresses that somebody else holds.
    loose: BTreeSet<Pair>,
}

impl Past {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn insert(&mut self, record: Record) {
        let pair = pair_of(&record);
        self.remove(&pair);
        let age = (record.changed_ms, pair.clone());
        match record.state {
            RecordState::Moved => {
                self.moved.insert(age);
            }
            RecordState::Tombstone => {
                self.tombstones.insert(age);
            }
            RecordState::Active
            | RecordState::Contested
            | RecordState::Released
            | RecordState::Forgotten => {
                self.loose.insert(pair.clone());
            }
        }
        self.records.insert(pair, record);
    }

    pub(super) fn remove(&mut self, pair: &Pair) -> Option<Record> {
        let record = self.records.remove(pair)?;
        let age = (record.changed_ms, pair.clone());
        self.moved.remove(&age);
        self.tombstones.remove(&age);
        self.loose.remove(pair);
        Some(record)
    }

    pub(super) fn get(&self, pair: &Pair) -> Option<&Record> {
        self.records.get(pair)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The records of one key, in the order of the addresses.
    pub(super) fn of_key(&self, key: &VipKey) -> impl Iterator<Item = &Record> {
        let lowest = IpAddr::from([0; 4]);
        self.records
            .range((key.clone(), lowest)..)
            .map(|(_, record)| record)
            .take_while(move |record| record.key == *key)
    }

    /// What a merge left to be settled, in the order of the keys.
    pub(super) fn loose(&self) -> Vec<Record> {
        let records = self.loose.iter().filter_map(|pair| self.get(pair));
        records.cloned().collect()
    }

    /// The claims among what a merge left.
    pub(super) fn contested(&self) -> impl Iterator<Item = &Record> {
        let records = self.loose.iter().filter_map(|pair| self.get(pair));
        records.filter(|record| record.state == RecordState::Contested)
    }

    /// Moved records of `until_ms` or earlier.
    pub(super) fn moved_until(&self, until_ms: u64) -> Vec<Record> {
        self.aged(&self.moved, until_ms)
    }

    /// Tombstones of `until_ms` or earlier.
    pub(super) fn tombstones_until(&self, until_ms: u64) -> Vec<Record> {
        self.aged(&self.tombstones, until_ms)
    }

    fn aged(&self, ages: &BTreeSet<(u64, Pair)>, until_ms: u64) -> Vec<Record> {
        let aged = ages.iter().take_while(|(since, _)| *since <= until_ms);
        aged.filter_map(|(_, pair)| self.get(pair))
            .cloned()
            .collect()
    }
}

impl PartialEq for Past {
    fn eq(&self, other: &Self) -> bool {
        self.records == other.records
    }
}

impl Eq for Past {}

pub(super) fn pair_of(record: &Record) -> Pair {
    (record.key.clone(), record.address)
}
