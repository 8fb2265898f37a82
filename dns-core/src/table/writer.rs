//! Folds updates into published tables.

use super::hosts::{HostIndex, HostList};
use super::lookup::is_reversible;
use super::node::{AddressNode, Node, age};
use super::shards::Shards;
use super::update::{HostEntry, TableUpdate};
use super::{Completeness, NameTable};
use crate::wire::{Name, NameBuf};
use alloc::collections::{BTreeMap, BTreeSet};
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

    /// Takes the lists of hosts files, the first file's addresses first, for the tables to come. A
    /// name that an entry answers, or will answer once it has its virtual address, hides theirs.
    /// Lists that are those of the last time cost nothing.
    pub fn set_hosts(&mut self, lists: Vec<Arc<HostList>>) {
        if self.table.hosts.is_of(&lists) {
            return;
        }
        let index = HostIndex::build(lists, &self.table.hasher);
        self.table.hosts = Arc::new(index);
        let hiding = self.table.names.iter().filter(|node| node.hides_hosts());
        let hidden = hiding.filter(|node| self.table.has_hosts(node.name.as_name()));
        self.table.hidden_hosts = hidden.count();
    }

    /// Folds an update in and gives the new table. It cannot fail: everything that may be refused
    /// was refused before the update existed.
    pub fn apply(&mut self, update: TableUpdate, completeness: Completeness) -> Arc<NameTable> {
        let mut links = Links::default();
        match update {
            TableUpdate::Replace(entries) => self.replace(entries, &mut links),
            TableUpdate::Patch(changes) => {
                for (name, variants) in changes {
                    self.put(name, variants, &mut links);
                }
            }
        }
        links.apply(&mut self.table.addresses);
        self.table.generation += 1;
        self.table.completeness = completeness;
        Arc::new(self.table.clone())
    }

    /// Brings the table to what `entries` say, name by name, so that a table published before
    /// goes on sharing all that stays.
    fn replace(&mut self, entries: Vec<HostEntry>, links: &mut Links) {
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
            self.put(name, Vec::new(), links);
        }
        for (name, variants) in by_name {
            self.put(name, variants, links);
        }
    }

    /// Gives `name` exactly these variants.
    fn put(&mut self, name: NameBuf, mut variants: Vec<HostEntry>, links: &mut Links) {
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
        for entry in before.iter().flat_map(|node| &node.variants) {
            links.add(entry, Presence::Gone);
        }
        for entry in &variants {
            links.add(entry, Presence::New);
        }
        let descendants = before.as_ref().map_or(0, |node| node.descendants);
        let node = Node::new(name.clone(), variants, descendants);
        self.count_name(before.as_deref(), &node);
        let was_answerable = before.is_some_and(|node| node.is_answerable());
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

    /// Keeps the numbers that follow from single names.
    fn count_name(&mut self, before: Option<&Node>, after: &Node) {
        let name = after.name.as_name();
        if name.is_wildcard() {
            let was_there = before.is_some_and(|node| !node.variants.is_empty());
            self.table.wildcards += usize::from(!after.variants.is_empty());
            self.table.wildcards -= usize::from(was_there);
        }
        self.table.outside += usize::from(after.answers_outside());
        self.table.outside -= usize::from(before.is_some_and(Node::answers_outside));
        if self.table.has_hosts(name) {
            let was_hidden = before.is_some_and(Node::hides_hosts);
            self.table.hidden_hosts += usize::from(after.hides_hosts());
            self.table.hidden_hosts -= usize::from(was_hidden);
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
                || Node::new(ancestor.to_lower(), Vec::new(), 0),
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

/// Those that answer with the address before those that only did once; the oldest first; of equal
/// age the canonical.
fn seniority(entry: &HostEntry, address: IpAddr) -> impl Ord + use<'_> {
    let was = |former: &IpAddr| former.to_canonical() == address;
    (
        entry.former_vips.iter().any(was),
        entry.created_secs.unwrap_or(u64::MAX),
        Reverse(entry.canonical),
        age(entry),
    )
}

/// What an update does to the entries of addresses, gathered so that an address that many names
/// share is written once.
#[derive(Default)]
struct Links(Vec<Link>);

struct Link {
    address: IpAddr,
    entry: Arc<HostEntry>,
    presence: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Gone,
    New,
}

impl Links {
    fn add(&mut self, entry: &Arc<HostEntry>, presence: Presence) {
        let link = |address| Link {
            address,
            entry: Arc::clone(entry),
            presence,
        };
        self.0.extend(addresses_of(entry).map(link));
    }

    fn apply(mut self, addresses: &mut Shards<AddressNode>) {
        self.0.sort_by_key(|link| link.address);
        for links in self.0.chunk_by(|a, b| a.address == b.address) {
            relink(addresses, links[0].address, links);
        }
    }
}

/// Puts what is new into the entries of an address and then takes out what is gone: a patch that
/// names a host twice brings entries that go at once.
fn relink(addresses: &mut Shards<AddressNode>, address: IpAddr, links: &[Link]) {
    let of = |presence| links.iter().filter(move |link| link.presence == presence);
    let mut entries = match addresses.find(&address) {
        Some(node) => node.entries.clone(),
        None => Vec::new(),
    };
    let gone: BTreeSet<*const HostEntry> = of(Presence::Gone)
        .map(|link| Arc::as_ptr(&link.entry))
        .collect();
    entries.extend(of(Presence::New).map(|link| Arc::clone(&link.entry)));
    entries.retain(|entry| !gone.contains(&Arc::as_ptr(entry)));
    if entries.is_empty() {
        return addresses.remove(&address);
    }
    entries.sort_by(|a, b| seniority(a, address).cmp(&seniority(b, address)));
    addresses.insert(Arc::new(AddressNode { address, entries }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::update::{AddressOrigin, Answers, HostAddress, HostKind, Source};
    use crate::view::AnswerMode;
    use alloc::format;

    #[test]
    fn an_address_that_many_names_share_is_written_once_an_update() {
        const NAMES: usize = 4_000;
        let blocked = |i: usize| {
            let name = NameBuf::parse(&format!("host{i}.example")).unwrap();
            let address = HostAddress::new([0, 0, 0, 0].into(), AddressOrigin::Pinned);
            HostEntry {
                addresses: alloc::vec![address],
                ..HostEntry::new(name, HostKind::External, Source::default())
            }
        };
        let entries: Vec<_> = (0..NAMES).map(blocked).collect();
        let mut writer = TableWriter::new(1);
        let mut apply = |update: TableUpdate| {
            let apply = || {
                writer.apply(update, Completeness::Complete);
            };
            allocation_counter::measure(apply).bytes_total
        };
        // Written for each name, the list of entries alone would take half of this.
        let quadratic = (NAMES * NAMES * size_of::<Arc<HostEntry>>()) as u64;
        assert!(apply(TableUpdate::Replace(entries)) < quadratic / 8);
        assert!(apply(TableUpdate::Replace(Vec::new())) < quadratic / 8);
    }

    #[test]
    fn it_knows_whether_some_name_is_answered_outside() {
        let host = |outside| {
            let name = NameBuf::parse("a.example").unwrap();
            let address = HostAddress::new([192, 0, 2, 1].into(), AddressOrigin::Pinned);
            HostEntry {
                addresses: alloc::vec![address],
                answers: Answers {
                    outside,
                    ..Answers::default()
                },
                ..HostEntry::new(name, HostKind::Product, Source::default())
            }
        };
        let mut writer = TableWriter::new(1);
        let mut answers_outside = |variants: Vec<HostEntry>| {
            let name = NameBuf::parse("a.example").unwrap();
            let update = TableUpdate::Patch(alloc::vec![(name, variants)]);
            let table = writer.apply(update, Completeness::Complete);
            table.has_outside_answers()
        };
        let (vip, forward) = (Some(AnswerMode::Vip), Some(AnswerMode::Forward));
        assert!(!answers_outside(alloc::vec![host(None), host(forward)]));
        assert!(answers_outside(alloc::vec![host(None), host(vip)]));
        assert!(answers_outside(alloc::vec![host(vip), host(vip)]));
        assert!(!answers_outside(alloc::vec![host(forward)]));
        assert!(answers_outside(alloc::vec![host(vip)]));
        assert!(!answers_outside(Vec::new()));
    }
}
