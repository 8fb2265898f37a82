//! Names of products, over changes of what they are made of.

use super::fixture::config;
use super::world::{Mesh, gateway, network, service};
use crate::mesh::{ClientKind, Discovery, LinkConfig, MeshConfig};
use dns_core::{HostKind, NameBuf, NameState};

fn product(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: names.mesh/v1alpha1\nkind: ProductName\n\
         metadata: {{name: {name}, namespace: pay}}\nspec: {spec}\n"
    )
}

fn refused(mesh: &Mesh, cluster: &str, name: &str) -> Vec<String> {
    let name = NameBuf::parse(name).unwrap();
    let kind = ClientKind::of_cluster(cluster);
    let explained = mesh.compiler.explain(&name, &kind, mesh.now_ms);
    let rejected = explained.rejected.iter();
    rejected
        .map(|rejected| format!("{} {}", rejected.object, rejected.reason))
        .collect()
}

#[test]
fn hosts_that_share_an_address_do_so_when_gateways_expose_them_too() {
    let spec = "{hosts: [pay.example.com, pay.example.org], alias: true}";
    let gateways = gateway("gw", "pay.example.com") + &gateway("gw2", "pay.example.org");
    let mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", &product("pay", spec))
        .cluster("c2", &gateways);
    let vip = mesh.vip("c2", "pay.example.com");
    assert_eq!(mesh.vip("c2", "pay.example.org"), vip);
    let entry = &mesh.entries("c2", "pay.example.org")[0];
    assert_eq!(entry.kind, HostKind::Alias);
    assert!(mesh.compiler.conflicts().is_empty());
    assert_eq!(
        refused(&mesh, "c1", "pay.example.org"),
        [
            "Gateway c2/pay/gw2 is shadowed by ProductName c1/pay/pay: a ProductName has the host share an address"
        ]
    );
}

#[test]
fn a_listed_service_is_a_member_when_it_comes_later() {
    let spec = "{hosts: [pay.example.com], members: [{service: {cluster: c2, namespace: shop, name: api}}]}";
    let mut mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", &(network("n1") + &product("pay", spec)))
        .cluster("c2", &network("n1"));
    assert!(mesh.entries("c1", "pay.example.com")[0].ports.is_empty());
    mesh.set("c2", &(network("n1") + &service("api", "10.112.0.7", "")));
    assert_eq!(mesh.entries("c1", "pay.example.com")[0].ports[0].number, 80);
}

#[test]
fn gateways_that_a_product_does_not_list_are_told_and_not_cited() {
    let spec = "{hosts: [pay.example.com], members: [{gateways: {name: gw2}}]}";
    let gateways = gateway("gw", "pay.example.com") + &gateway("gw2", "pay.example.com");
    let mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", &product("pay", spec))
        .cluster("c2", &gateways);
    assert_eq!(
        refused(&mesh, "c1", "pay.example.com"),
        ["Gateway c2/pay/gw is not among the members that ProductName c1/pay/pay lists"]
    );
    let name = NameBuf::parse("pay.example.com").unwrap();
    let explained = (mesh.compiler).explain(&name, &ClientKind::of_cluster("c1"), mesh.now_ms);
    let cited: Vec<_> = explained.sources[0]
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(cited, ["ProductName c1/pay/pay", "Gateway c2/pay/gw2"]);
}

#[test]
fn a_name_that_a_policy_denies_has_no_grace() {
    let policy = "---\napiVersion: names.mesh/v1alpha1\nkind: NamePolicy\nmetadata: {name: names}\n\
        spec: {publish: [{hosts: [pay.example.com], from: []}]}\n";
    let mut mesh = Mesh::with(Discovery::GatewaysOnly)
        .cluster("c1", "")
        .cluster("c2", &gateway("gw", "pay.example.com"));
    mesh.vip("c1", "pay.example.com");
    mesh.set("c1", policy);
    assert!(mesh.entries("c1", "pay.example.com").is_empty());
    mesh.set("c1", "");
    assert_eq!(
        mesh.entries("c1", "pay.example.com")[0].state,
        NameState::Live
    );
}

