//! What a step asks, as it is written.

use serde::Deserialize;

/// What a step asks: one of a DNS question, a table entry, a command, and things that are looked
/// at otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    pub(super) from: Option<From>,
    pub(super) qname: Option<String>,
    pub(super) qtype: Option<String>,
    pub(super) transport: Option<TransportText>,
    pub(super) edns: Option<EdnsText>,
    pub(super) client: Option<ClientText>,
    /// Name whose entry is looked at.
    pub(super) table: Option<String>,
    pub(super) command: Option<Vec<String>>,
    /// Cluster whose objects are looked at.
    pub(super) objects: Option<String>,
    pub(super) invariant: Option<String>,
    pub(super) metric: Option<String>,
    /// Name that an endpoint is picked for.
    pub(super) pick: Option<String>,
    /// How often it is picked.
    #[serde(rename = "count")]
    pub(super) _count: Option<u64>,
}

/// Who asks.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    pub(super) cluster: Option<String>,
    pub(super) namespace: Option<String>,
    /// Whether the client has a proxy; it has.
    pub(super) proxy: Option<bool>,
    #[serde(default)]
    pub(super) admin: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum TransportText {
    Udp,
    Tcp,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EdnsText {
    pub(super) udp_size: Option<u16>,
    #[serde(rename = "do", default)]
    pub(super) dnssec_ok: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum ClientText {
    /// The cluster's DNS server, which forwards our zones to us: no namespace is known.
    #[serde(rename = "kube-dns")]
    KubeDns,
}
