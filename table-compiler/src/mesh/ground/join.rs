//! What clusters say of each other. Nobody says another's domain: who could would take all of its
//! names from its clients. A Link's domain counts for what goes through the Link.

use super::facts::ClusterGround;
use crate::input::{
    GatewayAddress, MeshNetwork, NetworkEndpoints, NetworkGateway as SaidGateway,
    NetworkGatewayPlace,
};
use crate::mesh::gateways::NetworkGateway;
use crate::mesh::service_name::service_of_name;
use dns_core::{EndpointAddress, NameBuf};
use std::collections::BTreeMap;
use std::sync::Arc;

type Clusters = BTreeMap<Arc<str>, ClusterGround>;

/// Each cluster with what the others say of it: its network and gateways by Istio's networks.
pub(super) fn join(alone: &Clusters) -> Clusters {
    let mut clusters = alone.clone();
    for (id, ground) in &mut clusters {
        // What it says of itself gives it no part in what others grant to a cluster of that id.
        ground
            .cluster_property_id
            .take_if(|said| **said != **id && alone.contains_key(&**said));
        for (network, facts) in mesh_networks(alone, id) {
            join_network(id, ground, network, facts);
        }
        ground.networks = ground.labelled_networks.clone();
        ground.networks.extend(ground.network.clone());
        let ranges = ground.network_ranges.iter();
        let of_ranges: Vec<_> = ranges.map(|(_, network)| Arc::clone(network)).collect();
        ground.networks.extend(of_ranges);
    }
    add_said_gateways(alone, &mut clusters);
    clusters
}

/// Networks by the configuration of the cluster, then of the others.
fn mesh_networks<'a>(
    alone: &'a Clusters,
    id: &'a Arc<str>,
) -> impl Iterator<Item = (&'a Arc<str>, &'a MeshNetwork)> {
    let own = alone.get(id).into_iter();
    let others = alone.iter().filter(move |(other, _)| *other != id);
    own.chain(others.map(|(_, ground)| ground))
        .flat_map(|ground| &ground.mesh_networks)
}

/// Whether the cluster, or some of its addresses, are in a network. A label beats both.
fn join_network(id: &str, ground: &mut ClusterGround, network: &Arc<str>, facts: &MeshNetwork) {
    if ground.network.is_some() {
        return;
    }
    for endpoints in &facts.endpoints {
        match endpoints {
            NetworkEndpoints::Registry(name) if ground.is_called(id, name) => {
                ground.network = Some(Arc::clone(network));
            }
            NetworkEndpoints::Registry(_) => {}
            NetworkEndpoints::Cidr(range) => {
                let range = (*range, Arc::clone(network));
                if !ground.network_ranges.contains(&range) {
                    ground.network_ranges.push(range);
                }
            }
        }
    }
}

/// Gateways that the networks name: at an address, they are of the cluster that says it; those
/// that are a Service, of each cluster of the network that has it.
fn add_said_gateways(alone: &Clusters, clusters: &mut Clusters) {
    for (id, says) in alone {
        let Some(source) = &says.mesh_networks_source else {
            continue;
        };
        for (network, facts) in &says.mesh_networks {
            for said in &facts.gateways {
                for (owner, addresses) in places(id, clusters, network, said) {
                    let gateway = NetworkGateway {
                        network: Arc::clone(network),
                        addresses,
                        port: Some(said.port),
                        locality: said.locality.clone(),
                        source: source.clone(),
                    };
                    let owner = clusters.get_mut(&owner).expect("it was found there");
                    if !owner.network_gateways.contains(&gateway) {
                        owner.network_gateways.push(gateway);
                    }
                }
            }
        }
    }
}

fn places(
    id: &Arc<str>,
    clusters: &Clusters,
    network: &Arc<str>,
    said: &SaidGateway,
) -> Vec<(Arc<str>, Vec<EndpointAddress>)> {
    let service = match &said.place {
        NetworkGatewayPlace::Address(GatewayAddress::Ip(ip)) => {
            return vec![(Arc::clone(id), vec![EndpointAddress::Ip(*ip)])];
        }
        NetworkGatewayPlace::Address(GatewayAddress::Host(host)) => {
            return vec![(Arc::clone(id), vec![EndpointAddress::Host(host.clone())])];
        }
        NetworkGatewayPlace::RegistryService(name) => NameBuf::parse(name)
            .ok()
            .and_then(|name| service_of_name(&name)),
    };
    let Some(service) = service else {
        return Vec::new();
    };
    let in_network = clusters
        .iter()
        .filter(|(_, ground)| ground.network.as_ref() == Some(network));
    in_network
        .filter_map(|(id, ground)| {
            let addresses = ground.outside_services.get(&service)?;
            Some((Arc::clone(id), addresses.clone()))
        })
        .collect()
}
