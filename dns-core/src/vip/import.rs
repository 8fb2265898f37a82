//! [`Ledger::import`]: addresses that another system has allotted.

use super::key::VipKey;
use super::ledger::Ledger;
use super::pool::{Family, PoolKind};
use super::record::{Origin, Record, RecordState};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// An address that another system has given to a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportedAddress {
    /// The name.
    pub key: VipKey,
    /// Its address there.
    pub address: IpAddr,
}

/// What [`Ledger::import`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOutcome {
    /// Records that changed, in the order to append them to the journal.
    pub changes: Vec<Record>,
    /// Addresses taken over with this call.
    pub imported: usize,
    /// Addresses that were the name's already by import, or that an object gives it.
    pub unchanged: usize,
    /// What was not taken over, and why, in the order of the keys.
    pub conflicts: Vec<ImportConflict>,
}

/// An address that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportConflict {
    /// The name and the address.
    pub entry: ImportedAddress,
    /// Why not.
    pub reason: ImportRefusal,
}

/// Why an address was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportRefusal {
    /// It is no address of a host: unspecified, loopback, multicast, broadcast, or an IPv4 address
    /// in an IPv6 one.
    NotAHost,
    /// An object gives it to this name, or it was imported for this name.
    HeldBy(VipKey),
    /// This name had it until lately; it is in quarantine.
    Resting(VipKey),
    /// The map gives it to another name too.
    GivenTwice(VipKey),
    /// The map gives the name another address of this family too.
    SecondAddress(IpAddr),
}

impl Ledger {
    /// Takes over addresses from the map of another system.
    ///
    /// An imported address is the name's from then on, in the pools or not, whether or not an
    /// object wants it, and survives everything but a pin, another import of the name, and
    /// [`Ledger::drop_imports`]. A name that had an address of ours moves to it, and one that was
    /// allotted the address moves away; [`Ledger::settle`] with an empty change, due next, reports
    /// and completes that. Conflicts are reported and change nothing. The order of the entries
    /// does not matter: of several, smaller keys and addresses come first.
    ///
    /// The caller appends the changes to its journal.
    pub fn import(
        &mut self,
        now_ms: u64,
        entries: impl IntoIterator<Item = ImportedAddress>,
    ) -> ImportOutcome {
        self.adopt();
        let mut entries: Vec<ImportedAddress> = entries.into_iter().collect();
        entries.sort_unstable();
        entries.dedup();
        let mut seen = Seen::default();
        let mut outcome = ImportOutcome::default();
        for entry in entries {
            match self.judge(now_ms, &entry, &mut seen) {
                Verdict::Unchanged => outcome.unchanged += 1,
                Verdict::Refused(reason) => {
                    outcome.conflicts.push(ImportConflict { entry, reason })
                }
                Verdict::Taken => {
                    outcome.imported += 1;
                    self.take_over(now_ms, entry, &mut outcome.changes);
                }
            }
        }
        self.disturb();
        outcome
    }

