//! Exchanges over UDP.

use super::*;
use std::collections::{HashMap, HashSet};

#[test]
fn ids_pass_through_and_ports_are_spread_and_replaced() {
    const QUESTIONS: u16 = 2_000;
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    let mut pairs = HashSet::new();
    let mut messages_by_port: HashMap<u16, u32> = HashMap::new();
    for number in 0..QUESTIONS {
        let id = number.wrapping_mul(40_503);
        bench.ask_udp(u64::from(number), &server.server, id);
        let (asked, from) = server.receive();
        assert_eq!(asked, id);
        pairs.insert((id, from.port()));
        *messages_by_port.entry(from.port()).or_default() += 1;
        server.send(from, id);
        assert_eq!(bench.next(), reply(u64::from(number), id));
        bench.close(u64::from(number));
    }
    assert!(pairs.len() * 100 >= usize::from(QUESTIONS) * 98);
    assert!(messages_by_port.values().all(|messages| *messages <= 160));
    let (low, high) = (messages_by_port.keys().min(), messages_by_port.keys().max());
    let span = high.unwrap() - low.unwrap();
    assert!(span > 5_000, "{span}");
}

#[test]
fn the_questions_of_a_turn_leave_by_one_port() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    for id in 0..40 {
        bench.open(u64::from(id), &server.server, Transport::Udp, id);
    }
    bench.exchanges.flush();
    let received: Vec<_> = (0..40).map(|_| server.receive()).collect();
    let ids: Vec<u16> = received.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (0..40).collect::<Vec<_>>());
    assert!(received.iter().all(|(_, from)| *from == received[0].1));
    for (id, from) in received.iter().rev() {
        server.send(*from, *id);
    }
    let expected: Vec<_> = (0..40).map(|id| reply(u64::from(id), id)).collect();
    assert_eq!(bench.next_sorted(40), expected);
}

#[test]
fn the_questions_of_a_turn_reach_each_its_server() {
    let servers = [UdpServer::start(), UdpServer::start()];
    let mut bench = Bench::new(None);
    for id in 0..10u16 {
        let server = &servers[usize::from(id) % 2].server;
        bench.open(u64::from(id), server, Transport::Udp, id);
    }
    bench.exchanges.flush();
    for id in 0..10u16 {
        assert_eq!(servers[usize::from(id) % 2].receive().0, id);
    }
}

#[test]
fn questions_of_one_id_leave_by_two_ports_and_each_gets_its_reply() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.open(1, &server.server, Transport::Udp, 7);
    bench.open(2, &server.server, Transport::Udp, 7);
    bench.exchanges.flush();
    let [(_, first), (_, second)] = [server.receive(), server.receive()];
    assert_ne!(first, second);
    server.send(first, 7);
    let told = bench.next();
    server.send(second, 7);
    let mut all = vec![told, bench.next()];
    all.sort_by_key(|told| *told != reply(1, 7));
    assert_eq!(all, [reply(1, 7), reply(2, 7)]);
}

#[test]
fn a_port_that_refuses_ends_all_exchanges_of_the_socket() {
    let server = UdpServer::start().server;
    let mut bench = Bench::new(None);
    for id in 0..3 {
        bench.open(u64::from(id), &server, Transport::Udp, id);
    }
    bench.exchanges.flush();
    let expected: Vec<_> = (0..3).map(Told::Unreachable).collect();
    assert_eq!(bench.next_sorted(3), expected);
    assert!(bench.exchanges.udp.is_empty());

    bench.ask_udp(9, &server, 9);
    assert_eq!(bench.next(), Told::Unreachable(9));
    assert_eq!(bench.count("exchanges_opened"), 2);
}

#[test]
fn a_datagram_that_nobody_asked_for_is_told_to_eight_at_most() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    for id in 0..10 {
        bench.open(u64::from(id), &server.server, Transport::Udp, id);
    }
    bench.exchanges.flush();
    let (_, from) = server.receive();
    server.send(from, 4_711);
    server.send(from, 3);
    let told: Vec<_> = (0..9).map(|_| bench.next()).collect();
    let (mismatches, replies) = told.split_at(8);
    let warned: HashSet<_> = mismatches
        .iter()
        .map(|told| match told {
            Told::Mismatch(exchange) => *exchange,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(warned.len(), 8);
    assert_eq!(replies, [reply(3, 3)]);
    assert_eq!(bench.count("upstream_datagrams_mismatched"), 1);
}

#[test]
fn a_datagram_without_an_id_is_told_and_counted_as_one_that_nobody_asked_for() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.ask_udp(1, &server.server, 7);
    let (_, from) = server.receive();
    server.socket.send_to(&[], from).unwrap();
    server.socket.send_to(&[0], from).unwrap();
    server.send(from, 7);
    let told: Vec<_> = (0..3).map(|_| bench.next()).collect();
    let mismatch = || Told::Mismatch(1);
    assert_eq!(told, [mismatch(), mismatch(), reply(1, 7)]);
    assert_eq!(bench.count("upstream_datagrams_mismatched"), 2);
}

