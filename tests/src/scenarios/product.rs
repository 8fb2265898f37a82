//! Names of ours, as they are written: [`Product`].

use super::given::Labels;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A ProductName; what is not said is left out of the object.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Product {
    #[serde(skip_serializing)]
    pub(super) cluster: Option<String>,
    #[serde(skip_serializing)]
    pub(super) namespace: Option<String>,
    #[serde(skip_serializing)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aliases: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) members: Option<Vec<Member>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weights: Option<Vec<Weight>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failover: Option<Failover>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answers: Option<Answers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vip: Option<Vip>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<MemberService>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gateways: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberService {
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weight {
    #[serde(rename = "match")]
    pub(super) matched: WeightMatch,
    pub(super) weight: u32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WeightMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: Labels,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Failover {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) spill: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_all_down: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Answers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mesh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) no_proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outside: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vip {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v6: Option<String>,
}
