//! T-U1, T-U3, T-T4: many clients at once, and one that asks for more than its share.

use crate::world::{
    BURST, Client, Gets, WEB, ask, assert_gets, assert_good, before, launch, liar, text,
};
use dns_core::Transport;
use std::net::Ipv4Addr;
use tests::liar::{Acts, Step, Times, silence};
use tests::lies::{Draft, true_address};

/// Clients that ask the same.
const EQUAL: u16 = 60;

/// Questions of the unfair client, and how many may wait for an upstream at all.
const UNFAIR: usize = 400;
const PENDING_MAX: usize = 100;

#[test]
fn t_u1_60_equal_questions_in_flight_are_one_upstream() {
    // So that nothing but the clients makes the upstream be asked, however slow the machine is.
    let patient = "workers: 2\nforward: {budget: 10s, retry: 10s}\n";
    for cache in ["", "no_cache: true\n"] {
        let acts = Acts::default().with("equal.test", |asked| {
            vec![Step::Hold(Draft::truth(asked.query).octets())]
        });
        let liar = liar(acts);
        let upstream = format!("upstreams: [{}]\n", liar.address());
        let callsign = launch(&[patient, cache, &upstream].concat())
            .start()
            .unwrap();
        let clients: Vec<Client> = (0..EQUAL).map(|_| Client::of(callsign.address())).collect();
        for (id, client) in (0..).zip(&clients) {
            client.send(id, ["equal.test", "EQUAL.Test"][usize::from(id % 2)]);
        }
        clients.iter().for_each(Client::until_taken_in);
        assert_eq!(liar.release(1), 1);
        for (id, client) in (0..).zip(&clients) {
            let reply = client.receive();
            assert_eq!(reply.message.metadata.id, id);
            let spelling = ["equal.test.", "EQUAL.Test."][usize::from(id % 2)];
            assert_eq!(reply.message.queries[0].name.to_ascii(), spelling);
            let truth = format!("0 [A {}]", true_address("equal.test"));
            assert_eq!(text(&reply), truth);
        }
        assert_eq!(liar.times("equal.test"), Times { udp: 1, tcp: 0 });
    }
}

#[test]
fn t_u1_an_answer_that_comes_20_times_is_given_once() {
    let acts = Acts::default().with("often.test", |asked| {
        vec![Step::Say(Draft::truth(asked.query).octets()); 20]
    });
    let liar = liar(acts);
    let callsign = before(&liar);
    let client = Client::of(callsign.address());
    client.send(1, "often.test");
    assert_eq!(
        text(&client.receive()),
        format!("0 [A {}]", true_address("often.test"))
    );
    for number in 0..4 {
        let name = format!("other{number}.test");
        client.send(2, &name);
        let reply = client.receive();
        assert_eq!(reply.message.metadata.id, 2);
        assert_eq!(text(&reply), format!("0 [A {}]", true_address(&name)));
    }
    assert_eq!(liar.times("often.test"), Times { udp: 1, tcp: 0 });
    assert_good(&callsign, &liar, "test");
}

/// One client asks for four times what may wait at all; the names never come.
#[test]
fn t_t4_a_client_that_asks_for_dead_names_leaves_room_for_others() {
    let stuck: Vec<String> = (0..UNFAIR)
        .map(|number| format!("stuck{number}.test"))
        .collect();
    let acts = stuck
        .iter()
        .fold(Acts::default(), |acts, name| acts.with(name, silence));
    let liar = liar(acts);
    let config = format!(
        "workers: 1\nupstreams: [{}]\nlimits: {{forward_pending_max: {PENDING_MAX}}}\n",
        liar.address()
    );
    let callsign = launch(&config).start().unwrap();
    let unfair = Client::from(Ipv4Addr::new(127, 0, 0, 2), callsign.address());
    for burst in stuck.chunks(BURST) {
        burst.iter().for_each(|name| unfair.send(1, name));
        unfair.skip_until_taken_in();
    }
    for number in 0..20 {
        let name = format!("fair{number}.test");
        assert_gets(&callsign, &name, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_good(&callsign, &liar, "test");
    let asked = stuck
        .iter()
        .filter(|name| liar.times(name).total() > 0)
        .count();
    assert!(asked <= PENDING_MAX, "{asked} dead names were asked for");
    assert_eq!(text(&ask(&callsign, WEB)), "0 [A 192.0.2.1]");
}
