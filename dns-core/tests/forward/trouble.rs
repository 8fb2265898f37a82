//! Servers and networks in trouble.

use crate::messages::{answer, rcode};
use crate::rig::{Rig, plain};
use crate::world::{Act, World, answered, good, within};
use dns_core::{Strategy, Transport};

const STRATEGIES: [Strategy; 5] = [
    Strategy::Sequential,
    Strategy::Random,
    Strategy::RoundRobin,
    Strategy::Fastest,
    Strategy::Race,
];

fn world(ports: &[u16], strategy: Strategy) -> World {
    World::new(Rig::with(ports, strategy, &plain()), 42)
}

/// Loses that many of 1,000 messages in each direction.
fn lossy(world: World, port: u16, per_mille: usize) -> World {
    world.server(port, move |asked, dice| {
        if dice.per_mille(per_mille) || dice.per_mille(per_mille) {
            return Act::Silence;
        }
        good(asked, 20 + dice.below(5) as u64)
    })
}

#[test]
fn lost_messages_cost_time_and_hardly_an_answer() {
    for (per_mille, least, slow_ms) in [(10, 9_999, 500), (100, 9_990, 800), (300, 9_900, 1_500)] {
        let mut loaded = lossy(world(&[1], Strategy::Sequential), 1, per_mille);
        loaded.ask_steadily(10, 100_000);
        loaded.run_to(110_000);
        let mut lonely = lossy(world(&[1], Strategy::Sequential), 1, per_mille);
        lonely.ask_one_by_one(10_000);
        for world in [loaded, lonely] {
            let ended = &world.ended;
            assert_eq!(ended.len(), 10_000);
            assert!(
                answered(ended) >= least,
                "{} of 10,000 at {per_mille}",
                answered(ended)
            );
            assert!(within(ended, 990) <= slow_ms, "{}", within(ended, 990));
            let sent = world.rig.stats.forward_sent.value();
            assert!(sent <= 30_000, "{sent} messages at {per_mille}");
        }
    }
}

#[test]
fn a_server_that_becomes_slow_is_left_for_the_other_until_it_recovers() {
    for strategy in [Strategy::Fastest, Strategy::Race, Strategy::Sequential] {
        let delay_ms = |at: u64| {
            let is_slow = (10_000..40_000).contains(&at);
            if is_slow { 502 } else { 2 }
        };
        let mut world = world(&[1, 2], strategy)
            .server(1, move |asked, _| good(asked, delay_ms(asked.at)))
            .server(2, |asked, _| good(asked, 5));
        world.ask_steadily(10, 60_000);
        world.run_to(63_000);
        let share = |world: &World, from, to| {
            let sent = world
                .rig
                .asked
                .iter()
                .filter(|asked| (from..to).contains(&asked.at));
            let first = sent.clone().filter(|asked| asked.port == 1).count();
            first * 100 / sent.count()
        };
        assert!(share(&world, 1_000, 10_000) >= 90, "{strategy:?}");
        let slow = share(&world, 10_500, 40_000);
        assert!(slow <= 5, "{strategy:?}: {slow} of 100 to the slow one");
        let back = share(&world, 50_000, 60_000);
        assert!(back >= 90, "{strategy:?}: {back} of 100 after");
        let slow = world.since(10_300);
        let late = slow.iter().filter(|ended| ended.took_ms > 250).count();
        assert!(late <= 5, "{strategy:?}: {late} late");
        assert_eq!(answered(&world.ended), 10_000);
    }
}

#[test]
fn a_dead_first_server_makes_one_question_slow() {
    for strategy in STRATEGIES {
        let mut world = world(&[1, 2], strategy)
            .server(1, |asked, _| match asked.at {
                2_000..30_000 => Act::Silence,
                _ => good(asked, 2),
            })
            .server(2, |asked, _| good(asked, 3));
        world.ask_steadily(500, 40_000);
        world.run_to(43_000);
        let slow = |ended: &&crate::world::Ended| ended.took_ms > 100;
        let slow = world.ended.iter().filter(slow).count();
        assert!(slow <= 1, "{strategy:?}: {slow} slow questions");
        assert!(within(&world.ended, 999) <= 600, "{strategy:?}");
        assert_eq!(answered(&world.ended), 10_000);
        let probes = &world.rig.probes;
        assert!((20..=30).contains(&probes.len()), "{}", probes.len());
        let mut gaps = probes.windows(2).map(|two| two[1].at - two[0].at);
        assert!(gaps.all(|gap| gap >= 1_000));
        let back = world.rig.asked.iter().rev().take(30);
        assert!(
            back.filter(|asked| asked.port == 1).count() > 0,
            "{strategy:?}"
        );
    }
}

