//! Folds updates into published tables.

use super::lookup::is_reversible;
use super::node::{AddressNode, Node, age};
use super::shards::Shards;
use super::update::{HostEntry, TableUpdate};
use super::{Completeness, NameTable};
use crate::wire::{Name, NameBuf};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::IpAddr;

/// Folds updates in and publishes tables. There is one writer; what it publishes is shared, and
/// what an update leaves as it was costs nothing.
#[derive(Debug)]
pub struct TableWriter {
    table: NameTable,
}

impl TableWriter {
    /// Starts from an empty table. `seed` keys the hash of names, which clients choose: take it
    /// from the operating system.
    pub fn new(seed: u64) -> Self {
        TableWriter {
            table: NameTable::new(seed),
        }
    }

    /// Folds an update in and gives the new table. It cannot fail: everything that may be refused
    /// was refused before the update existed.
    pub fn apply(&mut self, update: TableUpdate, completeness: Completeness) -> Arc<NameTable> {
        match update {
            TableUpdate::Replace(entries) => self.replace(entries),
            TableUpdate::Patch(changes) => {
                for (name, variants) in changes {
                    self.put(name, variants);
                }
            }
        }
        self.table.generation += 1;
        self.table.completeness = completeness;
        Arc::new(self.table.clone())
    }

    /// Brings the table to what `entries` say, name by name, so that a table published before
    /// goes on sharing all that stays.
    fn replace(&mut self, entries: Vec<HostEntry>) {
        let mut by_name: BTreeMap<NameBuf, Vec<HostEntry>> = BTreeMap::new();
        for entry in entries {
            by_name.entry(entry.name.clone()).or_default().push(entry);
        }
        let declared = self
            .table
            .names
            .iter()
            .filter(|node| !node.variants.is_empty());
        let gone: Vec<NameBuf> = declared
            .filter(|node| !by_name.contains_key(&node.name))
            .map(|node| node.name.clone())
            .collect();
        for name in gone {
            self.put(name, Vec::new());
        }
        for (name, variants) in by_name {
            self.put(name, variants);
        }
    }

    /// Gives `name` exactly these variants.
    fn put(&mut self, name: NameBuf, mut variants: Vec<HostEntry>) {
        variants.sort_by(|a, b| (a.kind, age(a)).cmp(&(b.kind, age(b))));
        let variants: Vec<Arc<HostEntry>> = variants.into_iter().map(Arc::new).collect();
        let key = name.as_name();
        let before = self.table.names.find(key.as_wire()).cloned();
        if before
            .as_ref()
            .is_some_and(|node| node.variants == variants)
        {
            return;
        }
        if let Some(node) = &before {
            for entry in &node.variants {
                unlink_addresses(&mut self.table.addresses, entry);
            }
        }
        for entry in &variants {
            link_addresses(&mut self.table.addresses, entry);
        }
        let descendants = before.as_ref().map_or(0, |node| node.descendants);
        let was_answerable = before.is_some_and(|node| node.is_answerable());
        let node = Node {
            name: name.clone(),
            variants,
            descendants,
        };
        let is_answerable = node.is_answerable();
        if node.variants.is_empty() && descendants == 0 {
            self.table.names.remove(key.as_wire());
        } else {
            self.table.names.insert(Arc::new(node));
        }
        match (was_answerable, is_answerable) {
            (false, true) => self.count_below_ancestors(key, Count::Up),
            (true, false) => self.count_below_ancestors(key, Count::Down),
            (true, true) | (false, false) => {}
        }
    }

    fn count_below_ancestors(&mut self, name: Name<'_>, count: Count) {
        match count {
            Count::Up => self.table.answerable += 1,
            Count::Down => self.table.answerable -= 1,
        }
        for ancestor in name.ancestors().skip(1) {
            let present = self.table.names.find(ancestor.as_wire());
            let mut node = present.map_or_else(
                || Node {
                    name: ancestor.to_lower(),
                    variants: Vec::new(),
                    descendants: 0,
                },
                |node| Node::clone(node),
            );
            match count {
                Count::Up => node.descendants += 1,
                Count::Down => node.descendants -= 1,
            }
            if node.descendants == 0 && node.variants.is_empty() {
                self.table.names.remove(ancestor.as_wire());
            } else {
                self.table.names.insert(Arc::new(node));
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Count {
    Up,
    Down,
}

fn addresses_of(entry: &HostEntry) -> impl Iterator<Item = IpAddr> + '_ {
    let present = entry
        .addresses
        .iter()
        .filter(|address| is_reversible(entry, address.origin));
    let all = present
        .map(|address| address.ip)
        .chain(entry.former_vips.iter().copied());
    all.map(|address| address.to_canonical())
}

fn link_addresses(addresses: &mut Shards<AddressNode>, entry: &Arc<HostEntry>) {
    for address in addresses_of(entry) {
        let mut node = addresses.find(&address).map_or_else(
            || AddressNode {
                address,
                entries: Vec::new(),
            },
            |node| AddressNode::clone(node),
        );
        let at = node
            .entries
            .partition_point(|present| seniority(present) <= seniority(entry));
        node.entries.insert(at, Arc::clone(entry));
        addresses.insert(Arc::new(node));
    }
}

/// The oldest first; of equal age the canonical.
fn seniority(entry: &HostEntry) -> impl Ord + use<'_> {
    (
        entry.created_secs.unwrap_or(u64::MAX),
        Reverse(entry.canonical),
        age(entry),
    )
}

fn unlink_addresses(addresses: &mut Shards<AddressNode>, entry: &Arc<HostEntry>) {
    for address in addresses_of(entry) {
        let Some(node) = addresses.find(&address) else {
            continue;
        };
        let mut node = AddressNode::clone(node);
        node.entries.retain(|present| !Arc::ptr_eq(present, entry));
        if node.entries.is_empty() {
            addresses.remove(&address);
        } else {
            addresses.insert(Arc::new(node));
        }
    }
}
