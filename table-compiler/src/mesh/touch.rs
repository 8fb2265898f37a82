//! Which names a change of an object touches besides those that it claims.

use super::claims::Role;
use super::cluster::{ClusterState, ServiceKey, import_of_slice, service_of_slice};
use super::endpoints::{services_of_node, services_of_pod};
use crate::input::{NamePattern, Object, ObjectDoc, ObjectId, ObjectKind};
use dns_core::NameBuf;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The objects whose names have to be looked at again when this one changes, itself first.
pub(super) fn claimants_of(cluster: &ClusterState, doc: &ObjectDoc) -> BTreeSet<ObjectId> {
    let mut claimants = BTreeSet::from([doc.id.clone()]);
    let mut service = |key: &ServiceKey| {
        for kind in [ObjectKind::Service, ObjectKind::ServiceExport] {
            claimants.insert(ObjectId {
                kind,
                namespace: Arc::clone(&key.namespace),
                name: Arc::clone(&key.name),
            });
        }
    };
    match &doc.object {
        Object::Service(_) => service(&ServiceKey::of(&doc.id)),
        Object::EndpointSlice(_) => {
            if let Some(key) = service_of_slice(doc) {
                service(&key);
            }
        }
        Object::ServiceImport(_) => {
            let key = ServiceKey::of(&doc.id);
            let slices = cluster.in_namespace(ObjectKind::EndpointSlice, &doc.id.namespace);
            let imported = slices.filter(|slice| import_of_slice(slice).as_ref() == Some(&key));
            claimants.extend(imported.map(|slice| slice.id.clone()));
        }
        Object::Pod(_) => {
            let services = services_of_pod(cluster, &doc.id.namespace, &doc.id.name);
            services.iter().for_each(&mut service);
            claimants.extend(selecting_entries(cluster, &doc.id.namespace));
        }
        Object::Node(_) => {
            let services = services_of_node(cluster, &doc.id.name);
            services.iter().for_each(&mut service);
        }
        Object::WorkloadEntry(_) | Object::ExternalWorkload(_) => {
            let services = cluster.in_namespace(ObjectKind::Service, &doc.id.namespace);
            services.for_each(|doc| service(&ServiceKey::of(&doc.id)));
            claimants.extend(selecting_entries(cluster, &doc.id.namespace));
        }
        _ => {}
    }
    claimants
}

/// ServiceEntries of a namespace that take their endpoints from workloads.
fn selecting_entries(cluster: &ClusterState, namespace: &Arc<str>) -> Vec<ObjectId> {
    let entries = cluster.in_namespace(ObjectKind::ServiceEntry, namespace);
    let selects = |doc: &&Arc<ObjectDoc>| matches!(&doc.object, Object::ServiceEntry(entry) if entry.workload_selector.is_some());
    entries.filter(selects).map(|doc| doc.id.clone()).collect()
}

/// Names that lead elsewhere when the object changes, though it does not claim them.
pub(super) fn mentions(doc: &ObjectDoc, domain: &NameBuf) -> Vec<(NameBuf, Role)> {
    let hosts: Vec<String> = match &doc.object {
        Object::VirtualService(service) => service.hosts.iter().filter_map(exact).collect(),
        Object::DestinationRule(rule) => vec![rule.host.to_string()],
        Object::TrafficSplit(split) => vec![split.service.to_string()],
        _ => Vec::new(),
    };
    let full = |host: &String| full_name(host, &doc.id.namespace, domain);
    hosts
        .iter()
        .filter_map(full)
        .map(|name| (name, Role::Mention))
        .collect()
}

fn exact(host: &NamePattern) -> Option<String> {
    match host {
        NamePattern::Exact(name) => Some(name.to_string()),
        NamePattern::Any | NamePattern::Below(_) => None,
    }
}

/// A host as Istio reads it in an object: without a dot it is a Service of the object's namespace.
fn full_name(host: &str, namespace: &str, domain: &NameBuf) -> Option<NameBuf> {
    if host.contains('.') {
        return NameBuf::parse(&host.to_ascii_lowercase()).ok();
    }
    domain
        .child("svc")
        .ok()?
        .child(namespace)
        .ok()?
        .child(host)
        .ok()
}
