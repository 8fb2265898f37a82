//! Endpoints of ServiceEntry hosts.

use super::fixture::*;
use super::*;
use crate::input::{Object, ObjectKind};

const HTTP: &str = "ports: [{name: http, number: 80, protocol: HTTP}]";

fn service_entry(spec: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: e, namespace: shop}}
spec: {{{spec}}}
"
    )
}

/// Endpoints of the first host of the one ServiceEntry of a cluster.
fn endpoints(world: &World, cluster: &str) -> Vec<Endpoint> {
    let (cluster, state) = world.clusters.get_key_value(cluster).unwrap();
    let doc = state.of_kind(ObjectKind::ServiceEntry).next().unwrap();
    let Object::ServiceEntry(entry) = &doc.object else {
        panic!("not a ServiceEntry")
    };
    entry_endpoints(&world.mesh(), cluster, doc, entry, &entry.hosts[0])
}

fn alone(spec: &str) -> Vec<Endpoint> {
    endpoints(&World::new(&[("a", service_entry(spec))]), "a")
}

/// An entry of cluster1 for an endpoint, while the gateway of net2 in cluster2 is at 198.51.100.20.
fn behind_gateway(host: &str, endpoint: &str) -> World {
    let spec = format!("hosts: [{host}], resolution: DNS, {HTTP}, endpoints: [{{{endpoint}}}]");
    let gateway = place("net2", "us", "us-a") + &network_gateway("net2", &["198.51.100.20"]);
    World::with(
        &[
            (
                "cluster1",
                place("net1", "eu", "eu-a") + &service_entry(&spec),
            ),
            ("cluster2", gateway),
        ],
        |config| {
            let said = crate::mesh::config::ClusterConfig {
                domain: Some(name("west.local")),
                ..Default::default()
            };
            config.clusters.insert("cluster2".into(), said);
        },
    )
}

#[test]
fn an_endpoint_at_a_gateway_of_another_cluster_is_of_that_cluster_and_network() {
    let world = behind_gateway(
        "foo.funns.global",
        "address: 198.51.100.20, ports: {http: 15443}",
    );
    let found = endpoints(&world, "cluster1");
    assert_eq!(
        shown(&found),
        ["0 198.51.100.20:15443 w1 cluster2 gateway foo.funns.svc.west.local"]
    );
    assert_eq!(found[0].network.as_deref(), Some("net2"));
}

#[test]
fn only_global_names_are_translated_and_get_the_mesh_port() {
    for (host, endpoint, expected) in [
        (
            "foo.funns.global",
            "address: 198.51.100.20",
            "15443 w1 cluster2 gateway foo.funns.svc.west.local",
        ),
        (
            "a.b.c.global",
            "address: 198.51.100.20",
            "80 w1 cluster2 gateway",
        ),
        (
            "pay.example.com",
            "address: 198.51.100.20",
            "80 w1 cluster2 gateway",
        ),
        (
            "foo.funns.global",
            "address: 198.51.100.20, ports: {http: 1}",
            "1 w1 cluster2 gateway foo.funns.svc.west.local",
        ),
        (
            "foo.funns.global",
            "address: 198.51.100.21",
            "80 w1 - direct",
        ),
    ] {
        let found = shown(&endpoints(&behind_gateway(host, endpoint), "cluster1"));
        let (_, shown) = found[0].split_once(':').unwrap();
        assert_eq!(shown, expected, "{host} {endpoint}");
    }
}

#[test]
fn a_gateway_that_is_dead_or_has_no_mesh_port_leads_nowhere() {
    let world = behind_gateway("foo.funns.global", "address: 198.51.100.20");
    let dead = world.probed("198.51.100.20", 15443, "---");
    assert!(shown(&endpoints(&dead, "cluster1"))[0].starts_with("probe-failed "));
    let gateway = product_gateway("gw", "198.51.100.20", "x.example", "{port: 443}");
    let spec = format!(
        "hosts: [a.b.global], resolution: STATIC, {HTTP}, endpoints: [{{address: 198.51.100.20}}]"
    );
    let world = World::new(&[("a", service_entry(&spec)), ("b", gateway)]);
    assert_eq!(
        shown(&endpoints(&world, "a")),
        ["no-mesh-port 198.51.100.20:80 w1 b gateway a.b.svc.cluster.local"]
    );
}

#[test]
fn the_gateway_of_a_link_is_a_known_one() {
    let spec = format!(
        "hosts: [a.b.global], resolution: STATIC, {HTTP}, endpoints: [{{address: 34.16.55.9}}]"
    );
    let east = service_entry(&spec) + &link("west", "west.local", "34.16.55.9", 4180);
    let world = World::new(&[("east", east), ("west", String::new())]);
    assert_eq!(
        shown(&endpoints(&world, "east")),
        ["0 34.16.55.9:4180 w1 west gateway a.b.svc.west.local"]
    );
}

#[test]
fn a_port_is_the_mapped_one_else_the_target_else_its_own() {
    let ports = "ports: [{name: a, number: 80}, {name: b, number: 81, targetPort: 8081}, {name: c, number: 82, targetPort: 8082}]";
    let found = alone(&format!(
        "hosts: [a.example], resolution: STATIC, {ports}, endpoints: [{{address: 10.0.0.1, ports: {{c: 9}}}}]"
    ));
    let ports: Vec<u16> = found.iter().map(|endpoint| endpoint.port).collect();
    assert_eq!(ports, [80, 8081, 9]);
}

