//! Routes: whom they name, whom they go on to, and how much they let in.

use crate::messages::{answer, rcode, record, response, soa};
use crate::rig::{Rig, plain, route};
use dns_core::reply::Failure;
use dns_core::wire::{Rcode, Rtype};
use dns_core::{Next, ResolverConfig, Route, Strategy};
use std::sync::Arc;

fn negative(asked: &[u8], code: u16) -> Vec<u8> {
    let authority = [record(b"\0", Rtype::SOA, &soa("example"))];
    response(asked, code, [&[], &authority, &[]])
}

fn going_on(ports: &[u16], next: Route) -> Route {
    Route {
        next: Some(Next {
            on_nxdomain: true,
            on_nodata: true,
            route: Arc::new(next),
        }),
        ..route(ports, Strategy::Sequential)
    }
}

#[test]
fn nothing_at_one_route_is_asked_for_at_the_next() {
    for code in [0, 3] {
        let route = going_on(&[1], route(&[2], Strategy::Sequential));
        let mut rig = Rig::of_route(route, &plain(), None);
        rig.ask("a.example");
        rig.reply(0, |asked| negative(asked, code));
        assert_eq!(rig.sent(), [(0, 1), (0, 2)]);
        rig.reply(1, answer);
        assert_eq!(rig.only_reply().answers().count(), 1);
        assert_eq!(rig.stats.forward_next.value(), 1);
    }
}

#[test]
fn a_next_route_is_asked_only_for_what_it_was_named_for() {
    let route = Route {
        next: Some(Next {
            on_nxdomain: true,
            on_nodata: false,
            route: Arc::new(route(&[2], Strategy::Sequential)),
        }),
        ..route(&[1], Strategy::Sequential)
    };
    let mut rig = Rig::of_route(route, &plain(), None);
    rig.ask("a.example");
    rig.reply(0, |asked| negative(asked, 0));
    assert_eq!(rig.only_reply().rcode(), Rcode::NOERROR);
}

#[test]
fn next_routes_share_the_budget_and_end() {
    let mut last = route(&[9], Strategy::Sequential);
    for port in (1..9).rev() {
        last = going_on(&[port], last);
    }
    let mut rig = Rig::of_route(last, &plain(), None);
    rig.ask("a.example");
    for index in 0..5 {
        rig.reply(index, |asked| negative(asked, 3));
    }
    assert_eq!(rig.only_reply().rcode(), Rcode::NXDOMAIN);
    assert_eq!(rig.asked.len(), 5);
}

#[test]
fn a_route_says_after_which_codes_the_next_server_is_asked() {
    let with = |failover: &[Rcode]| Route {
        failover: failover.to_vec(),
        ..route(&[1, 2], Strategy::Sequential)
    };
    let mut rig = Rig::of_route(with(&[Rcode::SERVFAIL]), &plain(), None);
    rig.ask("a.example");
    rig.reply(0, |asked| rcode(asked, 5));
    assert_eq!(rig.only_answer()[3] & 15, 5, "its word is passed on");
    let mut rig = Rig::of_route(with(&[Rcode::NXDOMAIN]), &plain(), None);
    rig.ask("a.example");
    rig.reply(0, |asked| negative(asked, 3));
    assert_eq!(rig.sent(), [(0, 1), (0, 2)]);
    rig.reply(1, |asked| negative(asked, 3));
    assert_eq!(
        rig.only_reply().rcode(),
        Rcode::NXDOMAIN,
        "nobody knew better"
    );
}

#[test]
fn at_the_cap_the_oldest_question_makes_room_if_it_has_had_its_time() {
    let config = ResolverConfig {
        forward_pending_max: 4,
        forward_client_percent: 100,
        ..plain()
    };
    let mut rig = Rig::with(&[1], Strategy::Sequential, &config);
    for name in ["a.example", "b.example", "c.example", "d.example"] {
        assert!(rig.ask(name));
        rig.advance_to(rig.now + 60);
    }
    assert!(rig.ask("e.example"));
    assert_eq!(rig.only_failure(), (240, Failure::Overloaded));
    assert!(
        !rig.ask("f.example"),
        "the oldest has not waited long enough"
    );
    assert_eq!(rig.stats.forward_jostled.value(), 1);
    assert_eq!(rig.stats.forward_shed.value(), 1);
    rig.advance_to(260);
    assert!(rig.ask("f.example"));
}

#[test]
fn one_client_cannot_take_all_room() {
    let config = ResolverConfig {
        forward_pending_max: 100,
        ..plain()
    };
    let mut rig = Rig::with(&[1], Strategy::Sequential, &config);
    let mut taken = [0; 4];
    for (client, taken) in taken.iter_mut().enumerate() {
        rig.client.address.set_ip([192, 0, 2, client as u8].into());
        for index in 0..100 {
            *taken += usize::from(rig.ask(&format!("c{client}n{index}.example")));
        }
    }
    assert_eq!(
        taken,
        [51, 25, 24, 0],
        "half is anybody's, then shares count"
    );
    assert!(rig.stats.forward_client_shed.value() > 0);
}

#[test]
fn a_route_may_have_a_cap_of_its_own() {
    let capped = Route {
        in_flight_max: 2,
        ..route(&[1], Strategy::Sequential)
    };
    let mut rig = Rig::of_route(capped, &plain(), None);
    assert!(rig.ask("a.example") && rig.ask("b.example"));
    assert!(!rig.ask("c.example"));
    assert_eq!(rig.stats.forward_route_shed.value(), 1);
    rig.reply(0, answer);
    assert!(rig.ask("c.example"));
    rig.route = Arc::new(route(&[2], Strategy::Sequential));
    assert!(rig.ask("d.example"), "others have room");
}

#[test]
fn random_and_round_robin_use_all_servers() {
    for strategy in [Strategy::Random, Strategy::RoundRobin] {
        let mut rig = Rig::with(&[1, 2, 3], strategy, &plain());
        for index in 0..300 {
            rig.ask(&format!("n{index}.example"));
            rig.reply(index, answer);
        }
        for port in 1..=3 {
            let count = rig.asked.iter().filter(|asked| asked.port == port).count();
            assert!(
                (70..=130).contains(&count),
                "{strategy:?}: {count} to {port}"
            );
        }
    }
}
