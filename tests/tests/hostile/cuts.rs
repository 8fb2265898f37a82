//! T-U1: TC, and what may go wrong over the TCP connection that follows.

use crate::world::{
    Gets, NETWORK_ERROR, NO_REACHABLE_AUTHORITY, assert_gets, assert_good, assert_no_storm, before,
    liar,
};
use dns_core::Transport;
use std::thread;
use tests::client::framed;
use tests::liar::{Acts, Asked, Step, Streams, Times};
use tests::lies::{Draft, TC, about_asked, rtype};
use tests::{Callsign, Liar};

/// What the server does over TCP once it has said TC.
type Stream = fn(&Asked<'_>) -> Vec<Step>;

/// A case: what the server does, and what a client over UDP and one over TCP get of it.
struct Case {
    what: &'static str,
    stream: Stream,
    udp: Gets,
    tcp: Gets,
}

/// A truncated answer is better than none for who can ask again over TCP; who has asked over TCP
/// would take it for the whole.
fn cases() -> Vec<Case> {
    let fails = |what, ede, stream: Stream| Case {
        what,
        stream,
        udp: Gets::Cut,
        tcp: Gets::Servfail(ede),
    };
    vec![
        Case {
            what: "good",
            stream: tests::liar::truth,
            udp: Gets::Truth,
            tcp: Gets::Truth,
        },
        // Nothing is left to be asked: it is passed on as it is.
        Case {
            what: "cut-again",
            stream: |asked| vec![Step::Say(cut(asked.query))],
            udp: Gets::Cut,
            tcp: Gets::Cut,
        },
        fails("closed", NO_REACHABLE_AUTHORITY, |_| vec![Step::Close]),
        fails("silent", NO_REACHABLE_AUTHORITY, |_| Vec::new()),
        fails("length-0", NO_REACHABLE_AUTHORITY, |_| {
            vec![Step::Raw(vec![0, 0])]
        }),
        fails("half", NO_REACHABLE_AUTHORITY, |asked| {
            let whole = framed(&Draft::evil(asked.query).octets()).unwrap();
            vec![Step::Raw(whole[..whole.len() / 2].to_vec()), Step::Close]
        }),
        fails("half-then-silent", NO_REACHABLE_AUTHORITY, |asked| {
            let whole = framed(&Draft::evil(asked.query).octets()).unwrap();
            vec![Step::Raw(whole[..whole.len() / 2].to_vec())]
        }),
        fails("one-octet", NO_REACHABLE_AUTHORITY, |_| {
            vec![Step::Raw(vec![0]), Step::Close]
        }),
        fails("garbage", NO_REACHABLE_AUTHORITY, |_| {
            vec![Step::Say(vec![0xff; 40])]
        }),
        fails("garbage-with-id", NETWORK_ERROR, |asked| {
            vec![Step::Say([&asked.query[..2], &[0xff; 40]].concat())]
        }),
        fails("cut-message", NETWORK_ERROR, |asked| {
            let whole = Draft::evil(asked.query).octets();
            vec![Step::Say(whole[..whole.len() - 1].to_vec())]
        }),
        fails("header", NETWORK_ERROR, |asked| {
            vec![Step::Say(Draft::evil(asked.query).octets()[..12].to_vec())]
        }),
        fails("unrelated", NETWORK_ERROR, |asked| {
            let draft = Draft::truth(asked.query).answer(tests::lies::evil_for("victim.test"));
            vec![Step::Say(draft.octets())]
        }),
        fails("servfail", NETWORK_ERROR, |asked| {
            vec![Step::Say(Draft::code(asked.query, 2).octets())]
        }),
    ]
}

/// TC and no record.
fn cut(query: &[u8]) -> Vec<u8> {
    Draft::of(query).with(|draft| draft.flags |= TC).octets()
}

fn cut_over_udp(stream: Stream) -> impl Fn(&Asked<'_>) -> Vec<Step> {
    move |asked| match asked.transport {
        Transport::Udp => vec![Step::Say(cut(asked.query))],
        Transport::Tcp => stream(asked),
    }
}

/// Each case has a server of its own: a connection carries the questions of many, and what one name
/// does to it would be felt by others. So all cases run at a time.
#[test]
fn t_u1_what_goes_wrong_over_tcp_after_tc_is_told_by_tc_or_servfail() {
    let cases = cases();
    let served = serve(&cases);
    let callsign = &start(&cases, &served);
    thread::scope(|scope| {
        for (case, liar) in cases.iter().zip(&served) {
            scope.spawn(move || check(callsign, case, liar));
        }
    });
}

fn serve(cases: &[Case]) -> Vec<Liar> {
    let of = |case: &Case| {
        let both = [Transport::Udp, Transport::Tcp].map(|client| name(case, client));
        let acts = both.into_iter().fold(Acts::default(), |acts, name| {
            acts.with(name, cut_over_udp(case.stream))
        });
        liar(acts)
    };
    cases.iter().map(of).collect()
}

fn name(case: &Case, client: Transport) -> String {
    format!("{}.{}.test", client.label(), case.what)
}

fn start(cases: &[Case], served: &[Liar]) -> Callsign {
    let mut config = "upstreams: none\nforward:\n  routes:\n".to_owned();
    for (case, liar) in cases.iter().zip(served) {
        let (what, address) = (case.what, liar.address());
        config += &format!("  - {{suffix: {what}.test, upstreams: [{address}]}}\n");
    }
    crate::world::launch(&config).start().unwrap()
}

fn check(callsign: &Callsign, case: &Case, liar: &Liar) {
    for (client, gets) in [(Transport::Udp, case.udp), (Transport::Tcp, case.tcp)] {
        let name = name(case, client);
        assert_gets(callsign, &name, client, gets);
        let times = liar.times(&name);
        // A connection that has been used may have been closed before: one more try.
        let is_right = times.udp == 1 && (1..=2).contains(&times.tcp);
        assert!(is_right, "{name}: {times:?}");
        assert_no_storm(liar, [name]);
    }
    assert_good(callsign, liar, &format!("{}.test", case.what));
}

#[test]
fn t_u1_tc_of_a_server_without_tcp_is_passed_on_to_who_can_ask_over_tcp() {
    let acts = Acts::default()
        .with("udp.test", |asked| vec![Step::Say(cut(asked.query))])
        .with("tcp.test", |asked| vec![Step::Say(cut(asked.query))])
        // Cut inside a record.
        .with("inside.test", |asked| {
            let record = about_asked(rtype::A, 60, &[1, 2, 3, 4]);
            let draft = Draft::of(asked.query)
                .answer(record)
                .with(|draft| draft.flags |= TC);
            let octets = draft.octets();
            vec![Step::Say(octets[..octets.len() - 14].to_vec())]
        });
    let liar = Liar::start(acts, Streams::Refused).unwrap();
    let callsign = before(&liar);
    for (name, client, gets) in [
        ("udp.test", Transport::Udp, Gets::Cut),
        ("inside.test", Transport::Udp, Gets::Cut),
        (
            "tcp.test",
            Transport::Tcp,
            Gets::Servfail(NO_REACHABLE_AUTHORITY),
        ),
    ] {
        assert_gets(&callsign, name, client, gets);
        assert_eq!(liar.times(name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_good(&callsign, &liar, "test");
}
