//! Random operations against a map that never forgets, in virtual time.

use super::fixture::*;
use crate::cache::Freshness;
use crate::question::Question;
use crate::question::QuestionKey;
use crate::reply::Failure;
use crate::transmit::Millis;
use crate::wire::{Rcode, Rtype};
use alloc::collections::BTreeMap;
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a.example", "b.example", "c.other"];

#[derive(Clone, Debug)]
enum Step {
    Keep(usize, u32),
    Deny(usize, u32),
    Fail(usize),
    Wait(u64),
    Ask(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    prop_oneof![
        (name.clone(), 0..200u32).prop_map(|(name, ttl)| Step::Keep(name, ttl)),
        (name.clone(), 0..200u32).prop_map(|(name, ttl)| Step::Deny(name, ttl)),
        name.clone().prop_map(Step::Fail),
        (0..400_000u64).prop_map(Step::Wait),
        name.prop_map(Step::Ask),
    ]
}

/// What the model knows of a question.
#[derive(Clone, Copy, Debug)]
struct Known {
    rcode: Rcode,
    since: Millis,
    ttl_secs: u32,
    failing_until: Millis,
}

/// What an asker must be told: response code, TTL, and whether it is stale.
fn expected(known: Option<&Known>, now: Millis) -> Option<(Rcode, u32, Option<Freshness>)> {
    let known = known?;
    let age_secs = now.since(known.since) / 1_000;
    let ttl_secs = u64::from(known.ttl_secs);
    if age_secs < ttl_secs {
        return Some((known.rcode, (ttl_secs - age_secs) as u32, None));
    }
    if known.rcode == Rcode::SERVFAIL || age_secs >= ttl_secs + 300 {
        return None;
    }
    let stale = if now < known.failing_until {
        Freshness::StaleWhileFailing
    } else {
        Freshness::Stale
    };
    Some((known.rcode, 30, Some(stale)))
}

#[derive(Default)]
struct Model(BTreeMap<usize, Known>);

impl Model {
    fn keep(&mut self, name: usize, rcode: Rcode, now: Millis, ttl_secs: u32) {
        let failing_until = Millis(0);
        let known = Known {
            rcode,
            since: now,
            ttl_secs,
            failing_until,
        };
        self.0.remove(&name);
        if ttl_secs > 0 {
            self.0.insert(name, known);
        }
    }

    fn fail(&mut self, name: usize, now: Millis) {
        let told = expected(self.0.get(&name), now);
        match (told, self.0.get_mut(&name)) {
            (Some((rcode, _, stale)), Some(known)) if rcode != Rcode::SERVFAIL => {
                // The cache counts in whole seconds from when it kept the answer.
                let whole = now.since(known.since) / 1_000 * 1_000;
                if stale.is_some() {
                    known.failing_until = known.since.plus(whole + 30_000);
                }
            }
            _ => self.keep(name, Rcode::SERVFAIL, now, 5),
        }
    }
}

fn asked(name: usize) -> (Question, QuestionKey) {
    let asked = question(NAMES[name], Rtype::A);
    let key = key_of(&asked, 1);
    (asked, key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_cache_says_what_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        let cache = cache_with(|config| {
            config.stale_max_secs = 300;
            config.prefetch_percent = 0;
        });
        let mut model = Model::default();
        let mut now = START;
        for step in steps {
            match step {
                Step::Keep(name, ttl_secs) => {
                    let (asked, _) = asked(name);
                    keep(&cache, now, &noerror(&asked, &[a(NAMES[name], ttl_secs)]));
                    model.keep(name, Rcode::NOERROR, now, ttl_secs);
                }
                Step::Deny(name, ttl_secs) => {
                    let (asked, _) = asked(name);
                    keep(&cache, now, &nxdomain(&asked, &[soa(".", ttl_secs, 150)]));
                    model.keep(name, Rcode::NXDOMAIN, now, ttl_secs.min(150));
                }
                Step::Fail(name) => {
                    cache.keep_failure(now, &asked(name).1, Failure::TimedOut);
                    model.fail(name, now);
                }
                Step::Wait(millis) => now = now.plus(millis),
                Step::Ask(name) => {
                    let told = ask(&cache, now, &asked(name).0).map(|told| {
                        let ttl_secs = told.records.first().map(|record| record.1);
                        let stale = told.freshness.is_stale().then_some(told.freshness);
                        (told.header.rcode(), ttl_secs, stale)
                    });
                    let known = expected(model.0.get(&name), now);
                    let known = known.map(|(rcode, ttl_secs, stale)| {
                        (rcode, (rcode != Rcode::SERVFAIL).then_some(ttl_secs), stale)
                    });
                    prop_assert_eq!(told, known);
                }
            }
        }
    }
}
