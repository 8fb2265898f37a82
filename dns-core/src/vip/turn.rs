//! [`Turn`]: one call of [`Ledger::settle`] under way.

use super::assign::{Assignment, Move};
use super::candidate::Candidates;
use super::demand::{Given, Place, Touched, missing_in};
use super::key::VipKey;
use super::ledger::Ledger;
use super::occupancy::Room;
use super::pool::{Family, PoolKind};
use super::record::{Origin, Record, RecordState};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Steps through a set that cost as much as one search in it.
const JOIN_FACTOR: usize = 16;

/// One call of [`Ledger::settle`]: what it has done so far.
pub(super) struct Turn<'a> {
    ledger: &'a mut Ledger,
    now_ms: u64,
    outcome: Assignment,
}

impl<'a> Turn<'a> {
    pub(super) fn new(ledger: &'a mut Ledger, now_ms: u64) -> Self {
        Turn {
            ledger,
            now_ms,
            outcome: Assignment::default(),
        }
    }

    pub(super) fn run(mut self, mut touched: Touched) -> Assignment {
        self.settle_loose();
        self.place_given(&touched.given);
        self.settle_overruled();
        let gone = self.no_longer_given(&touched.ungiven);
        touched.wanted.extend(self.displaced(&gone));
        self.take_back(&touched.wanted, &gone);
        self.release(&touched.unwanted, gone);
        self.allot_missing(touched.wanted);
        self.forget();
        self.finish()
    }

    fn commit(&mut self, record: Record) {
        self.ledger.apply(record.clone());
        self.outcome.changes.push(record);
    }

    fn commit_as(&mut self, state: RecordState, record: Record) {
        let changed_ms = self.now_ms;
        self.commit(Record {
            state,
            changed_ms,
            ..record
        });
    }

    /// Ends the claims that were lost in a merge. The address of a key that is wanted leads back
    /// to it; the key gets another below.
    fn settle_loose(&mut self) {
        for record in self.ledger.past.loose() {
            let lost = record.state == RecordState::Contested && !record.origin.is_object();
            if lost && self.is_wanted(&record) {
                self.note_move(&record);
                self.commit_as(RecordState::Moved, record);
            } else {
                self.commit_as(RecordState::Tombstone, record);
            }
        }
    }

    /// Lets addresses that were answered until a merge lead back to their names. One that nobody
    /// holds the name may come back to; one that an object gives it needs nothing.
    fn settle_overruled(&mut self) {
        for record in core::mem::take(&mut self.ledger.demand.overruled) {
            if !self.is_wanted(&record) {
                continue;
            }
            self.note_move(&record);
            match self.ledger.record(record.address) {
                Some(held) if held.key != record.key => {
                    self.commit_as(RecordState::Moved, record);
                }
                Some(held) if held.state == RecordState::Active => {}
                Some(_) | None => self.commit_as(RecordState::Released, record),
            }
        }
    }

    /// Gives every address of an object to its name. Addresses outside the pools are no concern
    /// of the ledger.
    fn place_given(&mut self, given: &BTreeMap<IpAddr, Given>) {
        for (&address, claim) in given {
            let Some(pool) = self.ledger.pool_of(address) else {
                continue;
            };
            let origin = claim.by.origin();
            let mut first_seen_ms = self.now_ms;
            if let Some(prior) = self.ledger.record(address).cloned() {
                if prior.key == claim.key && prior.origin == origin && prior.is_given() {
                    continue;
                }
                if prior.key == claim.key {
                    first_seen_ms = prior.first_seen_ms;
                }
                self.take_from(prior, &claim.key);
            }
            self.commit(Record {
                address,
                key: claim.key.clone(),
                pool,
                state: RecordState::Active,
                origin,
                first_seen_ms,
                changed_ms: self.now_ms,
            });
        }
    }

    /// Takes an address from whoever has or had it. It keeps leading back to a name that lives on
    /// without it; a name that gets its own address as a gift has no need of that.
    fn take_from(&mut self, prior: Record, by: &VipKey) {
        let is_lost = prior.is_allotted() && self.is_wanted(&prior);
        if is_lost {
            self.note_move(&prior);
        }
        if prior.key != *by {
            let state = if is_lost {
                RecordState::Moved
            } else {
                RecordState::Tombstone
            };
            self.commit_as(state, prior);
        }
    }

    fn note_move(&mut self, lost: &Record) {
        self.outcome.moves.push(Move {
            key: lost.key.clone(),
            from: lost.address,
            to: None,
        });
    }

