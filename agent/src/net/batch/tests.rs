//! The batched calls against the plain ones of the standard library.

use super::*;
use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

const SLOT_OCTETS: usize = 64;

/// How long a plain socket waits before a test is given up.
const GUARD: Duration = Duration::from_secs(20);

fn socket(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(GUARD)).unwrap();
    socket
}

fn local(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().unwrap()
}

/// Addresses of loopback in the families that this machine has.
fn loopbacks() -> Vec<&'static str> {
    let mut addresses = vec!["127.0.0.1:0"];
    if UdpSocket::bind("[::1]:0").is_ok() {
        addresses.push("[::1]:0");
    }
    addresses
}

fn message(number: usize) -> Vec<u8> {
    vec![number as u8; number % SLOT_OCTETS]
}

fn receive_plain(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_535];
    let (length, source) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(length);
    (buffer, source)
}

/// Messages and their senders, by as many calls as it takes.
fn receive_all(socket: &UdpSocket) -> Vec<(Vec<u8>, SocketAddr)> {
    let mut batch = ReceiveBatch::new(SLOT_OCTETS);
    let mut all = Vec::new();
    while batch.receive(socket.as_fd(), Addresses::Source).unwrap() > 0 {
        for datagram in batch.datagrams() {
            assert_eq!((datagram.local, datagram.fit), (None, SlotFit::Whole));
            all.push((datagram.message.to_vec(), datagram.source));
        }
    }
    all
}

#[test]
fn what_plain_calls_send_is_received_in_order_however_much_it_is() {
    for address in loopbacks() {
        for count in [0, 1, 2, 31, 32, 33, 100] {
            let (server, client) = (socket(address), socket(address));
            let expected: Vec<_> = (0..count).map(|n| (message(n), local(&client))).collect();
            for (octets, _) in &expected {
                client.send_to(octets, local(&server)).unwrap();
            }
            assert_eq!(receive_all(&server), expected, "{count} at {address}");
        }
    }
}

#[test]
fn what_is_sent_in_a_batch_is_what_plain_calls_receive() {
    for address in loopbacks() {
        for count in [0, 1, 2, 31, 32, 33, 100] {
            let (server, client) = (socket(address), socket(address));
            let mut batch = SendBatch::default();
            for number in 0..count {
                batch.buffer().extend(message(number));
                batch.push(local(&client), None);
            }
            let report = batch.send(server.as_fd());
            assert_eq!((report.sent, report.dropped_full), (count, 0));
            assert!(batch.is_empty() && batch.buffer().is_empty());
            for number in 0..count {
                let expected = (message(number), local(&server));
                assert_eq!(receive_plain(&client), expected, "{count} at {address}");
            }
        }
    }
}

#[test]
fn every_datagram_goes_to_its_own_destination() {
    let server = socket("127.0.0.1:0");
    let clients: Vec<_> = (0..40).map(|_| socket("127.0.0.1:0")).collect();
    let mut batch = SendBatch::default();
    for (number, client) in clients.iter().enumerate() {
        batch.buffer().extend(message(number));
        batch.push(local(client), None);
    }
    batch.send(server.as_fd());
    for (number, client) in clients.iter().enumerate() {
        assert_eq!(receive_plain(client).0, message(number));
    }
}

#[test]
fn receiving_does_not_wait_and_keeps_nothing_from_before() {
    let (server, client) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let mut batch = ReceiveBatch::new(SLOT_OCTETS);
    client.send_to(&[1], local(&server)).unwrap();
    assert_eq!(batch.receive(server.as_fd(), Addresses::Source).unwrap(), 1);
    assert_eq!(batch.receive(server.as_fd(), Addresses::Source).unwrap(), 0);
    assert_eq!(batch.datagrams().count(), 0);
}

#[test]
fn a_datagram_longer_than_its_slot_is_marked_as_cut() {
    let (server, client) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    for length in [SLOT_OCTETS, SLOT_OCTETS + 1, 4 * SLOT_OCTETS, 3] {
        client.send_to(&vec![7; length], local(&server)).unwrap();
    }
    let mut batch = ReceiveBatch::new(SLOT_OCTETS);
    batch.receive(server.as_fd(), Addresses::Source).unwrap();
    let received: Vec<_> = batch
        .datagrams()
        .map(|datagram| (datagram.message.to_vec(), datagram.fit))
        .collect();
    let full = vec![7; SLOT_OCTETS];
    let expected = [
        (full.clone(), SlotFit::Whole),
        (full.clone(), SlotFit::Cut),
        (full, SlotFit::Cut),
        (vec![7; 3], SlotFit::Whole),
    ];
    assert_eq!(received, expected);
}

#[test]
fn on_a_wildcard_the_address_asked_is_told_and_answered_from() {
    let server = socket("0.0.0.0:0");
    setsockopt(&server, sockopt::Ipv4PacketInfo, &true).unwrap();
    let client = socket("127.0.0.1:0");
    let asked = [2, 3].map(|last| Ipv4Addr::new(127, 0, 0, last));
    let ports = local(&server).port();
    for ip in asked {
        client
            .send_to(&[9], SocketAddr::new(ip.into(), ports))
            .unwrap();
    }
    assert_answered_from(&server, &client, &asked.map(IpAddr::from));
}

