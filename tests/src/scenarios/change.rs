//! What a step changes, as it is written.

use super::given::{Gateway, Labels, Link, RoutesTo, Service, ServiceEntry};
use super::product::{Failover, Product};
use super::query::From;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a step changes. Several keys are changed together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    pub(super) service: Option<ServiceChange>,
    pub(super) service_add: Option<Service>,
    pub(super) service_delete: Option<ServiceRef>,
    pub(super) gateway: Option<GatewayChange>,
    pub(super) gateway_add: Option<Gateway>,
    pub(super) link: Option<LinkChange>,
    pub(super) link_add: Option<Link>,
    /// Target of the Link that goes.
    pub(super) link_delete: Option<String>,
    pub(super) service_entry: Option<ServiceEntryChange>,
    pub(super) service_entry_add: Option<ServiceEntryAdd>,
    pub(super) service_entry_delete: Option<Drawn>,
    pub(super) product: Option<Product>,
    /// Name of the policy that goes.
    pub(super) policy_delete: Option<String>,
    /// Name of the policy that is written again.
    pub(super) policy_update: Option<String>,
    pub(super) cluster: Option<ClusterChange>,
    pub(super) root_namespace_labels: Option<BTreeMap<String, Labels>>,
    pub(super) trust_roots: Option<BTreeMap<String, String>>,
    pub(super) rbac: Option<Rbac>,
    pub(super) raw_object: Option<RawObject>,
    pub(super) move_backend: Option<MoveBackend>,
    pub(super) restart: Option<Restart>,
    pub(super) clock_advance_s: Option<u64>,
    /// Octets that a reply of the upstream has.
    pub(super) upstream_reply_size: Option<usize>,
    pub(super) queries: Option<Vec<Asked>>,
    pub(super) compiler: Option<CompilerChange>,
    pub(super) rollout_approve: Option<u64>,
    pub(super) agent_nack: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceRef {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceChange {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) ready: Option<usize>,
    pub(super) labels: Option<Labels>,
    pub(super) cluster_ip: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewayChange {
    pub(super) cluster: String,
    pub(super) name: Option<String>,
    /// Which of the network gateways, where they have no name.
    pub(super) network: Option<String>,
    pub(super) hosts: Option<Vec<String>>,
    pub(super) addresses: Option<Vec<String>>,
    pub(super) health: Option<String>,
    pub(super) routes_to: Option<RoutesTo>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkChange {
    pub(super) target: String,
    #[serde(rename = "in")]
    pub(super) cluster: Option<String>,
    pub(super) gateway: Option<String>,
    pub(super) target_domain: Option<String>,
    pub(super) credentials: Option<String>,
    pub(super) health: Option<String>,
    pub(super) rtt_ms: Option<u32>,
    pub(super) probe_results: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntryChange {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) addresses: Option<Vec<String>>,
    pub(super) hosts: Option<Vec<String>>,
    pub(super) resolution: Option<String>,
}

/// An entry that is written out, or some of the runner's making.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ServiceEntryAdd {
    Drawn(Drawn),
    Written(Box<ServiceEntry>),
}

/// Entries of the runner's making.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drawn {
    pub(super) count: usize,
    /// Drawn at random; otherwise the last.
    #[serde(default)]
    pub(super) random: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterChange {
    pub(super) id: String,
    pub(super) network: Option<String>,
    pub(super) api: Option<String>,
    pub(super) cluster_domain: Option<String>,
    pub(super) reachable_via: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rbac {
    pub(super) cluster: String,
    /// `VERB RESOURCE`.
    pub(super) deny: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObject {
    pub(super) cluster: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// What is wrong with it: `FIELD is a TYPE`.
    pub(super) fault: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveBackend {
    pub(super) cluster: String,
    /// `NAMESPACE/SERVICE`.
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default)]
    pub(super) gateway_route_updated: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Restart {
    /// Cluster whose compiler starts again.
    pub(super) compiler: Option<String>,
    /// Cluster whose agents start again.
    pub(super) agents: Option<String>,
    pub(super) keep_state: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) from: From,
    pub(super) qname: String,
    pub(super) qtype: Option<String>,
    #[serde(default = "once")]
    pub(super) count: usize,
}

fn once() -> usize {
    1
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompilerChange {
    #[serde(rename = "cluster")]
    pub(super) _cluster: String,
    #[serde(rename = "state")]
    pub(super) _state: String,
}

impl Failover {
    /// What is said in `newer` in the place of what was.
    pub(super) fn overlaid(self, newer: &Failover) -> Failover {
        Failover {
            spill: newer.spill.clone().or(self.spill),
            hold: newer.hold.clone().or(self.hold),
            on_all_down: newer.on_all_down.clone().or(self.on_all_down),
        }
    }
}