    fn is_wanted(&self, record: &Record) -> bool {
        let place = (record.key.clone(), record.family());
        self.ledger.demand.wanted.contains_key(&place)
    }

    /// Wanted places besides those that the change names that may lack an address, or whose key
    /// may come back to one.
    fn displaced(&self, gone: &[Record]) -> Vec<(Place, PoolKind)> {
        let moved = self.outcome.moves.iter();
        let moved = moved.map(|lost| (lost.key.clone(), Family::of(lost.from)));
        let places = gone
            .iter()
            .map(|r| (r.key.clone(), r.family()))
            .chain(moved);
        let wanted = &self.ledger.demand.wanted;
        places
            .filter_map(|place| wanted.get(&place).copied().map(|pool| (place, pool)))
            .collect()
    }

    fn no_longer_given(&self, ungiven: &BTreeSet<IpAddr>) -> Vec<Record> {
        let records = ungiven.iter().filter_map(|&ip| self.ledger.record(ip));
        records.filter(|r| r.is_given()).cloned().collect()
    }

    /// Lets keys without address come back to one they had.
    fn take_back(&mut self, wanted: &BTreeMap<Place, PoolKind>, gone: &[Record]) {
        let gone = gone
            .iter()
            .map(|r| ((r.key.clone(), r.family()), r.address));
        let gone: BTreeMap<Place, IpAddr> = gone.collect();
        if gone.is_empty() && self.ledger.released.is_empty() {
            return;
        }
        for (place, &pool) in wanted {
            if self.ledger.allotted.contains_key(place) {
                continue;
            }
            let earlier = self.earlier_address(place, pool, &gone);
            if let Some(record) = earlier.and_then(|ip| self.ledger.record(ip)).cloned() {
                self.commit(Record {
                    pool,
                    state: RecordState::Active,
                    origin: Origin::Allotted,
                    changed_ms: self.now_ms,
                    ..record
                });
            }
        }
    }

    /// The address that an object gave the key until now, else the one it released last. It must
    /// be one that its pool could allot; one that was given may also lie outside all pools.
    fn earlier_address(
        &self,
        place: &Place,
        pool: PoolKind,
        gone: &BTreeMap<Place, IpAddr>,
    ) -> Option<IpAddr> {
        let pools = &self.ledger.config.pools;
        let is_usable = |address: &IpAddr| pools.of(pool).is_usable(*address);
        let given = gone.get(place).copied();
        given
            .filter(|address| is_usable(address) || pools.kind_of(*address).is_none())
            .or_else(|| self.ledger.released_of(place).find(is_usable))
    }

    /// Releases what nobody wants and what is no longer given. What was imported stays: it is the
    /// key's until something else takes it.
    fn release(&mut self, unwanted: &BTreeSet<Place>, gone: Vec<Record>) {
        let unwanted = unwanted.iter().filter_map(|place| {
            let address = self.ledger.allotted.get(place)?;
            let record = self.ledger.record(*address)?;
            (record.origin != Origin::Imported).then(|| record.clone())
        });
        let unwanted: Vec<Record> = unwanted.collect();
        let gone = gone.into_iter().filter(|given| {
            let held = self.ledger.record(given.address);
            held.is_some_and(Record::is_given)
        });
        let gone: Vec<Record> = gone.collect();
        for record in unwanted.into_iter().chain(gone) {
            self.commit_as(RecordState::Released, record);
        }
    }

    /// Allots to those who lack an address and to those who waited, together in order.
    fn allot_missing(&mut self, wanted: BTreeMap<Place, PoolKind>) {
        let mut missing = self.without_address(wanted).into_iter().peekable();
        let mut last = None;
        loop {
            let waiting = self.next_waiting(last.as_ref());
            let first = missing.peek().map(|(place, _)| place);
            let is_turn = waiting
                .as_ref()
                .is_none_or(|(place, _)| first.is_some_and(|f| f <= place));
            let next = if is_turn { missing.next() } else { waiting };
            let Some((place, pool)) = next else { return };
            self.serve(&place, pool);
            last = Some(place);
        }
    }

    /// Those of the places that have no address. Many are found by going through all that have.
    fn without_address(&self, mut places: BTreeMap<Place, PoolKind>) -> BTreeMap<Place, PoolKind> {
        let allotted = &self.ledger.allotted;
        if places.len().saturating_mul(JOIN_FACTOR) < allotted.len() {
            places.retain(|place, _| !allotted.contains_key(place));
            return places;
        }
        let missing = missing_in(&places, allotted);
        let missing = missing.map(|(place, pool)| (place.clone(), *pool));
        missing.collect()
    }

