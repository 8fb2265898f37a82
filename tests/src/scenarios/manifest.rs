//! The mesh as Kubernetes, Istio and Linkerd objects: what its users would have in their clusters.

use super::given::{Gateway, GatewayKind, Labels, Link, ServiceEntry};
use super::product::Product;
use super::workload::services;
use super::world::World;
use super::yaml::yaml;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Label that gives the pods of a cluster, or the gateway for others, their network.
pub(super) const NETWORK_LABEL: &str = "topology.istio.io/network";
/// Namespace of the mesh's own objects.
pub(super) const ROOT_NAMESPACE: &str = "istio-system";
const LINKERD_NAMESPACE: &str = "linkerd-multicluster";
/// Port of a Link that does not say one.
const LINK_PORT: &str = "4143";

/// Most ServiceEntries in one file.
const ENTRIES_A_FILE: usize = 50;
/// Files that more of them are spread over.
const ENTRY_FILES: usize = 32;

/// Files of clusters: text by cluster and file name.
pub(super) type Files = BTreeMap<String, BTreeMap<String, String>>;

/// Objects of one file.
pub(super) type Objects = Vec<Value>;

/// The files of every cluster that can be read.
pub(super) fn files(world: &mut World) -> Result<Files, String> {
    let clusters = world.given.clusters.clone();
    let mut files = Files::new();
    for cluster in &clusters {
        let api = cluster.api.as_deref().unwrap_or("up");
        if api == "up" {
            files.insert(cluster.id.clone(), cluster_files(world, &cluster.id)?);
        } else if api == "up-but-empty-lists" {
            files.insert(cluster.id.clone(), BTreeMap::new());
        }
    }
    Ok(files)
}

fn cluster_files(world: &mut World, id: &str) -> Result<BTreeMap<String, String>, String> {
    let mut sections: Vec<(String, Objects)> = [
        ("services", services(world, id)),
        ("gateways", gateways(world, id)),
        ("links", links(world, id)),
        ("products", products(world, id)),
        ("traffic-splits", traffic_splits(world, id)),
    ]
    .map(|(name, objects)| (name.to_owned(), objects))
    .into();
    sections.extend(service_entries(world, id));
    sections.push(("mesh".to_owned(), mesh_objects(world, id, &sections)));
    let mut files = BTreeMap::new();
    for (name, objects) in &mut sections {
        for object in objects.iter_mut() {
            spoil(world, id, object)?;
        }
        if !objects.is_empty() {
            let texts: Vec<String> = objects.iter().map(yaml).collect();
            files.insert(format!("{name}.yaml"), texts.join("---\n"));
        }
    }
    Ok(files)
}

/// Namespaces and the node that the pods run on.
fn mesh_objects(world: &World, id: &str, sections: &[(String, Objects)]) -> Objects {
    let given = &world.given;
    let Some(cluster) = given.clusters.iter().find(|cluster| cluster.id == id) else {
        return Vec::new();
    };
    let network = cluster.network.iter();
    let own = network
        .map(|network| (NETWORK_LABEL.to_owned(), network.clone()))
        .collect();
    let root_labels = given.root_namespace_labels.get(id).unwrap_or(&own);
    let mut namespaces: BTreeMap<String, Labels> = BTreeMap::new();
    for known in given.namespaces.iter().filter(|known| known.cluster == id) {
        namespaces.insert(known.name.clone(), known.labels.clone());
    }
    if namespaces.is_empty() {
        let all = sections.iter().flat_map(|(_, objects)| objects);
        let used: BTreeSet<&str> = all
            .filter_map(|object| object["metadata"]["namespace"].as_str())
            .collect();
        namespaces.extend(
            used.into_iter()
                .map(|name| (name.to_owned(), Labels::new())),
        );
    }
    namespaces.insert(ROOT_NAMESPACE.to_owned(), root_labels.clone());
    let mut objects: Objects = namespaces
        .iter()
        .map(|(name, labels)| {
            json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": labels}})
        })
        .collect();
    let mut labels = Labels::new();
    for (key, value) in [("region", &cluster.region), ("zone", &cluster.zone)] {
        if let Some(value) = value {
            labels.insert(format!("topology.kubernetes.io/{key}"), value.clone());
        }
    }
    objects.push(json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node_of(id), "labels": labels}}));
    objects
}

pub(super) fn node_of(cluster: &str) -> String {
    format!("{cluster}-node-1")
}

pub(super) fn metadata(namespace: &str, name: &str, labels: Option<&Labels>) -> Value {
    let mut metadata = json!({"namespace": namespace, "name": name});
    if let Some(labels) = labels {
        metadata["labels"] = json!(labels);
    }
    metadata
}

fn gateways(world: &World, id: &str) -> Objects {
    let own = |kind| {
        let all = world.gateways_of(kind);
        all.filter(|gateway| gateway.cluster == id).enumerate()
    };
    let network = own(GatewayKind::Network).map(|(index, gateway)| network_gateway(gateway, index));
    let product = own(GatewayKind::Product)
        .flat_map(|(index, gateway)| product_gateway(world, gateway, index));
    network.chain(product).collect()
}

