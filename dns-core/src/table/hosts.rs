//! Names of hosts files (stand-in until the compact layer is here).

use super::update::{AddressOrigin, HostAddress, HostEntry, HostKind, NameState, Source, VipState};
use crate::wire::{Name, NameBuf};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Names of one hosts file with their addresses.
#[derive(Debug)]
pub struct HostList {
    file: Arc<str>,
    records: Vec<(NameBuf, IpAddr, u32, NamePlace)>,
}

impl HostList {
    /// As given to the builder.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Names with their addresses.
    pub fn records(&self) -> impl Iterator<Item = (Name<'_>, IpAddr)> {
        self.records
            .iter()
            .map(|(name, ip, ..)| (name.as_name(), *ip))
    }
}

/// Builds a list.
#[derive(Debug)]
pub struct HostListBuilder(HostList);

impl HostListBuilder {
    /// An empty one.
    pub fn new(file: Arc<str>) -> Self {
        HostListBuilder(HostList {
            file,
            records: Vec::new(),
        })
    }

    /// An empty one.
    pub fn with_capacity(file: Arc<str>, _octets: usize) -> Self {
        Self::new(file)
    }

    /// Adds that the line says `name` has `address`.
    pub fn add(&mut self, name: Name<'_>, address: IpAddr, line: u32, place: NamePlace) {
        self.0.records.push((name.to_lower(), address, line, place));
    }

    /// The list.
    pub fn finish(self) -> HostList {
        self.0
    }
}

/// Place of a name on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePlace {
    /// First.
    Canonical,
    /// Another.
    Alias,
}

pub(super) fn entries_of(lists: &[(Arc<HostList>, NameState)]) -> BTreeMap<NameBuf, HostEntry> {
    let mut entries: BTreeMap<NameBuf, HostEntry> = BTreeMap::new();
    for (list, state) in lists {
        for (name, ip, line, place) in &list.records {
            let entry = entries.entry(name.clone()).or_insert_with(|| {
                let source = Source {
                    kind: "hosts".into(),
                    name: name.to_string().into(),
                    location: Some(format!("{}:{line}", list.file)),
                    ..Source::default()
                };
                HostEntry {
                    vip_state: VipState::Pinned,
                    state: *state,
                    ..HostEntry::new(name.clone(), HostKind::External, source)
                }
            });
            entry.canonical |= *place == NamePlace::Canonical;
            let address = HostAddress::new(*ip, AddressOrigin::Pinned);
            if !entry.addresses.contains(&address) {
                entry.addresses.push(address);
            }
        }
    }
    entries
}
