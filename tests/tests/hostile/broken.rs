//! T-U1: messages that answer the question and cannot be passed on, and odd ones that can.

use crate::world::{
    Forge, Gets, NETWORK_ERROR, ask, assert_gets, assert_good, assert_no_storm, before, code, liar,
    lie, text,
};
use dns_core::Transport;
use tests::liar::{Acts, Asked, Step, Times};
use tests::lies::{
    Draft, EVIL, TRUE_TTL_SECS, about_asked, evil_for, question_end, record, rtype, soa,
    true_address, wire_name,
};

/// Messages with the right id and question that nobody may believe.
const BROKEN: [(&str, Forge); 24] = [
    ("a0", |query| a_of(query, &[])),
    ("a3", |query| a_of(query, &[203, 0, 113])),
    ("a5", |query| a_of(query, &[203, 0, 113, 66, 0])),
    ("a16", |query| a_of(query, &[0; 16])),
    ("aaaa4", |query| {
        let record = about_asked(rtype::AAAA, 60, &EVIL.octets());
        Draft::evil(query).additional(record).octets()
    }),
    ("past-end", |query| {
        let mut record = about_asked(rtype::A, 60, &EVIL.octets());
        record[11] = 200;
        Draft::of(query).answer(record).octets()
    }),
    ("missing", |query| {
        Draft::evil(query)
            .with(|draft| draft.claimed_answers = Some(2))
            .octets()
    }),
    ("most-missing", |query| {
        Draft::evil(query)
            .with(|draft| draft.claimed_answers = Some(u16::MAX))
            .octets()
    }),
    ("trailing", |query| {
        [&Draft::evil(query).octets()[..], &[0]].concat()
    }),
    ("owner-loop", |query| {
        let at = u8::try_from(question_end(query)).unwrap();
        owned_by(query, &[0xc0, at])
    }),
    ("owner-ahead", |query| owned_by(query, &[0xc3, 0xff])),
    ("owner-far-loop", |query| {
        // A label, then a pointer back to it.
        let at = u8::try_from(question_end(query)).unwrap();
        owned_by(query, &[1, b'a', 0xc0, at])
    }),
    ("owner-label", |query| owned_by(query, &[0x40, 0, 0])),
    ("owner-long", |query| {
        let mut owner = [&[63][..], &[b'a'; 63]].concat().repeat(4);
        owner.push(0);
        owned_by(query, &owner)
    }),
    ("cname-loop", |query| {
        // The data is a pointer to itself: owner, type, class, TTL and length stand before it.
        let at = u8::try_from(question_end(query) + 12).unwrap();
        let record = about_asked(rtype::CNAME, 60, &[0xc0, at]);
        Draft::of(query).answer(record).octets()
    }),
    ("cname-rest", |query| {
        let data = [&wire_name("x.test")[..], &[0]].concat();
        let record = about_asked(rtype::CNAME, 60, &data);
        Draft::of(query).answer(record).octets()
    }),
    ("soa-cut", |query| {
        let mut record = soa("test", 60, 60);
        record.truncate(record.len() - 1);
        let length_at = wire_name("test").len() + 9;
        record[length_at] -= 1;
        Draft::code(query, 3).authority(record).octets()
    }),
    ("class", |query| {
        let mut record = about_asked(rtype::A, 60, &EVIL.octets());
        record[5] = 3;
        Draft::of(query).answer(record).octets()
    }),
    ("opt-answer", |query| {
        let opt = record(&[0], rtype::OPT, 0, &[]);
        Draft::evil(query).answer(opt).octets()
    }),
    ("opt-twice", |query| {
        let opt = record(&[0], rtype::OPT, 0, &[]);
        Draft::evil(query).additional(opt).octets()
    }),
    ("opt-owner", |query| {
        Draft::evil(query)
            .with(|draft| draft.additionals = vec![about_asked(rtype::OPT, 0, &[])])
            .octets()
    }),
    ("unrelated", |query| {
        Draft::truth(query).answer(evil_for("victim.test")).octets()
    }),
    ("unrelated-parent", |query| {
        Draft::truth(query).answer(evil_for("test")).octets()
    }),
    ("long-chain", |query| {
        let mut draft = Draft::of(query);
        let mut owner = vec![0xc0, 12];
        for step in 0..40 {
            let target = wire_name(&format!("step{step}.test"));
            draft = draft.answer(record(&owner, rtype::CNAME, 60, &target));
            owner = target;
        }
        draft
            .answer(record(&owner, rtype::A, 60, &EVIL.octets()))
            .octets()
    }),
];

