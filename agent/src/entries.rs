//! What the sources say, arranged for the compiler and the table.

use crate::sources::{Content, Holds, Source, Staleness};
use dns_core::{HostEntry, HostList, HostsFreshness, NameState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use table_compiler::{ObjectDoc, Stale};

/// The objects of one cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterInput {
    /// The objects, in the order of sources and files.
    pub objects: Vec<ObjectDoc>,
    /// Which of them are from before the cluster's present state.
    pub stale: Stale,
}

/// The objects of every cluster as they are served. Those of no cluster folder are of `own`.
pub(crate) fn cluster_inputs(
    sources: &[Source],
    own: &Arc<str>,
) -> BTreeMap<Arc<str>, ClusterInput> {
    let by_cluster = by_cluster(sources, own).into_iter();
    by_cluster
        .map(|(id, sources)| (id, cluster_input(&sources, Holds::Keep)))
        .collect()
}

/// The sources of objects, by cluster. The own cluster is among them, with or without any.
pub(crate) fn by_cluster<'s>(
    sources: &'s [Source],
    own: &Arc<str>,
) -> BTreeMap<Arc<str>, Vec<&'s Source>> {
    let mut by_cluster = BTreeMap::from([(Arc::clone(own), Vec::new())]);
    for source in sources.iter().filter(|source| source.has_objects()) {
        let id = source.cluster().unwrap_or(own);
        by_cluster.entry(Arc::clone(id)).or_default().push(source);
    }
    by_cluster
}

/// The objects of the sources of one cluster.
pub(crate) fn cluster_input(sources: &[&Source], holds: Holds) -> ClusterInput {
    let mut objects = Vec::new();
    let mut frozen = BTreeSet::new();
    let mut is_all_stale = true;
    for (content, staleness) in sources.iter().flat_map(|source| source.contents(holds)) {
        let Content::Objects(read) = content else {
            continue;
        };
        is_all_stale &= staleness == Staleness::Whole;
        match staleness {
            Staleness::None => {}
            Staleness::Objects(ids) => frozen.extend(ids.iter().cloned()),
            Staleness::Whole => frozen.extend(read.iter().map(|doc| doc.id.clone())),
        }
        objects.extend_from_slice(read);
    }
    let stale = match (objects.is_empty(), is_all_stale, frozen.is_empty()) {
        (false, true, _) => Stale::All,
        (_, _, false) => Stale::Objects(frozen),
        _ => Stale::None,
    };
    ClusterInput { objects, stale }
}

/// The entries of name tables, a list a file.
pub(crate) fn name_tables(sources: &[Source], holds: Holds) -> Vec<Vec<HostEntry>> {
    let contents = sources.iter().flat_map(|source| source.contents(holds));
    contents
        .filter_map(|(content, staleness)| match content {
            Content::NameTable(entries, _) => Some(aged(entries, staleness)),
            Content::Objects(_) | Content::Hosts(_) => None,
        })
        .collect()
}

/// The names of hosts files, in the order of the configuration.
pub(crate) fn hosts_lists(sources: &[Source], holds: Holds) -> Vec<Arc<HostList>> {
    let contents = sources.iter().flat_map(|source| source.contents(holds));
    contents
        .filter_map(|(content, staleness)| match content {
            Content::Hosts(read) => Some(Arc::clone(read.list(freshness_of(staleness)))),
            Content::Objects(_) | Content::NameTable(..) => None,
        })
        .collect()
}

fn aged(entries: &[HostEntry], staleness: Staleness<'_>) -> Vec<HostEntry> {
    let mut entries = entries.to_vec();
    if staleness == Staleness::Whole {
        for entry in &mut entries {
            entry.state = NameState::Stale;
        }
    }
    entries
}

fn freshness_of(staleness: Staleness<'_>) -> HostsFreshness {
    match staleness {
        Staleness::Whole => HostsFreshness::Stale,
        Staleness::None | Staleness::Objects(_) => HostsFreshness::Current,
    }
}
