//! The walk over the root of the document: node in, [`Config`] and problems out.

use super::keys::KEYS;
use super::load::{Environment, default_state_dir};
use super::walk::{Field, Located, Reason, Section, Walk};
use super::{
    Config, LogConfig, LogFormat, NodeViews, StateDir, Upstreams, ViewSpec, read_cache,
    read_forward, read_limits, read_mesh, read_vips, upstreams, values, view_spec,
};
use crate::problem::{Place, Problem};
use crate::yaml::{Node, Value};
use ipnet::IpNet;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Port served by default: out of the range that needs privileges, and Istio's.
const LISTEN_DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 15_053);
/// Where resolv.conf(5) is on every Unix.
const RESOLV_CONF_DEFAULT: &str = "/etc/resolv.conf";
/// Most UDP workers: far more than sockets that share a port are worth.
const WORKERS_MAX: u64 = 1_024;

/// Reads all keys. Where a value is bad its default stands in the result, which is then not used.
pub(super) fn read(
    root: &Node,
    file: Option<PathBuf>,
    environment: &Environment,
) -> (Config, Vec<Problem>) {
    let mut walk = Walk::new(KEYS);
    let section = walk.section(&Field::root(root));
    let empty = Node {
        at: root.at.clone(),
        value: Value::Null,
    };
    let section = match section {
        Some(section) => section,
        None => walk
            .section(&Field::root(&empty))
            .expect("nothing is an empty map"),
    };
    let config = read_root(&mut walk, &section, file, environment);
    (config, walk.problems)
}

fn read_root(
    walk: &mut Walk,
    root: &Section<'_>,
    file: Option<PathBuf>,
    environment: &Environment,
) -> Config {
    let listen = read_listen(walk, root);
    let forward = read_forward::read(walk, root, &listen);
    let view = read_top_view(walk, root);
    let (mut resolver, net) = read_limits::read(walk, root, forward.resolver);
    let cache = read_cache::read(walk, root, &mut resolver);
    let resolv_conf = root
        .field("resolv_conf")
        .and_then(|field| walk.path(&field))
        .unwrap_or_else(|| PathBuf::from(RESOLV_CONF_DEFAULT));
    let bootstrap = root
        .field("bootstrap")
        .map(|field| upstreams::read_bootstrap(walk, &field, &listen))
        .unwrap_or_default();
    let (clusters, cluster) = read_clusters(walk, root);
    let vips = read_vips::read(walk, root, &resolver);
    let mesh = read_mesh::read(walk, root, read_mesh::defaults(&view, &vips));
    Config {
        file,
        tables: walk.paths(root.field("tables")),
        clusters,
        cluster,
        hosts: walk.paths(root.field("hosts")),
        upstreams: read_upstreams(walk, root, &listen, &resolv_conf),
        resolv_conf,
        bootstrap,
        upstream_ca: root
            .field("upstream_ca")
            .and_then(|field| walk.path(&field)),
        rest: forward.rest,
        routes: forward.routes,
        node_views: read_node_views(walk, root),
        view,
        zones: root
            .field("zones")
            .map(|f| view_spec::names(walk, &f))
            .unwrap_or_default(),
        state_dir: read_state_dir(walk, root, environment),
        cache,
        workers: read_workers(walk, root).unwrap_or(environment.cores),
        admin: read_admin(walk, root, &listen),
        vips,
        mesh,
        health: root.field("health").and_then(|field| walk.path(&field)),
        resolver,
        net,
        log: LogConfig {
            filter: walk.optional(root.field("log_level"), values::log_filter),
            format: walk
                .optional(root.field("log_format"), values::one_of(FORMATS))
                .unwrap_or_default(),
        },
        listen,
        warnings: Vec::new(),
    }
}

const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

fn read_listen(walk: &mut Walk, root: &Section<'_>) -> Vec<SocketAddr> {
    let Some(field) = root.field("listen") else {
        return vec![LISTEN_DEFAULT];
    };
    let problems_before = walk.problems.len();
    let found = walk.list(&field, values::listen_address);
    if found.is_empty() && walk.problems.len() == problems_before {
        walk.fault(
            &field,
            Reason::new(
                "an empty list",
                "write an address, or leave the key out for 127.0.0.1:15053",
            ),
        );
    }
    for (index, address) in found.iter().enumerate() {
        if found[..index]
            .iter()
            .any(|other| is_same_listener(other, address))
        {
            let reason = Reason::new(format!("{} given twice", address.value), "keep one of them");
            walk.fault_at(address.at.clone(), address.path.clone(), reason);
        }
    }
    found.into_iter().map(|address| address.value).collect()
}

fn is_same_listener(one: &Located<SocketAddr>, other: &Located<SocketAddr>) -> bool {
    let (one, other) = (one.value, other.value);
    one.port() != 0
        && one.port() == other.port()
        && one.ip().to_canonical() == other.ip().to_canonical()
}

