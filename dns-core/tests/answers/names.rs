//! What a name asked for leads to.

use crate::support::{ask, ask_raw, host, name, query, resolver, sidecar, snapshot};
use crate::{mesh, table};
use dns_core::wire::record::Rtype;
use dns_core::{HostKind, Transport, View};

#[test]
fn a_name_is_found_whole_short_and_under_each_search_domain() {
    let mut mesh = mesh();
    for (asked, expected) in [
        (
            "web.ns1.svc.cluster.local",
            "NOERROR aa | web.ns1.svc.cluster.local/A/30=10.96.0.1 |",
        ),
        ("web", "NOERROR aa | web/A/30=10.96.0.1 |"),
        ("web.ns1", "NOERROR aa | web.ns1/A/30=10.96.0.1 |"),
        ("web.ns1.svc", "NOERROR aa | web.ns1.svc/A/30=10.96.0.1 |"),
        ("pod-0.pods", "NOERROR aa | pod-0.pods/A/30=10.1.0.1 |"),
        (
            "pay.example.com.ns1.svc.cluster.local",
            "NOERROR aa | pay.example.com.ns1.svc.cluster.local/CNAME/30=pay.example.com pay.example.com/A/30=250.1.2.3 |",
        ),
        (
            "pay.example.com.cluster.local",
            "NOERROR aa | pay.example.com.cluster.local/CNAME/30=pay.example.com pay.example.com/A/30=250.1.2.3 |",
        ),
        (
            "web.ns1.ns1.svc.cluster.local",
            "NOERROR aa | web.ns1.ns1.svc.cluster.local/CNAME/30=web.ns1 web.ns1/A/30=10.96.0.1 |",
        ),
    ] {
        assert_eq!(ask(&mut mesh, asked, Rtype::A), expected, "{asked}");
    }
}

#[test]
fn a_name_that_ends_in_the_search_domain_is_not_synthesised() {
    let answer = ask(
        &mut mesh(),
        "web.ns1.svc.cluster.local.ns1.svc.cluster.local",
        Rtype::A,
    );
    assert_eq!(answer, "REFUSED | |");
}

#[test]
fn a_view_without_namespace_has_no_short_names_and_no_search_domains() {
    let view = View::new(name("cluster.local"));
    let mut stub = resolver(snapshot(table(), view, &["cluster.local"]));
    assert_eq!(ask(&mut stub, "web", Rtype::A), "REFUSED | |");
    let expanded = ask(&mut stub, "pay.example.com.svc.cluster.local", Rtype::A);
    assert_eq!(expanded, "NXDOMAIN aa | | cluster.local/SOA/5=soa");
}

#[test]
fn the_longest_wildcard_wins_and_owns_its_answer() {
    let mut mesh = mesh();
    let a = |asked: &str, ip: &str| format!("NOERROR aa | {asked}/A/30={ip} |");
    for (asked, ip) in [
        ("x.wild.example.com", "250.1.2.4"),
        ("x.y.wild.example.com", "250.1.2.4"),
        ("x.deep.wild.example.com", "250.1.2.5"),
        ("x.wild.example.com.ns1.svc.cluster.local", "250.1.2.4"),
    ] {
        assert_eq!(ask(&mut mesh, asked, Rtype::A), a(asked, ip));
    }
    assert_eq!(ask(&mut mesh, "wild.example.com", Rtype::A), "REFUSED | |");
}

#[test]
fn the_owner_is_spelled_as_the_asker_spelled_it() {
    let message = query("PaY.eXample.com", Rtype::A, None);
    let reply = ask_raw(&mut mesh(), &message, Transport::Udp);
    assert_eq!(reply[12..message.len()], message[12..]);
    assert_eq!(reply[message.len()..message.len() + 2], [0xc0, 12]);
}

#[test]
fn an_external_name_is_followed_in_the_table_and_stands_alone_without_upstream() {
    let mut mesh = mesh();
    assert_eq!(
        ask(&mut mesh, "ext.ns1.svc.cluster.local", Rtype::A),
        "NOERROR aa | ext.ns1.svc.cluster.local/CNAME/30=web.ns1.svc.cluster.local web.ns1.svc.cluster.local/A/30=10.96.0.1 |"
    );
    let alone = "NOERROR aa | out.ns1.svc.cluster.local/CNAME/30=www.example.org |";
    assert_eq!(
        ask(&mut mesh, "out.ns1.svc.cluster.local", Rtype::CNAME),
        alone
    );
    assert_eq!(ask(&mut mesh, "out.ns1.svc.cluster.local", Rtype::A), alone);
}

#[test]
fn external_names_in_a_circle_end_in_servfail() {
    let mut a = host("a.ns1.svc.cluster.local", HostKind::Service, &[]);
    a.cname = Some(name("b.ns1.svc.cluster.local"));
    let mut b = host("b.ns1.svc.cluster.local", HostKind::Service, &[]);
    b.cname = Some(name("a.ns1.svc.cluster.local"));
    let mut circle = resolver(snapshot(vec![a, b], sidecar(), &[]));
    assert_eq!(
        ask(&mut circle, "a.ns1.svc.cluster.local", Rtype::A),
        "SERVFAIL | |"
    );
}
