//! What a scenario starts from, as it is written.

use super::product::Product;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Labels of an object.
pub(super) type Labels = BTreeMap<String, String>;

/// What a scenario starts from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    pub(super) clusters: Vec<Cluster>,
    pub(super) discovery: Option<String>,
    #[serde(default)]
    pub(super) authoritative_zones: Vec<String>,
    #[serde(default)]
    pub(super) services: Vec<Service>,
    #[serde(default)]
    pub(super) gateways: Vec<Gateway>,
    #[serde(default)]
    pub(super) links: Vec<Link>,
    #[serde(default)]
    pub(super) service_entries: Vec<ServiceEntry>,
    #[serde(default)]
    pub(super) traffic_splits: Vec<TrafficSplit>,
    #[serde(default)]
    pub(super) products: Vec<Product>,
    #[serde(default)]
    pub(super) policies: Vec<Product>,
    /// Namespaces that a cluster has, where it matters which it lacks.
    #[serde(default)]
    pub(super) namespaces: Vec<NamespaceOf>,
    /// Labels of the mesh's root namespace, by cluster; otherwise its network.
    #[serde(default)]
    pub(super) root_namespace_labels: BTreeMap<String, Labels>,
    pub(super) members: Option<String>,
    pub(super) order: Option<String>,
    #[serde(default)]
    pub(super) name_templates: Vec<String>,
    pub(super) name_grace_s: Option<u64>,
    pub(super) pools: Option<Pools>,
    #[serde(default)]
    pub(super) trust_roots: BTreeMap<String, String>,
    pub(super) upstream: Option<UpstreamText>,
    pub(super) server_mode: Option<ServerMode>,
    /// Zones that are forwarded to us, with our addresses.
    #[serde(default)]
    pub(super) stub_domains: BTreeMap<String, Vec<String>>,
    pub(super) generate: Option<Generate>,
    /// Where the compiler runs.
    pub(super) topology: Option<String>,
    /// How tables are rolled out.
    pub(super) rollout: Option<Rollout>,
    pub(super) current_generation: Option<u64>,
    pub(super) generations: Option<BTreeMap<String, Generation>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollout {
    #[serde(rename = "waves")]
    pub(super) _waves: Vec<Wave>,
    #[serde(rename = "gates")]
    pub(super) _gates: Option<Gates>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wave {
    #[serde(rename = "agents")]
    pub(super) _agents: Option<AgentSelector>,
    #[serde(rename = "clusters", default)]
    pub(super) _clusters: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentSelector {
    #[serde(rename = "label")]
    pub(super) _label: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gates {
    #[serde(rename = "max_names_removed_pct")]
    pub(super) _max_names_removed_pct: Option<f64>,
    #[serde(rename = "max_vip_changes")]
    pub(super) _max_vip_changes: Option<u64>,
    #[serde(rename = "nack")]
    pub(super) _nack: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generation {
    #[serde(rename = "names")]
    pub(super) _names: u64,
    #[serde(rename = "cause")]
    pub(super) _cause: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    pub(super) id: String,
    pub(super) network: Option<String>,
    pub(super) region: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) cluster_domain: Option<String>,
    /// Whether its API answers: `up`, or why not.
    pub(super) api: Option<String>,
    pub(super) compiler: Option<String>,
    pub(super) reachable_via: Option<String>,
    pub(super) served_by: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) cluster_ip: Option<String>,
    #[serde(default)]
    pub(super) ports: Vec<ServicePort>,
    pub(super) ready: Option<usize>,
    pub(super) pods: Option<Vec<Pod>>,
    pub(super) labels: Option<Labels>,
    /// Name of the StatefulSet whose pods it has.
    pub(super) statefulset: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServicePort {
    pub(super) name: Option<String>,
    pub(super) port: u16,
    pub(super) protocol: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pod {
    pub(super) ip: String,
    #[serde(default = "yes")]
    pub(super) ready: bool,
    pub(super) hostname: Option<String>,
    #[serde(default)]
    pub(super) labels: Labels,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum GatewayKind {
    Network,
    Product,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateway {
    pub(super) kind: GatewayKind,
    pub(super) cluster: String,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) network: Option<String>,
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    pub(super) port: Option<u16>,
    pub(super) ports: Option<GatewayPorts>,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    pub(super) found_by: Option<FoundBy>,
    pub(super) health: Option<String>,
    pub(super) routes_to: Option<RoutesTo>,
}

/// Ports of a gateway: for clients outside the mesh, and for those in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewayPorts {
    pub(super) outside: Option<u16>,
    pub(super) mesh: Option<u16>,
}

impl Gateway {
    /// The ports of its Service by name.
    pub(super) fn named_ports(&self) -> Vec<(&'static str, u16)> {
        let Some(ports) = &self.ports else {
            let name = match self.kind {
                GatewayKind::Network => "tls",
                GatewayKind::Product => "outside",
            };
            return vec![(name, self.port.unwrap_or(self.kind.usual_port()))];
        };
        let named = [("outside", ports.outside), ("mesh", ports.mesh)];
        let given = named
            .into_iter()
            .filter_map(|(name, port)| Some((name, port?)));
        given.collect()
    }
}

impl GatewayKind {
    /// Port of a gateway that does not say one.
    pub(super) fn usual_port(self) -> u16 {
        match self {
            GatewayKind::Network => 15443,
            GatewayKind::Product => 443,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FoundBy {
    pub(super) service_label: Labels,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct RoutesTo {
    pub(super) namespace: String,
    pub(super) service: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    #[serde(rename = "in")]
    pub(super) cluster: String,
    pub(super) target: String,
    pub(super) target_domain: Option<String>,
    pub(super) gateway: String,
    pub(super) credentials: Option<String>,
    pub(super) probe: Option<ProbeSpec>,
    pub(super) health: Option<String>,
    pub(super) rtt_ms: Option<u32>,
    /// `ok` and `fail`, oldest first.
    pub(super) probe_results: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProbeSpec {
    pub(super) path: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) period_s: Option<u32>,
    pub(super) failures: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntry {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    #[serde(default)]
    pub(super) ports: Vec<EntryPort>,
    pub(super) resolution: Option<String>,
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) endpoints: Vec<EntryEndpoint>,
    pub(super) created_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryPort {
    pub(super) name: String,
    pub(super) number: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protocol: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryEndpoint {
    pub(super) address: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ports: BTreeMap<String, u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) network: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: Labels,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficSplit {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) service: String,
    pub(super) backends: Vec<Backend>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backend {
    pub(super) service: String,
    pub(super) weight: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamespaceOf {
    pub(super) cluster: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) labels: Labels,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pools {
    #[serde(default)]
    pub(super) v4: Vec<String>,
    #[serde(default)]
    pub(super) v6: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamText {
    #[serde(default)]
    pub(super) answers: Vec<UpstreamAnswer>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamAnswer {
    pub(super) qname: String,
    #[serde(rename = "type")]
    pub(super) rtype: String,
    pub(super) data: String,
    pub(super) ttl: u32,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum ServerMode {
    /// An authority for our zones that forwards nothing.
    #[serde(rename = "coredns-compatible")]
    CorednsCompatible,
}

/// Many ServiceEntries without addresses; `{i}` in the pattern counts from 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generate {
    pub(super) service_entries: usize,
    /// `NAMESPACE/HOST`.
    pub(super) pattern: String,
}
