//! [`Ground`]: facts about clusters that concern many names.
//!
//! ```text
//! ClusterState ─▶ ClusterGround as the cluster says it ─┐
//! the others' Links and mesh networks ──────────────────┴─▶ joined ─▶ entrances of networks
//! ```

mod change;
mod concern;
mod discovered;
mod entrance;
mod facts;
mod join;
mod link;
mod places;

pub(super) use change::GroundChange;
pub(super) use concern::concerns_ground;
pub(super) use discovered::Discovered;
pub(super) use entrance::Entrance;
pub(super) use facts::ClusterGround;
pub(super) use link::{GroundLink, LinkKey, LinkMode};

use super::cluster::ClusterState;
use super::config::MeshConfig;
use discovered::DiscoveredGateways;
use dns_core::EndpointAddress;
use entrance::Entrances;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Facts about clusters that concern many names. Equal grounds resolve equal objects to equal
/// names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ground {
    /// Each cluster as the whole mesh sees it.
    pub(super) clusters: BTreeMap<Arc<str>, ClusterGround>,
    /// Each cluster by its own objects alone.
    alone: BTreeMap<Arc<str>, ClusterGround>,
    entrances: Entrances,
    discovered: DiscoveredGateways,
}

impl Ground {
    /// The ground of those clusters.
    pub(super) fn of(clusters: &BTreeMap<Arc<str>, ClusterState>, config: &MeshConfig) -> Self {
        let alone = clusters.iter().map(|(id, state)| {
            let ground = ClusterGround::of(state, config);
            (Arc::clone(id), ground)
        });
        Ground::joined(alone.collect())
    }

    /// Takes one cluster as it is now; `None` for one that is gone.
    pub(super) fn refresh(
        &mut self,
        cluster: &Arc<str>,
        state: Option<&ClusterState>,
        config: &MeshConfig,
    ) -> GroundChange {
        let ground = state.map(|state| ClusterGround::of(state, config));
        let change = change::between(self.alone.get(cluster), ground.as_ref());
        if change == GroundChange::None {
            return change;
        }
        let mut alone = std::mem::take(&mut self.alone);
        match ground {
            Some(ground) => alone.insert(Arc::clone(cluster), ground),
            None => alone.remove(cluster),
        };
        *self = Ground::joined(alone);
        change
    }

    fn joined(alone: BTreeMap<Arc<str>, ClusterGround>) -> Self {
        let clusters = join::join(&alone);
        Ground {
            entrances: Entrances::of(&clusters),
            discovered: DiscoveredGateways::of(&clusters),
            clusters,
            alone,
        }
    }

    /// The ways into a network for endpoints of a cluster: that cluster's own gateways, else those
    /// of all clusters. `None` if the network has no gateway.
    pub(super) fn entrances(&self, network: &str, cluster: &str) -> Option<&[Entrance]> {
        self.entrances.of_network(network, cluster)
    }

    /// The ways into the networks of a cluster by its own gateways.
    pub(super) fn entrances_of_cluster(&self, cluster: &str) -> Option<&[Entrance]> {
        self.entrances.of_cluster(cluster)
    }

    /// The gateway at an address.
    pub(super) fn gateway_at(&self, address: &EndpointAddress) -> Option<&Discovered> {
        self.discovered.at(address)
    }

    /// The link that a key stands for.
    pub(super) fn link(&self, key: &LinkKey) -> Option<&GroundLink> {
        let links = &self.clusters.get(&key.cluster)?.links;
        links.iter().find(|link| link.source == key.source)
    }
}

#[cfg(test)]
mod tests;
