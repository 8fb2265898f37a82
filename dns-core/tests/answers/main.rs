//! What the resolver answers from a table: names, types, zones, views, sizes.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod endpoints;
mod messages;
mod modes;
mod names;
mod sizes;
mod srv;
#[path = "../support/mod.rs"]
mod support;
mod types;
mod views;
mod zones;

use dns_core::{Endpoint, EndpointAddress, HostEntry, HostKind, Port, PortTransport};
use support::{host, name, resolver, sidecar, snapshot};

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
