//! [`Ledger`]: which key holds which address, and why.

use super::config::VipConfig;
use super::demand::{Demand, Place};
use super::key::VipKey;
use super::occupancy::Occupancy;
use super::past::Past;
use super::pool::{Family, PoolKind};
use super::record::{Record, RecordState};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Which key holds which virtual address, and why.
///
/// An address has at most one record that says who holds it or held it last, so two keys can never
/// hold the same one. Changes come from [`Ledger::assign`], [`Ledger::settle`], [`Ledger::merge`]
/// and [`Ledger::import`], and from replaying a journal ([`super::journal::replay`]); all are
/// nothing but a sequence of records, so a replayed ledger equals the one that wrote the journal.
///
/// Two ledgers are equal when their configurations and records are. What each was told to want is
/// not part of that, and is in no journal: a ledger that was replayed takes what it holds as
/// wanted until [`Ledger::assign`] says otherwise.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) config: VipConfig,
    /// By address: who holds it, or who did last. Active and released records.
    pub(super) holders: BTreeMap<IpAddr, Record>,
    /// What is known about other pairs of key and address.
    pub(super) past: Past,
    // Indices into `holders`, each an exact function of it.
    pub(super) allotted: BTreeMap<Place, IpAddr>,
    pub(super) given: BTreeSet<IpAddr>,
    /// Released addresses of a key, the latest release last.
    pub(super) released: BTreeMap<Place, BTreeSet<(u64, IpAddr)>>,
    pub(super) occupancy: Occupancy,
    pub(super) demand: Demand,
    pub(super) standing: Standing,
}

/// Whether what is wanted and what is held are known to agree but for the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody said what is wanted: the records came from a journal.
    Untold,
    /// Records or pools came from elsewhere since; the next call looks at everything.
    Disturbed,
    /// They agree.
    Settled,
}

impl Ledger {
    /// A ledger that knows nothing.
    pub fn new(config: VipConfig) -> Self {
        Ledger {
            occupancy: Occupancy::new(&config.pools),
            config,
            holders: BTreeMap::new(),
            past: Past::default(),
            allotted: BTreeMap::new(),
            given: BTreeSet::new(),
            released: BTreeMap::new(),
            demand: Demand::default(),
            standing: Standing::Untold,
        }
    }

    /// How it allots.
    pub fn config(&self) -> &VipConfig {
        &self.config
    }

    /// Takes another configuration. No address moves by it.
    pub fn reconfigure(&mut self, config: VipConfig) {
        self.occupancy = Occupancy::new(&config.pools);
        for record in self.holders.values() {
            self.occupancy.add(record.address, record.released_at_ms());
        }
        self.config = config;
        self.disturb();
    }

    /// The address allotted to a key in a family, or imported for it. Addresses given by objects
    /// are not among them: the object says what they are.
    pub fn address_of(&self, key: &VipKey, family: Family) -> Option<IpAddr> {
        self.allotted.get(&(key.clone(), family)).copied()
    }

    /// The key that holds an address, allotted or given.
    pub fn key_of(&self, address: IpAddr) -> Option<&VipKey> {
        self.record(address)
            .filter(|held| held.state == RecordState::Active)
            .map(|held| &held.key)
    }

    /// What is known about an address: who holds it, or who did last.
    pub fn record(&self, address: IpAddr) -> Option<&Record> {
        self.holders.get(&address)
    }

    /// Addresses that a key lost to another, or gave up for one that an object gives it, and that
    /// still lead back to it, with the time of the loss in `changed_ms`.
    pub fn former_of(&self, key: &VipKey, now_ms: u64) -> impl Iterator<Item = &Record> {
        let moved = self.past.of_key(key);
        let lost = moved.filter(|record| record.state == RecordState::Moved);
        let places = (key.clone(), Family::V4)..=(key.clone(), Family::V6);
        let given_up = self
            .released
            .range(places)
            .flat_map(|(_, released)| released)
            .filter_map(|(_, address)| self.record(*address));
        lost.chain(given_up)
            .filter(move |record| self.is_former(record, now_ms))
    }

    /// Whether any key has had an address that it does not hold: without, no key has
    /// [former](Ledger::former_of) ones.
    pub fn has_past(&self) -> bool {
        !self.released.is_empty() || !self.past.is_empty()
    }

    /// Wishes that no pool could serve, in the order of the keys.
    pub fn waiting(&self) -> Vec<(VipKey, Family)> {
        self.demand.waiting()
    }

    /// Whether a wish waits for an address to become free.
    pub fn is_waiting(&self, key: &VipKey, family: Family) -> bool {
        self.demand.is_waiting(key, family)
    }

    /// Every record, in the order of the keys, then of the addresses: what a listing shows.
    pub fn records_by_key(&self) -> Vec<&Record> {
        let mut records: Vec<&Record> = self.records().collect();
        records.sort_unstable_by_key(|record| (&record.key, record.address));
        records
    }

    /// Every record but tombstones, former addresses first, in a fixed order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.all_records()
            .filter(|record| record.state != RecordState::Tombstone)
    }

    /// Every record, as a journal holds it.
    pub(super) fn all_records(&self) -> impl Iterator<Item = &Record> {
        self.past.records().chain(self.holders.values())
    }

    /// Number of records, with tombstones.
    pub fn len(&self) -> usize {
        self.past.len() + self.holders.len()
    }

    /// Whether it knows nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nobody new may get an address: it is held, or in quarantine.
    pub fn is_taken(&self, address: IpAddr, now_ms: u64) -> bool {
        self.record(address)
            .is_some_and(|record| self.holds(record, now_ms))
    }

    pub(super) fn holds(&self, record: &Record, now_ms: u64) -> bool {
        match record.state {
            RecordState::Active => true,
            RecordState::Released => Some(record.changed_ms) > self.rested_until_ms(now_ms),
            RecordState::Moved
            | RecordState::Contested
            | RecordState::Tombstone
            | RecordState::Forgotten => false,
        }
    }

    /// What was released at this time or earlier is out of quarantine.
    pub(super) fn rested_until_ms(&self, now_ms: u64) -> Option<u64> {
        now_ms.checked_sub(self.config.quarantine_ms())
    }

    pub(super) fn is_former(&self, record: &Record, now_ms: u64) -> bool {
        now_ms < record.changed_ms.saturating_add(self.config.former_ms())
    }

    /// The released addresses of a key, the latest release first.
    pub(super) fn released_of(&self, place: &Place) -> impl Iterator<Item = IpAddr> {
        self.released
            .get(place)
            .into_iter()
            .flatten()
            .rev()
            .map(|&(_, address)| address)
    }

    /// The pool that an address counts for, if any: one it lies in, or the one it came from.
    pub(super) fn pool_of(&self, address: IpAddr) -> Option<PoolKind> {
        self.config
            .pools
            .kind_of(address)
            .or_else(|| self.record(address).map(|held| held.pool))
    }

    /// Has the next call look at everything.
    pub(super) fn disturb(&mut self) {
        if self.standing == Standing::Settled {
            self.standing = Standing::Disturbed;
        }
    }
}

impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.holders == other.holders && self.past == other.past
    }
}

impl Eq for Ledger {}
