//! Octets in, outcome out, over UDP and TCP, against the built binary.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use dns_core::Transport;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;
use tests::client::{REPLY_MAX, exchange, framed, read_frame};
use tests::observed::addresses_of;
use tests::script::one_address;
use tests::{Callsign, Launch, Question, Reply, Upstream};

const TRANSPORTS: [Transport; 2] = [Transport::Udp, Transport::Tcp];
const A_TYPE: u16 = 1;
const AXFR: u16 = 252;
const IN: u16 = 1;
const CH: u16 = 3;
const RD: u16 = 0x0100;
const QR: u16 = 0x8000;
const AA: u16 = 0x0400;
const TC: u16 = 0x0200;
const BADVERS: u16 = 16;

/// A server for `example.com` with `web`, and with as many addresses of `big` as wanted.
fn serve(big: usize, upstream: &str) -> Callsign {
    let launch = Launch::agent().unwrap();
    let mut hosts = "192.0.2.1 web.example.com\n".to_owned();
    for number in 0..big {
        hosts += &format!("10.0.{}.{} big.example.com\n", number / 256, number % 256);
    }
    let hosts = launch.write("hosts", &hosts).unwrap();
    let launch = launch.flag("--hosts", hosts).flag("--zone", "example.com");
    launch.flag("--upstream", upstream).start().unwrap()
}

/// A message; `id` and the counts are its header, `body` the rest.
fn message(id: u16, flags: u16, counts: [u16; 4], body: &[u8]) -> Vec<u8> {
    let header = [id, flags, counts[0], counts[1], counts[2], counts[3]];
    let mut octets: Vec<u8> = header.iter().flat_map(|word| word.to_be_bytes()).collect();
    octets.extend_from_slice(body);
    octets
}

fn name(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in text.split('.') {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    octets
}

fn question(text: &str, rtype: u16, class: u16) -> Vec<u8> {
    [&name(text)[..], &rtype.to_be_bytes(), &class.to_be_bytes()].concat()
}

/// An OPT record of that version that takes so many octets.
fn opt(version: u8, size: u16) -> Vec<u8> {
    let size = size.to_be_bytes();
    vec![0, 0, 41, size[0], size[1], 0, version, 0, 0, 0, 0]
}

/// A good query for the address of `web`.
fn good(id: u16) -> Vec<u8> {
    message(
        id,
        RD,
        [1, 0, 0, 0],
        &question("web.example.com", A_TYPE, IN),
    )
}

struct Header {
    id: u16,
    flags: u16,
    counts: [u16; 4],
}

fn header(octets: &[u8]) -> Header {
    let word = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
    Header {
        id: word(0),
        flags: word(2),
        counts: [word(4), word(6), word(8), word(10)],
    }
}

/// The rcode with the upper bits of an OPT record.
fn rcode(octets: &[u8]) -> u16 {
    let reply = Reply::parse(octets.to_vec(), Duration::ZERO).unwrap();
    reply.message.metadata.response_code.into()
}

fn udp(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(REPLY_MAX)).unwrap();
    socket
}

fn tcp(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(REPLY_MAX)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut octets = vec![0; usize::from(u16::MAX)];
    let length = socket.recv(&mut octets).unwrap();
    octets.truncate(length);
    octets
}

/// A message that is answered with a code alone, and which.
struct Case {
    claim: &'static str,
    message: Vec<u8>,
    rcode: u16,
    /// Questions echoed.
    echoed: u16,
}

