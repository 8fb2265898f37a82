//! Who has a name, and who may see it.

use super::fixture::{addresses, config};
use super::world::*;
use crate::mesh::{ClientKind, Discovery, MeshConfig};
use dns_core::{NameBuf, Visibility};
use std::sync::Arc;

#[test]
fn a_service_of_the_mirror_name_keeps_it_and_the_export_is_reported() {
    let exported = "mirror.linkerd.io/exported: 'true'";
    let mesh = Mesh::with(Discovery::Exported)
        .cluster("east", &service("backend-west", "10.96.3.200", ""))
        .cluster("west", &service("backend", "10.112.3.3", exported));
    let mirror = "backend-west.shop.svc.cluster.local";
    assert_eq!(mesh.answer("east", mirror), ["10.96.3.200"]);
    let conflicts = mesh.compiler.conflicts();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!(
        conflicts[0].kept.to_string(),
        "Service east/shop/backend-west"
    );
    assert_eq!(
        conflicts[0].shadowed.to_string(),
        "export west/shop/backend"
    );
}

#[test]
fn the_older_of_two_claims_of_one_host_keeps_it_and_the_other_is_told() {
    let entry = |namespace: &str, ip: &str, created: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: foo, namespace: {namespace}, creationTimestamp: '{created}'}}\n\
             spec: {{hosts: [foo.funns.global], addresses: [{ip}], resolution: STATIC}}\n"
        )
    };
    let objects = entry("other", "240.0.0.77", "2024-02-01T00:00:00Z")
        + &entry("funns", "240.0.0.2", "2024-01-01T00:00:00Z");
    let mesh = Mesh::with(Discovery::ConfigOnly).cluster("c1", &objects);
    let entries = mesh.entries("c1", "foo.funns.global");
    let answers: Vec<_> = entries.iter().map(|entry| addresses(entry)).collect();
    assert_eq!(answers, [["240.0.0.2"], ["240.0.0.77"]]);
    let conflicts = mesh.compiler.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].kept.to_string(), "ServiceEntry c1/funns/foo");
    assert_eq!(
        conflicts[0].shadowed.to_string(),
        "ServiceEntry c1/other/foo"
    );
}

#[test]
fn policies_say_who_publishes_and_who_resolves() {
    let policy = "---
apiVersion: names.mesh/v1alpha1
kind: NamePolicy
metadata: {name: names}
spec:
  publish: [{hosts: ['*.example.com'], from: [{cluster: '*', namespace: payments}]}]
  resolve: [{hosts: ['*.internal.example.net'], to: [{namespaceLabels: {tier: prod}}], otherwise: nxdomain}]
";
    let namespaces = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {tier: prod}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n";
    let mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", &(policy.to_owned() + namespaces))
        .cluster(
            "c2",
            &(gateway("gw", "pay.example.com") + &gateway("gw2", "db.internal.example.net")),
        );
    assert!(mesh.entries("c1", "pay.example.com").is_empty());
    let entry = &mesh.entries("c1", "db.internal.example.net")[0];
    let expected = Visibility::Namespaces([Arc::from("a")].into());
    assert_eq!(entry.visibility, expected);
    let name = NameBuf::parse("pay.example.com").unwrap();
    let explained = mesh
        .compiler
        .explain(&name, &ClientKind::of_cluster("c1"), mesh.now_ms);
    assert_eq!(
        explained.rejected[0].reason,
        "may not publish the name: publish[0] of NamePolicy c1/names"
    );
}

#[test]
fn gateways_of_others_take_no_names_that_are_made_of_services() {
    let hosts = [
        REVIEWS,
        "kubernetes.default.svc.cluster.local",
        "reviews.shop.svc.clusterset.local",
        "localhost",
        "8.169.150.250.in-addr.arpa",
    ];
    for host in hosts {
        let mesh = Mesh::with(Discovery::GatewaysOnly)
            .cluster("c1", &service("reviews", "10.96.0.50", ""))
            .cluster("evil", &gateway("gw", host));
        let answers: Vec<_> = (mesh.entries("c1", host).iter())
            .map(|entry| entry.source.cluster.clone())
            .collect();
        let own = if host == REVIEWS { 1 } else { 0 };
        assert_eq!(answers.len(), own, "{host}");
        assert!(
            answers
                .iter()
                .all(|cluster| cluster.as_deref() == Some("c1"))
        );
    }
}

#[test]
fn only_the_clusters_that_are_named_make_policies() {
    let policy = "---\napiVersion: names.mesh/v1alpha1\nkind: NamePolicy\nmetadata: {name: all}\n\
         spec: {publish: [{hosts: ['*.example.com'], from: []}]}\n";
    let answered = |policy_clusters: &[&str]| {
        let mesh = Mesh::new(MeshConfig {
            discovery: Some(Discovery::GatewaysOnly),
            policy_clusters: policy_clusters.iter().map(|id| Arc::from(*id)).collect(),
            ..config()
        });
        let mesh = mesh
            .cluster("c1", &gateway("gw", "pay.example.com"))
            .cluster("evil", policy);
        mesh.answer("c1", "pay.example.com").len()
    };
    assert_eq!(answered(&[]), 0);
    assert_eq!(answered(&["c1"]), 2);
    assert_eq!(answered(&["c1", "evil"]), 0);
}

#[test]
fn an_alias_is_seen_by_those_who_may_see_its_product() {
    let policy = "---\napiVersion: names.mesh/v1alpha1\nkind: NamePolicy\nmetadata: {name: all}\n\
         spec: {resolve: [{hosts: [pay.example.com], to: [{namespace: a}], otherwise: nxdomain}]}\n";
    let mesh = Mesh::with(Discovery::GatewaysOnly).cluster(
        "c1",
        &(PRODUCT.to_owned() + &gateway("gw", "pay.example.com") + policy),
    );
    let expected = Visibility::Namespaces([Arc::from("a")].into());
    for name in ["pay.example.com", "pay.pay.global"] {
        assert_eq!(mesh.entries("c1", name)[0].visibility, expected, "{name}");
    }
}
