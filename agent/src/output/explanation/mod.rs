//! [`Explained`]: why a client is answered as it is.
//!
//! ```text
//! NAME, CLUSTER/NAMESPACE ─▶ view ─▶ the engine is asked ─────▶ answer
//!                                └─▶ search ─▶ entry ─▶ Compiler::explain ─▶ rule, sources, …
//! ```
//!
//! The answer is the engine's own, from the table that the client's agent would have.

mod answer;
mod json;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use json::explained_json;
pub(crate) use text::explained_text;

use crate::cli::ClientPlace;
use answer::Answer;
use dns_core::vip::{Ledger, Record, VipKey};
use dns_core::{
    Completeness, HostEntry, NameBuf, NameTable, ResolverConfig, Snapshot, TableUpdate,
    TableWriter, View, Views, Visibility, search,
};
use std::sync::Arc;
use table_compiler::{ClientKind, Compiler, Explanation, MemberService, ObjectRef, Rejected};

/// What an explanation is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explaining<'a> {
    /// The compiler, after its last compilation.
    pub(crate) compiler: &'a Compiler,
    /// Who holds which virtual address.
    pub(crate) ledger: &'a Ledger,
    /// What clients of `kind` are answered from.
    pub(crate) snapshot: &'a Snapshot,
    /// Whose table that is.
    pub(crate) kind: &'a ClientKind,
    /// How workers answer.
    pub(crate) resolver: &'a ResolverConfig,
    /// Wall-clock time in milliseconds since 1970.
    pub(crate) now_ms: u64,
}

/// Why a client is answered as it is.
#[derive(Debug)]
pub(crate) struct Explained {
    asked: NameBuf,
    from: ClientPlace,
    answer: Answer,
    /// The entry that the answer is from, as the view sees it.
    entry: Option<Arc<HostEntry>>,
    /// Its name, or the one that was explained instead.
    name: NameBuf,
    /// Rule that made the entry.
    rule: Option<&'static str>,
    /// Objects that the entry is made of, with file and line.
    sources: Vec<(ObjectRef, Option<String>)>,
    /// Objects that claim the name and are not used for this client.
    rejected: Vec<Rejected>,
    /// Services that members of the name stand for.
    services: Vec<MemberService>,
    /// What the ledger knows of the name, oldest first.
    history: Vec<Record>,
}

/// Why there is no explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotExplained {
    /// That is no name.
    BadName(String),
    /// There is no such cluster; these there are.
    UnknownCluster(Vec<Arc<str>>),
}

impl Explained {
    /// Why a client in that cluster and namespace is answered as it is when it asks for `name`.
    ///
    /// # Errors
    /// A name or a cluster that there cannot be or is not.
    pub(crate) fn of(
        explaining: &Explaining<'_>,
        name: &str,
        from: &ClientPlace,
    ) -> Result<Self, NotExplained> {
        let asked =
            NameBuf::parse(name).map_err(|error| NotExplained::BadName(error.to_string()))?;
        let client = Client::of(explaining, from)?;
        let answer = Answer::of(&asked, &client.snapshot(), explaining.resolver);
        let entry = client.entry(&asked);
        let explanation = client.explanation(&asked, entry.as_deref());
        let variant = entry.as_deref().and_then(|entry| {
            let mut variants = explanation.entries.iter();
            variants.position(|known| is_variant(known, entry))
        });
        let sources = sources_of(&explanation, variant, entry.as_deref());
        let located = |object: ObjectRef| {
            let location = explaining.compiler.location_of(&object);
            (object, location)
        };
        Ok(Explained {
            asked,
            from: from.clone(),
            answer,
            rule: variant.and_then(|at| explanation.rules.get(at).copied()),
            sources: sources.into_iter().map(located).collect(),
            rejected: rejected(&explanation, variant, &from.namespace),
            services: explanation.services,
            history: history(explaining.ledger, &explanation.name),
            name: explanation.name,
            entry,
        })
    }
}

/// The client that asks.
struct Client<'a> {
    explaining: &'a Explaining<'a>,
    kind: ClientKind,
    table: Arc<NameTable>,
    view: View,
}

impl<'a> Client<'a> {
    fn of(explaining: &'a Explaining<'a>, from: &ClientPlace) -> Result<Self, NotExplained> {
        let is_own = *explaining.kind.cluster == *from.cluster;
        let kind = if is_own {
            explaining.kind.clone()
        } else {
            ClientKind::of_cluster(&from.cluster)
        };
        let table = if is_own {
            Arc::clone(&explaining.snapshot.table)
        } else {
            table_of(explaining.compiler, &kind).ok_or_else(|| {
                let clusters = explaining.compiler.clusters().cloned();
                NotExplained::UnknownCluster(clusters.collect())
            })?
        };
        Ok(Client {
            view: view_of(explaining, &kind, &from.namespace),
            explaining,
            kind,
            table,
        })
    }

