//! Answers that are too long for UDP.

use crate::messages::{QUESTION, RD, TC, answer, query, rcode, record, response};
use crate::rig::{Rig, plain};
use dns_core::reply::Outcome;
use dns_core::wire::{Header, Rtype};
use dns_core::{ResolverConfig, Strategy, Transport};

fn truncated(asked: &[u8]) -> Vec<u8> {
    response(
        asked,
        TC,
        [&[record(QUESTION, Rtype::A, &[1, 1, 1, 1])], &[], &[]],
    )
}

/// A rig whose first server has said that the answer needs TCP.
fn truncated_rig(ports: &[u16]) -> Rig {
    let mut rig = Rig::new(ports);
    rig.ask("a.example");
    rig.reply(0, truncated);
    rig
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp_at_the_same_server() {
    let mut rig = truncated_rig(&[1, 2]);
    assert_eq!(rig.sent(), [(0, 1), (0, 1)]);
    assert_eq!(rig.asked[1].transport, Transport::Tcp);
    let ids = [0, 1].map(|index| Header::parse(&rig.asked[index].message).unwrap().id);
    assert_ne!(ids[0], ids[1]);
    rig.reply(1, answer);
    assert!(!rig.only_reply().header().is_truncated());
    assert_eq!(rig.stats.forward_tcp_retries.value(), 1);
}

#[test]
fn when_tcp_fails_the_next_server_is_asked_over_tcp() {
    let mut rig = truncated_rig(&[1, 2]);
    rig.unreachable(1);
    assert_eq!(rig.asked[2].port, 2);
    assert_eq!(rig.asked[2].transport, Transport::Tcp);
    rig.reply(2, answer);
    assert!(!rig.only_reply().header().is_truncated());
}

#[test]
fn when_nobody_answers_over_tcp_the_truncated_answer_is_passed_on() {
    let failures: [fn(&mut Rig); 4] = [
        |rig| rig.unreachable(1),
        |rig| rig.reply(1, |_| b"garbage".to_vec()),
        |rig| rig.reply(1, |asked| rcode(asked, 2)),
        |rig| rig.advance_to(2_000),
    ];
    for fail in failures {
        let mut rig = truncated_rig(&[1]);
        fail(&mut rig);
        assert_eq!(
            rig.asked.len(),
            2,
            "a server with a connection is left alone"
        );
        let header = Header::parse(&rig.only_answer()).unwrap();
        assert!(header.is_truncated());
        assert_eq!(header.ancount, 1);
    }
}

#[test]
fn a_client_on_tcp_does_not_get_a_truncated_answer_in_place_of_a_failure() {
    let mut rig = Rig::new(&[1]);
    let query = query(7, RD, "a.example", Rtype::A, b"");
    rig.client.transport = Transport::Tcp;
    rig.ask_query(query);
    rig.client.transport = Transport::Udp;
    rig.ask("a.example");
    rig.reply(0, truncated);
    rig.unreachable(1);
    let outcomes: Vec<_> = rig
        .done
        .iter()
        .map(|done| {
            let is_reply = matches!(done.outcome, Outcome::Reply(_));
            (done.waiter.client.transport, is_reply)
        })
        .collect();
    assert_eq!(outcomes, [(Transport::Tcp, false), (Transport::Udp, true)]);
}

#[test]
fn a_truncated_answer_that_was_cut_inside_a_record_still_leads_to_tcp() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.reply(0, |asked| {
        let mut message = truncated(asked);
        message.truncate(message.len() - 2);
        message
    });
    assert_eq!(rig.asked[1].transport, Transport::Tcp);
    rig.unreachable(1);
    let header = Header::parse(&rig.only_answer()).unwrap();
    assert!(header.is_truncated());
    assert_eq!(header.ancount, 0);
}

#[test]
fn truncation_over_tcp_is_passed_on() {
    let mut rig = truncated_rig(&[1, 2]);
    rig.reply(1, truncated);
    assert!(rig.only_reply().header().is_truncated());
    assert_eq!(rig.asked.len(), 2);
}

#[test]
fn a_silent_connection_is_joined_by_one_to_the_next_server_and_then_waits() {
    let mut rig = truncated_rig(&[1, 2]);
    rig.advance_to(500);
    rig.ask("b.example");
    assert_eq!(
        rig.asked[3].port, 1,
        "silence over TCP does not count against a server"
    );
    rig.reply(3, answer);
    rig.advance_to(1_999);
    assert_eq!(rig.sent(), [(0, 1), (0, 1), (400, 2), (500, 1)]);
    assert_eq!(rig.asked[2].transport, Transport::Tcp);
    rig.advance_to(2_000);
    assert_eq!(rig.done.len(), 2);
}

#[test]
fn parallel_keeps_a_message_for_tcp() {
    let ports = [1, 2, 3, 4, 5];
    let config = ResolverConfig {
        forward_attempts_max: 4,
        ..plain()
    };
    let mut rig = Rig::with(&ports, Strategy::Parallel, &config);
    rig.ask("a.example");
    assert_eq!(rig.asked.len(), 2);
    for index in 0..2 {
        rig.reply(index, truncated);
    }
    assert_eq!(rig.asked.len(), 3, "it may come to two on a connection");
    rig.reply(2, answer);
    assert!(!rig.only_reply().header().is_truncated());
}

#[test]
fn with_no_message_left_the_truncated_answer_stands() {
    let config = ResolverConfig {
        forward_attempts_max: 1,
        ..plain()
    };
    let mut rig = Rig::with(&[1, 2], Strategy::Sequential, &config);
    rig.ask("a.example");
    rig.reply(0, truncated);
    assert_eq!(rig.asked.len(), 1);
    assert!(rig.only_reply().header().is_truncated());
}
