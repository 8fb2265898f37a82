//! Gives entries their virtual addresses: asks the ledger, has it recorded, writes the addresses
//! into the entries.

use crate::journal::LedgerStore;
use dns_core::vip::{Family, Given, GivenBy, Ledger, Move, PoolKind, VipKey, Want};
use dns_core::{AddressOrigin, HostAddress, HostEntry, HostList, NameBuf, VipState, VipWanted};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Fills in the virtual addresses that `entries` want. They are on disk when it returns, unless
/// the journal has failed. `now_ms` is wall-clock time in milliseconds since 1970. Gives how many
/// names found their pool full. `hosts` are names that want nothing and may have addresses of the
/// pools.
pub(crate) fn allot(
    entries: &mut [HostEntry],
    hosts: &[Arc<HostList>],
    store: &mut LedgerStore,
    now_ms: u64,
) -> usize {
    let wants = wants_of(entries, &store.ledger);
    let given = given_by(entries, hosts, &store.ledger);
    let assignment = store.ledger.assign(now_ms, wants, &given);
    store.record(&assignment.changes);
    let exhausted: BTreeSet<&VipKey> = assignment.exhausted.iter().map(|(key, _)| key).collect();
    report(&assignment.moves);
    for entry in entries.iter_mut().filter(|entry| has_vips(entry)) {
        let key = VipKey::of_name(&entry.name);
        fill(entry, &key, &store.ledger, now_ms);
        if entry.vip_wanted == VipWanted::default() {
            continue;
        }
        let is_recorded = |address: &HostAddress| {
            address.origin != AddressOrigin::Allotted
                || store.is_recorded(address.ip, &assignment.changes)
        };
        entry.vip_state = if exhausted.contains(&key) {
            VipState::Exhausted
        } else if entry.addresses.iter().all(is_recorded) {
            VipState::Allotted
        } else {
            VipState::Unrecorded
        };
    }
    exhausted.len()
}

/// Whether the ledger may know addresses of the name: it wants some, or an object gives it some.
fn has_vips(entry: &HostEntry) -> bool {
    let is_given = |address: &HostAddress| {
        matches!(
            address.origin,
            AddressOrigin::Pinned | AddressOrigin::Status
        )
    };
    entry.vip_wanted != VipWanted::default() || entry.addresses.iter().any(is_given)
}

/// What the entries want, in the families that the pool has. One that the pool had before is
/// wanted where it was allotted: a changed pool moves no address.
fn wants_of(entries: &[HostEntry], ledger: &Ledger) -> Vec<Want> {
    let pool = ledger.config().pools.of(PoolKind::Names);
    let mut wants = Vec::new();
    for entry in entries {
        let wanted = [
            (entry.vip_wanted.v4, Family::V4),
            (entry.vip_wanted.v6, Family::V6),
        ];
        for (_, family) in wanted.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            let key = VipKey::of_name(&entry.name);
            if !pool.blocks(family).is_empty() || ledger.address_of(&key, family).is_some() {
                wants.push(Want {
                    key,
                    family,
                    pool: PoolKind::Names,
                });
            }
        }
    }
    wants
}

/// Addresses that users give to names and that the ledger must know of: those inside our pools,
/// and those it holds a record of. Of several names with one address the oldest has it, and names
/// of hosts files are the youngest.
fn given_by(
    entries: &[HostEntry],
    hosts: &[Arc<HostList>],
    ledger: &Ledger,
) -> BTreeMap<IpAddr, Given> {
    let mut given: BTreeMap<IpAddr, (u64, Given)> = BTreeMap::new();
    let is_known = Known::of(ledger);
    for entry in entries {
        for address in &entry.addresses {
            let by = match address.origin {
                AddressOrigin::Pinned => GivenBy::User,
                AddressOrigin::Status => GivenBy::Allocator,
                AddressOrigin::Allotted
                | AddressOrigin::Cluster
                | AddressOrigin::Endpoint
                | AddressOrigin::Pushed => continue,
            };
            let ip = address.ip;
            if !is_known.has(ip) {
                continue;
            }
            let age = entry.created_secs.unwrap_or(u64::MAX);
            if given.get(&ip).is_none_or(|(oldest, _)| age < *oldest) {
                let key = VipKey::of_name(&entry.name);
                given.insert(ip, (age, Given { key, by }));
            }
        }
    }
    let mut given: BTreeMap<_, _> = given
        .into_iter()
        .map(|(ip, (_, given))| (ip, given))
        .collect();
    let records = hosts.iter().flat_map(|list| list.records());
    let by_hosts = records.flat_map(|record| record.addresses().map(move |ip| (record, ip)));
    for (record, ip) in by_hosts.filter(|(_, ip)| is_known.has(*ip)) {
        let name = record.name.to_lower();
        if has_answer(entries, &name) {
            continue;
        }
        given.entry(ip).or_insert_with(|| Given {
            key: VipKey::of_name(&name),
            by: GivenBy::User,
        });
    }
    given
}

