//! Services and endpoints of a case as Kubernetes objects.

use super::plugin::documents;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

/// The objects of one cluster.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectsText {
    #[serde(default)]
    pub(super) namespaces: Vec<String>,
    #[serde(default)]
    pub(super) services: Vec<ServiceText>,
    #[serde(default)]
    pub(super) endpoints: Vec<EndpointsText>,
    #[serde(default, rename = "serviceImports")]
    pub(super) service_imports: Vec<ServiceImportText>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ServiceText {
    ns: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, rename = "clusterIPs")]
    cluster_ips: Vec<String>,
    #[serde(default)]
    ports: Vec<PortText>,
    external_name: Option<String>,
    #[serde(default)]
    publish_not_ready_addresses: bool,
    #[serde(default, rename = "externalIPs")]
    external_ips: Vec<String>,
    external_hostnames: Option<Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PortText {
    name: String,
    proto: String,
    port: u16,
}

/// One EndpointSlice.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointsText {
    ns: String,
    service: String,
    slice: Option<String>,
    #[serde(default)]
    addresses: Vec<AddressText>,
    #[serde(default)]
    ports: Vec<PortText>,
    /// Cluster that it was imported from.
    cluster: Option<String>,
}

/// A service that the clusters of a set share.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceImportText {
    ns: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    ips: Vec<String>,
    #[serde(default)]
    ports: Vec<PortText>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AddressText {
    ip: IpAddr,
    hostname: Option<String>,
    ready: Option<bool>,
    serving: Option<bool>,
    pod: Option<String>,
    zone: Option<String>,
}

impl ObjectsText {
    /// Lays objects over these: one of the same name replaces its namesake.
    pub(super) fn merge(&mut self, others: &ObjectsText) {
        for namespace in &others.namespaces {
            if !self.namespaces.contains(namespace) {
                self.namespaces.push(namespace.clone());
            }
        }
        for service in &others.services {
            self.services
                .retain(|other| (&other.ns, &other.name) != (&service.ns, &service.name));
            self.services.push(service.clone());
        }
        for slice in &others.endpoints {
            // Slices without a name are all different.
            self.endpoints
                .retain(|other| other.slice.is_none() || other.key() != slice.key());
            self.endpoints.push(slice.clone());
        }
        for import in &others.service_imports {
            self.service_imports
                .retain(|other| (&other.ns, &other.name) != (&import.ns, &import.name));
            self.service_imports.push(import.clone());
        }
    }

    /// All of them in one file.
    pub(super) fn to_yaml(&self) -> String {
        let namespaces = self.namespaces.iter().map(
            |name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        );
        let services = self.services.iter().map(ServiceText::object);
        let slices = self
            .endpoints
            .iter()
            .enumerate()
            .flat_map(|(index, slice)| slice.objects(index));
        let imports = self.service_imports.iter().map(ServiceImportText::object);
        documents(namespaces.chain(services).chain(slices).chain(imports))
    }
}

impl ServiceText {
    fn object(&self) -> Value {
        let mut spec = json!({"type": self.kind});
        if let Some(first) = self.cluster_ips.first() {
            spec["clusterIP"] = json!(first);
            spec["clusterIPs"] = json!(self.cluster_ips);
        }
        if !self.ports.is_empty() {
            spec["ports"] = self.ports.iter().map(PortText::object).collect();
        }
        if let Some(target) = &self.external_name {
            spec["externalName"] = json!(target);
        }
        if self.publish_not_ready_addresses {
            spec["publishNotReadyAddresses"] = json!(true);
        }
        if !self.external_ips.is_empty() {
            spec["externalIPs"] = json!(self.external_ips);
        }
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.name, "namespace": self.ns},
            "spec": spec,
        })
    }
}

