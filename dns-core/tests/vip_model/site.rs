//! A process with a ledger and a journal.

use crate::onlooker::{Memory, assert_nothing_is_shared};
use crate::random::Random;
use crate::{Place, Seen, candidates, config};
use dns_core::vip::{
    Assignment, Family, Given, Ledger, PoolKind, Record, RecordState, VipKey, Want, journal,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Records in a journal before it is compacted, so that replaying stays cheap.
const JOURNAL_RECORDS_MAX: usize = 150;

pub(crate) struct Site {
    pub(crate) live: BTreeMap<VipKey, Vec<Family>>,
    pub(crate) gone: Vec<VipKey>,
    pub(crate) pins: BTreeMap<IpAddr, Given>,
    /// Whether a cluster cannot be read. Its names are still asked for, and nobody changes them.
    pub(crate) is_cluster_lost: bool,
    pub(crate) ledger: Ledger,
    pub(crate) memory: Memory,
    journal: Vec<u8>,
    records: usize,
}

impl Site {
    pub(crate) fn new() -> Self {
        Site {
            live: BTreeMap::new(),
            gone: Vec::new(),
            pins: BTreeMap::new(),
            is_cluster_lost: false,
            ledger: Ledger::new(config()),
            memory: Memory::default(),
            journal: journal::HEADER.to_vec(),
            records: 0,
        }
    }

    /// Names whose objects can change: those of the lost cluster stay as they were.
    pub(crate) fn free_names(&self) -> Vec<VipKey> {
        let names = self.live.keys();
        names.filter(|key| !self.is_held(key)).cloned().collect()
    }

    /// Whether the name is held because its cluster is lost.
    pub(crate) fn is_held(&self, key: &VipKey) -> bool {
        self.is_cluster_lost && key.as_str().ends_with("0.example")
    }

    pub(crate) fn compact(&mut self) {
        self.journal = journal::snapshot(&self.ledger);
        self.records = self.ledger.len();
    }

    pub(crate) fn restart(&mut self) {
        let replay = journal::replay(&self.journal, config()).unwrap();
        assert_eq!(
            (replay.damage, replay.valid_len),
            (None, self.journal.len())
        );
        assert_eq!(replay.ledger, self.ledger);
        self.ledger = replay.ledger;
    }

    /// A journal that is cut or altered anywhere may forget, and never gives one address twice.
    pub(crate) fn survive_corruption(&self, random: &mut Random, now_ms: u64) -> bool {
        let mut bytes = self.journal.clone();
        let records = (bytes.len() - journal::HEADER.len()) as u64;
        if records == 0 {
            return false;
        }
        let at = journal::HEADER.len() + random.below(records) as usize;
        if random.below(2) == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << random.below(8);
        }
        let replay = journal::replay(&bytes, config()).unwrap();
        assert!(replay.damage.is_some() || replay.valid_len == at);
        let mut ledger = replay.ledger;
        ledger.assign(now_ms, self.wants(random), &self.pins);
        assert_nothing_is_shared(&self.addresses(&ledger), &self.pins);
        true
    }

    /// Ledgers that start with nothing agree with each other and with the plain rule.
    pub(crate) fn agree_from_empty(&self, random: &mut Random, now_ms: u64) {
        let mut ledger = Ledger::new(config());
        ledger.assign(now_ms, self.wants(random), &self.pins);
        let addresses = self.addresses(&ledger);
        let mut other = Ledger::new(config());
        other.assign(now_ms + 77, self.wants(random), &self.pins);
        assert_eq!(self.addresses(&other), addresses);

        let mut taken: BTreeSet<IpAddr> = self.pins.keys().copied().collect();
        for place in self.places() {
            let expected = candidates(&place).find(|address| !taken.contains(address));
            assert_eq!(addresses.get(&place).copied(), expected);
            taken.extend(expected);
        }
    }

    pub(crate) fn assign(
        &mut self,
        random: &mut Random,
        now_ms: u64,
        seen: &mut Seen,
    ) -> Assignment {
        let before = self.ledger.clone();
        let (first, second) = (self.wants(random), self.wants(random));
        let assignment = self.ledger.assign(now_ms, first, &self.pins);

        let mut reordered = before;
        assert_eq!(reordered.assign(now_ms, second, &self.pins), assignment);
        assert_eq!(reordered, self.ledger);

        let published = self.journal.len();
        self.write(&assignment.changes);
        if random.below(3) == 0 {
            self.die_at_every_record(published, random, now_ms, seen);
        }
        if self.records > JOURNAL_RECORDS_MAX {
            self.compact();
        }
        seen.collisions += assignment.collisions;
        seen.exhausted += assignment.exhausted.len();
        seen.moves += assignment.moves.len();
        assignment
    }

    /// Takes another ledger in. Merging the same again is nothing.
    pub(crate) fn merge(
        &mut self,
        other: &Ledger,
        random: &mut Random,
        now_ms: u64,
        seen: &mut Seen,
    ) {
        let mut backward = other.clone();
        backward.merge(&self.ledger);
        let outcome = self.ledger.merge(other);
        assert_eq!(backward, self.ledger, "the same from both sides");
        let published = self.journal.len();
        self.write(&outcome.changes);
        assert!(self.ledger.merge(other).changes.is_empty());

        let wants = self.wants(random);
        let assignment = self.ledger.assign(now_ms, wants, &self.pins);
        self.write(&assignment.changes);
        seen.exhausted += assignment.exhausted.len();
        self.check_merged(&assignment, now_ms, seen);
        if random.below(3) == 0 {
            self.die_while_merging(published, other, random, now_ms, seen);
        }
        self.compact();
    }

    fn write(&mut self, changes: &[Record]) {
        for record in changes {
            journal::encode(record, &mut self.journal);
        }
        self.records += changes.len();
    }

    /// The process dies after each of the records written last, in the middle of the next, and
    /// starts again: as if it had not died.
    fn die_at_every_record(
        &self,
        published: usize,
        random: &mut Random,
        now_ms: u64,
        seen: &mut Seen,
    ) {
        for cut in self.cuts(published, random) {
            let replay = journal::replay(&self.journal[..cut], config()).unwrap();
            assert!(replay.valid_len >= published);
            assert!(replay.damage.is_none_or(|damage| damage.is_torn_tail()));
            let mut ledger = replay.ledger;
            ledger.assign(now_ms, self.wants(random), &self.pins);
            assert_eq!(ledger, self.ledger, "as if it had not died");
            seen.crashes += 1;
        }
    }

    /// What a process that dies in a merge knows is less, and never two keys with one address.
    fn die_while_merging(
        &self,
        published: usize,
        other: &Ledger,
        random: &mut Random,
        now_ms: u64,
        seen: &mut Seen,
    ) {
        for cut in self.cuts(published, random) {
            let replay = journal::replay(&self.journal[..cut], config()).unwrap();
            let mut ledger = replay.ledger;
            let mut again = ledger.clone();
            ledger.assign(now_ms, self.wants(random), &self.pins);
            assert_nothing_is_shared(&self.addresses(&ledger), &self.pins);
            again.merge(other);
            again.assign(now_ms, self.wants(random), &self.pins);
            assert_nothing_is_shared(&self.addresses(&again), &self.pins);
            seen.crashes += 1;
        }
    }

    /// The end of each line after `published`, and a place inside it.
    fn cuts(&self, published: usize, random: &mut Random) -> Vec<usize> {
        let mut cuts = Vec::new();
        let mut begin = published;
        for line in self.journal[published..].split_inclusive(|&b| b == b'\n') {
            cuts.push(begin + random.below(line.len() as u64) as usize);
            begin += line.len();
        }
        cuts
    }

    /// The wishes of the moment, in random order.
    fn wants(&self, random: &mut Random) -> Vec<Want> {
        let places = self.places().into_iter();
        let mut wants: Vec<_> = places
            .map(|(key, family)| Want {
                key,
                family,
                pool: PoolKind::Names,
            })
            .collect();
        random.shuffle(&mut wants);
        wants
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        let places = |(key, families): (&VipKey, &Vec<Family>)| -> Vec<Place> {
            families
                .iter()
                .map(|&family| (key.clone(), family))
                .collect()
        };
        self.live.iter().flat_map(places).collect()
    }

    pub(crate) fn addresses(&self, ledger: &Ledger) -> BTreeMap<Place, IpAddr> {
        let address = |place: Place| Some((place.clone(), ledger.address_of(&place.0, place.1)?));
        self.places().into_iter().filter_map(address).collect()
    }

    /// Who was the last to have an address that nobody has, and since when nobody has it.
    pub(crate) fn released(&self) -> BTreeMap<IpAddr, (VipKey, u64)> {
        let records = self.ledger.records();
        records
            .filter(|record| record.state == RecordState::Released)
            .map(|record| (record.address, (record.key.clone(), record.changed_ms)))
            .collect()
    }
}
