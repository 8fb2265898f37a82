//! What follows when a server fails.

use crate::messages::{QUESTION, answer, rcode, record, response, soa};
use crate::rig::Rig;
use dns_core::reply::{Defect, Failure};
use dns_core::wire::{Ede, Rcode, Rtype};

fn bad(asked: &[u8]) -> Vec<u8> {
    response(asked, 0, [&[record(QUESTION, Rtype::A, b"abc")], &[], &[]])
}

#[test]
fn a_server_that_fails_is_followed_by_the_next_at_once() {
    let failures: [fn(&mut Rig); 5] = [
        |rig| rig.reply(0, |asked| rcode(asked, 2)),
        |rig| rig.reply(0, |asked| rcode(asked, 5)),
        |rig| rig.reply(0, |asked| rcode(asked, 9)),
        |rig| rig.reply(0, bad),
        |rig| rig.unreachable(0),
    ];
    for fail in failures {
        let mut rig = Rig::new(&[1, 2]);
        rig.ask("a.example");
        fail(&mut rig);
        assert_eq!(rig.sent(), [(0, 1), (0, 2)]);
        rig.reply(1, answer);
        assert_eq!(rig.only_reply().answers().count(), 1);
    }
}

#[test]
fn when_all_servers_failed_the_question_ends_at_once() {
    for (response, failure) in [
        (
            bad as fn(&[u8]) -> Vec<u8>,
            Failure::BadResponse(Defect::Rdata),
        ),
        (|asked| rcode(asked, 2), Failure::Rcode(Rcode::SERVFAIL)),
    ] {
        let mut rig = Rig::new(&[1, 2, 3]);
        rig.ask("a.example");
        for index in 0..3 {
            rig.reply(index, response);
        }
        assert_eq!(rig.only_failure(), (0, failure));
        assert_eq!(failure.ede(), Ede::NETWORK_ERROR);
        assert_eq!(rig.asked.len(), 3);
        assert_eq!(rig.stats.forward_bad.value(), 3);
    }
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.unreachable(0);
    assert_eq!(rig.only_failure(), (0, Failure::Unreachable));
    assert_eq!(Failure::Unreachable.ede(), Ede::NO_REACHABLE_AUTHORITY);
}

#[test]
fn a_failed_server_is_left_alone_while_a_silent_one_may_still_answer() {
    let mut rig = Rig::new(&[1, 2]);
    rig.ask("a.example");
    rig.reply(0, |asked| rcode(asked, 2));
    rig.advance_to(10_000);
    assert_eq!(
        rig.sent(),
        [(0, 1), (0, 2), (400, 2), (800, 2), (1_200, 2), (1_600, 2)]
    );
    assert_eq!(rig.only_failure(), (2_000, Failure::Rcode(Rcode::SERVFAIL)));
}

#[test]
fn what_one_exchange_was_told_counts_for_all_with_that_server() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.advance_to(500);
    assert_eq!(rig.asked.len(), 2);
    rig.reply(0, |asked| rcode(asked, 2));
    assert_eq!(rig.only_failure(), (500, Failure::Rcode(Rcode::SERVFAIL)));
}

#[test]
fn a_server_that_fails_on_opt_is_asked_once_more_without() {
    for code in [1, 4] {
        let mut rig = Rig::new(&[1, 2]);
        rig.ask("a.example");
        rig.reply(0, |asked| rcode(asked, code));
        assert_eq!(rig.sent(), [(0, 1), (0, 1)]);
        assert!(rig.asked[1].message.ends_with(b"\x07example\0\0\x01\0\x01"));
        rig.reply(1, |asked| rcode(asked, code));
        assert_eq!(rig.sent(), [(0, 1), (0, 1), (0, 2)]);
        rig.reply(2, answer);
        assert_eq!(rig.only_reply().answers().count(), 1);
    }
}

#[test]
fn nxdomain_and_nodata_are_answers() {
    for code in [0, 3] {
        let mut rig = Rig::new(&[1, 2]);
        rig.ask("a.example");
        let authority = [record(b"\0", Rtype::SOA, &soa("example"))];
        rig.reply(0, |asked| response(asked, code, [&[], &authority, &[]]));
        assert_eq!(rig.only_reply().rcode(), Rcode(code));
        assert_eq!(rig.asked.len(), 1);
    }
}

#[test]
fn an_extended_response_code_is_a_failure() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    let badvers = b"\0\0\x29\x04\xd0\x01\0\0\0\0\0".to_vec();
    rig.reply(0, |asked| response(asked, 0, [&[], &[], &[badvers]]));
    assert_eq!(rig.only_failure(), (0, Failure::Rcode(Rcode::BADVERS)));
}

#[test]
fn a_silent_server_goes_behind_the_others_until_it_answers_a_probe() {
    let mut rig = Rig::new(&[1, 2]);
    rig.ask("a.example");
    rig.advance_to(400);
    rig.reply(1, answer);
    assert_eq!(rig.probes.len(), 1);
    rig.ask("b.example");
    assert_eq!(rig.asked.last().map(|asked| asked.port), Some(2));
    rig.reply(2, answer);
    rig.advance_to(3_000);
    rig.ask("c.example");
    assert_eq!(rig.asked.last().map(|asked| asked.port), Some(2));
    rig.advance_to(3_400);
    rig.answer_probe();
    rig.ask("d.example");
    assert_eq!(rig.asked.last().map(|asked| asked.port), Some(1));
}

#[test]
fn a_closed_port_puts_a_server_behind_too_and_an_answer_in_time_brings_it_back() {
    let mut rig = Rig::new(&[1, 2]);
    rig.ask("a.example");
    rig.unreachable(0);
    rig.ask("b.example");
    assert_eq!(rig.sent(), [(0, 1), (0, 2), (0, 2)]);
    rig.reply(2, |asked| rcode(asked, 2));
    assert_eq!(rig.asked[3].port, 1);
    rig.reply(3, answer);
    rig.ask("c.example");
    assert_eq!(rig.asked[4].port, 1);
}

#[test]
fn what_we_could_not_send_for_want_of_our_own_speaks_against_nobody() {
    let mut rig = Rig::new(&[1, 2]);
    for index in 0..10 {
        rig.ask(&format!("n{index}.example"));
        rig.unsent(2 * index);
        assert_eq!(rig.asked.last().map(|asked| asked.port), Some(2));
        rig.reply(2 * index + 1, answer);
    }
    assert!(rig.probes.is_empty());
    assert_eq!(rig.stats.forward_servers_down.value(), 0);
    rig.ask("last.example");
    assert_eq!(rig.asked.last().map(|asked| asked.port), Some(1));
}
