//! What the walk checks after each step, by book-keeping of its own.

use crate::site::Site;
use crate::{BLOCKS, Place, QUARANTINE_SECS, Seen, block_addresses, config};
use dns_core::vip::{Assignment, Family, Given, Move, PoolKind, Record, RecordState, VipKey};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What an onlooker remembers, by his own book-keeping.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) held: BTreeMap<Place, IpAddr>,
    pub(crate) pins: BTreeMap<IpAddr, Given>,
    /// Who was the last to have an address that nobody has now, and until when.
    pub(crate) left: BTreeMap<IpAddr, (VipKey, u64)>,
}

impl Site {
    /// Holds the outcome of a step against every promise.
    pub(crate) fn check(&mut self, assignment: &Assignment, now_ms: u64, seen: &mut Seen) {
        let addresses = self.addresses(&self.ledger);
        assert_nothing_is_shared(&addresses, &self.pins);
        for place in self.places() {
            let was = self.memory.held.get(&place).copied();
            let is = addresses.get(&place).copied();
            match was {
                Some(was) => self.check_living(&place, was, is, assignment, now_ms),
                None => seen.returns += usize::from(self.check_new(&place, is, now_ms)),
            }
            assert_eq!(is.is_none(), assignment.exhausted.contains(&place));
        }
        self.check_outage(assignment);
        self.remember(addresses, now_ms);
        let block = block_addresses(BLOCKS[0].1);
        let taken = block
            .iter()
            .filter(|&&address| self.is_taken(address, now_ms))
            .count();
        seen.half_full += usize::from((50..=90).contains(&(taken * 100 / block.len())));
        for (_, family) in &assignment.exhausted {
            let block = BLOCKS.iter().find(|(of, _)| of == family).unwrap().1;
            assert!(
                block_addresses(block)
                    .iter()
                    .all(|&address| self.is_taken(address, now_ms))
            );
        }
    }

    /// A lost cluster releases nothing.
    fn check_outage(&self, assignment: &Assignment) {
        let released = assignment.changes.iter();
        for record in released.filter(|record| record.state == RecordState::Released) {
            let place = (record.key.clone(), record.family());
            let was_held = self.memory.held.get(&place) == Some(&record.address);
            let is_lost = self.is_held(&record.key) && self.places().contains(&place);
            assert!(!(was_held && is_lost), "{record:?}");
        }
    }

    /// An address stays while its name lives, unless an object gives it away; then it leads back.
    fn check_living(
        &self,
        place: &Place,
        was: IpAddr,
        is: Option<IpAddr>,
        assignment: &Assignment,
        now_ms: u64,
    ) {
        let Some(pin) = self.pins.get(&was) else {
            return assert_eq!(is, Some(was));
        };
        assert_ne!(is, Some(was));
        assert!(
            assignment
                .moves
                .iter()
                .any(|m| m.key == place.0 && m.from == was && m.to == is)
        );
        let former = |r: &Record| r.address == was;
        let leads_back = self.ledger.former_of(&place.0, now_ms).any(former);
        assert_eq!(leads_back, pin.key != place.0);
    }

    /// A name without address comes back to one it had, or gets one that rested long enough.
    /// Gives whether it came back.
    fn check_new(&self, place: &Place, is: Option<IpAddr>, now_ms: u64) -> bool {
        let had_by_it = |address: &IpAddr| {
            self.memory
                .left
                .get(address)
                .is_some_and(|(key, _)| *key == place.0)
        };
        let pins = &self.pins;
        let could_return = self.memory.left.keys().any(|address| {
            had_by_it(address) && Family::of(*address) == place.1 && !pins.contains_key(address)
        }) || self.memory.pins.iter().any(|(address, pin)| {
            pin.key == place.0 && Family::of(*address) == place.1 && !pins.contains_key(address)
        });
        let Some(is) = is else {
            assert!(!could_return);
            return false;
        };
        let was_pinned_by_it = self
            .memory
            .pins
            .get(&is)
            .is_some_and(|pin| pin.key == place.0);
        assert_eq!(
            had_by_it(&is) || was_pinned_by_it,
            could_return,
            "{place:?} {is}"
        );
        if !could_return {
            assert!(
                !self.memory.pins.contains_key(&is),
                "{is} was given until this moment"
            );
            assert!(
                !self.memory.held.values().any(|&held| held == is),
                "{is} was held"
            );
            assert!(!self.is_taken(is, now_ms), "{is} is in quarantine");
        }
        could_return
    }

    /// What a merge may do: an address that a living name loses leads back to it and is reported,
    /// unless an object gives it to the name.
    pub(crate) fn check_merged(&mut self, assignment: &Assignment, now_ms: u64, seen: &mut Seen) {
        let addresses = self.addresses(&self.ledger);
        assert_nothing_is_shared(&addresses, &self.pins);
        for place in self.places() {
            let was = self.memory.held.get(&place).copied();
            let is = addresses.get(&place).copied();
            assert_eq!(is.is_none(), assignment.exhausted.contains(&place));
            let Some(was) = was.filter(|was| is != Some(*was)) else {
                continue;
            };
            if self.pins.get(&was).is_some_and(|pin| pin.key == place.0) {
                continue;
            }
            let former = |r: &Record| r.address == was;
            assert!(
                self.ledger.former_of(&place.0, now_ms).any(former),
                "{place:?} {was}"
            );
            let reported = |m: &Move| m.key == place.0 && m.from == was && m.to == is;
            assert!(assignment.moves.iter().any(reported), "{place:?} {was}");
            seen.moved_by_merge += 1;
        }
        self.memory.held = addresses;
        self.memory.pins = self.pins.clone();
        self.memory.left = self.released();
    }

    fn remember(&mut self, addresses: BTreeMap<Place, IpAddr>, now_ms: u64) {
        for (place, address) in &self.memory.held {
            if addresses.get(place) != Some(address) {
                self.memory.left.insert(*address, (place.0.clone(), now_ms));
            }
        }
        for (address, pin) in &self.memory.pins {
            if !self.pins.contains_key(address) {
                self.memory.left.insert(*address, (pin.key.clone(), now_ms));
            }
        }
        for address in addresses.values().chain(self.pins.keys()) {
            self.memory.left.remove(address);
        }
        self.memory.held = addresses;
        self.memory.pins = self.pins.clone();
    }

    /// Whether the onlooker sees the address held, given, or resting.
    fn is_taken(&self, address: IpAddr, now_ms: u64) -> bool {
        self.pins.contains_key(&address)
            || self.memory.held.values().any(|&held| held == address)
            || self
                .memory
                .left
                .get(&address)
                .is_some_and(|(_, until_ms)| now_ms < until_ms + QUARANTINE_SECS * 1000)
    }
}

/// No address is allotted twice, and none that an object gives.
pub(crate) fn assert_nothing_is_shared(
    addresses: &BTreeMap<Place, IpAddr>,
    pins: &BTreeMap<IpAddr, Given>,
) {
    let distinct: BTreeSet<_> = addresses.values().collect();
    assert_eq!(distinct.len(), addresses.len());
    let config = config();
    for (place, address) in addresses {
        assert!(
            !pins.contains_key(address),
            "{place:?} was allotted a given address"
        );
        assert_eq!(Family::of(*address), place.1);
        assert!(config.pools.of(PoolKind::Names).is_usable(*address));
    }
}
