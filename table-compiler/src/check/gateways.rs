//! Gateways: that there is one where one is needed, and that it answers.

use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::input::{GatewayAddress, Object, ServicePort};
use crate::inventory::ClusterFacts;
use crate::mesh::{ClientKind, FAILURE_THRESHOLD, GatewayState};
use dns_core::{Endpoint, EndpointState, HostEntry};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Port of a gateway's passthrough in Istio.
const MESH_PORT: u16 = 15443;

/// `gateways.present`: every network that clients look into from outside has a gateway.
pub(super) fn present(input: &CheckInput<'_>) -> Outcome {
    let mut missing: BTreeMap<Arc<str>, CheckLine> = BTreeMap::new();
    each_unavailable(input, |client, entry, endpoint, reason| {
        let Some(network) = reason
            .strip_prefix("no-gateway(")
            .and_then(|r| r.strip_suffix(')'))
        else {
            return;
        };
        missing.entry(network.into()).or_insert_with(|| {
            let reason = format!(
                "the network {network} has no gateway: {} has endpoints there that clients of \
                 {client} cannot reach",
                entry.name
            );
            let mut line = CheckLine::failed(CheckId::GatewaysPresent, reason).with_hint(format!(
                "expose port {MESH_PORT} on a Service labelled topology.istio.io/network={network}"
            ));
            line.network = Some(network.into());
            line.cluster.clone_from(&endpoint.cluster);
            line
        });
    });
    Outcome::Ran(missing.into_values().collect())
}

/// `gateways.mesh-port`: every gateway that is used from outside has a port for the mesh.
pub(super) fn mesh_port(input: &CheckInput<'_>) -> Outcome {
    let mut lacking: BTreeMap<Option<Arc<str>>, CheckLine> = BTreeMap::new();
    each_unavailable(input, |_, entry, endpoint, reason| {
        if !reason.starts_with("no-mesh-port") {
            return;
        }
        lacking.entry(endpoint.cluster.clone()).or_insert_with(|| {
            let reason = format!(
                "a gateway of {} has no port that the mesh may use",
                entry.name
            );
            let mut line = CheckLine::failed(CheckId::GatewaysMeshPort, reason)
                .named(&entry.name)
                .with_hint(format!(
                    "expose port {MESH_PORT} on its Service, or label it \
                     networking.istio.io/gatewayPort"
                ));
            line.cluster.clone_from(&endpoint.cluster);
            line
        });
    });
    Outcome::Ran(lacking.into_values().collect())
}

/// Every endpoint that is of no use, of every cluster's table, with the reason.
fn each_unavailable(
    input: &CheckInput<'_>,
    mut look: impl FnMut(&Arc<str>, &HostEntry, &Endpoint, &str),
) {
    for cluster in input.compiler.clusters() {
        let Some(table) = input.compiler.table(&ClientKind::of_cluster(cluster)) else {
            continue;
        };
        for entry in table.entries() {
            for endpoint in &entry.endpoints {
                if let EndpointState::Unavailable(reason) = &endpoint.state {
                    look(cluster, entry, endpoint, reason);
                }
            }
        }
    }
}

/// `gateways.probe`: every gateway answers its probes.
pub(super) fn probe(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    let known = known_gateways(clusters);
    let probed = input.health.map(|health| &health.gateways);
    let Some(probed) = probed.filter(|gateways| !gateways.is_empty()) else {
        return if known.is_empty() {
            Outcome::Absent("no gateway is known")
        } else {
            Outcome::NotRun("the health document has no probes of gateways")
        };
    };
    let lines = probed.iter().filter_map(|(place, gateway)| {
        let cluster = gateway.cluster.as_ref().or_else(|| known.get(place));
        let mut line = match gateway.state() {
            GatewayState::Alive { .. } => return None,
            GatewayState::Unknown => CheckLine::not_run(
                CheckId::GatewaysProbe,
                format!("{} was not probed", shown(*place)),
            ),
            GatewayState::Dead => {
                let failures = gateway.failure_threshold.unwrap_or(FAILURE_THRESHOLD);
                let reason = format!(
                    "{} did not answer its last {failures} probes",
                    shown(*place)
                );
                CheckLine::failed(CheckId::GatewaysProbe, reason)
                    .with_hint("look at the gateway, and at firewalls on the way to it")
            }
        };
        line.target = cluster.cloned();
        Some(line)
    });
    let lines: Vec<_> = lines.collect();
    Outcome::Ran(lines)
}

fn shown((address, port): (IpAddr, u16)) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

/// Gateways of networks and of Links, with the cluster that each leads into.
fn known_gateways(clusters: &[ClusterFacts<'_>]) -> BTreeMap<(IpAddr, u16), Arc<str>> {
    let mut known = BTreeMap::new();
    for facts in clusters {
        for doc in &facts.docs {
            match &doc.object {
                Object::Link(link) => {
                    let port = link.gateway_port.unwrap_or(0);
                    for address in &link.gateway_addresses {
                        if let GatewayAddress::Ip(ip) = address {
                            known.insert((*ip, port), Arc::clone(&link.target_cluster_name));
                        }
                    }
                }
                Object::Service(service) if service.gateway_network().is_some() => {
                    let port = service
                        .gateway_port
                        .or_else(|| mesh_port_of(&service.ports));
                    let ips = service
                        .load_balancer_ips
                        .iter()
                        .chain(&service.external_ips);
                    for ip in ips {
                        known.insert((*ip, port.unwrap_or(0)), Arc::clone(&facts.id));
                    }
                }
                _ => {}
            }
        }
    }
    known
}

fn mesh_port_of(ports: &[ServicePort]) -> Option<u16> {
    let mut numbers = ports.iter().map(|port| port.number);
    numbers.find(|number| *number == MESH_PORT)
}
