//! What is kept of upstream answers, as clients see it.

use crate::world::{Gets, ask, assert_gets, before, code, launch, liar, lie, text};
use dns_core::Transport;
use hickory_proto::rr::RecordType;
use std::time::{Duration, Instant};
use tests::Reply;
use tests::client::{REPLY_MAX, exchange};
use tests::liar::{Acts, Step};
use tests::lies::{
    self, Draft, NEGATIVE_TTL_SECS, TRUE_TTL_SECS, about_asked, record, rtype, soa, true_address,
    wire_name,
};
use tests::{Callsign, Question};

/// Longest wait for a TTL to go down.
const SECOND_MAX: Duration = Duration::from_secs(5);

fn ask_octets(callsign: &Callsign, query: &[u8]) -> Reply {
    let reply = exchange(callsign.address(), Transport::Udp, query, REPLY_MAX).unwrap();
    Reply::parse(reply.expect("a reply"), Duration::ZERO).unwrap()
}

#[test]
fn a_ttl_counts_down_and_the_server_is_asked_once() {
    let liar = liar(Acts::default());
    let callsign = before(&liar);
    let end = Instant::now() + SECOND_MAX;
    let mut last = TRUE_TTL_SECS;
    while last > TRUE_TTL_SECS - 1 {
        let reply = ask(&callsign, "counted.test");
        let ttl = reply.message.answers[0].ttl;
        assert!(ttl <= last, "{ttl} after {last}");
        last = ttl;
        assert!(Instant::now() < end, "still {ttl}");
        liar.waits_for("counted.test", 2, Duration::from_millis(50));
    }
    assert_eq!(liar.times("counted.test").total(), 1);
}

#[test]
fn negative_answers_are_kept_with_their_soa_and_not_without() {
    let acts = Acts::default()
        .with("nx.test", lie(|query| Draft::nxdomain(query).octets()))
        .with(
            "none.test",
            lie(|query| Draft::of(query).authority(soa("test", 600, 10)).octets()),
        )
        .with("bare.test", lie(|query| Draft::code(query, 3).octets()));
    let liar = liar(acts);
    let callsign = before(&liar);
    for (name, says, ttl_max) in [
        ("nx.test", "3 []", NEGATIVE_TTL_SECS),
        ("none.test", "0 []", 10),
    ] {
        for turn in 0..3 {
            let reply = ask(&callsign, name);
            assert_eq!(text(&reply), says);
            let authorities = &reply.message.authorities;
            assert_eq!(authorities.len(), 1, "{name}");
            assert_eq!(authorities[0].record_type(), RecordType::SOA);
            let ttl = authorities[0].ttl;
            assert!(turn == 0 || ttl <= ttl_max, "{name}: {ttl}");
        }
        assert_eq!(liar.times(name).total(), 1, "{name}");
    }
    for _ in 0..3 {
        assert_eq!(text(&ask(&callsign, "bare.test")), "3 []");
    }
    assert_eq!(liar.times("bare.test").total(), 3);
}

/// T-S5.
#[test]
fn questions_that_differ_in_type_do_or_cd_do_not_share_an_answer() {
    let liar = liar(Acts::default());
    let callsign = before(&liar);
    let mut asked = 0;
    for rtype in ["A", "AAAA", "TXT"] {
        for (dnssec_ok, checking_disabled) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let mut question = Question::new("shared.test", rtype).unwrap();
            question.edns_udp_size = Some(1232);
            question.dnssec_ok = dnssec_ok;
            question.checking_disabled = checking_disabled;
            for _ in 0..2 {
                question.ask(callsign.address(), Transport::Udp).unwrap();
            }
            asked += 1;
            let flags = (dnssec_ok, checking_disabled);
            assert_eq!(
                liar.times("shared.test").total(),
                asked,
                "{rtype} {flags:?}"
            );
        }
    }
}

#[test]
fn a_chain_is_kept_whole_and_every_spelling_finds_it() {
    let acts = Acts::default().with("alias.test", |asked| {
        let target = wire_name("target.test");
        let draft = Draft::of(asked.query)
            .answer(about_asked(rtype::CNAME, 60, &target))
            .answer(record(&target, rtype::A, 60, &[192, 0, 2, 9]));
        vec![Step::Say(draft.octets())]
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    for spelling in ["alias.test", "ALIAS.test", "aLiAs.TeSt"] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let query = lies::query(3, spelling, rtype::A);
            let reply = exchange(callsign.address(), transport, &query, REPLY_MAX);
            let reply = Reply::parse(reply.unwrap().unwrap(), Duration::ZERO).unwrap();
            assert_eq!(text(&reply), "0 [CNAME target.test., A 192.0.2.9]");
            let owner = reply.message.answers[0].name.to_ascii();
            assert_eq!(owner, format!("{spelling}."));
        }
    }
    assert_eq!(liar.times("alias.test").total(), 1);
    assert_gets(&callsign, "target.test", Transport::Udp, Gets::Truth);
}

#[test]
fn without_a_cache_the_server_is_asked_every_time() {
    let liar = liar(Acts::default().with("failing.test", code(2)));
    let config = format!("upstreams: [{}]\n", liar.address());
    let callsign = launch(&config).switch("--no-cache").start().unwrap();
    for turn in 1..=5 {
        let reply = ask(&callsign, "www.test");
        assert_eq!(text(&reply), format!("0 [A {}]", true_address("www.test")));
        assert_eq!(reply.message.answers[0].ttl, TRUE_TTL_SECS);
        assert_eq!(liar.times("www.test").total(), turn);
        assert_eq!(text(&ask(&callsign, "failing.test")), "2 ede 23 []");
        assert_eq!(liar.times("failing.test").total(), turn);
    }
}

/// T-S4: what a client says of itself stays here.
#[test]
fn options_of_a_client_do_not_reach_the_server() {
    let liar = liar(Acts::default());
    let callsign = before(&liar);
    let mut query = lies::query(3, "private.test", rtype::A);
    let secret = b"secretsecretsecret";
    let mut options = Vec::new();
    // A cookie's first eight octets, a subnet, padding, and two that nobody knows.
    for code in [10u16, 8, 12, 65_001, 7] {
        let octets = if code == 10 {
            &secret[..8]
        } else {
            &secret[..]
        };
        options.extend_from_slice(&code.to_be_bytes());
        options.extend_from_slice(&u16::try_from(octets.len()).unwrap().to_be_bytes());
        options.extend_from_slice(octets);
    }
    let length_at = query.len() - 2;
    query[length_at..].copy_from_slice(&u16::try_from(options.len()).unwrap().to_be_bytes());
    query.extend_from_slice(&options);
    let reply = ask_octets(&callsign, &query);
    assert_eq!(
        text(&reply),
        format!("0 [A {}]", true_address("private.test"))
    );
    let seen = &liar.queries("private.test")[0];
    assert!(
        !seen.windows(6).any(|octets| octets == b"secret"),
        "{seen:?}"
    );
    let opt = &seen[lies::question_end(seen)..];
    assert_eq!(opt[..5], [0, 0, 41, 0x04, 0xd0], "our own OPT, 1232 octets");
}
