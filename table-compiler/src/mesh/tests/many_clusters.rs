//! Names that several clusters have to do with.

use super::fixture::config;
use super::world::*;
use crate::input::{ObjectId, ObjectKind, documents};
use crate::mesh::{Changed, ClientKind, Discovery, MeshConfig, NameTemplate, ObjectChange, Stale};
use dns_core::vip::RecordState;
use dns_core::{HostEntry, HostKind, NameBuf, VipState};
use std::sync::Arc;

#[test]
fn a_service_answers_its_own_address_at_home_and_one_virtual_address_elsewhere() {
    let mesh = Mesh::with(Discovery::AllServices)
        .cluster("c1", &network("n1"))
        .cluster(
            "c2",
            &(network("n2") + &service("reviews", "10.112.0.50", "")),
        )
        .cluster("c3", &network("n3"));
    assert_eq!(mesh.answer("c2", REVIEWS), ["10.112.0.50"]);
    let vip = mesh.vip("c1", REVIEWS);
    assert_eq!(mesh.vip("c3", REVIEWS), vip);
    let entry = &mesh.entries("c1", REVIEWS)[0];
    assert_eq!(
        (entry.kind, entry.vip_state),
        (HostKind::Service, VipState::Allotted)
    );
    assert!(entry.short_names);
    assert!(Arc::ptr_eq(entry, &mesh.entries("c3", REVIEWS)[0]));
}

#[test]
fn a_service_of_both_clusters_answers_each_ones_own_address() {
    let mesh = Mesh::with(Discovery::AllServices)
        .cluster("c1", &service("reviews", "10.96.0.50", ""))
        .cluster("c2", &service("reviews", "10.112.0.50", ""));
    assert_eq!(mesh.answer("c1", REVIEWS), ["10.96.0.50"]);
    assert_eq!(mesh.answer("c2", REVIEWS), ["10.112.0.50"]);
    assert!(mesh.ledger.is_empty());
}

#[test]
fn discovery_hides_what_it_does_not_show() {
    for (discovery, service_is_seen, host_is_seen) in [
        (Discovery::ConfigOnly, false, false),
        (Discovery::GatewaysOnly, false, true),
        (Discovery::Exported, false, false),
        (Discovery::AllServices, true, true),
    ] {
        let objects = service("reviews", "10.112.0.50", "") + &gateway("gw", "pay.example.com");
        let mesh = Mesh::with(discovery)
            .cluster("c1", "")
            .cluster("c2", &objects);
        let seen = |name| !mesh.answer("c1", name).is_empty();
        assert_eq!(seen(REVIEWS), service_is_seen, "{discovery:?}");
        assert_eq!(seen("pay.example.com"), host_is_seen, "{discovery:?}");
        assert_eq!(
            mesh.answer("c2", "pay.example.com").len(),
            2,
            "{discovery:?}"
        );
    }
}

#[test]
fn explain_names_the_discovery_that_hides_a_name() {
    let mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", "")
        .cluster("c2", &service("reviews", "10.112.0.50", ""));
    let name = NameBuf::parse(REVIEWS).unwrap();
    let explained = mesh
        .compiler
        .explain(&name, &ClientKind::of_cluster("c1"), mesh.now_ms);
    assert!(explained.entries.is_empty());
    let told: Vec<String> = explained
        .rejected
        .iter()
        .map(|rejected| format!("{}: {}", rejected.object, rejected.reason))
        .collect();
    assert_eq!(
        told,
        ["Service c2/shop/reviews: is hidden: discovery of c2 is gateways-only"]
    );
}

#[test]
fn an_exported_service_has_a_mirror_name_and_its_plain_name_stays_its_own() {
    let exported = "mirror.linkerd.io/exported: 'true'";
    let mut mesh = Mesh::with(Discovery::Exported)
        .cluster("east", &service("backend", "10.96.3.3", ""))
        .cluster("west", &service("backend", "10.112.3.3", exported));
    let mirror = "backend-west.shop.svc.cluster.local";
    let vip = mesh.vip("east", mirror);
    assert_eq!(
        mesh.answer("east", "backend.shop.svc.cluster.local"),
        ["10.96.3.3"]
    );
    assert_eq!(mesh.entries("east", mirror)[0].kind, HostKind::Mirror);
    let outcome = mesh.set("west", &service("backend", "10.112.3.3", ""));
    assert!(mesh.entries("east", mirror).is_empty());
    let name = NameBuf::parse(mirror).unwrap();
    assert!(matches!(&outcome.changed, Changed::Names(names) if names.contains(&name)));
    let released = mesh.ledger.record(vip.parse().unwrap()).unwrap();
    assert_eq!(released.state, RecordState::Released);
    mesh.set("west", &service("backend", "10.112.3.3", exported));
    assert_eq!(mesh.vip("east", mirror), vip);
}