/// A Service that leads into a network.
fn network_gateway(gateway: &Gateway, index: usize) -> Value {
    let unnamed = || match index {
        0 => "istio-eastwestgateway".to_owned(),
        index => format!("istio-eastwestgateway-{}", index + 1),
    };
    let name = gateway.name.clone().unwrap_or_else(unnamed);
    let namespace = gateway.namespace.as_deref().unwrap_or(ROOT_NAMESPACE);
    let mut labels = match (&gateway.found_by, &gateway.network) {
        (Some(found_by), _) => found_by.service_label.clone(),
        (None, Some(network)) => Labels::from([(NETWORK_LABEL.to_owned(), network.clone())]),
        (None, None) => Labels::new(),
    };
    labels.insert("istio".to_owned(), name.clone());
    balancer(namespace, &name, Some(&labels), gateway)
}

/// A Gateway with the Service of its workload, and the VirtualService that leads to its backend.
fn product_gateway(world: &World, gateway: &Gateway, index: usize) -> Objects {
    let name = gateway
        .name
        .clone()
        .unwrap_or_else(|| format!("gateway-{index}"));
    let namespace = gateway.namespace.as_deref().unwrap_or(ROOT_NAMESPACE);
    let ports = gateway.named_ports();
    let outside = ports
        .first()
        .map_or(gateway.kind.usual_port(), |(_, port)| *port);
    let selector = format!("{namespace}-{name}");
    let server = json!({"port": {"number": outside, "name": "https", "protocol": "HTTPS"},
        "hosts": gateway.hosts, "tls": {"mode": "SIMPLE", "credentialName": format!("{name}-cert")}});
    // A Gateway whose servers have no hosts is not valid: it is one without servers.
    let servers = if gateway.hosts.is_empty() {
        json!([])
    } else {
        json!([server])
    };
    let mut objects = vec![
        balancer(namespace, &name, None, gateway),
        json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": metadata(namespace, &name, None),
            "spec": {"selector": {"istio": selector}, "servers": servers}}),
    ];
    objects[0]["spec"]["selector"] = json!({"istio": selector});
    if let (Some(route), false) = (&gateway.routes_to, gateway.hosts.is_empty()) {
        let domain = domain_of(world, &gateway.cluster);
        let host = format!("{}.{}.svc.{domain}", route.service, route.namespace);
        objects.push(
            json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": metadata(namespace, &format!("{name}-routes"), None),
            "spec": {"hosts": gateway.hosts, "gateways": [name],
                "http": [{"route": [{"destination": {"host": host}}]}]}}),
        );
    }
    objects
}

pub(super) fn domain_of(world: &World, id: &str) -> String {
    let mut clusters = world.given.clusters.iter();
    let cluster = clusters.find(|cluster| cluster.id == id);
    let domain = cluster.and_then(|cluster| cluster.cluster_domain.clone());
    domain.unwrap_or_else(|| "cluster.local".to_owned())
}

fn balancer(namespace: &str, name: &str, labels: Option<&Labels>, gateway: &Gateway) -> Value {
    let ports: Value = gateway
        .named_ports()
        .iter()
        .map(|(name, port)| json!({"name": name, "port": port, "targetPort": port}))
        .collect();
    let ingress: Value = gateway
        .addresses
        .iter()
        .map(|address| match address.parse::<std::net::IpAddr>() {
            Ok(_) => json!({"ip": address}),
            Err(_) => json!({"hostname": address}),
        })
        .collect();
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(namespace, name, labels),
        "spec": {"type": "LoadBalancer", "ports": ports, "selector": {"istio": name}},
        "status": {"loadBalancer": {"ingress": ingress}}})
}

fn links(world: &World, id: &str) -> Objects {
    let own = world.given.links.iter().filter(|link| link.cluster == id);
    own.flat_map(link_objects).collect()
}

fn link_objects(link: &Link) -> Objects {
    let secret = format!("cluster-credentials-{}", link.target);
    let split = link.gateway.rsplit_once(':');
    let (address, port) = split.unwrap_or((&link.gateway, LINK_PORT));
    let mut spec = json!({
        "targetClusterName": link.target,
        "targetClusterDomain": link.target_domain.as_deref().unwrap_or("cluster.local"),
        "targetClusterLinkerdNamespace": "linkerd",
        "clusterCredentialsSecret": secret,
        "gatewayAddress": address,
        "gatewayPort": port,
        "gatewayIdentity": format!("linkerd-gateway.{LINKERD_NAMESPACE}.serviceaccount.identity.linkerd.cluster.local"),
        "selector": {"matchLabels": {"mirror.linkerd.io/exported": "true"}},
    });
    if let Some(probe) = &link.probe {
        let mut probe_spec = Map::new();
        let text = |number: Option<u32>| number.map(|number| number.to_string());
        for (key, value) in [
            ("path", probe.path.clone()),
            ("port", text(probe.port.map(u32::from))),
            ("period", probe.period_s.map(|period| format!("{period}s"))),
            ("failureThreshold", text(probe.failures)),
        ] {
            if let Some(value) = value {
                probe_spec.insert(key.to_owned(), json!(value));
            }
        }
        spec["probeSpec"] = Value::Object(probe_spec);
    }
    vec![
        json!({"apiVersion": "multicluster.linkerd.io/v1alpha2", "kind": "Link",
            "metadata": metadata(LINKERD_NAMESPACE, &link.target, None), "spec": spec}),
        json!({"apiVersion": "v1", "kind": "Secret", "type": "mirror.linkerd.io/remote-kubeconfig",
            "metadata": metadata(LINKERD_NAMESPACE, &secret, None), "data": {}}),
    ]
}

