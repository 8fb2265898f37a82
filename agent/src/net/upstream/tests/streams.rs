//! Exchanges over TCP.

use super::*;

fn start() -> (StreamServer, Arc<Server>, Bench) {
    let listening = StreamServer::start();
    let server = server_at(listening.address, Protocol::Tcp);
    (listening, server, Bench::new(None))
}

/// A connection that has brought an answer, to exchange 1.
fn used(listening: &StreamServer, server: &Arc<Server>, bench: &mut Bench) -> Peer<TcpStream> {
    bench.ask_tcp(1, server, 1);
    let mut peer = listening.accept(bench);
    assert_eq!(peer.receive(bench), Some(1));
    peer.send(&[1]);
    assert_eq!(bench.next(), reply(1, 1));
    bench.close(1);
    peer
}

#[test]
fn questions_share_a_connection_and_answers_come_in_any_order() {
    let (listening, server, mut bench) = start();
    for id in 0..20 {
        bench.ask_tcp(u64::from(id), &server, id);
    }
    let mut peer = listening.accept(&mut bench);
    for id in 0..20 {
        assert_eq!(peer.receive(&mut bench), Some(id));
    }
    let backwards: Vec<u16> = (0..20).rev().collect();
    peer.send(&backwards);
    for id in backwards {
        assert_eq!(bench.next(), reply(u64::from(id), id));
    }
    assert_eq!(bench.count("exchanges_opened"), 1);
}

#[test]
fn questions_of_one_id_take_two_connections() {
    let (listening, server, mut bench) = start();
    bench.ask_tcp(1, &server, 7);
    bench.ask_tcp(2, &server, 7);
    let mut peers = [(); 2].map(|()| listening.accept(&mut bench));
    for peer in &mut peers {
        assert_eq!(peer.receive(&mut bench), Some(7));
        peer.send(&[7]);
    }
    assert_eq!(bench.next_sorted(2), [reply(1, 7), reply(2, 7)]);
}

#[test]
fn many_questions_take_four_connections_and_no_more() {
    let (_listening, server, mut bench) = start();
    for id in 0..1_000 {
        bench.ask_tcp(u64::from(id), &server, id);
    }
    assert_eq!(bench.count("exchanges_opened"), 4);
}

#[test]
fn a_connection_closed_while_idle_is_forgotten() {
    let (listening, server, mut bench) = start();
    drop(used(&listening, &server, &mut bench));
    bench.until(|bench| bench.exchanges.connections.is_empty().then_some(()));
    assert_eq!(bench.told, []);
    used(&listening, &server, &mut bench);
}

#[test]
fn questions_that_the_server_hangs_up_on_without_an_answer_are_unreachable() {
    let (listening, server, mut bench) = start();
    bench.ask_tcp(1, &server, 1);
    bench.ask_tcp(2, &server, 2);
    let mut peer = listening.accept(&mut bench);
    assert_eq!(peer.receive(&mut bench), Some(1));
    assert_eq!(peer.receive(&mut bench), Some(2));
    drop(peer);
    let unreachable = [Told::Unreachable(1), Told::Unreachable(2)];
    assert_eq!(bench.next_sorted(2), unreachable);
    assert!(bench.exchanges.connections.is_empty());
}

#[test]
fn a_question_behind_the_first_answer_is_asked_once_more() {
    let (listening, server, mut bench) = start();
    bench.ask_tcp(1, &server, 1);
    bench.ask_tcp(2, &server, 2);
    let mut peer = listening.accept(&mut bench);
    assert_eq!(peer.receive(&mut bench), Some(1));
    assert_eq!(peer.receive(&mut bench), Some(2));
    peer.send(&[2]);
    drop(peer);
    assert_eq!(bench.next(), reply(2, 2));
    let mut fresh = listening.accept(&mut bench);
    assert_eq!(fresh.receive(&mut bench), Some(1));
    drop(fresh);
    assert_eq!(bench.next(), Told::Unreachable(1));
    assert!(bench.exchanges.connections.is_empty());
}

#[test]
fn questions_on_a_used_connection_that_is_closed_are_asked_once_more_and_apart() {
    let (listening, server, mut bench) = start();
    let mut peer = used(&listening, &server, &mut bench);
    bench.ask_tcp(2, &server, 2);
    bench.ask_tcp(3, &server, 3);
    assert_eq!(peer.receive(&mut bench), Some(2));
    assert_eq!(peer.receive(&mut bench), Some(3));
    drop(peer);
    let mut fresh = [(); 2].map(|()| listening.accept(&mut bench));
    assert_eq!(fresh[0].receive(&mut bench), Some(2));
    assert_eq!(fresh[1].receive(&mut bench), Some(3));
    let [mut answering, closing] = fresh;
    drop(closing);
    assert_eq!(bench.next(), Told::Unreachable(3));
    answering.send(&[2]);
    assert_eq!(bench.next(), reply(2, 2));
    assert_eq!(bench.count("upstream_asked_again"), 2);
}

