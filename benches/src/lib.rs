//! What is measured: tables of the sizes we care about, made reproducibly, and processes under load.

use dns_core::{
    AddressOrigin, Client, Completeness, ForwardPolicy, HostAddress, HostEntry, HostKind, NameBuf,
    NameTable, Random, Resolver, ResolverConfig, Snapshot, Source, TableUpdate, TableWriter,
    Transport, View, Views,
};
use std::net::Ipv4Addr;
use std::sync::Arc;

pub mod ceiling;
pub mod forwarding;
pub mod instructions;
pub mod load;
pub mod mesh;
pub mod process;

/// Numbers of names that are measured.
pub const SIZES: [u32; 3] = [100, 10_000, 100_000];

/// The entry of number `i`.
pub fn entry(i: u32) -> HostEntry {
    let name = format!("svc-{i:07}.ns-{}.svc.cluster.local", i % 1_000);
    let name = NameBuf::parse(&name).expect("the name is well formed");
    let address = Ipv4Addr::from(0x0a00_0000 + i).into();
    HostEntry {
        addresses: vec![HostAddress::new(address, AddressOrigin::Cluster)],
        short_names: true,
        ..HostEntry::new(name, HostKind::Service, Source::default())
    }
}

/// A writer and its table of that many names.
pub fn fleet(names: u32) -> (TableWriter, Arc<NameTable>) {
    let mut writer = TableWriter::new(0x5eed);
    let update = TableUpdate::Replace((0..names).map(entry).collect());
    let table = writer.apply(update, Completeness::Complete);
    (writer, table)
}

/// A sidecar's view.
pub fn view() -> View {
    let domain = NameBuf::parse("cluster.local").expect("a constant name parses");
    View {
        namespace: Some("ns-1".into()),
        search: View::kubernetes_search("ns-1", &domain),
        ..View::new(domain)
    }
}

/// A resolver on such a table, with a sidecar's view.
pub fn resolver(names: u32) -> Resolver {
    let snapshot = Snapshot {
        table: fleet(names).1,
        views: Views::single(view()),
        zones: Vec::new(),
        forward: ForwardPolicy::default(),
    };
    Resolver::new(
        ResolverConfig::default(),
        Arc::new(snapshot),
        Box::new(Counting(0)),
    )
}

/// A query for the A records of entry `i`.
pub fn query(i: u32) -> Vec<u8> {
    let mut message = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    message.extend_from_slice(entry(i).name.as_name().as_wire());
    message.extend_from_slice(&[0, 1, 0, 1]);
    message
}

/// The same with an OPT record of 1232 octets.
pub fn query_with_edns(i: u32) -> Vec<u8> {
    let mut message = query(i);
    message[11] = 1;
    message.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
    message
}

/// A client over UDP.
pub fn client() -> Client {
    let address = (Ipv4Addr::LOCALHOST, 5353).into();
    Client {
        address,
        transport: Transport::Udp,
        token: 0,
    }
}

/// Numbers for a resolver that forwards nothing.
struct Counting(u32);

impl Random for Counting {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(1);
        self.0
    }
}
