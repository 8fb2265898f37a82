//! What is known about clusters.

use super::*;
use crate::input::documents;
use crate::mesh::config::ClusterConfig;
use crate::mesh::endpoints::fixture::{
    GATEWAY_PORTS, World, bound, link, name, network_gateway, place, pod, product_gateway, service,
    state,
};
use dns_core::{Locality, NameBuf};
use std::collections::BTreeSet;

fn ground_of(text: &str) -> ClusterGround {
    World::new(&[("a", text.to_owned())]).ground.clusters["a"].clone()
}

fn set(items: &[&str]) -> BTreeSet<Arc<str>> {
    items.iter().map(|item| Arc::from(*item)).collect()
}

fn config_map(networks: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: ConfigMap
metadata: {{name: istio, namespace: istio-system}}
data:
  mesh: |
    trustDomain: td.example
  meshNetworks: |
    networks:
{networks}
"
    )
}

#[test]
fn the_root_namespace_says_the_network_unless_it_is_configured() {
    let text = place("net1", "eu", "eu-a");
    assert_eq!(ground_of(&text).network.as_deref(), Some("net1"));
    let world = World::with(&[("a", text)], |config| {
        let said = ClusterConfig {
            network: Some("net9".into()),
            locality: Some(Locality::parse("mars/m1")),
            domain: Some(name("a.local")),
            ..ClusterConfig::default()
        };
        config.clusters.insert("a".into(), said);
    });
    let ground = &world.ground.clusters["a"];
    assert_eq!(ground.network.as_deref(), Some("net9"));
    assert_eq!(ground.networks, set(&["net9"]));
    assert_eq!(ground.locality, Locality::parse("mars/m1"));
    assert_eq!(ground.domain, name("a.local"));
    assert_eq!(&*ground.service_suffix, ".svc.a.local");
}

#[test]
fn a_cluster_is_where_all_of_its_nodes_agree() {
    let second = place("net1", "eu", "eu-b").replace("node-1", "node-2");
    let ground = ground_of(&(place("net1", "eu", "eu-a") + &second.replace("istio-system", "x")));
    assert_eq!(ground.locality, Locality::parse("eu"));
    assert_eq!(ground.regions, set(&["eu"]));
    assert_eq!(ground.zones, set(&["eu-a", "eu-b"]));
}

#[test]
fn networks_of_pods_and_workloads_are_networks_of_the_cluster() {
    let workload = "---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm, namespace: shop}
spec: {address: 10.9.0.1, network: net8, locality: us/us-a}
";
    let label = "topology.istio.io/network: net7";
    let ground =
        ground_of(&(place("net1", "eu", "eu-a") + &pod("shop", "10.1.0.1", label) + workload));
    assert_eq!(ground.networks, set(&["net1", "net7", "net8"]));
    assert_eq!(ground.regions, set(&["eu", "us"]));
    assert_eq!(ground.workload_namespaces, set(&["shop"]));
}

#[test]
fn a_link_does_not_rename_another_cluster() {
    let clusters = [
        ("east", link("west", "west.local", "192.0.2.1", 4180)),
        ("west", String::new()),
    ];
    let domain = |world: &World| world.ground.clusters["west"].domain.clone();
    assert_eq!(domain(&World::new(&clusters)), name("cluster.local"));
    let configured = World::with(&clusters, |config| {
        let said = ClusterConfig {
            domain: Some(name("w.local")),
            ..ClusterConfig::default()
        };
        config.clusters.insert("west".into(), said);
    });
    assert_eq!(domain(&configured), name("w.local"));
}

#[test]
fn a_cluster_may_call_itself_otherwise() {
    let property = "---
apiVersion: about.k8s.io/v1beta1
kind: ClusterProperty
metadata: {name: cluster.clusterset.k8s.io}
spec: {value: west}
---
apiVersion: about.k8s.io/v1beta1
kind: ClusterProperty
metadata: {name: clusterset.k8s.io}
spec: {value: set-1}
";
    let world = World::new(&[
        ("east", link("west", "west.local", "192.0.2.1", 4180)),
        ("w", property.to_owned()),
    ]);
    let ground = &world.ground.clusters["w"];
    assert_eq!(&**ground.clusterset_label(&"w".into()), "west");
    assert_eq!(ground.clusterset_id.as_deref(), Some("set-1"));
    let there = World::new(&[("w", property.to_owned()), ("west", String::new())]);
    let ground = &there.ground.clusters["w"];
    assert!(
        !ground.is_called("w", "west"),
        "the id is that of another cluster"
    );
    assert_eq!(&**ground.clusterset_label(&"w".into()), "w");
}

#[test]
fn remote_secrets_name_other_clusters() {
    let secret = "---
apiVersion: v1
kind: Secret
metadata: {name: istio-remote-secret-b, namespace: istio-system, labels: {istio/multiCluster: 'true'}}
stringData: {b: kubeconfig}
";
    assert_eq!(ground_of(secret).remote_secrets, set(&["b"]));
}

