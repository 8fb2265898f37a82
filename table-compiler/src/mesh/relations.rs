//! How clients of one kind see every cluster: [`relations_of`].

mod discovery;
mod transit;

#[cfg(test)]
mod tests;

use super::config::MeshConfig;
use super::ground::{ClusterGround, Ground, LinkKey};
use super::kind::ClientKind;
use super::relation::{NetworkView, Relation};
use dns_core::{Locality, NameBuf};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How clients of a kind see every cluster of the mesh, by id.
pub(super) fn relations_of(
    kind: &ClientKind,
    ground: &Ground,
    config: &MeshConfig,
) -> BTreeMap<Arc<str>, Relation> {
    let client = Client::of(kind, ground, config);
    let clusters = ground.clusters.iter();
    clusters
        .map(|(id, cluster)| (Arc::clone(id), client.relation(id, cluster, ground, config)))
        .collect()
}

/// Domain of the cluster that clients of a kind are in.
pub(super) fn domain_of<'a>(
    kind: &ClientKind,
    ground: &'a Ground,
    config: &'a MeshConfig,
) -> &'a NameBuf {
    let cluster = ground.clusters.get(&kind.cluster);
    cluster.map_or(&config.domain, |cluster| &cluster.domain)
}

/// A client, with what its cluster says for it.
pub(super) struct Client<'a> {
    id: &'a Arc<str>,
    /// `None` if nothing of its cluster is known.
    cluster: Option<&'a ClusterGround>,
    network: Option<&'a Arc<str>>,
    locality: &'a Locality,
    domain: &'a NameBuf,
    /// Cluster whose ServiceEntries it is served.
    served_by: &'a Arc<str>,
}

impl<'a> Client<'a> {
    fn of(kind: &'a ClientKind, ground: &'a Ground, config: &'a MeshConfig) -> Self {
        static NOWHERE: std::sync::LazyLock<Locality> = std::sync::LazyLock::new(Locality::default);
        let cluster = ground.clusters.get(&kind.cluster);
        let said = config.clusters.get(&kind.cluster);
        let network = kind.network.as_ref();
        let locality = kind.locality.as_ref();
        Client {
            id: &kind.cluster,
            cluster,
            network: network.or_else(|| cluster?.network.as_ref()),
            locality: locality
                .or_else(|| cluster.map(|cluster| &cluster.locality))
                .unwrap_or(&NOWHERE),
            domain: domain_of(kind, ground, config),
            served_by: said
                .and_then(|said| said.served_by.as_ref())
                .unwrap_or(&kind.cluster),
        }
    }

    fn relation(
        &self,
        id: &Arc<str>,
        cluster: &ClusterGround,
        ground: &Ground,
        config: &MeshConfig,
    ) -> Relation {
        let region = known(&self.locality.region).filter(|own| cluster.regions.contains(*own));
        let zone = region.and_then(|_| known(&self.locality.zone));
        // Without zones of nodes the slices alone know which zones there are.
        let zone = zone.filter(|own| cluster.zones.is_empty() || cluster.zones.contains(*own));
        Relation {
            is_own: id == self.id,
            discovery: discovery::discovery_of(self, id, cluster, config),
            is_config_source: id == self.served_by,
            network: self.network_view(id, cluster),
            region: region.cloned(),
            zone: zone.cloned(),
            transit: transit::transit_to(self, id, cluster, ground, config),
            link: self.link_to(id, cluster, ground),
            is_same_domain: *self.domain == cluster.domain,
        }
    }

    /// Endpoints of the ServiceEntries that it is served may be in any network.
    fn network_view(&self, id: &Arc<str>, cluster: &ClusterGround) -> Option<NetworkView> {
        match self.network {
            None => Some(NetworkView::Unknown),
            Some(own) if id == self.served_by || cluster.networks.contains(own) => {
                Some(NetworkView::Known(Arc::clone(own)))
            }
            Some(_) => None,
        }
    }

    /// The Link of the client's cluster to another, or the first that is like it.
    fn link_to(&self, id: &Arc<str>, cluster: &ClusterGround, ground: &Ground) -> Option<LinkKey> {
        if id == self.id {
            return None;
        }
        let mut own = self.cluster?.links.iter();
        let own = own.find(|link| cluster.is_called(id, &link.target))?;
        let holders = ground.clusters.iter();
        holders
            .flat_map(|(holder, ground)| ground.links.iter().map(move |link| (holder, link)))
            .find(|(_, link)| link.is_alike(own))
            .map(|(holder, link)| LinkKey {
                cluster: Arc::clone(holder),
                source: link.source.clone(),
            })
    }
}

fn known(part: &Arc<str>) -> Option<&Arc<str>> {
    (!part.is_empty()).then_some(part)
}
