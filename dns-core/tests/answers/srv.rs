//! Service locations.

use crate::support::{ask, host, resolver, sidecar, snapshot};
use crate::{mesh, port};
use dns_core::wire::record::Rtype;
use dns_core::{AddressOrigin, Endpoint, EndpointAddress, HostAddress, HostKind, Via};

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
fn a_port_may_have_the_name_of_a_transport() {
    let mut web = host(
        "web.ns1.svc.cluster.local",
        HostKind::Service,
        &["10.96.0.1"],
    );
    web.ports = vec![port("tcp", 80)];
    let mut resolver = resolver(snapshot(vec![web], sidecar(), &["cluster.local"]));
    let named = "_tcp._tcp.web.ns1.svc.cluster.local";
    assert_eq!(
        ask(&mut resolver, named, Rtype::SRV),
        format!("NOERROR aa | {named}/SRV/30=80:web.ns1.svc.cluster.local |")
    );
    let parent = ask(&mut resolver, "_tcp.web.ns1.svc.cluster.local", Rtype::SRV);
    assert_eq!(parent, "NOERROR aa | | cluster.local/SOA/5=soa");
}

#[test]
fn an_endpoint_whose_hostname_is_no_label_is_found_under_its_host() {
    for hostname in [
        "x".repeat(64),
        String::new(),
        "x..y".into(),
        "x.".repeat(125) + "x",
    ] {
        let mut pods = host(
            "pods.ns1.svc.cluster.local",
            HostKind::Headless,
            &["10.1.0.1"],
        );
        pods.ports = vec![port("http", 80)];
        pods.endpoints = vec![Endpoint {
            hostname: Some(hostname.into()),
            port_name: Some("http".into()),
            ..Endpoint::new(EndpointAddress::Ip([10, 1, 0, 1].into()), 8080)
        }];
        let mut resolver = resolver(snapshot(vec![pods], sidecar(), &[]));
        assert_eq!(
            ask(&mut resolver, "pods", Rtype::SRV),
            "NOERROR aa | pods/SRV/30=8080:pods.ns1.svc.cluster.local |"
        );
    }
}

#[test]
fn an_instance_behind_a_gateway_is_dialled_at_the_port_of_its_service() {
    let mut pods = host("pods.ns1.svc.cluster.local", HostKind::Headless, &[]);
    pods.addresses = vec![HostAddress::new(
        "251.0.0.7".parse().unwrap(),
        AddressOrigin::Allotted,
    )];
    pods.ports = vec![port("mysql", 3306), port("admin", 33060)];
    let gateway = || EndpointAddress::Ip([198, 51, 100, 20].into());
    let mut through = |hostname: &str, port_name: Option<&str>| {
        pods.endpoints.push(Endpoint {
            hostname: Some(hostname.into()),
            port_name: port_name.map(Into::into),
            via: Via::Gateway,
            ..Endpoint::new(gateway(), 15443)
        });
    };
    through("mysql-0", None);
    through("mysql-1", Some("mysql"));
    let mut resolver = resolver(snapshot(vec![pods], sidecar(), &[]));
    let owner = "_mysql._tcp.pods.ns1.svc.cluster.local";
    assert_eq!(
        ask(&mut resolver, owner, Rtype::SRV),
        format!(
            "NOERROR aa | {owner}/SRV/30=3306:mysql-0.pods.ns1.svc.cluster.local \
             {owner}/SRV/30=3306:mysql-1.pods.ns1.svc.cluster.local |"
        )
    );
    let owner = "_admin._tcp.pods.ns1.svc.cluster.local";
    assert_eq!(
        ask(&mut resolver, owner, Rtype::SRV),
        format!("NOERROR aa | {owner}/SRV/30=33060:mysql-0.pods.ns1.svc.cluster.local |")
    );
}

#[test]
fn endpoints_of_two_clusters_are_told_apart_by_the_cluster_behind_their_label() {
    let shared = "web.shop.svc.clusterset.local";
    let mut pods = host(shared, HostKind::Headless, &["10.1.0.1", "10.2.0.1"]);
    pods.ports = vec![port("https", 443)];
    for hostname in ["pod-0.c1", "pod-0.c2"] {
        pods.endpoints.push(Endpoint {
            hostname: Some(hostname.into()),
            port_name: Some("https".into()),
            ..Endpoint::new(EndpointAddress::Ip([10, 1, 0, 1].into()), 443)
        });
    }
    let mut resolver = resolver(snapshot(vec![pods], sidecar(), &[]));
    let owner = format!("_https._tcp.{shared}");
    assert_eq!(
        ask(&mut resolver, &owner, Rtype::SRV),
        format!(
            "NOERROR aa | {owner}/SRV/30=443:pod-0.c1.{shared} {owner}/SRV/30=443:pod-0.c2.{shared} |"
        )
    );
}
