//! Client connections.

use crate::messages::{first_label, framed, outcome, query, reply};
use crate::world::{FOREIGN, Setup, Upstream, WEB};
use agent::net::NetLimits;
use std::io::Write;
use std::net::Shutdown;
use std::thread;

const NO_ERROR: u8 = 0;

#[test]
fn queries_may_follow_each_other_without_waiting() {
    let world = Setup {
        workers: 2,
        ..Setup::default()
    }
    .start();
    let mut client = world.tcp();
    // More than a turn takes at once.
    let queries: Vec<_> = (0..200)
        .flat_map(|id| framed(&query(id, "web.test")))
        .collect();
    client.stream.write_all(&queries).unwrap();
    for id in 0..200 {
        assert_eq!(outcome(&client.receive()), (id, NO_ERROR, Some(WEB)));
    }
}

#[test]
fn a_connection_serves_any_number_of_queries() {
    const QUERIES: usize = 20_000;
    let world = Setup::default().start();
    let mut client = world.tcp();
    let mut sending = client.stream.try_clone().unwrap();
    let sender = thread::spawn(move || {
        for batch in 0..QUERIES / 100 {
            let queries: Vec<_> = (0..100)
                .flat_map(|n| framed(&query((batch * 100 + n) as u16, "web.test")))
                .collect();
            sending.write_all(&queries).unwrap();
        }
    });
    for id in 0..QUERIES {
        assert_eq!(outcome(&client.receive()).0, id as u16);
    }
    sender.join().unwrap();
}

#[test]
fn a_client_that_never_reads_is_closed() {
    let mut setup = Setup::default();
    setup.limits.tcp_write_stall_ms = 20;
    let world = setup.start();
    let mut client = world.tcp();
    let queries = framed(&query(1, "web.test")).repeat(100);
    // Once both sides' buffers are full it blocks, until the other side closes.
    while client.stream.write_all(&queries).is_ok() {}
    assert_eq!(world.net_count("tcp_closed_write_stalled"), 1);
    assert_eq!(outcome(&world.udp().ask(&query(2, "web.test"))).0, 2);
}

#[test]
fn urgent_octets_hold_nothing_up() {
    let world = Setup::default().start();
    let mut client = world.tcp();
    for id in 0..10 {
        let frame = framed(&query(id, "web.test"));
        let (head, tail) = frame.split_at(7);
        client.stream.write_all(head).unwrap();
        // The urgent octet itself is out of band and no part of the message.
        let urgent = socket2::SockRef::from(&client.stream).send_out_of_band(&[0xff]);
        assert_eq!(urgent.unwrap(), 1);
        client.stream.write_all(tail).unwrap();
        assert_eq!(outcome(&client.receive()).0, id);
    }
}

#[test]
fn a_query_may_come_octet_by_octet() {
    let world = Setup::default().start();
    let mut client = world.tcp();
    client.stream.set_nodelay(true).unwrap();
    for octet in framed(&query(5, "web.test")) {
        client.stream.write_all(&[octet]).unwrap();
    }
    assert_eq!(outcome(&client.receive()), (5, NO_ERROR, Some(WEB)));
}

#[test]
fn an_answer_does_not_wait_for_the_one_before() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let mut client = world.tcp();
    client.send(&query(1, "example.com"));
    let (asked, from) = upstream.receive();
    assert_eq!(
        outcome(&client.ask(&query(2, "web.test"))),
        (2, NO_ERROR, Some(WEB))
    );
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&client.receive()), (1, NO_ERROR, Some(FOREIGN)));
}

