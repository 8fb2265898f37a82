//! [`Outside`]: where a Service is reached from outside of its cluster.

use crate::input::{KubernetesNode, ObjectKind};
use crate::input::{Object, Service, ServiceType};
use crate::mesh::cluster::ClusterState;
use dns_core::EndpointAddress;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Port of Istio's east-west gateways that passes TLS through by SNI.
pub(super) const MESH_PORT: u16 = 15443;
/// Labels of the nodes that a NodePort Service is reached by, as a JSON object.
const NODE_SELECTOR_ANNOTATION: &str = "traffic.istio.io/nodeSelector";

/// Where a Service is reached from outside of its cluster.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct Outside {
    /// None if it is to have one and has not yet.
    pub(in crate::mesh) addresses: Vec<EndpointAddress>,
    ports: OutsidePorts,
}

/// Which numbers its ports have outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutsidePorts {
    Own,
    OfNodes,
}

impl Outside {
    /// Where that Service is reached; `None` if it is not meant to be.
    pub(in crate::mesh) fn of(state: &ClusterState, service: &Service) -> Option<Self> {
        let given = given_addresses(service);
        if !given.is_empty() || service.kind == ServiceType::LoadBalancer {
            return Some(Outside {
                addresses: given,
                ports: OutsidePorts::Own,
            });
        }
        (service.kind == ServiceType::NodePort).then(|| Outside {
            addresses: node_addresses(state, service),
            ports: OutsidePorts::OfNodes,
        })
    }

    /// A place that is not known yet.
    pub(super) fn unknown() -> Self {
        Outside {
            addresses: Vec::new(),
            ports: OutsidePorts::Own,
        }
    }

    /// Port that passes TLS through by the name of the service: the labelled one, else Istio's
    /// usual one if the Service has it.
    pub(super) fn mesh_port(&self, service: &Service) -> Option<u16> {
        let has = |number| service.ports.iter().any(|port| port.number == number);
        let number = service
            .gateway_port
            .or(has(MESH_PORT).then_some(MESH_PORT))?;
        self.port(service, number)
    }

    /// Number outside of a port of the Service.
    pub(super) fn port(&self, service: &Service, number: u16) -> Option<u16> {
        match self.ports {
            OutsidePorts::Own => Some(number),
            OutsidePorts::OfNodes => {
                let mut ports = service.ports.iter();
                ports.find(|port| port.number == number)?.node_port
            }
        }
    }
}

/// What a load balancer was given, else what the Service names itself.
fn given_addresses(service: &Service) -> Vec<EndpointAddress> {
    let ips = |ips: &[IpAddr]| ips.iter().copied().map(EndpointAddress::Ip).collect();
    let mut addresses: Vec<_> = ips(&service.load_balancer_ips);
    let hosts = service.load_balancer_hosts.iter().cloned();
    addresses.extend(hosts.map(EndpointAddress::Host));
    if addresses.is_empty() {
        addresses = ips(&service.external_ips);
    }
    addresses
}

/// Addresses of the nodes that lead to a NodePort Service: outside ones, where nodes have any.
fn node_addresses(state: &ClusterState, service: &Service) -> Vec<EndpointAddress> {
    let selector = node_selector(service);
    let nodes: Vec<&KubernetesNode> = state
        .of_kind(ObjectKind::Node)
        .filter_map(|doc| match &doc.object {
            Object::Node(node) => Some(node),
            _ => None,
        })
        .filter(|node| {
            selector.iter().all(|(key, value)| {
                node.metadata
                    .labels
                    .get(&**key)
                    .is_some_and(|own| **own == **value)
            })
        })
        .collect();
    let external: Vec<IpAddr> = nodes
        .iter()
        .flat_map(|node| node.external_ips.clone())
        .collect();
    let ips = if external.is_empty() {
        nodes
            .iter()
            .flat_map(|node| node.internal_ips.clone())
            .collect()
    } else {
        external
    };
    ips.into_iter().map(EndpointAddress::Ip).collect()
}

fn node_selector(service: &Service) -> BTreeMap<String, String> {
    let text = service.metadata.annotation(NODE_SELECTOR_ANNOTATION);
    // One that cannot be read selects all, as an absent one does.
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}
