//! What makes guessing hard: random case and cookies; and servers that know neither.

use crate::messages::{TC, answer, rcode, response};
use crate::rig::{Asked, Rig, plain};
use crate::world::{Act, World};
use dns_core::wire::{Header, Rcode};
use dns_core::{ResolverConfig, Strategy, Transport};

fn with_case() -> ResolverConfig {
    ResolverConfig {
        forward_random_case: true,
        ..plain()
    }
}

fn with_cookies() -> ResolverConfig {
    ResolverConfig {
        forward_cookies: true,
        ..plain()
    }
}

fn rig(config: &ResolverConfig) -> Rig {
    Rig::with(&[1, 2], Strategy::Sequential, config)
}

/// `answer` with the question in lower case.
fn folded(asked: &[u8]) -> Vec<u8> {
    let mut message = answer(asked);
    let end = message
        .iter()
        .skip(12)
        .position(|octet| *octet == 0)
        .unwrap();
    message[12..12 + end].make_ascii_lowercase();
    message
}

/// The data of the cookie option of a message.
fn cookie(message: &[u8]) -> Option<&[u8]> {
    let at = message
        .windows(3)
        .position(|octets| octets == b"\0\0\x29")?;
    let option = message.get(at + 11..).filter(|option| !option.is_empty())?;
    assert_eq!(option[..2], [0, 10]);
    Some(&option[4..])
}

/// `message` with an OPT record that has this cookie and these upper bits of the response code.
fn with_cookie(mut message: Vec<u8>, extended: u8, cookie: &[u8]) -> Vec<u8> {
    let len = cookie.len() as u8;
    message[11] += 1;
    message.extend_from_slice(&[
        0,
        0,
        41,
        4,
        208,
        extended,
        0,
        0,
        0,
        0,
        len + 4,
        0,
        10,
        0,
        len,
    ]);
    message.extend_from_slice(cookie);
    message
}

/// The server's right answer.
fn right(asked: &[u8]) -> Vec<u8> {
    let both = [&cookie(asked).unwrap()[..8], b"serverck"].concat();
    with_cookie(answer(asked), 0, &both)
}

#[test]
fn names_go_out_in_random_case_and_answers_must_repeat_it() {
    let mut rig = rig(&with_case());
    let name = "a-name-of-many-letters.example";
    rig.ask(name);
    let spelling = String::from_utf8_lossy(&rig.asked[0].message[13..35]).into_owned();
    assert!(spelling.eq_ignore_ascii_case(&name[..22]));
    assert_ne!(spelling, name[..22], "some letters are large");
    rig.reply(0, answer);
    assert_eq!(rig.only_reply().answers().count(), 1);
    let answered = rig.only_answer();
    assert_eq!(answered[13..35], name.as_bytes()[..22], "the asker's own");
    rig.ask("b.example.a-name-of-many-letters");
    let again = &rig.asked[1].message;
    assert!(again[12..] != rig.asked[0].message[12..]);
}

#[test]
fn an_answer_in_another_case_is_asked_for_over_tcp() {
    let mut rig = rig(&with_case());
    rig.ask("a-name-of-many-letters.example");
    rig.reply(0, folded);
    assert!(rig.done.is_empty(), "it may be a guess");
    assert_eq!(rig.asked.len(), 2);
    assert_eq!(
        (rig.asked[1].port, rig.asked[1].transport),
        (1, Transport::Tcp)
    );
    rig.reply(1, answer);
    assert_eq!(rig.only_reply().answers().count(), 1);
    assert_eq!(rig.stats.forward_case_folded.value(), 1);
}

#[test]
fn a_server_that_folds_case_costs_no_answer_and_is_soon_asked_in_lower_case() {
    for takes_tcp in [true, false] {
        let rig = Rig::with(&[1], Strategy::Sequential, &with_case());
        let mut world = World::new(rig, 5).server(1, move |asked: &Asked, _| {
            match (asked.transport, takes_tcp) {
                (Transport::Tcp, false) => Act::Closed,
                _ => Act::Answer(1, folded(&asked.message)),
            }
        });
        world.ask_one_by_one(200);
        assert!(world.ended.iter().all(|ended| ended.is_good));
        assert!(world.ended.iter().all(|ended| ended.took_ms <= 10));
        let over_tcp = world.rig.stats.forward_tcp_retries.value();
        assert_eq!(over_tcp, 3, "after three it is known");
    }
}

