//! The mesh as it is meant to be at a step: what was given, with the changes since.

use super::given::{
    EntryEndpoint, EntryPort, Gateway, GatewayKind, Given, Pod, Service, ServiceEntry,
};
use super::manifest::NETWORK_LABEL;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The mesh as it is meant to be.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) given: Given,
    /// Objects with a fault, by cluster, kind, namespace and name.
    pub(super) faults: BTreeMap<(String, String, String, String), String>,
    /// What may not be read: cluster, verb and resource.
    pub(super) denied: BTreeSet<(String, String, String)>,
    /// Octets of every reply of the upstream; otherwise what it says by itself.
    pub(super) upstream_reply_size: Option<usize>,
    /// Addresses of pods that nobody wrote down, by what they are for.
    invented: BTreeMap<String, String>,
    /// State of the draws.
    random: u64,
    pub(super) drawn: usize,
}

impl World {
    /// The mesh at the start.
    pub(super) fn new(mut given: Given) -> Result<Self, String> {
        let generated = given.generate.take();
        let mut world = World {
            given,
            faults: BTreeMap::new(),
            denied: BTreeSet::new(),
            upstream_reply_size: None,
            invented: BTreeMap::new(),
            random: 1,
            drawn: 0,
        };
        if let Some(generate) = generated {
            for i in 1..=generate.service_entries {
                let text = generate.pattern.replace("{i}", &i.to_string());
                let (namespace, host) = text
                    .split_once('/')
                    .ok_or("given.generate.pattern: not NAMESPACE/HOST")?;
                world.add_entry(namespace, host);
            }
        }
        world.check_clusters()?;
        Ok(world)
    }

    /// Refuses clusters that there are not: what is said of them would be passed over.
    pub(super) fn check_clusters(&self) -> Result<(), String> {
        let given = &self.given;
        let links = given
            .links
            .iter()
            .flat_map(|link| [&link.cluster, &link.target]);
        let products = given.products.iter().chain(&given.policies);
        let mut named = given
            .services
            .iter()
            .map(|service| &service.cluster)
            .chain(given.gateways.iter().map(|gateway| &gateway.cluster))
            .chain(given.service_entries.iter().map(|entry| &entry.cluster))
            .chain(given.traffic_splits.iter().map(|split| &split.cluster))
            .chain(given.namespaces.iter().map(|namespace| &namespace.cluster))
            .chain(products.filter_map(|product| product.cluster.as_ref()))
            .chain(given.root_namespace_labels.keys())
            .chain(given.trust_roots.keys())
            .chain(self.denied.iter().map(|(cluster, _, _)| cluster))
            .chain(links);
        named.try_for_each(|id| self.check_cluster(id))
    }

    /// Refuses a cluster that there is not.
    pub(super) fn check_cluster(&self, id: &str) -> Result<(), String> {
        match self.given.clusters.iter().any(|known| known.id == id) {
            true => Ok(()),
            false => Err(format!("there is no cluster {id}")),
        }
    }

    /// Where ServiceEntries of the runner's making and names of all clusters are written.
    pub(super) fn first_cluster(&self) -> String {
        let first = self.given.clusters.first();
        first.map_or_else(String::new, |cluster| cluster.id.clone())
    }

    /// A pod that nobody wrote down.
    pub(super) fn invented_pod(&mut self, service: &Service, index: usize) -> Pod {
        let key = format!(
            "{}/{}/{}/{index}",
            service.cluster, service.namespace, service.name
        );
        let set = service.statefulset.as_ref();
        Pod {
            ip: self.invented_address(&service.cluster, &key),
            ready: true,
            hostname: set.map(|set| format!("{set}-{index}")),
            labels: BTreeMap::new(),
        }
    }

    /// An address of that cluster that nobody else has, the same whenever it is asked for.
    fn invented_address(&mut self, cluster: &str, key: &str) -> String {
        if let Some(address) = self.invented.get(key) {
            return address.clone();
        }
        let clusters = &self.given.clusters;
        let place = clusters.iter().position(|known| known.id == cluster);
        let taken: BTreeSet<&String> = self.given_addresses().collect();
        let second = 200 + place.unwrap_or(0) % 50;
        let address = (self.invented.len()..)
            .map(|n| format!("10.{second}.{}.{}", (n / 250) % 250, n % 250 + 1))
            .find(|address| !taken.contains(address))
            .unwrap_or_default();
        self.invented.insert(key.to_owned(), address.clone());
        address
    }

    fn given_addresses(&self) -> impl Iterator<Item = &String> {
        let services = self.given.services.iter();
        services.flat_map(|service| {
            let pods = service.pods.iter().flatten().map(|pod| &pod.ip);
            pods.chain(&service.cluster_ip)
        })
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.random >> 33
    }

    pub(super) fn add_entry(&mut self, namespace: &str, host: &str) {
        let entry = ServiceEntry {
            cluster: self.first_cluster(),
            namespace: namespace.to_owned(),
            name: host.replace(['.', '*'], "-"),
            hosts: vec![host.to_owned()],
            addresses: Vec::new(),
            ports: vec![EntryPort {
                name: "http".to_owned(),
                number: 80,
                protocol: Some("HTTP".to_owned()),
            }],
            resolution: Some("STATIC".to_owned()),
            location: Some("MESH_EXTERNAL".to_owned()),
            endpoints: vec![EntryEndpoint {
                address: "192.0.2.1".to_owned(),
                ports: BTreeMap::new(),
                locality: None,
                network: None,
                weight: None,
                labels: BTreeMap::new(),
            }],
            created_at: None,
        };
        self.given.service_entries.push(entry);
    }

    /// The network gateways or the product gateways.
    pub(super) fn gateways_of(&self, kind: GatewayKind) -> impl Iterator<Item = &Gateway> {
        let gateways = self.given.gateways.iter();
        gateways.filter(move |gateway| gateway.kind == kind)
    }

    /// Addresses that clients of a cluster must not be answered with: those of Services and pods
    /// that are in another network than theirs.
    pub(super) fn foreign_addresses(&self, cluster: &str) -> BTreeSet<IpAddr> {
        let own = self.network_of(cluster);
        let is_foreign = |network: &Option<String>| match (&own, network) {
            (Some(own), Some(network)) => own != network,
            _ => false,
        };
        let (mut foreign, mut near) = (BTreeSet::new(), BTreeSet::new());
        let mut place = |text: &str, network: &Option<String>| {
            if let Ok(address) = text.parse() {
                match is_foreign(network) {
                    true => foreign.insert(address),
                    false => near.insert(address),
                };
            }
        };
        for service in &self.given.services {
            let network = self.network_of(&service.cluster);
            if let Some(address) = &service.cluster_ip {
                place(address, &network);
            }
            for pod in service.pods.iter().flatten() {
                let labelled = pod.labels.get(NETWORK_LABEL).cloned();
                place(&pod.ip, &labelled.or(network.clone()));
            }
        }
        for (key, address) in &self.invented {
            let cluster = key.split('/').next().unwrap_or_default();
            place(address, &self.network_of(cluster));
        }
        foreign.difference(&near).copied().collect()
    }

    /// The network of a cluster, by the label of its root namespace.
    fn network_of(&self, cluster: &str) -> Option<String> {
        if let Some(labels) = self.given.root_namespace_labels.get(cluster) {
            return labels.get(NETWORK_LABEL).cloned();
        }
        let mut clusters = self.given.clusters.iter();
        let known = clusters.find(|known| known.id == cluster)?;
        known.network.clone()
    }
}
