//! What is ours, present or not.

use crate::support::{ask, ask_raw, describe, host, query, resolver, sidecar, snapshot};
use crate::{mesh, table};
use dns_core::wire::record::Rtype;
use dns_core::{Completeness, HostKind, NameTable, Transport};
use std::sync::Arc;

#[test]
fn inside_a_zone_a_miss_is_nxdomain_and_a_parent_is_nodata() {
    let mut mesh = mesh();
    let soa = "global/SOA/5=soa";
    assert_eq!(
        ask(&mut mesh, "no.bar.global", Rtype::A),
        format!("NXDOMAIN aa | | {soa}")
    );
    assert_eq!(
        ask(&mut mesh, "bar.global", Rtype::A),
        format!("NOERROR aa | | {soa}")
    );
    assert_eq!(
        ask(&mut mesh, "global", Rtype::A),
        format!("NOERROR aa | | {soa}")
    );
    assert_eq!(
        ask(&mut mesh, "global", Rtype::SOA),
        format!("NOERROR aa | {soa} |")
    );
    assert_eq!(ask(&mut mesh, "example.com", Rtype::A), "REFUSED | |");
}

#[test]
fn the_label_of_a_cluster_does_not_exist_although_names_are_below_it() {
    let pod = "pod-0.c1.web.shop.svc.clusterset.local";
    let entries = vec![host(pod, HostKind::Instance, &["10.1.0.1"])];
    let mut zone = resolver(snapshot(entries, sidecar(), &["clusterset.local"]));
    let soa = "clusterset.local/SOA/5=soa";
    for (asked, rcode) in [
        ("c1.web.shop.svc.clusterset.local", "NXDOMAIN"),
        ("web.shop.svc.clusterset.local", "NOERROR"),
        ("svc.clusterset.local", "NOERROR"),
    ] {
        assert_eq!(
            ask(&mut zone, asked, Rtype::A),
            format!("{rcode} aa | | {soa}"),
            "{asked}"
        );
    }
}

#[test]
fn shared_services_may_have_a_domain_of_their_own() {
    let pod = "pod-0.c1.web.shop.svc.set.example";
    let entries = vec![host(pod, HostKind::Instance, &["10.1.0.1"])];
    let view = dns_core::View {
        clusterset_domain: crate::support::name("set.example"),
        ..sidecar()
    };
    let mut zone = resolver(snapshot(entries, view, &["set.example"]));
    let label = ask(&mut zone, "c1.web.shop.svc.set.example", Rtype::A);
    assert_eq!(label, "NXDOMAIN aa | | set.example/SOA/5=soa");
}

#[test]
fn each_zone_names_the_version_of_its_specification() {
    let shared = host(
        "web.shop.svc.clusterset.local",
        HostKind::Service,
        &["10.5.0.1"],
    );
    let set = "dns-version.clusterset.local";
    let version = |entries: &[dns_core::HostEntry], zones: &[&str], asked: &str| {
        let mut resolver = resolver(snapshot(entries.to_vec(), sidecar(), zones));
        ask(&mut resolver, asked, Rtype::TXT)
    };
    let multi_cluster = format!("NOERROR aa | {set}/TXT/30=1.0.0 |");
    assert_eq!(version(&[], &["clusterset.local"], set), multi_cluster);
    assert_eq!(version(&[shared], &[], set), multi_cluster);
    assert_eq!(version(&[], &[], set), "REFUSED | |");
    let cluster = "dns-version.cluster.local";
    let kubernetes = format!("NOERROR aa | {cluster}/TXT/30=1.1.0 |");
    assert_eq!(version(&[], &[], cluster), kubernetes);
}

#[test]
fn before_the_table_is_complete_owned_names_are_servfail_and_present_ones_are_answered() {
    let mut snapshot = snapshot(table(), sidecar(), &["global"]);
    let mut writer = dns_core::TableWriter::new(1);
    let update = dns_core::TableUpdate::Replace(table());
    snapshot.table = writer.apply(update, Completeness::Partial);
    let mut starting = resolver(snapshot.clone());
    assert_eq!(
        ask(&mut starting, "no.bar.global", Rtype::A),
        "SERVFAIL | |"
    );
    assert_eq!(
        ask(&mut starting, "no.ns1.svc.cluster.local", Rtype::A),
        "SERVFAIL | |"
    );
    assert_eq!(
        ask(&mut starting, "www.example.org", Rtype::A),
        "REFUSED | |"
    );
    assert!(ask(&mut starting, "foo.bar.global", Rtype::A).starts_with("NOERROR aa"));
    snapshot.table = Arc::new(NameTable::not_ready());
    let mut empty = resolver(snapshot);
    let message = query("foo.bar.global", Rtype::A, Some(1232));
    let reply = describe(&ask_raw(&mut empty, &message, Transport::Udp));
    assert_eq!(reply, "SERVFAIL | | | opt 1232 ede 14");
}

#[test]
fn any_at_the_apex_of_a_zone_is_one_hinfo() {
    let mut resolver = resolver(snapshot(Vec::new(), sidecar(), &["mesh.example"]));
    let any = ask(&mut resolver, "mesh.example", Rtype::ANY);
    assert!(
        any.starts_with("NOERROR aa | mesh.example/HINFO/30="),
        "{any}"
    );
}
