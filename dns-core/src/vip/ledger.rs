//! [`Ledger`]: which key holds which address, and why.

use super::candidate::HASH_KEY;
use super::key::VipKey;
use super::pool::{Family, PoolKind, Pools};
use super::record::{Record, RecordState};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Default quarantine of a released address: 48 hours, in seconds. Clients that keep an address
/// far beyond its TTL (JVMs, connection pools) are usually restarted within it.
pub const QUARANTINE_SECS: u64 = 48 * 3600;
/// The quarantine is never shorter than this many times the largest TTL.
pub const QUARANTINE_TTLS: u64 = 10;
/// Default of the largest TTL in seconds: an hour.
pub const TTL_MAX_SECS: u64 = 3600;
/// Default number of records kept: a million, a few hundred megabytes. Beyond it the ledger forgets who had
/// the addresses that are free, longest free first. Held addresses and those in quarantine are
/// kept in any case.
pub const RECORDS_MAX: usize = 1_000_000;

/// How a ledger allots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VipConfig {
    /// Where addresses come from. A change moves nothing: names seen first afterwards get theirs
    /// from the new pools.
    pub pools: Pools,
    /// Key of the hash that orders candidates; default [`HASH_KEY`]. A change moves nothing.
    pub hash_key: [u8; 16],
    /// How long a released address rests, in seconds; default [`QUARANTINE_SECS`]. Raised to
    /// [`QUARANTINE_TTLS`] times `ttl_max_secs` if shorter.
    pub quarantine_secs: u64,
    /// The largest TTL served, in seconds; default [`TTL_MAX_SECS`]. An address that a name lost
    /// to another leads back to it for as long.
    pub ttl_max_secs: u64,
    /// Records kept; default [`RECORDS_MAX`].
    pub records_max: usize,
}

impl VipConfig {
    /// The quarantine in force, in milliseconds.
    pub fn quarantine_ms(&self) -> u64 {
        let least_secs = self.ttl_max_secs.saturating_mul(QUARANTINE_TTLS);
        self.quarantine_secs.max(least_secs).saturating_mul(1000)
    }

    /// How long an address still leads back to the name that lost it, in milliseconds.
    pub fn former_ms(&self) -> u64 {
        self.ttl_max_secs.saturating_mul(1000)
    }
}

impl Default for VipConfig {
    fn default() -> Self {
        VipConfig {
            pools: Pools::default(),
            hash_key: HASH_KEY,
            quarantine_secs: QUARANTINE_SECS,
            ttl_max_secs: TTL_MAX_SECS,
            records_max: RECORDS_MAX,
        }
    }
}

/// Which key holds which virtual address, and why.
///
/// An address has at most one record that says who holds it or held it last, so two keys can never
/// hold the same one. Changes come from [`Ledger::assign`] and from replaying a journal
/// ([`super::journal::replay`]); both are nothing but a sequence of records, so a replayed ledger
/// equals the one that wrote the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    config: VipConfig,
    /// By address: who holds it, or who did last. Active and released records.
    pub(super) holders: BTreeMap<IpAddr, Record>,
    /// Addresses that a key lost to another. Moved records.
    pub(super) former: BTreeMap<(VipKey, IpAddr), Record>,
    // Indices into `holders`, each an exact function of it.
    pub(super) allotted: BTreeMap<(VipKey, Family), IpAddr>,
    pub(super) given: BTreeSet<IpAddr>,
    /// Released addresses of a key, the latest release last.
    released: BTreeMap<(VipKey, Family), BTreeSet<(u64, IpAddr)>>,
}

impl Ledger {
    /// A ledger that knows nothing.
    pub fn new(config: VipConfig) -> Self {
        Ledger {
            config,
            holders: BTreeMap::new(),
            former: BTreeMap::new(),
            allotted: BTreeMap::new(),
            given: BTreeSet::new(),
            released: BTreeMap::new(),
        }
    }

    /// How it allots.
    pub fn config(&self) -> &VipConfig {
        &self.config
    }

