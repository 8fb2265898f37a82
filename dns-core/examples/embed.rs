//! Answers a query from a table inside your own process: no socket, no clock, no tokio.
//!
//! `cargo run -p dns-core --example embed`

use dns_core::{
    AddressOrigin, Client, Completeness, ForwardPolicy, HostAddress, HostEntry, HostKind, Millis,
    NameBuf, Random, Resolver, ResolverConfig, Snapshot, Source, TableUpdate, TableWriter,
    Transport, View, Views,
};
use std::sync::Arc;

/// Ids of forwarded questions; take a generator of your system's. Nothing is forwarded here.
struct NoRandom;

impl Random for NoRandom {
    fn next_u32(&mut self) -> u32 {
        0
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut pay = HostEntry::new(
        "pay.example.com".parse()?,
        HostKind::Product,
        Source::default(),
    );
    pay.addresses = vec![HostAddress::new(
        "250.1.2.3".parse()?,
        AddressOrigin::Pinned,
    )];
    let mut writer = TableWriter::new(0x5eed);
    let snapshot = Arc::new(Snapshot {
        table: writer.apply(TableUpdate::Replace(vec![pay]), Completeness::Complete),
        views: Views::single(View::new("cluster.local".parse()?)),
        zones: vec![NameBuf::parse("global")?],
        forward: ForwardPolicy::default(),
    });
    let mut resolver = Resolver::new(ResolverConfig::default(), snapshot, Box::new(NoRandom));

    let client = Client {
        address: "10.0.0.9:5353".parse()?,
        transport: Transport::Udp,
        token: 0,
    };
    let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03pay\x07example\x03com\0\0\x01\0\x01";
    let mut reply = Vec::new();
    let disposition = resolver.handle_query(Millis(0), client, query, &mut reply);
    let address = &reply[reply.len() - 4..];
    println!(
        "{disposition:?} in {} octets: pay.example.com is at {address:?}",
        reply.len()
    );
    Ok(())
}
