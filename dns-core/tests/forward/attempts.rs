//! Whom a question is sent to, when, and how often.

use crate::messages::{self, CD, RD, answer, opt, rcode};
use crate::rig::{Rig, plain, route};
use dns_core::reply::{Failure, Outcome};
use dns_core::wire::{Ede, Header, Rcode, Rtype};
use dns_core::{ResolverConfig, Strategy, Transport};
use std::sync::Arc;

#[test]
fn a_good_answer_ends_the_question() {
    let mut rig = Rig::new(&[1, 2]);
    assert!(rig.ask("a.example"));
    rig.reply(0, answer);
    assert_eq!(rig.only_reply().answers().count(), 1);
    assert_eq!(rig.sent(), [(0, 1)]);
    assert!(rig.open.is_empty());
    assert_eq!(rig.forwarder.poll_timeout(), None);
    assert_eq!(rig.stats.forward_answered.value(), 1);
}

#[test]
fn upstream_gets_our_own_query_and_nothing_of_the_client() {
    let mut rig = Rig::new(&[1]);
    let client_opt = b"\0\0\x29\x10\0\0\0\x80\0\0\x0c\0\x0a\0\x08cookie!!";
    rig.ask_query(messages::query(
        0x7777,
        RD | CD | messages::AD,
        "MiXed.Example",
        Rtype::AAAA,
        client_opt,
    ));
    let message = &rig.asked[0].message;
    let header = Header::parse(message).unwrap();
    assert_eq!(
        header,
        Header {
            id: header.id,
            flags: RD | CD,
            qdcount: 1,
            arcount: 1,
            ..Header::default()
        }
    );
    assert_eq!(
        message[12..],
        *b"\x05mixed\x07example\0\0\x1c\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\0"
    );
    rig.ask_query(messages::query(0x7777, 0, "plain.example", Rtype::A, b""));
    let message = &rig.asked[1].message;
    assert_eq!(Header::parse(message).unwrap().flags, 0);
    assert!(message.ends_with(b"\0\0\x29\x04\xd0\0\0\0\0\0\0"));
}

#[test]
fn a_silent_server_is_joined_by_the_next_and_its_late_answer_still_wins() {
    let mut rig = Rig::new(&[1, 2]);
    rig.ask("a.example");
    rig.advance_to(399);
    assert_eq!(rig.sent(), [(0, 1)]);
    rig.advance_to(450);
    assert_eq!(rig.sent(), [(0, 1), (400, 2)]);
    rig.reply(0, answer);
    assert_eq!(rig.only_reply().answers().count(), 1);
    assert!(rig.open.is_empty());
}