#[test]
fn a_service_has_no_name_below_a_longer_domain_of_another_cluster() {
    let mut config = MeshConfig {
        discovery: Some(Discovery::AllServices),
        ..config()
    };
    let east = NameBuf::parse("east.cluster.local").unwrap();
    config.clusters.entry("c2".into()).or_default().domain = Some(east);
    let mesh = Mesh::new(config)
        .cluster("c1", &service("web", "10.96.0.7", ""))
        .cluster("c2", &service("web", "10.112.0.7", ""));
    assert_eq!(
        mesh.answer("c1", "web.shop.svc.cluster.local"),
        ["10.96.0.7"]
    );
    assert!(
        mesh.entries("c1", "web.shop.svc.east.cluster.local")
            .is_empty()
    );
    let far = mesh.answer("c2", "web.shop.svc.east.cluster.local");
    assert_eq!(far, ["10.112.0.7"]);
    assert!(mesh.entries("c2", "web.shop.svc.cluster.local").is_empty());
}

#[test]
fn an_alias_follows_its_product_to_another_address() {
    let spec = "{hosts: [pay.example.com], aliases: [pay.pay.global]}";
    let mut mesh = Mesh::with(Discovery::GatewaysOnly).cluster("c1", &product("pay", spec));
    let vip = mesh.vip("c1", "pay.example.com");
    let entry = format!(
        "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: foo, namespace: shop}}\nspec: {{hosts: [foo.example.com], addresses: [{vip}], resolution: STATIC}}\n"
    );
    let outcome = mesh.set("c1", &(product("pay", spec) + &entry));
    let moved = mesh.vip("c1", "pay.example.com");
    assert_ne!(moved, vip);
    assert_eq!(
        mesh.vip("c1", "pay.pay.global"),
        moved,
        "{:?}",
        outcome.changed
    );
}

#[test]
fn an_instance_gives_its_address_up_to_a_pin() {
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
ports: [{name: mysql, port: 3306}]
";
    let mut mesh = Mesh::with(Discovery::AllServices)
        .cluster("c1", &network("n1"))
        .cluster("c2", &(network("n2") + headless));
    let name = "mysql-0.mysql.db.svc.cluster.local";
    let vip = mesh.answer("c1", name)[0].clone();
    let entry = format!(
        "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: foo, namespace: shop}}\nspec: {{hosts: [foo.example.com], addresses: [{vip}], resolution: STATIC}}\n"
    );
    mesh.set("c1", &(network("n1") + &entry));
    assert_ne!(mesh.answer("c1", name)[0], vip);
}

#[test]
fn a_host_that_shares_an_address_keeps_it_in_its_grace() {
    let spec = "{hosts: [pay.example.com, pay.example.org], alias: true}";
    let gateways = gateway("gw", "pay.example.com") + &gateway("gw2", "pay.example.org");
    let mut mesh =
        Mesh::with(Discovery::GatewaysOnly).cluster("c1", &(product("pay", spec) + &gateways));
    let before = mesh.answer("c1", "pay.example.org");
    mesh.set("c1", "");
    assert_eq!(mesh.answer("c1", "pay.example.org"), before);
}

#[test]
fn a_grace_shows_nobody_what_discovery_hid() {
    let config = MeshConfig {
        discovery: Some(Discovery::GatewaysOnly),
        links: vec![LinkConfig {
            from: Some("c1".into()),
            to: Some("c2".into()),
            discovery: Discovery::ConfigOnly,
        }],
        ..config()
    };
    let mut mesh = Mesh::new(config)
        .cluster("c1", "")
        .cluster("c2", &gateway("gw", "pay.example.com"));
    assert!(mesh.entries("c1", "pay.example.com").is_empty());
    mesh.set("c2", "");
    assert!(mesh.entries("c1", "pay.example.com").is_empty());
}
