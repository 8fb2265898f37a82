//! The table anew, or what has changed of it.

use super::Control;
use crate::config::UNNAMED_CLUSTER;
use crate::entries::{hosts_lists, name_tables};
use crate::generations::{Generation, GenerationId, answers_of};
use crate::logging::log_new;
use crate::problem::Problem;
use crate::sources::{Holds, in_cluster};
use crate::vips;
use dns_core::vip::Given;
use dns_core::{Completeness, HostEntry, TableUpdate};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use table_compiler::{Changed, ClientKind, Compiler, Outcome, TableHash, table_hash};

/// How much of the table is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of it: what the compiler does not see has changed, too.
    Whole,
    /// The names that the compiler says have changed.
    Changed,
}

impl Control {
    /// Makes the table anew from all inputs, or what has changed of it.
    pub(super) fn rebuild(&mut self, scope: Scope) {
        let began = Instant::now();
        let occupied = self.occupied(Holds::Keep);
        self.mesh.feed(self.inputs.sources());
        if scope == Scope::Whole {
            self.mesh.start_over();
        }
        let compiler = &mut self.mesh.compiler;
        compiler.set_occupied(occupied);
        let outcome = compiler.compile(&mut self.store.ledger, self.clock.now_ms());
        self.store.record(&outcome.assignment.changes);
        vips::report(&outcome.assignment.moves);
        self.due_ms = outcome.due_ms;
        self.compile_time = began.elapsed();
        self.note_exhausted();
        self.note_problems();
        let update = self.update(scope, outcome);
        let completeness = if self.inputs.is_partial() {
            Completeness::Partial
        } else {
            Completeness::Complete
        };
        let hosts = hosts_lists(self.inputs.sources(), Holds::Keep);
        self.writer.set_hosts(hosts);
        self.table = self.writer.apply(update, completeness);
        self.published = Some(SystemTime::now());
        self.publishes += 1;
        tracing::info!(
            names = self.table.len(),
            generation = self.table.generation(),
            "table published"
        );
    }

    /// What becomes of the table after a compilation. Name tables are looked at whole.
    fn update(&mut self, scope: Scope, outcome: Outcome) -> TableUpdate {
        let changes = &outcome.assignment.changes;
        let name_tables = name_tables(self.inputs.sources(), Holds::Keep);
        let had_name_tables = std::mem::replace(&mut self.has_name_tables, !name_tables.is_empty());
        let (compiler, kind) = (&self.mesh.compiler, self.mesh.kind());
        let marked = |mut entries: Vec<HostEntry>| {
            for entry in &mut entries {
                vips::mark_unrecorded(entry, &self.store, changes);
            }
            entries
        };
        let is_patch = scope == Scope::Changed && !had_name_tables && name_tables.is_empty();
        match outcome.changed {
            Changed::Names(names) if is_patch => {
                let table = compiler.table(kind);
                let patch = names.into_iter().map(|name| {
                    let variants = table.as_ref().and_then(|table| table.get(&name));
                    let variants = served(variants.unwrap_or_default(), Vec::new());
                    (name, marked(variants))
                });
                TableUpdate::Patch(patch.collect())
            }
            Changed::Names(_) | Changed::All => {
                TableUpdate::Replace(marked(entries_of(compiler, kind, name_tables)))
            }
        }
    }

    /// Addresses that hosts files give away. Which of their lines are hidden is known when the rest
    /// has been compiled; where it matters that is tried with a copy of the ledger.
    pub(super) fn occupied(&self, holds: Holds) -> BTreeMap<IpAddr, Given> {
        let sources = self.inputs.sources();
        let hidden = || {
            let mut compiler = self.mesh.another(sources, holds);
            compiler.compile(&mut self.store.ledger.clone(), self.clock.now_ms());
            let name_tables = name_tables(sources, holds);
            let entries = entries_of(&compiler, self.mesh.kind(), name_tables).into_iter();
            let hiding = entries.filter(vips::hides_hosts);
            hiding.map(|entry| entry.name).collect()
        };
        vips::occupied(&hosts_lists(sources, holds), &self.store.ledger, hidden)
    }

    fn note_exhausted(&mut self) {
        let waiting = self.store.ledger.waiting();
        let names: BTreeSet<_> = waiting.into_iter().map(|(key, _)| key).collect();
        if names.len() > self.exhausted {
            let hint = "add a block to vips.pools";
            tracing::warn!(
                names = names.len(),
                hint,
                "pools of virtual addresses are full"
            );
        }
        self.exhausted = names.len();
    }

    fn note_problems(&mut self) {
        let problems = self.mesh.compiler.problems();
        let problems = problems.map(|(cluster, problem)| {
            let problem = Problem::from(problem);
            Problem {
                field: in_cluster(cluster, &problem.field),
                ..problem
            }
        });
        let problems: Vec<Problem> = problems.collect();
        log_new(&self.compile_problems, &problems);
        self.compile_problems = problems;
    }
}

/// The entries of clients of that kind: those of objects over those of name tables.
pub(super) fn entries_of(
    compiler: &Compiler,
    kind: &ClientKind,
    name_tables: Vec<Vec<HostEntry>>,
) -> Vec<HostEntry> {
    let table = compiler.table(kind);
    served(
        table.into_iter().flat_map(|table| table.entries()),
        name_tables,
    )
}

fn served<'e>(
    entries: impl IntoIterator<Item = &'e Arc<HostEntry>>,
    name_tables: Vec<Vec<HostEntry>>,
) -> Vec<HostEntry> {
    let entries = entries
        .into_iter()
        .map(|entry| without_unnamed_cluster(entry));
    table_compiler::merge(entries.collect(), name_tables)
}

/// The entry without the id that stands for a cluster of no name.
fn without_unnamed_cluster(entry: &HostEntry) -> HostEntry {
    let mut entry = entry.clone();
    let hide = |cluster: &mut Option<Arc<str>>| {
        cluster.take_if(|id| **id == *UNNAMED_CLUSTER);
    };
    hide(&mut entry.source.cluster);
    for endpoint in &mut entry.endpoints {
        hide(&mut endpoint.cluster);
    }
    entry
}

/// The generation of the table of clients of that kind. Lines of hosts files are no part of it:
/// there may be millions, and they have no virtual addresses.
pub(super) fn generation_of(
    compiler: &Compiler,
    kind: &ClientKind,
    name_tables: Vec<Vec<HostEntry>>,
    now_ms: u64,
) -> Generation {
    let generation = |id: TableHash, names| Generation {
        id: GenerationId::of(id),
        since_ms: now_ms,
        names,
    };
    if !name_tables.is_empty() {
        let entries = entries_of(compiler, kind, name_tables);
        return generation(table_hash(&entries), answers_of(&entries));
    }
    let table = compiler.table(kind);
    let entries = || {
        table
            .iter()
            .flat_map(|table| table.entries().map(Arc::as_ref))
    };
    generation(table_hash(entries()), answers_of(entries()))
}
