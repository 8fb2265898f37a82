//! The usual question is answered from the table without one allocation.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use allocation_counter::measure;
use dns_core::wire::Rtype;
use dns_core::{HostKind, Millis, Resolver, Transport};
use support::{client, host, query, resolver, sidecar, snapshot};

const NAMES: u32 = 10_000;

fn name_of(i: u32) -> String {
    format!("svc-{i:07}.ns-{}.svc.cluster.local", i % 1_000)
}

fn full_resolver() -> Resolver {
    let entry = |i: u32| {
        let [_, b, c, d] = i.to_be_bytes();
        let (v4, v6) = (format!("10.{b}.{c}.{d}"), format!("2001:db8::{i:x}"));
        host(&name_of(i), HostKind::Service, &[&v4, &v6])
    };
    let view = dns_core::View {
        families: dns_core::Families::BOTH,
        ..sidecar()
    };
    resolver(snapshot((0..NAMES).map(entry).collect(), view, &[]))
}

/// Asks for a hundred names and gives the answers in each reply.
fn assert_free(rtype: Rtype, edns: Option<u16>, answers: u16) {
    let mut resolver = full_resolver();
    let queries: Vec<_> = (0..100)
        .map(|i| query(&name_of(i * 7_919 % NAMES), rtype, edns))
        .collect();
    let mut out = Vec::with_capacity(4_096);
    for transport in [Transport::Udp, Transport::Tcp] {
        for message in &queries {
            out.clear();
            let cost = measure(|| {
                resolver.handle_query(Millis(0), client(transport), message, &mut out);
            });
            assert_eq!(cost.count_total, 0, "{rtype} over {}", transport.label());
            assert_eq!(
                out[6..8],
                answers.to_be_bytes(),
                "what was measured is an answer"
            );
        }
    }
}

#[test]
fn an_address_is_answered_without_allocating() {
    assert_free(Rtype::A, None, 1);
    assert_free(Rtype::A, Some(1_232), 1);
}

#[test]
fn an_ipv6_address_is_answered_without_allocating() {
    assert_free(Rtype::AAAA, None, 1);
    assert_free(Rtype::AAAA, Some(4_096), 1);
}

#[test]
fn that_there_is_no_such_record_is_answered_without_allocating() {
    assert_free(Rtype(65), None, 0);
    assert_free(Rtype::TXT, Some(1_232), 0);
}
