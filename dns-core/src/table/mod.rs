//! The name table: which hosts there are, and what each view sees of them.
//!
//! ```text
//! TableUpdate ──▶ TableWriter::apply ──▶ Arc<NameTable> ──▶ lookup, reverse, by_vip
//! ```
//!
//! A [`NameTable`] never changes. The writer keeps a copy that shares everything with the one
//! published last, so a change of one name in a million copies a few KiB.

mod hasher;
pub mod hosts;
mod lookup;
mod node;
mod plain;
mod shards;
pub mod update;
mod writer;

pub use hosts::{HostList, HostListBuilder, HostRecord, HostsFreshness, NamePlace};
pub(crate) use lookup::TOUCHED_MAX;
pub use lookup::{Found, Host, SrvPort, VipMatch};
pub(crate) use plain::{PlainAnswer, PlainLookup};
pub use writer::TableWriter;

use crate::wire::Name;
use alloc::sync::Arc;
use alloc::vec::Vec;
use hasher::NameHasher;
use hosts::HostIndex;
use node::{AddressNode, Node};
use shards::Shards;
use update::HostEntry;

/// An immutable, published table of hosts.
#[derive(Clone, Debug)]
pub struct NameTable {
    hasher: NameHasher,
    names: Shards<Node>,
    addresses: Shards<AddressNode>,
    /// Names of hosts files, below what the entries say.
    hosts: Arc<HostIndex>,
    /// Names with entries that answer.
    answerable: usize,
    /// Names of hosts files that entries hide.
    hidden_hosts: usize,
    /// Entries' names that begin with an asterisk.
    wildcards: usize,
    /// Names with an entry that clients outside the mesh are answered with.
    outside: usize,
    generation: u64,
    completeness: Completeness,
}

/// Whether a table holds what all its sources say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every source has been read at least once: what is not there does not exist.
    Complete,
    /// Some source has never been read: what is not there may come.
    Partial,
}

impl NameTable {
    fn new(seed: u64) -> Self {
        let hasher = NameHasher::new(seed);
        NameTable {
            names: Shards::new(hasher.clone()),
            addresses: Shards::new(hasher.clone()),
            hasher,
            hosts: Arc::new(HostIndex::empty()),
            answerable: 0,
            hidden_hosts: 0,
            wildcards: 0,
            outside: 0,
            generation: 0,
            completeness: Completeness::Partial,
        }
    }

    /// An empty table whose sources have not been read: owned names are SERVFAIL.
    pub fn not_ready() -> Self {
        Self::new(0)
    }

    /// Number of names that can be answered.
    pub fn len(&self) -> usize {
        self.answerable + self.hosts.len() - self.hidden_hosts
    }

    /// Number of entries: every variant of every name, answerable or not. Looks at all names: not
    /// for the query path.
    pub fn entry_count(&self) -> usize {
        let declared: usize = self.names.iter().map(|node| node.variants.len()).sum();
        declared + self.hosts.len() - self.hidden_hosts
    }

    /// Whether no name can be answered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts up with every table of one writer.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether it holds what all its sources say.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// All entries, every variant, in order of their names, those of hosts files among them.
    /// Sorts: not for the query path.
    pub fn entries(&self) -> Vec<Arc<HostEntry>> {
        let declared = self.declared().cloned();
        let mut entries: Vec<_> = declared.chain(self.hosts_entries()).collect();
        // Stable: the variants of a name stay in the order of their rank.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// What hosts files say of names that no entry answers, one record a name, in no order.
    pub fn hosts_records(&self) -> impl Iterator<Item = HostRecord<'_>> {
        let records = self.hosts.records();
        records.filter(|record| !self.hides_hosts(record.name))
    }

    /// The hosts lists below the entries, as they were given to the writer.
    pub fn hosts_lists(&self) -> &[Arc<HostList>] {
        self.hosts.lists()
    }

    /// All entries but those of hosts files, every variant, in no order.
    pub fn declared(&self) -> impl Iterator<Item = &Arc<HostEntry>> {
        self.names.iter().flat_map(|node| &node.variants)
    }

    fn hosts_entries(&self) -> impl Iterator<Item = Arc<HostEntry>> + '_ {
        self.hosts_records()
            .map(|record| Arc::new(record.to_entry()))
    }

    /// Whether an entry keeps hosts files from answering a name.
    fn hides_hosts(&self, name: Name<'_>) -> bool {
        let node = self.names.find(name.as_wire());
        node.is_some_and(|node| node.hides_hosts())
    }
}