#[test]
fn a_server_that_folds_case_and_swallows_tcp_still_answers() {
    let rig = Rig::with(&[1], Strategy::Sequential, &with_case());
    let mut world = World::new(rig, 5).server(1, |asked: &Asked, _| match asked.transport {
        Transport::Tcp => Act::Silence,
        Transport::Udp => Act::Answer(1, folded(&asked.message)),
    });
    world.ask_one_by_one(50);
    assert!(world.ended.iter().all(|ended| ended.is_good));
}

#[test]
fn cookies_are_sent_learnt_and_sent_back_and_stay_with_us() {
    let mut rig = rig(&with_cookies());
    rig.ask("a.example");
    let first = cookie(&rig.asked[0].message).unwrap().to_vec();
    assert_eq!(first.len(), 8);
    rig.reply(0, right);
    let answered = rig.only_answer();
    assert_eq!(Header::parse(&answered).unwrap().arcount, 0);
    rig.ask("b.example");
    let second = cookie(&rig.asked[1].message).unwrap();
    assert_eq!(second, [&first[..], b"serverck"].concat());
    rig.reply(1, |asked| rcode(asked, 2));
    assert_eq!(rig.done.len(), 1, "without a cookie nothing is believed");
    rig.advance_to(200);
    let other = cookie(&rig.asked[2].message).unwrap();
    assert_eq!(rig.asked[2].port, 2);
    assert_ne!(other, first, "another server, another cookie");
}

#[test]
fn once_a_server_has_sent_cookies_datagrams_without_them_are_no_answers() {
    let mut rig = rig(&with_cookies());
    rig.ask("a.example");
    rig.reply(0, right);
    rig.ask("b.example");
    rig.reply(1, answer);
    rig.reply(1, |asked| {
        with_cookie(answer(asked), 0, b"wrongonewrongone")
    });
    assert_eq!(rig.done.len(), 1);
    assert_eq!(rig.stats.forward_cookie_missing.value(), 2);
    assert_eq!(rig.asked[2].transport, Transport::Tcp, "after two over TCP");
    rig.reply(1, right);
    assert_eq!(rig.done.len(), 2, "the right one is welcome");
}

#[test]
fn a_server_that_gave_cookies_up_is_found_out_over_tcp() {
    let mut rig = rig(&with_cookies());
    rig.ask("a.example");
    rig.reply(0, right);
    rig.ask("b.example");
    rig.reply(1, answer);
    rig.reply(1, answer);
    rig.reply(2, answer);
    assert_eq!(rig.done.len(), 2);
    rig.ask("c.example");
    rig.reply(3, answer);
    assert_eq!(rig.done.len(), 3);
}

#[test]
fn a_bad_cookie_is_renewed_once_and_then_tcp_is_tried() {
    let bad = |asked: &[u8]| {
        let both = [&cookie(asked).unwrap()[..8], b"renewed!"].concat();
        with_cookie(response(asked, 7, [&[], &[], &[]]), 1, &both)
    };
    let mut rig = rig(&with_cookies());
    rig.ask("a.example");
    rig.reply(0, bad);
    assert_eq!(rig.asked[1].transport, Transport::Udp);
    assert!(
        cookie(&rig.asked[1].message)
            .unwrap()
            .ends_with(b"renewed!")
    );
    rig.reply(1, bad);
    assert_eq!(rig.asked[2].transport, Transport::Tcp);
    rig.reply(2, bad);
    assert_eq!(
        (rig.asked[3].port, rig.stats.forward_bad_cookie.value()),
        (2, 3)
    );
    rig.reply(3, |asked| rcode(asked, 5));
    assert!(matches!(
        rig.only_failure().1,
        dns_core::reply::Failure::Rcode(Rcode::REFUSED)
    ));
}

#[test]
fn a_truncated_answer_needs_the_cookie_too() {
    let mut rig = rig(&with_cookies());
    rig.ask("a.example");
    rig.reply(0, right);
    rig.ask("b.example");
    rig.reply(1, |asked| response(asked, TC, [&[], &[], &[]]));
    assert_eq!(rig.asked.len(), 2);
}
