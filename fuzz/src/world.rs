//! The state that an input meets: a small table, a view, zones, an upstream, a cache.

use dns_core::{
    AddressOrigin, CacheConfig, Client, Completeness, ForwardPolicy, HostAddress, HostEntry,
    HostKind, Millis, NameBuf, Port, PortTransport, Random, Resolver, ResolverConfig, Route,
    Shared, Snapshot, Source, TableUpdate, TableWriter, Transport, View, Views,
};
use std::sync::{Arc, OnceLock};

/// Octets of the cache: room for a few hundred answers.
const CACHE_OCTETS: usize = 256 * 1024;

/// A zone of ours.
pub const ZONE: &str = "cluster.local";

/// Time at which an input starts.
pub const START: Millis = Millis(1_000);

/// A resolver in the state that every input meets.
pub fn resolver() -> Resolver {
    static SNAPSHOT: OnceLock<Arc<Snapshot>> = OnceLock::new();
    let snapshot = SNAPSHOT.get_or_init(|| Arc::new(snapshot()));
    let cache = CacheConfig {
        octets_max: CACHE_OCTETS,
        ..CacheConfig::default()
    };
    Resolver::with_shared(
        ResolverConfig::default(),
        Arc::clone(snapshot),
        Box::new(Sequence(7)),
        Arc::new(Shared::new(1, Some(cache), 0x5eed)),
        0,
    )
}

/// A client over that transport.
pub fn client(transport: Transport) -> Client {
    Client {
        address: "10.1.2.3:4000".parse().unwrap(),
        transport,
        token: 9,
    }
}

/// The addresses that the table has for a name, `None` if it has none by that name.
pub fn addresses(name: &str) -> Option<&'static [&'static str]> {
    let host = HOSTS.iter().find(|(host, ..)| *host == name)?;
    Some(host.2)
}

const HOSTS: [(&str, HostKind, &[&str]); 7] = [
    (
        "web.ns1.svc.cluster.local",
        HostKind::Service,
        &["10.0.0.1"],
    ),
    (
        "both.ns1.svc.cluster.local",
        HostKind::Service,
        &["10.0.0.2", "2001:db8::2"],
    ),
    (
        "db.ns2.svc.cluster.local",
        HostKind::Headless,
        &["10.0.1.1", "10.0.1.2", "10.0.1.3", "2001:db8::1:1"],
    ),
    ("api.example.com", HostKind::External, &["192.0.2.7"]),
    ("*.wild.example.com", HostKind::External, &["192.0.2.8"]),
    ("empty.example.com", HostKind::External, &[]),
    ("x", HostKind::External, &["192.0.2.9"]),
];

fn snapshot() -> Snapshot {
    let mut writer = TableWriter::new(7);
    let update = TableUpdate::Replace(entries());
    let domain = name(ZONE);
    let view = View {
        namespace: Some("ns1".into()),
        search: View::kubernetes_search("ns1", &domain),
        ..View::new(domain)
    };
    let upstream = "192.0.2.53:53".parse().unwrap();
    Snapshot {
        table: writer.apply(update, Completeness::Complete),
        views: Views::single(view),
        zones: vec![name(ZONE)],
        forward: ForwardPolicy::new([Route::new(name("."), [upstream])]),
    }
}

fn entries() -> Vec<HostEntry> {
    let plain = HOSTS
        .iter()
        .map(|(text, kind, addresses)| entry(text, *kind, addresses));
    plain.chain([crowd(), alias(), with_ports()]).collect()
}

fn entry(text: &str, kind: HostKind, addresses: &[&str]) -> HostEntry {
    let origin = match kind {
        HostKind::Headless => AddressOrigin::Endpoint,
        HostKind::Service => AddressOrigin::Cluster,
        _ => AddressOrigin::Pinned,
    };
    let addresses = addresses
        .iter()
        .map(|ip| HostAddress::new(ip.parse().unwrap(), origin));
    HostEntry {
        addresses: addresses.collect(),
        short_names: matches!(kind, HostKind::Service | HostKind::Headless),
        ..HostEntry::new(name(text), kind, Source::default())
    }
}

/// More addresses than a datagram takes.
fn crowd() -> HostEntry {
    let addresses: Vec<_> = (0..120).map(|i| format!("10.9.0.{i}")).collect();
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    entry(
        "crowd.ns1.svc.cluster.local",
        HostKind::Headless,
        &addresses,
    )
}

/// A CNAME that leads out of the table.
fn alias() -> HostEntry {
    HostEntry {
        cname: Some(name("target.example.net")),
        ..entry("alias.ns1.svc.cluster.local", HostKind::Service, &[])
    }
}

fn with_ports() -> HostEntry {
    HostEntry {
        ports: vec![Port {
            name: Some("http".into()),
            number: 80,
            transport: PortTransport::Tcp,
            app_protocol: None,
        }],
        ..entry(
            "port.ns1.svc.cluster.local",
            HostKind::Service,
            &["10.0.0.4"],
        )
    }
}

fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

struct Sequence(u32);

impl Random for Sequence {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 4
    }
}
