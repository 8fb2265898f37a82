//! T-O2: answers that a server holds back.

use crate::world::{
    BURST, Client, NO_REACHABLE_AUTHORITY, PACKETS_MAX, assert_good, before, launch, liar, text,
    until_answered,
};
use tests::Liar;
use tests::liar::{Acts, Step, Times};
use tests::lies::{Draft, true_address};

/// Questions whose answers are held back.
const HELD: u16 = 500;

fn name(id: u16) -> String {
    format!("held{id}.test")
}

/// Lets the server come after every so often.
fn pace(liar: &Liar, id: u16) {
    if usize::from(id + 1).is_multiple_of(BURST) {
        liar.until_asked(&name(id), 1);
    }
}

fn holding() -> Liar {
    let acts = (0..HELD).fold(Acts::default(), |acts, id| {
        acts.with(name(id), |asked| {
            vec![Step::Hold(Draft::truth(asked.query).octets())]
        })
    });
    liar(acts)
}

#[test]
fn t_o2_answers_released_in_time_are_given_once_each() {
    let liar = holding();
    let config = format!(
        "upstreams: [{}]\nforward: {{budget: 10s, retry: 10s}}\n",
        liar.address()
    );
    let callsign = launch(&config).start().unwrap();
    let clients: Vec<Client> = (0..usize::from(HELD) / BURST)
        .map(|_| Client::of(callsign.address()))
        .collect();
    for id in 0..HELD {
        clients[usize::from(id) / BURST].send(id, &name(id));
        pace(&liar, id);
    }
    assert_eq!(liar.release(usize::from(HELD)), usize::from(HELD));
    let mut answered = vec![false; usize::from(HELD)];
    for reply in clients
        .iter()
        .flat_map(|client| (0..BURST).map(|_| client.receive()))
    {
        let id = reply.message.metadata.id;
        let was_answered = std::mem::replace(&mut answered[usize::from(id)], true);
        assert!(!was_answered, "{id} was answered twice");
        assert_eq!(text(&reply), format!("0 [A {}]", true_address(&name(id))));
        assert_eq!(liar.times(&name(id)), Times { udp: 1, tcp: 0 });
    }
    clients.iter().for_each(Client::until_taken_in);
}

/// Who was told SERVFAIL is not told anything else later.
#[test]
fn t_o2_answers_released_too_late_are_not_given() {
    let liar = holding();
    let callsign = before(&liar);
    let clients: Vec<Client> = (0..HELD).map(|_| Client::of(callsign.address())).collect();
    for (id, client) in (0..).zip(&clients) {
        client.send(id, &name(id));
        pace(&liar, id);
    }
    let servfail = format!("2 ede {NO_REACHABLE_AUTHORITY} []");
    for client in &clients {
        assert_eq!(text(&client.receive()), servfail);
    }
    assert!(liar.release(usize::from(HELD)) <= PACKETS_MAX * usize::from(HELD));
    // The server was silent for everybody, so it has to be found again first.
    until_answered(&callsign, &liar);
    clients.iter().for_each(Client::until_taken_in);
    assert_good(&callsign, &liar, "test");
}
