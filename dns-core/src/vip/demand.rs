//! [`Demand`]: who wants addresses and which are given, as far as the ledger was told.

use super::key::VipKey;
use super::pool::{Family, PoolKind};
use super::record::{Origin, Record};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::Bound::{Excluded, Unbounded};

/// A key and a family: what holds at most one allotted address.
pub(super) type Place = (VipKey, Family);

/// A wish for one address: of one key, in one family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Who wants it.
    pub key: VipKey,
    /// The family.
    pub family: Family,
    /// Where it shall come from. A key that wants from both pools is served from the names'.
    pub pool: PoolKind,
}

/// Why an address is not the ledger's to allot: an object gives it to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The name; the oldest if several share the address.
    pub key: VipKey,
    /// Who wrote it.
    pub by: GivenBy,
}

/// Who wrote an address into an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBy {
    /// A user: `spec.addresses`, `ProductName.vip`.
    User,
    /// Another allocator: `status.addresses`.
    Allocator,
}

impl GivenBy {
    pub(super) fn origin(self) -> Origin {
        match self {
            GivenBy::User => Origin::Pinned,
            GivenBy::Allocator => Origin::Status,
        }
    }
}

impl Given {
    /// As a record has it that an object stands behind.
    pub(super) fn of_record(record: &Record) -> Option<Self> {
        let by = match record.origin {
            Origin::Pinned => GivenBy::User,
            Origin::Status => GivenBy::Allocator,
            Origin::Imported | Origin::Allotted => return None,
        };
        let key = record.key.clone();
        Some(Given { key, by })
    }
}

/// What is different since the last call, for [`super::Ledger::settle`].
///
/// What is taken away is taken away first: a place in both `unwanted` and `wanted` is wanted, an
/// address in both `ungiven` and `given` is given. Saying again what the ledger knows changes
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Wishes that are new, or want from another pool than before.
    pub wanted: Vec<Want>,
    /// Wishes that are gone. Their addresses are released.
    pub unwanted: Vec<(VipKey, Family)>,
    /// Addresses that an object gives to a name, or gives to another name than before.
    pub given: Vec<(IpAddr, Given)>,
    /// Addresses that no object gives any more.
    pub ungiven: Vec<IpAddr>,
}

impl Change {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
            && self.unwanted.is_empty()
            && self.given.is_empty()
            && self.ungiven.is_empty()
    }
}

/// The wishes and gifts of the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Demand {
    pub(super) wanted: BTreeMap<Place, PoolKind>,
    pub(super) given: BTreeMap<IpAddr, Given>,
    /// Wanted places that found their pool full, by the pool.
    waiting: BTreeMap<(PoolKind, Family), BTreeSet<VipKey>>,
    /// What was held here until a merge said that it is over.
    pub(super) overruled: Vec<Record>,
}

/// What a change touches.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Wanted places that may lack an address.
    pub(super) wanted: BTreeMap<Place, PoolKind>,
    pub(super) unwanted: BTreeSet<Place>,
    pub(super) given: BTreeMap<IpAddr, Given>,
    pub(super) ungiven: BTreeSet<IpAddr>,
}

impl Demand {
    pub(super) fn take(&mut self, change: &Change) -> Touched {
        let mut touched = Touched::default();
        for place in &change.unwanted {
            self.wanted.remove(place);
            self.serve(place);
            touched.unwanted.insert(place.clone());
        }
        for want in &change.wanted {
            let place = (want.key.clone(), want.family);
            touched.unwanted.remove(&place);
            self.serve(&place);
            let pool = touched.wanted.entry(place).or_insert(want.pool);
            *pool = want.pool.min(*pool);
        }
        let wanted = touched.wanted.iter();
        self.wanted
            .extend(wanted.map(|(place, pool)| (place.clone(), *pool)));
        for address in &change.ungiven {
            self.given.remove(address);
            touched.ungiven.insert(*address);
        }
        for (address, given) in &change.given {
            self.given.insert(*address, given.clone());
            touched.ungiven.remove(address);
            touched.given.insert(*address, given.clone());
        }
        touched
    }

    /// Takes a wish in besides those that are known.
    pub(super) fn want(&mut self, place: &Place, pool: PoolKind) {
        let known = self.wanted.entry(place.clone()).or_insert(pool);
        *known = pool.min(*known);
    }

