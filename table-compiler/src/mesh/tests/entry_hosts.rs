//! Hosts of ServiceEntries.

use super::fixture::{compiled, entry, service_entry};

#[test]
fn every_host_of_an_entry_is_an_entry_of_its_own_and_counts_once() {
    let compiled = compiled(&service_entry(
        "  hosts: [b.example, A.example, a.example.]\n  resolution: DNS\n",
    ));
    let names: Vec<_> = compiled
        .entries
        .iter()
        .map(|e| e.name.to_string())
        .collect();
    assert_eq!(names, ["a.example", "b.example"]);
}

#[test]
fn only_hosts_of_service_form_have_short_names() {
    for (host, expected) in [
        ("a.b.svc.cluster.local", true),
        ("a.b.c.svc.cluster.local", false),
        ("a.svc.cluster.local", false),
        ("'*.b.svc.cluster.local'", false),
        ("a.b.xsvc.cluster.local", false),
        ("a.example", false),
    ] {
        let compiled = compiled(&service_entry(&format!("  hosts: [{host}]\n")));
        assert_eq!(compiled.entries[0].short_names, expected, "{host}");
    }
}

#[test]
fn an_endpoint_without_address_is_left_out_with_a_warning() {
    let compiled = compiled(&service_entry(
        "  hosts: [a.example]\n  resolution: STATIC\n  endpoints: [{network: net2}]\n",
    ));
    assert_eq!(entry(&compiled, "a.example").endpoints, []);
    assert_eq!(
        compiled.problems[0].field.as_deref(),
        Some("spec.endpoints[0]")
    );
}
