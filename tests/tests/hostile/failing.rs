//! T-U4, T-U6, T-U8: servers that fail, are silent, or lose messages.

use crate::world::{
    BURST, Client, Gets, NETWORK_ERROR, NO_REACHABLE_AUTHORITY, PACKETS_MAX, assert_gets,
    assert_gets_table, assert_good, before, code, launch, liar, lie, text, until_answered,
};
use dns_core::Transport;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tests::Callsign;
use tests::liar::{Acts, Asked, Times, silence, truth};
use tests::lies::{Draft, true_address};

/// Repeats of a question that fails.
const REPEATS: usize = 20;

fn before_two(first: SocketAddr, second: SocketAddr) -> Callsign {
    let config = format!("workers: 1\nupstreams: ['{first}', '{second}']\n");
    launch(&config).start().unwrap()
}

/// A port that is closed for UDP and TCP.
fn closed_port() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}

fn unrelated(query: &[u8]) -> Vec<u8> {
    let evil = tests::lies::evil_for("victim.test");
    Draft::truth(query).answer(evil).octets()
}

#[test]
fn t_u8_the_second_server_answers_what_the_first_fails_on() {
    // Servers that may not know OPT are asked without it before the next one is.
    let asked_first = [
        ("servfail", 1),
        ("refused", 1),
        ("formerr", 2),
        ("notimp", 2),
        ("unrelated", 1),
        ("cut", 1),
    ];
    let first = liar(
        Acts::default()
            .with("servfail.test", code(2))
            .with("refused.test", code(5))
            .with("formerr.test", code(1))
            .with("notimp.test", code(4))
            .with("unrelated.test", lie(unrelated))
            .with(
                "cut.test",
                lie(|query| {
                    let whole = Draft::evil(query).octets();
                    whole[..whole.len() - 1].to_vec()
                }),
            ),
    );
    let second = liar(Acts::default());
    let callsign = before_two(first.address(), second.address());
    for (what, asked) in asked_first {
        let name = format!("{what}.test");
        for _ in 0..REPEATS {
            assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        }
        assert_eq!(first.times(&name), Times { udp: asked, tcp: 0 }, "{name}");
        assert_eq!(second.times(&name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_good(&callsign, &first, "test");
}

#[test]
fn t_u8_when_both_fail_20_repeats_take_two_messages() {
    let acts = || {
        Acts::default()
            .with("servfail.test", code(2))
            .with("refused.test", code(5))
            .with("unrelated.test", lie(unrelated))
    };
    let (first, second) = (liar(acts()), liar(acts()));
    let callsign = before_two(first.address(), second.address());
    for name in ["servfail.test", "refused.test", "unrelated.test"] {
        for repeat in 0..REPEATS {
            let transport = [Transport::Udp, Transport::Tcp][repeat % 2];
            let gets = Gets::Servfail(NETWORK_ERROR);
            assert_gets(&callsign, name, transport, gets);
        }
        let once = Times { udp: 1, tcp: 0 };
        assert_eq!([first.times(name), second.times(name)], [once, once]);
    }
    assert_good(&callsign, &first, "test");
}

/// Slow is the question whose first message is to the silent server: there is one.
#[test]
fn t_u6_a_dead_first_server_slows_one_question() {
    let dead = liar(Acts::default().otherwise(silence));
    let live = liar(Acts::default());
    let callsign = before_two(dead.address(), live.address());
    for number in 0..30 {
        let name = format!("n{number}.dead.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
    }
    assert_eq!(dead.names_below("dead.test"), 1);
    let to_dead = dead.total();
    // Two for the question, then a probe a second.
    assert!(to_dead <= 2 + 5, "{to_dead} messages to the dead server");
}

#[test]
fn t_u6_a_closed_port_is_passed_over_at_once() {
    let live = liar(Acts::default());
    let callsign = before_two(closed_port(), live.address());
    for number in 0..30 {
        let name = format!("n{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        assert_eq!(live.times(&name), Times { udp: 1, tcp: 0 }, "{name}");
    }
}

#[test]
fn t_u6_without_any_server_there_is_servfail_and_the_table() {
    let callsign = before_two(closed_port(), closed_port());
    for number in 0..30 {
        let gets = Gets::Servfail(NO_REACHABLE_AUTHORITY);
        assert_gets(&callsign, &format!("n{number}.test"), Transport::Udp, gets);
    }
    assert_gets_table(&callsign);
}

#[test]
fn t_u6_servers_known_to_be_dead_are_not_asked_and_found_when_they_are_back() {
    let is_back = Arc::new(AtomicBool::new(false));
    let acts = || {
        let is_back = Arc::clone(&is_back);
        Acts::default().otherwise(
            move |asked: &Asked<'_>| match is_back.load(Ordering::SeqCst) {
                true => truth(asked),
                false => silence(asked),
            },
        )
    };
    let (first, second) = (liar(acts()), liar(acts()));
    let callsign = before_two(first.address(), second.address());
    let gets = Gets::Servfail(NO_REACHABLE_AUTHORITY);
    thread::scope(|scope| {
        for number in 0..12 {
            let (callsign, name) = (&callsign, format!("n{number}.dying.test"));
            scope.spawn(move || assert_gets(callsign, &name, Transport::Udp, gets));
        }
    });
    for number in 0..REPEATS {
        let name = format!("n{number}.dead.test");
        assert_gets(&callsign, &name, Transport::Udp, gets);
    }
    for server in [&first, &second] {
        let tried = server.names_below("dead.test");
        assert!(
            tried <= REPEATS / 2,
            "{tried} of {REPEATS} were asked of a dead server"
        );
        for number in 0..12 {
            let times = server.times(&format!("n{number}.dying.test"));
            assert!(times.total() <= PACKETS_MAX / 2, "{times:?}");
        }
    }
    assert_gets_table(&callsign);
    is_back.store(true, Ordering::SeqCst);
    until_answered(&callsign, &first);
}

#[test]
fn t_u6_a_silent_name_fails_in_time_and_holds_nobody_up() {
    let names = || (0..20).map(|number| format!("stuck{number}.test"));
    let acts = names().fold(Acts::default(), |acts, name| acts.with(name, silence));
    let liar = liar(acts);
    let callsign = before(&liar);
    assert_good(&callsign, &liar, "first.test");
    let client = Client::of(callsign.address());
    for (id, name) in (0..).zip(names()) {
        client.send(id, &name);
    }
    client.until_taken_in();
    assert_good(&callsign, &liar, "second.test");
    for _ in names() {
        assert_eq!(
            text(&client.receive()),
            format!("2 ede {NO_REACHABLE_AUTHORITY} []")
        );
    }
    for name in names() {
        let times = liar.times(&name);
        assert!(
            (2..=PACKETS_MAX).contains(&times.udp) && times.tcp == 0,
            "{times:?}"
        );
    }
    assert_good(&callsign, &liar, "third.test");
}

#[test]
fn t_u4_one_lost_message_is_sent_again() {
    let acts = Acts::default().with("lost.test", |asked| match asked.before {
        0 => Vec::new(),
        _ => truth(asked),
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    assert_gets(&callsign, "lost.test", Transport::Udp, Gets::Truth);
    assert_eq!(liar.times("lost.test"), Times { udp: 2, tcp: 0 });
    assert_good(&callsign, &liar, "test");
}

/// Questions asked at each share of loss.
const QUESTIONS: usize = 400;

/// Whether a message is lost: a draw that depends on name and turn alone, the same in every run.
fn is_lost(name: &str, turn: usize, percent: u32) -> bool {
    let [_, _, third, fourth] = true_address(&format!("{turn}.{name}")).octets();
    u32::from(u16::from_be_bytes([third, fourth])) * 100 < percent << 16
}

#[test]
fn t_u4_questions_survive_1_10_and_30_percent_loss() {
    let acts = Acts::default().otherwise(|asked| {
        let name = tests::lies::asked_name(asked.query);
        let percent = name
            .split(['s', '.'])
            .nth(1)
            .and_then(|text| text.parse().ok());
        if percent.is_some_and(|percent| is_lost(&name, asked.before, percent)) {
            return Vec::new();
        }
        truth(asked)
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    let numbers: Vec<u16> = (0..).take(QUESTIONS).collect();
    let servfail = format!("2 ede {NO_REACHABLE_AUTHORITY} []");
    for (percent, failed_max) in [(1, 0), (10, 0), (30, 4)] {
        let name = |number: u16| format!("n{number}.loss{percent}.test");
        let clients: Vec<Client> = (0..QUESTIONS / BURST)
            .map(|_| Client::of(callsign.address()))
            .collect();
        for (client, numbers) in clients.iter().zip(numbers.chunks(BURST)) {
            numbers
                .iter()
                .for_each(|number| client.send(*number, &name(*number)));
            liar.until_asked(&name(numbers[BURST - 1]), 1);
        }
        let replies = clients
            .iter()
            .flat_map(|client| (0..BURST).map(|_| client.receive()));
        let mut failed = 0;
        for reply in replies {
            let name = name(reply.message.metadata.id);
            let says = text(&reply);
            failed += usize::from(says == servfail);
            let truth = format!("0 [A {}]", true_address(&name));
            assert!(says == truth || says == servfail, "{name}: {says}");
            assert!(liar.times(&name).total() <= PACKETS_MAX, "{name}");
        }
        assert!(
            failed <= failed_max,
            "{failed} of {QUESTIONS} at {percent} %"
        );
    }
}
