//! What the resolver answers from a table: names, types, zones, views, sizes.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use dns_core::wire::record::Rtype;
use dns_core::{
    AddressOrigin, AnswerMode, Completeness, Disposition, Endpoint, EndpointAddress, Families,
    HostAddress, HostEntry, HostKind, Millis, NameTable, Port, PortTransport, Transport, Via, View,
    Views, Visibility,
};
use std::sync::Arc;
use support::*;

fn port(name: &str, number: u16) -> Port {
    Port {
        name: Some(name.into()),
        number,
        transport: PortTransport::Tcp,
        app_protocol: None,
    }
}

fn table() -> Vec<HostEntry> {
    let mut web = host(
        "web.ns1.svc.cluster.local",
        HostKind::Service,
        &["10.96.0.1"],
    );
    web.ports = vec![port("http", 80), port("metrics", 9090)];
    let mut pods = host(
        "pods.ns1.svc.cluster.local",
        HostKind::Headless,
        &["10.1.0.1", "10.1.0.2"],
    );
    pods.ports = vec![port("http", 80)];
    for (ip, hostname) in [("10.1.0.1", "pod-0"), ("10.1.0.2", "pod-1")] {
        let mut endpoint = Endpoint::new(EndpointAddress::Ip(ip.parse().unwrap()), 8080);
        endpoint.hostname = Some(hostname.into());
        endpoint.port_name = Some("http".into());
        pods.endpoints.push(endpoint);
    }
    let mut external = host("ext.ns1.svc.cluster.local", HostKind::Service, &[]);
    external.cname = Some(name("web.ns1.svc.cluster.local"));
    let mut outside = host("out.ns1.svc.cluster.local", HostKind::Service, &[]);
    outside.cname = Some(name("www.example.org"));
    vec![
        web,
        pods,
        host(
            "pod-0.pods.ns1.svc.cluster.local",
            HostKind::Instance,
            &["10.1.0.1"],
        ),
        external,
        outside,
        host("pay.example.com", HostKind::External, &["250.1.2.3"]),
        host("*.wild.example.com", HostKind::External, &["250.1.2.4"]),
        host(
            "*.deep.wild.example.com",
            HostKind::External,
            &["250.1.2.5"],
        ),
        host("foo.bar.global", HostKind::External, &["240.0.0.2"]),
    ]
}