fn cases() -> Vec<Case> {
    let web = question("web.example.com", A_TYPE, IN);
    let case = |claim, message, rcode: ResponseCode, echoed| Case {
        claim,
        message,
        rcode: rcode.into(),
        echoed,
    };
    let with_counts = |counts, body: &[u8]| message(7, RD, counts, body);
    let (form, refused) = (ResponseCode::FormErr, ResponseCode::Refused);
    vec![
        case("a header alone", with_counts([1, 0, 0, 0], &[]), form, 0),
        case(
            "a header that claims nothing",
            with_counts([0; 4], &[]),
            form,
            0,
        ),
        case(
            "no question",
            with_counts([0, 0, 0, 1], &opt(0, 1232)),
            form,
            0,
        ),
        case(
            "two questions",
            with_counts([2, 0, 0, 0], &[&web[..], &web].concat()),
            form,
            0,
        ),
        case(
            "65,535 questions and one in it",
            with_counts([u16::MAX, 0, 0, 0], &web),
            form,
            0,
        ),
        case(
            "a name that points at itself",
            with_counts([1, 0, 0, 0], &[0xc0, 12, 0, 1, 0, 1]),
            form,
            0,
        ),
        case(
            "two pointers at each other",
            with_counts([1, 0, 0, 0], &[0xc0, 14, 0xc0, 12, 0, 1, 0, 1]),
            form,
            0,
        ),
        case(
            "a pointer behind the end",
            with_counts([1, 0, 0, 0], &[1, b'a', 0xff, 0xff, 0, 1, 0, 1]),
            form,
            0,
        ),
        case(
            "a label longer than the message",
            with_counts([1, 0, 0, 0], &[63, b'a', 0, 1, 0, 1]),
            form,
            0,
        ),
        case(
            "a label type of old",
            with_counts([1, 0, 0, 0], &[0x41, 1, 0, 1, 0, 1]),
            form,
            0,
        ),
        case(
            "a name of 257 octets",
            with_counts(
                [1, 0, 0, 0],
                &question(&["a".repeat(63).as_str(); 4].join("."), 1, IN),
            ),
            form,
            0,
        ),
        case(
            "a question cut short",
            with_counts([1, 0, 0, 0], &web[..web.len() - 1]),
            form,
            0,
        ),
        case(
            "octets behind the end",
            with_counts([1, 0, 0, 0], &[&web[..], &[0, 0]].concat()),
            form,
            1,
        ),
        case(
            "two OPT records",
            with_counts(
                [1, 0, 0, 2],
                &[&web[..], &opt(0, 1232), &opt(0, 1232)].concat(),
            ),
            form,
            1,
        ),
        case(
            "an OPT record with an owner",
            with_counts(
                [1, 0, 0, 1],
                &[&web[..], &name("a"), &opt(0, 1232)[1..]].concat(),
            ),
            form,
            1,
        ),
        case(
            "an option that ends behind its record",
            with_counts(
                [1, 0, 0, 1],
                &[&web[..], &opt(0, 1232)[..9], &[0, 4, 0, 3, 0, 9]].concat(),
            ),
            form,
            1,
        ),
        case(
            "a record that is not there",
            with_counts([1, 0, 0, 1], &web),
            form,
            1,
        ),
        case(
            "class CH",
            with_counts([1, 0, 0, 0], &question("version.bind", 16, CH)),
            refused,
            1,
        ),
        case(
            "a transfer",
            with_counts([1, 0, 0, 0], &question("example.com", AXFR, IN)),
            refused,
            1,
        ),
    ]
}

#[test]
fn broken_messages_are_answered_with_their_code_and_nothing_else() {
    let callsign = serve(0, "none");
    for transport in TRANSPORTS {
        for case in cases() {
            let context = format!("{} over {}", case.claim, transport.label());
            let reply = exchange(callsign.address(), transport, &case.message, REPLY_MAX);
            let reply = reply
                .unwrap()
                .unwrap_or_else(|| panic!("{context}: no reply"));
            let got = header(&reply);
            assert_eq!((rcode(&reply), got.id), (case.rcode, 7), "{context}");
            assert_eq!(got.flags & QR, QR, "{context}");
            assert_eq!(got.flags & (AA | TC), 0, "{context}");
            assert_eq!(got.counts[..3], [case.echoed, 0, 0], "{context}");
            if case.echoed == 1 {
                let sent = Reply::parse(case.message[..].into(), Duration::ZERO);
                let echoed = Reply::parse(reply, Duration::ZERO).unwrap().message.queries;
                assert!(
                    sent.is_err() || sent.unwrap().message.queries == echoed,
                    "{context}"
                );
            }
        }
    }
}

#[test]
fn every_opcode_but_query_is_not_implemented() {
    let callsign = serve(0, "none");
    for transport in TRANSPORTS {
        for opcode in 1..16u16 {
            let body = question("example.com", 6, IN);
            let query = message(opcode, opcode << 11 | RD, [1, 0, 0, 0], &body);
            let reply = exchange(callsign.address(), transport, &query, REPLY_MAX);
            let reply = reply.unwrap().expect("a reply");
            let got = header(&reply);
            assert_eq!(got.flags & 0xf, 4, "opcode {opcode}");
            assert_eq!(
                (got.id, got.flags >> 11 & 0xf),
                (opcode, opcode),
                "opcode {opcode}"
            );
        }
    }
}

