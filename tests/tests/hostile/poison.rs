//! T-U1: records that were not asked for never answer for their names.

use crate::world::{Gets, NETWORK_ERROR, ask, assert_gets, assert_good, before, liar, text};
use dns_core::Transport;
use tests::liar::{Acts, Asked, Step, Times};
use tests::lies::{
    Draft, EVIL, about_asked, evil_for, record, rtype, soa, true_address, wire_name,
};

/// A message about `{asked}` that brings something about `{victim}` along.
struct Poison {
    what: &'static str,
    forge: fn(&[u8], &str) -> Vec<u8>,
    /// What is said about the name asked for; `None` if that is its true address.
    answer: Option<&'static str>,
}

const POISONS: [Poison; 9] = [
    Poison {
        what: "authority",
        forge: |query, victim| Draft::truth(query).authority(evil_for(victim)).octets(),
        answer: None,
    },
    Poison {
        what: "additional",
        forge: |query, victim| Draft::truth(query).additional(evil_for(victim)).octets(),
        answer: None,
    },
    Poison {
        what: "glue",
        forge: |query, victim| {
            let ns = record(&wire_name("test"), rtype::NS, 60, &wire_name(victim));
            let draft = Draft::truth(query).authority(ns);
            draft.additional(evil_for(victim)).octets()
        },
        answer: None,
    },
    Poison {
        what: "referral",
        forge: |query, victim| {
            let ns = record(&wire_name("test"), rtype::NS, 60, &wire_name(victim));
            let draft = Draft::of(query).authority(ns);
            draft.additional(evil_for(victim)).octets()
        },
        answer: Some("0 []"),
    },
    Poison {
        what: "answer",
        forge: |query, victim| Draft::truth(query).answer(evil_for(victim)).octets(),
        answer: Some("2 ede 23 []"),
    },
    // The chain is the server's right; what is behind it is not for others.
    Poison {
        what: "chain",
        forge: |query, victim| {
            let cname = about_asked(rtype::CNAME, 60, &wire_name(victim));
            let draft = Draft::of(query).answer(cname);
            draft.answer(evil_for(victim)).octets()
        },
        answer: Some("0 [CNAME victim.chain.test., A 203.0.113.66]"),
    },
    Poison {
        what: "denial",
        forge: |query, victim| {
            let soa = soa(victim, 3_600, 3_600);
            Draft::code(query, 3).authority(soa).octets()
        },
        answer: Some("3 []"),
    },
    Poison {
        what: "denial-of-all",
        forge: |query, _| {
            let soa = soa("", 3_600, 3_600);
            Draft::code(query, 3).authority(soa).octets()
        },
        answer: Some("3 []"),
    },
    Poison {
        what: "dname",
        forge: |query, victim| {
            let dname = record(&wire_name("test"), 39, 60, &wire_name("evil.example"));
            let draft = Draft::truth(query).authority(dname);
            draft.additional(evil_for(victim)).octets()
        },
        answer: None,
    },
];

#[test]
fn t_u1_records_about_another_name_never_answer_for_it() {
    let mut acts = Acts::default();
    for Poison { what, forge, .. } in POISONS {
        acts = acts.with(format!("asked.{what}.test"), move |asked: &Asked<'_>| {
            let victim = format!("victim.{what}.test");
            vec![Step::Say(forge(asked.query, &victim))]
        });
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for Poison { what, answer, .. } in POISONS {
        let (asked, victim) = (format!("asked.{what}.test"), format!("victim.{what}.test"));
        let truth = format!("0 [A {}]", true_address(&asked));
        assert_eq!(text(&ask(&callsign, &asked)), answer.unwrap_or(&truth));
        assert_gets(&callsign, &victim, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&victim), Times { udp: 1, tcp: 0 }, "{victim}");
        // Asked once more: nothing else has come of it in between.
        assert_eq!(text(&ask(&callsign, &asked)), answer.unwrap_or(&truth));
        assert_gets(&callsign, &victim, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&victim).total(), 1, "{victim}");
    }
    assert_good(&callsign, &liar, "test");
}

/// An answer for the address of the same name, in a place where it is none.
#[test]
fn t_u1_an_address_in_another_section_is_no_answer() {
    let acts = Acts::default().with("moved.test", |asked| {
        let evil = about_asked(rtype::A, 60, &EVIL.octets());
        let draft = Draft::of(asked.query).authority(soa("test", 20, 20));
        vec![Step::Say(draft.additional(evil).octets())]
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    for _ in 0..2 {
        assert_eq!(text(&ask(&callsign, "moved.test")), "0 []");
    }
    assert_eq!(liar.times("moved.test"), Times { udp: 1, tcp: 0 });
    let kept = ask(&callsign, "moved.test");
    assert!(
        kept.message.additionals.is_empty(),
        "{:?}",
        kept.message.additionals
    );
}

/// A lie about one type is not told to those who ask for another.
#[test]
fn t_u1_a_failure_for_one_type_says_nothing_of_another() {
    let acts = Acts::default().with("partly.test", |asked| {
        let is_address = tests::lies::asked_type(asked.query) == rtype::A;
        let draft = if is_address {
            Draft::truth(asked.query).answer(evil_for("victim.test"))
        } else {
            Draft::truth(asked.query)
        };
        vec![Step::Say(draft.octets())]
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    assert_gets(
        &callsign,
        "partly.test",
        Transport::Udp,
        Gets::Servfail(NETWORK_ERROR),
    );
    let query = tests::lies::query(7, "partly.test", rtype::AAAA);
    let reply = tests::client::exchange(
        callsign.address(),
        Transport::Udp,
        &query,
        tests::client::REPLY_MAX,
    );
    let reply = tests::Reply::parse(reply.unwrap().unwrap(), Default::default()).unwrap();
    assert_eq!(text(&reply), "0 []");
    assert_eq!(liar.times("partly.test").total(), 2);
}