    /// Lets imported addresses of these names go: they are released like any other. Gives the
    /// records that changed.
    pub fn drop_imports<'a>(
        &mut self,
        now_ms: u64,
        keys: impl IntoIterator<Item = &'a VipKey>,
    ) -> Vec<Record> {
        self.adopt();
        let mut changes = Vec::new();
        for key in keys {
            for family in Family::ALL {
                let address = self.address_of(key, family);
                let record = address.and_then(|address| self.record(address));
                if let Some(record) = record.filter(|r| r.origin == Origin::Imported).cloned() {
                    self.note(RecordState::Released, now_ms, record, &mut changes);
                }
            }
        }
        self.disturb();
        changes
    }

    fn judge(&self, now_ms: u64, entry: &ImportedAddress, seen: &mut Seen) -> Verdict {
        if !is_host(entry.address) {
            return Verdict::Refused(ImportRefusal::NotAHost);
        }
        if let Some(reason) = seen.conflict(entry) {
            return Verdict::Refused(reason);
        }
        let given = self
            .demand
            .given
            .get(&entry.address)
            .map(|given| &given.key);
        let verdict = match (given, self.record(entry.address)) {
            (Some(key), _) if *key != entry.key => {
                Verdict::Refused(ImportRefusal::HeldBy(key.clone()))
            }
            (Some(_), _) => Verdict::Unchanged,
            (None, Some(held)) => self.judge_held(now_ms, entry, held),
            (None, None) => Verdict::Taken,
        };
        if !matches!(verdict, Verdict::Refused(_)) {
            seen.take(entry);
        }
        verdict
    }

    fn judge_held(&self, now_ms: u64, entry: &ImportedAddress, held: &Record) -> Verdict {
        let is_own = held.key == entry.key;
        let is_allotted = held.origin == Origin::Allotted;
        match held.state {
            RecordState::Active if is_own && !is_allotted => Verdict::Unchanged,
            RecordState::Active if is_own || is_allotted => Verdict::Taken,
            RecordState::Active => Verdict::Refused(ImportRefusal::HeldBy(held.key.clone())),
            _ if is_own || !self.holds(held, now_ms) => Verdict::Taken,
            _ => Verdict::Refused(ImportRefusal::Resting(held.key.clone())),
        }
    }

    fn take_over(&mut self, now_ms: u64, entry: ImportedAddress, changes: &mut Vec<Record>) {
        let ImportedAddress { key, address } = entry;
        let prior = self.record(address).cloned();
        let own = prior.as_ref().filter(|prior| prior.key == key);
        let first_seen_ms = own.map_or(now_ms, |prior| prior.first_seen_ms);
        let pool = self.pool_of(address).unwrap_or(PoolKind::Names);
        if let Some(prior) = prior.filter(|prior| prior.key != key) {
            // Whoever is wanted gets another address with the next call, and the old one leads
            // back to it.
            let is_claim = prior.state == RecordState::Active;
            let state = if is_claim {
                RecordState::Contested
            } else {
                RecordState::Tombstone
            };
            self.note(state, now_ms, prior, changes);
        }
        let earlier = self.address_of(&key, Family::of(address));
        let earlier = earlier.filter(|earlier| *earlier != address);
        if let Some(record) = earlier.and_then(|earlier| self.record(earlier)).cloned() {
            self.demand.overruled.push(record.clone());
            self.note(RecordState::Released, now_ms, record, changes);
        }
        let record = Record {
            address,
            key,
            pool,
            state: RecordState::Active,
            origin: Origin::Imported,
            first_seen_ms,
            changed_ms: now_ms,
        };
        self.note(RecordState::Active, now_ms, record, changes);
    }

    fn note(&mut self, state: RecordState, now_ms: u64, record: Record, changes: &mut Vec<Record>) {
        let changed_ms = now_ms;
        let record = Record {
            state,
            changed_ms,
            ..record
        };
        self.apply(record.clone());
        changes.push(record);
    }
}

enum Verdict {
    Taken,
    Unchanged,
    Refused(ImportRefusal),
}

/// What a map has said so far.
#[derive(Default)]
struct Seen {
    keys: BTreeMap<IpAddr, VipKey>,
    addresses: BTreeMap<(VipKey, Family), IpAddr>,
}

impl Seen {
    fn conflict(&self, entry: &ImportedAddress) -> Option<ImportRefusal> {
        if let Some(key) = self.keys.get(&entry.address) {
            return Some(ImportRefusal::GivenTwice(key.clone()));
        }
        let place = (entry.key.clone(), Family::of(entry.address));
        let other = self.addresses.get(&place);
        other.map(|&other| ImportRefusal::SecondAddress(other))
    }

    fn take(&mut self, entry: &ImportedAddress) {
        self.keys.insert(entry.address, entry.key.clone());
        let place = (entry.key.clone(), Family::of(entry.address));
        self.addresses.insert(place, entry.address);
    }
}

fn is_host(address: IpAddr) -> bool {
    let is_special = match address {
        IpAddr::V4(v4) => v4.is_broadcast(),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().is_some(),
    };
    !(is_special || address.is_unspecified() || address.is_loopback() || address.is_multicast())
}

#[cfg(test)]
mod tests;
