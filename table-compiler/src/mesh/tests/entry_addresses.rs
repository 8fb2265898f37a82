//! Addresses of ServiceEntry hosts.

use super::fixture::{addresses, compiled, compiled_with, config, entry, service_entry};
use crate::mesh::MeshConfig;
use crate::mesh::WildcardVips;
use dns_core::{AddressOrigin, HostEntry, HostKind, VipState, VipWanted};

fn host_of(spec: &str) -> HostEntry {
    entry(&compiled(&service_entry(spec)), "a.example").clone()
}

fn with_label(spec: &str, label: &str) -> String {
    service_entry(spec).replace(
        "  namespace: shop\n",
        &format!("  namespace: shop\n  labels: {{{label}}}\n"),
    )
}

#[test]
fn addresses_in_the_spec_are_pins() {
    let host = host_of(
        "  hosts: [a.example]\n  resolution: DNS\n  addresses: [192.0.2.9, 192.0.2.1/32, '2001:db8::1/128', 192.0.2.9]\n",
    );
    assert_eq!(addresses(&host), ["192.0.2.9", "192.0.2.1", "2001:db8::1"]);
    assert!(
        host.addresses
            .iter()
            .all(|address| address.origin == AddressOrigin::Pinned)
    );
    assert_eq!(
        (host.vip_state, host.vip_wanted),
        (VipState::Pinned, VipWanted::default())
    );
    assert_eq!(host.kind, HostKind::External);
    assert_eq!(host.namespace.as_deref(), Some("shop"));
}

#[test]
fn a_wider_network_gives_no_answer_and_nothing_is_allotted_instead() {
    let compiled = compiled(&service_entry(
        "  hosts: [a.example]\n  resolution: STATIC\n  addresses: [192.0.2.0/24]\n",
    ));
    let host = entry(&compiled, "a.example");
    assert!(host.addresses.is_empty());
    assert_eq!(
        (host.vip_state, host.vip_wanted),
        (VipState::None, VipWanted::default())
    );
    assert_eq!(
        compiled.problems[0].field.as_deref(),
        Some("spec.addresses[0]")
    );
}

#[test]
fn a_network_beside_an_address_leaves_the_address() {
    let compiled = compiled(&service_entry(
        "  hosts: [a.example]\n  addresses: [192.0.2.0/24, 192.0.2.1]\n",
    ));
    assert_eq!(addresses(entry(&compiled, "a.example")), ["192.0.2.1"]);
}

#[test]
fn an_entry_without_addresses_wants_virtual_ones_of_both_families() {
    for resolution in ["STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"] {
        let host = host_of(&format!(
            "  hosts: [a.example]\n  resolution: {resolution}\n"
        ));
        assert_eq!(host.vip_wanted, VipWanted::BOTH, "{resolution}");
        assert!(host.addresses.is_empty());
    }
}

#[test]
fn addresses_of_the_status_are_taken_over_for_their_host() {
    let spec = "  hosts: [a.example, b.example]\n  resolution: DNS
status:
  addresses:
  - {host: A.example, value: 240.240.0.7}
  - {host: a.example, value: '2001:2::7'}
  - {host: a.example, value: seven}
";
    let compiled = compiled(&service_entry(spec));
    let host = entry(&compiled, "a.example");
    assert_eq!(addresses(host), ["240.240.0.7", "2001:2::7"]);
    assert_eq!(host.addresses[0].origin, AddressOrigin::Status);
    assert_eq!(
        (host.vip_state, host.vip_wanted),
        (VipState::Imported, VipWanted::default())
    );
    assert_eq!(entry(&compiled, "b.example").vip_wanted, VipWanted::BOTH);
    assert_eq!(
        compiled.problems[0].to_string(),
        "mesh.yaml:1: ServiceEntry shop/pay: status.addresses[2].value: \"seven\" is not an IP address"
    );
}

