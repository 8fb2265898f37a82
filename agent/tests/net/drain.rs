//! How workers end.

use crate::messages::{framed, outcome, query, reply};
use crate::world::{FOREIGN, Setup, Upstream};
use agent::workers::WorkerExit;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(600);

#[test]
fn what_is_in_flight_is_answered_before_the_end() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let (udp, mut tcp, mut idle) = (world.udp(), world.tcp(), world.tcp());
    idle.ask(&query(0, "web.test"));
    udp.send(&query(1, "a.example"));
    let first = upstream.receive();
    tcp.send(&query(2, "b.example"));
    let second = upstream.receive();

    let workers = Arc::clone(&world.workers);
    let ending = thread::spawn(move || workers.shutdown(LONG));
    // The end of a connection that is owed nothing tells that draining has begun.
    idle.expect_end();
    for (asked, from) in [first, second] {
        upstream.send(from, &reply(&asked, FOREIGN));
    }
    assert_eq!(outcome(&udp.receive()), (1, 0, Some(FOREIGN)));
    assert_eq!(outcome(&tcp.receive()), (2, 0, Some(FOREIGN)));
    tcp.expect_end();
    ending.join().unwrap();

    assert_eq!(world.exits.recv().unwrap(), WorkerExit::Stopped);
    assert!(!world.workers.is_alive());
    let refused = TcpStream::connect(world.address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn without_grace_the_end_is_at_once() {
    let upstream = Upstream::start();
    let world = Setup {
        workers: 2,
        ..Setup::upstream(&upstream)
    }
    .start();
    assert!(world.workers.is_alive());
    world.udp().send(&query(1, "a.example"));
    upstream.receive();
    world.workers.shutdown(Duration::ZERO);
    assert!(!world.workers.is_alive());
    assert_eq!(
        world.exits.iter().take(2).collect::<Vec<_>>(),
        [WorkerExit::Stopped; 2]
    );
}

#[test]
fn a_second_call_ends_the_grace_of_the_first() {
    let upstream = Upstream::start();
    let world = Setup::upstream(&upstream).start();
    let mut idle = world.tcp();
    idle.ask(&query(0, "web.test"));
    world.udp().send(&query(1, "a.example"));
    upstream.receive();
    let workers = Arc::clone(&world.workers);
    let ending = thread::spawn(move || workers.shutdown(LONG));
    idle.expect_end();
    world.workers.shutdown(LONG);
    ending.join().unwrap();
    assert_eq!(world.exits.recv().unwrap(), WorkerExit::Stopped);
}

#[test]
fn what_has_arrived_is_answered_before_the_end() {
    let world = Setup::default().start();
    let udp = world.udp();
    let mut tcp = world.tcp();
    let mut queries = Vec::new();
    for id in 0..100 {
        udp.send(&query(id, "web.test"));
        queries.extend(framed(&query(id, "web.test")));
    }
    tcp.stream.write_all(&queries).unwrap();
    world.workers.shutdown(LONG);
    for id in 0..100 {
        assert_eq!(outcome(&udp.receive()).0, id);
        assert_eq!(outcome(&tcp.receive()).0, id);
    }
    tcp.expect_end();
}
