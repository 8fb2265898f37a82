//! The mesh as configuration and as findings: the two files beside the objects.

use super::given::{GatewayKind, Link, Pools};
use super::place::{Asker, Mode};
use super::world::World;
use super::yaml::yaml;
use ipnet::IpNet;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Pool of names that scenarios mean where they do not say one.
pub(super) const NAMES_V4: &str = "240.240.0.0/16";
/// Blocks for instances; the first that is not in the pool of names is taken.
const INSTANCES_V4: [&str; 3] = ["251.0.0.0/8", "198.18.0.0/15", "100.64.0.0/10"];
const INSTANCES_V6: [&str; 2] = ["fd73:6361::/48", "fd73:6362::/48"];
/// When what was found was found: before anything is asked.
const FOUND_AT: &str = "2026-01-01T10:00:00Z";
/// Failures in a row that make a gateway dead.
const FAILURES: u32 = 3;
/// Time of an answered probe of a gateway that does not say one.
const RTT_MS: u32 = 1;
/// What a compiler has to read.
const RESOURCES: [&str; 11] = [
    "namespaces",
    "nodes",
    "pods",
    "services",
    "endpointslices",
    "serviceentries",
    "gateways",
    "virtualservices",
    "links",
    "serviceexports",
    "serviceimports",
];

/// The blocks that virtual addresses come from.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    pub(super) names: Vec<IpNet>,
    pub(super) instances: Vec<IpNet>,
}

impl Blocks {
    /// Those of a scenario.
    pub(super) fn of(pools: Option<&Pools>) -> Result<Self, String> {
        let written = |texts: &[String]| -> Result<Vec<IpNet>, String> {
            let blocks = texts.iter().map(|text| text.parse::<IpNet>());
            blocks
                .collect::<Result<_, _>>()
                .map_err(|error| format!("given.pools: {error}"))
        };
        let (mut names, v6) = match pools {
            Some(pools) => (written(&pools.v4)?, written(&pools.v6)?),
            None => (Vec::new(), Vec::new()),
        };
        if names.is_empty() {
            names.push(NAMES_V4.parse().expect("it is a block"));
        }
        let has_v6 = !v6.is_empty();
        names.extend(v6);
        let mut instances = vec![free_block(&INSTANCES_V4, &names)?];
        if has_v6 {
            instances.push(free_block(&INSTANCES_V6, &names)?);
        }
        Ok(Blocks { names, instances })
    }

    /// Whether names have addresses of both families.
    pub(super) fn has_v6(&self) -> bool {
        self.names.iter().any(|block| matches!(block, IpNet::V6(_)))
    }

    pub(super) fn is_name(&self, address: IpAddr) -> bool {
        self.names.iter().any(|block| block.contains(&address))
    }

    pub(super) fn is_instance(&self, address: IpAddr) -> bool {
        self.instances.iter().any(|block| block.contains(&address))
    }
}

fn free_block(candidates: &[&str], taken: &[IpNet]) -> Result<IpNet, String> {
    let overlaps = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
    let blocks = candidates
        .iter()
        .filter_map(|text| text.parse::<IpNet>().ok());
    let mut free = blocks.filter(|block| !taken.iter().any(|taken| overlaps(block, taken)));
    free.next()
        .ok_or_else(|| "given.pools: they leave no block for instances".to_owned())
}