#[test]
fn silence_ends_at_the_budget_with_at_most_the_allowed_messages() {
    for (ports, sent) in [
        (&[1][..], [1, 1, 1, 1, 1]),
        (&[1, 2], [1, 2, 1, 2, 1]),
        (&[1, 2, 3], [1, 2, 3, 1, 2]),
        (&[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
    ] {
        let mut rig = Rig::new(ports);
        rig.ask("a.example");
        rig.advance_to(2_000);
        let times = [0, 400, 800, 1_200, 1_600];
        let expected: Vec<_> = times.into_iter().zip(sent).collect();
        assert_eq!(rig.sent(), expected);
        assert_eq!(rig.only_failure(), (2_000, Failure::TimedOut));
        assert_eq!(Failure::TimedOut.ede(), Ede::NO_REACHABLE_AUTHORITY);
        assert_eq!(rig.stats.forward_timeouts.value(), 5);
        assert_eq!(rig.stats.forward_failed.value(), 1);
    }
}

#[test]
fn no_configuration_makes_more_than_eight_messages_of_a_question() {
    let config = ResolverConfig {
        forward_attempts_max: 200,
        forward_retry_ms: 0,
        ..plain()
    };
    for strategy in [Strategy::Sequential, Strategy::Parallel] {
        let ports: Vec<u16> = (1..=20).collect();
        let mut rig = Rig::with(&ports, strategy, &config);
        rig.ask("a.example");
        rig.advance_to(10_000);
        assert_eq!(rig.asked.len(), 8);
    }
}

#[test]
fn parallel_asks_all_at_once_and_the_first_good_answer_wins() {
    let mut rig = Rig::with(&[1, 2, 3], Strategy::Parallel, &plain());
    rig.ask("a.example");
    assert_eq!(rig.sent(), [(0, 1), (0, 2), (0, 3)]);
    rig.reply(1, |asked| rcode(asked, 2));
    assert!(rig.done.is_empty());
    rig.reply(2, answer);
    assert_eq!(rig.only_reply().answers().count(), 1);
    assert!(rig.open.is_empty());
}

#[test]
fn parallel_fails_when_the_last_server_has_failed() {
    let mut rig = Rig::with(&[1, 2], Strategy::Parallel, &plain());
    rig.ask("a.example");
    rig.reply(0, |asked| rcode(asked, 5));
    rig.unreachable(1);
    assert_eq!(rig.only_failure(), (0, Failure::Rcode(Rcode::REFUSED)));
}

#[test]
fn equal_questions_in_flight_are_asked_once_and_each_client_gets_its_own_answer() {
    let mut rig = Rig::new(&[1]);
    for id in 0..60 {
        let spelling = if id % 2 == 0 {
            "a.example"
        } else {
            "A.eXample"
        };
        assert!(rig.ask_query(messages::query(id, RD, spelling, Rtype::A, b"")));
    }
    assert_eq!(rig.asked.len(), 1);
    rig.reply(0, answer);
    assert_eq!(rig.done.len(), 60);
    for (id, done) in rig.done.iter().enumerate() {
        let Outcome::Reply(reply) = &done.outcome else {
            panic!("no reply")
        };
        let mut out = Vec::new();
        done.waiter.write_answer(reply, &mut out);
        assert_eq!(Header::parse(&out).unwrap().id, id as u16);
        assert!(done.waiter.asker().question.starts_with(&out[12..23]));
    }
    assert_eq!(rig.stats.forward_joined.value(), 59);
    assert_eq!(rig.stats.forwarded.value(), 1);
    rig.ask("a.example");
    assert_eq!(rig.asked.len(), 2, "an ended question is asked anew");
}

#[test]
fn questions_that_differ_in_anything_that_matters_are_not_joined() {
    let mut rig = Rig::new(&[1]);
    rig.ask_query(messages::query(1, RD, "a.example", Rtype::A, b""));
    rig.ask_query(messages::query(1, RD, "b.example", Rtype::A, b""));
    rig.ask_query(messages::query(1, RD, "a.example", Rtype::AAAA, b""));
    rig.ask_query(messages::query(
        1,
        RD,
        "a.example",
        Rtype::A,
        &opt(1232, true),
    ));
    rig.ask_query(messages::query(1, RD | CD, "a.example", Rtype::A, b""));
    rig.ask_query(messages::query(1, 0, "a.example", Rtype::A, b""));
    assert_eq!(rig.asked.len(), 6);
    rig.ask_query(messages::query(
        2,
        RD,
        "a.example",
        Rtype::A,
        &opt(512, false),
    ));
    assert_eq!(rig.asked.len(), 6, "the client's EDNS is its own");
    rig.route = Arc::new(route(&[2], Strategy::Sequential));
    rig.ask("a.example");
    assert_eq!(rig.asked.len(), 7, "another route may have another answer");
}

#[test]
fn past_the_limits_questions_and_waiters_are_shed() {
    let config = ResolverConfig {
        forward_pending_max: 2,
        forward_waiters_max: 3,
        forward_client_percent: 100,
        ..plain()
    };
    let mut rig = Rig::with(&[1], Strategy::Sequential, &config);
    assert!(rig.ask("a.example") && rig.ask("b.example"));
    assert!(!rig.ask("c.example"));
    assert!(rig.ask("a.example") && rig.ask("a.example"));
    assert!(!rig.ask("a.example"));
    assert_eq!(rig.stats.forward_shed.value(), 2);
    rig.reply(0, answer);
    assert!(rig.ask("c.example"), "an ended question makes room");
    assert_eq!(
        rig.asked
            .iter()
            .filter(|asked| asked.transport == Transport::Udp)
            .count(),
        3
    );
}
