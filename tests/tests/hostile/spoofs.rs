//! T-U1, T-U9: messages that answer nothing we asked.

use crate::world::{
    Forge, Gets, NETWORK_ERROR, NO_REACHABLE_AUTHORITY, ask, assert_gets, assert_good,
    assert_no_storm, before, before_with, liar, lie, lie_over_udp, text,
};
use dns_core::Transport;
use std::thread;
use tests::liar::{Acts, Asked, Step, Times};
use tests::lies::{Draft, OPCODE, QR, true_address, wire_name};
use tests::{Callsign, Liar};

/// The evil answer, with one thing that makes it another's.
const SPOOFS: [(&str, Forge); 14] = [
    ("id", |query| bent(query, |draft| draft.id ^= 1)),
    ("name", |query| {
        bent(query, |draft| {
            draft.questions[0] = [&wire_name("other.test")[..], &[0, 1, 0, 1]].concat();
        })
    }),
    ("type", |query| {
        bent(query, |draft| set_behind(draft, 3, 28))
    }),
    ("class", |query| {
        bent(query, |draft| set_behind(draft, 1, 3))
    }),
    ("query", |query| bent(query, |draft| draft.flags &= !QR)),
    ("questions", |query| {
        bent(query, |draft| {
            draft.questions.push(draft.questions[0].clone());
        })
    }),
    ("question", |query| {
        bent(query, |draft| draft.questions.clear())
    }),
    ("opcode", |query| {
        bent(query, |draft| draft.flags ^= OPCODE & 0x2000)
    }),
    ("nothing", |_| Vec::new()),
    ("octets", |query| Draft::evil(query).octets()[..5].to_vec()),
    ("garbage", |_| vec![0xff; 64]),
    ("header", |query| Draft::evil(query).octets()[..12].to_vec()),
    ("echo", <[u8]>::to_vec),
    // The question is a pointer to itself.
    ("loop", |query| {
        bent(query, |draft| {
            draft.questions[0] = vec![0xc0, 12, 0, 1, 0, 1];
        })
    }),
];

fn bent(query: &[u8], change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    Draft::evil(query).with(change).octets()
}

/// Sets the octet of the question that has so many behind it, its own included.
fn set_behind(draft: &mut Draft, behind: usize, octet: u8) {
    let at = draft.questions[0].len() - behind;
    draft.questions[0][at] = octet;
}

