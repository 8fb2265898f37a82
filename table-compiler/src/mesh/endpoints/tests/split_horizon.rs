//! Services of several networks.

use super::*;

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