#[test]
fn endpoints_are_addresses_hosts_or_unix_sockets_with_what_is_said_of_them() {
    let found = alone(&format!(
        "hosts: [a.example], resolution: DNS, {HTTP}, subjectAltNames: [spiffe://x/a], endpoints: \
         [{{address: 10.0.0.1, network: net9, locality: eu/eu-a, weight: 7, labels: {{v: v1}}}}, \
          {{address: B.example}}, {{address: 'unix:///run/x'}}, {{network: net2}}]"
    ));
    assert_eq!(
        shown(&found),
        [
            "0 10.0.0.1:80 w7 - direct",
            "0 b.example:80 w1 - direct",
            "0 /run/x w1 - direct",
        ]
    );
    assert_eq!(found[0].network.as_deref(), Some("net9"));
    assert_eq!(found[0].locality.as_ref().unwrap().to_string(), "eu/eu-a");
    assert_eq!(&*found[0].subset["v"], "v1");
    assert_eq!(found[0].identity.len(), 1);
}

#[test]
fn a_host_that_dns_resolves_is_its_own_endpoint() {
    for (spec, expected) in [
        (
            "hosts: [a.example], resolution: DNS",
            vec!["0 a.example:80 w1 - direct"],
        ),
        ("hosts: ['*.example'], resolution: DNS", vec![]),
        ("hosts: [a.example], resolution: STATIC", vec![]),
        (
            "hosts: [a.example], resolution: DNS, workloadSelector: {labels: {app: x}}",
            vec![],
        ),
    ] {
        assert_eq!(
            shown(&alone(&format!("{spec}, {HTTP}"))),
            expected,
            "{spec}"
        );
    }
}

#[test]
fn a_selector_takes_the_pods_and_workloads_of_its_namespace() {
    let workload = |name: &str, namespace: &str, address: &str| {
        format!(
            "---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{address: {address}, labels: {{app: db}}, ports: {{mysql: 3307}}, network: net8}}
"
        )
    };
    let spec = "hosts: [db.example], resolution: STATIC, workloadSelector: {labels: {app: db}}, \
                ports: [{name: mysql, number: 3306, protocol: TCP}]";
    let text = place("net1", "eu", "eu-a")
        + &service_entry(spec)
        + &workload("vm", "shop", "10.9.0.1")
        + &workload("vm", "other", "10.9.0.2")
        + &pod("shop", "10.1.0.1", "app: db")
        + &pod("shop", "10.1.0.2", "app: web");
    let found = endpoints(&World::new(&[("a", text)]), "a");
    assert_eq!(
        shown(&found),
        ["0 10.1.0.1:3306 w1 a direct", "0 10.9.0.1:3307 w1 a direct"]
    );
    let networks: Vec<_> = found.iter().map(|e| e.network.as_deref()).collect();
    assert_eq!(networks, [Some("net1"), Some("net8")]);
}

#[test]
fn a_service_has_the_workloads_that_it_selects_too() {
    let web = service("shop/web", "10.0.0.1", 80, &["10.1.0.1"])
        .replace("spec: {clusterIP", "spec: {selector: {app: web}, clusterIP");
    let machines = "---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm, namespace: shop}
spec: {address: 10.9.0.1, labels: {app: web}}
---
apiVersion: workload.linkerd.io/v1beta1
kind: ExternalWorkload
metadata: {name: box, namespace: shop, labels: {app: web}}
spec:
  meshTLS: {identity: spiffe://x/box, serverName: box.example}
  ports: [{name: http, port: 80}]
  workloadIPs: [{ip: 10.9.0.2}]
status: {conditions: [{type: Ready, status: 'True'}]}
";
    let text = place("net1", "eu", "eu-a") + &web + machines;
    let world = World::new(&[("a", text)]);
    let member = world.service("a", "shop/web");
    assert_eq!(member.readiness().ready, 3);
    let found = pods_of(&world.mesh(), member.cluster, member.doc, member.service);
    assert_eq!(
        shown(&found),
        [
            "0 10.1.0.1:80 w1 a direct",
            "0 10.9.0.1:80 w1 a direct",
            "0 10.9.0.2:80 w1 a direct",
        ]
    );
    assert_eq!(found[2].identity.len(), 1);
}

#[test]
fn services_of_a_pod_or_node_are_found_by_their_slices() {
    let text = service("shop/web", "10.0.0.1", 80, &["10.1.0.1"])
        + &service("shop/api", "10.0.0.2", 80, &["10.1.0.2"])
        + &service("other/web", "10.0.0.3", 80, &["10.1.0.1"]);
    let state = state("a", &text);
    let pods = services_of_pod(&state, "shop", &"pod-10-1-0-1".into());
    let names: Vec<_> = pods.iter().map(|key| &*key.name).collect();
    assert_eq!(names, ["web"]);
    assert_eq!(services_of_node(&state, &"node-1".into()).len(), 3);
    assert_eq!(services_of_node(&state, &"node-2".into()).len(), 0);
}
