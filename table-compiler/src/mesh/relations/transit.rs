//! Clusters that are reached by the gateways of another.

use super::Client;
use crate::mesh::config::MeshConfig;
use crate::mesh::ground::{ClusterGround, Ground};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Cluster whose gateways lead a client to a cluster; `None` if the client reaches it itself.
///
/// What lies on the way may itself be reached by another: the first on the way is taken that the
/// client reaches.
pub(super) fn transit_to(
    client: &Client<'_>,
    id: &Arc<str>,
    cluster: &ClusterGround,
    ground: &Ground,
    config: &MeshConfig,
) -> Option<Arc<str>> {
    let is_near = client.network.is_some() && client.network == cluster.network.as_ref();
    if id == client.id || is_near {
        return None;
    }
    let mut entered = None;
    let mut met = BTreeSet::from([id]);
    let mut via = via_of(config, id, cluster.network.as_ref());
    while let Some(next) = via {
        if next == client.id || Some(next) == client.network {
            break;
        }
        if !met.insert(next) {
            // A loop leads nowhere. Readers of configuration refuse it; here it says nothing.
            return None;
        }
        entered = Some(next);
        let network = ground.clusters.get(next).and_then(|c| c.network.as_ref());
        via = via_of(config, next, network);
    }
    entered.map(|way| cluster_of_way(way, ground))
}

/// By which cluster or network a cluster or network is reached.
fn via_of<'a>(
    config: &'a MeshConfig,
    way: &Arc<str>,
    network: Option<&Arc<str>>,
) -> Option<&'a Arc<str>> {
    let of_cluster = || config.clusters.get(way)?.reachable_via.as_ref();
    let of_network = || config.networks.get(network?);
    of_cluster()
        .or_else(of_network)
        .or_else(|| config.networks.get(way))
}

/// A network is entered by the gateways of the first of its clusters that has any.
fn cluster_of_way(way: &Arc<str>, ground: &Ground) -> Arc<str> {
    if ground.clusters.contains_key(way) {
        return Arc::clone(way);
    }
    let mut clusters = ground.clusters.iter();
    let leads_there = |cluster: &ClusterGround| {
        let mut gateways = cluster.network_gateways.iter();
        gateways.any(|gateway| gateway.network == *way)
    };
    clusters
        .find(|(_, cluster)| leads_there(cluster))
        .map_or_else(|| Arc::clone(way), |(id, _)| Arc::clone(id))
}
