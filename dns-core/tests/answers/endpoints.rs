//! What a client without a proxy can dial.

use crate::support::{ask, host, name, resolver, sidecar, snapshot};
use dns_core::wire::record::Rtype;
use dns_core::{
    AddressOrigin, AnswerMode, Endpoint, EndpointAddress, HostAddress, HostKind, Via, View,
};

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
    for rtype in [Rtype::MX, Rtype::SRV, Rtype::ANY] {
        let absent = ask(&mut resolver, "only-vip.example.com", rtype);
        assert_eq!(absent, "REFUSED | |", "{rtype}");
    }
    let service = ask(&mut resolver, "web.ns1.svc.cluster.local", Rtype::A);
    assert_eq!(
        service,
        "NOERROR aa | web.ns1.svc.cluster.local/A/5=10.96.0.1 |"
    );
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
fn a_service_of_other_clusters_is_dialled_by_its_gateways() {
    let allotted = |ip: &str| HostAddress::new(ip.parse().unwrap(), AddressOrigin::Allotted);
    let through_gateway = |text: &str, kind| {
        let mut entry = host(text, kind, &[]);
        let gateway = EndpointAddress::Ip("198.51.100.20".parse().unwrap());
        entry.endpoints.push(Endpoint {
            via: Via::Gateway,
            network: Some("net2".into()),
            ..Endpoint::new(gateway, 15443)
        });
        entry.addresses.push(allotted("250.1.2.3"));
        entry
    };
    let mut local = through_gateway("own.ns1.svc.cluster.local", HostKind::Service);
    local.addresses = vec![HostAddress::new(
        "10.96.0.1".parse().unwrap(),
        AddressOrigin::Cluster,
    )];
    let entries = vec![
        through_gateway("far.ns1.svc.cluster.local", HostKind::Service),
        through_gateway("far-c2.ns1.svc.cluster.local", HostKind::Mirror),
        local,
    ];
    let view = View {
        answer: AnswerMode::Endpoints,
        network: Some("net1".into()),
        ..sidecar()
    };
    let mut resolver = resolver(snapshot(entries, view, &[]));
    for (asked, ip) in [
        ("far.ns1.svc.cluster.local", "198.51.100.20"),
        ("far-c2.ns1.svc.cluster.local", "198.51.100.20"),
        ("own.ns1.svc.cluster.local", "10.96.0.1"),
    ] {
        assert_eq!(
            ask(&mut resolver, asked, Rtype::A),
            format!("NOERROR aa | {asked}/A/5={ip} |")
        );
    }
}