#[test]
fn a_later_version_of_edns_is_told_that_version_0_is_spoken() {
    let callsign = serve(0, "none");
    let body = [question("web.example.com", A_TYPE, IN), opt(1, 4096)].concat();
    for transport in TRANSPORTS {
        let query = message(7, RD, [1, 0, 0, 1], &body);
        let reply = exchange(callsign.address(), transport, &query, REPLY_MAX);
        let reply = Reply::parse(reply.unwrap().expect("a reply"), Duration::ZERO).unwrap();
        assert_eq!(u16::from(reply.message.metadata.response_code), BADVERS);
        assert_eq!(
            reply.message.edns.as_ref().map(|edns| edns.version()),
            Some(0)
        );
        assert_eq!(reply.message.answers.len(), 0);
        assert_eq!(reply.message.queries.len(), 1);
    }
}

/// What is not answered is proved by the next reply: it is the one to the good query behind it.
#[test]
fn responses_and_scraps_are_not_answered() {
    let callsign = serve(0, "none");
    let response = message(
        1,
        QR | RD,
        [1, 0, 0, 0],
        &question("web.example.com", A_TYPE, IN),
    );
    let notify = message(
        2,
        QR | 4 << 11,
        [1, 0, 0, 0],
        &question("example.com", 6, IN),
    );
    let silent = [response, notify, good(3)[..11].to_vec(), vec![0]];
    let socket = udp(callsign.address());
    for octets in silent.iter().chain([&Vec::new()]) {
        socket.send(octets).unwrap();
    }
    socket.send(&good(9)).unwrap();
    assert_eq!(header(&receive(&socket)).id, 9);
    let mut stream = tcp(callsign.address());
    for octets in silent {
        stream.write_all(&framed(&octets).unwrap()).unwrap();
    }
    stream.write_all(&framed(&good(9)).unwrap()).unwrap();
    assert_eq!(header(&read_frame(&mut stream).unwrap()).id, 9);
}

#[test]
fn a_frame_of_no_octets_ends_the_connection_after_what_was_asked_before() {
    let callsign = serve(0, "none");
    let mut stream = tcp(callsign.address());
    stream.write_all(&framed(&good(1)).unwrap()).unwrap();
    stream.write_all(&[0, 0]).unwrap();
    stream.write_all(&framed(&good(2)).unwrap()).unwrap();
    assert_eq!(header(&read_frame(&mut stream).unwrap()).id, 1);
    let mut rest = Vec::new();
    // The unread query makes the system say reset instead of end.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn a_frame_may_arrive_octet_by_octet_and_several_in_one_piece() {
    let callsign = serve(0, "none");
    let mut stream = tcp(callsign.address());
    for octet in framed(&good(1)).unwrap() {
        stream.write_all(&[octet]).unwrap();
    }
    assert_eq!(header(&read_frame(&mut stream).unwrap()).id, 1);
    let frames: Vec<u8> = (2..20).flat_map(|id| framed(&good(id)).unwrap()).collect();
    let (most, rest) = frames.split_at(frames.len() - 5);
    stream.write_all(most).unwrap();
    let mut ids: Vec<u16> = (2..19)
        .map(|_| header(&read_frame(&mut stream).unwrap()).id)
        .collect();
    stream.write_all(rest).unwrap();
    ids.push(header(&read_frame(&mut stream).unwrap()).id);
    ids.sort();
    assert_eq!(ids, (2..20).collect::<Vec<u16>>());
}

