//! What the ledger promises, one claim a test. The random walk is `tests/vip_model.rs`.

use super::*;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use core::net::IpAddr;

const HOUR_MS: u64 = 3_600_000;
const QUARANTINE_MS: u64 = 48 * HOUR_MS;

fn key(text: &str) -> VipKey {
    VipKey::parse(text).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn pool(blocks: &[&str]) -> Pool {
    Pool::new(blocks.iter().map(|block| block.parse().unwrap())).unwrap()
}

fn config(blocks: &[&str]) -> VipConfig {
    let pools = Pools::new(pool(blocks), pool(&["10.99.0.0/24"])).unwrap();
    VipConfig {
        pools,
        ..VipConfig::default()
    }
}

fn wants(names: &[&str]) -> Vec<Want> {
    let want = |name: &&str| Want {
        key: key(name),
        family: Family::V4,
        pool: PoolKind::Names,
    };
    names.iter().map(want).collect()
}

fn given(addresses: &[(&str, &str)]) -> BTreeMap<IpAddr, Given> {
    let claim = |name| Given {
        key: key(name),
        by: GivenBy::User,
    };
    addresses
        .iter()
        .map(|&(address, name)| (ip(address), claim(name)))
        .collect()
}

/// A ledger and its clock.
struct Bench {
    ledger: Ledger,
    now_ms: u64,
}

impl Bench {
    fn new(blocks: &[&str]) -> Self {
        Bench {
            ledger: Ledger::new(config(blocks)),
            now_ms: 1_760_000_000_000,
        }
    }

    fn assign(&mut self, names: &[&str]) -> Assignment {
        self.assign_with(names, &[])
    }

    fn assign_with(&mut self, names: &[&str], addresses: &[(&str, &str)]) -> Assignment {
        self.ledger
            .assign(self.now_ms, wants(names), &given(addresses))
    }

    fn v4(&self, name: &str) -> Option<IpAddr> {
        self.ledger.address_of(&key(name), Family::V4)
    }
}

/// The two addresses of a `/30`, as the first two names have them.
fn full_bench() -> (Bench, IpAddr, IpAddr) {
    let mut bench = Bench::new(&["10.0.0.0/30"]);
    assert!(bench.assign(&["a", "b"]).exhausted.is_empty());
    let (a, b) = (bench.v4("a").unwrap(), bench.v4("b").unwrap());
    assert_ne!(a, b);
    (bench, a, b)
}

#[test]
fn a_name_gets_its_first_candidate_in_each_family() {
    let mut ledger = Ledger::new(VipConfig::default());
    let families = Family::ALL.map(|family| Want {
        key: key("pay.example.com"),
        family,
        pool: PoolKind::Names,
    });
    let assignment = ledger.assign(7, families, &BTreeMap::new());
    assert_eq!((assignment.changes.len(), assignment.collisions), (2, 0));
    let pay = key("pay.example.com");
    assert_eq!(
        ledger.address_of(&pay, Family::V4),
        Some(ip("250.150.169.8"))
    );
    let v6 = ip("2001:2:0:8000:21c6:4208:ce7d:6c62");
    assert_eq!(ledger.address_of(&pay, Family::V6), Some(v6));
    assert_eq!(ledger.key_of(v6), Some(&pay));
    let held = ledger.record(v6).unwrap();
    assert_eq!(
        (held.first_seen_ms, held.origin, held.pool),
        (7, Origin::Allotted, PoolKind::Names)
    );
}

#[test]
fn an_instance_has_an_address_of_its_own_pool() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    let instance = VipKey::of_instance("db-0", "db", "shop", "east").unwrap();
    let want = Want {
        key: instance.clone(),
        family: Family::V4,
        pool: PoolKind::Instances,
    };
    bench.ledger.assign(0, [want], &BTreeMap::new());
    let address = bench.ledger.address_of(&instance, Family::V4).unwrap();
    assert_eq!(
        bench.ledger.config().pools.kind_of(address),
        Some(PoolKind::Instances)
    );
}

#[test]
fn a_key_that_wants_from_both_pools_is_served_from_the_names_in_any_order() {
    for pools in [
        [PoolKind::Names, PoolKind::Instances],
        [PoolKind::Instances, PoolKind::Names],
    ] {
        let mut bench = Bench::new(&["10.0.0.0/24"]);
        let wants = pools.map(|pool| Want {
            pool,
            ..wants(&["a"])[0].clone()
        });
        bench.ledger.assign(0, wants, &BTreeMap::new());
        assert!(pool(&["10.0.0.0/24"]).contains(bench.v4("a").unwrap()));
    }
}