/// The configuration of an agent and of the commands beside it, but for where its files are.
pub(super) fn config(
    world: &World,
    blocks: &Blocks,
    cluster: &str,
    mode: Mode,
    askers: &[(Asker, IpAddr)],
    upstream: &str,
) -> String {
    let given = &world.given;
    let mut mesh = Map::new();
    if let Some(discovery) = &given.discovery {
        mesh.insert("discovery".into(), json!(discovery));
    }
    if let Some(order) = &given.order {
        let keys: Vec<&str> = order.split(',').map(str::trim).collect();
        mesh.insert("order".into(), json!(keys));
    }
    if let Some(members) = &given.members {
        mesh.insert("members".into(), json!(members));
    }
    if !given.name_templates.is_empty() {
        mesh.insert("name_templates".into(), json!(given.name_templates));
    }
    if let Some(grace) = given.name_grace_s {
        mesh.insert("name_grace".into(), json!(format!("{grace}s")));
    }
    let clusters = clusters(world);
    if !clusters.is_empty() {
        mesh.insert("clusters".into(), Value::Object(clusters));
    }
    let families = if blocks.has_v6() {
        json!(["ipv4", "ipv6"])
    } else {
        json!(["ipv4"])
    };
    let mut config = json!({
        "upstreams": if mode == Mode::Authority { json!("none") } else { json!([upstream]) },
        "no_cache": true,
        "families": families,
        "zones": zones(world),
        "domain": super::manifest::domain_of(world, cluster),
        "mesh": mesh,
        "vips": {"pools": {"names": texts(&blocks.names), "instances": texts(&blocks.instances)}},
    });
    if mode == Mode::Sidecar {
        config["views"] = views(askers);
    }
    yaml(&config)
}

fn texts(blocks: &[IpNet]) -> Vec<String> {
    blocks.iter().map(ToString::to_string).collect()
}

fn views(askers: &[(Asker, IpAddr)]) -> Value {
    let view = |asker: &Asker| {
        let mut view = Map::new();
        if let Some(namespace) = &asker.namespace {
            view.insert("namespace".into(), json!(namespace));
        }
        if !asker.has_proxy {
            view.insert("proxy".into(), json!(false));
        }
        view
    };
    let networks: Value = askers
        .iter()
        .map(|(asker, address)| {
            let mut view = view(asker);
            view.insert("cidr".into(), json!(format!("{address}/32")));
            Value::Object(view)
        })
        .collect();
    let default = askers
        .first()
        .map(|(asker, _)| view(asker))
        .unwrap_or_default();
    json!({"default": default, "networks": networks})
}

/// Zones that we are the authority for.
pub(super) fn zones(world: &World) -> Vec<String> {
    let mut zones = world.given.authoritative_zones.clone();
    let stubs = world.given.stub_domains.keys();
    zones.extend(
        stubs
            .filter(|zone| !world.given.authoritative_zones.contains(zone))
            .cloned(),
    );
    zones
}

fn clusters(world: &World) -> Map<String, Value> {
    let mut clusters = Map::new();
    for cluster in &world.given.clusters {
        let mut said = Map::new();
        let root = world.given.trust_roots.get(&cluster.id).cloned();
        for (key, value) in [
            ("domain", &cluster.cluster_domain),
            ("reachable_via", &cluster.reachable_via),
            ("served_by", &cluster.served_by),
            ("trust_root", &root),
        ] {
            if let Some(value) = value {
                said.insert(key.to_owned(), json!(value));
            }
        }
        if !said.is_empty() {
            clusters.insert(cluster.id.clone(), Value::Object(said));
        }
    }
    clusters
}

/// The health document.
pub(super) fn health(world: &World) -> String {
    let given = &world.given;
    let clusters: Value = given
        .clusters
        .iter()
        .map(|cluster| {
            let api = cluster.api.as_deref().unwrap_or("up");
            let api = if api == "up-but-empty-lists" {
                "up"
            } else {
                api
            };
            json!({"id": cluster.id, "api": api, "since": FOUND_AT})
        })
        .collect();
    let credentials: Value = given
        .links
        .iter()
        .filter_map(|link| {
            let state = link.credentials.as_ref()?;
            Some(json!({"from": link.cluster, "to": link.target, "state": state, "at": FOUND_AT}))
        })
        .collect();
    // Clusters have a common root unless a scenario says otherwise.
    let trust: Value = given
        .clusters
        .iter()
        .filter(|cluster| !given.trust_roots.contains_key(&cluster.id))
        .filter(|_| given.trust_roots.is_empty())
        .map(|cluster| json!({"cluster": cluster.id, "root": "common-root"}))
        .collect();
    yaml(&json!({
        "gateways": gateways(world),
        "clusters": clusters,
        "credentials": credentials,
        "permissions": permissions(world),
        "trust": trust,
    }))
}

