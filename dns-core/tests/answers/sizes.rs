//! What fits in a reply.

use crate::support::{ask_raw, describe, host, query, resolver, sidecar, snapshot};
use dns_core::wire::record::Rtype;
use dns_core::{HostKind, Transport};

#[test]
fn answers_are_cut_at_what_the_client_takes() {
    let ips: Vec<String> = (0..100).map(|i| format!("10.9.0.{i}")).collect();
    let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
    let entry = host("big.example.com", HostKind::External, &ips);
    let mut resolver = resolver(snapshot(vec![entry], sidecar(), &[]));
    for (edns, transport, octets, records) in [
        (None, Transport::Udp, 512, 29),
        (Some(512), Transport::Udp, 512, 29),
        (Some(1232), Transport::Udp, 1232, 74),
        (Some(4096), Transport::Udp, 1232, 74),
        (None, Transport::Tcp, 65_535, 100),
    ] {
        let message = query("big.example.com", Rtype::A, edns);
        let reply = ask_raw(&mut resolver, &message, transport);
        assert!(reply.len() <= octets);
        let text = describe(&reply);
        assert_eq!(text.matches("/A/").count(), records);
        assert_eq!(text.contains(" tc"), records < 100, "{text}");
        assert_eq!(text.contains("opt 1232"), edns.is_some());
    }
}
