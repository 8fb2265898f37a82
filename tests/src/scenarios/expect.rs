//! What a step expects, as it is written.

use super::query::Query;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a step expects. What is not said is not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) dns: Option<DnsExpect>,
    pub(super) answers_order: Option<AnswersOrder>,
    #[serde(default)]
    pub(super) must_not_answer: Vec<String>,
    pub(super) upstream_queries: Option<usize>,
    pub(super) question_case_preserved: Option<bool>,
    pub(super) bytes_equal_upstream_except_id: Option<bool>,
    /// SERVFAILs in the scenario so far.
    pub(super) servfail_count: Option<usize>,
    /// `null` is no entry; a key that is missing is not compared.
    #[serde(default, deserialize_with = "given")]
    pub(super) table: Option<Option<TableExpect>>,
    #[serde(default)]
    pub(super) must_not_contain_addresses: Vec<String>,
    pub(super) cli: Option<CliExpect>,
    #[serde(default)]
    pub(super) invariants: Vec<String>,
    pub(super) distinct: Option<Vec<String>>,
    /// Name under which what came is kept.
    pub(super) bind: Option<String>,
    pub(super) compare: Option<Compare>,
    /// Share of the picks, by endpoint.
    pub(super) share: Option<BTreeMap<String, [f64; 2]>>,
    pub(super) metrics: Option<MetricsExpect>,
    pub(super) count: Option<u64>,
    pub(super) within_ms: Option<u64>,
}

impl Expect {
    /// Refuses what cannot be compared with what a query gives: it would be passed over.
    pub(super) fn check_fits(&self, query: &Query) -> Result<(), String> {
        let of_answer = query.qname.is_some();
        let of_entry = query.table.is_some();
        let of_command = query.command.is_some();
        let of_value = of_entry || of_command;
        let of_sentence = query.invariant.is_some();
        let fits = [
            ("dns", self.dns.is_some(), of_answer),
            ("answers_order", self.answers_order.is_some(), of_answer),
            (
                "must_not_answer",
                !self.must_not_answer.is_empty(),
                of_answer || of_sentence,
            ),
            (
                "upstream_queries",
                self.upstream_queries.is_some(),
                of_answer,
            ),
            (
                "question_case_preserved",
                self.question_case_preserved.is_some(),
                of_answer,
            ),
            (
                "bytes_equal_upstream_except_id",
                self.bytes_equal_upstream_except_id.is_some(),
                of_answer,
            ),
            ("servfail_count", self.servfail_count.is_some(), of_answer),
            ("table", self.table.is_some(), of_entry),
            (
                "must_not_contain_addresses",
                !self.must_not_contain_addresses.is_empty(),
                of_entry,
            ),
            ("cli", self.cli.is_some(), of_command),
            (
                "invariants",
                !self.invariants.is_empty(),
                of_command || query.objects.is_some(),
            ),
            ("distinct", self.distinct.is_some(), of_sentence),
            ("bind", self.bind.is_some(), of_value),
            ("compare", self.compare.is_some(), of_value),
            ("share", self.share.is_some(), false),
            ("metrics", self.metrics.is_some(), false),
            ("count", self.count.is_some(), false),
        ];
        match fits
            .iter()
            .find(|(_, is_expected, fits)| *is_expected && !fits)
        {
            Some((key, _, _)) => Err(format!("expect.{key} does not go with what is asked")),
            None => Ok(()),
        }
    }
}

/// Tells a key with `null` from one that is missing.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DnsExpect {
    /// `from-upstream` is what the upstream said.
    pub(super) rcode: Option<String>,
    pub(super) aa: Option<bool>,
    pub(super) tc: Option<bool>,
    pub(super) forwarded: Option<bool>,
    pub(super) answers: Option<Vec<AnswerExpect>>,
    /// Owner of the SOA of a negative answer.
    pub(super) authority_soa: Option<String>,
    pub(super) negative_ttl_max: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerExpect {
    #[serde(rename = "type")]
    pub(super) rtype: String,
    pub(super) data: String,
    pub(super) ttl_max: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum AnswersOrder {
    Any,
    Exact,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableExpect {
    pub(super) name: Option<String>,
    pub(super) vips: Option<Vec<String>>,
    pub(super) vip_state: Option<String>,
    pub(super) name_state: Option<String>,
    pub(super) endpoints: Option<Vec<EndpointExpect>>,
    pub(super) unavailable: Option<Vec<UnavailableExpect>>,
    pub(super) ports: Option<Vec<PortExpect>>,
    pub(super) ttl: Option<u32>,
    /// Whether what is served is a table from before, because the change is held.
    pub(super) held_generation: Option<bool>,
    pub(super) table_hash: Option<TableHash>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortExpect {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protocol: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TableHash {
    SameAsBefore,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointExpect {
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) cluster: Option<String>,
    pub(super) network: Option<String>,
    pub(super) locality: Option<String>,
    pub(super) via: Option<String>,
    pub(super) priority: Option<u64>,
    pub(super) weight: Option<u64>,
    /// Part of all weights of its priority.
    pub(super) weight_share: Option<f64>,
    pub(super) authority: Option<String>,
    pub(super) identity: Option<Value>,
    pub(super) subset: Option<BTreeMap<String, String>>,
    pub(super) transit: Option<String>,
    pub(super) state: Option<String>,
}

impl EndpointExpect {
    /// What is said of it, for reports.
    pub(super) fn shown(&self) -> Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        if let Some(map) = shown.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
        shown
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnavailableExpect {
    pub(super) address: Option<String>,
    pub(super) cluster: Option<String>,
    pub(super) network: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) reason: Option<String>,
}

/// What a command prints. JSON is compared key by key, keys that are not said are not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CliExpect {
    pub(super) exit: Option<i32>,
    pub(super) json: Option<Value>,
    /// For each some element is so.
    #[serde(default)]
    pub(super) json_contains: Vec<Value>,
    /// For none any element is so.
    #[serde(default)]
    pub(super) json_not_contains: Vec<Value>,
    /// Every element is so.
    pub(super) json_all: Option<Value>,
    /// Number of elements.
    pub(super) count: Option<usize>,
    /// Ids of the elements that are not `ok`.
    pub(super) failed_ids: Option<Vec<String>>,
    pub(super) table_columns: Option<Vec<String>>,
    #[serde(default)]
    pub(super) rows: Vec<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compare {
    pub(super) to: String,
    /// Elements of one name in both that have different addresses.
    pub(super) common_names_with_other_vip: Option<usize>,
    pub(super) equal: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsExpect {
    #[serde(rename = "value")]
    pub(super) _value: f64,
}
