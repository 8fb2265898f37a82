//! A sequence of changes gives the same ledger as the sequence of whole sets it leads through.

#![allow(
    clippy::unwrap_used,
    reason = "a broken expectation shall fail the test"
)]

use dns_core::vip::{
    Change, Family, Given, GivenBy, Ledger, Pool, PoolKind, Pools, VipConfig, VipKey, Want,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const NAMES: u8 = 20;
const HOSTS: u8 = 16;

#[derive(Clone, Debug)]
enum Step {
    Want(u8, Family, PoolKind),
    Drop(u8, Family),
    Give(u8, u8, GivenBy),
    Ungive(u8),
    /// Says again what is known, or takes away what is not there.
    Repeat,
    Wait(u64),
    Reconfigure(bool),
}

type Place = (VipKey, Family);

fn step() -> impl Strategy<Value = Step> {
    let family = prop_oneof![3 => Just(Family::V4), 1 => Just(Family::V6)];
    let pool = prop_oneof![8 => Just(PoolKind::Names), 1 => Just(PoolKind::Instances)];
    let by = prop_oneof![Just(GivenBy::User), Just(GivenBy::Allocator)];
    prop_oneof![
        6 => (0..NAMES, family.clone(), pool).prop_map(|(n, f, p)| Step::Want(n, f, p)),
        3 => (0..NAMES, family).prop_map(|(name, family)| Step::Drop(name, family)),
        2 => (0..NAMES, 0..HOSTS, by).prop_map(|(name, host, by)| Step::Give(name, host, by)),
        2 => (0..HOSTS).prop_map(Step::Ungive),
        1 => Just(Step::Repeat),
        3 => prop_oneof![0..5_000_u64, 0..8_000_000_u64].prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Reconfigure),
    ]
}

fn key(name: u8) -> VipKey {
    VipKey::parse(&format!("n{name}.example")).unwrap()
}

fn address(host: u8) -> IpAddr {
    [10, 9, 8, host].into()
}

fn config(is_wide: bool) -> VipConfig {
    let blocks = ["10.9.8.0/29", "2001:2:0:8000::/125", "10.9.8.8/29"];
    let blocks = &blocks[..if is_wide { 3 } else { 2 }];
    let names = Pool::new(blocks.iter().map(|block| block.parse().unwrap())).unwrap();
    let instances = Pool::new(["10.9.9.0/30".parse().unwrap()]).unwrap();
    VipConfig {
        pools: Pools::new(names, instances).unwrap(),
        quarantine_secs: 3600,
        ttl_max_secs: 60,
        records_max: 12,
        ..VipConfig::default()
    }
}

/// What is asked for, and how that differs from the last time.
#[derive(Default)]
struct Asked {
    wanted: BTreeMap<Place, PoolKind>,
    given: BTreeMap<IpAddr, Given>,
    change: Change,
}

impl Asked {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Want(name, family, pool) => {
                let (key, family, pool) = (key(*name), *family, *pool);
                self.wanted.insert((key.clone(), family), pool);
                self.change.wanted = Vec::from([Want { key, family, pool }]);
            }
            Step::Drop(name, family) => {
                self.wanted.remove(&(key(*name), *family));
                self.change.unwanted = Vec::from([(key(*name), *family)]);
            }
            Step::Give(name, host, by) => {
                let (key, by) = (key(*name), *by);
                let given = Given { key, by };
                self.given.insert(address(*host), given.clone());
                self.change.given = Vec::from([(address(*host), given)]);
            }
            Step::Ungive(host) => {
                self.given.remove(&address(*host));
                self.change.ungiven = Vec::from([address(*host)]);
            }
            Step::Repeat => {
                self.change.wanted = self.wants();
                let given = self.given.iter().map(|(ip, given)| (*ip, given.clone()));
                self.change.given = given.collect();
                self.change.unwanted = self.wanted.keys().cloned().collect();
                self.change.ungiven = self.given.keys().copied().collect();
            }
            Step::Wait(_) | Step::Reconfigure(_) => {}
        }
    }

    fn wants(&self) -> Vec<Want> {
        let wants = self.wanted.iter().map(|((key, family), &pool)| Want {
            key: key.clone(),
            family: *family,
            pool,
        });
        wants.collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_and_whole_sets_give_the_same_ledger(
        steps in prop::collection::vec(step(), 1..120), every in 1..4_usize,
    ) {
        let [mut by_change, mut whole] = [(); 2].map(|()| Ledger::new(config(false)));
        let mut asked = Asked::default();
        let mut now_ms = 1_760_000_000_000;
        // The whole set is told every few steps only, with what has changed until then in one.
        for steps in steps.chunks(every) {
            let mut waiting = BTreeSet::new();
            if let [step] = steps {
                asked.take(step);
            } else {
                let before = (asked.wants(), asked.given.clone());
                steps.iter().for_each(|step| asked.take(step));
                asked.change = difference(&before, &asked);
            }
            for step in steps {
                match step {
                    Step::Wait(ms) => now_ms += ms,
                    Step::Reconfigure(is_wide) => {
                        by_change.reconfigure(config(*is_wide));
                        whole.reconfigure(config(*is_wide));
                    }
                    _ => {}
                }
            }
            waiting.extend(by_change.waiting());
            let change = std::mem::take(&mut asked.change);
            let settled = by_change.settle(now_ms, &change);
            let assigned = whole.assign(now_ms, asked.wants(), &asked.given);
            prop_assert_eq!(&by_change, &whole);
            prop_assert_eq!(&settled.changes, &assigned.changes);
            prop_assert_eq!(&settled.moves, &assigned.moves);
            prop_assert_eq!(settled.collisions, assigned.collisions);
            prop_assert_eq!(&by_change.waiting(), &assigned.exhausted);
            waiting.extend(settled.exhausted);
            prop_assert!(assigned.exhausted.iter().all(|place| waiting.contains(place)));
            for (key, family) in asked.wanted.keys() {
                let has = by_change.address_of(key, *family).is_some();
                prop_assert_eq!(by_change.is_waiting(key, *family), !has);
            }
        }
    }
}

fn difference((wants, given): &(Vec<Want>, BTreeMap<IpAddr, Given>), asked: &Asked) -> Change {
    let now = asked.wants();
    let place = |want: &Want| (want.key.clone(), want.family);
    let gone = wants
        .iter()
        .map(place)
        .filter(|place| !asked.wanted.contains_key(place));
    let ungiven = given.keys().filter(|ip| !asked.given.contains_key(ip));
    let is_new = |(ip, claim): &(&IpAddr, &Given)| given.get(*ip) != Some(*claim);
    let newly_given = asked.given.iter().filter(is_new);
    Change {
        unwanted: gone.collect(),
        wanted: now
            .into_iter()
            .filter(|want| !wants.contains(want))
            .collect(),
        ungiven: ungiven.copied().collect(),
        given: newly_given
            .map(|(ip, claim)| (*ip, claim.clone()))
            .collect(),
    }
}
