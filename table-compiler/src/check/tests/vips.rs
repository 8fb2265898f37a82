//! Virtual addresses.

use super::*;

#[test]
fn a_pool_that_holds_an_address_of_a_cluster_fails() {
    let mesh = Mesh::with_west(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n\
         spec: {podCIDRs: [250.7.0.0/16]}\n",
    );
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::VipsPoolsOverlap);
    assert_eq!(line.object.as_deref(), Some("Node n1"));
    assert!(line.reason.unwrap().contains("250.0.0.0/8"));
}

#[test]
fn hosts_pinned_to_one_address_and_port_fail_and_other_ports_do_not() {
    let entry = |name: &str, port: u16| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: shop}}\n\
             spec: {{hosts: [{name}.global], addresses: [240.0.0.9], resolution: STATIC, \
             ports: [{{name: http, number: {port}, protocol: HTTP}}], \
             endpoints: [{{address: 192.0.2.1}}]}}\n"
        )
    };
    let apart = Mesh::with_east(&format!("{}---\n{}", entry("a", 80), entry("b", 81)));
    assert_eq!(apart.failed(), []);
    let mesh = Mesh::with_east(&format!("{}---\n{}", entry("a", 80), entry("b", 80)));
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::VipsSharedPins);
    assert_eq!(
        line.objects,
        ["ServiceEntry east/shop/a", "ServiceEntry east/shop/b"]
    );
}

#[test]
fn a_name_that_finds_its_pool_full_fails() {
    use dns_core::vip::{Pool, PoolKind, Pools};
    let mut mesh = Mesh::sound();
    let names = Pool::new(["250.0.0.0/30".parse().unwrap()]).unwrap();
    mesh.vips.pools = Pools::new(names, Pool::default_for(PoolKind::Instances)).unwrap();
    let entry = |name: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: shop}}\n\
             spec: {{hosts: [{name}.global], resolution: STATIC, \
             ports: [{{name: http, number: 80, protocol: HTTP}}], \
             endpoints: [{{address: 192.0.2.1}}]}}\n"
        )
    };
    mesh.east += &["a", "b", "c"].map(entry).concat();
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::VipsExhausted);
}