fn gateways(world: &World) -> Value {
    let mut found: BTreeMap<(String, u16), Value> = BTreeMap::new();
    for kind in [GatewayKind::Network, GatewayKind::Product] {
        for gateway in world.gateways_of(kind) {
            let Some(health) = &gateway.health else {
                continue;
            };
            for address in &gateway.addresses {
                for (_, port) in gateway.named_ports() {
                    let probes = probes(health == "up", FAILURES, RTT_MS);
                    let item = json!({"cluster": gateway.cluster, "address": address,
                        "port": port, "probes": probes});
                    found.insert((address.clone(), port), item);
                }
            }
        }
    }
    for link in &world.given.links {
        if let Some((key, item)) = probed_link(link) {
            found.insert(key, item);
        }
    }
    let is_address = |address: &str| address.parse::<IpAddr>().is_ok();
    found
        .into_iter()
        .filter(|((address, _), _)| is_address(address))
        .map(|(_, item)| item)
        .collect()
}

fn probed_link(link: &Link) -> Option<((String, u16), Value)> {
    let (address, port) = link.gateway.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let failures = link.probe.as_ref().and_then(|probe| probe.failures);
    let rtt_ms = link.rtt_ms.unwrap_or(RTT_MS);
    let mut probes = match (&link.health, &link.probe_results) {
        (None, None) => return None,
        (health, _) => probes(
            health.as_deref().unwrap_or("up") == "up",
            failures.unwrap_or(FAILURES),
            rtt_ms,
        ),
    };
    for result in link.probe_results.iter().flatten() {
        let at = probes.len();
        probes.push(probe(at, result == "ok", rtt_ms));
    }
    let mut item = json!({"cluster": link.target, "address": address, "port": port,
        "probes": probes});
    if let Some(failures) = failures {
        item["failure_threshold"] = json!(failures);
    }
    Some(((address.to_owned(), port), item))
}

/// Probes of a gateway that is up, or that was and has failed often enough to be down.
fn probes(is_up: bool, failures: u32, rtt_ms: u32) -> Vec<Value> {
    let failed = if is_up { 0 } else { failures as usize };
    (0..=failed).map(|at| probe(at, at == 0, rtt_ms)).collect()
}

fn probe(at: usize, is_ok: bool, rtt_ms: u32) -> Value {
    let seconds = 3 * at;
    let time = format!("2026-01-01T10:{:02}:{:02}Z", seconds / 60, seconds % 60);
    match is_ok {
        true => json!({"at": time, "ok": true, "rtt_ms": rtt_ms}),
        false => json!({"at": time, "ok": false}),
    }
}

fn permissions(world: &World) -> Value {
    let mut permissions = Vec::new();
    for cluster in &world.given.clusters {
        for resource in RESOURCES {
            for verb in ["list", "watch"] {
                let key = (cluster.id.clone(), verb.to_owned(), resource.to_owned());
                permissions.push(json!({"cluster": cluster.id, "verb": verb,
                    "resource": resource, "allowed": !world.denied.contains(&key)}));
            }
        }
    }
    let known = |(_, verb, resource): &&(String, String, String)| {
        RESOURCES.contains(&resource.as_str()) && ["list", "watch"].contains(&verb.as_str())
    };
    for (cluster, verb, resource) in world.denied.iter().filter(|denied| !known(denied)) {
        permissions.push(
            json!({"cluster": cluster, "verb": verb, "resource": resource,
            "allowed": false}),
        );
    }
    Value::Array(permissions)
}