#[test]
fn at_the_bound_of_queries_in_flight_the_others_wait_and_none_is_lost() {
    let upstream = Upstream::start();
    let mut setup = Setup::upstream(&upstream);
    setup.limits.tcp_in_flight_max = 2;
    let world = setup.start();
    let mut client = world.tcp();
    let names = ["a.example", "b.example", "c.example", "d.example"];
    let queries: Vec<_> = names
        .iter()
        .zip(0..)
        .flat_map(|(name, id)| framed(&query(id, name)))
        .collect();
    client.stream.write_all(&queries).unwrap();
    let mut order = Vec::new();
    for pair in [["a", "b"], ["c", "d"]] {
        let asked = [upstream.receive(), upstream.receive()];
        assert_eq!(
            asked.each_ref().map(|(message, _)| first_label(message)),
            pair
        );
        assert!(world.count("forwarded") <= order.len() as u64 + 2);
        for (message, from) in asked {
            upstream.send(from, &reply(&message, FOREIGN));
            order.push(outcome(&client.receive()).0);
        }
    }
    assert_eq!(order, [0, 1, 2, 3]);
}

#[test]
fn a_client_that_closes_its_half_still_gets_its_answers() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let mut client = world.tcp();
    client.send(&query(1, "example.com"));
    client.send(&query(2, "web.test"));
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(outcome(&client.receive()), (2, NO_ERROR, Some(WEB)));
    let (asked, from) = upstream.receive();
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&client.receive()), (1, NO_ERROR, Some(FOREIGN)));
    client.expect_end();
    assert_eq!(world.net_count("tcp_closed_by_client"), 1);
}

#[test]
fn an_answer_for_a_client_that_is_gone_is_dropped() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let mut gone = world.tcp();
    // A frame of length zero closes the connection with the question in flight.
    gone.send(&query(1, "example.com"));
    let (asked, from) = upstream.receive();
    gone.stream.write_all(&[0, 0]).unwrap();
    gone.expect_end();
    let mut next = world.tcp();
    assert_eq!(outcome(&next.ask(&query(2, "web.test"))).0, 2);
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&next.ask(&query(3, "web.test"))).0, 3);
    assert_eq!(world.net_count("tcp_closed_bad_frame"), 1);
}

#[test]
fn an_idle_connection_is_closed() {
    let limits = NetLimits {
        tcp_idle_ms: 1,
        ..NetLimits::default()
    };
    let world = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    world.tcp().expect_end();
    assert_eq!(world.net_count("tcp_closed_idle"), 1);
}

#[test]
fn a_message_that_never_ends_is_cut_off() {
    let limits = NetLimits {
        tcp_message_ms: 1,
        ..NetLimits::default()
    };
    let world = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let mut client = world.tcp();
    client.stream.write_all(&[0]).unwrap();
    client.expect_end();
    assert_eq!(world.net_count("tcp_closed_slow_message"), 1);
}

#[test]
fn when_slots_are_gone_the_longest_idle_makes_room() {
    let limits = NetLimits {
        tcp_connections_max: 2,
        ..NetLimits::default()
    };
    let limits = NetLimits {
        tcp_pressed_percent: 100,
        ..limits
    };
    let world = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let [mut first, mut second] = [world.tcp(), world.tcp()];
    for (id, client) in [(1, &mut first), (2, &mut second)] {
        client.ask(&query(id, "web.test"));
    }
    let mut third = world.tcp();
    assert_eq!(outcome(&third.ask(&query(3, "web.test"))).0, 3);
    first.expect_end();
    assert_eq!(outcome(&second.ask(&query(4, "web.test"))).0, 4);
    assert_eq!(world.net_count("tcp_closed_evicted"), 1);
}

#[test]
fn when_all_slots_are_busy_a_new_client_is_refused() {
    let upstream = Upstream::start();
    let mut setup = Setup::upstream(&upstream);
    setup.limits.tcp_connections_max = 1;
    let world = setup.start();
    let mut busy = world.tcp();
    busy.send(&query(1, "example.com"));
    let (asked, from) = upstream.receive();
    world.tcp().expect_end();
    assert_eq!(world.net_count("tcp_refused_full"), 1);
    upstream.send(from, &reply(&asked, FOREIGN));
    assert_eq!(outcome(&busy.receive()), (1, NO_ERROR, Some(FOREIGN)));
}