#[test]
fn when_all_servers_are_dead_questions_fail_at_once_and_one_a_second_goes_out() {
    for is_closed in [false, true] {
        let dead = move |asked: &crate::rig::Asked, _: &mut crate::world::Dice| match asked.at {
            2_000..30_000 if is_closed => Act::Closed,
            2_000..30_000 => Act::Silence,
            _ => good(asked, 2),
        };
        let mut world = world(&[1, 2], Strategy::Sequential)
            .server(1, dead)
            .server(2, dead);
        world.ask_steadily(100, 29_900);
        let known_dead = world.since(7_000);
        assert!(
            known_dead
                .iter()
                .all(|ended| ended.took_ms <= 5 && !ended.is_good)
        );
        let first = world.since(2_000)[0];
        assert!(!first.is_good && first.took_ms <= 5_000);
        let down = world.rig.asked.iter().filter(|asked| asked.at >= 7_000);
        let tried: Vec<_> = down.map(|asked| asked.at).collect();
        let mut pauses = tried.windows(2).map(|two| two[1] - two[0]);
        assert!(tried.len() > 20, "a question is tried now and then");
        assert!(pauses.all(|pause| pause >= 1_000), "{tried:?}");
        let probes = world.rig.probes.len();
        assert!(
            (50..=60).contains(&probes),
            "{probes} probes in 28 s to two"
        );
        assert_eq!(world.rig.stats.forward_servers_down.value(), 2);
        world.ask_steadily(100, 40_000);
        world.run_to(43_000);
        let back = world.since(30_000 + 1_500);
        assert_eq!(answered(&back), 10_000, "back after 1.5 s");
    }
}

#[test]
fn probes_end_when_nobody_asks_any_more() {
    let mut world = world(&[1], Strategy::Sequential).server(1, |_, _| Act::Silence);
    world.ask("a.example");
    world.run_to(300_000);
    let probes = world.rig.probes.len();
    assert!((55..=65).contains(&probes), "{probes}");
    assert_eq!(world.rig.forwarder.poll_timeout(), None);
    world.ask("b.example");
    world.run_to(302_000);
    assert_eq!(world.rig.probes.len(), probes + 3);
}

#[test]
fn a_flapping_server_costs_no_answer() {
    for strategy in STRATEGIES {
        let mut world = world(&[1, 2], strategy)
            .server(1, |asked, _| match asked.at / 2_000 % 2 {
                0 => good(asked, 2),
                _ => Act::Silence,
            })
            .server(2, |asked, _| good(asked, 3));
        world.ask_steadily(20, 60_000);
        world.run_to(63_000);
        assert!(answered(&world.ended) >= 9_990, "{strategy:?}");
        assert!(within(&world.ended, 900) <= 10, "{strategy:?}");
    }
}

#[test]
fn failures_of_the_first_server_send_every_question_on_at_once() {
    for code in [2, 5, 1] {
        let mut world = world(&[1, 2], Strategy::Sequential)
            .server(1, move |asked, _| {
                Act::Answer(1, rcode(&asked.message, code))
            })
            .server(2, |asked, _| good(asked, 1));
        world.ask_steadily(10, 5_000);
        world.run_to(6_000);
        assert_eq!(answered(&world.ended), 10_000);
        assert!(within(&world.ended, 999) <= 5);
        assert_eq!(world.rig.stats.forward_servers_down.value(), 0);
    }
}

