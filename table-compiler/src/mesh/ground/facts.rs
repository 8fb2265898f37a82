//! [`ClusterGround`]: facts about one cluster.

use super::link::{GroundLink, links};
use super::places::Places;
use crate::input::{
    ClusterFact, MeshConfigMap, MeshNetwork, Object, ObjectId, ObjectKind, SecretRole,
};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use crate::mesh::config::MeshConfig;
use crate::mesh::gateways::{
    NetworkGateway, Outside, ProductGateway, network_gateways, product_gateways,
};
use dns_core::{EndpointAddress, Locality, NameBuf};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Facts about one cluster that concern many names.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct ClusterGround {
    /// Domain of its names.
    pub(in crate::mesh) domain: NameBuf,
    /// `.svc.<domain>`: what follows the namespace in the name of a Service.
    pub(in crate::mesh) service_suffix: Arc<str>,
    /// Domain of its identities, by Istio's configuration.
    pub(in crate::mesh) trust_domain: Option<Arc<str>>,
    /// The set of clusters that it says it is in.
    pub(in crate::mesh) clusterset_id: Option<Arc<str>>,
    /// Its id in clusterset names, where it says another than the mesh does.
    pub(in crate::mesh) cluster_property_id: Option<Arc<str>>,
    /// Network of its pods.
    pub(in crate::mesh) network: Option<Arc<str>>,
    /// Every network that something of it is in.
    pub(in crate::mesh) networks: BTreeSet<Arc<str>>,
    /// Regions of its nodes and workloads.
    pub(in crate::mesh) regions: BTreeSet<Arc<str>>,
    /// Zones of its nodes and workloads.
    pub(in crate::mesh) zones: BTreeSet<Arc<str>>,
    /// Where all of its nodes are, as far as they agree.
    pub(in crate::mesh) locality: Locality,
    /// Labels of its namespaces.
    pub(in crate::mesh) namespaces: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    /// Namespaces with workloads outside of Kubernetes.
    pub(in crate::mesh) workload_namespaces: BTreeSet<Arc<str>>,
    /// Networks that labels of pods and workloads name.
    pub(in crate::mesh) labelled_networks: BTreeSet<Arc<str>>,
    /// Networks by addresses, for a cluster without a network of its own.
    pub(in crate::mesh) network_ranges: Vec<(IpNet, Arc<str>)>,
    pub(in crate::mesh) network_gateways: Vec<NetworkGateway>,
    pub(in crate::mesh) product_gateways: BTreeMap<ObjectId, ProductGateway>,
    /// Links to other clusters.
    pub(in crate::mesh) links: Vec<GroundLink>,
    /// Clusters that it has Istio's remote secrets for.
    pub(in crate::mesh) remote_secrets: BTreeSet<Arc<str>>,
    /// Networks by Istio's configuration.
    pub(super) mesh_networks: BTreeMap<Arc<str>, MeshNetwork>,
    /// Object that the networks are from.
    pub(super) mesh_networks_source: Option<ObjectId>,
    /// Where Services of the root namespace are reached, for networks that name one as gateway.
    pub(super) outside_services: BTreeMap<ServiceKey, Vec<EndpointAddress>>,
}

impl ClusterGround {
    /// What the objects of a cluster say, and what is configured about it.
    pub(super) fn of(state: &ClusterState, config: &MeshConfig) -> Self {
        let said = config.clusters.get(&state.id);
        let domain = said
            .and_then(|said| said.domain.as_ref())
            .unwrap_or(&config.domain);
        let mesh = mesh_config(state, config);
        let namespaces = namespaces(state);
        let network = said.and_then(|said| said.network.clone());
        let mut places = Places::of(state);
        if let Some(locality) = said.and_then(|said| said.locality.clone()) {
            places.settle(locality);
        }
        let properties = Properties::of(state);
        ClusterGround {
            domain: domain.clone(),
            service_suffix: service_suffix(domain),
            trust_domain: mesh.and_then(|(_, mesh)| mesh.trust_domain.clone()),
            clusterset_id: properties.clusterset,
            cluster_property_id: properties.cluster,
            network: network.or_else(|| root_network(state, config, mesh)),
            networks: BTreeSet::new(),
            locality: places.common(),
            regions: places.regions,
            zones: places.zones,
            workload_namespaces: places.workload_namespaces,
            labelled_networks: places.networks,
            network_ranges: Vec::new(),
            network_gateways: network_gateways(state),
            product_gateways: product_gateways(state, &namespaces),
            namespaces,
            links: links(state),
            remote_secrets: remote_secrets(state),
            mesh_networks: mesh.map_or_else(BTreeMap::new, |(_, mesh)| mesh.networks.clone()),
            mesh_networks_source: mesh.map(|(id, _)| id.clone()),
            outside_services: outside_services(state, config),
        }
    }

