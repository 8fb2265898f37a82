//! Tables of one cluster as a whole.

use super::fixture::{MESH, addresses, compile, compiled, entries, entry, service_entry};
use crate::input::{Scope, documents};
use dns_core::{AddressOrigin, HostKind, Visibility};
use std::sync::Arc;

#[test]
fn the_order_of_the_objects_does_not_matter() {
    let mut objects = documents("mesh.yaml", MESH).objects;
    let expected = compile(&objects);
    assert!(expected.entries.len() > 8);
    for i in 0..objects.len() * 3 {
        objects.rotate_left(1);
        let (a, b) = (i % objects.len(), (i * 7 + 3) % objects.len());
        objects.swap(a, b);
        assert_eq!(compile(&objects), expected);
    }
}

#[test]
fn entries_are_sorted_by_name_and_a_service_leaves_nothing_to_its_decorators() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: n}}\nspec: {{clusterIP: 10.0.0.1}}\n",
        service_entry("  hosts: [b.example, a.n.svc.cluster.local]\n  addresses: [192.0.2.1]\n"),
    );
    let compiled = compiled(&text);
    let kinds: Vec<_> = compiled
        .entries
        .iter()
        .map(|e| (e.name.to_string(), e.kind))
        .collect();
    let service = "a.n.svc.cluster.local".to_owned();
    assert_eq!(
        kinds,
        [
            ("b.example".to_owned(), HostKind::External),
            (service, HostKind::Service),
        ]
    );
}

#[test]
fn of_two_objects_of_one_name_the_older_is_used_and_both_places_are_named() {
    let text = "\
kind: Service
apiVersion: v1
metadata: {name: a, creationTimestamp: '2024-01-02T00:00:00Z'}
spec: {clusterIP: 10.0.0.2}
---
kind: Service
apiVersion: v1
metadata: {name: a, creationTimestamp: '2024-01-01T00:00:00Z'}
spec: {clusterIP: 10.0.0.1}
";
    let compiled = compiled(text);
    assert_eq!(
        addresses(entry(&compiled, "a.default.svc.cluster.local")),
        ["10.0.0.1"]
    );
    assert_eq!(
        compiled.problems[0].to_string(),
        "mesh.yaml:1: Service default/a: is a second object of this name; the one at \
         mesh.yaml:6 is used; remove one of them"
    );
    assert_eq!(compiled.problems[0].scope, Scope::Field);
}

#[test]
fn addresses_of_one_host_are_never_merged_across_owners() {
    let spec = "  hosts: [a.example]\n  addresses: [192.0.2.1]\n";
    let other = service_entry(spec).replace("namespace: shop", "namespace: other");
    let other = other.replace("192.0.2.1", "192.0.2.2");
    let compiled = compiled(&format!("{}---\n{other}", service_entry(spec)));
    let variants: Vec<_> = entries(&compiled, "a.example").map(addresses).collect();
    assert_eq!(variants, [["192.0.2.2"], ["192.0.2.1"]]);
}

#[test]
fn every_entry_says_where_it_came_from() {
    let compiled = compiled(&service_entry("  hosts: [a.example]\n").replace(
        "  name: pay\n",
        "  name: pay\n  generation: 7\n  creationTimestamp: 1970-01-01T00:01:00Z\n",
    ));
    let entry = entry(&compiled, "a.example");
    assert_eq!(entry.source.location.as_deref(), Some("mesh.yaml:1"));
    assert_eq!(entry.source.generation, 7);
    assert_eq!(entry.source.cluster.as_deref(), Some("cluster1"));
    assert_eq!(
        (&*entry.source.kind, &*entry.source.name),
        ("ServiceEntry", "pay")
    );
    assert_eq!(entry.source.namespace.as_deref(), Some("shop"));
    assert_eq!(entry.created_secs, Some(60));
}

#[test]
fn export_to_names_the_namespaces_that_may_resolve_a_host() {
    for (export_to, expected) in [
        ("[]", None),
        ("['*']", None),
        ("[a, '*']", None),
        ("['.']", Some(vec!["shop"])),
        ("['~']", Some(vec![])),
        ("[b, ., a]", Some(vec!["a", "b", "shop"])),
    ] {
        let spec = format!("  hosts: [a.example]\n  exportTo: {export_to}\n");
        let compiled = compiled(&service_entry(&spec));
        let seen_by = match &entry(&compiled, "a.example").visibility {
            Visibility::Everyone => None,
            Visibility::Namespaces(names) => Some(names.iter().map(|n| &**n).collect::<Vec<_>>()),
        };
        assert_eq!(seen_by, expected, "{export_to}");
    }
}

#[test]
fn the_annotation_of_a_service_limits_who_may_resolve_it() {
    let compiled = compiled(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: \
         {networking.istio.io/exportTo: '., b'}\nspec: {clusterIP: 10.0.0.1}\n",
    );
    let expected = ["b", "default"].map(Arc::from).into();
    let entry = entry(&compiled, "a.default.svc.cluster.local");
    assert_eq!(entry.visibility, Visibility::Namespaces(expected));
}

#[test]
fn the_whole_mesh_compiles_without_warnings() {
    let compiled = compiled(MESH);
    assert_eq!(compiled.problems, []);
    let origins: Vec<_> = compiled
        .entries
        .iter()
        .flat_map(|e| &e.addresses)
        .map(|a| a.origin)
        .collect();
    for origin in [
        AddressOrigin::Cluster,
        AddressOrigin::Endpoint,
        AddressOrigin::Pinned,
    ] {
        assert!(origins.contains(&origin), "{origin:?}");
    }
}
