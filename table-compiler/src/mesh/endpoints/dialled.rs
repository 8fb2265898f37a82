//! What clients without a proxy dial.

use super::probe::is_dead;
use super::rank::{Standing, rank};
use super::service::known;
use super::{GatewayMember, Member, Subject};
use crate::mesh::mesh_view::MeshView;
use dns_core::EndpointAddress;
use std::net::IpAddr;

/// Addresses of the best usable gateways of the name's host. A client without a proxy asks the
/// gateway of its own cluster too, as it says no name but the host's to it; it cannot be led
/// through another cluster.
pub(super) fn dialled(view: &MeshView<'_>, subject: &Subject<'_>) -> Vec<IpAddr> {
    let mut best: Option<usize> = None;
    let mut dialled = Vec::new();
    for member in subject.members {
        let Member::Gateway(member) = member else {
            continue;
        };
        let Some(rank) = rank_of(view, subject, member) else {
            continue;
        };
        let addresses = usable(view, member);
        if addresses.is_empty() || best.is_some_and(|best| best < rank) {
            continue;
        }
        if best != Some(rank) {
            dialled.clear();
            best = Some(rank);
        }
        for address in addresses {
            if !dialled.contains(&address) {
                dialled.push(address);
            }
        }
    }
    dialled
}

fn rank_of(
    view: &MeshView<'_>,
    subject: &Subject<'_>,
    member: &GatewayMember<'_>,
) -> Option<usize> {
    let relation = view.relations.get(member.cluster)?;
    if relation.transit.is_some() {
        return None;
    }
    let ground = view.mesh.ground.clusters.get(member.cluster)?;
    let standing = Standing {
        relation,
        cluster: member.cluster,
        network: member.gateway.network.as_ref().or(ground.network.as_ref()),
        locality: known(&ground.locality),
    };
    Some(rank(subject.order, &standing))
}

fn usable(view: &MeshView<'_>, member: &GatewayMember<'_>) -> Vec<IpAddr> {
    if member
        .readiness()
        .is_some_and(|readiness| readiness.ready == 0)
    {
        return Vec::new();
    }
    let gateway = member.gateway;
    let ports = [gateway.outside_port, gateway.mesh_port];
    let addresses = gateway.addresses.iter();
    addresses
        .filter(|address| !is_dead(view.mesh.health, address, ports, None))
        .filter_map(|address| match address {
            EndpointAddress::Ip(ip) => Some(*ip),
            EndpointAddress::Host(_) | EndpointAddress::Unix(_) => None,
        })
        .collect()
}
