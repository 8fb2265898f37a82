//! Endpoints as clients of several clusters see them.

use super::fixture::*;
use super::*;
use crate::input::OrderKey;
use crate::mesh::cluster::ClusterState;
use crate::mesh::config::{ClusterConfig, Members};
use crate::mesh::ground::Ground;
use crate::mesh::kind::ClientKind;
use dns_core::Locality;
use std::collections::BTreeMap;
use std::sync::Arc;

const REVIEWS: &str = "default/reviews";

fn net1() -> String {
    place("net1", "us-east", "us-east-a") + &network_gateway("net1", &["198.51.100.10"])
}

fn net2(gateways: &[&str]) -> String {
    place("net2", "us-west", "us-west-a") + &network_gateway("net2", gateways)
}

/// One pod of reviews in net1, three in net2.
fn split(gateways: &[&str], members: Members) -> World {
    let local = service(REVIEWS, "10.96.0.50", 9080, &["10.1.0.1"]);
    let pods = ["10.2.0.1", "10.2.0.2", "10.2.0.3"];
    let remote = service(REVIEWS, "10.112.0.50", 9080, &pods);
    let clusters = [
        ("cluster1", net1() + &local),
        ("cluster2", net2(gateways) + &remote),
    ];
    World::with(&clusters, |config| config.members = members)
}

fn equal() -> Order {
    Order::Keys(Vec::new())
}

