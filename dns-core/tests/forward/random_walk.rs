//! The promises that hold whatever servers do, over random runs.

use crate::messages::{self, RD, TC, answer, rcode, response};
use crate::rig::Rig;
use crate::world::Dice;
use dns_core::wire::Rtype;
use dns_core::{ResolverConfig, Strategy};
use std::collections::BTreeMap;

const STEPS: usize = 10_000;

#[test]
fn every_client_is_answered_once_in_time_for_few_messages() {
    let strategies = [
        Strategy::Sequential,
        Strategy::Random,
        Strategy::RoundRobin,
        Strategy::Fastest,
        Strategy::Race,
        Strategy::Parallel,
    ];
    for (seed, strategy) in (1..).zip(strategies) {
        let config = ResolverConfig::default();
        let mut rig = Rig::with(&[1, 2, 3], strategy, &config);
        let mut dice = Dice(seed);
        let mut asked_at = BTreeMap::new();
        for step in 0..STEPS {
            walk(&mut rig, &mut dice, step as u64, &mut asked_at);
        }
        rig.advance_to(rig.now + config.forward_budget_ms);
        assert!(rig.open.is_empty());
        assert_eq!(
            rig.done.len(),
            asked_at.len(),
            "every client is answered once"
        );
        assert!(rig.done.len() > STEPS / 10);
        for done in &rig.done {
            let waited = done.at - asked_at.remove(&done.waiter.client.token).unwrap();
            assert!(waited <= config.forward_budget_ms);
        }
        let stats = &rig.stats;
        let messages_max = stats.forwarded.value() * u64::from(config.forward_attempts_max);
        assert!(stats.forward_sent.value() <= messages_max);
        let ended = stats.forward_answered.value() + stats.forward_failed.value();
        assert_eq!(ended, stats.forwarded.value());
    }
}

fn walk(rig: &mut Rig, dice: &mut Dice, step: u64, asked_at: &mut BTreeMap<u64, u64>) {
    if dice.below(4) == 0 {
        let name = format!("n{}.example", dice.below(50));
        let query = messages::query(step as u16, RD, &name, Rtype::A, b"");
        rig.client.token = step;
        if rig.ask_query(query) {
            asked_at.insert(step, rig.now);
        }
        return;
    }
    if !rig.probes.is_empty() && dice.below(8) == 0 {
        return rig.answer_probe();
    }
    if rig.asked.is_empty() || dice.below(3) == 0 {
        return rig.advance_to(rig.now + dice.below(300) as u64);
    }
    let recent = rig.asked.len().min(40);
    let index = rig.asked.len() - 1 - dice.below(recent);
    match dice.below(11) {
        0 => rig.unreachable(index),
        1 => rig.reply(index, |asked| rcode(asked, 2)),
        2 => rig.reply(index, |asked| rcode(asked, 1)),
        3 => rig.reply(index, |asked| response(asked, TC, [&[], &[], &[]])),
        4 => rig.reply(index, |_| b"garbage".to_vec()),
        5 => rig.reply(index, |asked| [answer(asked), vec![0]].concat()),
        6 | 7 => rig.reply(index, answer),
        8 => rig.mismatch(index),
        _ => {}
    }
}