#[test]
fn a_late_reply_is_nobodys_guess() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.open(1, &server.server, Transport::Udp, 7);
    bench.open(2, &server.server, Transport::Udp, 8);
    bench.exchanges.flush();
    let (_, from) = server.receive();
    bench.close(1);
    server.send(from, 7);
    server.send(from, 8);
    assert_eq!(bench.next(), reply(2, 8));
    assert_eq!(bench.count("upstream_datagrams_late"), 1);
    assert_eq!(bench.count("upstream_datagrams_mismatched"), 0);
}

#[test]
fn another_sender_is_not_heard() {
    let server = UdpServer::start();
    let stranger = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.ask_udp(1, &server.server, 7);
    let (_, from) = server.receive();
    // On loopback the kernel may answer with an ICMP error; a stranger's socket does not mind.
    let _ = stranger.socket.send_to(&message(7), from);
    server.send(from, 7);
    assert_eq!(bench.next(), reply(1, 7));
    bench.step();
    assert_eq!(bench.told, []);
}

#[test]
fn a_datagram_far_larger_than_asked_for_is_dropped() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.ask_udp(1, &server.server, 7);
    let (_, from) = server.receive();
    let mut large = message(7);
    large.resize(20_000, 0);
    server.socket.send_to(&large, from).unwrap();
    server.send(from, 7);
    assert_eq!(bench.next(), reply(1, 7));
    assert_eq!(bench.count("upstream_datagrams_cut"), 1);
}

#[test]
fn after_ten_seconds_the_ports_are_others() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    let mut ports = [(); 2].map(|()| HashSet::new());
    for ports in &mut ports {
        for id in 0..30 {
            bench.ask_udp(u64::from(id), &server.server, id);
            ports.insert(server.receive().1.port());
            bench.close(u64::from(id));
        }
        bench.wait(10_000);
    }
    let [before, after] = ports;
    assert!(before.len() <= 8 && after.len() <= 8);
    // The kernel may give a port that has come free to the next who asks.
    let kept = before.intersection(&after).count();
    assert!(kept < before.len(), "{kept} of {}", before.len());
}

#[test]
fn sockets_that_nobody_uses_are_closed() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.ask_udp(1, &server.server, 7);
    bench.close(1);
    bench.wait(9_999);
    assert!(!bench.exchanges.udp.is_empty());
    assert!(bench.exchanges.next_deadline().is_some());
    bench.wait(1_001);
    assert!(bench.exchanges.udp.is_empty());
    assert_eq!(bench.exchanges.next_deadline(), None);
}

#[test]
fn a_retired_socket_still_hears_and_gives_up_after_five_seconds() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.open(1, &server.server, Transport::Udp, 7);
    bench.open(2, &server.server, Transport::Udp, 8);
    bench.exchanges.flush();
    let (_, from) = server.receive();
    bench.wait(10_000);
    server.send(from, 7);
    assert_eq!(bench.next(), reply(1, 7));
    bench.close(1);
    bench.wait(5_000);
    assert_eq!(bench.next(), Told::Unreachable(2));
    assert!(bench.exchanges.udp.is_empty());
}

#[test]
fn questions_closed_before_they_are_sent_reach_no_other_server() {
    let servers = [UdpServer::start(), UdpServer::start()];
    let mut bench = Bench::new(None);
    // Of one id, each takes a socket of its own and most of them the place of another.
    for exchange in 0..40 {
        bench.open(exchange, &servers[0].server, Transport::Udp, 7);
    }
    for exchange in 0..40 {
        bench.close(exchange);
    }
    for exchange in 40..45 {
        bench.open(exchange, &servers[1].server, Transport::Udp, 9);
    }
    bench.exchanges.flush();
    for _ in 0..5 {
        assert_eq!(servers[1].receive().0, 9);
    }
    servers[1].socket.set_nonblocking(true).unwrap();
    assert!(servers[1].socket.recv(&mut [0; 512]).is_err());
    for _ in 0..40 {
        assert_eq!(servers[0].receive().0, 7);
    }
}

#[test]
fn past_the_bound_questions_are_turned_away() {
    let server = UdpServer::start();
    let mut bench = Bench::new(None);
    bench.exchanges.max = 1;
    bench.ask_udp(1, &server.server, 7);
    let refused = bench.exchanges.open(
        Millis(0),
        ExchangeId(2),
        &server.server,
        Transport::Udp,
        &message(8),
    );
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    bench.close(1);
    bench.ask_udp(2, &server.server, 8);
}