#[test]
fn own_pods_are_direct_and_other_networks_are_behind_their_gateway() {
    let world = split(&["198.51.100.20"], Members::Pods);
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let seen = |from| shown(&world.leads(from, &members, &equal(), &[]).endpoints);
    assert_eq!(
        seen("cluster1"),
        [
            "0 10.1.0.1:9080 w1 cluster1 direct",
            "0 198.51.100.20:15443 w3 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
    assert_eq!(
        seen("cluster2"),
        [
            "0 10.2.0.1:9080 w1 cluster2 direct",
            "0 10.2.0.2:9080 w1 cluster2 direct",
            "0 10.2.0.3:9080 w1 cluster2 direct",
            "0 198.51.100.10:15443 w1 cluster1 gateway reviews.default.svc.cluster.local",
        ]
    );
}

#[test]
fn addresses_of_a_gateway_share_the_weight_of_the_pods_behind_it() {
    let world = split(&["198.51.100.20", "198.51.100.21"], Members::Pods);
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let leads = world.leads("cluster1", &members, &equal(), &[]);
    let weights: Vec<u32> = leads.endpoints.iter().map(|e| e.weight).collect();
    assert_eq!(weights, [2, 3, 3]);
}

#[test]
fn a_dead_address_leaves_its_weight_to_the_others() {
    let world = split(&["198.51.100.20", "198.51.100.21"], Members::Pods);
    let world = world.probed("198.51.100.20", 15443, "+---");
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    assert_eq!(
        shown(&world.leads("cluster1", &members, &equal(), &[]).endpoints),
        [
            "0 10.1.0.1:9080 w1 cluster1 direct",
            "probe-failed 198.51.100.20:15443 w3 cluster2 gateway reviews.default.svc.cluster.local",
            "0 198.51.100.21:15443 w3 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
}

#[test]
fn a_local_member_is_the_address_of_its_service_unless_pods_are_asked_for() {
    let world = split(&["198.51.100.20"], Members::Service);
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "0 10.96.0.50:9080 w1 cluster1 direct",
            "1 198.51.100.20:15443 w3 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
}

#[test]
fn pods_of_another_cluster_in_the_same_network_are_reached_directly() {
    let clusters = [
        ("cluster1", net1()),
        (
            "cluster2",
            place("net1", "us-west", "us-west-a")
                + &service(REVIEWS, "10.112.0.50", 9080, &["10.2.0.1", "!10.2.0.2"]),
        ),
    ];
    let world = World::new(&clusters);
    assert_eq!(
        world.seen("cluster1", &world.services(&["cluster2"], REVIEWS)),
        [
            "0 10.2.0.1:9080 w1 cluster2 direct",
            "not-ready 10.2.0.2:9080 w1 cluster2 direct",
        ]
    );
}

#[test]
fn a_label_of_a_pod_beats_the_network_of_its_cluster() {
    let clusters = [
        ("cluster1", net1()),
        (
            "cluster2",
            net2(&["198.51.100.20"])
                + &service(REVIEWS, "10.112.0.50", 9080, &["10.2.0.1", "10.1.9.9"])
                + &pod("default", "10.1.9.9", "topology.istio.io/network: net1"),
        ),
    ];
    let world = World::with(&clusters, |config| config.members = Members::Pods);
    let leads = world.leads(
        "cluster1",
        &world.services(&["cluster2"], REVIEWS),
        &Order::default(),
        &[],
    );
    assert_eq!(
        shown(&leads.endpoints),
        [
            "0 10.1.9.9:9080 w1 cluster2 direct",
            "1 198.51.100.20:15443 w1 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
    let networks: Vec<_> = leads
        .endpoints
        .iter()
        .map(|e| e.network.as_deref())
        .collect();
    assert_eq!(networks, [Some("net1"), Some("net2")]);
}

#[test]
fn pods_behind_no_gateway_are_left_out_with_the_network_named() {
    let clusters = [
        ("cluster1", net1()),
        (
            "cluster2",
            place("net2", "us-west", "us-west-a")
                + &service(REVIEWS, "10.112.0.50", 9080, &["10.2.0.1"]),
        ),
    ];
    let world = World::new(&clusters);
    assert_eq!(
        world.seen("cluster1", &world.services(&["cluster2"], REVIEWS)),
        ["no-gateway(net2) asked.example:0 w1 cluster2 gateway reviews.default.svc.cluster.local"]
    );
}

#[test]
fn a_gateway_without_address_or_port_is_left_out_with_the_reason() {
    let reviews = service(REVIEWS, "10.112.0.50", 9080, &["10.2.0.1"]);
    for (from, to, expected) in [
        (
            "{ip: 198.51.100.20}",
            "",
            "gateway-unresolved asked.example:15443",
        ),
        ("port: 15443", "port: 443", "no-mesh-port 198.51.100.20:0"),
    ] {
        let remote = net2(&["198.51.100.20"]).replace(from, to) + &reviews;
        let world = World::new(&[("cluster1", net1()), ("cluster2", remote)]);
        let seen = world.seen("cluster1", &world.services(&["cluster2"], REVIEWS));
        assert!(seen[0].starts_with(expected), "{seen:?}");
    }
}

#[test]
fn the_labelled_port_of_a_gateway_is_its_mesh_port() {
    let remote = net2(&["198.51.100.20"]).replace(
        "network: net2}}\nspec",
        "network: net2, networking.istio.io/gatewayPort: \"8443\"}}\nspec",
    ) + &service(REVIEWS, "10.112.0.50", 9080, &["10.2.0.1"]);
    let world = World::new(&[("cluster1", net1()), ("cluster2", remote)]);
    let seen = world.seen("cluster1", &world.services(&["cluster2"], REVIEWS));
    assert!(seen[0].starts_with("0 198.51.100.20:8443 "), "{seen:?}");
}

#[test]
fn a_service_without_ready_pods_leads_nowhere() {
    let world = World::new(&[
        (
            "cluster1",
            net1() + &service(REVIEWS, "10.96.0.50", 9080, &["!10.1.0.1"]),
        ),
        (
            "cluster2",
            net2(&["198.51.100.20"]) + &service(REVIEWS, "10.112.0.50", 9080, &[]),
        ),
    ]);
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "no-ready-endpoints 10.96.0.50:9080 w1 cluster1 direct",
            "no-ready-endpoints 198.51.100.20:15443 w1 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
    for (cluster, total) in [("cluster1", 1), ("cluster2", 0)] {
        let readiness = world.service(cluster, REVIEWS).readiness();
        assert_eq!((readiness.ready, readiness.total), (0, total), "{cluster}");
    }
}

#[test]
fn an_instance_is_the_endpoint_of_its_host_name() {
    let world = split(&["198.51.100.20"], Members::Service);
    let whole = world.service("cluster2", REVIEWS);
    let hostname: Arc<str> = "pod-10-2-0-2".into();
    let instance = ServiceMember::instance(
        &world.mesh(),
        whole.cluster,
        whole.doc,
        whole.service,
        &hostname,
    );
    let members = [Member::Service(instance)];
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "0 198.51.100.20:15443 w1 cluster2 gateway pod-10-2-0-2.reviews.default.svc.cluster.local"
        ]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        ["0 10.2.0.2:9080 w1 cluster2 direct"]
    );
}

/// Three clusters with a gateway of pay.example.com in the first two.
fn payments(first: &str, second: &str) -> World {
    payments_of(&["10.1.0.1"], &["10.2.0.1"], first, second)
}

fn payments_of(one: &[&str], two: &[&str], first: &str, second: &str) -> World {
    let cluster = |place: String, gateway: &str, ip: &str, pods: &[&str], rest: &str| {
        place
            + &service("payments/pay-api", ip, 443, pods)
            + &product_gateway("pay-gw", gateway, "pay.example.com", GATEWAY_PORTS)
            + &bound("pay-gw", "pay.example.com", "pay-api", 443)
            + rest
    };
    World::new(&[
        (
            "cluster1",
            cluster(net1(), "203.0.113.11", "10.96.7.7", one, first),
        ),
        (
            "cluster2",
            cluster(net2(&[]), "203.0.113.12", "10.112.7.7", two, second),
        ),
        ("cluster3", place("net3", "us-west", "us-west-b")),
    ])
}

#[test]
fn a_product_is_its_own_service_first_and_then_the_gateways_of_others() {
    let world = payments("", "");
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "0 10.96.7.7:443 w1 cluster1 direct",
            "1 203.0.113.12:15443 w1 cluster2 gateway pay.example.com",
        ]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        [
            "0 10.112.7.7:443 w1 cluster2 direct",
            "1 203.0.113.11:15443 w1 cluster1 gateway pay.example.com",
        ]
    );
}

#[test]
fn a_gateway_of_the_clients_region_comes_before_one_of_another() {
    let world = payments("", "");
    assert_eq!(
        world.seen("cluster3", &world.gateways("pay.example.com")),
        [
            "0 203.0.113.12:15443 w1 cluster2 gateway pay.example.com",
            "1 203.0.113.11:15443 w1 cluster1 gateway pay.example.com",
        ]
    );
}

#[test]
fn a_gateway_with_nothing_ready_behind_it_is_left_out_everywhere() {
    let world = payments_of(&[], &["10.2.0.1"], "", "");
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "no-ready-endpoints 10.96.7.7:443 w1 cluster1 direct",
            "0 203.0.113.12:15443 w1 cluster2 gateway pay.example.com",
        ]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        [
            "0 10.112.7.7:443 w1 cluster2 direct",
            "no-ready-endpoints 203.0.113.11:15443 w1 cluster1 gateway pay.example.com",
        ]
    );
}

