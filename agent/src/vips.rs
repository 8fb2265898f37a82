//! What the agent adds to the allotment of virtual addresses: addresses that hosts files give away,
//! and whether what was allotted is on disk.

use crate::journal::LedgerStore;
use dns_core::vip::{Family, Given, GivenBy, Ledger, Move, PoolKind, Record, VipKey};
use dns_core::{AddressOrigin, HostAddress, HostEntry, HostList, NameBuf, VipState, VipWanted};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Addresses that hosts files give to names and that the ledger must know of: those inside our
/// pools, and those it holds a record of. Of several names with one address the first has it.
///
/// There are none as a rule. If there are, `hidden` is asked which names hide their lines: those
/// give nothing away.
pub(crate) fn occupied(
    hosts: &[Arc<HostList>],
    ledger: &Ledger,
    hidden: impl FnOnce() -> BTreeSet<NameBuf>,
) -> BTreeMap<IpAddr, Given> {
    let mut occupied = BTreeMap::new();
    if hosts.is_empty() {
        return occupied;
    }
    let known = Known::of(ledger);
    let records = hosts.iter().flat_map(|list| list.records());
    let addresses = records.flat_map(|record| record.addresses().map(move |ip| (record, ip)));
    let found: Vec<(NameBuf, IpAddr)> = addresses
        .filter(|(_, ip)| known.has(*ip))
        .map(|(record, ip)| (record.name.to_lower(), ip))
        .collect();
    if found.is_empty() {
        return occupied;
    }
    let hidden = hidden();
    for (name, ip) in found.iter().filter(|(name, _)| !hidden.contains(name)) {
        occupied.entry(*ip).or_insert_with(|| Given {
            key: VipKey::of_name(name),
            by: GivenBy::User,
        });
    }
    occupied
}

/// Whether an entry hides its name in hosts files.
pub(crate) fn hides_hosts(entry: &HostEntry) -> bool {
    entry.is_answerable() || entry.vip_wanted != VipWanted::default()
}

/// Marks the entry if it has an allotted address that is not on disk. `changes` are what the ledger
/// decided last.
pub(crate) fn mark_unrecorded(entry: &mut HostEntry, store: &LedgerStore, changes: &[Record]) {
    let is_unrecorded = |address: &HostAddress| {
        address.origin == AddressOrigin::Allotted && !store.is_recorded(address.ip, changes)
    };
    if entry.vip_state == VipState::Allotted && entry.addresses.iter().any(is_unrecorded) {
        entry.vip_state = VipState::Unrecorded;
    }
}

/// Tells of names that lost their address.
pub(crate) fn report(moves: &[Move]) {
    for moved in moves {
        tracing::warn!(name = moved.key.as_str(), from = %moved.from, to = ?moved.to,
            "an object took the virtual address of a name");
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::vip::VipConfig;
    use table_compiler::hosts_file;

    fn of(hosts: &str, hidden: &[&str]) -> Vec<String> {
        let list = Arc::new(hosts_file("hosts", hosts).list);
        let ledger = Ledger::new(VipConfig::default());
        let hidden = || {
            hidden
                .iter()
                .map(|name| NameBuf::parse(name).unwrap())
                .collect()
        };
        let occupied = occupied(&[list], &ledger, hidden).into_iter();
        occupied
            .map(|(ip, given)| format!("{ip} {}", given.key.as_str()))
            .collect()
    }

    #[test]
    fn an_address_of_the_pool_that_a_hosts_file_gives_is_taken() {
        let hosts = "192.0.2.1 x.test\n250.1.2.3 other.test\n250.1.2.3 second.test\n";
        assert_eq!(of(hosts, &[]), ["250.1.2.3 other.test"]);
    }

    #[test]
    fn a_line_that_an_entry_hides_takes_no_address() {
        let hosts = "250.1.2.3 b.test\n250.1.2.4 c.test\n";
        assert_eq!(of(hosts, &["b.test"]), ["250.1.2.4 c.test"]);
    }
}
