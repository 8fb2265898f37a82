//! [`Entries`]: what has been made of every name, shared by the kinds of clients that see it alike.

use super::report::Conflict;
use super::vips::NameDemand;
use dns_core::{HostEntry, NameBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The class of clients that a name has nothing for.
const NO_CLASS: u16 = u16::MAX;

/// What has been made of a name.
#[derive(Debug, Default)]
pub(super) struct NameEntries {
    /// By kind of client, which of the classes it belongs to.
    class_of: Box<[u16]>,
    /// The variants that each class is served, best first.
    classes: Vec<Box<[Arc<HostEntry>]>>,
    pub(super) demand: NameDemand,
    pub(super) conflicts: Box<[Conflict]>,
}

impl NameEntries {
    /// Entries by class; `class_of` has the class of each kind of client.
    pub(super) fn new(class_of: Vec<usize>, classes: Vec<Vec<Arc<HostEntry>>>) -> Self {
        let index = |class: usize| {
            let is_empty = classes.get(class).is_none_or(Vec::is_empty);
            let index = u16::try_from(class).unwrap_or(NO_CLASS);
            if is_empty { NO_CLASS } else { index }
        };
        NameEntries {
            class_of: class_of.into_iter().map(index).collect(),
            classes: classes.into_iter().map(Vec::into_boxed_slice).collect(),
            ..NameEntries::default()
        }
    }

    /// The variants that a kind of client is served.
    pub(super) fn of_kind(&self, kind: usize) -> &[Arc<HostEntry>] {
        let class = self.class_of.get(kind).copied().unwrap_or(NO_CLASS);
        self.classes
            .get(usize::from(class))
            .map_or(&[], |entries| entries)
    }

    /// Whether nobody is served anything and nothing is asked of the ledger.
    pub(super) fn is_void(&self) -> bool {
        self.classes.iter().all(|entries| entries.is_empty())
            && self.conflicts.is_empty()
            && self.demand == NameDemand::default()
    }

    fn is_alike(&self, other: &NameEntries) -> bool {
        self.class_of == other.class_of && self.classes == other.classes
    }
}

/// What has been made of every name.
#[derive(Debug, Default)]
pub(super) struct Entries {
    names: BTreeMap<NameBuf, NameEntries>,
}

impl Entries {
    /// Takes what was made of all names, in their order.
    pub(super) fn of_all(names: impl Iterator<Item = (NameBuf, NameEntries)>) -> Self {
        Entries {
            names: names.filter(|(_, entries)| !entries.is_void()).collect(),
        }
    }

    /// Takes what was made of a name. `changed` gets the name if anybody is served something else.
    pub(super) fn put(
        &mut self,
        name: &NameBuf,
        entries: NameEntries,
        changed: &mut BTreeSet<NameBuf>,
    ) {
        let is_alike = self.names.get(name).map_or_else(
            || entries.classes.iter().all(|entries| entries.is_empty()),
            |before| before.is_alike(&entries),
        );
        if !is_alike {
            changed.insert(name.clone());
        }
        if entries.is_void() {
            self.names.remove(name);
        } else {
            self.names.insert(name.clone(), entries);
        }
    }

    pub(super) fn get(&self, name: &NameBuf) -> Option<&NameEntries> {
        self.names.get(name)
    }

    /// Every name, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = (&NameBuf, &NameEntries)> {
        self.names.iter()
    }
}
