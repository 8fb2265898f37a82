//! [`exports`]: what other clusters export, and what becomes of it in one cluster.

use super::ClusterFacts;
use super::services::is_exported;
use crate::input::{MirrorExport, ObjectDoc, Service, ServiceAddressing};
use crate::mesh::{ClientKind, Compiler, FEDERATED_SUFFIX, Fillings, NameTemplate};
use dns_core::{HostEntry, HostKind, NameBuf};
use std::sync::Arc;

/// Name of a mirror unless configuration has templates: Linkerd's.
const MIRROR_TEMPLATE: &str = "{{svc}}-{{cluster}}.{{ns}}.svc.{{domain}}";

/// A service that another cluster exports, under one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    /// The cluster that exports it.
    pub target: Arc<str>,
    /// Its namespace and name: `shop/cart`.
    pub service: String,
    /// The name that it has here.
    pub name: String,
    /// What becomes of it.
    pub reason: ExportReason,
    /// Further words: who has the name, what hides it, what is missing and does no harm.
    pub note: Option<String>,
    /// Endpoints that are ready in its own cluster.
    pub ready: usize,
}

impl ExportRow {
    /// Whether clients here are served that name for it.
    pub fn is_served(&self) -> bool {
        self.reason == ExportReason::Mirrored
    }
}

/// What becomes of an exported service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExportReason {
    /// It is served.
    Mirrored,
    /// A NamePolicy does not let it publish the name.
    Withheld,
    /// Something else has the name.
    Shadowed,
    /// It can have no such name, or leads nowhere (ExternalName).
    InvalidService,
    /// No object links this cluster to that one.
    NoLink,
    /// It is not seen from here, for the reason in the note.
    Hidden,
}

impl ExportReason {
    /// All of them.
    pub const ALL: [ExportReason; 6] = [
        ExportReason::Mirrored,
        ExportReason::Withheld,
        ExportReason::Shadowed,
        ExportReason::InvalidService,
        ExportReason::NoLink,
        ExportReason::Hidden,
    ];

    /// Fixed text for output.
    pub fn label(self) -> &'static str {
        match self {
            ExportReason::Mirrored => "Mirrored",
            ExportReason::Withheld => "Withheld",
            ExportReason::Shadowed => "Shadowed",
            ExportReason::InvalidService => "InvalidService",
            ExportReason::NoLink => "NoLink",
            ExportReason::Hidden => "Hidden",
        }
    }
}

/// What other clusters export, as clients of `cluster` see it: by exporting cluster, namespace and
/// name. A service has a row for each of its names here. `now_ms` is wall-clock time in milliseconds
/// since 1970.
pub fn exports(compiler: &Compiler, cluster: &str, now_ms: u64) -> Vec<ExportRow> {
    let clusters = ClusterFacts::of_all(compiler);
    let Some(own) = clusters.iter().find(|facts| *facts.id == *cluster) else {
        return Vec::new();
    };
    let consumer = Consumer {
        compiler,
        own,
        now_ms,
    };
    let others = clusters.iter().filter(|facts| *facts.id != *cluster);
    others.flat_map(|target| consumer.rows_of(target)).collect()
}

/// The cluster whose clients look.
struct Consumer<'a, 'f> {
    compiler: &'a Compiler,
    own: &'f ClusterFacts<'a>,
    now_ms: u64,
}

impl Consumer<'_, '_> {
    fn rows_of(&self, target: &ClusterFacts<'_>) -> Vec<ExportRow> {
        let mut rows = Vec::new();
        for (doc, service) in target.services() {
            if !is_exported(self.compiler, target, doc, service) {
                continue;
            }
            for name in export_names(self.compiler, &self.own.id, target, doc, service) {
                rows.push(self.row(target, doc, service, name));
            }
        }
        rows
    }

    fn row(
        &self,
        target: &ClusterFacts<'_>,
        doc: &ObjectDoc,
        service: &Service,
        name: Result<NameBuf, String>,
    ) -> ExportRow {
        let (text, reason, note) = match name {
            Err(text) => {
                let note = format!("{text} is not a name");
                (text, ExportReason::InvalidService, Some(note))
            }
            Ok(name) => {
                let (reason, note) = self.fate(target, doc, service, &name);
                (name.to_string(), reason, note)
            }
        };
        ExportRow {
            target: Arc::clone(&target.id),
            service: format!("{}/{}", doc.id.namespace, doc.id.name),
            name: text,
            reason,
            note,
            ready: target.readiness(doc).ready,
        }
    }

