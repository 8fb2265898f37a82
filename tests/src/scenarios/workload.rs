//! Services with what is behind them: pods and EndpointSlices.

use super::given::{Labels, Service, ServicePort};
use super::manifest::{Objects, metadata, node_of};
use super::world::World;
use serde_json::{Value, json};

/// Services of a cluster, with their pods and EndpointSlices.
pub(super) fn services(world: &mut World, id: &str) -> Objects {
    let all = world.given.services.clone();
    let own = all.into_iter().filter(|service| service.cluster == id);
    own.flat_map(|service| service_objects(world, &service))
        .collect()
}

fn service_objects(world: &mut World, service: &Service) -> Objects {
    let (namespace, name) = (&service.namespace, &service.name);
    let protocol = |port: &ServicePort| port.protocol.clone().unwrap_or("TCP".into());
    let ports: Value = service
        .ports
        .iter()
        .map(|port| {
            named(
                port.name.as_ref(),
                json!({"port": port.port, "targetPort": port.port,
                "protocol": protocol(port)}),
            )
        })
        .collect();
    let slice_ports: Value = service
        .ports
        .iter()
        .map(|port| {
            named(
                port.name.as_ref(),
                json!({"port": port.port, "protocol": protocol(port)}),
            )
        })
        .collect();
    let mut spec = json!({"ports": ports, "selector": {"app": name}});
    if let Some(address) = &service.cluster_ip {
        spec["clusterIP"] = json!(address);
        spec["clusterIPs"] = json!([address]);
    }
    let pods = match &service.pods {
        Some(pods) => pods.clone(),
        None => (0..service.ready.unwrap_or(0))
            .map(|index| world.invented_pod(service, index))
            .collect(),
    };
    let zone = (world.given.clusters.iter())
        .find(|cluster| cluster.id == service.cluster)
        .and_then(|cluster| cluster.zone.clone());
    let mut objects = vec![json!({"apiVersion": "v1", "kind": "Service",
        "metadata": metadata(namespace, name, service.labels.as_ref()), "spec": spec})];
    let mut endpoints = Vec::new();
    for (index, pod) in pods.iter().enumerate() {
        let pod_name = pod
            .hostname
            .clone()
            .unwrap_or_else(|| format!("{name}-{index}"));
        let mut labels = pod.labels.clone();
        labels.entry("app".to_owned()).or_insert(name.clone());
        let mut pod_spec = json!({"nodeName": node_of(&service.cluster)});
        let mut endpoint = json!({"addresses": [pod.ip], "conditions": {"ready": pod.ready,
            "serving": pod.ready, "terminating": false}, "nodeName": node_of(&service.cluster),
            "targetRef": {"kind": "Pod", "namespace": namespace, "name": pod_name}});
        if let Some(zone) = &zone {
            endpoint["zone"] = json!(zone);
        }
        if let Some(hostname) = &pod.hostname {
            pod_spec["hostname"] = json!(hostname);
            pod_spec["subdomain"] = json!(name);
            endpoint["hostname"] = json!(hostname);
        }
        endpoints.push(endpoint);
        objects.push(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": metadata(namespace, &pod_name, Some(&labels)), "spec": pod_spec,
            "status": {"podIP": pod.ip, "podIPs": [{"ip": pod.ip}]}}));
    }
    let labels = Labels::from([("kubernetes.io/service-name".to_owned(), name.clone())]);
    let is_v6 = pods.first().is_some_and(|pod| pod.ip.contains(':'));
    objects.push(
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": metadata(namespace, &format!("{name}-1"), Some(&labels)),
        "addressType": if is_v6 { "IPv6" } else { "IPv4" },
        "ports": slice_ports, "endpoints": endpoints}),
    );
    objects
}

fn named(name: Option<&String>, mut value: Value) -> Value {
    if let Some(name) = name {
        value["name"] = json!(name);
    }
    value
}