#[test]
fn on_an_ipv6_wildcard_as_well() {
    if !loopbacks().contains(&"[::1]:0") {
        eprintln!("skipped: no IPv6 loopback here");
        return;
    }
    let server = socket("[::]:0");
    setsockopt(&server, sockopt::Ipv6RecvPacketInfo, &true).unwrap();
    let client = socket("[::1]:0");
    let ip = local(&client).ip();
    client
        .send_to(&[9], SocketAddr::new(ip, local(&server).port()))
        .unwrap();
    assert_answered_from(&server, &client, &[ip]);
}

fn assert_answered_from(server: &UdpSocket, client: &UdpSocket, asked: &[IpAddr]) {
    let mut received = ReceiveBatch::new(SLOT_OCTETS);
    let mut answers = SendBatch::default();
    received
        .receive(server.as_fd(), Addresses::SourceAndLocal)
        .unwrap();
    let mut told = Vec::new();
    for datagram in received.datagrams() {
        assert_eq!(datagram.source, local(client));
        told.push(match datagram.local {
            Some(LocalAddress::V4(ip)) => IpAddr::from(ip),
            Some(LocalAddress::V6(ip, 0)) => IpAddr::from(ip),
            other => panic!("{other:?}"),
        });
        answers.buffer().extend(datagram.message);
        answers.push(datagram.source, datagram.local);
    }
    assert_eq!(told, asked);
    assert_eq!(answers.send(server.as_fd()).sent, asked.len());
    for &ip in asked {
        let from = SocketAddr::new(ip, local(server).port());
        assert_eq!(receive_plain(client), (vec![9], from));
    }
}

#[test]
fn connected_sockets_need_no_addresses() {
    for address in loopbacks() {
        let (a, b) = (socket(address), socket(address));
        a.connect(local(&b)).unwrap();
        b.connect(local(&a)).unwrap();
        let mut sent = SendBatch::default();
        for number in 0..40 {
            sent.buffer().extend(message(number));
            sent.push_connected();
        }
        assert_eq!(sent.send(a.as_fd()).sent, 40);
        let mut received = ReceiveBatch::new(SLOT_OCTETS);
        let mut numbers = 0..40;
        while received.receive_connected(b.as_fd()).unwrap() > 0 {
            for (octets, fit) in received.messages() {
                let expected = message(numbers.next().unwrap());
                assert_eq!((octets, fit), (&expected[..], SlotFit::Whole));
            }
        }
        assert_eq!(numbers.next(), None);
    }
}

#[test]
fn a_connected_socket_reports_that_nobody_is_there() {
    let socket = socket("127.0.0.1:0");
    let gone = local(&UdpSocket::bind("127.0.0.1:0").unwrap());
    socket.connect(gone).unwrap();
    socket.send(&[1]).unwrap();
    let mut batch = ReceiveBatch::new(SLOT_OCTETS);
    let refused = batch.receive_connected(socket.as_fd()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(batch.receive_connected(socket.as_fd()).unwrap(), 0);
}

#[test]
fn a_datagram_that_cannot_be_sent_holds_up_none() {
    let (server, client) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let mut batch = SendBatch::default();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    for number in 0..70 {
        batch.buffer().extend(message(number));
        let is_good = number % 3 != 0;
        batch.push(if is_good { local(&client) } else { nowhere }, None);
    }
    let report = batch.send(server.as_fd());
    assert_eq!((report.sent, report.dropped_error), (46, 24));
    assert!(report.error.is_some());
    for number in (0..70).filter(|number| number % 3 != 0) {
        assert_eq!(receive_plain(&client).0, message(number));
    }
}

#[test]
fn without_room_the_rest_is_dropped_and_counted() {
    // A stream-like queue that nobody empties: local datagrams are bounded by their reader.
    let (sender, _reader) = std::os::unix::net::UnixDatagram::pair().unwrap();
    let mut batch = SendBatch::default();
    for _ in 0..5_000 {
        batch.buffer().push(1);
        batch.push_connected();
    }
    let report = batch.send(sender.as_fd());
    assert!(report.sent > 0 && report.dropped_full > 0, "{report:?}");
    assert_eq!(report.sent + report.dropped_full, 5_000);
    assert_eq!(report.dropped_error, 0);
    assert!(batch.is_empty());
}

#[test]
fn what_is_discarded_is_not_sent() {
    let (server, client) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let mut batch = SendBatch::default();
    batch.buffer().extend([1, 1]);
    batch.discard();
    batch.buffer().extend([2, 2]);
    batch.push(local(&client), None);
    batch.buffer().extend([3, 3]);
    batch.discard();
    batch.buffer().extend([4, 4]);
    batch.push(local(&client), None);
    assert_eq!(batch.send(server.as_fd()).sent, 2);
    assert_eq!(receive_plain(&client).0, [2, 2]);
    assert_eq!(receive_plain(&client).0, [4, 4]);
}
