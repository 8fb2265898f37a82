//! The name table: which hosts there are, and what each view sees of them.
//!
//! ```text
//! TableUpdate ──▶ TableWriter::apply ──▶ Arc<NameTable> ──▶ lookup, reverse, by_vip
//! ```
//!
//! A [`NameTable`] never changes. The writer keeps a copy that shares everything with the one
//! published last, so a change of one name in a million copies a few KiB.

mod hosts;
mod lookup;
mod node;
mod shards;
pub mod update;
mod writer;

pub use hosts::{HostList, HostListBuilder, NamePlace};
pub use lookup::{Found, SrvPort, VipMatch};
pub use writer::TableWriter;

use alloc::sync::Arc;
use alloc::vec::Vec;
use node::{AddressNode, Node};
use shards::Shards;
use update::HostEntry;

/// An immutable, published table of hosts.
#[derive(Clone, Debug)]
pub struct NameTable {
    names: Shards<Node>,
    addresses: Shards<AddressNode>,
    answerable: usize,
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
        NameTable {
            names: Shards::new(seed),
            addresses: Shards::new(seed),
            answerable: 0,
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
        self.answerable
    }

    /// Number of entries: every variant of every name, answerable or not. Looks at all names: not
    /// for the query path.
    pub fn entry_count(&self) -> usize {
        self.names.iter().map(|node| node.variants.len()).sum()
    }

    /// Whether no name can be answered.
    pub fn is_empty(&self) -> bool {
        self.answerable == 0
    }

    /// Counts up with every table of one writer.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether it holds what all its sources say.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// All entries, every variant, in order of their names. Sorts: not for the query path.
    pub fn entries(&self) -> Vec<Arc<HostEntry>> {
        let mut nodes: Vec<_> = self
            .names
            .iter()
            .filter(|node| !node.variants.is_empty())
            .collect();
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        nodes
            .iter()
            .flat_map(|node| node.variants.iter().cloned())
            .collect()
    }
}