    /// What its agent answers from.
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::new(Snapshot {
            table: Arc::clone(&self.table),
            views: Views::single(self.view.clone()),
            ..self.explaining.snapshot.clone()
        })
    }

    /// The entry that it is answered from.
    fn entry(&self, asked: &NameBuf) -> Option<Arc<HostEntry>> {
        let found = search::find(&self.table, &self.view, asked.as_name())?;
        Some(found.found.host.to_entry())
    }

    /// What the compiler says of the name it found; without one, of the first name that the client
    /// may have meant and that something claims.
    fn explanation(&self, asked: &NameBuf, entry: Option<&HostEntry>) -> Explanation {
        let Explaining {
            compiler, now_ms, ..
        } = *self.explaining;
        let of = |name: &NameBuf| compiler.explain(name, &self.kind, now_ms);
        if let Some(entry) = entry {
            return of(&entry.name);
        }
        let explanation = of(asked);
        if !explanation.rejected.is_empty() {
            return explanation;
        }
        let expanded = self
            .view
            .search
            .iter()
            .filter_map(|domain| NameBuf::parse(&format!("{asked}.{domain}")).ok());
        let claimed = expanded.map(|name| of(&name));
        claimed
            .into_iter()
            .find(|found| !found.rejected.is_empty())
            .unwrap_or(explanation)
    }
}

/// Whether they are one variant; agents change details of what the compiler made.
fn is_variant(known: &HostEntry, entry: &HostEntry) -> bool {
    let place = |entry: &HostEntry| {
        let source = &entry.source;
        let place = (source.namespace.clone(), Arc::clone(&source.name));
        (entry.kind, Arc::clone(&source.kind), place)
    };
    place(known) == place(entry) && known.visibility == entry.visibility
}

/// The objects that the variant is made of; of an entry that is not of objects, where it is from.
fn sources_of(
    explanation: &Explanation,
    variant: Option<usize>,
    entry: Option<&HostEntry>,
) -> Vec<ObjectRef> {
    let of_objects = variant.and_then(|at| explanation.sources.get(at));
    match (of_objects, entry) {
        (Some(sources), _) => sources.clone(),
        (None, Some(entry)) => vec![ObjectRef {
            cluster: entry.source.cluster.clone().unwrap_or_default(),
            role: Arc::clone(&entry.source.kind),
            namespace: entry.source.namespace.clone().unwrap_or_default(),
            name: Arc::clone(&entry.source.name),
        }],
        (None, None) => Vec::new(),
    }
}

/// What is not used: the variants that are not this client's, and what the compiler refused, each
/// object once.
fn rejected(explanation: &Explanation, variant: Option<usize>, namespace: &str) -> Vec<Rejected> {
    let mut rejected: Vec<Rejected> = Vec::new();
    let variants = explanation.entries.iter().zip(&explanation.sources);
    for (at, (entry, sources)) in variants.enumerate() {
        let Some(owner) = sources.first().filter(|_| variant != Some(at)) else {
            continue;
        };
        let reason = match &entry.visibility {
            Visibility::Namespaces(seen) if !seen.contains(namespace) => {
                format!("is not visible to the namespace {namespace}")
            }
            Visibility::Namespaces(_) | Visibility::Everyone => {
                "comes after the variant that this client sees".to_owned()
            }
        };
        rejected.push(Rejected {
            object: owner.clone(),
            reason,
        });
    }
    let used = variant.and_then(|at| explanation.sources.get(at));
    for refused in &explanation.rejected {
        let is_used = used.is_some_and(|used| used.contains(&refused.object));
        if !is_used && rejected.iter().all(|known| known.object != refused.object) {
            rejected.push(refused.clone());
        }
    }
    rejected.sort();
    rejected
}

/// The table of a kind of client that is not the process's own; `None` for an unknown cluster.
fn table_of(compiler: &Compiler, kind: &ClientKind) -> Option<Arc<NameTable>> {
    /// Nobody else can choose the names: any seed will do.
    const SEED: u64 = 0;
    let entries = compiler.table(kind)?.entries();
    let entries = entries.map(|entry| HostEntry::clone(entry)).collect();
    let update = TableUpdate::Replace(entries);
    Some(TableWriter::new(SEED).apply(update, Completeness::Complete))
}

/// The view of clients of that kind and namespace: the default view, with what a namespace and a
/// cluster change.
fn view_of(explaining: &Explaining<'_>, kind: &ClientKind, namespace: &str) -> View {
    let config = explaining.compiler.config();
    let base = explaining.snapshot.views.default_view();
    let base = base.map_or_else(
        || View::new(config.domain.clone()),
        |view| View::clone(view),
    );
    let is_own = *kind == *explaining.kind;
    let said = config.clusters.get(&kind.cluster);
    let domain = match said.and_then(|said| said.domain.clone()) {
        Some(domain) if !is_own => domain,
        _ => base.domain.clone(),
    };
    let has_own_search = base.namespace.as_deref() == Some(namespace) && domain == base.domain;
    let search = if has_own_search {
        base.search.clone()
    } else {
        View::kubernetes_search(namespace, &domain)
    };
    View {
        namespace: Some(namespace.into()),
        cluster: Some(Arc::clone(&kind.cluster)),
        network: if is_own { base.network.clone() } else { None },
        domain,
        search,
        ..base
    }
}

/// What the ledger knows of a name, oldest first.
fn history(ledger: &Ledger, name: &NameBuf) -> Vec<Record> {
    let key = VipKey::of_name(name);
    let records = ledger.records().filter(|record| record.key == key);
    let mut records: Vec<Record> = records.cloned().collect();
    records.sort_by_key(|record| (record.first_seen_ms, record.address));
    records
}
