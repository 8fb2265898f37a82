//! Endpoints of a service of the cluster set, in slices that a controller has imported.

use super::pods::dashed;
use super::slice::{NO_PORT, state_of};
use crate::input::{EndpointSlice, UnreadyEndpoints};
use crate::mesh::mesh_view::Mesh;
use dns_core::{Endpoint, EndpointAddress};
use std::sync::Arc;

/// The endpoints of an imported slice, each with its host name and behind that the id of its
/// cluster. Empty for a slice that nobody imported.
pub(in crate::mesh) fn imported_endpoints(mesh: &Mesh<'_>, slice: &EndpointSlice) -> Vec<Endpoint> {
    let Some(cluster) = &slice.source_cluster else {
        return Vec::new();
    };
    let ground = mesh.ground.clusters.get(cluster);
    let label = ground.map_or(cluster, |ground| ground.clusterset_label(cluster));
    let of_slice = slice.ports.iter();
    let of_slice = of_slice.map(|port| (port.name.clone(), port.number.unwrap_or(NO_PORT)));
    let mut ports: Vec<(Option<Arc<str>>, u16)> = of_slice.collect();
    if ports.is_empty() {
        ports.push((None, NO_PORT));
    }
    let mut endpoints = Vec::new();
    for endpoint in &slice.endpoints {
        for address in &endpoint.addresses {
            let of_address = || match address {
                EndpointAddress::Ip(ip) => Some(Arc::from(dashed(*ip))),
                EndpointAddress::Host(_) | EndpointAddress::Unix(_) => None,
            };
            let hostname = endpoint.hostname.clone().or_else(of_address);
            let network = ground.and_then(|ground| ground.network_of(address));
            endpoints.extend(ports.iter().map(|(port_name, port)| {
                Endpoint {
                    port_name: port_name.clone(),
                    hostname: hostname
                        .as_ref()
                        .map(|hostname| format!("{hostname}.{label}").into()),
                    cluster: Some(Arc::clone(cluster)),
                    network: network.cloned(),
                    state: state_of(endpoint.condition, UnreadyEndpoints::Hidden),
                    ..Endpoint::new(address.clone(), *port)
                }
            }));
        }
    }
    endpoints
}
