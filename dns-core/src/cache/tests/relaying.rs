//! What an asker gets from the cache.

use super::fixture::*;
use crate::transmit::Transport;
use crate::wire::writer::Fit;
use crate::wire::{Header, Rtype};
use alloc::vec::Vec;

const HOST: &str = "www.example";

#[test]
fn id_spelling_and_flags_are_the_askers() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 60)]));
    let flags = Header::default()
        .with_recursion_desired()
        .with_checking_disabled();
    let query = query(&asked, None, flags);
    let told = ask_as(&cache, START, &asked, &query).unwrap();
    assert_eq!(told.header.id, 0x1234);
    assert!(told.octets[12..].starts_with(b"\x03WWW\x07EXAMPLE\0\0\x01\0\x01\xc0\x0c"));
    assert!(told.header.recursion_desired() && told.header.checking_disabled());
    assert!(told.header.recursion_available() && told.header.is_response());
    assert_eq!(told.header.arcount, 0, "no OPT for who sent none");
    assert_eq!(told.header.qdcount, 1);
}

#[test]
fn a_cached_answer_is_not_authoritative_and_authentic_only_for_who_asks() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let good = noerror(&asked, &[a(HOST, 60)]);
    let message = Message {
        header: good.header.with_authoritative().with_authentic_data(),
        ..good
    };
    keep(&cache, START, &message);
    let plain = ask(&cache, START, &asked).unwrap();
    assert!(!plain.header.is_authoritative() && !plain.header.authentic_data());
    let asks = query(&asked, edns(1232), Header::default().with_authentic_data());
    let told = ask_as(&cache, START, &asked, &asks).unwrap();
    assert!(told.header.authentic_data() && !told.header.is_authoritative());
    let stale = ask_as(&cache, after(60), &asked, &asks).unwrap();
    assert!(
        !stale.header.authentic_data(),
        "nobody has checked it since"
    );
}

#[test]
fn an_answer_too_long_is_cut_behind_a_record() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let answers: Vec<_> = (0..40).map(|i| a(HOST, 60 + i)).collect();
    keep(&cache, START, &noerror(&asked, &answers));
    let small = query(&asked, edns(512), Header::default());
    let told = ask_as(&cache, after(10), &asked, &small).unwrap();
    assert!(told.header.is_truncated() && told.octets.len() <= 512);
    assert_eq!(told.header.arcount, 1);
    let room = 512 - 12 - 17 - 11;
    assert_eq!(usize::from(told.header.ancount), room / 16);
    for (i, (_, ttl_secs)) in told.records.iter().enumerate() {
        assert_eq!(*ttl_secs, 50 + i as u32);
    }
    let whole = cache.find(START, &key_of(&asked, 1), |hit| {
        let mut out = Vec::new();
        (
            hit.relay(small.asker(), Transport::Tcp, &mut out),
            out.len(),
        )
    });
    assert_eq!(whole, Some((Fit::Whole, 12 + 17 + 40 * 16 + 11)));
}

#[test]
fn a_negative_answer_too_long_loses_its_soa_first() {
    let asked = question(HOST, Rtype::TXT);
    let cache = cache();
    let long = [&[255], &[b'x'; 255][..]].concat().repeat(2);
    let message = Message {
        answers: [cname(HOST, 60, "b.example")].to_vec(),
        ..nodata(&asked, &[soa("example", 60, 60)])
    };
    keep(&cache, START, &message);
    let told = ask(&cache, START, &asked).unwrap();
    assert_eq!((told.header.ancount, told.header.nscount), (1, 1));
    assert!(!told.header.is_truncated());
    let texts = [
        rr(HOST, Rtype::TXT, 60, &long),
        rr(HOST, Rtype::TXT, 60, b"\x01x"),
    ];
    keep(&cache, START, &noerror(&asked, &texts));
    let small = query(&asked, None, Header::default());
    let told = ask_as(&cache, START, &asked, &small).unwrap();
    assert!(told.header.is_truncated());
    assert_eq!(told.header.ancount, 0);
    assert_eq!(told.octets.len(), 12 + 17);
}

#[test]
fn a_hit_allocates_nothing() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let answers: Vec<_> = (0..40).map(|_| a(HOST, 60)).collect();
    keep(&cache, START, &noerror(&asked, &answers));
    let query = query(&asked, edns(600), Header::default());
    let key = key_of(&asked, 1);
    let mut out = Vec::with_capacity(4_096);
    let cost = allocation_counter::measure(|| {
        for secs in [1, 2, 59, 61] {
            out.clear();
            let hit = cache.find(after(secs), &key, |hit| {
                hit.relay(query.asker(), Transport::Udp, &mut out);
                hit.relay(query.asker(), Transport::Tcp, &mut out)
            });
            assert!(hit.is_some());
        }
    });
    assert_eq!(cost.count_total, 0);
}
