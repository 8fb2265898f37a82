//! [`Entrance`]: one address of a way into a network.

use super::facts::ClusterGround;
use crate::mesh::gateways::NetworkGateway;
use dns_core::{EndpointAddress, Locality};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One address of a way into a network.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct Entrance {
    /// `None` if it is not known yet.
    pub(in crate::mesh) address: Option<EndpointAddress>,
    pub(in crate::mesh) port: Option<u16>,
    pub(in crate::mesh) locality: Option<Locality>,
}

/// The entrances by what leads there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entrances {
    networks: BTreeMap<Arc<str>, Ways>,
    /// Those of a cluster's own gateways, whatever network they lead into.
    clusters: BTreeMap<Arc<str>, Vec<Entrance>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Ways {
    all: Vec<Entrance>,
    by_cluster: BTreeMap<Arc<str>, Vec<Entrance>>,
}

impl Entrances {
    pub(super) fn of(clusters: &BTreeMap<Arc<str>, ClusterGround>) -> Self {
        let mut entrances = Entrances::default();
        for (id, ground) in clusters {
            for gateway in &ground.network_gateways {
                entrances.add(id, gateway);
            }
        }
        entrances
    }

    fn add(&mut self, cluster: &Arc<str>, gateway: &NetworkGateway) {
        let network = Arc::clone(&gateway.network);
        let ways = self.networks.entry(network).or_default();
        let of_cluster = ways.by_cluster.entry(Arc::clone(cluster)).or_default();
        let own = self.clusters.entry(Arc::clone(cluster)).or_default();
        for list in [&mut ways.all, of_cluster, own] {
            for entrance in entrances(gateway) {
                add(list, entrance);
            }
        }
    }

    pub(super) fn of_network(&self, network: &str, cluster: &str) -> Option<&[Entrance]> {
        let ways = self.networks.get(network)?;
        Some(ways.by_cluster.get(cluster).unwrap_or(&ways.all))
    }

    pub(super) fn of_cluster(&self, cluster: &str) -> Option<&[Entrance]> {
        self.clusters.get(cluster).map(Vec::as_slice)
    }
}

fn entrances(gateway: &NetworkGateway) -> Vec<Entrance> {
    let at = |address: Option<&EndpointAddress>| Entrance {
        address: address.cloned(),
        port: gateway.port,
        locality: gateway.locality.clone(),
    };
    if gateway.addresses.is_empty() {
        return vec![at(None)];
    }
    gateway.addresses.iter().map(|a| at(Some(a))).collect()
}

/// A gateway is often known twice: by its object and by the Service made for it. The first stays,
/// unless only the other has a port.
fn add(list: &mut Vec<Entrance>, entrance: Entrance) {
    let known = list
        .iter_mut()
        .find(|known| known.address == entrance.address);
    match known {
        Some(known) if known.port.is_none() => *known = entrance,
        Some(known) if entrance.port.is_none() || known.port == entrance.port => {}
        Some(_) | None => list.push(entrance),
    }
}