#[test]
fn templates_name_services_by_their_cluster_everywhere() {
    let template = NameTemplate::parse("{{svc}}.{{ns}}.svc.{{cluster}}.global").unwrap();
    let mesh = Mesh::new(MeshConfig {
        discovery: Some(Discovery::AllServices),
        name_templates: vec![template],
        ..config()
    })
    .cluster("c1", &service("reviews", "10.96.0.50", ""))
    .cluster("c2", &service("reviews", "10.112.0.50", ""));
    let name = "reviews.shop.svc.c2.global";
    assert_eq!(mesh.vip("c1", name), mesh.vip("c2", name));
    assert_ne!(
        mesh.vip("c1", name),
        mesh.vip("c1", "reviews.shop.svc.c1.global")
    );
}

#[test]
fn a_headless_service_elsewhere_answers_a_virtual_address_for_every_instance() {
    let headless = "---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: db}
spec: {clusterIP: None, ports: [{name: mysql, port: 3306}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: mysql-1, namespace: db, labels: {kubernetes.io/service-name: mysql}}
addressType: IPv4
endpoints:
- {addresses: [10.2.0.10], hostname: mysql-0}
- {addresses: [10.2.0.11], hostname: mysql-1}
ports: [{name: mysql, port: 3306}]
";
    let mut mesh = Mesh::with(Discovery::AllServices)
        .cluster("c1", &network("n1"))
        .cluster("c2", &(network("n2") + headless))
        .cluster("c3", &network("n2"));
    assert_eq!(
        mesh.answer("c2", "mysql.db.svc.cluster.local"),
        ["10.2.0.10", "10.2.0.11"]
    );
    assert_eq!(
        mesh.answer("c3", "mysql-1.mysql.db.svc.cluster.local"),
        ["10.2.0.11"]
    );
    let first = mesh.answer("c1", "mysql-0.mysql.db.svc.cluster.local");
    let second = mesh.answer("c1", "mysql-1.mysql.db.svc.cluster.local");
    assert!(first[0].starts_with("251."), "{first:?}");
    assert_eq!(
        mesh.answer("c1", "mysql.db.svc.cluster.local"),
        [first.clone(), second].concat()
    );
    let scaled = headless.replace("- {addresses: [10.2.0.11], hostname: mysql-1}\n", "");
    mesh.set("c2", &(network("n2") + &scaled));
    assert_eq!(mesh.answer("c1", "mysql.db.svc.cluster.local"), first);
    assert!(
        mesh.entries("c1", "mysql-1.mysql.db.svc.cluster.local")
            .is_empty()
    );
}

#[test]
fn an_exported_service_has_a_name_in_the_set_of_clusters() {
    let export = "---\napiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceExport\nmetadata: {name: reviews, namespace: shop}\n";
    let mesh = Mesh::with(Discovery::ConfigOnly)
        .cluster("c1", "")
        .cluster("c2", &(service("reviews", "10.112.0.50", "") + export));
    let name = "reviews.shop.svc.clusterset.local";
    assert_eq!(mesh.vip("c1", name), mesh.vip("c2", name));
    assert!(!mesh.entries("c1", name)[0].short_names);
    assert!(mesh.entries("c1", REVIEWS).is_empty());
}

#[test]
fn slices_that_were_imported_are_the_endpoints_of_their_import() {
    let import = |kind: &str| {
        format!(
            "---\napiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceImport\n\
             metadata: {{name: mysql, namespace: db}}\n\
             spec: {{type: {kind}, ips: [], ports: [{{name: sql, port: 3306}}]}}\n"
        )
    };
    let slice = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
        metadata: {name: mysql-c9, namespace: db, labels: {multicluster.kubernetes.io/service-name: mysql, multicluster.kubernetes.io/source-cluster: c9}}\n\
        addressType: IPv4\nports: [{name: sql, port: 3306}]\n\
        endpoints: [{addresses: [10.9.0.10], hostname: mysql-0}, {addresses: [10.9.0.11], conditions: {ready: false}, hostname: mysql-1}]\n";
    let name = "mysql.db.svc.clusterset.local";
    let instance = "mysql-0.c9.mysql.db.svc.clusterset.local";
    let mut mesh = Mesh::with(Discovery::ConfigOnly).cluster("c1", &(import("Headless") + slice));
    for name in [name, instance] {
        assert_eq!(mesh.answer("c1", name), ["10.9.0.10"]);
    }
    assert_eq!(mesh.entries("c1", instance)[0].kind, HostKind::Instance);
    let hostnames = mesh.entries("c1", name)[0].endpoints.iter();
    let hostnames: Vec<_> = hostnames.map(|e| e.hostname.as_deref().unwrap()).collect();
    assert_eq!(hostnames, ["mysql-0.c9", "mysql-1.c9"]);
    assert!(mesh.entries("c1", &instance.replace("-0", "-1")).is_empty());
    let change = |mesh: &mut Mesh, text: &str| {
        for doc in documents("c1.yaml", text).objects {
            let change = ObjectChange::Put(Box::new(doc));
            mesh.compiler.change(&"c1".into(), change);
        }
        mesh.compile();
    };
    change(&mut mesh, &import("ClusterSetIP"));
    assert!(mesh.entries("c1", instance).is_empty());
    change(&mut mesh, &import("Headless"));
    assert_eq!(mesh.answer("c1", instance), ["10.9.0.10"]);
    let gone = ObjectId::new(ObjectKind::EndpointSlice, "db", "mysql-c9");
    mesh.compiler
        .change(&"c1".into(), ObjectChange::Delete(gone));
    mesh.compile();
    for name in [name, instance] {
        assert_eq!(mesh.answer("c1", name), [""; 0]);
    }
}

#[test]
fn an_entry_answers_endpoints_of_a_network_that_only_it_names() {
    let entry = "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
        metadata: {name: foo, namespace: shop}\n\
        spec: {hosts: [foo.example.com], resolution: NONE, ports: [{name: tcp, number: 9000, protocol: TCP}],\n  \
        endpoints: [{address: 192.0.2.1, network: n1}, {address: 192.0.2.2, network: n2}, {address: 192.0.2.3}]}\n";
    let mut mesh = Mesh::with(Discovery::ConfigOnly);
    let kind = ClientKind {
        network: Some("n1".into()),
        ..ClientKind::of_cluster("c1")
    };
    mesh.compiler.set_kinds(vec![kind.clone()]);
    let mesh = mesh.cluster("c1", entry);
    let name = NameBuf::parse("foo.example.com").unwrap();
    let table = mesh.compiler.table(&kind).unwrap();
    let entry = &table.get(&name).unwrap()[0];
    let near: Vec<_> = entry
        .addresses
        .iter()
        .filter(|a| a.network.as_deref().is_none_or(|network| network == "n1"))
        .map(|a| a.ip.to_string())
        .collect();
    assert_eq!(near, ["192.0.2.1", "192.0.2.3"]);
}

#[test]
fn changes_one_by_one_give_what_all_at_once_gives() {
    let objects = [
        service("a", "10.0.0.1", ""),
        service("b", "10.0.0.2", "mirror.linkerd.io/exported: 'true'"),
        gateway("gw", "pay.example.com"),
        PRODUCT.to_owned(),
        network("n2"),
    ];
    let mut stepwise = Mesh::with(Discovery::AllServices)
        .cluster("c1", "")
        .cluster("c2", "");
    for text in &objects {
        for doc in documents("c2.yaml", text).objects {
            let change = ObjectChange::Put(Box::new(doc));
            stepwise.compiler.change(&"c2".into(), change);
            stepwise.compile();
        }
    }
    let gone = ObjectId::new(ObjectKind::Service, "shop", "a");
    stepwise
        .compiler
        .change(&"c2".into(), ObjectChange::Delete(gone));
    stepwise.compile();
    let mut whole = Mesh::with(Discovery::AllServices).cluster("c1", "");
    whole.ledger = stepwise.ledger.clone();
    let docs: Vec<_> = objects[1..]
        .iter()
        .flat_map(|text| documents("c2.yaml", text).objects)
        .collect();
    whole.compiler.set_cluster(&"c2".into(), &docs, Stale::None);
    whole.compile();
    for cluster in ["c1", "c2"] {
        let kind = ClientKind::of_cluster(cluster);
        let entries = |mesh: &Mesh| -> Vec<HostEntry> {
            let table = mesh.compiler.table(&kind).unwrap();
            table.entries().map(|entry| (**entry).clone()).collect()
        };
        assert_eq!(entries(&stepwise), entries(&whole), "{cluster}");
    }
}
