//! What the table keeps for one name and for one address.

use super::hasher::NameHasher;
use super::plain::Plain;
use super::shards::Keyed;
use super::update::{HostEntry, VipWanted, Visibility};
use crate::view::{AnswerMode, View};
use crate::wire::NameBuf;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::IpAddr;

/// A name: the variants of its host, or an ancestor of such a name, or both.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: NameBuf,
    pub(super) variants: Vec<Arc<HostEntry>>,
    /// Answerable names below this one.
    pub(super) descendants: u32,
    /// What it answers, if that is the same for nearly all.
    pub(super) plain: Option<Plain>,
}

impl Node {
    /// `descendants` is the number of answerable names below it.
    pub(super) fn new(name: NameBuf, variants: Vec<Arc<HostEntry>>, descendants: u32) -> Self {
        Node {
            plain: Plain::of(&variants),
            name,
            variants,
            descendants,
        }
    }

    pub(super) fn is_answerable(&self) -> bool {
        self.variants.iter().any(|entry| entry.is_answerable())
    }

    /// Whether clients are answered from it whose views would forward everything.
    pub(super) fn answers_outside(&self) -> bool {
        let is_forwarded =
            |entry: &HostEntry| entry.answers.mode(AnswerMode::Forward) == AnswerMode::Forward;
        !self.variants.iter().all(|entry| is_forwarded(entry))
    }

    /// Whether hosts files have no say about the name: an entry answers it, or waits for the
    /// virtual address that it will answer with.
    pub(super) fn hides_hosts(&self) -> bool {
        let is_waiting = |entry: &Arc<HostEntry>| entry.vip_wanted != VipWanted::default();
        self.is_answerable() || self.variants.iter().any(is_waiting)
    }
}

impl Keyed for Node {
    type Key = [u8];

    fn key(&self) -> &[u8] {
        self.name.as_name().as_wire()
    }

    fn hash(key: &[u8], hasher: &NameHasher) -> u64 {
        hasher.of_wire(key)
    }
}

/// An address: the entries that answer with it, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct AddressNode {
    pub(super) address: IpAddr,
    pub(super) entries: Vec<Arc<HostEntry>>,
}

impl Keyed for AddressNode {
    type Key = IpAddr;

    fn key(&self) -> &IpAddr {
        &self.address
    }

    fn hash(key: &IpAddr, hasher: &NameHasher) -> u64 {
        hasher.of_address(*key)
    }
}

/// The variant that a view sees: the best kind, then the asker's own namespace, then canonical,
/// then the preferred namespace, then the older.
pub(super) fn select<'t>(
    variants: &'t [Arc<HostEntry>],
    view: &View,
) -> Option<&'t Arc<HostEntry>> {
    let mut seen = variants
        .iter()
        .filter(|entry| entry.is_answerable() && is_visible(entry, view));
    let first = seen.next()?;
    Some(seen.fold(first, |best, entry| {
        if rank(entry, view) < rank(best, view) {
            entry
        } else {
            best
        }
    }))
}

/// Whether the asker may resolve the entry. An asker without namespace sees what all may see.
pub(super) fn is_visible(entry: &HostEntry, view: &View) -> bool {
    match (&entry.visibility, &view.namespace) {
        (Visibility::Everyone, _) => true,
        (Visibility::Namespaces(namespaces), Some(namespace)) => namespaces.contains(namespace),
        (Visibility::Namespaces(_), None) => false,
    }
}

fn rank<'e>(entry: &'e HostEntry, view: &View) -> impl Ord + use<'e> {
    let in_namespace = |wanted: &Option<Arc<str>>| wanted.is_some() && entry.namespace == *wanted;
    (
        entry.kind,
        Reverse(in_namespace(&view.namespace)),
        Reverse(entry.canonical),
        Reverse(in_namespace(&view.preferred_namespace)),
        age(entry),
    )
}

/// Older first: by creation time, unknown last, then cluster, namespace and name of the source.
pub(super) fn age(entry: &HostEntry) -> impl Ord + use<'_> {
    let source = &entry.source;
    (
        entry.created_secs.unwrap_or(u64::MAX),
        source.cluster.as_deref(),
        source.namespace.as_deref(),
        &*source.name,
    )
}
