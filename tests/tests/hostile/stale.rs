//! T-U10: answers whose time is over, while nobody has a better one (RFC 8767).

use crate::world::{
    PACKETS_MAX, STALE_ANSWER, ask, assert_gets_table, assert_good, before_with, code, liar, lie,
    text,
};
use dns_core::Transport;
use std::thread;
use std::time::{Duration, Instant};
use tests::client::{REPLY_MAX, exchange};
use tests::liar::{Acts, Asked, Step, Times, silence};
use tests::lies::{self, Draft, about_asked, record, rtype, true_address, wire_name};
use tests::{Callsign, Liar, Reply};

/// Longest wait for a stale answer: a second of TTL and 1.8 of patience, and time to spare.
const STALE_MAX: Duration = Duration::from_secs(12);

/// TTL of a stale answer in seconds.
const STALE_TTL_SECS: u32 = 30;

/// A name and the act that comes after its first answer, which lives for a second.
fn then(then: impl Fn(&Asked<'_>) -> Vec<Step>) -> impl Fn(&Asked<'_>) -> Vec<Step> {
    move |asked| {
        if asked.before > 0 || asked.transport == Transport::Tcp {
            return then(asked);
        }
        vec![Step::Say(short_lived(asked.query).octets())]
    }
}

fn short_lived(query: &[u8]) -> Draft {
    let address = true_address(&lies::asked_name(query)).octets();
    Draft::of(query).answer(about_asked(rtype::A, 1, &address))
}

fn alias(asked: &Asked<'_>) -> Vec<Step> {
    if asked.before > 0 {
        return Vec::new();
    }
    let target = wire_name("target.test");
    let draft = Draft::of(asked.query)
        .answer(about_asked(rtype::CNAME, 1, &target))
        .answer(record(&target, rtype::A, 60, &[192, 0, 2, 9]));
    vec![Step::Say(draft.octets())]
}

/// Fails once its time is over, then has a new address.
fn renewed(asked: &Asked<'_>) -> Vec<Step> {
    match asked.before {
        0 => vec![Step::Say(short_lived(asked.query).octets())],
        1 => vec![Step::Say(Draft::code(asked.query, 2).octets())],
        _ => vec![Step::Say(Draft::evil(asked.query).octets())],
    }
}

/// The server is silent for everybody, so it is down by the time that the first client gives up.
#[test]
fn t_u10_a_silent_server_is_waited_for_once_and_then_the_stale_answer_comes_at_once() {
    let acts = Acts::default()
        .with("silent.test", then(silence))
        .with("alias.test", alias);
    let liar = liar(acts);
    let callsign = before_with(&liar, "workers: 1\n");
    let address = format!("[A {}]", true_address("silent.test"));
    thread::scope(|scope| {
        for (name, answers) in [
            ("silent.test", &address[..]),
            ("alias.test", "[CNAME target.test., A 192.0.2.9]"),
        ] {
            let (callsign, liar) = (&callsign, &liar);
            scope.spawn(move || {
                becomes_stale(callsign, liar, name, answers);
                assert!(liar.times(name).total() <= 1 + PACKETS_MAX, "{name}");
            });
        }
    });
    assert_gets_table(&callsign);
}

#[test]
fn t_u10_a_server_that_fails_is_not_asked_again_for_every_client() {
    let acts = Acts::default().with("failing.test", then(code(2))).with(
        "gone.test",
        then(lie(|query| Draft::nxdomain(query).octets())),
    );
    let liar = liar(acts);
    let callsign = before_with(&liar, "cache: {prefetch_percent: 0}\n");
    let address = true_address("failing.test");
    becomes_stale(&callsign, &liar, "failing.test", &format!("[A {address}]"));
    assert_eq!(liar.times("failing.test"), Times { udp: 2, tcp: 0 });
    without_edns(&callsign, "failing.test", &format!("0 [A {address}]"));
    is_denied(&callsign, &liar);
    assert_good(&callsign, &liar, "test");
}

#[test]
fn t_u10_a_new_answer_replaces_the_stale_one() {
    let liar = liar(Acts::default().with("renewed.test", renewed));
    let config = "cache: {prefetch_percent: 0, stale_recheck: 1s}\n";
    let callsign = before_with(&liar, config);
    is_renewed(&callsign, &liar);
    assert_eq!(liar.times("renewed.test"), Times { udp: 3, tcp: 0 });
}

/// A name is answered, then stale, and so to 20 who ask at once.
fn becomes_stale(callsign: &Callsign, liar: &Liar, name: &str, answers: &str) {
    assert_eq!(text(&ask(callsign, name)), format!("0 {answers}"));
    let stale = format!("0 ede {STALE_ANSWER} {answers}");
    until(callsign, liar, name, |reply| {
        reply.extended_error().is_some()
    });
    for _ in 0..20 {
        let reply = ask(callsign, name);
        assert_eq!(text(&reply), stale, "{name}");
        let mut ttls = reply.message.answers.iter().map(|record| record.ttl);
        assert!(ttls.all(|ttl| ttl == STALE_TTL_SECS), "{name}: {ttls:?}");
    }
}

/// Who says that the name is gone is believed.
fn is_denied(callsign: &Callsign, liar: &Liar) {
    let name = "gone.test";
    assert_eq!(
        text(&ask(callsign, name)),
        format!("0 [A {}]", true_address(name))
    );
    let reply = until(callsign, liar, name, |reply| {
        reply.message.answers.is_empty()
    });
    assert_eq!(text(&reply), "3 []");
}

/// A new answer replaces the stale one.
fn is_renewed(callsign: &Callsign, liar: &Liar) {
    let name = "renewed.test";
    until(callsign, liar, name, |reply| {
        reply.extended_error().is_some()
    });
    let new = format!("0 [A {}]", lies::EVIL);
    until(callsign, liar, name, |reply| text(reply) == new);
    assert_eq!(text(&ask(callsign, name)), new);
}

/// Asks until the reply is as wanted; waits for the server to be asked in between.
fn until(
    callsign: &Callsign,
    liar: &Liar,
    name: &str,
    is_wanted: impl Fn(&Reply) -> bool,
) -> Reply {
    let end = Instant::now() + STALE_MAX;
    loop {
        let asked = liar.times(name).total();
        let reply = ask(callsign, name);
        if is_wanted(&reply) {
            return reply;
        }
        assert!(Instant::now() < end, "{name}: still {}", text(&reply));
        liar.waits_for(name, asked + 1, Duration::from_millis(50));
    }
}

/// A client that does not speak EDNS gets the answer all the same, without the code.
fn without_edns(callsign: &Callsign, name: &str, says: &str) {
    let mut query = lies::query(7, name, rtype::A);
    query.truncate(lies::question_end(&query));
    query[11] = 0;
    let reply = exchange(callsign.address(), Transport::Udp, &query, REPLY_MAX);
    let reply = Reply::parse(reply.unwrap().unwrap(), Duration::ZERO).unwrap();
    assert_eq!(text(&reply), says);
    assert!(reply.message.edns.is_none());
}
