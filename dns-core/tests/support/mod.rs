//! A resolver on a small table, and messages as text.
#![allow(dead_code, reason = "each test takes its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use dns_core::wire::edns::Edns;
use dns_core::wire::record::Rtype;
use dns_core::wire::{FoldedName, Header, Reader};
use dns_core::{
    AddressOrigin, Client, Completeness, Disposition, Families, ForwardPolicy, HostAddress,
    HostEntry, HostKind, Millis, NameBuf, Random, Resolver, ResolverConfig, Snapshot, Source,
    TableUpdate, TableWriter, Transport, View, Views,
};
use std::sync::Arc;

pub(crate) struct Sequence(pub(crate) u32);

impl Random for Sequence {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }
}

pub(crate) fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

pub(crate) fn host(text: &str, kind: HostKind, addresses: &[&str]) -> HostEntry {
    let origin = match kind {
        HostKind::Headless | HostKind::Instance => AddressOrigin::Endpoint,
        HostKind::Service => AddressOrigin::Cluster,
        _ => AddressOrigin::Pinned,
    };
    let addresses = addresses
        .iter()
        .map(|ip| HostAddress::new(ip.parse().unwrap(), origin))
        .collect();
    let short_names = !matches!(kind, HostKind::External | HostKind::Product);
    HostEntry {
        addresses,
        short_names,
        ..HostEntry::new(name(text), kind, Source::default())
    }
}

pub(crate) fn sidecar() -> View {
    let domain = name("cluster.local");
    View {
        namespace: Some("ns1".into()),
        search: View::kubernetes_search("ns1", &domain),
        families: Families::V4,
        ..View::new(domain)
    }
}

pub(crate) fn snapshot(entries: Vec<HostEntry>, view: View, zones: &[&str]) -> Snapshot {
    let mut writer = TableWriter::new(7);
    Snapshot {
        table: writer.apply(TableUpdate::Replace(entries), Completeness::Complete),
        views: Views::single(view),
        zones: zones.iter().map(|zone| name(zone)).collect(),
        forward: ForwardPolicy::default(),
    }
}

pub(crate) fn resolver(snapshot: Snapshot) -> Resolver {
    Resolver::new(
        ResolverConfig::default(),
        Arc::new(snapshot),
        Box::new(Sequence(1)),
    )
}

pub(crate) fn query(text: &str, rtype: Rtype, edns: Option<u16>) -> Vec<u8> {
    let header = Header {
        id: 0x1234,
        flags: 0x0100,
        qdcount: 1,
        ..Header::default()
    };
    let header = Header {
        arcount: u16::from(edns.is_some()),
        ..header
    };
    let mut message = header.to_wire().to_vec();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    message.extend_from_slice(&rtype.0.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    if let Some(size) = edns {
        message.extend_from_slice(&[0, 0, 41]);
        message.extend_from_slice(&size.to_be_bytes());
        message.extend_from_slice(&[0; 6]);
    }
    message
}

pub(crate) fn client(transport: Transport) -> Client {
    Client {
        address: "10.1.2.3:4000".parse().unwrap(),
        transport,
        token: 9,
    }
}

/// Asks and gives the reply; panics if there is none at once.
pub(crate) fn ask_raw(resolver: &mut Resolver, message: &[u8], transport: Transport) -> Vec<u8> {
    let mut out = Vec::new();
    let disposition = resolver.handle_query(Millis(0), client(transport), message, &mut out);
    assert_eq!(disposition, Disposition::Answered);
    out
}

/// The reply as `RCODE [aa] [tc] | answer records | authority records`, in order.
pub(crate) fn ask(resolver: &mut Resolver, text: &str, rtype: Rtype) -> String {
    describe(&ask_raw(
        resolver,
        &query(text, rtype, None),
        Transport::Udp,
    ))
}

pub(crate) fn describe(reply: &[u8]) -> String {
    let header = Header::parse(reply).unwrap();
    let mut text = header.rcode().label().to_owned();
    for (set, flag) in [
        (header.is_authoritative(), " aa"),
        (header.is_truncated(), " tc"),
    ] {
        text.push_str(if set { flag } else { "" });
    }
    let mut reader = Reader::after_header(reply);
    for _ in 0..header.qdcount {
        reader.name().unwrap();
        reader.u32().unwrap();
    }
    for count in [header.ancount, header.nscount] {
        text.push_str(" |");
        for _ in 0..count {
            text.push(' ');
            text.push_str(&record(reply, &mut reader));
        }
    }
    for _ in 0..header.arcount {
        let record = reader.record().unwrap();
        assert_eq!(record.rtype, Rtype::OPT);
        let edns = Edns::from_record(record.class.0, record.ttl_secs);
        text.push_str(&format!(" | opt {}", edns.payload_size));
        let options = &reply[record.rdata_at..record.end()];
        if let [0, 15, 0, 2, high, low] = options {
            text.push_str(&format!(" ede {}", u16::from_be_bytes([*high, *low])));
        }
    }
    assert!(reader.is_at_end());
    text
}

fn record(reply: &[u8], reader: &mut Reader<'_>) -> String {
    let record = reader.record().unwrap();
    let mut data = Reader::at_offset(reply, record.rdata_at);
    let spelled = |name: FoldedName| name.as_name().to_string();
    let octets = &reply[record.rdata_at..record.end()];
    let data = match record.rtype {
        Rtype::A => std::net::Ipv4Addr::from(<[u8; 4]>::try_from(octets).unwrap()).to_string(),
        Rtype::AAAA => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap()).to_string(),
        Rtype::CNAME | Rtype::PTR => spelled(data.name().unwrap()),
        Rtype::SRV => {
            data.u16().unwrap();
            data.u16().unwrap();
            format!("{}:{}", data.u16().unwrap(), spelled(data.name().unwrap()))
        }
        Rtype::SOA => "soa".to_owned(),
        _ => String::from_utf8_lossy(&octets[1..]).into_owned(),
    };
    format!(
        "{}/{}/{}={data}",
        spelled(record.owner),
        record.rtype,
        record.ttl_secs
    )
}
