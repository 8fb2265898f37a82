//! [`MeshConfig`]: what the compiler must know about the mesh and no object says.

use super::template::NameTemplate;
use crate::input::Order;
use dns_core::{Locality, NameBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a product name without members keeps answering, in seconds: an hour, so that a
/// gateway can be replaced at leisure.
pub const NAME_GRACE_SECS: u64 = 3600;

/// What the compiler must know about the mesh and no object says.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshConfig {
    /// Domain of clusters that do not say theirs; default `cluster.local`.
    pub domain: NameBuf,
    /// Domain of names exported to all clusters; default `clusterset.local`.
    pub clusterset_domain: NameBuf,
    /// Namespace that holds the mesh's own objects; default `istio-system`.
    pub root_namespace: Arc<str>,
    /// How clusters see each other's names unless a link says otherwise. `None`, the default,
    /// takes it from the objects: [`Discovery::AllServices`] with an Istio remote secret,
    /// [`Discovery::Exported`] with a Linkerd Link, [`Discovery::GatewaysOnly`] for a cluster with
    /// gateways, else [`Discovery::ConfigOnly`].
    pub discovery: Option<Discovery>,
    /// Links that differ; the first that fits counts.
    pub links: Vec<LinkConfig>,
    /// Order of the members of a name, unless its ProductName says otherwise.
    pub order: Order,
    /// What a local member of a name is.
    pub members: Members,
    /// Names that services have in other clusters besides their own; empty, the default, is
    /// `{{svc}}-{{cluster}}.{{ns}}.svc.{{domain}}` for exported services.
    pub name_templates: Vec<NameTemplate>,
    /// What is said about clusters.
    pub clusters: BTreeMap<Arc<str>, ClusterConfig>,
    /// What is said about networks: by which cluster's or network's gateways they are entered.
    pub networks: BTreeMap<Arc<str>, Arc<str>>,
    /// Clusters whose NamePolicies count, for all clusters; empty, the default, is every cluster.
    /// Name those whose administrators may decide for the mesh.
    pub policy_clusters: BTreeSet<Arc<str>>,
    /// How long a product name without members keeps answering, in seconds; default
    /// [`NAME_GRACE_SECS`].
    pub name_grace_secs: u64,
    /// Whether wildcard hosts get virtual addresses. Default: off.
    pub wildcard_vips: WildcardVips,
}

/// How the clusters `from` see the names of the clusters `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// The client's cluster; `None` is every cluster.
    pub from: Option<Arc<str>>,
    /// The cluster of the names; `None` is every other cluster.
    pub to: Option<Arc<str>>,
    /// What is seen.
    pub discovery: Discovery,
}

/// Which names of another cluster are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discovery {
    /// Hosts of ServiceEntries of the client's own cluster only.
    ConfigOnly,
    /// Also explicit hosts of gateways.
    GatewaysOnly,
    /// Also services that are labelled for export, by their mirror names; no gateway hosts.
    Exported,
    /// Every service, and hosts of gateways.
    AllServices,
}

impl Discovery {
    /// All of them.
    pub const ALL: [Discovery; 4] = [
        Discovery::ConfigOnly,
        Discovery::GatewaysOnly,
        Discovery::Exported,
        Discovery::AllServices,
    ];

    /// Whether hosts of gateways are seen.
    pub(super) fn shows_gateways(self) -> bool {
        match self {
            Discovery::GatewaysOnly | Discovery::AllServices => true,
            Discovery::ConfigOnly | Discovery::Exported => false,
        }
    }

    /// As written in configuration.
    pub fn label(self) -> &'static str {
        match self {
            Discovery::ConfigOnly => "config-only",
            Discovery::GatewaysOnly => "gateways-only",
            Discovery::Exported => "exported",
            Discovery::AllServices => "all-services",
        }
    }
}

/// What a local member of a name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Members {
    /// Its service's cluster address.
    #[default]
    Service,
    /// Every ready pod.
    Pods,
}

impl Members {
    /// All of them.
    pub const ALL: [Members; 2] = [Members::Service, Members::Pods];

    /// As written in configuration.
    pub fn label(self) -> &'static str {
        match self {
            Members::Service => "service",
            Members::Pods => "pods",
        }
    }
}

/// Whether wildcard hosts without addresses get virtual ones. Those of resolution `DYNAMIC_DNS`
/// always do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WildcardVips {
    /// They get none: a virtual address hides which host the client meant.
    #[default]
    Off,
    /// They do.
    On,
}

/// What is said about one cluster. What is not said is taken from its objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterConfig {
    /// Its domain.
    pub domain: Option<NameBuf>,
    /// Network of its pods.
    pub network: Option<Arc<str>>,
    /// Where it is.
    pub locality: Option<Locality>,
    /// Cluster or network whose gateways lead to it.
    pub reachable_via: Option<Arc<str>>,
    /// Cluster whose ServiceEntries its clients are served with; its own are ignored then.
    pub served_by: Option<Arc<str>>,
    /// Root of its certificates; clusters that differ cannot call each other.
    pub trust_root: Option<Arc<str>>,
}

impl MeshConfig {
    /// Whether clusters see all services of others, as far as that is said for all.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.discovery, None | Some(Discovery::AllServices))
    }

    /// The defaults, for clusters of that domain.
    pub fn new(domain: NameBuf) -> Self {
        MeshConfig {
            domain,
            clusterset_domain: NameBuf::parse("clusterset.local").expect("it is a name"),
            root_namespace: "istio-system".into(),
            discovery: None,
            links: Vec::new(),
            order: Order::default(),
            members: Members::default(),
            name_templates: Vec::new(),
            clusters: BTreeMap::new(),
            networks: BTreeMap::new(),
            policy_clusters: BTreeSet::new(),
            name_grace_secs: NAME_GRACE_SECS,
            wildcard_vips: WildcardVips::default(),
        }
    }
}
