//! The configuration of the mesh as a snapshot has it: the keys of the configuration file.

use super::text::Text;
use crate::input::{Order, OrderKey};
use crate::mesh::WildcardVips;
use crate::mesh::{ClusterConfig, Discovery, LinkConfig, Members, MeshConfig, NameTemplate};
use dns_core::{Locality, NameBuf};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredMesh {
    domain: Text<NameBuf>,
    clusterset_domain: Text<NameBuf>,
    root_namespace: Arc<str>,
    discovery: Option<Text<Discovery>>,
    links: Vec<StoredLink>,
    order: StoredOrder,
    members: Text<Members>,
    name_templates: Vec<Text<NameTemplate>>,
    policy_clusters: BTreeSet<Arc<str>>,
    clusters: BTreeMap<Arc<str>, StoredCluster>,
    networks: BTreeMap<Arc<str>, Arc<str>>,
    name_grace_secs: u64,
    wildcard_vips: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOrder {
    Keys(Vec<Text<OrderKey>>),
    Clusters(Vec<Arc<str>>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLink {
    from: Option<Arc<str>>,
    to: Option<Arc<str>>,
    discovery: Text<Discovery>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCluster {
    domain: Option<Text<NameBuf>>,
    network: Option<Arc<str>>,
    locality: Option<Text<Locality>>,
    reachable_via: Option<Arc<str>>,
    served_by: Option<Arc<str>>,
    trust_root: Option<Arc<str>>,
}

impl From<&MeshConfig> for StoredMesh {
    fn from(config: &MeshConfig) -> Self {
        // Taken apart whole, so that a key that is added has to be stored.
        let MeshConfig {
            domain,
            clusterset_domain,
            root_namespace,
            discovery,
            links,
            order,
            members,
            name_templates,
            policy_clusters,
            clusters,
            networks,
            name_grace_secs,
            wildcard_vips,
        } = config.clone();
        StoredMesh {
            domain: Text(domain),
            clusterset_domain: Text(clusterset_domain),
            root_namespace,
            discovery: discovery.map(Text),
            links: links.into_iter().map(StoredLink::from).collect(),
            order: order.into(),
            members: Text(members),
            name_templates: name_templates.into_iter().map(Text).collect(),
            policy_clusters,
            clusters: clusters
                .into_iter()
                .map(|(id, cluster)| (id, cluster.into()))
                .collect(),
            networks,
            name_grace_secs,
            wildcard_vips: match wildcard_vips {
                WildcardVips::Off => false,
                WildcardVips::On => true,
            },
        }
    }
}

impl From<StoredMesh> for MeshConfig {
    fn from(stored: StoredMesh) -> Self {
        MeshConfig {
            domain: stored.domain.0,
            clusterset_domain: stored.clusterset_domain.0,
            root_namespace: stored.root_namespace,
            discovery: stored.discovery.map(|discovery| discovery.0),
            links: stored.links.into_iter().map(LinkConfig::from).collect(),
            order: stored.order.into(),
            members: stored.members.0,
            policy_clusters: stored.policy_clusters,
            name_templates: stored
                .name_templates
                .into_iter()
                .map(|text| text.0)
                .collect(),
            clusters: stored
                .clusters
                .into_iter()
                .map(|(id, cluster)| (id, cluster.into()))
                .collect(),
            networks: stored.networks,
            name_grace_secs: stored.name_grace_secs,
            wildcard_vips: if stored.wildcard_vips {
                WildcardVips::On
            } else {
                WildcardVips::Off
            },
        }
    }
}

impl From<Order> for StoredOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Keys(keys) => StoredOrder::Keys(keys.into_iter().map(Text).collect()),
            Order::Clusters(clusters) => StoredOrder::Clusters(clusters),
        }
    }
}

impl From<StoredOrder> for Order {
    fn from(stored: StoredOrder) -> Self {
        match stored {
            StoredOrder::Keys(keys) => Order::Keys(keys.into_iter().map(|key| key.0).collect()),
            StoredOrder::Clusters(clusters) => Order::Clusters(clusters),
        }
    }
}

impl From<LinkConfig> for StoredLink {
    fn from(link: LinkConfig) -> Self {
        let LinkConfig {
            from,
            to,
            discovery,
        } = link;
        StoredLink {
            from,
            to,
            discovery: Text(discovery),
        }
    }
}

impl From<StoredLink> for LinkConfig {
    fn from(stored: StoredLink) -> Self {
        LinkConfig {
            from: stored.from,
            to: stored.to,
            discovery: stored.discovery.0,
        }
    }
}

impl From<ClusterConfig> for StoredCluster {
    fn from(config: ClusterConfig) -> Self {
        let ClusterConfig {
            domain,
            network,
            locality,
            reachable_via,
            served_by,
            trust_root,
        } = config;
        StoredCluster {
            domain: domain.map(Text),
            network,
            locality: locality.map(Text),
            reachable_via,
            served_by,
            trust_root,
        }
    }
}

impl From<StoredCluster> for ClusterConfig {
    fn from(stored: StoredCluster) -> Self {
        ClusterConfig {
            domain: stored.domain.map(|domain| domain.0),
            network: stored.network,
            locality: stored.locality.map(|locality| locality.0),
            reachable_via: stored.reachable_via,
            served_by: stored.served_by,
            trust_root: stored.trust_root,
        }
    }
}
