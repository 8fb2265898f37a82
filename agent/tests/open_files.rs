//! A process without a file descriptor to spare. It is a program of its own since the limit holds
//! for all tests of one.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test, with helpers made for others as well"
)]

#[path = "net/messages.rs"]
mod messages;
#[path = "net/world.rs"]
mod world;

use agent::net::NetLimits;
use messages::{framed, outcome, query};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use world::{Setup, Tcp, Upstream, WEB, World};

const SERVFAIL: u8 = 2;

#[test]
fn without_descriptors_the_table_is_served_and_accepting_pauses() {
    let upstream = Upstream::start();
    let patient = world(&upstream, 3_600_000);
    let eager = world(&upstream, 1);
    let waiting =
        [&patient, &eager].map(|_| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap());
    let client = patient.udp();
    let eager_client = eager.udp();
    let hoard = take_all_descriptors();

    assert_eq!(outcome(&client.ask(&query(1, "web.test"))).2, Some(WEB));
    assert_eq!(outcome(&client.ask(&query(2, "example.com"))).1, SERVFAIL);
    assert!(patient.net_count("exchange_open_failures") > 0);

    for (world, socket) in [&patient, &eager].into_iter().zip(&waiting) {
        socket.connect(&world.address.into()).unwrap();
    }
    // Each query is a turn of the loop; the listener is tried in one of the first.
    while patient.net_count("tcp_accept_errors") == 0 {
        client.ask(&query(3, "web.test"));
    }
    for _ in 0..100 {
        client.ask(&query(4, "web.test"));
    }
    assert_eq!(patient.net_count("tcp_accept_errors"), 1);

    while eager.net_count("tcp_accept_errors") < 2 {
        eager_client.ask(&query(5, "web.test"));
    }
    drop(hoard);
    let [_, socket] = waiting;
    let mut accepted = Tcp {
        stream: TcpStream::from(socket),
    };
    accepted
        .stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    accepted
        .stream
        .write_all(&framed(&query(6, "web.test")))
        .unwrap();
    assert_eq!(outcome(&accepted.receive()).2, Some(WEB));
}

fn world(upstream: &Upstream, accept_pause_ms: u64) -> World {
    let limits = NetLimits {
        accept_pause_ms,
        ..NetLimits::default()
    };
    Setup {
        limits,
        ..Setup::upstream(upstream)
    }
    .start()
}

fn take_all_descriptors() -> Vec<File> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 128, hard).unwrap();
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}
