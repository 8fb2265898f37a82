//! T-T1, T-T2, T-T3, T-L1: TCP clients that hold on, dribble, or do not read.

use crate::world::{
    BIG, Client, Gets, WEB, ask_over, assert_gets, assert_gets_table, assert_good, before,
    before_with, launch, liar,
};
use dns_core::Transport;
use std::collections::BTreeSet;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use tests::client::{REPLY_MAX, framed, read_frame};
use tests::liar::{Acts, Step, Times, silence};
use tests::lies::{self, Draft, rtype};
use tests::{Callsign, Reply};

/// Queries on one connection; 10^6 take a release build as long.
const PIPELINED: u32 = 100_000;

/// Time for a message, from its first octet to its last.
const MESSAGE_TIME: Duration = Duration::from_secs(2);

/// Longest wait for a connection to be closed.
const CLOSED_MAX: Duration = Duration::from_secs(10);

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(REPLY_MAX)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn frame(id: u16, name: &str) -> Vec<u8> {
    framed(&lies::query(id, name, rtype::A)).unwrap()
}

fn read_id(stream: &mut impl Read) -> u16 {
    let octets = read_frame(stream).expect("a reply in time");
    Reply::parse(octets, Duration::ZERO)
        .unwrap()
        .message
        .metadata
        .id
}

#[test]
fn t_t3_a_good_name_behind_a_silent_one_is_answered_at_once() {
    let liar = liar(Acts::default().with("silent.test", silence));
    let callsign = before(&liar);
    let mut stream = connect(callsign.address());
    let queries = [
        frame(1, "silent.test"),
        frame(2, "good.test"),
        frame(3, WEB),
        frame(4, "silent.test"),
        frame(5, "other.test"),
    ];
    stream.write_all(&queries.concat()).unwrap();
    let first: BTreeSet<u16> = (0..3).map(|_| read_id(&mut stream)).collect();
    assert_eq!(first, BTreeSet::from([2, 3, 5]));
    let last: BTreeSet<u16> = (0..2).map(|_| read_id(&mut stream)).collect();
    assert_eq!(last, BTreeSet::from([1, 4]));
}

#[test]
fn t_t3_100_000_queries_on_one_connection_are_answered() {
    let callsign = launch("upstreams: none\n").start().unwrap();
    let mut stream = connect(callsign.address());
    let mut writer = BufWriter::new(stream.try_clone().unwrap());
    let mut counts = vec![0u32; 1 << 16];
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut query = frame(0, WEB);
            for number in 0..PIPELINED {
                query[2..4].copy_from_slice(&number.to_be_bytes()[2..]);
                writer.write_all(&query).unwrap();
            }
            writer.flush().unwrap();
        });
        let mut reader = BufReader::new(&mut stream);
        for _ in 0..PIPELINED {
            let octets = read_frame(&mut reader).unwrap();
            assert_eq!((octets[3] & 0xf, octets[7]), (0, 1), "{octets:?}");
            counts[usize::from(u16::from_be_bytes([octets[0], octets[1]]))] += 1;
        }
    });
    let asked = |id: u32| PIPELINED / (1 << 16) + u32::from(id < PIPELINED % (1 << 16));
    assert!((0..).zip(&counts).all(|(id, count)| asked(id) == *count));
}

/// At 128 queries in flight reading pauses; what was sent by then is not lost.
#[test]
fn t_t3_200_questions_in_flight_on_one_connection_are_answered() {
    let acts = (0..200).fold(Acts::default(), |acts, id| {
        acts.with(format!("held{id}.test"), |asked| {
            vec![Step::Hold(Draft::truth(asked.query).octets())]
        })
    });
    let liar = liar(acts);
    let config = format!(
        "upstreams: [{}]\nforward: {{budget: 10s, retry: 10s}}\n",
        liar.address()
    );
    let callsign = launch(&config).start().unwrap();
    let mut stream = connect(callsign.address());
    for id in 0..200 {
        let query = frame(id, &format!("held{id}.test"));
        stream.write_all(&query).unwrap();
    }
    assert_eq!(liar.release(128), 128);
    let mut answered: BTreeSet<u16> = (0..128).map(|_| read_id(&mut stream)).collect();
    assert_eq!(liar.release(72), 72);
    answered.extend((0..72).map(|_| read_id(&mut stream)));
    assert_eq!(answered, (0..200).collect());
    for id in 0..200 {
        let times = liar.times(&format!("held{id}.test"));
        assert_eq!(times, Times { udp: 1, tcp: 0 });
    }
}

