//! Messages that answer nothing we asked.

use crate::messages::{QUESTION, TC, answer, rcode, record, response};
use crate::rig::Rig;
use dns_core::reply::{Defect, Failure};
use dns_core::wire::{Rcode, Rtype};
use dns_core::{ExchangeId, Transport};

/// Makes a message out of the one that was sent.
type Forge = fn(&[u8]) -> Vec<u8>;

/// `answer`, with one thing that makes it another's.
fn forgeries() -> Vec<(&'static str, Forge)> {
    fn with(asked: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut message = answer(asked);
        change(&mut message);
        message
    }
    vec![
        ("nothing", |_| Vec::new()),
        ("five octets", |asked| asked[..5].to_vec()),
        ("garbage", |_| vec![0xff; 64]),
        ("only a header", |asked| answer(asked)[..12].to_vec()),
        ("the query itself", |asked| asked.to_vec()),
        ("another id", |asked| with(asked, |m| m[1] ^= 1)),
        ("no QR", |asked| with(asked, |m| m[2] &= 0x7f)),
        ("another opcode", |asked| with(asked, |m| m[2] |= 0x20)),
        ("no question", |asked| with(asked, |m| m[5] = 0)),
        ("two questions", |asked| with(asked, |m| m[5] = 2)),
        ("another name", |asked| with(asked, |m| m[13] = b'z')),
        ("another type", |asked| with(asked, |m| m[24] = 28)),
        ("another class", |asked| with(asked, |m| m[26] = 3)),
        ("a failure with another id", |asked| {
            let mut message = rcode(asked, 2);
            message[1] ^= 1;
            message
        }),
    ]
}

#[test]
fn a_forgery_never_ends_a_question_and_several_make_one_message_over_tcp() {
    for (what, forge) in forgeries() {
        let mut rig = Rig::new(&[1, 2]);
        rig.ask("a.example");
        rig.reply(0, forge);
        assert_eq!(rig.asked.len(), 1, "one {what} made us ask again");
        for _ in 0..300 {
            rig.reply(0, forge);
        }
        assert!(rig.done.is_empty(), "{what} was believed");
        assert_eq!(rig.asked.len(), 2, "{what} made us ask again and again");
        assert_eq!(rig.asked[1].transport, Transport::Tcp, "{what}");
        assert_eq!(rig.asked[1].port, 1, "{what}");
        assert_eq!(rig.stats.forward_mismatched.value(), 301, "{what}");
        assert_eq!(rig.stats.forward_mismatch_tcp.value(), 1, "{what}");
        rig.reply(0, answer);
        assert_eq!(
            rig.only_reply().answers().count(),
            1,
            "the true answer after {what}"
        );
        assert!(rig.probes.is_empty(), "{what} speaks against a server");
    }
}

#[test]
fn datagrams_with_the_id_of_no_exchange_count_as_forgeries() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.mismatch(0);
    assert_eq!(rig.asked.len(), 1);
    rig.mismatch(0);
    assert_eq!(rig.asked[1].transport, Transport::Tcp);
    rig.unreachable(1);
    rig.mismatch(0);
    assert_eq!(rig.asked.len(), 2, "TCP is tried once");
    rig.reply(0, answer);
    assert_eq!(rig.only_reply().answers().count(), 1);
    rig.mismatch(0);
    assert_eq!(rig.stats.forward_mismatched.value(), 4);
}

#[test]
fn a_flood_of_forgeries_does_not_put_a_server_behind_the_others() {
    let mut rig = Rig::new(&[1, 2]);
    rig.ask("a.example");
    for _ in 0..1_000 {
        rig.reply(0, |asked| {
            let mut message = answer(asked);
            message[0] ^= 0x80;
            message
        });
    }
    rig.reply(0, answer);
    rig.ask("b.example");
    let last = rig.asked.last().unwrap();
    assert_eq!((last.port, last.transport), (1, Transport::Udp));
    assert_eq!(rig.stats.forward_bad.value(), 0);
}

#[test]
fn case_of_the_question_does_not_matter() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.reply(0, |asked| {
        let mut message = answer(asked);
        message[13] = b'A';
        message
    });
    assert_eq!(rig.only_reply().answers().count(), 1);
}

#[test]
fn over_tcp_a_wrong_message_fails_the_connection() {
    for (what, forge) in forgeries() {
        let mut rig = Rig::new(&[1, 2]);
        rig.ask("a.example");
        rig.reply(0, |asked| response(asked, TC, [&[], &[], &[]]));
        rig.reply(1, forge);
        assert_eq!(rig.asked.len(), 3, "{what}");
        assert_eq!(rig.asked[2].transport, Transport::Tcp);
        rig.reply(2, answer);
        assert!(!rig.only_reply().header().is_truncated(), "{what}");
    }
}

#[test]
fn messages_of_closed_or_unknown_exchanges_are_counted_and_ignored() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.reply(0, answer);
    rig.reply(0, answer);
    rig.deliver(ExchangeId(99), b"");
    rig.unreachable(0);
    assert_eq!(rig.done.len(), 1);
    assert_eq!(rig.stats.forward_mismatched.value(), 2);
}

#[test]
fn a_bad_message_with_the_right_id_is_the_servers_own_fault() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    let evil = record(b"\x04evil\0", Rtype::A, &[6, 6, 6, 6]);
    let good = record(QUESTION, Rtype::A, &[1, 1, 1, 1]);
    rig.reply(0, |asked| response(asked, 0, [&[good, evil], &[], &[]]));
    assert_eq!(rig.only_failure(), (0, Failure::BadResponse(Defect::Owner)));
    assert_eq!(Defect::Owner.label(), "owner");
    assert_eq!(Failure::Rcode(Rcode::SERVFAIL).label(), "rcode");
}