/// Whether one of these entries, which are sorted by name, hides the name in hosts files.
fn has_answer(entries: &[HostEntry], name: &NameBuf) -> bool {
    let from = entries.partition_point(|entry| entry.name < *name);
    let variants = entries[from..]
        .iter()
        .take_while(|entry| entry.name == *name);
    variants
        .into_iter()
        .any(|entry| entry.is_answerable() || entry.vip_wanted != VipWanted::default())
}

/// The addresses that the ledger must know the holders of. Hosts files have millions that it need
/// not, so that asking is cheap.
struct Known {
    /// Blocks of all pools, by their first and last addresses.
    v4: Vec<RangeInclusive<u32>>,
    v6: Vec<RangeInclusive<u128>>,
    /// Addresses of other blocks that it has records of.
    recorded: BTreeSet<IpAddr>,
}

impl Known {
    fn of(ledger: &Ledger) -> Self {
        let pools = &ledger.config().pools;
        let mut known = Known {
            v4: Vec::new(),
            v6: Vec::new(),
            recorded: ledger.records().map(|record| record.address).collect(),
        };
        known.recorded.retain(|ip| pools.kind_of(*ip).is_none());
        for kind in PoolKind::ALL {
            for block in [Family::V4, Family::V6].map(|family| pools.of(kind).blocks(family)) {
                block.iter().for_each(|block| known.add(*block));
            }
        }
        known
    }

    fn add(&mut self, block: IpNet) {
        match block {
            IpNet::V4(v4) => self.v4.push(v4.network().into()..=v4.broadcast().into()),
            IpNet::V6(v6) => self.v6.push(v6.network().into()..=v6.broadcast().into()),
        }
    }

    fn has(&self, ip: IpAddr) -> bool {
        let is_in_pool = match ip {
            IpAddr::V4(v4) => self.v4.iter().any(|block| block.contains(&v4.into())),
            IpAddr::V6(v6) => self.v6.iter().any(|block| block.contains(&v6.into())),
        };
        is_in_pool || (!self.recorded.is_empty() && self.recorded.contains(&ip))
    }
}

fn fill(entry: &mut HostEntry, key: &VipKey, ledger: &Ledger, now_ms: u64) {
    let wanted = [
        (entry.vip_wanted.v4, Family::V4),
        (entry.vip_wanted.v6, Family::V6),
    ];
    for (is_wanted, family) in wanted {
        if let Some(ip) = ledger.address_of(key, family).filter(|_| is_wanted) {
            entry
                .addresses
                .push(HostAddress::new(ip, AddressOrigin::Allotted));
        }
    }
    entry.former_vips = ledger
        .former_of(key, now_ms)
        .map(|record| record.address)
        .collect();
}

fn report(moves: &[Move]) {
    for moved in moves {
        tracing::warn!(name = moved.key.as_str(), from = %moved.from, to = ?moved.to,
            "an object took the virtual address of a name");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::vip::VipConfig;
    use dns_core::{HostKind, Source};
    use table_compiler::hosts_file;

    fn wanting(name: &str) -> HostEntry {
        HostEntry {
            vip_wanted: VipWanted {
                v4: true,
                v6: false,
            },
            ..HostEntry::new(
                NameBuf::parse(name).unwrap(),
                HostKind::External,
                Source::default(),
            )
        }
    }

    fn allotted(entries: &mut [HostEntry], hosts: &str) -> Vec<String> {
        let mut store = LedgerStore::in_memory(VipConfig::default());
        let list = Arc::new(hosts_file("hosts", hosts).list);
        allot(entries, &[list], &mut store, 1);
        let addresses = entries.iter().flat_map(|entry| &entry.addresses);
        addresses.map(|address| address.ip.to_string()).collect()
    }

    #[test]
    fn an_address_of_the_pool_that_a_hosts_file_gives_is_given_to_nobody_else() {
        let first = allotted(&mut [wanting("a.test")], "");
        assert!(first[0].starts_with("250."), "{first:?}");
        let taken = format!("192.0.2.1 x.test\n{} other.test\n", first[0]);
        assert_ne!(allotted(&mut [wanting("a.test")], &taken), first);
    }

    #[test]
    fn a_line_that_an_entry_hides_takes_no_address() {
        let first = allotted(&mut [wanting("a.test")], "");
        let entries = &mut [wanting("a.test"), wanting("b.test")];
        let hidden = format!("{} b.test\n", first[0]);
        assert_eq!(allotted(entries, &hidden)[0], first[0]);
    }
}
