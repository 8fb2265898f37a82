//! Taking records in: the one way in which a ledger changes.

use super::ledger::Ledger;
use super::past::pair_of;
use super::record::{Record, RecordState};
use core::cmp::Reverse;
use core::net::IpAddr;

impl Ledger {
    /// Takes one record in. The last record about a pair of key and address is the one that
    /// counts, and the last that says who holds an address, or the allotted address of a key and
    /// family.
    pub(super) fn apply(&mut self, record: Record) {
        let pair = pair_of(&record);
        match record.state {
            RecordState::Active => {
                self.past.remove(&pair);
                self.hold(record);
            }
            RecordState::Released => {
                self.past.remove(&pair);
                if self.outranks(&record) {
                    self.hold(record);
                } else {
                    self.past.insert(record);
                }
            }
            RecordState::Moved | RecordState::Contested | RecordState::Tombstone => {
                self.drop_holder_if(&record);
                self.past.insert(record);
            }
            RecordState::Forgotten => {
                self.drop_holder_if(&record);
                self.past.remove(&pair);
            }
        }
    }

    /// Whether a release says who had the address last, also against what is known of it.
    fn outranks(&self, release: &Record) -> bool {
        self.record(release.address).is_none_or(|held| {
            held.key == release.key
                || (held.state == RecordState::Released && rank(held) < rank(release))
        })
    }

    fn hold(&mut self, record: Record) {
        let place = (record.key.clone(), record.family());
        let (address, changed_ms) = (record.address, record.changed_ms);
        let holding = Holding::of(&record);
        if let Some(displaced) = self.holders.insert(address, record) {
            self.unindex(&displaced);
            if displaced.key != place.0 {
                self.past.insert(ended(displaced, changed_ms));
            }
        }
        self.occupancy.add(address, holding.released_ms(changed_ms));
        match holding {
            Holding::Allotted => {
                self.demand.serve(&place);
                if let Some(other) = self.allotted.insert(place.clone(), address) {
                    self.demote(other, changed_ms);
                    self.allotted.insert(place, address);
                }
            }
            Holding::Given => {
                self.given.insert(address);
            }
            Holding::Released => {
                let released = self.released.entry(place).or_default();
                released.insert((changed_ms, address));
            }
        }
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
        self.unindex(&record);
        Some(record)
    }

    fn unindex(&mut self, record: &Record) {
        let (address, changed_ms) = (record.address, record.changed_ms);
        let holding = Holding::of(record);
        self.occupancy
            .remove(address, holding.released_ms(changed_ms));
        let place = (record.key.clone(), record.family());
        match holding {
            Holding::Allotted => {
                self.allotted.remove(&place);
            }
            Holding::Given => {
                self.given.remove(&address);
            }
            Holding::Released => {
                if let Some(released) = self.released.get_mut(&place) {
                    released.remove(&(changed_ms, address));
                    if released.is_empty() {
                        self.released.remove(&place);
                    }
                }
            }
        }
    }
}

/// In what way an address has a holder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holding {
    Allotted,
    Given,
    Released,
}

impl Holding {
    fn of(record: &Record) -> Self {
        if record.is_allotted() {
            Holding::Allotted
        } else if record.is_given() {
            Holding::Given
        } else {
            Holding::Released
        }
    }

    fn released_ms(self, changed_ms: u64) -> Option<u64> {
        (self == Holding::Released).then_some(changed_ms)
    }
}

/// Of two releases of an address, the one that ranks higher says who had it last.
pub(super) fn rank(release: &Record) -> (u64, Reverse<&str>) {
    (release.changed_ms, Reverse(release.key.as_str()))
}

/// What is left of a record whose address goes to another key. A holder is displaced only when
/// records between the two were lost; a release stays what it is until it is settled.
fn ended(displaced: Record, changed_ms: u64) -> Record {
    if displaced.state == RecordState::Released {
        return displaced;
    }
    Record {
        state: RecordState::Tombstone,
        changed_ms,
        ..displaced
    }
}