    fn fate(
        &self,
        target: &ClusterFacts<'_>,
        doc: &ObjectDoc,
        service: &Service,
        name: &NameBuf,
    ) -> (ExportReason, Option<String>) {
        let kind = ClientKind::of_cluster(&self.own.id);
        let table = self.compiler.table(&kind);
        let entries = table.and_then(|table| table.get(name)).unwrap_or_default();
        if entries.iter().any(|entry| is_of_export(entry, target, doc)) {
            let namespace = &doc.id.namespace;
            let is_missing = self.own.lacks_namespace(namespace);
            let note =
                is_missing.then(|| format!("namespace {namespace} absent in {}", self.own.id));
            return (ExportReason::Mirrored, note);
        }
        if let Some(entry) = entries.first() {
            let has_it = format!("{} has the name", source(entry));
            return (ExportReason::Shadowed, Some(has_it));
        }
        let namespace = &doc.id.namespace;
        if let Some(rule) = self.compiler.refusing_rule(name, &target.id, namespace) {
            return (ExportReason::Withheld, Some(format!("by {rule}")));
        }
        if matches!(service.addressing, ServiceAddressing::External(_)) {
            let note = "a Service of type ExternalName has no endpoints".to_owned();
            return (ExportReason::InvalidService, Some(note));
        }
        let rejection = self.rejection(&kind, target, doc, name);
        if self.own.links().targets().contains(&target.id) {
            return (ExportReason::Hidden, rejection);
        }
        (ExportReason::NoLink, rejection)
    }

    /// Why the compiler does not use the export for the name.
    fn rejection(
        &self,
        kind: &ClientKind,
        target: &ClusterFacts<'_>,
        doc: &ObjectDoc,
        name: &NameBuf,
    ) -> Option<String> {
        let explanation = self.compiler.explain(name, kind, self.now_ms);
        let mut rejected = explanation.rejected.into_iter();
        let found = rejected.find(|rejected| {
            let object = &rejected.object;
            (&object.cluster, &object.namespace, &object.name)
                == (&target.id, &doc.id.namespace, &doc.id.name)
        })?;
        Some(found.reason)
    }
}

/// The names that an exported Service has in the cluster `consumer`; the text of one that is no
/// name is an error.
pub(crate) fn export_names(
    compiler: &Compiler,
    consumer: &Arc<str>,
    target: &ClusterFacts<'_>,
    doc: &ObjectDoc,
    service: &Service,
) -> Vec<Result<NameBuf, String>> {
    let config = compiler.config();
    let mut names = Vec::new();
    let domain = compiler.domain_of(consumer);
    let is_mirrored = service.export() != MirrorExport::None
        || compiler.is_linked(Some(consumer), &target.id, service);
    if is_mirrored {
        let fillings = Fillings {
            service: &doc.id.name,
            namespace: &doc.id.namespace,
            cluster: &target.id,
            domain,
        };
        for template in templates(&config.name_templates) {
            names.push(
                template
                    .fill(&fillings)
                    .map_err(|_| template.text_for(&fillings)),
            );
        }
    }
    let (name, namespace) = (&doc.id.name, &doc.id.namespace);
    let mut add = |text: String| names.push(NameBuf::parse(&text).map_err(|_| text));
    if service.is_federated_member() {
        add(format!("{name}{FEDERATED_SUFFIX}.{namespace}.svc.{domain}"));
    }
    if service.cilium_shared() {
        add(format!("{name}.{namespace}.svc.{domain}"));
    }
    if target.has_service_export(doc) {
        let domain = &config.clusterset_domain;
        add(format!("{name}.{namespace}.svc.{domain}"));
    }
    names
}

fn templates(configured: &[NameTemplate]) -> Vec<NameTemplate> {
    if configured.is_empty() {
        let template = NameTemplate::parse(MIRROR_TEMPLATE).expect("a constant template parses");
        return vec![template];
    }
    configured.to_vec()
}

/// Whether an entry was made of that export: a mirror of it, or one of the names of all clusters.
fn is_of_export(entry: &HostEntry, target: &ClusterFacts<'_>, doc: &ObjectDoc) -> bool {
    let source = &entry.source;
    let is_its_own = source.cluster.as_ref() == Some(&target.id)
        && source.namespace.as_ref() == Some(&doc.id.namespace)
        && source.name == doc.id.name;
    let has_its_endpoints = entry
        .endpoints
        .iter()
        .any(|endpoint| endpoint.cluster.as_ref() == Some(&target.id));
    is_its_own || entry.kind == HostKind::Mirror || has_its_endpoints
}

fn source(entry: &HostEntry) -> String {
    let source = &entry.source;
    let place = [source.cluster.as_deref(), source.namespace.as_deref()];
    let place = place.into_iter().flatten().chain([&*source.name]);
    let place: Vec<&str> = place.collect();
    format!("{} {}", source.kind, place.join("/"))
}