fn read_upstreams(
    walk: &mut Walk,
    root: &Section<'_>,
    listen: &[SocketAddr],
    resolv_conf: &Path,
) -> Upstreams {
    let Some(field) = root.field("upstreams") else {
        return Upstreams::ResolvConf(resolv_conf.to_owned());
    };
    match upstreams::read(walk, &field, listen) {
        servers if servers.is_empty() => Upstreams::None,
        servers => Upstreams::Servers(servers),
    }
}

fn read_top_view(walk: &mut Walk, root: &Section<'_>) -> ViewSpec {
    let view = view_spec::read(walk, root);
    let has_views = root.field("views").is_some();
    if let (None, Some(field), false) = (&view.namespace, root.field("search"), has_views) {
        let reason = "without `namespace` there are no search domains";
        let hint = "write `namespace` too, or leave `search` out";
        walk.doubt_at(field.node.at.clone(), field.path, Reason::new(reason, hint));
    }
    view
}

fn read_node_views(walk: &mut Walk, root: &Section<'_>) -> Option<NodeViews> {
    let section = root.field("views").and_then(|field| walk.section(&field))?;
    let networks = read_networks(walk, &section);
    let pods_file = section
        .field("pods_file")
        .and_then(|field| walk.path(&field));
    let default = section
        .field("default")
        .and_then(|field| read_default_view(walk, &field));
    Some(NodeViews {
        default,
        networks,
        pods_file,
    })
}

fn read_default_view(walk: &mut Walk, field: &Field<'_>) -> Option<ViewSpec> {
    if let Value::Scalar(_) = field.node.value {
        walk.scalar(field, values::one_of(&[("refuse", ())]));
        return None;
    }
    let section = walk.section(field)?;
    Some(view_spec::read(walk, &section))
}

fn read_networks(walk: &mut Walk, views: &Section<'_>) -> Vec<(IpNet, ViewSpec)> {
    let Some(field) = views.field("networks") else {
        return Vec::new();
    };
    let mut networks: Vec<(IpNet, ViewSpec)> = Vec::new();
    for item in walk.items(&field) {
        let Some(section) = walk.section(&item) else {
            continue;
        };
        let cidr_field = walk.required(&section, "cidr");
        let spec = view_spec::read(walk, &section);
        let Some(field) = cidr_field else { continue };
        let Some(cidr) = walk.scalar(&field, values::cidr) else {
            continue;
        };
        if networks.iter().any(|(other, _)| *other == cidr) {
            let hint = "keep one of them";
            walk.fault(
                &field,
                Reason::new(format!("{cidr} has a view already"), hint),
            );
            continue;
        }
        networks.push((cidr, spec));
    }
    networks
}

/// The folder of many clusters needs to know which of them is ours; the id alone names the cluster
/// of the other objects.
fn read_clusters(walk: &mut Walk, root: &Section<'_>) -> (Option<PathBuf>, Option<Arc<str>>) {
    let (dir, cluster) = (root.field("clusters"), root.field("cluster"));
    if let (Some(alone), None) = (&dir, &cluster) {
        let hint = "write `cluster`, the one whose clients are served";
        walk.fault(alone, Reason::new("needs `cluster`", hint));
    }
    // An id beside a folder is the name of a folder.
    let cluster = match &dir {
        Some(_) => walk.optional(cluster, values::cluster_id),
        None => walk.optional(cluster, values::word),
    };
    (dir.and_then(|field| walk.path(&field)), cluster)
}

fn read_state_dir(walk: &mut Walk, root: &Section<'_>, environment: &Environment) -> StateDir {
    let Some(field) = root.field("state_dir") else {
        return match default_state_dir(environment) {
            Some(dir) => StateDir::Path(dir),
            None => {
                let reason = "no folder is known: $STATE_DIRECTORY, $XDG_STATE_HOME and $HOME are not \
                              set, so virtual addresses may move at the next start";
                let hint = "write a folder, or none if that is meant";
                walk.doubt_at(
                    Place::command_line(),
                    "state_dir".to_owned(),
                    Reason::new(reason, hint),
                );
                StateDir::None
            }
        };
    };
    if matches!(&field.node.value, Value::Scalar(text) if text == "none") {
        return StateDir::None;
    }
    walk.path(&field).map_or(StateDir::None, StateDir::Path)
}

fn read_workers(walk: &mut Walk, root: &Section<'_>) -> Option<NonZeroUsize> {
    let workers = walk.optional(root.field("workers"), values::number(1, WORKERS_MAX))?;
    NonZeroUsize::new(usize::try_from(workers).ok()?)
}

fn read_admin(walk: &mut Walk, root: &Section<'_>, listen: &[SocketAddr]) -> Option<SocketAddr> {
    let field = root.field("admin")?;
    let admin = walk.scalar(&field, values::loopback_address)?;
    if upstreams::upstream_is_ourselves(listen, admin) {
        let reason = format!("{admin} is taken: DNS is served there over TCP");
        walk.fault(&field, Reason::new(reason, "write another port"));
    }
    Some(admin)
}
