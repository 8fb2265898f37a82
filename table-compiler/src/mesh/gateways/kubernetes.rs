//! Gateways of the Gateway API: where they are reached.

use super::outside::{MESH_PORT, Outside};
use crate::input::{
    KubernetesGateway, ListenerTlsMode, Object, ObjectDoc, ObjectId, ObjectKind, Service,
};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use crate::mesh::service_name::service_of_name;
use dns_core::EndpointAddress;
use std::sync::Arc;

/// Label of the Service that a controller makes for a Gateway.
const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

/// Addresses of a Gateway: its own, else those of the Service that was made for it.
pub(super) fn outside_of_gateway(
    state: &ClusterState,
    id: &ObjectId,
    gateway: &KubernetesGateway,
) -> Vec<EndpointAddress> {
    let listed = gateway.addresses();
    let ips = listed.ips.iter().copied().map(EndpointAddress::Ip);
    let mut addresses: Vec<_> = ips.collect();
    for host in &listed.hosts {
        // Istio lets a Gateway name the Service it stands for by its name in the cluster.
        match service_of_name(host).and_then(|key| outside_of(state, &key)) {
            Some(outside) => addresses.extend(outside.addresses),
            None => addresses.push(EndpointAddress::Host(host.clone())),
        }
    }
    if addresses.is_empty() {
        addresses.extend(made_service(state, id, gateway).map_or(Vec::new(), |o| o.addresses));
    }
    addresses
}

/// Port of the listener that passes TLS through: Istio's usual one, else the first.
pub(super) fn passthrough_port(gateway: &KubernetesGateway) -> Option<u16> {
    let ports = gateway
        .listeners
        .iter()
        .filter(|listener| listener.tls_mode == Some(ListenerTlsMode::Passthrough))
        .map(|listener| listener.port);
    ports
        .clone()
        .find(|port| *port == MESH_PORT)
        .or(ports.min())
}

/// The Service that a controller made for a Gateway, by its label or Istio's way to name it.
fn made_service(
    state: &ClusterState,
    id: &ObjectId,
    gateway: &KubernetesGateway,
) -> Option<Outside> {
    let named = ServiceKey {
        namespace: Arc::clone(&id.namespace),
        name: format!("{}-{}", id.name, gateway.class).into(),
    };
    if let Some(outside) = outside_of(state, &named) {
        return Some(outside);
    }
    state
        .of_kind(ObjectKind::Service)
        .filter(|doc| doc.id.namespace == id.namespace)
        .filter_map(|doc| service_in(doc))
        .find(|service| service.metadata.label(GATEWAY_NAME_LABEL) == Some(&id.name))
        .and_then(|service| Outside::of(state, service))
}

fn outside_of(state: &ClusterState, key: &ServiceKey) -> Option<Outside> {
    Outside::of(state, service_in(state.service(key)?)?)
}

/// The Service that an object is.
pub(super) fn service_in(doc: &ObjectDoc) -> Option<&Service> {
    match &doc.object {
        Object::Service(service) => Some(service),
        _ => None,
    }
}

/// The first port of its listeners that is not for the mesh.
pub(super) fn outside_port(gateway: &KubernetesGateway, mesh_port: Option<u16>) -> Option<u16> {
    let ports = gateway.listeners.iter().map(|listener| listener.port);
    ports
        .clone()
        .find(|port| Some(*port) != mesh_port)
        .or(mesh_port)
}