    /// Puts a place among those that wait for a pool.
    pub(super) fn wait(&mut self, (key, family): Place, pool: PoolKind) {
        self.waiting.entry((pool, family)).or_default().insert(key);
    }

    /// Takes a place from those that wait.
    pub(super) fn serve(&mut self, (key, family): &Place) {
        for pool in PoolKind::ALL {
            if let Some(keys) = self.waiting.get_mut(&(pool, *family)) {
                keys.remove(key);
            }
        }
    }

    /// Every place that waits, in order.
    pub(super) fn waiting(&self) -> Vec<Place> {
        let queues = self.waiting.iter();
        let mut places: Vec<Place> = queues
            .flat_map(|((_, family), keys)| keys.iter().map(|key| (key.clone(), *family)))
            .collect();
        places.sort_unstable();
        places
    }

    pub(super) fn is_waiting(&self, key: &VipKey, family: Family) -> bool {
        let mut pools = PoolKind::ALL.into_iter();
        pools.any(|pool| {
            let keys = self.waiting.get(&(pool, family));
            keys.is_some_and(|keys| keys.contains(key))
        })
    }

    /// The place after `last` that waits for one of the pools that `has_room` names.
    pub(super) fn next_waiting(
        &self,
        last: Option<&Place>,
        has_room: impl Fn(PoolKind, Family) -> bool,
    ) -> Option<(Place, PoolKind)> {
        let queues = self.waiting.iter();
        let queues =
            queues.filter(|((pool, family), keys)| !keys.is_empty() && has_room(*pool, *family));
        queues
            .filter_map(|((pool, family), keys)| {
                let next = match last {
                    None => keys.first(),
                    Some((key, served)) if served < family => keys.range(key..).next(),
                    Some((key, _)) => keys.range((Excluded(key), Unbounded)).next(),
                };
                next.map(|key| ((key.clone(), *family), *pool))
            })
            .min()
    }

    /// Takes the complete set of the moment. Both sets are in order, so nothing is searched for.
    pub(super) fn replace(
        &mut self,
        wants: impl IntoIterator<Item = Want>,
        given: &BTreeMap<IpAddr, Given>,
    ) -> Touched {
        let wanted = complete(wants);
        let before = core::mem::take(&mut self.wanted);
        let unwanted = missing_in(&before, &wanted).map(|(place, _)| place.clone());
        let unwanted: BTreeSet<Place> = unwanted.collect();
        for place in &unwanted {
            self.serve(place);
        }
        let mut known = before.into_iter().peekable();
        let changed = wanted.iter().filter(|(place, pool)| {
            while known.next_if(|(earlier, _)| earlier < *place).is_some() {}
            let same = known.next_if(|(earlier, _)| earlier == *place);
            same.is_none_or(|(_, earlier)| earlier != **pool)
        });
        let changed: BTreeMap<Place, PoolKind> = changed
            .map(|(place, pool)| (place.clone(), *pool))
            .collect();
        if !self.waiting.is_empty() {
            for place in changed.keys() {
                self.serve(place);
            }
        }
        self.wanted = wanted;

        let mut touched = Touched {
            wanted: changed,
            unwanted,
            ..Touched::default()
        };
        let ungiven = missing_in(&self.given, given);
        touched.ungiven.extend(ungiven.map(|(address, _)| *address));
        for (address, claim) in given {
            if self.given.get(address) != Some(claim) {
                touched.given.insert(*address, claim.clone());
            }
        }
        self.given.clone_from(given);
        touched
    }
}

/// What of a map has a key that another does not have.
pub(super) fn missing_in<'a, K: Ord, A, B>(
    map: &'a BTreeMap<K, A>,
    other: &'a BTreeMap<K, B>,
) -> impl Iterator<Item = (&'a K, &'a A)> {
    let mut others = other.keys().peekable();
    map.iter().filter(move |(key, _)| {
        while others.next_if(|other| other < key).is_some() {}
        others.peek() != Some(key)
    })
}

/// The wishes in order, of one place the one with the first pool.
fn complete(wants: impl IntoIterator<Item = Want>) -> BTreeMap<Place, PoolKind> {
    let wants = wants.into_iter();
    let mut wants: Vec<(Place, PoolKind)> = wants
        .map(|want| ((want.key, want.family), want.pool))
        .collect();
    wants.sort_unstable();
    wants.dedup_by(|later, kept| later.0 == kept.0);
    wants.into_iter().collect()
}
