//! [`Demand`]: who wants virtual addresses of the ledger, and which addresses objects give.

use super::draft::{Draft, VipWant};
use dns_core::vip::{Change, Family, Given, GivenBy, Ledger, PoolKind, VipKey, Want};
use dns_core::{AddressOrigin, HostAddress, HostEntry, NameBuf, VipState};
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// An address that an object gives to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pin {
    pub(super) address: IpAddr,
    /// Creation time of the object in seconds since 1970; unknown is youngest.
    pub(super) created_secs: u64,
    /// Whether another allocator wrote it, not a user.
    pub(super) is_allocated: bool,
}

/// What one name asks of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NameDemand {
    pub(super) wants: Box<[VipWant]>,
    pub(super) pins: Box<[Pin]>,
}

/// What all names ask of the ledger.
#[derive(Debug, Default)]
pub(super) struct Demand {
    /// How many names want the address of a key, by the pool.
    wanted: HashMap<(VipKey, Family), (PoolKind, u32), FixedState>,
    /// Who is given an address, the oldest first.
    pinned: BTreeMap<IpAddr, BTreeSet<(u64, NameBuf, bool)>>,
    /// Addresses that somebody else gave away.
    occupied: BTreeMap<IpAddr, Given>,
}

impl Demand {
    /// Starts over, with room for so many names.
    pub(super) fn with_capacity(names: usize, occupied: BTreeMap<IpAddr, Given>) -> Self {
        Demand {
            wanted: HashMap::with_capacity_and_hasher(names * 2, FixedState::default()),
            pinned: BTreeMap::new(),
            occupied,
        }
    }

    /// Takes the demand of a name in place of what it was. `change` gets what that changes for the
    /// ledger.
    pub(super) fn replace(
        &mut self,
        name: &NameBuf,
        before: &NameDemand,
        now: &NameDemand,
        change: &mut Change,
    ) {
        // New wishes first, so that a key which both want does not seem to be gone.
        for (want, family) in places(&now.wants) {
            self.want(want, family, change);
        }
        for (want, family) in places(&before.wants) {
            self.unwant(want, family, change);
        }
        let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
        for pin in &before.pins {
            addresses.insert(pin.address);
            if let Some(holders) = self.pinned.get_mut(&pin.address) {
                holders.remove(&(pin.created_secs, name.clone(), pin.is_allocated));
                if holders.is_empty() {
                    self.pinned.remove(&pin.address);
                }
            }
        }
        for pin in &now.pins {
            addresses.insert(pin.address);
            let holder = (pin.created_secs, name.clone(), pin.is_allocated);
            self.pinned.entry(pin.address).or_default().insert(holder);
        }
        for address in addresses {
            match self.given(address) {
                Some(given) => change.given.push((address, given)),
                None => change.ungiven.push(address),
            }
        }
    }

    fn want(&mut self, want: &VipWant, family: Family, change: &mut Change) {
        let place = (want.key.clone(), family);
        let known = self.wanted.entry(place).or_insert((want.pool, 0));
        known.1 += 1;
        if known.1 == 1 {
            change.wanted.push(Want {
                key: want.key.clone(),
                family,
                pool: want.pool,
            });
        }
    }

    fn unwant(&mut self, want: &VipWant, family: Family, change: &mut Change) {
        let place = (want.key.clone(), family);
        let Some(known) = self.wanted.get_mut(&place) else {
            return;
        };
        known.1 -= 1;
        if known.1 == 0 {
            self.wanted.remove(&place);
            change.unwanted.push(place);
        }
    }

    /// Who is given an address: the oldest of the names with objects, else whoever has it
    /// elsewhere.
    fn given(&self, address: IpAddr) -> Option<Given> {
        let oldest = self.pinned.get(&address).and_then(BTreeSet::first);
        let of_object = oldest.map(|(_, name, is_allocated)| Given {
            key: VipKey::of_name(name),
            by: if *is_allocated {
                GivenBy::Allocator
            } else {
                GivenBy::User
            },
        });
        of_object.or_else(|| self.occupied.get(&address).cloned())
    }

    /// Every address that is given to somebody.
    pub(super) fn all_given(&self) -> BTreeMap<IpAddr, Given> {
        let mut all = self.occupied.clone();
        let of_objects = self.pinned.keys();
        all.extend(of_objects.filter_map(|ip| self.given(*ip).map(|given| (*ip, given))));
        all
    }
}

/// Leaves out the wishes for families that a pool does not have, but for those that it had when
/// they were allotted: a changed pool moves no address.
pub(super) fn servable(wants: &mut Vec<Want>, ledger: &Ledger) {
    let pools = &ledger.config().pools;
    wants.retain(|want| {
        let has_blocks = !pools.of(want.pool).blocks(want.family).is_empty();
        has_blocks || ledger.address_of(&want.key, want.family).is_some()
    });
}

/// The wishes of an entry, by family.
pub(super) fn places(wants: &[VipWant]) -> impl Iterator<Item = (&VipWant, Family)> {
    wants.iter().flat_map(|want| {
        let v4 = want.families.v4.then_some((want, Family::V4));
        let v6 = want.families.v6.then_some((want, Family::V6));
        v4.into_iter().chain(v6)
    })
}

/// The entry with the addresses that the ledger has for it.
pub(super) fn filled(draft: Draft, ledger: &Ledger, now_ms: u64) -> Arc<HostEntry> {
    let Draft {
        mut entry, wants, ..
    } = draft;
    let mut is_short = false;
    for (want, family) in places(&wants) {
        match ledger.address_of(&want.key, family) {
            Some(ip) => {
                let address = HostAddress::new(ip, AddressOrigin::Allotted);
                entry.addresses.push(address);
            }
            None => is_short |= ledger.is_waiting(&want.key, family),
        }
    }
    if !wants.is_empty() && entry.vip_state == VipState::None {
        entry.vip_state = if is_short {
            VipState::Exhausted
        } else {
            VipState::Allotted
        };
    }
    if ledger.has_past() {
        add_former(&mut entry, &wants, ledger, now_ms);
    }
    Arc::from(entry)
}

/// Addresses that the name had: of its wishes, or of its own key where objects give it addresses.
fn add_former(entry: &mut HostEntry, wants: &[VipWant], ledger: &Ledger, now_ms: u64) {
    let is_given = |address: &HostAddress| {
        matches!(
            address.origin,
            AddressOrigin::Pinned | AddressOrigin::Status
        )
    };
    let own = entry.addresses.iter().any(is_given);
    let own = own.then(|| VipKey::of_name(&entry.name));
    let mut keys: BTreeSet<&VipKey> = wants.iter().map(|want| &want.key).collect();
    keys.extend(&own);
    for key in keys {
        let former = ledger.former_of(key, now_ms).map(|record| record.address);
        entry.former_vips.extend(former);
    }
}