/// One file, or several where there are many: a change of one entry leaves most files alone.
fn service_entries(world: &World, id: &str) -> Vec<(String, Objects)> {
    let entries = world.given.service_entries.iter();
    let own: Vec<&ServiceEntry> = entries.filter(|entry| entry.cluster == id).collect();
    if own.len() <= ENTRIES_A_FILE {
        let objects = own.into_iter().map(service_entry).collect();
        return vec![("service-entries".to_owned(), objects)];
    }
    let mut files: BTreeMap<String, Objects> = BTreeMap::new();
    for entry in own {
        let file = entry.name.bytes().map(usize::from).sum::<usize>() % ENTRY_FILES;
        let file = format!("service-entries-{file:02}");
        files.entry(file).or_default().push(service_entry(entry));
    }
    files.into_iter().collect()
}

fn service_entry(entry: &ServiceEntry) -> Value {
    let mut metadata = metadata(&entry.namespace, &entry.name, None);
    if let Some(created) = &entry.created_at {
        metadata["creationTimestamp"] = json!(created);
    }
    let mut spec = json!({"hosts": entry.hosts, "ports": entry.ports});
    if !entry.addresses.is_empty() {
        spec["addresses"] = json!(entry.addresses);
    }
    if !entry.endpoints.is_empty() {
        spec["endpoints"] = json!(entry.endpoints);
    }
    for (key, value) in [
        ("resolution", &entry.resolution),
        ("location", &entry.location),
    ] {
        if let Some(value) = value {
            spec[key] = json!(value);
        }
    }
    json!({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": metadata,
        "spec": spec})
}

/// Names for all clusters are written in the first, unless they say where.
fn products(world: &World, id: &str) -> Objects {
    let first = world.first_cluster();
    let all = world.given.products.iter().chain(&world.given.policies);
    let own = all.filter(|product| product.cluster.as_ref().unwrap_or(&first) == id);
    own.map(product_name).collect()
}

fn product_name(product: &Product) -> Value {
    let host = product.hosts.first().map_or("product", String::as_str);
    let name = product
        .name
        .clone()
        .unwrap_or_else(|| host.replace(['.', '*'], "-"));
    let namespace = product.namespace.as_deref().unwrap_or(ROOT_NAMESPACE);
    json!({"apiVersion": "names.mesh/v1alpha1", "kind": "ProductName",
        "metadata": metadata(namespace, &name, None), "spec": product})
}

fn traffic_splits(world: &World, id: &str) -> Objects {
    let splits = world.given.traffic_splits.iter();
    let own = splits.filter(|split| split.cluster == id);
    own.map(|split| {
        json!({"apiVersion": "split.smi-spec.io/v1alpha4", "kind": "TrafficSplit",
            "metadata": metadata(&split.namespace, &split.name, None),
            "spec": {"service": split.service, "backends": split.backends}})
    })
    .collect()
}

/// Puts the fault into an object that is to have one.
fn spoil(world: &World, cluster: &str, object: &mut Value) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = (
        cluster.to_owned(),
        text(&object["kind"]),
        text(&object["metadata"]["namespace"]),
        text(&object["metadata"]["name"]),
    );
    let Some(fault) = world.faults.get(&key) else {
        return Ok(());
    };
    let unknown = || format!("change.raw_object.fault: {fault:?} is not understood");
    let (field, kind) = fault.split_once(" is ").ok_or_else(unknown)?;
    let wrong = match kind.trim_start_matches("a ").trim_start_matches("an ") {
        "number" => json!(7),
        "string" => json!("wrong"),
        "boolean" => json!(true),
        "list" => json!(["wrong"]),
        "map" | "object" => json!({"wrong": "wrong"}),
        "null" => Value::Null,
        _ => return Err(unknown()),
    };
    match replaced(object, field, &wrong) {
        true => Ok(()),
        false => Err(format!("change.raw_object: the object has no {field}")),
    }
}

/// Puts a value in the place of the first field of that name.
fn replaced(value: &mut Value, field: &str, wrong: &Value) -> bool {
    match value {
        Value::Object(map) => {
            if let Some(place) = map.get_mut(field) {
                *place = wrong.clone();
                return true;
            }
            map.values_mut().any(|value| replaced(value, field, wrong))
        }
        Value::Array(items) => items.iter_mut().any(|item| replaced(item, field, wrong)),
        _ => false,
    }
}