/// The server of the forwarded question answers when the test says so: after the table has.
#[test]
fn a_forwarded_question_does_not_hold_up_those_behind_it() {
    let upstream = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    upstream.set_read_timeout(Some(REPLY_MAX)).unwrap();
    let callsign = serve(0, &upstream.local_addr().unwrap().to_string());
    let mut stream = tcp(callsign.address());
    let slow = message(
        1,
        RD,
        [1, 0, 0, 0],
        &question("slow.example.net", A_TYPE, IN),
    );
    stream
        .write_all(&[framed(&slow).unwrap(), framed(&good(2)).unwrap()].concat())
        .unwrap();
    let mut asked = vec![0; 1232];
    let (length, from) = upstream.recv_from(&mut asked).unwrap();
    assert_eq!(header(&read_frame(&mut stream).unwrap()).id, 2);
    let reply = one_address("slow.example.net.")
        .reply(&asked[..length], Transport::Udp)
        .unwrap();
    upstream.send_to(&reply, from).unwrap();
    let reply = Reply::parse(read_frame(&mut stream).unwrap(), Duration::ZERO).unwrap();
    assert_eq!(
        (reply.message.metadata.id, reply.message.answers.len()),
        (1, 1)
    );
}

/// How many addresses of `big.example.com` come, in how many octets, and whether TC is set.
fn ask_big(server: SocketAddr, transport: Transport, edns: Option<u16>) -> (usize, usize, bool) {
    let mut question = Question::new("big.example.com", "A").unwrap();
    question.edns_udp_size = edns;
    let reply = question.ask(server, transport).unwrap();
    assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
    assert_eq!(reply.message.edns.is_some(), edns.is_some());
    (
        addresses_of(&reply).len(),
        reply.bytes.len(),
        reply.message.metadata.truncation,
    )
}

#[test]
fn a_datagram_keeps_the_asker_s_limit_and_ours_and_says_when_it_is_cut() {
    let callsign = serve(200, "none");
    let limits = [
        (None, 512),
        (Some(0), 512),
        (Some(511), 512),
        (Some(600), 600),
        (Some(1232), 1232),
        (Some(4096), 1232),
        (Some(u16::MAX), 1232),
    ];
    for (edns, limit) in limits {
        let (_, octets, is_cut) = ask_big(callsign.address(), Transport::Udp, edns);
        assert!(
            is_cut && octets <= limit,
            "{edns:?}: {octets} octets, cut: {is_cut}"
        );
    }
    for edns in [None, Some(512)] {
        let (addresses, _, is_cut) = ask_big(callsign.address(), Transport::Tcp, edns);
        assert_eq!((addresses, is_cut), (200, false));
    }
}

#[test]
fn an_answer_is_cut_exactly_when_it_does_not_fit() {
    // A header, a question of 21 octets, and 16 octets an address: 29 of them are 497 octets.
    for (big, edns, is_cut) in [
        (29, None, false),
        (30, None, true),
        (74, Some(1232), false),
        (75, Some(1232), true),
    ] {
        let callsign = serve(big, "none");
        let got = ask_big(callsign.address(), Transport::Udp, edns);
        assert_eq!(got.2, is_cut, "{big} addresses: {got:?}");
        assert!(is_cut || got.0 == big, "{big} addresses: {got:?}");
    }
}

#[test]
fn more_than_65_535_octets_are_cut_over_tcp_too() {
    let callsign = serve(4_200, "none");
    let (_, octets, is_cut) = ask_big(callsign.address(), Transport::Tcp, None);
    assert!(is_cut && octets <= 65_535, "{octets} octets, cut: {is_cut}");
}

#[test]
fn the_asker_s_spelling_comes_back_from_the_table_and_from_upstream() {
    let upstream = Upstream::start(one_address("www.example.net.")).unwrap();
    let callsign = serve(0, &upstream.address().to_string());
    for transport in TRANSPORTS {
        for spelling in ["wEb.eXaMpLe.CoM", "WwW.ExAmPlE.nEt"] {
            let query = message(7, RD, [1, 0, 0, 0], &question(spelling, A_TYPE, IN));
            let reply = exchange(callsign.address(), transport, &query, REPLY_MAX);
            let reply = reply.unwrap().expect("a reply");
            assert_eq!(reply[12..query.len()], query[12..], "{spelling}");
            let parsed = Reply::parse(reply, Duration::ZERO).unwrap().message;
            assert_eq!(parsed.answers.len(), 1, "{spelling}");
            assert_eq!(parsed.answers[0].name.to_ascii(), format!("{spelling}."));
        }
    }
    let asked = "www.example.net.".parse().unwrap();
    assert!(upstream.asked(&asked, RecordType::A) > 0);
}