#[test]
fn a_dead_gateway_is_left_out_for_others_but_not_for_its_own_cluster() {
    let world = payments("", "").probed("203.0.113.12", 15443, "---");
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members)[1],
        "probe-failed 203.0.113.12:15443 w1 cluster2 gateway pay.example.com"
    );
    assert_eq!(
        world.seen("cluster2", &members)[0],
        "0 10.112.7.7:443 w1 cluster2 direct"
    );
}

#[test]
fn a_gateway_of_unknown_routes_counts_as_ready() {
    let gateway = product_gateway("gw", "203.0.113.22", "cart.example.com", GATEWAY_PORTS);
    let world = World::new(&[("cluster1", net1()), ("cluster2", net2(&[]) + &gateway)]);
    let members = world.gateways("cart.example.com");
    for from in ["cluster1", "cluster2"] {
        assert_eq!(
            world.seen(from, &members),
            ["0 203.0.113.22:15443 w1 cluster2 gateway cart.example.com"]
        );
    }
}

#[test]
fn a_product_gateway_without_a_port_for_the_mesh_is_left_out() {
    let gateway = product_gateway("gw", "203.0.113.22", "cart.example.com", "{port: 443}");
    let world = World::new(&[("cluster1", net1()), ("cluster2", net2(&[]) + &gateway)]);
    assert_eq!(
        world.seen("cluster1", &world.gateways("cart.example.com")),
        ["no-mesh-port 203.0.113.22:0 w1 cluster2 gateway cart.example.com"]
    );
}