#[test]
fn one_more_name_is_one_more_record_and_the_same_names_are_none() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.assign(&["b", "d"]);
    assert_eq!(bench.assign(&["d", "c", "b", "a", "c"]).changes.len(), 2);
    assert_eq!(bench.assign(&["a", "b", "c", "d"]), Assignment::default());
    let names: Vec<_> = bench
        .ledger
        .records_by_key()
        .iter()
        .map(|r| r.key.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_name_comes_back_to_its_address_in_quarantine_and_later() {
    let (mut bench, a, b) = full_bench();
    for pause_ms in [HOUR_MS, 2 * QUARANTINE_MS] {
        bench.assign(&["b"]);
        assert_eq!((bench.v4("a"), bench.ledger.key_of(a)), (None, None));
        bench.now_ms += pause_ms;
        let assignment = bench.assign(&["a", "b"]);
        assert_eq!((assignment.changes.len(), assignment.allotted), (1, 0));
        assert_eq!((bench.v4("a"), bench.v4("b")), (Some(a), Some(b)));
        assert_eq!(
            bench.ledger.record(a).unwrap().first_seen_ms,
            1_760_000_000_000
        );
    }
}

#[test]
fn a_name_that_comes_back_is_served_before_a_new_one_of_a_smaller_key() {
    let (mut bench, _, b) = full_bench();
    bench.assign(&["a"]);
    bench.now_ms += QUARANTINE_MS;
    let assignment = bench.assign(&["a", "aa", "b"]);
    assert_eq!(bench.v4("b"), Some(b));
    assert_eq!(assignment.exhausted, [(key("aa"), Family::V4)]);
}

#[test]
fn a_full_pool_leaves_everybody_and_frees_up_by_itself() {
    let (mut bench, a, b) = full_bench();
    let assignment = bench.assign(&["a", "b", "c"]);
    assert_eq!(assignment.exhausted, [(key("c"), Family::V4)]);
    assert!(assignment.changes.is_empty());
    assert_eq!((bench.v4("a"), bench.v4("b")), (Some(a), Some(b)));

    bench.assign(&["b", "c"]);
    bench.now_ms += QUARANTINE_MS - 1;
    assert_eq!(bench.assign(&["b", "c"]).exhausted.len(), 1);
    bench.now_ms += 1;
    assert!(bench.assign(&["b", "c"]).exhausted.is_empty());
    assert_eq!((bench.v4("b"), bench.v4("c")), (Some(b), Some(a)));
    assert_eq!(
        bench.assign(&["a", "b", "c"]).exhausted,
        [(key("a"), Family::V4)]
    );
}

#[test]
fn a_family_without_blocks_is_exhausted_and_the_other_is_not() {
    let mut bench = Bench::new(&["10.0.0.0/30"]);
    let both = Family::ALL.map(|family| Want {
        key: key("a"),
        family,
        pool: PoolKind::Names,
    });
    let assignment = bench.ledger.assign(0, both, &BTreeMap::new());
    assert_eq!(assignment.exhausted, [(key("a"), Family::V6)]);
    assert!(bench.v4("a").is_some());
}

#[test]
fn the_second_block_serves_when_the_first_is_full() {
    let mut bench = Bench::new(&["10.0.0.0/30", "10.0.1.0/24"]);
    assert!(bench.assign(&["a", "b", "c", "d"]).exhausted.is_empty());
    let second = pool(&["10.0.1.0/24"]);
    let names = ["a", "b", "c", "d"].map(|name| second.contains(bench.v4(name).unwrap()));
    assert_eq!(names, [false, false, true, true]);
}

#[test]
fn an_object_takes_an_address_from_the_name_that_was_allotted_it() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.assign(&["a", "b"]);
    let (a, b) = (bench.v4("a").unwrap(), bench.v4("b").unwrap());
    let text = format!("{a}");
    let assignment = bench.assign_with(&["a", "b"], &[(&text, "pinned")]);
    let moved = bench.v4("a").unwrap();
    assert_ne!(moved, a);
    assert_eq!(
        assignment.moves,
        [Move {
            key: key("a"),
            from: a,
            to: Some(moved)
        }]
    );
    assert_eq!(bench.v4("b"), Some(b));
    assert_eq!(bench.ledger.key_of(a), Some(&key("pinned")));

    let former = |bench: &Bench| -> Vec<IpAddr> {
        bench
            .ledger
            .former_of(&key("a"), bench.now_ms)
            .map(|record| record.address)
            .collect()
    };
    assert_eq!(former(&bench), [a]);
    bench.now_ms += TTL_MAX_SECS * 1000;
    assert!(former(&bench).is_empty());
    let changes = bench.assign_with(&["a", "b"], &[(&text, "pinned")]).changes;
    assert_eq!(
        (changes.len(), changes[0].state),
        (1, RecordState::Tombstone)
    );
    assert_eq!(bench.v4("a"), Some(moved));
}

