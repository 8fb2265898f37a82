//! What the walk checks after each step, by book-keeping of its own.

use crate::{BLOCKS, Place, QUARANTINE_SECS, Walk, block_addresses, config};
use dns_core::vip::{Assignment, Family, Given, PoolKind, Record, VipKey};
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

impl Walk {
    /// Holds the outcome of a step against every promise.
    pub(crate) fn check(&mut self, assignment: &Assignment) {
        let addresses = self.addresses(&self.ledger);
        assert_nothing_is_shared(&addresses, &self.pins);
        for place in self.places() {
            let was = self.memory.held.get(&place).copied();
            let is = addresses.get(&place).copied();
            match was {
                Some(was) => self.check_living(&place, was, is, assignment),
                None => self.check_new(&place, is),
            }
            assert_eq!(is.is_none(), assignment.exhausted.contains(&place));
        }
        self.remember(addresses);
        let block = block_addresses(BLOCKS[0].1);
        let taken = block
            .iter()
            .filter(|&&address| self.is_taken(address))
            .count();
        self.seen.half_full += usize::from((50..=90).contains(&(taken * 100 / block.len())));
        for (_, family) in &assignment.exhausted {
            let block = BLOCKS.iter().find(|(of, _)| of == family).unwrap().1;
            assert!(
                block_addresses(block)
                    .iter()
                    .all(|&address| self.is_taken(address))
            );
        }
    }

    /// An address stays while its name lives, unless an object gives it away; then it leads back.
    fn check_living(
        &self,
        place: &Place,
        was: IpAddr,
        is: Option<IpAddr>,
        assignment: &Assignment,
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
        let leads_back = self.ledger.former_of(&place.0, self.now_ms).any(former);
        assert_eq!(leads_back, pin.key != place.0);
    }

    /// A name without address comes back to one it had, or gets one that rested long enough.
    fn check_new(&mut self, place: &Place, is: Option<IpAddr>) {
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
            return assert!(!could_return);
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
        if could_return {
            self.seen.returns += 1;
        } else {
            assert!(
                !self.memory.pins.contains_key(&is),
                "{is} was given until this moment"
            );
            assert!(
                !self.memory.held.values().any(|&held| held == is),
                "{is} was held"
            );
            assert!(!self.is_taken(is), "{is} is in quarantine");
        }
    }

    fn remember(&mut self, addresses: BTreeMap<Place, IpAddr>) {
        for (place, address) in &self.memory.held {
            if addresses.get(place) != Some(address) {
                self.memory
                    .left
                    .insert(*address, (place.0.clone(), self.now_ms));
            }
        }
        for (address, pin) in &self.memory.pins {
            if !self.pins.contains_key(address) {
                self.memory
                    .left
                    .insert(*address, (pin.key.clone(), self.now_ms));
            }
        }
        for address in addresses.values().chain(self.pins.keys()) {
            self.memory.left.remove(address);
        }
        self.memory.held = addresses;
        self.memory.pins = self.pins.clone();
    }

    /// Whether the onlooker sees the address held, given, or resting.
    fn is_taken(&self, address: IpAddr) -> bool {
        self.pins.contains_key(&address)
            || self.memory.held.values().any(|&held| held == address)
            || self
                .memory
                .left
                .get(&address)
                .is_some_and(|(_, until_ms)| self.now_ms < until_ms + QUARANTINE_SECS * 1000)
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
