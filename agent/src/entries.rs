//! What all sources say together, as table entries.
//!
//! ```text
//! objects ─▶ compile ─┐
//! name tables ────────┼─▶ merge ─▶ entries
//! hosts files ────────┘
//! ```

use crate::config::{Config, WildcardVips};
use crate::problem::Problem;
use crate::sources::{Content, Source, Staleness};
use dns_core::{HostEntry, NameState};
use std::collections::{BTreeSet, HashSet};
use table_compiler::{ObjectDoc, ObjectId, Options};

/// The entries of all sources, and what of these was left out.
pub(crate) fn of_sources(sources: &[Source], config: &Config) -> (Vec<HostEntry>, Vec<Problem>) {
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
            Content::Hosts(entries, _) => hosts.push(aged(entries, staleness)),
        }
    }
    let compiled = table_compiler::compile(&options(config), &objects);
    let mut entries = compiled.entries;
    mark_stale(&mut entries, &stale);
    let problems = compiled.problems.iter().map(Problem::from).collect();
    (table_compiler::merge(entries, name_tables, hosts), problems)
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

/// The object an entry came from, as [`ObjectId`] prints it.
fn object_of(entry: &HostEntry) -> String {
    let source = &entry.source;
    match &source.namespace {
        Some(namespace) => format!("{} {namespace}/{}", source.kind, source.name),
        None => format!("{} {}", source.kind, source.name),
    }
}