#[test]
fn a_client_without_a_proxy_dials_the_best_usable_gateway() {
    let dialled = |world: &World, from| -> Vec<String> {
        let members = world.gateways("pay.example.com");
        let leads = world.leads(from, &members, &Order::default(), &[]);
        leads.dialled.iter().map(ToString::to_string).collect()
    };
    let world = payments("", "");
    assert_eq!(dialled(&world, "cluster1"), ["203.0.113.11"]);
    assert_eq!(dialled(&world, "cluster3"), ["203.0.113.12"]);
    let world = world.probed("203.0.113.11", 443, "---");
    assert_eq!(dialled(&world, "cluster1"), ["203.0.113.12"]);
    let world = payments_of(&[], &[], "", "");
    assert_eq!(dialled(&world, "cluster1"), [""; 0]);
}

/// A service that west exports, seen from east.
fn exported(label: &str, domain: &str) -> World {
    let backend = service("default/backend", "10.112.3.3", 8888, &["10.2.0.1"]).replace(
        "metadata: {name: backend, namespace: default}",
        &format!("metadata: {{name: backend, namespace: default, labels: {{mirror.linkerd.io/exported: {label}}}}}"),
    );
    World::new(&[
        (
            "east",
            place("east", "us-east", "a") + &link("west", domain, "34.16.55.9", 4180),
        ),
        ("west", place("west", "us-west", "b") + &backend),
    ])
}

#[test]
fn an_exported_service_is_behind_the_gateway_of_the_link() {
    let world = exported("\"true\"", "west.local");
    let leads = world.leads(
        "east",
        &world.services(&["west"], "default/backend"),
        &Order::default(),
        &[],
    );
    assert_eq!(
        shown(&leads.endpoints),
        ["0 34.16.55.9:4180 w1 west gateway backend.default.svc.west.local"]
    );
    assert_eq!(
        leads.endpoints[0].identity,
        [Arc::from(
            "gateway.linkerd-multicluster.serviceaccount.identity.linkerd.west.local"
        )]
    );
}

#[test]
fn the_probe_of_a_link_may_be_on_a_port_of_its_own() {
    for port in [4180, 4191] {
        let world = exported("\"true\"", "cluster.local").probed("34.16.55.9", port, "---");
        let seen = world.seen("east", &world.services(&["west"], "default/backend"));
        assert!(
            seen[0].starts_with("probe-failed 34.16.55.9:4180"),
            "{seen:?}"
        );
    }
}

#[test]
fn remote_discovery_leads_to_the_pods() {
    let world = exported("remote-discovery", "cluster.local");
    assert_eq!(
        world.seen("east", &world.services(&["west"], "default/backend")),
        ["0 10.2.0.1:8888 w1 west direct"]
    );
}

#[test]
fn a_service_that_is_not_exported_is_not_behind_the_link() {
    let world = exported("\"false\"", "cluster.local");
    let seen = world.seen("east", &world.services(&["west"], "default/backend"));
    assert!(seen[0].starts_with("no-gateway(west)"), "{seen:?}");
}

