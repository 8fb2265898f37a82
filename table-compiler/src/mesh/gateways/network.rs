//! [`NetworkGateway`]: a way into a network, by the name of the service that is meant.

use super::kubernetes::{outside_of_gateway, passthrough_port};
use super::outside::Outside;
use crate::input::{Object, ObjectDoc, ObjectId, ObjectKind};
use crate::mesh::cluster::ClusterState;
use dns_core::{EndpointAddress, Locality};
use std::sync::Arc;

/// A way into a network.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct NetworkGateway {
    pub(in crate::mesh) network: Arc<str>,
    /// Where it is reached; none if that is not known yet.
    pub(in crate::mesh) addresses: Vec<EndpointAddress>,
    /// Port that passes TLS through by the name of the service.
    pub(in crate::mesh) port: Option<u16>,
    /// Where it is, if that is said.
    pub(in crate::mesh) locality: Option<Locality>,
    pub(in crate::mesh) source: ObjectId,
}

/// The Services and Gateways of a cluster that are labelled with the network they lead into.
pub(in crate::mesh) fn network_gateways(state: &ClusterState) -> Vec<NetworkGateway> {
    let services = state.of_kind(ObjectKind::Service);
    let gateways = state.of_kind(ObjectKind::KubernetesGateway);
    services
        .chain(gateways)
        .filter_map(|doc| network_gateway(state, doc))
        .collect()
}

fn network_gateway(state: &ClusterState, doc: &ObjectDoc) -> Option<NetworkGateway> {
    let (network, addresses, port) = match &doc.object {
        Object::Service(service) => {
            let network = service.gateway_network()?;
            let outside = Outside::of(state, service).unwrap_or_else(Outside::unknown);
            let port = outside.mesh_port(service);
            (network, outside.addresses, port)
        }
        Object::KubernetesGateway(gateway) => {
            let network = gateway.network()?;
            let addresses = outside_of_gateway(state, &doc.id, gateway);
            (network, addresses, passthrough_port(gateway))
        }
        _ => return None,
    };
    Some(NetworkGateway {
        network: Arc::clone(network),
        addresses,
        port,
        locality: None,
        source: doc.id.clone(),
    })
}
