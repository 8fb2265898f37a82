//! Services behind Links.

use super::*;

/// A service that west exports, seen from east.
pub(super) fn exported(label: &str, domain: &str) -> World {
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