#[test]
fn an_address_that_an_object_gives_is_never_allotted_and_rests_afterwards() {
    let mut bench = Bench::new(&["10.0.0.0/30"]);
    let both = [("10.0.0.1", "p"), ("10.0.0.2", "q"), ("10.0.0.3", "r")];
    assert_eq!(bench.assign_with(&["a"], &both).exhausted.len(), 1);
    assert_eq!(bench.assign(&["a"]).exhausted.len(), 1);
    bench.now_ms += QUARANTINE_MS;
    assert!(bench.assign(&["a"]).exhausted.is_empty());
}

#[test]
fn a_name_keeps_the_address_that_a_user_wrote_when_the_user_takes_it_out() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.assign_with(&[], &[("10.0.0.77", "a")]);
    assert_eq!(
        (bench.v4("a"), bench.ledger.key_of(ip("10.0.0.77"))),
        (None, Some(&key("a")))
    );
    assert_eq!(bench.assign(&["a"]).changes.len(), 1);
    assert_eq!(bench.v4("a"), Some(ip("10.0.0.77")));
}

#[test]
fn of_several_released_addresses_a_name_comes_back_to_the_last() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    let written = ip("10.0.0.77");
    bench.assign_with(&["a"], &[("10.0.0.77", "a")]);
    let allotted = bench.v4("a").unwrap();
    assert_ne!(allotted, written);
    for names in [&["a"] as &[&str], &[], &["a"]] {
        bench.now_ms += HOUR_MS;
        bench.assign(names);
    }
    assert_eq!(bench.v4("a"), Some(allotted));
    let earlier = bench.ledger.record(written).unwrap();
    assert_eq!(earlier.state, RecordState::Released);
}

#[test]
fn writing_down_the_address_a_name_has_moves_nothing() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.assign(&["a"]);
    let text = format!("{}", bench.v4("a").unwrap());
    let assignment = bench.assign_with(&[], &[(&text, "a")]);
    assert!(assignment.moves.is_empty());
    assert_eq!(assignment.changes.len(), 1);
    assert_eq!(assignment.changes[0].origin, Origin::Pinned);
    assert_eq!(assignment.changes[0].first_seen_ms, bench.now_ms);
    assert_eq!(bench.ledger.former_of(&key("a"), bench.now_ms).count(), 0);
}

#[test]
fn an_address_given_up_for_a_written_one_leads_back_for_the_largest_ttl() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.assign(&["a", "b"]);
    let before = bench.v4("a").unwrap();
    bench.assign_with(&["b"], &[("192.0.2.1", "a")]);
    let former = |bench: &Bench| -> Vec<IpAddr> {
        bench
            .ledger
            .former_of(&key("a"), bench.now_ms)
            .map(|record| record.address)
            .collect()
    };
    assert_eq!(former(&bench), [before]);
    bench.now_ms += TTL_MAX_SECS * 1000;
    assert!(former(&bench).is_empty());
}

#[test]
fn an_address_outside_the_pools_is_no_concern() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    assert!(
        bench
            .assign_with(&[], &[("192.0.2.1", "a")])
            .changes
            .is_empty()
    );
    assert!(bench.ledger.is_empty());
}

#[test]
fn another_pool_moves_nothing_and_serves_what_is_new() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.assign(&["a", "b"]);
    let (a, b) = (bench.v4("a"), bench.v4("b"));
    bench.ledger.reconfigure(config(&["10.7.0.0/24"]));
    bench.assign(&["a", "c"]);
    assert_eq!(bench.v4("a"), a);
    assert!(pool(&["10.7.0.0/24"]).contains(bench.v4("c").unwrap()));
    bench.assign(&["a", "b"]);
    assert_ne!(bench.v4("b"), b);
    assert!(pool(&["10.7.0.0/24"]).contains(bench.v4("b").unwrap()));
}

#[test]
fn quarantine_is_never_under_ten_times_the_largest_ttl() {
    let config = |quarantine_secs, ttl_max_secs| VipConfig {
        quarantine_secs,
        ttl_max_secs,
        ..VipConfig::default()
    };
    assert_eq!(config(60, 30).quarantine_ms(), 300_000);
    assert_eq!(config(600, 30).quarantine_ms(), 600_000);
    assert_eq!(config(1, u64::MAX).quarantine_ms(), u64::MAX);
}

