//! T-S4: servers that know cookies (RFC 7873), and who does not know theirs.

use crate::world::{Gets, assert_gets, assert_good, before_with, liar};
use dns_core::Transport;
use tests::liar::{Acts, Asked, Step, Times};
use tests::lies::{Draft, cookie, cookie_option, opt};

/// Octets that our half of a cookie has.
const CLIENT_LEN: usize = 8;

/// The server's half.
const SERVER_COOKIE: [u8; 8] = *b"biscuits";

/// The same message with our half of the cookie and the server's.
fn with_cookie(query: &[u8], draft: Draft, extended_rcode: u8) -> Vec<u8> {
    let Some(ours) = cookie(query) else {
        return draft.octets();
    };
    let both = [&ours[..CLIENT_LEN], &SERVER_COOKIE].concat();
    let opt = opt(extended_rcode, &cookie_option(&both));
    draft.with(|draft| draft.additionals = vec![opt]).octets()
}

fn truth_with_cookie(asked: &Asked<'_>) -> Vec<Step> {
    let message = with_cookie(asked.query, Draft::truth(asked.query), 0);
    vec![Step::Say(message)]
}

/// The case and the id may be guessed: the cookie cannot.
#[test]
fn t_s4_a_message_without_the_cookie_of_a_server_that_sends_one_is_not_believed() {
    let acts = Acts::default()
        .otherwise(truth_with_cookie)
        .with("without.test", |asked| {
            let evil = Draft::evil(asked.query).octets();
            [vec![Step::Say(evil)], truth_with_cookie(asked)].concat()
        })
        .with("wrong.test", |asked| {
            let wrong = opt(0, &cookie_option(b"guessed!biscuits"));
            let evil = Draft::evil(asked.query).with(|draft| draft.additionals = vec![wrong]);
            [vec![Step::Say(evil.octets())], truth_with_cookie(asked)].concat()
        });
    let liar = liar(acts);
    let callsign = before_with(&liar, "workers: 1\n");
    assert_good(&callsign, &liar, "first.test");
    for name in ["without.test", "wrong.test"] {
        assert_gets(&callsign, name, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_good(&callsign, &liar, "last.test");
}

#[test]
fn t_s4_a_server_that_wants_its_cookie_gets_it_and_is_asked_twice_once() {
    let acts = Acts::default().otherwise(|asked| {
        let is_known = cookie(asked.query).is_some_and(|both| both.ends_with(&SERVER_COOKIE));
        if is_known || asked.transport == Transport::Tcp {
            return truth_with_cookie(asked);
        }
        // BADCOOKIE is 23: 7 in the header, 1 in OPT.
        let message = with_cookie(asked.query, Draft::code(asked.query, 7), 1);
        vec![Step::Say(message)]
    });
    let liar = liar(acts);
    let callsign = before_with(&liar, "workers: 1\n");
    assert_gets(&callsign, "new.test", Transport::Udp, Gets::Truth);
    assert_eq!(liar.times("new.test"), Times { udp: 2, tcp: 0 });
    assert_good(&callsign, &liar, "test");
}