    fn serve(&mut self, place: &Place, pool: PoolKind) {
        match self.find_free(place, pool) {
            Some(found) => self.allot(place, pool, found),
            None => {
                self.outcome.exhausted.push(place.clone());
                self.ledger.demand.wait(place.clone(), pool);
            }
        }
    }

    /// The place after `last` that waits for a pool that has room.
    fn next_waiting(&self, last: Option<&Place>) -> Option<(Place, PoolKind)> {
        let free_until_ms = self.ledger.rested_until_ms(self.now_ms);
        self.ledger.demand.next_waiting(last, |pool, family| {
            let mut blocks = self.ledger.occupancy.room(pool, family, free_until_ms);
            blocks.any(|(_, room)| room == Room::Some)
        })
    }

    /// The first free candidate. A full block is known without trying.
    fn find_free(&self, (key, family): &Place, pool: PoolKind) -> Option<Found> {
        let ledger = &self.ledger;
        let free_until_ms = ledger.rested_until_ms(self.now_ms);
        let mut rank = Rank::First;
        for (block, room) in ledger.occupancy.room(pool, *family, free_until_ms) {
            if room == Room::Some {
                for address in Candidates::new(&ledger.config.hash_key, block, key.as_str()) {
                    let prior = ledger.record(address);
                    if prior.is_none_or(|prior| !ledger.holds(prior, self.now_ms)) {
                        let prior = prior.cloned();
                        return Some(Found {
                            address,
                            rank,
                            prior,
                        });
                    }
                    rank = Rank::Later;
                }
            }
            rank = Rank::Later;
        }
        None
    }

    fn allot(&mut self, place: &Place, pool: PoolKind, found: Found) {
        self.outcome.allotted += 1;
        if found.rank == Rank::Later {
            self.outcome.collisions += 1;
        }
        if let Some(prior) = found.prior.filter(|prior| prior.key != place.0) {
            self.commit_as(RecordState::Tombstone, prior);
        }
        self.commit(Record {
            address: found.address,
            key: place.0.clone(),
            pool,
            state: RecordState::Active,
            origin: Origin::Allotted,
            first_seen_ms: self.now_ms,
            changed_ms: self.now_ms,
        });
    }

    /// Moves a key to an address of its pool, if there is one.
    pub(super) fn replace(&mut self, record: Record, place: Place) {
        let wanted = self.ledger.demand.wanted.get(&place);
        let pool = wanted.copied().unwrap_or(record.pool);
        match self.find_free(&place, pool) {
            Some(found) => {
                self.note_move(&record);
                self.commit_as(RecordState::Moved, record);
                self.allot(&place, pool, found);
            }
            None => self.outcome.exhausted.push(place),
        }
    }

    /// Drops what has served its time: former addresses, then tombstones, and above the limit the
    /// oldest releases that are out of quarantine.
    fn forget(&mut self) {
        let lost_until_ms = self.now_ms.checked_sub(self.ledger.config.former_ms());
        let rested_until_ms = self.ledger.rested_until_ms(self.now_ms);
        let tombstones =
            rested_until_ms.map(|until_ms| self.ledger.past.tombstones_until(until_ms));
        let moved = lost_until_ms.map(|until_ms| self.ledger.past.moved_until(until_ms));
        for record in tombstones.into_iter().flatten() {
            self.commit_as(RecordState::Forgotten, record);
        }
        for record in moved.into_iter().flatten() {
            self.commit_as(RecordState::Tombstone, record);
        }
        while let Some(record) = self.surplus(rested_until_ms).cloned() {
            self.commit_as(RecordState::Forgotten, record);
        }
    }

    fn surplus(&self, rested_until_ms: Option<u64>) -> Option<&Record> {
        if self.ledger.holders.len() <= self.ledger.config.records_max {
            return None;
        }
        let oldest = self.ledger.occupancy.oldest_release();
        let (_, address) = oldest.filter(|(since_ms, _)| Some(*since_ms) <= rested_until_ms)?;
        self.ledger.record(address)
    }

    pub(super) fn finish(mut self) -> Assignment {
        for lost in &mut self.outcome.moves {
            lost.to = self.ledger.address_of(&lost.key, Family::of(lost.from));
        }
        self.outcome.moves.retain(|lost| lost.to != Some(lost.from));
        self.outcome
    }
}

/// An address for a key.
struct Found {
    address: IpAddr,
    rank: Rank,
    /// Who had it.
    prior: Option<Record>,
}

/// Whether an address is the key's first candidate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    First,
    Later,
}