#[test]
fn a_clock_set_back_lengthens_quarantine() {
    let (mut bench, ..) = full_bench();
    bench.assign(&["b"]);
    bench.now_ms -= 30 * QUARANTINE_MS;
    assert_eq!(bench.assign(&["b", "c"]).exhausted.len(), 1);
    bench.now_ms += 31 * QUARANTINE_MS - 1;
    assert_eq!(bench.assign(&["b", "c"]).exhausted.len(), 1);
    bench.now_ms += 1;
    assert!(bench.assign(&["b", "c"]).exhausted.is_empty());
}

#[test]
fn above_the_limit_the_longest_free_are_forgotten_and_nothing_else() {
    let mut bench = Bench::new(&["10.0.0.0/24"]);
    bench.ledger.reconfigure(VipConfig {
        records_max: 32,
        ..config(&["10.0.0.0/24"])
    });
    let names: Vec<_> = (0..40).map(|i| format!("n{i:02}")).collect();
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    bench.assign(&names);
    bench.assign(&names[..30]);
    bench.now_ms += HOUR_MS;
    bench.assign(&names[..20]);
    assert_eq!(bench.ledger.len(), 40);

    bench.now_ms += QUARANTINE_MS - HOUR_MS;
    let changes = bench.assign(&names[..20]).changes;
    let forgotten: BTreeSet<&str> = changes.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(forgotten.len(), 8);
    assert!(forgotten.iter().all(|name| names[30..].contains(name)));
    let state = |record: &Record| record.state;
    assert!(
        changes
            .iter()
            .map(state)
            .all(|s| s == RecordState::Forgotten)
    );
    assert_eq!(bench.ledger.len(), 32);
}

#[test]
fn sixty_five_thousand_names_fit_in_a_block_of_sixteen_bits() {
    let mut ledger = Ledger::new(config(&["10.7.0.0/16"]));
    let want = |i| Want {
        key: key(&format!("name-{i}.example")),
        family: Family::V4,
        pool: PoolKind::Names,
    };
    let assignment = ledger.assign(0, (0..65_000).map(want), &BTreeMap::new());
    assert_eq!(
        (assignment.allotted, assignment.exhausted.len()),
        (65_000, 0)
    );
    let addresses: BTreeSet<_> = assignment
        .changes
        .iter()
        .map(|record| record.address)
        .collect();
    assert_eq!(addresses.len(), 65_000);
}

#[test]
fn a_change_costs_one_record_and_names_that_wait_get_what_becomes_free() {
    let (mut bench, a, b) = full_bench();
    let change = |wanted: &[&str], unwanted: &[&str]| Change {
        wanted: wants(wanted),
        unwanted: unwanted.iter().map(|n| (key(n), Family::V4)).collect(),
        ..Change::default()
    };
    let place = |name| (key(name), Family::V4);
    let refused = bench.ledger.settle(bench.now_ms, &change(&["d", "c"], &[]));
    assert_eq!(refused.exhausted, [place("c"), place("d")]);

    let released = bench.ledger.settle(bench.now_ms, &change(&[], &["a"]));
    assert_eq!((released.changes.len(), released.exhausted.len()), (1, 0));
    assert_eq!(bench.ledger.waiting(), [place("c"), place("d")]);

    bench.now_ms += QUARANTINE_MS;
    let served = bench.ledger.settle(bench.now_ms, &Change::default());
    assert_eq!((served.allotted, bench.v4("c")), (1, Some(a)));
    assert_eq!(bench.v4("b"), Some(b));
    assert!(!bench.ledger.is_waiting(&key("c"), Family::V4));
    assert!(bench.ledger.is_waiting(&key("d"), Family::V4));
    assert_eq!(
        bench.ledger.settle(bench.now_ms, &change(&["c"], &[])),
        Assignment::default()
    );
}

#[test]
fn a_replayed_ledger_keeps_what_it_holds_until_it_is_told() {
    let (bench, a, _) = full_bench();
    let journal = journal::snapshot(&bench.ledger);
    let replay = |journal| {
        journal::replay(journal, config(&["10.0.0.0/30"]))
            .unwrap()
            .ledger
    };
    let mut kept = replay(&journal);
    assert_eq!(
        kept.settle(bench.now_ms, &Change::default()),
        Assignment::default()
    );
    assert_eq!(kept.address_of(&key("a"), Family::V4), Some(a));
    let mut told = replay(&journal);
    let changes = told
        .assign(bench.now_ms, wants(&["b"]), &BTreeMap::new())
        .changes;
    assert_eq!((changes.len(), changes[0].address), (1, a));
}
