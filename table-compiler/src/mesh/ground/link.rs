//! [`GroundLink`]: Linkerd's way from one cluster to another.

use crate::input::{
    GatewayAddress, LabelSelector, Link, MirrorExport, Object, ObjectId, ObjectKind, Service,
};
use crate::mesh::cluster::ClusterState;
use dns_core::{EndpointAddress, NameBuf};
use std::sync::Arc;

/// A Link as its cluster has it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct GroundLink {
    /// Its name.
    pub(in crate::mesh) name: Arc<str>,
    /// What it calls the cluster it leads to.
    pub(in crate::mesh) target: Arc<str>,
    /// Domain of that cluster.
    pub(in crate::mesh) domain: NameBuf,
    /// `.svc.<domain>`.
    pub(in crate::mesh) service_suffix: Arc<str>,
    /// Where its gateway is reached; none in a flat network.
    pub(in crate::mesh) addresses: Vec<EndpointAddress>,
    pub(in crate::mesh) port: Option<u16>,
    /// TLS identity of the gateway.
    pub(in crate::mesh) identity: Option<Arc<str>>,
    pub(in crate::mesh) probe_port: Option<u16>,
    /// Consecutive failures of its probe that make the gateway dead.
    pub(in crate::mesh) failure_threshold: Option<u32>,
    pub(in crate::mesh) source: ObjectId,
    by_gateway: LabelSelector,
    by_discovery: LabelSelector,
    federated: LabelSelector,
}

/// Which Link: its cluster and identity. Of Links with the same content the first is meant, so
/// that clients of several clusters see the target alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::mesh) struct LinkKey {
    pub(in crate::mesh) cluster: Arc<str>,
    pub(in crate::mesh) source: ObjectId,
}

/// How a Link leads to a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mesh) enum LinkMode {
    /// By the gateway.
    Gateway,
    /// By the addresses of the pods, in a flat network.
    Discovery,
}

impl GroundLink {
    /// How it leads to a Service of its target; `None` if the Service is not exported to it.
    pub(in crate::mesh) fn mode(&self, service: &Service) -> Option<LinkMode> {
        let labels = &service.metadata.labels;
        let is_exported = |selector: &LabelSelector, export: MirrorExport| {
            if selector.is_empty() {
                service.export() == export
            } else {
                selector.selects(labels)
            }
        };
        if is_exported(&self.by_gateway, MirrorExport::Gateway) {
            return Some(LinkMode::Gateway);
        }
        is_exported(&self.by_discovery, MirrorExport::RemoteDiscovery)
            .then_some(LinkMode::Discovery)
    }

    /// Whether it joins a Service of its target with those of its name elsewhere.
    pub(in crate::mesh) fn is_federated(&self, service: &Service) -> bool {
        if self.federated.is_empty() {
            return service.is_federated_member();
        }
        self.federated.selects(&service.metadata.labels)
    }

    /// Whether both are the same in all but whose they are.
    pub(in crate::mesh) fn is_alike(&self, other: &GroundLink) -> bool {
        let anonymous = |link: &GroundLink| GroundLink {
            source: self.source.clone(),
            name: Arc::clone(&self.name),
            ..link.clone()
        };
        *self == anonymous(other)
    }

    fn of(id: &ObjectId, link: &Link) -> Self {
        let addresses = link.gateway_addresses.iter().map(|address| match address {
            GatewayAddress::Ip(ip) => EndpointAddress::Ip(*ip),
            GatewayAddress::Host(host) => EndpointAddress::Host(host.clone()),
        });
        let probe = link.probe_spec.as_ref();
        GroundLink {
            name: Arc::clone(&id.name),
            target: Arc::clone(&link.target_cluster_name),
            domain: link.target_cluster_domain.clone(),
            service_suffix: format!(".svc.{}", link.target_cluster_domain).into(),
            addresses: addresses.collect(),
            port: link.gateway_port,
            identity: link.gateway_identity.clone(),
            probe_port: probe.map(|probe| probe.port),
            failure_threshold: probe.map(|probe| probe.failure_threshold),
            source: id.clone(),
            by_gateway: link.selector.clone(),
            by_discovery: link.remote_discovery_selector.clone(),
            federated: link.federated_service_selector.clone(),
        }
    }
}

/// The Links of a cluster, by namespace and name.
pub(super) fn links(state: &ClusterState) -> Vec<GroundLink> {
    let docs = state.of_kind(ObjectKind::Link);
    docs.filter_map(|doc| match &doc.object {
        Object::Link(link) => Some(GroundLink::of(&doc.id, link)),
        _ => None,
    })
    .collect()
}
