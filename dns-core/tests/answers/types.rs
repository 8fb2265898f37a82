//! What is said to a question of each type.

use crate::mesh;
use crate::support::{ask, host, resolver, sidecar, snapshot};
use dns_core::HostKind;
use dns_core::wire::record::Rtype;

#[test]
fn other_types_of_an_owned_name_are_nodata_and_any_is_hinfo() {
    let mut mesh = mesh();
    for rtype in [
        Rtype::AAAA,
        Rtype::MX,
        Rtype::HTTPS,
        Rtype::NS,
        Rtype::CNAME,
        Rtype::PTR,
    ] {
        let answer = ask(&mut mesh, "pay.example.com", rtype);
        assert_eq!(
            answer, "NOERROR aa | | pay.example.com/SOA/5=soa",
            "{rtype}"
        );
    }
    let any = ask(&mut mesh, "pay.example.com", Rtype::ANY);
    assert_eq!(any, "NOERROR aa | pay.example.com/HINFO/30=RFC8482\0 |");
    let searched = ask(
        &mut mesh,
        "pay.example.com.ns1.svc.cluster.local",
        Rtype::AAAA,
    );
    assert_eq!(
        searched,
        "NOERROR aa | | pay.example.com.ns1.svc.cluster.local/SOA/5=soa"
    );
}

#[test]
fn addresses_lead_back_to_their_names() {
    let mut mesh = mesh();
    for (asked, expected) in [
        ("1.0.96.10.in-addr.arpa", "web.ns1.svc.cluster.local"),
        ("3.2.1.250.in-addr.arpa", "pay.example.com"),
        ("1.0.1.10.in-addr.arpa", "pod-0.pods.ns1.svc.cluster.local"),
    ] {
        let expected = format!("NOERROR aa | {asked}/PTR/30={expected} |");
        assert_eq!(ask(&mut mesh, asked, Rtype::PTR), expected);
    }
    let wildcard = ask(&mut mesh, "4.2.1.250.in-addr.arpa", Rtype::PTR);
    assert_eq!(wildcard, "REFUSED | |", "an asterisk is no answer");
}

#[test]
fn the_version_of_the_specification_is_a_text_below_the_domain() {
    let mut mesh = mesh();
    let version = "NOERROR aa | dns-version.cluster.local/TXT/30=1.1.0 |";
    assert_eq!(
        ask(&mut mesh, "dns-version.cluster.local", Rtype::TXT),
        version
    );
    let other = ask(&mut mesh, "dns-version.cluster.local", Rtype::A);
    assert!(other.starts_with("NOERROR aa | |"), "{other}");
}

#[test]
fn addresses_rotate_and_all_come_first_in_turn() {
    let ips: Vec<String> = (1..=4).map(|i| format!("10.0.0.{i}")).collect();
    let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
    let entry = host("a.example.com", HostKind::External, &ips);
    let mut resolver = resolver(snapshot(vec![entry], sidecar(), &[]));
    let mut firsts = std::collections::BTreeSet::new();
    for _ in 0..64 {
        let answer = ask(&mut resolver, "a.example.com", Rtype::A);
        ask(&mut resolver, "a.example.com", Rtype::AAAA);
        let first = answer.split(['=', ' ']).nth(4).unwrap().to_owned();
        firsts.insert(first);
    }
    assert_eq!(firsts.len(), 4, "{firsts:?}");
}
