//! Services of a control plane's registry as the objects that they came from.

use super::mesh_folder::MeshFolder;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Domain of every cluster.
const CLUSTER_DOMAIN: &str = "svc.cluster.local";
/// Domain of services that clusters share.
const CLUSTERSET_DOMAIN: &str = "svc.clusterset.local";
/// What stands for no address.
const NO_ADDRESS: &str = "0.0.0.0";

/// A service as the control plane has merged it from all clusters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceText {
    pub(super) hostname: String,
    registry: Registry,
    name: String,
    namespace: String,
    default_address: String,
    cluster_vips: BTreeMap<String, Vec<String>>,
    resolution: String,
    ports: Vec<u16>,
    #[serde(default)]
    publish_not_ready_addresses: bool,
    pub(super) endpoints: Vec<EndpointText>,
    auto_v4: Option<String>,
    auto_v6: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Registry {
    Kubernetes,
    External,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointText {
    pub(super) addresses: Vec<String>,
    pub(super) hostname: String,
    subdomain: String,
    pub(super) network: String,
    pub(super) cluster: String,
    health: Health,
    service_port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Health {
    Healthy,
    Unhealthy,
    Terminating,
}

/// What a service is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Service,
    ServiceImport,
    /// A Service cannot have such a name, or it is none.
    ServiceEntry,
}

impl ServiceText {
    pub(super) fn form(&self) -> Form {
        match self.registry {
            Registry::Kubernetes if self.hostname.ends_with(CLUSTERSET_DOMAIN) => {
                Form::ServiceImport
            }
            Registry::Kubernetes if !self.hostname.starts_with("*.") => Form::Service,
            Registry::Kubernetes | Registry::External => Form::ServiceEntry,
        }
    }

    /// The name that the service has as the object it is written as.
    pub(super) fn own_hostname(&self) -> String {
        format!("{}.{}.{CLUSTER_DOMAIN}", self.name, self.namespace)
    }

    /// Adds its objects; `index` tells it from others of its name.
    pub(super) fn add_to(&self, mesh: &mut MeshFolder, index: usize) -> Result<(), String> {
        match self.form() {
            Form::Service => self.add_services(mesh),
            Form::ServiceImport => self.add_imports(mesh),
            Form::ServiceEntry => return self.add_service_entry(mesh, index),
        }
        Ok(())
    }

    /// Its addresses by cluster.
    fn addresses_by_cluster<'a>(&'a self, mesh: &'a MeshFolder) -> BTreeMap<&'a str, Vec<&'a str>> {
        if self.cluster_vips.is_empty() && self.default_address != NO_ADDRESS {
            return BTreeMap::from([(mesh.id_of(""), vec![self.default_address.as_str()])]);
        }
        self.cluster_vips
            .iter()
            .map(|(id, vips)| (mesh.id_of(id), vips.iter().map(String::as_str).collect()))
            .collect()
    }

    fn add_services(&self, mesh: &mut MeshFolder) {
        let seen_from = mesh.clone();
        let addresses = self.addresses_by_cluster(&seen_from);
        let cluster_of = |endpoint: &EndpointText| seen_from.id_of(&endpoint.cluster).to_owned();
        let known = addresses.keys().map(|id| (*id).to_owned());
        let clusters: BTreeSet<_> = known.chain(self.endpoints.iter().map(cluster_of)).collect();
        for cluster in &clusters {
            let addresses = addresses
                .get(cluster.as_str())
                .map_or(&[][..], Vec::as_slice);
            mesh.add(cluster, self.service(addresses));
            let endpoints = self.endpoints.iter().enumerate();
            let endpoints: Vec<_> = endpoints
                .filter(|(_, endpoint)| cluster_of(endpoint) == *cluster)
                .collect();
            for object in self.slices_and_pods(&endpoints) {
                mesh.add(cluster, object);
            }
        }
    }

    fn service(&self, addresses: &[&str]) -> Value {
        let addresses = match addresses {
            [] => &["None"],
            addresses => addresses,
        };
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "clusterIP": addresses[0],
                "clusterIPs": addresses,
                "publishNotReadyAddresses": self.publish_not_ready_addresses,
                "ports": self.ports.iter().map(|port| port_object(*port)).collect::<Value>(),
            },
        })
    }

    /// A slice for each port, as the ports of a slice are those of all its endpoints, and the pods.
    fn slices_and_pods(&self, endpoints: &[(usize, &EndpointText)]) -> Vec<Value> {
        let ports: BTreeSet<_> = endpoints.iter().map(|(_, e)| e.service_port).collect();
        let mut objects: Vec<_> = ports
            .into_iter()
            .map(|port| {
                let of_port = endpoints.iter().filter(|(_, e)| e.service_port == port);
                let endpoints = of_port.map(|(index, endpoint)| json!({
                    "addresses": endpoint.addresses,
                    "conditions": endpoint.conditions(),
                    "hostname": endpoint.hostname,
                    "targetRef": {"kind": "Pod", "namespace": self.namespace, "name": self.pod(*index)},
                }));
                json!({
                    "apiVersion": "discovery.k8s.io/v1",
                    "kind": "EndpointSlice",
                    "metadata": {
                        "name": format!("{}-{port}", self.name),
                        "namespace": self.namespace,
                        "labels": {"kubernetes.io/service-name": self.name},
                    },
                    "addressType": "IPv4",
                    "endpoints": endpoints.collect::<Value>(),
                    "ports": [port_object(port)],
                })
            })
            .collect();
        objects.extend(endpoints.iter().map(|(index, endpoint)| {
            json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": self.pod(*index),
                    "namespace": self.namespace,
                    "labels": {"topology.istio.io/network": endpoint.network},
                },
                "spec": {"hostname": endpoint.hostname, "subdomain": endpoint.subdomain},
                "status": {"podIP": endpoint.addresses.first()},
            })
        }));
        objects
    }

    fn pod(&self, index: usize) -> String {
        format!("{}-{index}", self.name)
    }

    fn add_imports(&self, mesh: &mut MeshFolder) {
        let seen_from = mesh.clone();
        for (cluster, addresses) in self.addresses_by_cluster(&seen_from) {
            let ports = self.ports.iter().map(|port| port_object(*port));
            mesh.add(
                cluster,
                json!({
                    "apiVersion": "multicluster.x-k8s.io/v1alpha1",
                    "kind": "ServiceImport",
                    "metadata": {"name": self.name, "namespace": self.namespace},
                    "spec": {
                        "type": "ClusterSetIP",
                        "ips": addresses,
                        "ports": ports.collect::<Value>(),
                    },
                }),
            );
        }
    }

    fn add_service_entry(&self, mesh: &mut MeshFolder, index: usize) -> Result<(), String> {
        let mut spec = json!({
            "hosts": [self.hostname],
            "ports": self.ports.iter().map(|port| json!({
                "number": port, "name": format!("tcp-{port}"), "protocol": "TCP",
            })).collect::<Value>(),
            "resolution": match self.resolution.as_str() {
                "PASSTHROUGH" => "NONE",
                resolution @ ("STATIC" | "DNS") => resolution,
                other => return Err(format!("resolution {other} is not known")),
            },
        });
        let addresses: Vec<_> = self
            .addresses_by_cluster(mesh)
            .into_values()
            .flatten()
            .collect();
        if !addresses.is_empty() {
            spec["addresses"] = json!(addresses);
        }
        let endpoints = self.endpoints.iter().flat_map(|endpoint| {
            let at = |address| json!({"address": address, "network": endpoint.network});
            endpoint.addresses.iter().map(at)
        });
        spec["endpoints"] = endpoints.collect();
        let allotted = [&self.auto_v4, &self.auto_v6].into_iter().flatten();
        let allotted = allotted.map(|value| json!({"host": self.hostname, "value": value}));
        mesh.add(
            "",
            json!({
                "apiVersion": "networking.istio.io/v1",
                "kind": "ServiceEntry",
                "metadata": {"name": format!("{}-{index}", self.name), "namespace": self.namespace},
                "spec": spec,
                "status": {"addresses": allotted.collect::<Value>()},
            }),
        );
        Ok(())
    }
}

impl EndpointText {
    fn conditions(&self) -> Value {
        match self.health {
            Health::Healthy => json!({"ready": true, "serving": true, "terminating": false}),
            Health::Unhealthy => json!({"ready": false, "serving": false, "terminating": false}),
            Health::Terminating => json!({"ready": false, "serving": true, "terminating": true}),
        }
    }
}

fn port_object(port: u16) -> Value {
    json!({"name": format!("tcp-{port}"), "port": port, "protocol": "TCP"})
}