#[test]
fn t_t3_a_client_that_does_not_read_is_closed() {
    let callsign = launch("upstreams: none\n").start().unwrap();
    let mut stream = connect(callsign.address());
    stream.set_write_timeout(Some(CLOSED_MAX)).unwrap();
    let query = frame(1, BIG);
    let end = Instant::now() + CLOSED_MAX;
    let error = loop {
        if let Err(error) = stream.write_all(&query) {
            break error;
        }
        assert!(Instant::now() < end, "still open");
    };
    assert!(
        matches!(
            error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        ),
        "{error}"
    );
    assert_gets_table(&callsign);
    assert_gets_table_over_tcp(&callsign);
}

/// An octet now and then keeps nothing open.
#[test]
fn t_t2_a_message_has_two_seconds_to_be_complete() {
    let callsign = launch("upstreams: none\n").start().unwrap();
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| dribble(connect(callsign.address())));
        }
        for _ in 0..20 {
            assert_gets_table_over_tcp(&callsign);
        }
    });
    assert_gets_table(&callsign);
}

fn dribble(mut stream: TcpStream) {
    // What was complete before is answered, and the time is the second message's own.
    stream.write_all(&frame(1, WEB)).unwrap();
    assert_eq!(read_id(&mut stream), 1);
    let pause = Duration::from_millis(250);
    stream.set_read_timeout(Some(pause)).unwrap();
    let start = Instant::now();
    for octet in frame(2, WEB) {
        if stream.write_all(&[octet]).is_err() || is_closed(&mut stream) {
            let open = start.elapsed();
            assert!(open >= MESSAGE_TIME / 2, "closed after {open:?}");
            return;
        }
        assert!(start.elapsed() < CLOSED_MAX, "still open");
    }
    panic!("the whole message was taken");
}

/// Whether the connection is closed within its read timeout.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 512]) {
        Ok(length) => {
            assert_eq!(length, 0, "a message in part was answered");
            true
        }
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn t_t1_idle_and_stalled_connections_make_room_for_a_new_client() {
    let config = "workers: 1\nupstreams: none\nlimits: {tcp_connections_max: 64}\n";
    let callsign = launch(config).start().unwrap();
    let mut crowd = Vec::new();
    for number in 0..128 {
        let mut stream = connect(callsign.address());
        if number % 2 == 1 {
            let half = &frame(1, WEB)[..20];
            // One that had to make room is closed already.
            let _ = stream.write_all(half);
        }
        crowd.push(stream);
    }
    for _ in 0..20 {
        assert_gets_table_over_tcp(&callsign);
    }
    assert_gets_table(&callsign);
}

fn assert_gets_table_over_tcp(callsign: &Callsign) {
    let reply = ask_over(callsign, WEB, Transport::Tcp);
    assert_eq!(crate::world::text(&reply), "0 [A 192.0.2.1]");
}

/// With 64 descriptors and 100 TCP clients there are none left; what needs none goes on.
#[test]
fn t_l1_without_descriptors_udp_is_served_and_tcp_comes_back() {
    let liar = liar(Acts::default());
    let callsign = before_with(&liar, "workers: 1\n");
    // Opens sockets to the server.
    assert_good(&callsign, &liar, "first.test");
    let limited = Command::new("prlimit")
        .args(["--nofile=64:64", "--pid", &callsign.id().to_string()])
        .status();
    match limited {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(error) => {
            assert!(
                std::env::var_os("CALLSIGN_REQUIRE_TOOLS").is_none(),
                "prlimit: {error}"
            );
            eprintln!("skipped: prlimit is not installed");
            return;
        }
    }
    let crowd: Vec<TcpStream> = (0..100).map(|_| connect(callsign.address())).collect();
    let client = Client::of(callsign.address());
    for _ in 0..50 {
        client.until_taken_in();
    }
    for number in 0..50 {
        let name = format!("forwarded{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        assert!(liar.times(&name).total() <= 2, "{name}");
    }
    drop(crowd);
    assert_gets_table_over_tcp(&callsign);
    assert_good(&callsign, &liar, "last.test");
}