#[test]
fn addresses_of_the_spec_beat_those_of_the_status() {
    let host = host_of(
        "  hosts: [a.example]\n  resolution: DNS\n  addresses: [192.0.2.1]\nstatus: {addresses: [{host: a.example, value: 240.240.0.7}]}\n",
    );
    assert_eq!(addresses(&host), ["192.0.2.1"]);
}

#[test]
fn the_label_that_refuses_automatic_addresses_refuses_those_of_the_status_too() {
    let spec = "  hosts: [a.example]\n  resolution: DNS\nstatus: {addresses: [{host: a.example, value: 240.240.0.7}]}\n";
    let refused = compiled(&with_label(
        spec,
        "networking.istio.io/enable-autoallocate-ip: 'False'",
    ));
    let host = entry(&refused, "a.example");
    assert!(host.addresses.is_empty() && host.vip_wanted == VipWanted::default());
    let kept = compiled(&with_label(
        spec,
        "networking.istio.io/enable-autoallocate-ip: 'no'",
    ));
    assert_eq!(addresses(entry(&kept, "a.example")), ["240.240.0.7"]);
}

#[test]
fn an_endpoint_whose_network_label_is_empty_is_of_the_own_network() {
    let spec = "  hosts: [a.example]\n  endpoints: [{address: 10.0.0.2, labels: {topology.istio.io/network: ''}}]\n";
    let network = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {topology.istio.io/network: net1}}\n";
    let compiled = compiled(&(service_entry(spec) + network));
    assert_eq!(addresses(entry(&compiled, "a.example")), ["10.0.0.2"]);
}

#[test]
fn resolution_none_answers_with_pins_else_with_endpoints_of_the_own_network() {
    let endpoints = "  endpoints: [{address: 10.0.0.2}, {address: 10.0.0.1, network: net1}, {address: 10.0.0.3, network: net2}]\n";
    let network = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {topology.istio.io/network: net1}}\n";
    let spec = format!("  hosts: [a.example]\n{endpoints}");
    let compiled_entry = compiled(&(service_entry(&spec) + network));
    let host = entry(&compiled_entry, "a.example");
    assert_eq!(addresses(host), ["10.0.0.2", "10.0.0.1"]);
    assert_eq!(host.addresses[0].origin, AddressOrigin::Endpoint);
    assert_eq!(host.vip_wanted, VipWanted::default());
    let pinned = host_of(&format!("{spec}  addresses: [192.0.2.1]\n"));
    assert_eq!(addresses(&pinned), ["192.0.2.1"]);
}

#[test]
fn resolution_none_with_nothing_else_answers_nothing() {
    let host = host_of(
        "  hosts: [a.example]\nstatus: {addresses: [{host: a.example, value: 240.240.0.7}]}\n",
    );
    assert!(!host.is_answerable() && host.vip_wanted == VipWanted::default());
}

#[test]
fn a_wildcard_gets_a_virtual_address_only_by_dynamic_dns_or_when_switched_on() {
    let spec = |resolution| {
        service_entry(&format!(
            "  hosts: ['*.example']\n  resolution: {resolution}\n"
        ))
    };
    let wanted = |text: &str, wildcard_vips| {
        let config = MeshConfig {
            wildcard_vips,
            ..config()
        };
        let compiled = compiled_with(config, text);
        compiled.entries[0].vip_wanted == VipWanted::BOTH
    };
    assert!(!wanted(&spec("DNS"), WildcardVips::Off));
    assert!(wanted(&spec("DNS"), WildcardVips::On));
    assert!(wanted(&spec("DYNAMIC_DNS"), WildcardVips::Off));
}

#[test]
fn a_wildcard_with_addresses_answers_with_them() {
    let compiled = compiled(&service_entry(
        "  hosts: ['*.example']\n  addresses: [192.0.2.1]\n",
    ));
    assert_eq!(addresses(entry(&compiled, "*.example")), ["192.0.2.1"]);
}

#[test]
fn text_of_a_mapped_address_is_an_ipv6_address() {
    let host = host_of("  hosts: [a.example]\n  addresses: ['::ffff:192.0.2.1']\n");
    assert!(host.addresses[0].ip.is_ipv6());
}
