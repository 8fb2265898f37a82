//! Where the records of all hosts lists are, by name and by address.

use super::record::{Addresses, write_several};
use super::{HostList, HostRecord, NamePlace};
use crate::table::hasher::NameHasher;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use hashbrown::HashTable;

/// Slots for every three records: at a load of three quarters a miss looks at few.
const SLOTS_PER_3_RECORDS: usize = 4;

/// The number that stands for records put together from several lines, the last one that a slot
/// can hold. Files past it are copied into those records.
const MERGED: usize = 255;

const EMPTY: u64 = 0;

/// Where the records of all hosts lists are, by name and by address.
#[derive(Debug)]
pub(in crate::table) struct HostIndex {
    lists: Vec<Arc<HostList>>,
    /// The octets of each list, a step nearer than in the list.
    octets: Vec<Arc<Vec<u8>>>,
    /// Records put together from several lines.
    merged: Vec<u8>,
    /// The first lines of those, by where they are.
    merged_from: BTreeMap<usize, Place>,
    names: Slots,
    addresses: Slots,
    /// Hashes of the names above those of the records.
    ancestors: HashTable<u64>,
    len: usize,
}

impl HostIndex {
    /// No records.
    pub(in crate::table) fn empty() -> Self {
        HostIndex {
            lists: Vec::new(),
            octets: Vec::new(),
            merged: Vec::new(),
            merged_from: BTreeMap::new(),
            names: Slots::for_records(0),
            addresses: Slots::for_records(0),
            ancestors: HashTable::new(),
            len: 0,
        }
    }

    /// The records of `lists`, the addresses of the first list in front.
    pub(in crate::table) fn build(lists: Vec<Arc<HostList>>, hasher: &NameHasher) -> Self {
        let records: usize = lists.iter().map(|list| list.len()).sum();
        let mut index = HostIndex {
            names: Slots::for_records(records),
            octets: lists.iter().map(|list| Arc::clone(&list.octets)).collect(),
            lists,
            ..Self::empty()
        };
        let repeated = index.place_names(hasher);
        index.merge(repeated);
        let mut places: Vec<Place> = index.names.places().collect();
        places.sort_unstable_by_key(|place| index.first_line(*place));
        index.place_addresses(&places, hasher);
        index.note_ancestors(&places, hasher);
        index
    }

    /// Whether it is the index of exactly these lists.
    pub(in crate::table) fn is_of(&self, lists: &[Arc<HostList>]) -> bool {
        self.lists.len() == lists.len()
            && self.lists.iter().zip(lists).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// The lists it was made of.
    pub(in crate::table) fn lists(&self) -> &[Arc<HostList>] {
        &self.lists
    }

    /// Number of names.
    pub(in crate::table) fn len(&self) -> usize {
        self.len
    }

    /// The record of a name in lower case, whose hash is `hash`.
    pub(in crate::table) fn find(&self, wire: &[u8], hash: u64) -> Option<HostRecord<'_>> {
        self.record(self.find_place(wire, hash)?)
    }

