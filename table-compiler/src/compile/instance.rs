//! Instances: the endpoints of a Service by their host names.

use super::Compiled;
use super::objects::warning;
use crate::input::ObjectDoc;
use dns_core::{
    AddressOrigin, Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry, HostKind,
};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// One entry per host name of the ready endpoints; endpoints may share one. Kubernetes' DNS
/// server answers these below any Service, so that not only headless ones have them.
pub(super) fn add_instances(doc: &ObjectDoc, service: &HostEntry, compiled: &mut Compiled) {
    let mut instances: BTreeMap<Arc<str>, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in service
        .endpoints
        .iter()
        .filter(|e| e.state == EndpointState::Ready)
    {
        if let Some(hostname) = &endpoint.hostname {
            instances
                .entry(Arc::clone(hostname))
                .or_default()
                .push(endpoint.clone());
        }
    }
    for (hostname, endpoints) in instances {
        match service.name.child(&hostname) {
            Ok(name) => compiled.entries.push(HostEntry {
                name,
                kind: HostKind::Instance,
                addresses: ready_addresses(&endpoints),
                endpoints,
                ..service.clone()
            }),
            Err(error) => {
                compiled
                    .problems
                    .push(warning(doc, format!("its endpoint {hostname} {error}")));
            }
        }
    }
}

/// Every endpoint of a headless service has a name: its own, else one made of its address.
pub(super) fn named_endpoints(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    for endpoint in &mut endpoints {
        if let (None, EndpointAddress::Ip(ip)) = (&endpoint.hostname, &endpoint.address) {
            endpoint.hostname = Some(dashed(*ip).into());
        }
    }
    endpoints
}

/// An address as a label: `10-3-0-1`, `2001-db8--1`. A label does not begin or end with a
/// hyphen (RFC 1123 section 2.1), so a zero goes there.
fn dashed(ip: IpAddr) -> String {
    let mut label = ip.to_string().replace(['.', ':'], "-");
    if label.starts_with('-') {
        label.insert(0, '0');
    }
    if label.ends_with('-') {
        label.push('0');
    }
    label
}

/// Addresses of the ready endpoints, each once, in the order of the endpoints.
pub(super) fn ready_addresses(endpoints: &[Endpoint]) -> Vec<HostAddress> {
    let mut addresses: Vec<HostAddress> = Vec::new();
    for endpoint in endpoints
        .iter()
        .filter(|endpoint| endpoint.state == EndpointState::Ready)
    {
        let EndpointAddress::Ip(ip) = endpoint.address else {
            continue;
        };
        let network = endpoint.network.clone();
        let address = HostAddress {
            network,
            ..HostAddress::new(ip, AddressOrigin::Endpoint)
        };
        // Endpoints are sorted by address, so that equal ones are neighbours.
        if addresses.last() != Some(&address) {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{MESH, addresses, compiled, entry, names_of, service, slice};
    use super::*;

    #[test]
    fn a_label_made_of_an_address_is_a_valid_one() {
        for (ip, label) in [
            ("10.3.0.1", "10-3-0-1"),
            ("2001:db8::1", "2001-db8--1"),
            ("2001:db8::", "2001-db8--0"),
            ("::1", "0--1"),
        ] {
            assert_eq!(dashed(ip.parse().unwrap()), label);
        }
    }

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
        let endpoints =
            "endpoints: [{addresses: [10.3.0.1], hostname: a}, {addresses: [10.3.0.2]}]";
        let text = service("{clusterIP: 10.0.0.1}")
            + &slice("v4", &format!("addressType: IPv4\n{endpoints}"));
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
}