fn a_of(query: &[u8], data: &[u8]) -> Vec<u8> {
    let record = about_asked(rtype::A, TRUE_TTL_SECS, data);
    Draft::of(query).answer(record).octets()
}

fn owned_by(query: &[u8], owner: &[u8]) -> Vec<u8> {
    let record = record(owner, rtype::A, TRUE_TTL_SECS, &EVIL.octets());
    Draft::of(query).answer(record).octets()
}

#[test]
fn t_u1_a_broken_answer_is_no_answer_and_is_asked_for_once() {
    let mut acts = Acts::default();
    for (what, forge) in BROKEN {
        acts = acts.with(format!("{what}.test"), lie(forge));
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for (what, _) in BROKEN {
        let name = format!("{what}.test");
        let gets = Gets::Servfail(NETWORK_ERROR);
        for transport in [Transport::Udp, Transport::Tcp] {
            assert_gets(&callsign, &name, transport, gets);
        }
        // The second client was told from memory (RFC 9520).
        assert_eq!(liar.times(&name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_gets(&callsign, "victim.test", Transport::Udp, Gets::Truth);
    assert_good(&callsign, &liar, "test");
}

/// Octets of the true answer to `cutNNN.test`.
fn whole_len() -> usize {
    Draft::truth(&tests::lies::query(0, &cut_name(0), rtype::A))
        .octets()
        .len()
}

fn cut_name(length: usize) -> String {
    format!("cut{length:03}.test")
}

#[test]
fn t_u1_a_message_cut_anywhere_is_not_believed() {
    let whole = whole_len();
    let question = question_end(&tests::lies::query(0, &cut_name(0), rtype::A));
    let mut acts = Acts::default();
    // Without an id it is nobody's, as an empty one.
    for length in 2..whole {
        acts = acts.with(cut_name(length), move |asked: &Asked<'_>| {
            let message = match asked.transport {
                Transport::Udp => Draft::evil(asked.query).octets()[..length].to_vec(),
                Transport::Tcp => Draft::truth(asked.query).octets(),
            };
            vec![Step::Say(message.clone()), Step::Say(message)]
        });
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for length in 2..whole {
        let name = cut_name(length);
        // Without its question it could be anybody's; with it, the server has failed.
        let (gets, tcp) = if length < question {
            (Gets::Truth, 1)
        } else {
            (Gets::Servfail(NETWORK_ERROR), 0)
        };
        assert_gets(&callsign, &name, Transport::Udp, gets);
        assert_eq!(liar.times(&name), Times { udp: 1, tcp }, "{name}");
    }
    assert_good(&callsign, &liar, "test");
}

#[test]
fn t_u1_a_chain_that_leads_nowhere_is_passed_on_and_not_followed() {
    let cname = |from: &'static str, to: &'static str| {
        record(&wire_name(from), rtype::CNAME, 60, &wire_name(to))
    };
    let acts = Acts::default()
        .with("self.test", move |asked| {
            let draft = Draft::of(asked.query).answer(cname("self.test", "self.test"));
            vec![Step::Say(draft.octets())]
        })
        .with("round.test", move |asked| {
            let draft = Draft::of(asked.query)
                .answer(cname("round.test", "about.test"))
                .answer(cname("about.test", "round.test"));
            vec![Step::Say(draft.octets())]
        });
    let liar = liar(acts);
    let callsign = before(&liar);
    for (name, answers) in [
        ("self.test", "0 [CNAME self.test.]"),
        ("round.test", "0 [CNAME about.test., CNAME round.test.]"),
    ] {
        assert_eq!(text(&ask(&callsign, name)), answers);
        assert_eq!(liar.times(name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_eq!(liar.times("about.test"), Times::default());
    assert_good(&callsign, &liar, "test");
}

#[test]
fn t_u1_a_ttl_is_at_most_a_day_and_one_that_is_none_is_0() {
    let ttls = [
        ("week.test", 604_800, 86_400),
        ("most.test", 0x7fff_ffff, 86_400),
        ("negative.test", 0x8000_0000, 0),
        ("minus-one.test", u32::MAX, 0),
    ];
    let mut acts = Acts::default();
    for (name, ttl, _) in ttls {
        acts = acts.with(name, move |asked: &Asked<'_>| {
            let record = about_asked(rtype::A, ttl, &true_address(name).octets());
            vec![Step::Say(Draft::of(asked.query).answer(record).octets())]
        });
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for (name, _, expected) in ttls {
        let reply = ask(&callsign, name);
        assert_eq!(reply.message.answers[0].ttl, expected, "{name}");
        assert_gets(&callsign, name, Transport::Udp, Gets::Truth);
        // What lives for no time is not kept.
        let asked = if expected == 0 { 2 } else { 1 };
        assert_eq!(liar.times(name).total(), asked, "{name}");
    }
}

/// Codes that say nothing of the name. After FORMERR and NOTIMP the server is asked without OPT.
#[test]
fn t_u8_a_code_of_the_only_server_is_servfail_and_remembered_for_20_repeats() {
    let codes = [
        (1, 2),
        (2, 1),
        (4, 2),
        (5, 1),
        (7, 1),
        (8, 1),
        (9, 1),
        (10, 1),
        (11, 1),
        (15, 1),
    ];
    let mut acts = Acts::default();
    for (rcode, _) in codes {
        acts = acts.with(format!("code{rcode}.test"), code(rcode));
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for (rcode, asked) in codes {
        let name = format!("code{rcode}.test");
        for _ in 0..20 {
            let gets = Gets::Servfail(NETWORK_ERROR);
            assert_gets(&callsign, &name, Transport::Udp, gets);
        }
        assert_eq!(liar.times(&name), Times { udp: asked, tcp: 0 }, "{name}");
    }
    assert_good(&callsign, &liar, "test");
}

#[test]
fn t_u8_a_server_that_knows_no_edns_is_asked_without() {
    let acts = Acts::default().otherwise(|asked| {
        let has_opt = asked.query[11] > 0;
        let draft = if has_opt {
            Draft::code(asked.query, 1).with(|draft| draft.additionals.clear())
        } else {
            Draft::truth(asked.query)
        };
        vec![Step::Say(draft.octets())]
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    for number in 0..3 {
        let name = format!("plain{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&name), Times { udp: 2, tcp: 0 }, "{name}");
    }
}

#[test]
fn what_is_no_question_is_not_forwarded() {
    let liar = liar(Acts::default());
    let callsign = before(&liar);
    let query = tests::lies::query(9, "www.test", rtype::A);
    let with_opcode = |opcode: u8| {
        let mut message = query.clone();
        message[2] |= opcode << 3;
        message
    };
    let with_type = |rtype| tests::lies::query(9, "www.test", rtype);
    let messages = (1..16).map(with_opcode).chain([251, 252].map(with_type));
    for message in messages {
        let reply = tests::client::exchange(
            callsign.address(),
            Transport::Udp,
            &message,
            tests::client::REPLY_MAX,
        );
        assert!(reply.unwrap().is_some());
    }
    assert_no_storm(&liar, []);
    assert_eq!(liar.times("www.test"), Times::default());
    assert_good(&callsign, &liar, "test");
}