fn mesh() -> dns_core::Resolver {
    resolver(snapshot(table(), sidecar(), &["global"]))
}

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
fn service_ports_are_srv_records() {
    let mut mesh = mesh();
    for (asked, expected) in [
        (
            "_http._tcp.web.ns1.svc.cluster.local",
            "80:web.ns1.svc.cluster.local",
        ),
        ("_HTTP._TCP.web", "80:web.ns1.svc.cluster.local"),
    ] {
        let expected = format!("NOERROR aa | {}/SRV/30={expected} |", asked.to_lowercase());
        assert_eq!(ask(&mut mesh, asked, Rtype::SRV), expected);
    }
    let headless = ask(
        &mut mesh,
        "_http._tcp.pods.ns1.svc.cluster.local",
        Rtype::SRV,
    );
    assert!(
        headless.contains("8080:pod-0.pods.ns1.svc.cluster.local"),
        "{headless}"
    );
    assert!(
        headless.contains("8080:pod-1.pods.ns1.svc.cluster.local"),
        "{headless}"
    );
    let address = ask(&mut mesh, "_http._tcp.web.ns1.svc.cluster.local", Rtype::A);
    assert!(address.starts_with("NOERROR aa | |"), "{address}");
    assert_eq!(
        ask(&mut mesh, "_dns._tcp.web.ns1.svc.cluster.local", Rtype::SRV),
        "REFUSED | |"
    );
    assert_eq!(
        ask(
            &mut mesh,
            "_http._udp.web.ns1.svc.cluster.local",
            Rtype::SRV
        ),
        "REFUSED | |"
    );
    let all = ask(&mut mesh, "web.ns1.svc.cluster.local", Rtype::SRV);
    assert!(
        all.contains("=80:web.ns1") && all.contains("=9090:web.ns1"),
        "{all}"
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
fn a_client_without_proxy_gets_addresses_that_can_be_dialled() {
    let mut product = host("pay.example.com", HostKind::External, &[]);
    product.addresses = vec![HostAddress::new(
        "250.1.2.3".parse().unwrap(),
        AddressOrigin::Allotted,
    )];
    for (ip, cluster) in [("198.51.100.9", "c2"), ("198.51.100.1", "c1")] {
        let mut endpoint = Endpoint::new(EndpointAddress::Ip(ip.parse().unwrap()), 443);
        endpoint.cluster = Some(cluster.into());
        product.endpoints.push(endpoint);
    }
    let mut unreachable = product.clone();
    unreachable.name = name("only-vip.example.com");
    unreachable.endpoints.clear();
    let service = host(
        "web.ns1.svc.cluster.local",
        HostKind::Service,
        &["10.96.0.1"],
    );
    let view = View {
        answer: AnswerMode::Endpoints,
        cluster: Some("c1".into()),
        ..sidecar()
    };
    let mut resolver = resolver(snapshot(vec![product, unreachable, service], view, &[]));
    assert_eq!(
        ask(&mut resolver, "pay.example.com", Rtype::A),
        "NOERROR aa | pay.example.com/A/5=198.51.100.1 pay.example.com/A/5=198.51.100.9 |"
    );
    assert_eq!(
        ask(&mut resolver, "only-vip.example.com", Rtype::A),
        "REFUSED | |"
    );
    let service = ask(&mut resolver, "web.ns1.svc.cluster.local", Rtype::A);
    assert_eq!(
        service,
        "NOERROR aa | web.ns1.svc.cluster.local/A/5=10.96.0.1 |"
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

#[test]
fn answers_are_cut_at_what_the_client_takes() {
    let ips: Vec<String> = (0..100).map(|i| format!("10.9.0.{i}")).collect();
    let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
    let entry = host("big.example.com", HostKind::External, &ips);
    let mut resolver = resolver(snapshot(vec![entry], sidecar(), &[]));
    for (edns, transport, octets, records) in [
        (None, Transport::Udp, 512, 29),
        (Some(512), Transport::Udp, 512, 29),
        (Some(1232), Transport::Udp, 1232, 74),
        (Some(4096), Transport::Udp, 1232, 74),
        (None, Transport::Tcp, 65_535, 100),
    ] {
        let message = query("big.example.com", Rtype::A, edns);
        let reply = ask_raw(&mut resolver, &message, transport);
        assert!(reply.len() <= octets);
        let text = describe(&reply);
        assert_eq!(text.matches("/A/").count(), records);
        assert_eq!(text.contains(" tc"), records < 100, "{text}");
        assert_eq!(text.contains("opt 1232"), edns.is_some());
    }
}

#[test]
fn broken_queries_get_what_the_rfcs_say() {
    let mut mesh = mesh();
    let good = query("pay.example.com", Rtype::A, None);
    let with = |at: usize, octets: &[u8]| {
        let mut message = good.clone();
        message[at..at + octets.len()].copy_from_slice(octets);
        message
    };
    let last = good.len() - 2;
    for (message, expected) in [
        (with(4, &[0, 0])[..12].to_vec(), "FORMERR | |"),
        (good[..12].to_vec(), "FORMERR | |"),
        (with(4, &[0, 2]), "FORMERR | |"),
        (with(12, &[0xc0, 12]), "FORMERR | |"),
        (with(last, &[0, 3]), "REFUSED | |"),
        (with(2, &[0x79, 0]), "NOTIMP | |"),
        (with(2, &[0x29, 0]), "NOTIMP | |"),
    ] {
        let reply = ask_raw(&mut mesh, &message, Transport::Udp);
        assert_eq!(describe(&reply), expected, "{message:?}");
        assert_eq!(reply[..2], message[..2], "the id is the client's");
        assert_eq!(
            reply[2] & 0xf8,
            0x80 | message[2] & 0x78,
            "QR set, opcode copied"
        );
    }
    let mut out = Vec::new();
    for message in [with(2, &[0x81, 0]), good[..11].to_vec(), Vec::new()] {
        let client = client(Transport::Udp);
        let disposition = mesh.handle_query(Millis(0), client, &message, &mut out);
        assert_eq!((disposition, out.len()), (Disposition::Dropped, 0));
    }
}

#[test]
fn an_unknown_edns_version_is_badvers_with_version_zero() {
    let mut message = query("pay.example.com", Rtype::A, Some(1232));
    let version_at = message.len() - 5;
    message[version_at] = 1;
    let reply = ask_raw(&mut mesh(), &message, Transport::Udp);
    assert_eq!(reply[3] & 15, 0);
    let opt = &reply[reply.len() - 11..];
    assert_eq!(
        opt,
        [0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0],
        "extended rcode 1, version 0"
    );
}

#[test]
fn do_and_cd_are_copied_and_ad_and_z_are_not() {
    let mut message = query("pay.example.com", Rtype::A, Some(1232));
    message[3] = 0x70;
    let do_at = message.len() - 4;
    message[do_at] = 0x80;
    let reply = ask_raw(&mut mesh(), &message, Transport::Udp);
    assert_eq!(
        reply[3], 0x10,
        "CD alone: nothing is forwarded, so no RA either"
    );
    assert_eq!(reply[reply.len() - 4], 0x80);
}

#[test]
fn an_srv_record_of_a_wildcard_names_the_host_asked_for() {
    let mut wild = host("*.wild.example.com", HostKind::External, &["250.1.2.4"]);
    wild.ports = vec![port("https", 443)];
    let mut resolver = resolver(snapshot(vec![wild], sidecar(), &[]));
    for owner in ["x.wild.example.com", "_https._tcp.x.wild.example.com"] {
        assert_eq!(
            ask(&mut resolver, owner, Rtype::SRV),
            format!("NOERROR aa | {owner}/SRV/30=443:x.wild.example.com |")
        );
    }
    let other = ask(&mut resolver, "_https._udp.x.wild.example.com", Rtype::SRV);
    assert!(other.starts_with("NOERROR aa | |"), "{other}");
}

#[test]
fn an_endpoint_of_another_network_is_dialled_through_a_gateway_alone() {
    let mut entry = host("rev.example.com", HostKind::External, &[]);
    for (ip, network, via) in [
        ("198.51.100.1", Some("net2"), Via::Gateway),
        ("198.51.100.2", Some("net2"), Via::Direct),
        ("198.51.100.3", Some("net1"), Via::Direct),
        ("198.51.100.4", None, Via::Direct),
    ] {
        let address = EndpointAddress::Ip(ip.parse().unwrap());
        entry.endpoints.push(Endpoint {
            network: network.map(Into::into),
            via,
            ..Endpoint::new(address, 443)
        });
    }
    entry.addresses.push(HostAddress::new(
        "250.1.2.3".parse().unwrap(),
        AddressOrigin::Allotted,
    ));
    let view = View {
        answer: AnswerMode::Endpoints,
        network: Some("net1".into()),
        ..sidecar()
    };
    let mut resolver = resolver(snapshot(vec![entry], view, &[]));
    assert_eq!(
        ask(&mut resolver, "rev.example.com", Rtype::A),
        "NOERROR aa | rev.example.com/A/5=198.51.100.1 rev.example.com/A/5=198.51.100.3 \
         rev.example.com/A/5=198.51.100.4 |"
    );
}

#[test]
fn of_a_host_that_answers_with_endpoints_no_others_are_dialled() {
    let mut entry = host("none.example.com", HostKind::External, &[]);
    let near = "198.51.100.1".parse().unwrap();
    let far = "198.51.100.9".parse().unwrap();
    entry
        .addresses
        .push(HostAddress::new(near, AddressOrigin::Endpoint));
    for ip in [far, near] {
        let endpoint = Endpoint::new(EndpointAddress::Ip(ip), 443);
        entry.endpoints.push(endpoint);
    }
    let view = View {
        answer: AnswerMode::Endpoints,
        ..sidecar()
    };
    let mut resolver = resolver(snapshot(vec![entry], view, &[]));
    assert_eq!(
        ask(&mut resolver, "none.example.com", Rtype::A),
        "NOERROR aa | none.example.com/A/5=198.51.100.1 |"
    );
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
