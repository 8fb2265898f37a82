//! Endpoints of a Service, from its EndpointSlices.

use super::objects::ClusterObjects;
use crate::input::{
    Condition, EndpointSlice, ObjectDoc, Service, SliceEndpoint, SlicePort, UnreadyEndpoints,
};
use dns_core::{Endpoint, EndpointAddress, EndpointState};
use std::net::IpAddr;
use std::sync::Arc;

/// Port of an endpoint whose slice names none.
const NO_PORT: u16 = 0;

/// Every endpoint of the Service, once per address and port, by address; an endpoint that two
/// slices show is the ready one of the two.
pub(super) fn endpoints_of(
    cluster: &ClusterObjects<'_>,
    doc: &ObjectDoc,
    service: &Service,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for slice in cluster.slices_of(doc) {
        let ports = ports_of(slice, service);
        for endpoint in &slice.endpoints {
            for address in &endpoint.addresses {
                let template = template(cluster, service, endpoint, address);
                endpoints.extend(ports.iter().map(|(name, port)| Endpoint {
                    port: *port,
                    port_name: name.clone(),
                    ..template.clone()
                }));
            }
        }
    }
    endpoints.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    endpoints.dedup_by(|a, b| place(a) == place(b));
    endpoints
}

fn template(
    cluster: &ClusterObjects<'_>,
    service: &Service,
    endpoint: &SliceEndpoint,
    address: &EndpointAddress,
) -> Endpoint {
    Endpoint {
        hostname: endpoint.hostname.clone(),
        cluster: cluster.options.cluster.clone(),
        network: cluster.network.clone(),
        locality: cluster.locality(endpoint.node.as_deref(), endpoint.zone.as_ref()),
        state: state_of(endpoint.condition, service.unready),
        ..Endpoint::new(address.clone(), NO_PORT)
    }
}

fn state_of(condition: Condition, unready: UnreadyEndpoints) -> EndpointState {
    match (condition, unready) {
        (Condition::Ready, _) | (_, UnreadyEndpoints::Published) => EndpointState::Ready,
        (Condition::NotReady, UnreadyEndpoints::Hidden) => {
            EndpointState::Unavailable("not-ready".into())
        }
        (Condition::Terminating, UnreadyEndpoints::Hidden) => {
            EndpointState::Unavailable("terminating".into())
        }
    }
}

/// Ports that the endpoints of a slice serve. A slice port without a number stands for the
/// Service's port of its name; a slice without ports still has endpoints.
fn ports_of(slice: &EndpointSlice, service: &Service) -> Vec<(Option<Arc<str>>, u16)> {
    if slice.ports.is_empty() {
        return vec![(None, NO_PORT)];
    }
    let number = |port: &SlicePort| {
        let same_name = service.ports.iter().find(|other| other.name == port.name);
        port.number
            .or(same_name.map(|port| port.number))
            .unwrap_or(NO_PORT)
    };
    slice
        .ports
        .iter()
        .map(|port| (port.name.clone(), number(port)))
        .collect()
}

type Place<'a> = (
    Option<IpAddr>,
    Option<String>,
    Option<&'a str>,
    u16,
    Option<&'a str>,
);

fn place(endpoint: &Endpoint) -> Place<'_> {
    let (ip, other) = match &endpoint.address {
        EndpointAddress::Ip(ip) => (Some(*ip), None),
        EndpointAddress::Host(host) => (None, Some(host.to_string())),
        EndpointAddress::Unix(path) => (None, Some(path.to_string())),
    };
    (
        ip,
        other,
        endpoint.hostname.as_deref(),
        endpoint.port,
        endpoint.port_name.as_deref(),
    )
}

fn sort_key(endpoint: &Endpoint) -> (Place<'_>, bool, Option<&dns_core::Locality>) {
    (
        place(endpoint),
        endpoint.state != EndpointState::Ready,
        endpoint.locality.as_ref(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{compiled, entry, place as shown_place, service, slice};
    use super::*;

    #[test]
    fn endpoints_are_one_per_address_and_port_with_state_place_and_cluster() {
        let text = service("{clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}")
            + &slice(
                "web-1",
                "addressType: IPv4
endpoints:
- {addresses: [10.3.0.2], conditions: {ready: false}}
- {addresses: [10.3.0.1], conditions: {}, zone: a, nodeName: n1}
- {addresses: [10.3.0.3], conditions: {ready: false, serving: true, terminating: true}, zone: b}
ports: [{name: http, port: 8080}, {name: admin, port: 9090}]",
            )
            + "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: \
               {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: eu-a}}\n";
        let compiled = compiled(&text);
        let endpoints = &entry(&compiled, "web.shop.svc.cluster.local").endpoints;
        let shown: Vec<_> = endpoints
            .iter()
            .map(|e| {
                let state = match &e.state {
                    EndpointState::Ready => "ready",
                    EndpointState::Unavailable(reason) => reason,
                };
                let locality = e
                    .locality
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                format!("{} {state} {locality}", shown_place(e))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Ip(10.3.0.1):8080 http ready eu/eu-a",
                "Ip(10.3.0.1):9090 admin ready eu/eu-a",
                "Ip(10.3.0.2):8080 http not-ready ",
                "Ip(10.3.0.2):9090 admin not-ready ",
                "Ip(10.3.0.3):8080 http terminating /b",
                "Ip(10.3.0.3):9090 admin terminating /b",
            ]
        );
        assert!(
            endpoints
                .iter()
                .all(|e| e.cluster.as_deref() == Some("cluster1"))
        );
    }

    #[test]
    fn an_endpoint_in_two_slices_counts_once_and_is_ready_if_one_says_so() {
        let unready = "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1], conditions: {ready: false}}]\nports: [{port: 1}]";
        let ready = "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1]}]\nports: [{port: 1}]";
        let text = service("{clusterIP: 10.0.0.1}") + &slice("a", unready) + &slice("b", ready);
        let compiled = compiled(&text);
        let endpoints = &entry(&compiled, "web.shop.svc.cluster.local").endpoints;
        assert_eq!(endpoints.len(), 1);
        assert_eq!(endpoints[0].state, EndpointState::Ready);
    }

    #[test]
    fn slices_of_other_namespaces_and_services_are_not_used() {
        let other = slice(
            "a",
            "addressType: IPv4\nendpoints: [{addresses: [10.3.0.1]}]",
        );
        let text = service("{clusterIP: 10.0.0.1}")
            + &other.replace("namespace: shop", "namespace: other")
            + &other
                .replace("service-name: web", "service-name: api")
                .replace("name: a,", "name: b,");
        assert_eq!(
            entry(&compiled(&text), "web.shop.svc.cluster.local").endpoints,
            []
        );
    }
}