    /// Its id in clusterset names.
    pub(in crate::mesh) fn clusterset_label<'a>(&'a self, id: &'a Arc<str>) -> &'a Arc<str> {
        self.cluster_property_id.as_ref().unwrap_or(id)
    }

    /// Whether it is called so: by the id that the mesh has for it, or by the one it says.
    pub(in crate::mesh) fn is_called(&self, id: &str, name: &str) -> bool {
        id == name || self.cluster_property_id.as_deref() == Some(name)
    }

    /// Network of one of its addresses that no label speaks for.
    pub(in crate::mesh) fn network_of(&self, address: &EndpointAddress) -> Option<&Arc<str>> {
        if self.network.is_some() || self.network_ranges.is_empty() {
            return self.network.as_ref();
        }
        let EndpointAddress::Ip(ip) = address else {
            return None;
        };
        let mut ranges = self.network_ranges.iter();
        ranges
            .find(|(range, _)| range.contains(ip))
            .map(|(_, network)| network)
    }

    /// Whether all of its pods are in its own network.
    pub(in crate::mesh) fn is_one_network(&self) -> bool {
        self.labelled_networks.is_empty()
            && (self.network.is_some() || self.network_ranges.is_empty())
    }
}

fn service_suffix(domain: &NameBuf) -> Arc<str> {
    format!(".svc.{domain}").into()
}

/// What the cluster says of itself.
#[derive(Default)]
struct Properties {
    cluster: Option<Arc<str>>,
    clusterset: Option<Arc<str>>,
}

impl Properties {
    fn of(state: &ClusterState) -> Self {
        let mut properties = Properties::default();
        for doc in state.of_kind(ObjectKind::ClusterProperty) {
            let Object::ClusterProperty(property) = &doc.object else {
                continue;
            };
            let place = match property.fact {
                ClusterFact::ClusterId => &mut properties.cluster,
                ClusterFact::ClusterSet => &mut properties.clusterset,
                ClusterFact::Other => continue,
            };
            // The standard name sorts before the one of earlier drafts.
            place.get_or_insert_with(|| Arc::clone(&property.value));
        }
        properties
    }
}

/// Istio's configuration: that of the root namespace, else the first by namespace and name.
fn mesh_config<'a>(
    state: &'a ClusterState,
    config: &MeshConfig,
) -> Option<(&'a ObjectId, &'a MeshConfigMap)> {
    let maps = || {
        state
            .of_kind(ObjectKind::ConfigMap)
            .filter_map(|doc| match &doc.object {
                Object::MeshConfigMap(mesh) => Some((&doc.id, mesh)),
                _ => None,
            })
    };
    maps()
        .find(|(id, _)| id.namespace == config.root_namespace)
        .or_else(|| maps().next())
}

fn namespaces(state: &ClusterState) -> BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>> {
    let docs = state.of_kind(ObjectKind::Namespace);
    docs.map(|doc| {
        (
            Arc::clone(&doc.id.name),
            doc.object.metadata().labels.clone(),
        )
    })
    .collect()
}

/// The label of the root namespace, as Istio's configuration or ours has it, else of the namespace
/// that Istio's configuration is in.
fn root_network(
    state: &ClusterState,
    config: &MeshConfig,
    mesh: Option<(&ObjectId, &MeshConfigMap)>,
) -> Option<Arc<str>> {
    let labelled = |namespace: &str| {
        let doc = state.object(&ObjectId::new(ObjectKind::Namespace, "", namespace))?;
        match &doc.object {
            Object::Namespace(namespace) => namespace.network().cloned(),
            _ => None,
        }
    };
    let said = mesh.and_then(|(_, mesh)| mesh.root_namespace.as_ref());
    labelled(said.unwrap_or(&config.root_namespace)).or_else(|| labelled(&mesh?.0.namespace))
}

fn remote_secrets(state: &ClusterState) -> BTreeSet<Arc<str>> {
    let mut clusters = BTreeSet::new();
    for doc in state.of_kind(ObjectKind::Secret) {
        if let Object::Secret(secret) = &doc.object
            && let SecretRole::RemoteClusters(ids) = &secret.role
        {
            clusters.extend(ids.iter().cloned());
        }
    }
    clusters
}

fn outside_services(
    state: &ClusterState,
    config: &MeshConfig,
) -> BTreeMap<ServiceKey, Vec<EndpointAddress>> {
    state
        .in_namespace(ObjectKind::Service, &config.root_namespace)
        .filter_map(|doc| match &doc.object {
            Object::Service(service) => {
                let outside = Outside::of(state, service)?;
                Some((ServiceKey::of(&doc.id), outside.addresses))
            }
            _ => None,
        })
        .collect()
}
