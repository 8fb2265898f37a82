//! Gateways of Istio: their hosts, and the Services that lead to the workloads they select.

use super::kubernetes::service_in;
use super::outside::Outside;
use crate::input::{Gateway, HostNamespaces, NamePattern, ObjectKind, Service};
use crate::mesh::cluster::ClusterState;
use dns_core::EndpointAddress;
use std::collections::BTreeMap;
use std::sync::Arc;

type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// What the Gateways of a cluster may select.
pub(super) struct IstioGateways<'a> {
    /// Services that are reached from outside.
    services: Vec<OutsideService<'a>>,
}

struct OutsideService<'a> {
    namespace: &'a Arc<str>,
    service: &'a Service,
    outside: Outside,
}

/// Where a Gateway is reached.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) addresses: Vec<EndpointAddress>,
    pub(super) mesh_port: Option<u16>,
    pub(super) network: Option<Arc<str>>,
}

impl<'a> IstioGateways<'a> {
    pub(super) fn of(state: &'a ClusterState) -> Self {
        if state.of_kind(ObjectKind::Gateway).next().is_none() {
            return IstioGateways {
                services: Vec::new(),
            };
        }
        let services = state.of_kind(ObjectKind::Service).filter_map(|doc| {
            let service = service_in(doc)?;
            let outside = Outside::of(state, service)?;
            Some(OutsideService {
                namespace: &doc.id.namespace,
                service,
                outside,
            })
        });
        IstioGateways {
            services: services.collect(),
        }
    }

    /// Where the workloads of a Gateway are reached.
    pub(super) fn place(&self, namespace: &Arc<str>, gateway: &Gateway) -> Place {
        let mut place = Place::default();
        for found in self.services_of(namespace, gateway) {
            let addresses = found.outside.addresses.iter();
            for address in addresses {
                if !place.addresses.contains(address) {
                    place.addresses.push(address.clone());
                }
            }
            let mesh_port = || found.outside.mesh_port(found.service);
            place.mesh_port = place.mesh_port.or_else(mesh_port);
            let network = || found.service.gateway_network().cloned();
            place.network = place.network.or_else(network);
        }
        place
    }

    /// Services before the workloads that the Gateway selects: those that select by the same
    /// labels, else those that bear them, as Istio's own do. Without a selector those of its
    /// namespace.
    fn services_of(&self, namespace: &Arc<str>, gateway: &Gateway) -> Vec<&OutsideService<'a>> {
        let wanted = &gateway.selector;
        let services = self.services.iter();
        if wanted.is_empty() {
            return services
                .filter(|found| found.namespace == namespace)
                .collect();
        }
        let selecting: Vec<_> = services
            .clone()
            .filter(|found| is_subset(wanted, &found.service.selector))
            .collect();
        if !selecting.is_empty() {
            return selecting;
        }
        services
            .filter(|found| is_subset(wanted, &found.service.metadata.labels))
            .collect()
    }
}

/// The hosts of a Gateway's servers.
pub(super) fn patterns(gateway: &Gateway) -> impl Iterator<Item = &NamePattern> {
    let hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
    hosts
        .filter(|host| host.namespaces != HostNamespaces::None)
        .map(|host| &host.name)
}

/// The first port of its servers that is not for the mesh.
pub(super) fn outside_port(gateway: &Gateway, mesh_port: Option<u16>) -> Option<u16> {
    let ports = gateway.servers.iter().map(|server| server.port);
    ports
        .clone()
        .find(|port| Some(*port) != mesh_port)
        .or(mesh_port)
}

/// Whether the labels are there with the same values.
pub(in crate::mesh) fn is_subset(labels: &Labels, of: &Labels) -> bool {
    labels.iter().all(|(key, value)| of.get(key) == Some(value))
}
