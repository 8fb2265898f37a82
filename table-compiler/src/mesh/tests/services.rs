//! Names of Services of the own cluster.

use super::fixture::{addresses, compile_in, compiled, entry, service};
use crate::mesh::MeshConfig;
use dns_core::{AddressOrigin, HostKind, NameBuf};

#[test]
fn a_service_answers_with_its_cluster_addresses_in_order() {
    let compiled = compiled(&service(
        "{clusterIPs: ['2001:db8::a', 10.96.0.7], clusterIP: '2001:db8::a'}",
    ));
    let entry = entry(&compiled, "web.shop.svc.cluster.local");
    assert_eq!(addresses(entry), ["2001:db8::a", "10.96.0.7"]);
    assert_eq!(entry.addresses[0].origin, AddressOrigin::Cluster);
    assert_eq!(entry.kind, HostKind::Service);
    assert!(entry.short_names && entry.canonical);
    assert_eq!(entry.namespace.as_deref(), Some("shop"));
}

#[test]
fn a_service_without_cluster_address_has_an_entry_that_answers_nothing() {
    let compiled = compiled(&service("{ports: [{port: 80}]}"));
    assert!(!entry(&compiled, "web.shop.svc.cluster.local").is_answerable());
}

#[test]
fn an_external_name_is_a_cname() {
    let compiled = compiled(&service(
        "{type: ExternalName, externalName: Db.Example.COM}",
    ));
    let entry = entry(&compiled, "web.shop.svc.cluster.local");
    assert_eq!(entry.cname, Some(NameBuf::parse("db.example.com").unwrap()));
    assert!(entry.short_names && entry.addresses.is_empty());
}

#[test]
fn ports_carry_name_transport_and_application_protocol() {
    let compiled = compiled(&service(
        "{clusterIP: 10.0.0.1, ports: [{name: dns, port: 53, protocol: UDP}, {port: 80, appProtocol: http}]}",
    ));
    let ports = &entry(&compiled, "web.shop.svc.cluster.local").ports;
    let shown: Vec<_> = ports
        .iter()
        .map(|p| {
            (
                p.name.as_deref(),
                p.number,
                p.transport.label(),
                p.app_protocol.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Some("dns"), 53, "udp", None),
            (None, 80, "tcp", Some("http"))
        ]
    );
}

#[test]
fn a_service_whose_name_does_not_fit_is_left_out_with_a_warning() {
    let long = "x".repeat(63);
    let domain = NameBuf::parse(&[&*long, &long, &long].join(".")).unwrap();
    let parsed = crate::documents(
        "a.yaml",
        &service("{clusterIP: 10.0.0.1}").replace("web", &long),
    );
    let compiled = compile_in(MeshConfig::new(domain), &parsed.objects);
    assert_eq!(compiled.entries, []);
    assert!(
        compiled.problems[0]
            .to_string()
            .ends_with("is longer than 255 octets")
    );
}