#[test]
fn mesh_networks_say_networks_and_gateways_where_no_label_does() {
    let networks = "      netA:
        endpoints: [{fromRegistry: a}]
        gateways: [{address: 192.0.2.1, port: 15443}]
      netB:
        endpoints: [{fromRegistry: b}]
        gateways: [{registryServiceName: gw.istio-system.svc.cluster.local, port: 15443}]
      netC:
        endpoints: [{fromCidr: 10.7.0.0/16}]
        gateways: [{address: 192.0.2.3, port: 15443}]
";
    let gateway = network_gateway("x", &["192.0.2.2"])
        .replace("eastwest-x", "gw")
        .replace(", labels: {topology.istio.io/network: x}", "");
    let world = World::new(&[
        ("a", config_map(networks)),
        ("b", gateway),
        (
            "c",
            service("shop/web", "10.0.0.1", 80, &["10.7.0.1", "10.8.0.1"]),
        ),
    ]);
    let clusters = &world.ground.clusters;
    assert_eq!(clusters["a"].trust_domain.as_deref(), Some("td.example"));
    assert_eq!(clusters["a"].network.as_deref(), Some("netA"));
    assert_eq!(clusters["b"].network.as_deref(), Some("netB"));
    assert_eq!(clusters["c"].network, None);
    assert_eq!(clusters["c"].networks, set(&["netC"]));
    let seen = |network: &str, cluster: &str| {
        let entrances = world.ground.entrances(network, cluster).unwrap();
        entrances[0].address.clone()
    };
    let ip = |text: &str| Some(EndpointAddress::Ip(text.parse().unwrap()));
    assert_eq!(seen("netA", "a"), ip("192.0.2.1"));
    assert_eq!(seen("netB", "b"), ip("192.0.2.2"));
    assert_eq!(seen("netC", "c"), ip("192.0.2.3"));
    assert_eq!(
        world.seen("a", &world.services(&["c"], "shop/web")),
        [
            "0 10.8.0.1:80 w1 c direct",
            "1 192.0.2.3:15443 w1 c gateway web.shop.svc.cluster.local",
        ]
    );
}

#[test]
fn a_cluster_uses_its_own_gateways_of_a_network_before_those_of_others() {
    let own = |ip: &str| place("net1", "eu", "eu-a") + &network_gateway("net1", &[ip]);
    let world = World::new(&[
        ("a", own("192.0.2.1")),
        ("b", own("192.0.2.2")),
        ("c", place("net1", "eu", "eu-a")),
    ]);
    let count = |cluster: &str| world.ground.entrances("net1", cluster).unwrap().len();
    assert_eq!((count("a"), count("b"), count("c")), (1, 1, 2));
    assert_eq!(world.ground.entrances("net2", "a"), None);
}

#[test]
fn a_gateway_that_is_known_twice_is_one_way_in() {
    let gateway = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system, labels: {topology.istio.io/network: net1}}
spec:
  gatewayClassName: istio
  listeners: [{name: cross, port: 15443, protocol: TLS, tls: {mode: Passthrough}}]
status: {addresses: [{type: IPAddress, value: 192.0.2.1}]}
";
    let text = place("net1", "eu", "eu-a") + &network_gateway("net1", &["192.0.2.1"]) + gateway;
    let world = World::new(&[("a", text)]);
    assert_eq!(world.ground.entrances("net1", "a").unwrap().len(), 1);
}

fn refreshed(before: &str, after: &str) -> GroundChange {
    let mut world = World::new(&[("a", before.to_owned()), ("b", String::new())]);
    let id: Arc<str> = "a".into();
    let state = state("a", after);
    let change = world.ground.refresh(&id, Some(&state), &world.config);
    world.clusters.insert(id, state);
    assert_eq!(world.ground, Ground::of(&world.clusters, &world.config));
    change
}

#[test]
fn a_refresh_is_what_a_new_look_at_all_clusters_would_be() {
    let gateway = |hosts: &str| {
        place("net1", "eu", "eu-a") + &product_gateway("gw", "203.0.113.1", hosts, GATEWAY_PORTS)
    };
    let one = gateway("a.example, b.example");
    let web = service("shop/web", "10.0.0.1", 80, &["10.1.0.1"]);
    assert_eq!(refreshed(&one, &(one.clone() + &web)), GroundChange::None);
    let hosts = |names: &[&str]| {
        let names: BTreeSet<NameBuf> = names.iter().map(|text| name(text)).collect();
        GroundChange::Hosts(names)
    };
    assert_eq!(
        refreshed(&one, &gateway("b.example, c.example")),
        hosts(&["a.example", "b.example", "c.example"])
    );
    assert_eq!(
        refreshed(&one, &(one.clone() + &bound("gw", "b.example", "web", 80))),
        hosts(&["a.example", "b.example"])
    );
    assert_eq!(
        refreshed(&one, &one.replace("net1", "net2")),
        GroundChange::All
    );
    assert_eq!(
        refreshed(&one, &place("net1", "eu", "eu-a")),
        GroundChange::All
    );
}

#[test]
fn a_cluster_that_goes_changes_all() {
    let mut world = World::new(&[("a", place("net1", "eu", "eu-a"))]);
    let id: Arc<str> = "a".into();
    let change = world.ground.refresh(&id, None, &world.config);
    assert_eq!(change, GroundChange::All);
    assert_eq!(world.ground, Ground::default());
}

#[test]
fn services_concern_the_ground_when_they_are_reached_from_outside() {
    let concerns = |text: &str| {
        let parsed = documents("a.yaml", text);
        concerns_ground(&parsed.objects[0])
    };
    let plain = service("shop/web", "10.0.0.1", 80, &[]);
    assert!(!concerns(&plain));
    assert!(concerns(
        &plain.replace("spec: {", "spec: {type: LoadBalancer, ")
    ));
    assert!(concerns(
        &plain.replace("spec: {", "spec: {externalIPs: [192.0.2.1], ")
    ));
    assert!(concerns(&network_gateway("net1", &[])));
    assert!(!concerns(&pod("shop", "10.1.0.1", "app: web")));
    let label = "topology.istio.io/network: net7";
    assert!(concerns(&pod("shop", "10.1.0.1", label)));
}
