//! The configuration: a file and flags in, a [`Config`] that is valid out, or every fault at once.
//!
//! ```text
//! file ──▶ yaml::Node ┐
//!                     ├──▶ overlay ──▶ walk (KEYS) ──▶ Config
//! flags ──▶ nodes ────┘                     └──▶ Problems
//! ```

mod flags;
mod keys;
mod load;
mod read;
mod read_cache;
mod read_forward;
mod read_limits;
mod read_mesh;
mod read_vips;
mod routes;
pub(crate) mod times;
pub(crate) mod upstream;
mod upstreams;
pub(crate) mod values;
pub(crate) mod view_spec;
pub(crate) mod walk;

pub use keys::{KEYS, KeyDoc};
pub use load::{CONFIG_OCTETS_MAX, ConfigError, Environment};
pub use routes::{CLUSTER_NEGATIVE_TTL_SECS, NextSpec, RouteSpec};
pub use upstream::{NamedServer, Upstream};
pub use upstreams::{Upstreams, upstream_is_ourselves};
pub use view_spec::{Proxy, ViewSpec};

use crate::net::NetLimits;
use crate::problem::{Place, Problem};
use dns_core::vip::VipConfig;
use dns_core::{CacheConfig, NameBuf, ResolverConfig, Route, View, Views};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use table_compiler::{ClientKind, MeshConfig};

/// Id of the one cluster of a process that was told none.
pub const UNNAMED_CLUSTER: &str = "";

/// All that a process is told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub file: Option<PathBuf>,
    /// Addresses served over UDP and TCP; no two equal unless their port is 0.
    pub listen: Vec<SocketAddr>,
    /// Name tables, and files and folders of objects.
    pub tables: Vec<PathBuf>,
    /// A folder with one folder of objects per cluster.
    pub clusters: Option<PathBuf>,
    /// The cluster that clients run in, and that the objects of `tables` are of.
    pub cluster: Option<Arc<str>>,
    /// Files in the format of hosts(5).
    pub hosts: Vec<PathBuf>,
    /// Servers for names that are not ours.
    pub upstreams: Upstreams,
    /// The file like resolv.conf(5) whose servers are asked when no others are named.
    pub resolv_conf: PathBuf,
    /// Servers that names of upstreams are looked up with; none are those of `resolv_conf`.
    pub bootstrap: Vec<SocketAddr>,
    /// File of certificate authorities of upstreams over TLS, besides the system's.
    pub upstream_ca: Option<PathBuf>,
    /// How names are forwarded that no route takes; its servers are those of `upstreams`.
    pub rest: Route,
    /// Servers for the names below a suffix; without servers those names are refused. No two
    /// suffixes are equal and none is the root.
    pub routes: Vec<RouteSpec>,
    /// The view of all clients, and what narrower views take from.
    pub view: ViewSpec,
    /// Views by client address; without it every client has [`Config::view`].
    pub node_views: Option<NodeViews>,
    /// Zones we are the authority for.
    pub zones: Vec<NameBuf>,
    /// Where the journal of virtual addresses and the last good objects are kept.
    pub state_dir: StateDir,
    /// The cache of what upstreams answer; `None` is off.
    pub cache: Option<CacheConfig>,
    /// Threads that serve UDP.
    pub workers: NonZeroUsize,
    /// Loopback address of the admin server; `None` is off.
    pub admin: Option<SocketAddr>,
    /// Knobs of the resolver.
    pub resolver: ResolverConfig,
    /// Limits of sockets.
    pub net: NetLimits,
    /// Virtual addresses.
    pub vips: VipsConfig,
    /// What the compiler must know about the mesh.
    pub mesh: MeshConfig,
    /// File of what probes have found about clusters and gateways.
    pub health: Option<PathBuf>,
    /// Logging.
    pub log: LogConfig,
    /// What is doubtful but does not stop the process.
    pub warnings: Vec<Problem>,
}

/// Views by client address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeViews {
    /// The view of clients that no other matches; `None` refuses them.
    pub default: Option<ViewSpec>,
    /// Views by network.
    pub networks: Vec<(IpNet, ViewSpec)>,
    /// File of pod addresses, read by [`crate::pods_file`].
    pub pods_file: Option<PathBuf>,
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateDir {
    /// In this folder.
    Path(PathBuf),
    /// Nowhere: it is lost with the process.
    None,
}

/// How virtual addresses are allotted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VipsConfig {
    /// Pools, hash key and quarantine. Its largest TTL is at least those configured.
    pub ledger: VipConfig,
    /// Which wildcard hosts without addresses get one.
    pub wildcards: WildcardVips,
}

/// Which wildcard hosts without addresses get a virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WildcardVips {
    /// Those with `resolution: DYNAMIC_DNS`. The default.
    DynamicOnly,
    /// All.
    All,
}

/// What is logged and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Level or filter directives; `None` leaves it to the environment, then to `info`.
    pub filter: Option<String>,
    /// Format.
    pub format: LogFormat,
}

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people. The default.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// The views of all clients. `pods` is what [`crate::pods_file`] has read; it counts only
    /// with [`Config::node_views`].
    pub fn views(&self, pods: &[(IpAddr, ViewSpec)]) -> Views {
        let Some(node) = &self.node_views else {
            return Views::single(self.resolve(&ViewSpec::default()));
        };
        let view = |spec: &ViewSpec| Arc::new(self.resolve(spec));
        Views::new(
            pods.iter().map(|(ip, spec)| (*ip, view(spec))),
            node.networks.iter().map(|(net, spec)| (*net, view(spec))),
            node.default.as_ref().map(view),
        )
    }

    /// Where it was written, for faults that belong to no line of it.
    pub fn place(&self) -> Place {
        self.file
            .as_deref()
            .map_or_else(Place::command_line, Place::of_file)
    }

    /// The cluster that clients run in, and that the objects of `tables` are of. Where none is
    /// configured it is an id that nobody can write, and that is shown nowhere.
    pub fn own_cluster(&self) -> Arc<str> {
        self.cluster
            .clone()
            .unwrap_or_else(|| UNNAMED_CLUSTER.into())
    }

    /// Whose table is served.
    pub fn client_kind(&self) -> ClientKind {
        ClientKind {
            network: self.view.network.clone(),
            ..ClientKind::of_cluster(&self.own_cluster())
        }
    }

    /// Cluster domain of the objects.
    pub fn domain(&self) -> NameBuf {
        self.view
            .domain
            .clone()
            .unwrap_or_else(view_spec::default_domain)
    }

    fn resolve(&self, spec: &ViewSpec) -> View {
        let view = spec.over(&self.view).view(self.cluster.clone());
        View {
            clusterset_domain: self.mesh.clusterset_domain.clone(),
            ..view
        }
    }
}

#[cfg(test)]
mod broken_tests;
#[cfg(test)]
mod mesh_tests;
#[cfg(test)]
mod routes_tests;
#[cfg(test)]
pub(crate) mod tests;