#[test]
fn clusters_in_an_order_are_ranked_so_whoever_asks() {
    let world = split(&["198.51.100.20"], Members::Service);
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let order = Order::Clusters(vec!["cluster1".into(), "cluster2".into()]);
    let seen = |from| shown(&world.leads(from, &members, &order, &[]).endpoints);
    assert_eq!(
        seen("cluster1"),
        [
            "0 10.96.0.50:9080 w1 cluster1 direct",
            "1 198.51.100.20:15443 w3 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
    assert_eq!(
        seen("cluster2"),
        [
            "0 198.51.100.10:15443 w1 cluster1 gateway reviews.default.svc.cluster.local",
            "1 10.112.0.50:9080 w3 cluster2 direct",
        ]
    );
}

#[test]
fn a_zone_that_is_shared_ranks_before_a_region() {
    let pods = |ip: &str| service(REVIEWS, "10.0.0.1", 9080, &[ip]);
    let world = World::new(&[
        ("a", place("net1", "us-east", "z1")),
        ("b", place("net1", "us-east", "z2") + &pods("10.2.0.1")),
        ("c", place("net1", "us-east", "z1") + &pods("10.3.0.1")),
    ]);
    let members = world.services(&["b", "c"], REVIEWS);
    let order = Order::Keys(vec![OrderKey::Zone, OrderKey::Region]);
    assert_eq!(
        shown(&world.leads("a", &members, &order, &[]).endpoints),
        ["0 10.3.0.1:9080 w1 c direct", "1 10.2.0.1:9080 w1 b direct",]
    );
    let elsewhere = ClientKind {
        locality: Some(Locality::parse("us-east/z2")),
        ..ClientKind::of_cluster("a")
    };
    let leads = world.leads_of_kind(&elsewhere, &members, &order, &[]);
    assert_eq!(shown(&leads.endpoints)[0], "0 10.2.0.1:9080 w1 b direct");
}

fn weight(cluster: Option<&str>, version: &str, weight: u32) -> MemberWeight {
    let labels: BTreeMap<Arc<str>, Arc<str>> = match version {
        "" => BTreeMap::new(),
        _ => [("version".into(), version.into())].into(),
    };
    MemberWeight {
        cluster: cluster.map(Arc::from),
        labels,
        weight,
    }
}

/// v1 and v2 of reviews in cluster1, v1 to v3 in cluster2.
fn versions() -> World {
    let version = |ip: &str, version: &str| pod("default", ip, &format!("version: {version}"));
    World::new(&[
        (
            "cluster1",
            net1()
                + &service(REVIEWS, "10.96.4.4", 9080, &["10.1.0.11", "10.1.0.12"])
                + &version("10.1.0.11", "v1")
                + &version("10.1.0.12", "v2"),
        ),
        (
            "cluster2",
            net2(&["198.51.100.20", "198.51.100.21"])
                + &service(
                    REVIEWS,
                    "10.112.4.4",
                    9080,
                    &["10.2.0.11", "10.2.0.12", "10.2.0.13"],
                )
                + &version("10.2.0.11", "v1")
                + &version("10.2.0.12", "v2")
                + &version("10.2.0.13", "v3"),
        ),
    ])
}

#[test]
fn weights_put_their_members_into_one_priority_and_leave_the_others_out() {
    let world = versions();
    let weights = [
        weight(Some("cluster2"), "v3", 75),
        weight(Some("cluster1"), "v1", 15),
        weight(Some("cluster1"), "v2", 10),
    ];
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let leads = world.leads("cluster1", &members, &Order::default(), &weights);
    assert_eq!(
        shown(&leads.endpoints),
        [
            "0 198.51.100.20:15443 w75 cluster2 gateway reviews.default.svc.cluster.local",
            "0 198.51.100.21:15443 w75 cluster2 gateway reviews.default.svc.cluster.local",
            "0 10.1.0.11:9080 w30 cluster1 direct",
            "0 10.1.0.12:9080 w20 cluster1 direct",
        ]
    );
    assert_eq!(&*leads.endpoints[0].subset["version"], "v3");
}

#[test]
fn a_weight_without_labels_is_that_of_the_whole_member() {
    let world = versions();
    let weights = [
        weight(Some("cluster1"), "", 90),
        weight(Some("cluster2"), "", 10),
        weight(Some("cluster3"), "", 50),
    ];
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let seen = shown(
        &world
            .leads("cluster1", &members, &Order::default(), &weights)
            .endpoints,
    );
    assert_eq!(
        seen,
        [
            "0 10.96.4.4:9080 w90 cluster1 direct",
            "0 198.51.100.20:15443 w5 cluster2 gateway reviews.default.svc.cluster.local",
            "0 198.51.100.21:15443 w5 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
}

#[test]
fn one_weight_over_several_clusters_is_shared_by_what_is_ready() {
    let world = versions();
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let weights = [weight(None, "", 10)];
    let leads = world.leads("cluster1", &members, &Order::default(), &weights);
    let weights: Vec<u32> = leads.endpoints.iter().map(|e| e.weight).collect();
    assert_eq!(weights, [4, 3, 3], "2 pods here, 3 behind two addresses");
}

#[test]
fn shares_of_members_are_their_weights() {
    let world = exported("\"true\"", "cluster.local");
    let nothing = BTreeMap::new();
    let mut members = world.services(&["west"], "default/backend");
    members.extend(world.services(&["west"], "default/backend"));
    for (member, weight) in members.iter_mut().zip([30, 0]) {
        let Member::Service(member) = member else {
            panic!("a Service")
        };
        member.share = Some(Share {
            weight,
            labels: &nothing,
        });
    }
    assert_eq!(
        world.seen("east", &members),
        ["0 34.16.55.9:4180 w30 west gateway backend.default.svc.cluster.local"]
    );
}

fn reachable_via(via: &[(&str, &str)]) -> World {
    let far = place("net4", "us-west", "us-west-c")
        + &product_gateway("pay-gw", "172.31.4.4", "pay.example.com", GATEWAY_PORTS)
        + &service(REVIEWS, "10.144.0.1", 9080, &["10.4.0.1"]);
    let clusters = [
        ("cluster1", net1()),
        ("cluster2", net2(&["198.51.100.20"])),
        ("cluster4", far),
    ];
    World::with(&clusters, |config| {
        for (cluster, via) in via {
            let said = ClusterConfig {
                reachable_via: Some((*via).into()),
                ..ClusterConfig::default()
            };
            config.clusters.insert((*cluster).into(), said);
        }
    })
}

#[test]
fn a_cluster_behind_another_is_entered_through_that_ones_gateway() {
    let world = reachable_via(&[("cluster4", "cluster2")]);
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members),
        ["0 198.51.100.20:15443 w1 cluster4 gateway pay.example.com transit cluster2"]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        ["0 172.31.4.4:15443 w1 cluster4 gateway pay.example.com"]
    );
    assert_eq!(
        world.seen("cluster1", &world.services(&["cluster4"], REVIEWS)),
        [
            "0 198.51.100.20:15443 w1 cluster4 gateway reviews.default.svc.cluster.local transit cluster2"
        ]
    );
    let leads = world.leads("cluster1", &members, &Order::default(), &[]);
    assert_eq!(leads.dialled, [] as [IpAddr; 0]);
}

#[test]
fn a_cluster_behind_one_without_gateways_is_not_reached() {
    let world = reachable_via(&[("cluster4", "cluster9")]);
    assert_eq!(
        world.seen("cluster1", &world.gateways("pay.example.com")),
        [
            "no-gateway(cluster9) asked.example:0 w1 cluster4 gateway pay.example.com transit cluster9"
        ]
    );
}

#[test]
fn the_order_of_the_objects_does_not_matter() {
    let world = payments("", "");
    let mut clusters: BTreeMap<Arc<str>, ClusterState> = BTreeMap::new();
    for (id, state) in &world.clusters {
        let docs: Vec<_> = state.objects().cloned().collect();
        let reversed = clusters
            .entry(Arc::clone(id))
            .or_insert_with(|| ClusterState::new(id));
        for doc in docs.into_iter().rev() {
            reversed.put(doc);
        }
    }
    assert_eq!(Ground::of(&clusters, &world.config), world.ground);
}