#[test]
fn a_server_that_closes_after_an_answer_has_one_question_a_connection_for_a_minute() {
    let (listening, server, mut bench) = start();
    let mut peer = used(&listening, &server, &mut bench);
    bench.ask_tcp(2, &server, 2);
    assert_eq!(peer.receive(&mut bench), Some(2));
    drop(peer);
    bench.until(|bench| (bench.count("upstream_asked_again") == 1).then_some(()));
    for id in 3..6 {
        bench.ask_tcp(u64::from(id), &server, id);
    }
    let mut peers: Vec<_> = (2..6).map(|_| listening.accept(&mut bench)).collect();
    for (peer, id) in peers.iter_mut().zip(2..6) {
        assert_eq!(peer.receive(&mut bench), Some(id));
        peer.send(&[id]);
        assert_eq!(bench.next(), reply(u64::from(id), id));
        bench.close(u64::from(id));
        assert_eq!(peer.receive(&mut bench), None);
    }
    assert!(bench.exchanges.connections.is_empty());
    bench.wait(60_000);
    bench.ask_tcp(6, &server, 6);
    bench.ask_tcp(7, &server, 7);
    let mut shared = listening.accept(&mut bench);
    assert_eq!(shared.receive(&mut bench), Some(6));
    assert_eq!(shared.receive(&mut bench), Some(7));
}

#[test]
fn past_their_number_the_connections_to_a_closing_server_are_shared() {
    let (listening, server, mut bench) = start();
    let mut peer = used(&listening, &server, &mut bench);
    bench.ask_tcp(2, &server, 2);
    assert_eq!(peer.receive(&mut bench), Some(2));
    drop(peer);
    bench.until(|bench| (bench.count("upstream_asked_again") == 1).then_some(()));
    for id in 3..103 {
        bench.ask_tcp(u64::from(id), &server, id);
    }
    assert_eq!(bench.count("exchanges_opened"), 1 + 32);
}

#[test]
fn nobody_listening_is_unreachable() {
    let (listening, server, mut bench) = start();
    drop(listening);
    bench.ask_tcp(1, &server, 1);
    assert_eq!(bench.next(), Told::Unreachable(1));
}

#[test]
fn an_idle_connection_is_closed_after_ten_seconds() {
    let (listening, server, mut bench) = start();
    let mut peer = used(&listening, &server, &mut bench);
    bench.wait(9_999);
    assert!(!bench.exchanges.connections.is_empty());
    bench.wait(1_000);
    assert_eq!(peer.receive(&mut bench), None);
    assert_eq!(bench.exchanges.next_deadline(), None);
}

#[test]
fn a_connection_that_stays_silent_is_given_up_with_its_question() {
    let (listening, server, mut bench) = start();
    let mut silent = used(&listening, &server, &mut bench);
    bench.ask_tcp(2, &server, 2);
    assert_eq!(silent.receive(&mut bench), Some(2));
    bench.wait(1_000);
    bench.close(2);
    bench.ask_tcp(3, &server, 3);
    let mut fresh = listening.accept(&mut bench);
    assert_eq!(fresh.receive(&mut bench), Some(3));
    assert_eq!(silent.receive(&mut bench), None);
}

#[test]
fn an_answer_that_comes_late_is_passed_to_nobody() {
    let (listening, server, mut bench) = start();
    bench.ask_tcp(1, &server, 1);
    bench.ask_tcp(2, &server, 2);
    let mut peer = listening.accept(&mut bench);
    assert_eq!(peer.receive(&mut bench), Some(1));
    bench.close(1);
    peer.send(&[1, 2]);
    assert_eq!(bench.next(), reply(2, 2));
    assert_eq!(bench.told, []);
}

#[test]
fn a_message_of_length_zero_ends_the_connection() {
    let (listening, server, mut bench) = start();
    bench.ask_tcp(1, &server, 1);
    let mut peer = listening.accept(&mut bench);
    assert_eq!(peer.receive(&mut bench), Some(1));
    peer.stream.write_all(&[0, 0]).unwrap();
    assert_eq!(bench.next(), Told::Unreachable(1));
}
