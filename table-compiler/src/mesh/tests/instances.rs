//! Names of endpoints of Services.

use super::fixture::{MESH, addresses, compiled, entry, names_of, service, slice};
use dns_core::{AddressOrigin, HostKind};

#[test]
fn a_headless_service_answers_with_its_ready_endpoints() {
    let text = service("{clusterIP: None, ports: [{name: http, port: 80}]}")
        + &slice(
            "web-1",
            "addressType: IPv4
endpoints:
- {addresses: [10.3.0.2], hostname: web-1}
- {addresses: [10.3.0.1], hostname: web-0, conditions: {ready: true}}
- {addresses: [10.3.0.3], hostname: web-2, conditions: {ready: false}}
ports: [{name: http, port: 80}, {name: admin, port: 90}]",
        );
    let compiled = compiled(&text);
    let service = entry(&compiled, "web.shop.svc.cluster.local");
    assert_eq!(service.kind, HostKind::Headless);
    assert_eq!(addresses(service), ["10.3.0.1", "10.3.0.2"]);
    assert_eq!(service.addresses[0].origin, AddressOrigin::Endpoint);
    assert_eq!(service.endpoints.len(), 6);
    assert_eq!(
        names_of(&compiled, HostKind::Instance),
        [
            "web-0.web.shop.svc.cluster.local",
            "web-1.web.shop.svc.cluster.local"
        ]
    );
    let instance = entry(&compiled, "web-0.web.shop.svc.cluster.local");
    assert_eq!(addresses(instance), ["10.3.0.1"]);
    assert!(instance.short_names && instance.canonical);
}

#[test]
fn endpoints_that_share_a_host_name_are_one_instance() {
    let text = service("{clusterIP: None}")
        + &slice(
            "v4",
            "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1], hostname: Web-0}]",
        )
        + &slice(
            "v6",
            "addressType: IPv6\nendpoints: [{addresses: ['2001:db8::1'], hostname: web-0}]",
        );
    let compiled = compiled(&text);
    let instance = entry(&compiled, "web-0.web.shop.svc.cluster.local");
    assert_eq!(addresses(instance), ["10.3.0.1", "2001:db8::1"]);
}

#[test]
fn an_endpoint_without_host_name_is_named_after_its_address() {
    let text = service("{clusterIP: None}")
        + &slice(
            "v4",
            "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1]}]",
        )
        + &slice(
            "v6",
            "addressType: IPv6\nendpoints: [{addresses: ['2001:db8::1']}]",
        );
    let compiled = compiled(&text);
    assert_eq!(
        names_of(&compiled, HostKind::Instance),
        [
            "10-3-0-1.web.shop.svc.cluster.local",
            "2001-db8--1.web.shop.svc.cluster.local"
        ]
    );
    let endpoints = &entry(&compiled, "web.shop.svc.cluster.local").endpoints;
    assert_eq!(endpoints[0].hostname.as_deref(), Some("10-3-0-1"));
}

#[test]
fn a_headless_service_without_ready_endpoints_answers_nothing() {
    let text = service("{clusterIP: None}")
        + &slice(
            "a",
            "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1], conditions: {ready: false}}]",
        );
    let compiled = compiled(&text);
    assert!(!entry(&compiled, "web.shop.svc.cluster.local").is_answerable());
    assert_eq!(names_of(&compiled, HostKind::Instance), [""; 0]);
}

#[test]
fn published_endpoints_count_as_ready_before_they_are() {
    let text = service("{clusterIP: None, publishNotReadyAddresses: true}")
        + &slice(
            "a",
            "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1], conditions: {ready: false}}]",
        );
    let compiled = compiled(&text);
    assert_eq!(
        addresses(entry(&compiled, "web.shop.svc.cluster.local")),
        ["10.3.0.1"]
    );
    assert_eq!(
        names_of(&compiled, HostKind::Instance),
        ["10-3-0-1.web.shop.svc.cluster.local"]
    );
}

#[test]
fn the_network_of_the_root_namespace_is_the_network_of_the_endpoints() {
    let compiled = compiled(MESH);
    let headless = entry(&compiled, "db.shop.svc.cluster.local");
    assert!(
        headless
            .endpoints
            .iter()
            .all(|e| e.network.as_deref() == Some("net1"))
    );
    assert!(
        headless
            .addresses
            .iter()
            .all(|a| a.network.as_deref() == Some("net1"))
    );
}

#[test]
fn an_endpoint_with_a_host_name_is_an_instance_of_an_ordinary_service_too() {
    let endpoints = "endpoints: [{addresses: [10.3.0.1], hostname: a}, {addresses: [10.3.0.2]}]";
    let text =
        service("{clusterIP: 10.0.0.1}") + &slice("v4", &format!("addressType: IPv4\n{endpoints}"));
    let compiled = compiled(&text);
    assert_eq!(
        names_of(&compiled, HostKind::Instance),
        ["a.web.shop.svc.cluster.local"]
    );
    assert_eq!(
        addresses(entry(&compiled, "a.web.shop.svc.cluster.local")),
        ["10.3.0.1"]
    );
    assert_eq!(
        addresses(entry(&compiled, "web.shop.svc.cluster.local")),
        ["10.0.0.1"]
    );
}

#[test]
fn a_headless_service_has_the_ports_of_its_slices() {
    let text = service("{clusterIP: None, ports: [{name: http, port: 80}]}")
        + &slice(
            "v4",
            "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1]}]\nports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]",
        );
    let compiled = compiled(&text);
    let ports = &entry(&compiled, "web.shop.svc.cluster.local").ports;
    let shown: Vec<_> = ports
        .iter()
        .map(|p| (p.name.as_deref(), p.number, p.transport.label()))
        .collect();
    assert_eq!(shown, [(Some("http"), 80, "tcp"), (Some("dns"), 53, "udp")]);
}