#[test]
fn answers_held_back_by_a_server_are_not_sent_past_the_budget() {
    for released_at in [1_500, 2_300] {
        let mut world = world(&[1], Strategy::Sequential).server(1, move |asked, _| {
            good(asked, released_at.max(asked.at) - asked.at)
        });
        world.ask_steadily(1, 500);
        world.run_to(10_000);
        assert_eq!(world.ended.len(), 500);
        for ended in &world.ended {
            assert!(ended.took_ms <= 2_000);
            let is_in_time = ended.asked_at + 2_000 > released_at;
            assert_eq!(ended.is_good, is_in_time, "{ended:?}");
        }
    }
}

#[test]
fn names_that_are_never_answered_do_not_starve_the_others() {
    let rig = Rig::with(&[1], Strategy::Sequential, &plain());
    let mut world = World::new(rig, 1).server(1, |asked, dice| {
        if asked.message[13] == b'd' {
            return Act::Silence;
        }
        good(asked, 1 + dice.below(3) as u64)
    });
    let mut is_good = true;
    for step in 0..20_000u64 {
        // A stuck client asks 20 names for each of a sound one.
        let is_sound = step % 20 == 0;
        world
            .rig
            .client
            .address
            .set_ip([192, 0, 2, 9 - u8::from(is_sound)].into());
        let before = world.ended.len();
        let name = if is_sound { "g" } else { "d" };
        world.ask(&format!("{name}{step}.example"));
        world.run_to(world.rig.now + if step % 2 == 0 { 1 } else { 0 });
        if is_sound {
            world.run_to(world.rig.now + 4);
            is_good &= world.ended[before..].iter().any(|ended| ended.is_good);
        }
    }
    assert!(is_good, "every sound question is answered");
    assert!(world.rig.stats.forward_client_shed.value() > 0);
    assert_eq!(world.rig.stats.forward_servers_down.value(), 0);
    assert!(world.rig.open.len() <= 4_096 * 8);
}

#[test]
fn a_race_is_hedged_after_the_usual_delay() {
    let mut world = world(&[1, 2], Strategy::Race)
        .server(1, |asked, _| {
            let is_stuck = asked.at >= 1_000;
            good(asked, if is_stuck { 300 } else { 4 })
        })
        .server(2, |asked, _| good(asked, 6));
    world.ask_steadily(10, 1_000);
    world.ask("late.example");
    world.run_to(1_400);
    let ended = world.ended.last().unwrap();
    assert!(ended.is_good && ended.took_ms <= 12, "{ended:?}");
}

#[test]
fn a_server_that_answers_everything_but_probes_is_found_again() {
    const ROOT: u8 = 0;
    let moody = |asked: &crate::rig::Asked, _: &mut crate::world::Dice| match asked.at {
        2_000..6_000 => Act::Silence,
        _ if asked.message[12] == ROOT => Act::Silence,
        _ => good(asked, 2),
    };
    let mut world = world(&[1], Strategy::Sequential).server(1, moody);
    world.ask_steadily(100, 12_000);
    world.run_to(15_000);
    let back = world.since(8_500);
    assert!(!back.is_empty() && back.iter().all(|ended| ended.is_good));
}

#[test]
fn a_stream_server_is_asked_over_tcp_from_the_start() {
    use dns_core::{Protocol, Server};
    let server = Server {
        address: "192.0.2.53:853".parse().unwrap(),
        protocol: Protocol::Tls("dns.example".into()),
    };
    let mut route = crate::rig::route(&[], Strategy::Sequential);
    route.servers = vec![server.into()];
    let mut rig = Rig::of_route(route, &plain(), None);
    rig.ask("a.example");
    assert_eq!(rig.asked[0].transport, Transport::Tcp);
    rig.unreachable(0);
    rig.advance_to(1);
    rig.ask("b.example");
    rig.unreachable(1);
    rig.ask("c.example");
    assert_eq!(rig.asked.len(), 3, "one that closes streams is not down");
    rig.unreachable(2);
    assert_eq!(rig.stats.forward_tcp_retries.value(), 0);
    rig.advance_to(1_001);
    assert_eq!(rig.probes.last().unwrap().transport, Transport::Tcp);
    rig.answer_probe();
    rig.ask("d.example");
    rig.reply(3, answer);
    assert_eq!(rig.done.len(), 4);
}