impl ServiceImportText {
    fn object(&self) -> Value {
        json!({
            "apiVersion": "multicluster.x-k8s.io/v1alpha1",
            "kind": "ServiceImport",
            "metadata": {"name": self.name, "namespace": self.ns},
            "spec": {
                "type": self.kind,
                "ips": self.ips,
                "ports": self.ports.iter().map(PortText::object).collect::<Value>(),
            },
        })
    }
}

impl PortText {
    fn object(&self) -> Value {
        let mut object = json!({"port": self.port, "protocol": self.proto.to_ascii_uppercase()});
        if !self.name.is_empty() {
            object["name"] = json!(self.name);
        }
        object
    }
}

impl EndpointsText {
    fn key(&self) -> (&str, &str, Option<&str>) {
        (&self.ns, &self.service, self.slice.as_deref())
    }

    /// One slice a family, as Kubernetes has them.
    fn objects(&self, index: usize) -> Vec<Value> {
        let families = [("IPv4", "v4"), ("IPv6", "v6")];
        let (v4, v6): (Vec<_>, Vec<_>) = self
            .addresses
            .iter()
            .partition(|address| address.ip.is_ipv4());
        let name = self
            .slice
            .clone()
            .unwrap_or(format!("{}-{index}", self.service));
        let mut slices: Vec<_> = families
            .into_iter()
            .zip([v4, v6])
            .filter(|(_, addresses)| !addresses.is_empty())
            .map(|((family, suffix), addresses)| {
                self.object(&format!("{name}-{suffix}"), family, &addresses)
            })
            .collect();
        if slices.is_empty() {
            slices.push(self.object(&name, "IPv4", &[]));
        }
        slices
    }

    /// Whose it is: a Service's, or a shared service's by an importing controller.
    fn labels(&self) -> Value {
        match &self.cluster {
            Some(cluster) => json!({
                "multicluster.kubernetes.io/service-name": self.service,
                "multicluster.kubernetes.io/source-cluster": cluster,
            }),
            None => json!({"kubernetes.io/service-name": self.service}),
        }
    }

    fn object(&self, name: &str, family: &str, addresses: &[&AddressText]) -> Value {
        let endpoints: Vec<_> = addresses.iter().map(|address| address.object()).collect();
        let ports: Vec<_> = self.ports.iter().map(PortText::object).collect();
        json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": self.ns,
                "labels": self.labels(),
            },
            "addressType": family,
            "endpoints": endpoints,
            "ports": ports,
        })
    }
}

impl AddressText {
    fn object(&self) -> Value {
        let ready = self.ready.unwrap_or(true);
        let mut object = json!({
            "addresses": [self.ip],
            "conditions": {"ready": ready, "serving": self.serving.unwrap_or(ready)},
        });
        if let Some(hostname) = &self.hostname {
            object["hostname"] = json!(hostname);
        }
        if let Some(zone) = &self.zone {
            object["zone"] = json!(zone);
        }
        if let Some(pod) = &self.pod {
            object["targetRef"] = json!({"kind": "Pod", "name": pod});
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_of_both_families_becomes_two() {
        let slice: EndpointsText = serde_json::from_value(json!({
            "ns": "a", "service": "s", "addresses": [{"ip": "10.0.0.1"}, {"ip": "::1"}],
        }))
        .unwrap();
        let families: Vec<_> = slice
            .objects(0)
            .iter()
            .map(|o| o["addressType"].clone())
            .collect();
        assert_eq!(families, ["IPv4", "IPv6"]);
    }

    #[test]
    fn a_service_replaces_its_namesake() {
        let service = |ip: &str| -> ServiceText {
            serde_json::from_value(
                json!({"ns": "a", "name": "s", "type": "ClusterIP", "clusterIPs": [ip]}),
            )
            .unwrap()
        };
        let mut objects = ObjectsText::default();
        for ip in ["10.0.0.1", "10.0.0.2"] {
            objects.merge(&ObjectsText {
                services: vec![service(ip)],
                ..ObjectsText::default()
            });
        }
        assert_eq!(objects.services.len(), 1);
        assert!(objects.to_yaml().contains("10.0.0.2"));
    }
}
