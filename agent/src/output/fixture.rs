//! Tables for the tests of this folder and of the admin server.

use crate::output::{ServedTable, ViewChoice};
use crate::status::{JournalStatus, Status};
use dns_core::{
    AddressOrigin, Completeness, Endpoint, EndpointAddress, EndpointState, ForwardPolicy,
    HostAddress, HostEntry, HostKind, Locality, NameBuf, Port, PortTransport, ResolverConfig,
    Snapshot, Source, TableUpdate, TableWriter, Via, View, Views, VipState,
};
use std::sync::Arc;

pub(crate) fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

/// An entry from a ServiceEntry of that name in namespace `shop`.
pub(crate) fn host(text: &str, kind: HostKind) -> HostEntry {
    let source = Source {
        cluster: Some("cluster1".into()),
        kind: "ServiceEntry".into(),
        namespace: Some("shop".into()),
        name: text.into(),
        location: Some("objects.yaml:7".into()),
        generation: 3,
    };
    HostEntry::new(name(text), kind, source)
}

/// A product name with a virtual address, a usable endpoint behind a gateway and one that is not.
pub(crate) fn pay() -> HostEntry {
    let ip = |text: &str| EndpointAddress::Ip(text.parse().unwrap());
    let through_gateway = Endpoint {
        port_name: Some("https".into()),
        cluster: Some("cluster2".into()),
        network: Some("net2".into()),
        locality: Some(Locality::parse("us-west/us-west-a")),
        subset: [("version".into(), "v3".into())].into(),
        via: Via::Gateway,
        priority: 1,
        weight: 3,
        authority: Some("pay.example.com".into()),
        identity: vec!["spiffe://cluster.local/ns/shop/sa/pay".into()],
        transit: Some("cluster3".into()),
        ..Endpoint::new(ip("203.0.113.12"), 15443)
    };
    let unavailable = Endpoint {
        state: EndpointState::Unavailable("no-gateway(net4)".into()),
        cluster: Some("cluster4".into()),
        ..Endpoint::new(ip("10.4.0.1"), 443)
    };
    let allotted = |text: &str| HostAddress::new(text.parse().unwrap(), AddressOrigin::Allotted);
    HostEntry {
        namespace: Some("shop".into()),
        addresses: vec![allotted("250.1.2.3"), allotted("2001:2:0:8000::7")],
        vip_state: VipState::Allotted,
        ports: vec![Port {
            name: Some("https".into()),
            number: 443,
            transport: PortTransport::Tcp,
            app_protocol: Some("TLS".into()),
        }],
        endpoints: vec![through_gateway, unavailable],
        created_secs: Some(1_704_067_200),
        ..host("pay.example.com", HostKind::Product)
    }
}

/// A Kubernetes Service with a cluster address.
pub(crate) fn reviews() -> HostEntry {
    let address = "10.96.0.50".parse().unwrap();
    HostEntry {
        namespace: Some("default".into()),
        addresses: vec![HostAddress::new(address, AddressOrigin::Cluster)],
        short_names: true,
        canonical: true,
        ..host("reviews.default.svc.cluster.local", HostKind::Service)
    }
}

/// A snapshot with those entries and one view, without namespace.
pub(crate) fn snapshot(entries: Vec<HostEntry>) -> Snapshot {
    let mut writer = TableWriter::new(7);
    Snapshot {
        table: writer.apply(TableUpdate::Replace(entries), Completeness::Complete),
        views: Views::single(View::new(name("cluster.local"))),
        zones: Vec::new(),
        forward: ForwardPolicy::new([]),
    }
}

/// What the clients of that snapshot are served.
pub(crate) fn served(snapshot: &Snapshot) -> ServedTable<'_> {
    ServedTable::of(snapshot, &ResolverConfig::default(), ViewChoice::Default).unwrap()
}

/// A serving process with that snapshot, no sources and no journal.
pub(crate) fn status(snapshot: Snapshot) -> Status {
    Status::starting(Arc::new(snapshot), JournalStatus::Off)
}
