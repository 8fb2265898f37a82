//! What all sources say together, as the table takes it.
//!
//! ```text
//! objects ─▶ compile ─┐
//! name tables ────────┴─▶ merge ─▶ entries
//! hosts files ───────────────────▶ lists
//! ```

use crate::config::{Config, WildcardVips};
use crate::problem::Problem;
use crate::sources::{Content, Source, Staleness};
use dns_core::{HostEntry, HostList, HostsFreshness, NameState};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use table_compiler::{ObjectDoc, ObjectId, Options};

/// What all sources say.
pub(crate) struct Declared {
    /// Entries of objects and name tables.
    pub(crate) entries: Vec<HostEntry>,
    /// Names of hosts files, in the order of the configuration.
    pub(crate) hosts: Vec<Arc<HostList>>,
    /// What was left out of the entries.
    pub(crate) problems: Vec<Problem>,
}

/// What the sources say together.
pub(crate) fn of_sources(sources: &[Source], config: &Config) -> Declared {
    let mut objects: Vec<ObjectDoc> = Vec::new();
    let (mut name_tables, mut hosts) = (Vec::new(), Vec::new());
    let mut stale: HashSet<&ObjectId> = HashSet::new();
    for (content, staleness) in sources.iter().flat_map(Source::contents) {
        match content {
            Content::Objects(read) => {
                match staleness {
                    Staleness::None => {}
                    Staleness::Objects(ids) => stale.extend(ids),
                    Staleness::Whole => stale.extend(read.iter().map(|doc| &doc.id)),
                }
                objects.extend_from_slice(read);
            }
            Content::NameTable(entries, _) => name_tables.push(aged(entries, staleness)),
            Content::Hosts(read) => hosts.push(Arc::clone(read.list(freshness_of(staleness)))),
        }
    }
    let compiled = table_compiler::compile(&options(config), &objects);
    let mut entries = compiled.entries;
    mark_stale(&mut entries, &stale);
    Declared {
        entries: table_compiler::merge(entries, name_tables),
        hosts,
        problems: compiled.problems.iter().map(Problem::from).collect(),
    }
}

fn options(config: &Config) -> Options {
    Options {
        cluster: config.cluster.clone(),
        wildcard_vips: match config.vips.wildcards {
            WildcardVips::DynamicOnly => table_compiler::WildcardVips::Off,
            WildcardVips::All => table_compiler::WildcardVips::On,
        },
        ..Options::new(config.domain())
    }
}

fn mark_stale(entries: &mut [HostEntry], stale: &HashSet<&ObjectId>) {
    if stale.is_empty() {
        return;
    }
    let stale: BTreeSet<String> = stale.iter().map(|id| id.to_string()).collect();
    for entry in entries
        .iter_mut()
        .filter(|entry| stale.contains(&object_of(entry)))
    {
        entry.state = NameState::Stale;
    }
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

/// The object an entry came from, as [`ObjectId`] prints it.
fn object_of(entry: &HostEntry) -> String {
    let source = &entry.source;
    match &source.namespace {
        Some(namespace) => format!("{} {namespace}/{}", source.kind, source.name),
        None => format!("{} {}", source.kind, source.name),
    }
}