    /// The addresses of that record alone.
    #[inline]
    pub(in crate::table) fn find_addresses(&self, wire: &[u8], hash: u64) -> Option<Addresses<'_>> {
        let place = self.find_place(wire, hash)?;
        Addresses::of_record(self.octets_of(place.list), place.at, wire.len())
    }

    #[inline]
    fn find_place(&self, wire: &[u8], hash: u64) -> Option<Place> {
        let is_it = |place: Place| self.octets_at(place, wire.len()) == Some(wire);
        self.names.find(hash, is_it)
    }

    /// The name that an address leads back to: the first canonical one, else the first.
    pub(in crate::table) fn reverse(
        &self,
        address: IpAddr,
        hasher: &NameHasher,
    ) -> Option<HostRecord<'_>> {
        let has_it = |place| self.has_address(place, address);
        let place = self.addresses.find(hasher.of_address(address), has_it)?;
        self.record(place)
    }

    /// Whether there are names below the one of that hash.
    pub(in crate::table) fn has_names_below(&self, hash: u64) -> bool {
        self.ancestors.find(hash, |other| *other == hash).is_some()
    }

    /// One record a name, in no order.
    pub(in crate::table) fn records(&self) -> impl Iterator<Item = HostRecord<'_>> {
        self.names.places().filter_map(|place| self.record(place))
    }

    /// Reads the slot of a hash, so that it is in the processor's cache when it is looked up.
    #[inline]
    pub(in crate::table) fn touch_slot(&self, hash: u64) -> u64 {
        self.names.first(hash)
    }

    /// Reads the record that the slot of a hash leads to.
    #[inline]
    pub(in crate::table) fn touch_record(&self, slot: u64) -> u8 {
        if slot == EMPTY {
            return 0;
        }
        let place = Place::of_slot(slot);
        let octets = self.octets_of(place.list);
        octets.get(place.at).copied().unwrap_or(0)
    }

    /// Puts every record in a slot. Gives those of names that stand there already, by the slot.
    fn place_names(&mut self, hasher: &NameHasher) -> BTreeMap<usize, Vec<Place>> {
        let mut repeated: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
        let lists = self.lists.clone();
        for (number, list) in lists.iter().enumerate() {
            for (at, record) in list.placed_records() {
                let place = self.place_of(number, at, &record);
                let wire = record.name.as_wire();
                let hash = hasher.of_wire(wire);
                let is_it = |place| self.octets_at(place, wire.len()) == Some(wire);
                match self.names.find_slot(hash, is_it) {
                    Ok(slot) => repeated.entry(slot).or_default().push(place),
                    Err(slot) => {
                        self.names.set(slot, hash, place);
                        self.len += 1;
                    }
                }
            }
        }
        repeated
    }

    /// The place of a record; one of a list that slots cannot name is copied first.
    fn place_of(&mut self, list: usize, at: usize, record: &HostRecord<'_>) -> Place {
        if list < MERGED {
            return Place { list, at };
        }
        let mut octets = Vec::new();
        write_several(&mut octets, &[*record]);
        self.add_merged(&octets, Place { list, at })
    }

    fn add_merged(&mut self, octets: &[u8], from: Place) -> Place {
        let at = self.merged.len();
        self.merged.extend_from_slice(octets);
        self.merged_from.insert(at, from);
        Place { list: MERGED, at }
    }

    /// Puts the records of a name that stands on several lines together.
    fn merge(&mut self, repeated: BTreeMap<usize, Vec<Place>>) {
        for (slot, others) in repeated {
            let places = self.names.place_at(slot).into_iter().chain(others);
            let places: Vec<Place> = places.collect();
            let records: Vec<_> = places
                .iter()
                .filter_map(|place| self.record(*place))
                .collect();
            let mut octets = Vec::new();
            write_several(&mut octets, &records);
            let place = self.add_merged(&octets, self.first_line(places[0]));
            self.names.replace(slot, place);
        }
    }

    /// Puts every address in a slot. `places` are in file order, so that the first name wins.
    fn place_addresses(&mut self, places: &[Place], hasher: &NameHasher) {
        let records = || places.iter().filter_map(|place| self.record(*place));
        let count = records().map(|record| record.addresses().count()).sum();
        let mut slots = Slots::for_records(count);
        for place in places {
            let Some(record) = self.record(*place) else {
                continue;
            };
            for address in record.addresses() {
                let hash = hasher.of_address(address);
                let has_it = |other| self.has_address(other, address);
                match slots.find_slot(hash, has_it) {
                    Err(slot) => slots.set(slot, hash, *place),
                    Ok(slot) => {
                        let holder = slots.place_at(slot).and_then(|place| self.record(place));
                        let is_alias = holder.is_some_and(|h| h.place == NamePlace::Alias);
                        if is_alias && record.place == NamePlace::Canonical {
                            slots.replace(slot, *place);
                        }
                    }
                }
            }
        }
        self.addresses = slots;
    }

    fn note_ancestors(&mut self, places: &[Place], hasher: &NameHasher) {
        let mut ancestors = HashTable::new();
        for record in places.iter().filter_map(|place| self.record(*place)) {
            for ancestor in record.name.ancestors().skip(1) {
                let hash = hasher.of_wire(ancestor.as_wire());
                if ancestors.find(hash, |other| *other == hash).is_some() {
                    // Those above it are there since it is.
                    break;
                }
                ancestors.insert_unique(hash, hash, |hash| *hash);
            }
        }
        self.ancestors = ancestors;
    }

    fn has_address(&self, place: Place, address: IpAddr) -> bool {
        let record = self.record(place);
        record.is_some_and(|record| record.addresses().any(|own| own == address))
    }

    fn record(&self, place: Place) -> Option<HostRecord<'_>> {
        let list = self.lists.get(self.first_line(place).list)?;
        HostRecord::read(list, self.octets_of(place.list), place.at)
    }

    /// Where the first line of a record is.
    fn first_line(&self, place: Place) -> Place {
        if place.list < MERGED {
            return place;
        }
        self.merged_from.get(&place.at).copied().unwrap_or(place)
    }

    #[inline]
    fn octets_of(&self, list: usize) -> &[u8] {
        if list < MERGED {
            self.octets.get(list).map_or(&[], |octets| octets)
        } else {
            &self.merged
        }
    }

    /// The name of a record, if it has that length.
    #[inline]
    fn octets_at(&self, place: Place, name_len: usize) -> Option<&[u8]> {
        let octets = self.octets_of(place.list);
        let is_len = usize::from(*octets.get(place.at)?) == name_len;
        let name_at = place.at + super::record::HEAD_LEN;
        is_len.then(|| octets.get(name_at..name_at + name_len))?
    }
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    list: usize,
    at: usize,
}

