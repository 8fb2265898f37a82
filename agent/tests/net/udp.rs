//! Datagrams in and out.

use crate::messages::{outcome, padded_query, query, reply, truncated_reply};
use crate::world::{FOREIGN, Setup, Udp, Upstream, WEB, snapshot};
use std::collections::HashSet;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

const NO_ERROR: u8 = 0;
const SERVFAIL: u8 = 2;

#[test]
fn every_worker_answers_from_the_table() {
    let world = Setup {
        workers: 3,
        ..Setup::default()
    }
    .start();
    // The kernel picks the worker by the client's port: with 60 clients each gets some.
    for id in 0..60 {
        let answer = world.udp().ask(&query(id, "web.test"));
        assert_eq!(outcome(&answer), (id, NO_ERROR, Some(WEB)));
    }
    let received = |stats: &Arc<agent::net::NetStats>| stats.datagrams_received.value();
    let by_worker: Vec<_> = world.workers.net_stats().iter().map(received).collect();
    assert_eq!(by_worker.iter().sum::<u64>(), 60);
    assert!(by_worker.iter().all(|count| *count > 0), "{by_worker:?}");
}

#[test]
fn a_burst_longer_than_a_batch_is_answered_to_the_last() {
    let world = Setup::default().start();
    let client = world.udp();
    for id in 0..100 {
        client.send(&query(id, "web.test"));
    }
    let mut ids: Vec<_> = (0..100).map(|_| outcome(&client.receive()).0).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_query_may_be_longer_than_512_octets() {
    let world = Setup::default().start();
    let answer = world.udp().ask(&padded_query(7, "web.test", 4_000));
    assert_eq!(outcome(&answer), (7, NO_ERROR, Some(WEB)));
}

#[test]
fn a_datagram_longer_than_any_query_is_a_format_error() {
    const FORMERR: u8 = 1;
    let world = Setup::default().start();
    let answer = world.udp().ask(&padded_query(7, "web.test", 5_000));
    assert_eq!((&answer[..2], answer[3] & 0x0f), (&[0, 7][..], FORMERR));
    assert_eq!(world.net_count("datagrams_cut"), 1);
}

#[test]
fn a_question_for_another_goes_upstream_and_its_answer_comes_back() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let client = world.udp();
    client.send(&query(9, "example.com"));
    let (asked, from) = upstream.receive();
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&client.receive()), (9, NO_ERROR, Some(FOREIGN)));
}

#[test]
fn questions_go_upstream_with_ids_and_from_ports_that_hardly_repeat() {
    const QUESTIONS: u16 = 300;
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let client = world.udp();
    let mut pairs = HashSet::new();
    for id in 0..QUESTIONS {
        client.send(&query(id, &format!("name{id}.example")));
        let (asked, from) = upstream.receive();
        pairs.insert(([asked[0], asked[1]], from.port()));
        upstream.send(from, &reply(&asked, FOREIGN));
        client.receive();
    }
    let ports: HashSet<u16> = pairs.iter().map(|(_, port)| *port).collect();
    assert!(pairs.len() * 100 >= usize::from(QUESTIONS) * 98);
    assert!(ports.len() >= 6, "{} ports", ports.len());
}

#[test]
fn an_empty_datagram_from_upstream_ends_nothing() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let client = world.udp();
    client.send(&query(9, "example.com"));
    let (asked, from) = upstream.receive();
    upstream.send(from, &[]);
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&client.receive()), (9, NO_ERROR, Some(FOREIGN)));
}

#[test]
fn a_truncated_answer_from_upstream_is_fetched_over_tcp() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let client = world.udp();
    client.send(&query(9, "example.com"));
    let (asked, from) = upstream.receive();
    upstream.send(from, &truncated_reply(&asked));
    let (asked, mut stream) = upstream.accept();
    let frame = crate::messages::framed(&reply(&asked, FOREIGN));
    let (first, second) = frame.split_at(5);
    stream.write_all(first).unwrap();
    stream.write_all(second).unwrap();
    assert_eq!(outcome(&client.receive()), (9, NO_ERROR, Some(FOREIGN)));
}

#[test]
fn when_upstream_closes_its_tcp_connection_the_truncated_answer_has_to_do() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let client = world.udp();
    client.send(&query(9, "example.com"));
    let (asked, from) = upstream.receive();
    upstream.send(from, &truncated_reply(&asked));
    drop(upstream.accept());
    let answer = client.receive();
    assert_eq!(outcome(&answer), (9, NO_ERROR, None));
    assert_eq!(answer[2] & 2, 2, "TC");
}

#[test]
fn a_server_that_refuses_is_passed_over_without_waiting() {
    let closed = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let upstream = Upstream::start();
    let upstreams = vec![closed, upstream.address];
    let world = Setup {
        upstreams,
        ..Setup::default()
    }
    .start();
    let client = world.udp();
    client.send(&query(9, "example.com"));
    let (asked, from) = upstream.receive();
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&client.receive()), (9, NO_ERROR, Some(FOREIGN)));
    assert_eq!(world.count("forward_timeouts"), 0);
}

#[test]
fn silence_ends_in_servfail() {
    let upstream = Upstream::start();
    let mut setup = Setup::upstream(&upstream);
    setup.budget_ms = 50;
    let world = setup.start();
    assert_eq!(
        outcome(&world.udp().ask(&query(9, "example.com"))),
        (9, SERVFAIL, None)
    );
}

#[test]
fn an_answer_leaves_from_the_address_that_was_asked() {
    let upstream = Upstream::start();
    let mut setup = Setup::upstream(&upstream);
    setup.listen = "0.0.0.0:0";
    let world = setup.start();
    let asked_at = SocketAddr::from(([127, 0, 0, 2], world.address.port()));
    // A connected client hears nobody else.
    let client = Udp::to(asked_at);
    assert_eq!(
        outcome(&client.ask(&query(3, "web.test"))),
        (3, NO_ERROR, Some(WEB))
    );
    client.send(&query(4, "example.com"));
    let (asked, from) = upstream.receive();
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&client.receive()), (4, NO_ERROR, Some(FOREIGN)));
}

#[test]
fn ipv6_is_served_on_a_wildcard_and_on_an_address() {
    if UdpSocket::bind("[::1]:0").is_err() {
        eprintln!("skipped: no IPv6 loopback here");
        return;
    }
    for listen in ["[::]:0", "[::1]:0"] {
        let world = Setup {
            listen,
            ..Setup::default()
        }
        .start();
        let asked_at = SocketAddr::new("::1".parse().unwrap(), world.address.port());
        let answer = Udp::to(asked_at).ask(&query(3, "web.test"));
        assert_eq!(outcome(&answer), (3, NO_ERROR, Some(WEB)), "{listen}");
    }
}

#[test]
fn a_new_snapshot_is_answered_from_at_once() {
    let moved = Ipv4Addr::new(192, 0, 2, 99);
    let world = Setup::default().start();
    let client = world.udp();
    assert_eq!(outcome(&client.ask(&query(1, "web.test"))).2, Some(WEB));
    world.snapshots.store(Arc::new(snapshot(moved, Vec::new())));
    assert_eq!(outcome(&client.ask(&query(2, "web.test"))).2, Some(moved));
}

#[test]
fn a_response_is_not_answered() {
    let world = Setup::default().start();
    let client = world.udp();
    let mut response = query(1, "web.test");
    response[2] |= 0x80;
    client.send(&response);
    client.send(&query(2, "web.test"));
    assert_eq!(outcome(&client.receive()).0, 2);
    assert_eq!(world.net_count("datagrams_received"), 2);
}