    /// Takes another configuration. No address moves by it.
    pub fn reconfigure(&mut self, config: VipConfig) {
        self.config = config;
    }

    /// The address allotted to a key in a family. Addresses given by objects are not among them:
    /// the object says what they are.
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
        let lowest = IpAddr::from([0; 4]);
        let lost = self
            .former
            .range((key.clone(), lowest)..)
            .map(|(_, record)| record)
            .take_while(move |record| record.key == *key);
        let places = (key.clone(), Family::V4)..=(key.clone(), Family::V6);
        let given_up = self
            .released
            .range(places)
            .flat_map(|(_, released)| released)
            .filter_map(|(_, address)| self.record(*address));
        lost.chain(given_up)
            .filter(move |record| self.is_former(record, now_ms))
    }

    /// Every record, in the order of the keys, then of the addresses: what a listing shows.
    pub fn records_by_key(&self) -> Vec<&Record> {
        let mut records: Vec<&Record> = self.records().collect();
        records.sort_unstable_by_key(|record| (&record.key, record.address));
        records
    }

    /// Every record, former addresses first, in a fixed order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.former.values().chain(self.holders.values())
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.former.len() + self.holders.len()
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
        let quarantine_ms = self.config.quarantine_ms();
        match record.state {
            RecordState::Active => true,
            RecordState::Released => now_ms < record.changed_ms.saturating_add(quarantine_ms),
            RecordState::Moved | RecordState::Tombstone => false,
        }
    }

    pub(super) fn is_former(&self, record: &Record, now_ms: u64) -> bool {
        now_ms < record.changed_ms.saturating_add(self.config.former_ms())
    }

    /// The released addresses of a key, the latest release first.
    pub(super) fn released_of(&self, place: &(VipKey, Family)) -> impl Iterator<Item = IpAddr> {
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

    /// Takes one record in. The last record about an address, and about the allotted address of a
    /// key and family, is the one that counts.
    pub(super) fn apply(&mut self, record: Record) {
        let pair = (record.key.clone(), record.address);
        match record.state {
            RecordState::Active | RecordState::Released => {
                self.former.remove(&pair);
                self.hold(record);
            }
            RecordState::Moved => {
                self.drop_holder_if(&record);
                self.former.insert(pair, record);
            }
            RecordState::Tombstone => {
                self.drop_holder_if(&record);
                self.former.remove(&pair);
            }
        }
    }

    fn hold(&mut self, record: Record) {
        self.drop_holder(record.address);
        let place = (record.key.clone(), record.family());
        if record.is_allotted() {
            if let Some(&other) = self.allotted.get(&place) {
                self.demote(other, record.changed_ms);
            }
            self.allotted.insert(place, record.address);
        } else if record.is_given() {
            self.given.insert(record.address);
        } else {
            let when = (record.changed_ms, record.address);
            self.released.entry(place).or_default().insert(when);
        }
        self.holders.insert(record.address, record);
    }

    /// Releases an address whose key turns up at another one. Happens only when records between
    /// the two were lost.
    fn demote(&mut self, address: IpAddr, now_ms: u64) {
        if let Some(record) = self.drop_holder(address) {
            self.hold(Record {
                state: RecordState::Released,
                changed_ms: now_ms,
                ..record
            });
        }
    }

    fn drop_holder_if(&mut self, record: &Record) {
        if self
            .record(record.address)
            .is_some_and(|held| held.key == record.key)
        {
            self.drop_holder(record.address);
        }
    }

    fn drop_holder(&mut self, address: IpAddr) -> Option<Record> {
        let record = self.holders.remove(&address)?;
        let place = (record.key.clone(), record.family());
        if record.is_allotted() {
            self.allotted.remove(&place);
        } else if record.is_given() {
            self.given.remove(&address);
        } else if let Some(released) = self.released.get_mut(&place) {
            released.remove(&(record.changed_ms, address));
            if released.is_empty() {
                self.released.remove(&place);
            }
        }
        Some(record)
    }
}
