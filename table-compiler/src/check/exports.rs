//! What clusters export, and the mirrors that Linkerd made of it.

use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::input::{MirrorExport, Object, ObjectDoc, Service, ServiceAddressing};
use crate::inventory::{ClusterFacts, export_names};
use crate::mesh::ClientKind;

const MIRRORED_LABEL: &str = "mirror.linkerd.io/mirrored-service";
const MIRROR_CLUSTER_LABEL: &str = "mirror.linkerd.io/cluster-name";
const REMOTE_NAME_ANNOTATION: &str = "mirror.linkerd.io/remote-svc-fq-name";

/// `exports.have-endpoints`: every exported service has a ready endpoint.
pub(super) fn have_endpoints(clusters: &[ClusterFacts<'_>]) -> Outcome {
    let mut lines = Vec::new();
    let mut exports = 0;
    for facts in clusters {
        for (doc, service) in exported(facts) {
            exports += 1;
            let readiness = facts.readiness(doc);
            if readiness.ready > 0 || matches!(service.addressing, ServiceAddressing::External(_)) {
                continue;
            }
            let reason = format!(
                "{}.{} is exported and has 0 of {} endpoints ready",
                doc.id.name, doc.id.namespace, readiness.total
            );
            let line = CheckLine::failed(CheckId::ExportsHaveEndpoints, reason)
                .in_cluster(&facts.id)
                .about(&doc.id)
                .at(doc.location().to_string())
                .with_hint("look at its pods, and at the selector of the Service");
            lines.push(line);
        }
    }
    if exports == 0 {
        return Outcome::Absent("no service is exported");
    }
    Outcome::Ran(lines)
}

/// `exports.namespace`: namespaces of exported services that a consumer lacks. Tables need none, so
/// that nothing is wrong; controllers that make objects do.
pub(super) fn namespace(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    let mut lines = Vec::new();
    let mut exports = 0;
    for target in clusters {
        for (doc, _) in exported(target) {
            exports += 1;
            for consumer in clusters.iter().filter(|facts| facts.id != target.id) {
                let namespace = &doc.id.namespace;
                if !consumer.lacks_namespace(namespace) || !sees(input, consumer, target, doc) {
                    continue;
                }
                let line = CheckLine::passed(CheckId::ExportsNamespace)
                    .in_cluster(&consumer.id)
                    .with_target(&target.id)
                    .about(&doc.id)
                    .with_note(format!("namespace {namespace} absent in {}", consumer.id));
                lines.push(line);
            }
        }
    }
    if exports == 0 {
        return Outcome::Absent("no service is exported");
    }
    Outcome::Ran(lines)
}

/// Whether clients of a cluster are served something that leads to an exported Service.
fn sees(
    input: &CheckInput<'_>,
    consumer: &ClusterFacts<'_>,
    target: &ClusterFacts<'_>,
    doc: &ObjectDoc,
) -> bool {
    let kind = ClientKind::of_cluster(&consumer.id);
    let Some(table) = input.compiler.table(&kind) else {
        return false;
    };
    let Object::Service(service) = &doc.object else {
        return false;
    };
    let names = export_names(input.compiler, &consumer.id, target, doc, service);
    names.iter().flatten().any(|name| table.get(name).is_some())
}

/// Services that a cluster offers by Linkerd's label or a ServiceExport.
fn exported<'a>(facts: &ClusterFacts<'a>) -> impl Iterator<Item = (&'a ObjectDoc, &'a Service)> {
    facts.services().filter(|(doc, service)| {
        service.export() != MirrorExport::None || facts.has_service_export(doc)
    })
}

/// `mirrors.orphaned`: every mirror that Linkerd made has its Link and its service.
pub(super) fn orphaned_mirrors(clusters: &[ClusterFacts<'_>]) -> Outcome {
    let mut lines = Vec::new();
    let mut mirrors = 0;
    for facts in clusters {
        for (doc, service) in facts.services() {
            let metadata = &service.metadata;
            if metadata.label(MIRRORED_LABEL).map(|value| &**value) != Some("true") {
                continue;
            }
            mirrors += 1;
            let Some(target) = metadata.label(MIRROR_CLUSTER_LABEL) else {
                continue;
            };
            let reason = if facts.links().linkerd.contains(target) {
                missing_original(clusters, target, service)
            } else {
                Some(format!("no Link to {target} is left"))
            };
            let Some(reason) = reason else {
                continue;
            };
            let line = CheckLine::failed(CheckId::MirrorsOrphaned, reason)
                .in_cluster(&facts.id)
                .with_target(target)
                .about(&doc.id)
                .at(doc.location().to_string())
                .with_hint("delete the mirror, or bring back what it mirrors");
            lines.push(line);
        }
    }
    if mirrors == 0 {
        return Outcome::Absent("there is no mirror that Linkerd made");
    }
    Outcome::Ran(lines)
}

/// What a mirror lacks in the cluster that it mirrors, if that one is known.
fn missing_original(
    clusters: &[ClusterFacts<'_>],
    target: &str,
    mirror: &Service,
) -> Option<String> {
    let target = clusters.iter().find(|facts| *facts.id == *target)?;
    let original = mirror.metadata.annotation(REMOTE_NAME_ANNOTATION)?;
    let mut labels = original.split('.');
    let (name, namespace) = (labels.next()?, labels.next()?);
    let found = target
        .services()
        .find(|(doc, _)| *doc.id.name == *name && *doc.id.namespace == *namespace);
    match found {
        None => Some(format!("{} has no Service {namespace}/{name}", target.id)),
        Some((_, service)) if service.export() == MirrorExport::None => {
            Some(format!("{} does not export {namespace}/{name}", target.id))
        }
        Some(_) => None,
    }
}