impl Place {
    const TAG_BITS: u32 = 16;
    const LIST_BITS: u32 = 8;

    fn to_slot(self, hash: u64) -> u64 {
        let at = (self.at as u64 + 1) << (Self::TAG_BITS + Self::LIST_BITS);
        at | (self.list as u64) << Self::TAG_BITS | tag_of(hash)
    }

    fn of_slot(slot: u64) -> Self {
        Place {
            list: (slot >> Self::TAG_BITS) as usize & ((1 << Self::LIST_BITS) - 1),
            at: (slot >> (Self::TAG_BITS + Self::LIST_BITS)) as usize - 1,
        }
    }
}

/// The lower bits of a hash; the upper ones pick the slot.
fn tag_of(hash: u64) -> u64 {
    hash & ((1 << Place::TAG_BITS) - 1)
}

/// An open hash table of eight-octet slots.
#[derive(Debug)]
struct Slots(Box<[u64]>);

impl Slots {
    fn for_records(count: usize) -> Self {
        let len = count * SLOTS_PER_3_RECORDS / 3 + 1;
        Slots(alloc::vec![EMPTY; len].into_boxed_slice())
    }

    #[inline]
    fn start(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.0.len() as u128) >> 64) as usize
    }

    #[inline]
    fn first(&self, hash: u64) -> u64 {
        self.0.get(self.start(hash)).copied().unwrap_or(EMPTY)
    }

    #[inline]
    fn find(&self, hash: u64, is_it: impl FnMut(Place) -> bool) -> Option<Place> {
        let slot = self.find_slot(hash, is_it).ok()?;
        Some(Place::of_slot(self.0[slot]))
    }

    /// The slot of that record, or the free one where it would go.
    #[inline]
    fn find_slot(&self, hash: u64, mut is_it: impl FnMut(Place) -> bool) -> Result<usize, usize> {
        let tag = tag_of(hash);
        let mut at = self.start(hash);
        loop {
            let slot = self.0[at];
            if slot == EMPTY {
                return Err(at);
            }
            if tag_of(slot) == tag && is_it(Place::of_slot(slot)) {
                return Ok(at);
            }
            at += 1;
            if at == self.0.len() {
                at = 0;
            }
        }
    }

    fn set(&mut self, slot: usize, hash: u64, place: Place) {
        self.0[slot] = place.to_slot(hash);
    }

    /// Puts another record of the same key in its place.
    fn replace(&mut self, slot: usize, place: Place) {
        let tag = tag_of(self.0[slot]);
        self.set(slot, tag, place);
    }

    fn place_at(&self, slot: usize) -> Option<Place> {
        let slot = *self.0.get(slot)?;
        (slot != EMPTY).then(|| Place::of_slot(slot))
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        let full = self.0.iter().filter(|slot| **slot != EMPTY);
        full.map(|slot| Place::of_slot(*slot))
    }
}