#[test]
fn t_u1_a_message_that_answers_nothing_gives_way_to_the_true_answer() {
    let mut acts = Acts::default();
    for (what, forge) in SPOOFS {
        acts = acts
            .with(format!("before-{what}.test"), move |asked: &Asked<'_>| {
                let truth = Draft::truth(asked.query).octets();
                vec![Step::Say(forge(asked.query)), Step::Say(truth)]
            })
            .with(format!("instead-{what}.test"), lie_over_udp(forge, 2));
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for (what, _) in SPOOFS {
        let name = format!("before-{what}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&name), Times { udp: 1, tcp: 0 }, "{name}");
        if what == "nothing" {
            continue;
        }
        // Somebody may be guessing: the second such message makes us ask over TCP.
        let name = format!("instead-{what}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&name), Times { udp: 1, tcp: 1 }, "{name}");
    }
    assert_good(&callsign, &liar, "test");
}

/// A datagram without an id is nobody's: it is as good as silence.
#[test]
fn t_u1_empty_datagrams_are_no_answer_and_no_reason_to_ask_more() {
    let liar = liar(Acts::default().with("empty.test", lie_over_udp(|_| Vec::new(), 3)));
    let callsign = before(&liar);
    let reply = text(&ask(&callsign, "empty.test"));
    let truth = true_address("empty.test");
    // Over TCP there is an answer; whether it is asked for is not what this is about.
    let is_right = [
        format!("2 ede {NO_REACHABLE_AUTHORITY} []"),
        format!("0 [A {truth}]"),
    ];
    assert!(is_right.contains(&reply), "{reply}");
    assert_no_storm(&liar, ["empty.test".to_owned()]);
    assert_good(&callsign, &liar, "test");
}

/// Nobody has an answer for these; none of them may be believed, or keep others from theirs.
#[test]
fn t_u1_a_server_that_answers_something_else_over_either_transport_fails() {
    // A wrong id would be told to all questions on its socket.
    let spoofs: Vec<_> = SPOOFS
        .into_iter()
        .filter(|(what, _)| !["id", "nothing", "garbage"].contains(what))
        .collect();
    let mut acts = Acts::default();
    for (what, forge) in &spoofs {
        acts = acts.with(format!("only-{what}.test"), lie(*forge));
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    thread::scope(|scope| {
        for (what, _) in &spoofs {
            let (callsign, name) = (&callsign, format!("only-{what}.test"));
            let gets = Gets::Servfail(NETWORK_ERROR);
            scope.spawn(move || assert_gets(callsign, &name, Transport::Udp, gets));
        }
    });
    assert_no_storm(
        &liar,
        spoofs.iter().map(|(what, _)| format!("only-{what}.test")),
    );
    assert_good(&callsign, &liar, "test");
}

/// Who guesses ids from the server's own address neither gets a lie in nor makes the server count
/// as dead. Guesses from elsewhere do not reach a connected socket, as the next test shows.
#[test]
fn t_u9_300_wrong_ids_in_front_of_the_true_answer_change_nothing() {
    let mut acts = Acts::default();
    for number in 0..20 {
        acts = acts.with(format!("guessed{number}.test"), |asked: &Asked<'_>| {
            let truth = Step::Say(Draft::truth(asked.query).octets());
            if asked.transport == Transport::Tcp {
                return vec![truth];
            }
            let guess = |off: u16| {
                let message = bent(asked.query, |draft| draft.id ^= off);
                Step::Say(message)
            };
            (1..=300).map(guess).chain([truth]).collect()
        });
    }
    let liar = liar(acts);
    let callsign = before(&liar);
    for number in 0..20 {
        let name = format!("guessed{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        // Guesses at the name before may still lie in the socket and send this one to TCP.
        let times = liar.times(&name);
        assert!(times.udp <= 1 && times.tcp <= 1, "{name}: {times:?}");
    }
    until_guesses_are_through(&callsign, &liar);
    assert_good(&callsign, &liar, "test");
}

/// Asks for good names until the guesses that lay in sockets have been read: then no name is asked
/// for over TCP any more.
fn until_guesses_are_through(callsign: &Callsign, liar: &Liar) {
    let mut in_a_row = 0;
    for number in 0..400 {
        let name = format!("between{number}.test");
        assert_gets(callsign, &name, Transport::Udp, Gets::Truth);
        let is_undisturbed = liar.times(&name) == Times { udp: 1, tcp: 0 };
        in_a_row = if is_undisturbed { in_a_row + 1 } else { 0 };
        if in_a_row == 20 {
            return;
        }
    }
    panic!("guesses have an effect for ever");
}

#[test]
fn t_u9_an_answer_from_another_port_is_not_heard() {
    let acts = Acts::default().with("elsewhere.test", |asked| {
        if asked.before > 0 {
            return tests::liar::truth(asked);
        }
        vec![Step::SayElsewhere(Draft::evil(asked.query).octets()); 10]
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    assert_gets(&callsign, "elsewhere.test", Transport::Udp, Gets::Truth);
    assert_eq!(liar.times("elsewhere.test"), Times { udp: 2, tcp: 0 });
    assert_good(&callsign, &liar, "test");
}

/// Says the truth in lower case.
fn folded(asked: &Asked<'_>) -> Vec<Step> {
    let message = Draft::truth(asked.query).with(|draft| draft.questions[0].make_ascii_lowercase());
    vec![Step::Say(message.octets())]
}

/// 0x20. With 26 letters in random case, one name in 67 million is in lower case by chance.
#[test]
fn t_u1_a_server_that_folds_case_is_asked_over_tcp_and_after_three_names_in_lower_case() {
    let liar = liar(Acts::default().otherwise(folded));
    let callsign = before_with(&liar, "workers: 1\n");
    for number in 0..6 {
        let name = format!("abcdefghijklmnopqrstuvwxyz.n{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        let tcp = usize::from(number < 3);
        assert_eq!(liar.times(&name), Times { udp: 1, tcp }, "{name}");
    }
}

#[test]
fn t_u1_a_server_that_folds_case_and_takes_no_connection_is_asked_in_lower_case() {
    let acts = Acts::default().otherwise(folded);
    let liar = Liar::start(acts, tests::liar::Streams::Refused).unwrap();
    let callsign = before_with(&liar, "workers: 1\n");
    for number in 0..6 {
        let name = format!("abcdefghijklmnopqrstuvwxyz.n{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        let times = liar.times(&name);
        assert!(times.udp <= 2, "{name}: {times:?}");
    }
}
