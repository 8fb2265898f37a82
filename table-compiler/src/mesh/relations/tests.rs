//! How clients see clusters.

use super::*;
use crate::mesh::config::{ClusterConfig, Discovery, LinkConfig};
use crate::mesh::endpoints::fixture::{
    GATEWAY_PORTS, World, link, network_gateway, place, product_gateway,
};

fn secret(target: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Secret
metadata: {{name: remote-{target}, namespace: istio-system, labels: {{istio/multiCluster: 'true'}}}}
stringData: {{{target}: kubeconfig}}
"
    )
}

fn relation(world: &World, from: &str, to: &str) -> Relation {
    let kind = ClientKind::of_cluster(from);
    relations_of(&kind, &world.ground, &world.config)[to].clone()
}

fn discovery(world: &World, from: &str, to: &str) -> Discovery {
    relation(world, from, to).discovery
}

#[test]
fn what_is_seen_of_a_cluster_follows_from_how_it_is_linked() {
    let gateway = product_gateway("gw", "203.0.113.1", "a.example", GATEWAY_PORTS);
    let world = World::new(&[
        (
            "a",
            secret("b") + &link("c", "cluster.local", "192.0.2.1", 4180),
        ),
        ("b", gateway.clone()),
        ("c", gateway.clone()),
        ("d", gateway),
        ("e", String::new()),
    ]);
    for (to, expected) in [
        ("a", Discovery::AllServices),
        ("b", Discovery::AllServices),
        ("c", Discovery::Exported),
        ("d", Discovery::GatewaysOnly),
        ("e", Discovery::ConfigOnly),
    ] {
        assert_eq!(discovery(&world, "a", to), expected, "{to}");
    }
    assert_eq!(
        discovery(&world, "b", "a"),
        Discovery::ConfigOnly,
        "a secret is one way"
    );
}

#[test]
fn configuration_says_otherwise_for_a_link_or_for_all() {
    let clusters = [
        ("a", secret("b")),
        ("b", String::new()),
        ("c", String::new()),
    ];
    let world = World::with(&clusters, |config| {
        config.discovery = Some(Discovery::Exported);
        config.links = vec![LinkConfig {
            from: None,
            to: Some("b".into()),
            discovery: Discovery::GatewaysOnly,
        }];
    });
    assert_eq!(discovery(&world, "a", "b"), Discovery::GatewaysOnly);
    assert_eq!(discovery(&world, "a", "c"), Discovery::Exported);
    assert_eq!(discovery(&world, "b", "b"), Discovery::AllServices);
}

#[test]
fn clients_are_served_the_service_entries_of_one_cluster() {
    let clusters = [("a", String::new()), ("b", String::new())];
    let sources = |world: &World, from: &str| {
        let to = |to| relation(world, from, to).is_config_source;
        (to("a"), to("b"))
    };
    let world = World::new(&clusters);
    assert_eq!(sources(&world, "b"), (false, true));
    let world = World::with(&clusters, |config| {
        let said = ClusterConfig {
            served_by: Some("a".into()),
            ..ClusterConfig::default()
        };
        config.clusters.insert("b".into(), said);
    });
    assert_eq!(sources(&world, "b"), (true, false));
}

#[test]
fn clients_differ_only_in_what_a_cluster_has() {
    let world = World::new(&[
        ("a", place("net1", "eu", "eu-a")),
        ("b", place("net2", "us", "us-a")),
        ("c", place("net3", "asia", "asia-a")),
    ]);
    assert_eq!(relation(&world, "a", "c"), relation(&world, "b", "c"));
    assert_ne!(relation(&world, "a", "b"), relation(&world, "b", "b"));
}

#[test]
fn equal_links_of_two_clusters_are_seen_alike() {
    let to_west = link("west", "cluster.local", "192.0.2.1", 4180);
    let other = link("west", "cluster.local", "192.0.2.2", 4180);
    let world = World::new(&[
        ("a", to_west.clone()),
        ("b", to_west),
        ("c", other),
        ("west", String::new()),
    ]);
    assert_eq!(relation(&world, "a", "west"), relation(&world, "b", "west"));
    assert_ne!(relation(&world, "a", "west"), relation(&world, "c", "west"));
}

/// Clusters a to e, each in a network of its own, with what each is reached by.
fn via(ways: &[(&str, &str)]) -> World {
    let cluster = |id: &str| {
        let network = format!("net-{id}");
        place(&network, "eu", "eu-a") + &network_gateway(&network, &["192.0.2.1"])
    };
    let clusters = ["a", "b", "c", "d", "e"].map(|id| (id, cluster(id)));
    World::with(&clusters, |config| {
        for (cluster, way) in ways {
            let said = ClusterConfig {
                reachable_via: Some((*way).into()),
                ..ClusterConfig::default()
            };
            config.clusters.insert((*cluster).into(), said);
        }
    })
}

fn transit(world: &World, from: &str, to: &str) -> Option<String> {
    relation(world, from, to).transit.map(|way| way.to_string())
}

#[test]
fn the_first_on_the_way_that_a_client_reaches_is_entered() {
    let world = via(&[("d", "c"), ("c", "b")]);
    for (from, expected) in [("a", Some("b")), ("b", Some("c")), ("c", None), ("d", None)] {
        assert_eq!(transit(&world, from, "d").as_deref(), expected, "{from}");
    }
    assert_eq!(transit(&world, "a", "e"), None);
}

#[test]
fn a_network_may_be_the_way_and_be_reached_by_another() {
    let world = via(&[("d", "net-c")]);
    assert_eq!(transit(&world, "a", "d").as_deref(), Some("c"));
    assert_eq!(transit(&world, "c", "d"), None);
    let mut world = via(&[]);
    world.config.networks.insert("net-d".into(), "b".into());
    assert_eq!(transit(&world, "a", "d").as_deref(), Some("b"));
    assert_eq!(transit(&world, "b", "d"), None);
}

#[test]
fn a_loop_counts_as_nothing_said() {
    let world = via(&[("a", "b"), ("b", "c"), ("c", "b"), ("e", "e")]);
    assert_eq!(transit(&world, "d", "a"), None);
    assert_eq!(transit(&world, "d", "e"), None);
}
