//! What depends on who asks.

use crate::support::{ask, host, resolver, sidecar, snapshot};
use crate::table;
use dns_core::wire::record::Rtype;
use dns_core::{AddressOrigin, Families, HostAddress, HostKind, View, Views, Visibility};
use std::sync::Arc;

#[test]
fn families_hide_what_was_allotted_and_never_what_was_written() {
    let mut entry = host("pay.example.com", HostKind::External, &[]);
    let allotted = |ip: &str| HostAddress::new(ip.parse().unwrap(), AddressOrigin::Allotted);
    entry.addresses = vec![allotted("250.1.2.3"), allotted("2001:2:0:8000::1")];
    let written = host("six.example.com", HostKind::External, &["2001:db8::6"]);
    let entries = vec![entry, written];
    let mut v4 = resolver(snapshot(entries.clone(), sidecar(), &[]));
    let nodata = ask(&mut v4, "pay.example.com", Rtype::AAAA);
    assert_eq!(nodata, "NOERROR aa | | pay.example.com/SOA/5=soa");
    let written = "NOERROR aa | six.example.com/AAAA/30=2001:db8::6 |";
    assert_eq!(ask(&mut v4, "six.example.com", Rtype::AAAA), written);
    let both = View {
        families: Families::BOTH,
        ..sidecar()
    };
    let mut both = resolver(snapshot(entries, both, &[]));
    let present = "NOERROR aa | pay.example.com/AAAA/30=2001:2:0:8000::1 |";
    assert_eq!(ask(&mut both, "pay.example.com", Rtype::AAAA), present);
}

#[test]
fn addresses_of_another_network_are_nodata() {
    let mut entry = host(
        "a.example.com",
        HostKind::External,
        &["10.0.0.1", "10.0.0.2"],
    );
    entry.addresses[0].network = Some("net1".into());
    entry.addresses[1].network = Some("net2".into());
    let in_network = |network: &str| {
        let view = View {
            network: Some(network.into()),
            ..sidecar()
        };
        resolver(snapshot(vec![entry.clone()], view, &[]))
    };
    let first = "NOERROR aa | a.example.com/A/30=10.0.0.1 |";
    assert_eq!(
        ask(&mut in_network("net1"), "a.example.com", Rtype::A),
        first
    );
    let nodata = "NOERROR aa | | a.example.com/SOA/5=soa";
    assert_eq!(
        ask(&mut in_network("net3"), "a.example.com", Rtype::A),
        nodata
    );
}

#[test]
fn of_several_variants_the_view_picks_visible_own_canonical_preferred_older() {
    let variant = |namespace: &str, ip: &str| {
        let mut entry = host("any.example.com", HostKind::External, &[ip]);
        entry.namespace = Some(namespace.into());
        entry.source.namespace = Some(namespace.into());
        entry
    };
    let mut hidden = variant("ns1", "10.0.0.9");
    hidden.visibility = Visibility::Namespaces(["other".into()].into());
    let mut canonical = variant("ns4", "10.0.0.4");
    canonical.canonical = true;
    let mut old = variant("ns5", "10.0.0.5");
    old.created_secs = Some(1);
    let ladder = [
        variant("ns1", "10.0.0.1"),
        canonical,
        variant("ns3", "10.0.0.3"),
        old,
        variant("ns2", "10.0.0.2"),
    ];
    let view = View {
        preferred_namespace: Some("ns3".into()),
        ..sidecar()
    };
    for first in 0..ladder.len() {
        let mut entries = ladder[first..].to_vec();
        let best = entries[0].addresses[0].ip;
        entries.push(hidden.clone());
        entries.reverse();
        let mut resolver = resolver(snapshot(entries, view.clone(), &[]));
        let expected = format!("NOERROR aa | any.example.com/A/30={best} |");
        assert_eq!(ask(&mut resolver, "any.example.com", Rtype::A), expected);
    }
}

#[test]
fn a_kubernetes_service_beats_a_service_entry_of_the_own_namespace() {
    let mut entry = host(
        "web.ns2.svc.cluster.local",
        HostKind::External,
        &["10.0.0.1"],
    );
    entry.namespace = Some("ns1".into());
    let service = host(
        "web.ns2.svc.cluster.local",
        HostKind::Service,
        &["10.96.0.2"],
    );
    let mut resolver = resolver(snapshot(vec![entry, service], sidecar(), &[]));
    let expected = "NOERROR aa | web.ns2.svc.cluster.local/A/30=10.96.0.2 |";
    assert_eq!(
        ask(&mut resolver, "web.ns2.svc.cluster.local", Rtype::A),
        expected
    );
}

#[test]
fn a_client_of_no_view_is_refused() {
    let mut snapshot = snapshot(table(), sidecar(), &[]);
    snapshot.views = Views::new(
        [],
        [("192.0.2.0/24".parse().unwrap(), Arc::new(sidecar()))],
        None,
    );
    assert_eq!(
        ask(&mut resolver(snapshot), "pay.example.com", Rtype::A),
        "REFUSED | |"
    );
}
