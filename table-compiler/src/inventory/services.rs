//! [`services`]: one row a service, over all clusters.

use super::{ClusterFacts, Readiness};
use crate::input::{MirrorExport, ObjectDoc, Service};
use crate::mesh::{ClientKind, Compiler};
use dns_core::vip::{Family, Ledger, VipKey};
use dns_core::{AddressOrigin, NameBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// A service: the Services of one namespace and name in all clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its name.
    pub name: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// The clusters that have it, by id.
    pub clusters: Vec<ServiceInCluster>,
    /// Its virtual addresses, IPv4 first: what clusters without it answer.
    pub vips: Vec<IpAddr>,
}

/// A service in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceInCluster {
    /// The cluster.
    pub cluster: Arc<str>,
    /// Labels `version` of its pods, sorted.
    pub versions: Vec<Arc<str>>,
    /// Endpoints that are ready.
    pub ready: usize,
    /// Endpoints; those that terminate do not count.
    pub total: usize,
    /// Whether it is offered to other clusters by a label, an annotation or a ServiceExport.
    pub exported: bool,
}

impl ServiceRow {
    /// Ready endpoints in all clusters.
    pub fn ready(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.ready).sum()
    }

    /// Endpoints in all clusters.
    pub fn total(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.total).sum()
    }

    /// Whether some cluster exports it.
    pub fn is_exported(&self) -> bool {
        self.clusters.iter().any(|cluster| cluster.exported)
    }
}

/// The services of all clusters, by namespace and name.
pub fn services(compiler: &Compiler, ledger: &Ledger) -> Vec<ServiceRow> {
    let mut rows: BTreeMap<(Arc<str>, Arc<str>), Vec<ServiceInCluster>> = BTreeMap::new();
    for facts in ClusterFacts::of_all(compiler) {
        for (doc, service) in facts.services() {
            let key = (Arc::clone(&doc.id.namespace), Arc::clone(&doc.id.name));
            let row = in_cluster(compiler, &facts, doc, service);
            rows.entry(key).or_default().push(row);
        }
    }
    rows.into_iter()
        .map(|((namespace, name), clusters)| ServiceRow {
            vips: vips(compiler, ledger, &namespace, &name),
            name,
            namespace,
            clusters,
        })
        .collect()
}

fn in_cluster(
    compiler: &Compiler,
    facts: &ClusterFacts<'_>,
    doc: &ObjectDoc,
    service: &Service,
) -> ServiceInCluster {
    let Readiness { ready, total } = facts.readiness(doc);
    ServiceInCluster {
        cluster: Arc::clone(&facts.id),
        versions: facts.versions(doc),
        ready,
        total,
        exported: is_exported(compiler, facts, doc, service),
    }
}

/// Whether a Service is offered to other clusters.
pub(super) fn is_exported(
    compiler: &Compiler,
    facts: &ClusterFacts<'_>,
    doc: &ObjectDoc,
    service: &Service,
) -> bool {
    service.export() != MirrorExport::None
        || service.is_federated_member()
        || service.cilium_shared()
        || facts.has_service_export(doc)
        || compiler.is_linked(None, &facts.id, service)
}

/// The virtual addresses of a service's name: those that the ledger allotted, else those that a
/// table has. Each domain of a cluster has its own name.
fn vips(compiler: &Compiler, ledger: &Ledger, namespace: &str, name: &str) -> Vec<IpAddr> {
    let mut found = BTreeSet::new();
    for domain in domains(compiler) {
        let Ok(host) = NameBuf::parse(&format!("{name}.{namespace}.svc.{domain}")) else {
            continue;
        };
        let key = VipKey::of_name(&host);
        let families = Family::ALL.into_iter();
        found.extend(families.filter_map(|family| ledger.address_of(&key, family)));
        if found.is_empty() {
            found.extend(table_vips(compiler, &host));
        }
    }
    found.into_iter().collect()
}

fn table_vips(compiler: &Compiler, host: &NameBuf) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for cluster in compiler.clusters() {
        let table = compiler.table(&ClientKind::of_cluster(cluster));
        let entries = table.and_then(|table| table.get(host)).unwrap_or_default();
        let addresses = entries.iter().flat_map(|entry| &entry.addresses);
        let allotted = addresses.filter(|a| a.origin == AddressOrigin::Allotted);
        found.extend(allotted.map(|address| address.ip));
    }
    found
}

/// The domains that clusters have.
fn domains(compiler: &Compiler) -> BTreeSet<&NameBuf> {
    let of_clusters = compiler.clusters().map(|id| compiler.domain_of(id));
    of_clusters.chain([&compiler.config().domain]).collect()
}
