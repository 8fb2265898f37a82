//! Names of hosts files: nothing but addresses, by the million, in as few octets as it takes.
//!
//! ```text
//! hosts(5) ──▶ HostListBuilder ──▶ HostList ──┐ one a file: records in file order
//!                                             ├──▶ HostIndex: 8-octet slots that point into them
//!                            other files ─────┘
//! ```
//!
//! A record is some ten octets and the name; a slot is two bytes of hash, to look at few records in
//! vain, and the place of a record. Lists are shared as they are; an index is built whole.

mod index;
mod record;

pub(super) use index::HostIndex;
pub use record::HostRecord;

use crate::wire::Name;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use record::write_single;

/// Names of one hosts file with their addresses, in file order.
#[derive(Debug)]
pub struct HostList {
    file: Arc<str>,
    freshness: HostsFreshness,
    /// Shared with the same names of another freshness.
    octets: Arc<Vec<u8>>,
    len: usize,
}

/// Whether the file says so at this time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostsFreshness {
    /// It does.
    #[default]
    Current,
    /// The file is gone or unreadable; this is what it said last.
    Stale,
}

/// Where a name stands on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePlace {
    /// First: the canonical name of the address (hosts(5)).
    Canonical,
    /// Behind it.
    Alias,
}

impl HostList {
    /// The file, as the builder was told.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Whether the file says so at this time.
    pub fn freshness(&self) -> HostsFreshness {
        self.freshness
    }

    /// The same names with another freshness; they are shared.
    #[must_use]
    pub fn with_freshness(&self, freshness: HostsFreshness) -> Self {
        HostList {
            file: Arc::clone(&self.file),
            freshness,
            octets: Arc::clone(&self.octets),
            len: self.len,
        }
    }

    /// Number of records: a name counts once for every line it stands on.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its names in file order; one that stands on several lines comes several times.
    pub fn names(&self) -> impl Iterator<Item = Name<'_>> {
        self.records().map(|record| record.name)
    }

    /// Its records in file order, one for every name of every line.
    pub fn records(&self) -> impl Iterator<Item = HostRecord<'_>> {
        self.placed_records().map(|(_, record)| record)
    }

    fn placed_records(&self) -> impl Iterator<Item = (usize, HostRecord<'_>)> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let record = HostRecord::read(self, &self.octets, at)?;
            let found = (at, record);
            at += record.octets_len();
            Some(found)
        })
    }
}

/// Makes a [`HostList`], line by line.
#[derive(Debug)]
pub struct HostListBuilder {
    file: Arc<str>,
    octets: Vec<u8>,
    len: usize,
}

impl HostListBuilder {
    /// An empty list of that file.
    pub fn new(file: Arc<str>) -> Self {
        Self::with_capacity(file, 0)
    }

    /// An empty list with room for `octets` of records: about those of the file's text.
    pub fn with_capacity(file: Arc<str>, octets: usize) -> Self {
        HostListBuilder {
            file,
            octets: Vec::with_capacity(octets),
            len: 0,
        }
    }

    /// Adds that `line` gives `name` that address. `name` is kept in lower case.
    pub fn add(&mut self, name: Name<'_>, address: IpAddr, line: u32, place: NamePlace) {
        write_single(&mut self.octets, name, address, line, place);
        self.len += 1;
    }

    /// The list.
    pub fn finish(mut self) -> HostList {
        self.octets.shrink_to_fit();
        HostList {
            file: self.file,
            freshness: HostsFreshness::Current,
            octets: Arc::new(self.octets),
            len: self.len,
        }
    }
}

#[cfg(test)]
mod tests;
