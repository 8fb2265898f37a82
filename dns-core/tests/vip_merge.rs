//! Merging ledgers: commutative, associative and idempotent over random histories, and what a
//! merge does to the names of two ledgers that gave away the same addresses.

#![allow(
    clippy::unwrap_used,
    reason = "a broken expectation shall fail the test"
)]

use dns_core::vip::{
    Assignment, Change, Family, Given, GivenBy, Ledger, Origin, Pool, PoolKind, Pools, Record,
    RecordState, VipConfig, VipKey, Want, journal,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const START_MS: u64 = 1_760_000_000_000;
const QUARANTINE_SECS: u64 = 3600;
const TTL_MAX_SECS: u64 = 60;
const NAMES: u8 = 14;
const HOSTS: u8 = 14;

/// One step in the history of a ledger.
#[derive(Clone, Debug)]
enum Step {
    Want(u8),
    Drop(u8),
    Pin(u8, u8, GivenBy),
    Unpin(u8),
    Merge,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let by = prop_oneof![Just(GivenBy::User), Just(GivenBy::Allocator)];
    prop_oneof![
        4 => (0..NAMES).prop_map(Step::Want),
        2 => (0..NAMES).prop_map(Step::Drop),
        1 => (0..NAMES, 1..=HOSTS, by).prop_map(|(name, host, by)| Step::Pin(name, host, by)),
        1 => (1..=HOSTS).prop_map(Step::Unpin),
        1 => Just(Step::Merge),
        2 => prop_oneof![0..2_000_u64, 0..200_000_u64, 0..9_000_000_u64].prop_map(Step::Wait),
    ]
}

fn history(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..most)
}

/// A ledger with the objects it was told of.
#[derive(Clone)]
struct Site {
    ledger: Ledger,
    wanted: BTreeSet<u8>,
    given: BTreeMap<IpAddr, Given>,
    now_ms: u64,
}

impl Site {
    fn new() -> Self {
        Site {
            ledger: Ledger::new(config()),
            wanted: BTreeSet::new(),
            given: BTreeMap::new(),
            now_ms: START_MS,
        }
    }

    /// Lives through a history; `peer` is what it merges with.
    fn live(mut self, history: &[Step], peer: &Ledger) -> Self {
        for step in history {
            match step {
                Step::Want(name) => _ = self.wanted.insert(*name),
                Step::Drop(name) => _ = self.wanted.remove(name),
                Step::Pin(name, host, by) => {
                    let given = Given {
                        key: key(*name),
                        by: *by,
                    };
                    self.given.insert(address(*host), given);
                }
                Step::Unpin(host) => _ = self.given.remove(&address(*host)),
                Step::Merge => _ = self.ledger.merge(peer),
                Step::Wait(ms) => self.now_ms += ms,
            }
            self.assign();
        }
        self
    }

    fn assign(&mut self) -> Assignment {
        let wants = self.wanted.iter().flat_map(|&name| wants(name));
        self.ledger.assign(self.now_ms, wants, &self.given)
    }
}

fn key(name: u8) -> VipKey {
    VipKey::parse(&format!("n{name}.example")).unwrap()
}

fn address(host: u8) -> IpAddr {
    [10, 9, 8, host].into()
}

fn wants(name: u8) -> [Want; 2] {
    Family::ALL.map(|family| Want {
        key: key(name),
        family,
        pool: PoolKind::Names,
    })
}

fn config() -> VipConfig {
    let blocks = ["10.9.8.0/28", "2001:2:0:8000::/124"];
    let names = Pool::new(blocks.map(|block| block.parse().unwrap())).unwrap();
    VipConfig {
        pools: Pools::new(names, Pool::default_for(PoolKind::Instances)).unwrap(),
        quarantine_secs: QUARANTINE_SECS,
        ttl_max_secs: TTL_MAX_SECS,
        ..VipConfig::default()
    }
}

/// A merge, with its journal held against the ledger.
fn merged(a: &Ledger, b: &Ledger) -> Ledger {
    let mut ledger = a.clone();
    let outcome = ledger.merge(b);
    let mut bytes = journal::snapshot(a);
    for record in &outcome.changes {
        journal::encode(record, &mut bytes);
    }
    assert_eq!(replayed(&bytes), ledger, "the changes are the merge");
    assert_eq!(replayed(&journal::snapshot(&ledger)), ledger);
    ledger
}

fn replayed(bytes: &[u8]) -> Ledger {
    let replay = journal::replay(bytes, config()).unwrap();
    assert_eq!(replay.damage, None);
    replay.ledger
}

/// Everything to be seen of a ledger from outside.
fn seen(ledger: &Ledger, now_ms: u64) -> Vec<String> {
    let mut seen: Vec<String> = ledger.records().map(|r| format!("{r:?}")).collect();
    for name in 0..NAMES {
        for family in Family::ALL {
            seen.push(format!("{:?}", ledger.address_of(&key(name), family)));
        }
        let name = key(name);
        let former = ledger.former_of(&name, now_ms);
        seen.extend(former.map(|record| format!("{record:?}")));
    }
    seen.extend((0..16).map(|host| format!("{:?}", ledger.key_of(address(host)))));
    seen
}

fn assert_sound(ledger: &Ledger) {
    let mut held = BTreeSet::new();
    let mut allotted = BTreeSet::new();
    for record in ledger.records() {
        if record.state == RecordState::Active {
            assert!(held.insert(record.address), "{record:?}");
            assert_eq!(ledger.key_of(record.address), Some(&record.key));
        }
        if record.is_allotted() {
            assert!(allotted.insert((&record.key, record.family())));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(
        common in history(12), histories in prop::array::uniform3(history(24)),
    ) {
        let base = Site::new().live(&common, &Ledger::new(config()));
        let strange = Site::new().live(&common[common.len() / 2..], &base.ledger);
        let [a, b, c] = [(&base, 0), (&base, 1), (&strange, 2)]
            .map(|(from, at)| from.clone().live(&histories[at], &strange.ledger).ledger);
        let now_ms = START_MS + 1_000_000;

        let ab = merged(&a, &b);
        assert_sound(&ab);
        prop_assert_eq!(&ab, &merged(&b, &a));
        prop_assert_eq!(seen(&ab, now_ms), seen(&merged(&b, &a), now_ms));
        let left = merged(&ab, &c);
        let right = merged(&a, &merged(&b, &c));
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(seen(&left, now_ms), seen(&right, now_ms));
        prop_assert_eq!(&merged(&a, &a), &a);
        prop_assert_eq!(&merged(&ab, &b), &ab);
        prop_assert_eq!(&merged(&replayed(&journal::snapshot(&left)), &c), &left);

        // From a journal, so that no site's own objects have a say.
        let mut settled = [left, right, merged(&merged(&c, &b), &a)]
            .map(|ledger| replayed(&journal::snapshot(&ledger)));
        let outcomes = settled.each_mut().map(|ledger| {
            ledger.settle(now_ms, &Change::default())
        });
        prop_assert_eq!(&outcomes[0], &outcomes[1]);
        prop_assert_eq!(&outcomes[0], &outcomes[2]);
        prop_assert_eq!(&settled[0], &settled[1]);
        prop_assert_eq!(&settled[0], &settled[2]);
        assert_sound(&settled[0]);
        prop_assert!(settled[0].records().all(|r| r.state != RecordState::Contested));
    }

    #[test]
    fn an_address_that_moves_in_a_merge_leads_back(
        histories in prop::array::uniform2(history(30)),
    ) {
        let [mut a, b] = histories.map(|steps| {
            Site::new().live(&steps, &Ledger::new(config()))
        });
        let before = a.ledger.clone();
        a.ledger.merge(&b.ledger);
        a.now_ms = a.now_ms.max(b.now_ms);
        let reported = a.assign().moves.len();
        let mut moved = 0;
        assert_sound(&a.ledger);
        for name in 0..NAMES {
            for family in Family::ALL {
                let was = before.address_of(&key(name), family);
                let is = a.ledger.address_of(&key(name), family);
                let Some(was) = was.filter(|was| is != Some(*was)) else { continue };
                if a.wanted.contains(&name) {
                    let leads_back = a.ledger.former_of(&key(name), a.now_ms)
                        .any(|record| record.address == was);
                    let is_given = a.ledger.key_of(was) == Some(&key(name));
                    prop_assert!(leads_back || is_given, "{name} {was} {is:?}");
                    moved += 1;
                }
            }
        }
        prop_assert!(moved <= reported);
    }
}

fn ledger_of(records: &[Record]) -> Ledger {
    let mut bytes = Vec::from(journal::HEADER);
    records.iter().for_each(|r| journal::encode(r, &mut bytes));
    replayed(&bytes)
}

fn claim(name: u8, host: u8, origin: Origin, first_seen_ms: u64) -> Record {
    Record {
        address: address(host),
        key: key(name),
        pool: PoolKind::Names,
        state: RecordState::Active,
        origin,
        first_seen_ms,
        changed_ms: first_seen_ms,
    }
}

#[test]
fn precedence_is_pinned_status_imported_then_first_seen_then_key() {
    let ranked = [
        claim(9, 1, Origin::Pinned, 90),
        claim(8, 1, Origin::Status, 80),
        claim(7, 1, Origin::Imported, 70),
        claim(6, 1, Origin::Allotted, 10),
        claim(4, 1, Origin::Allotted, 20),
        claim(5, 1, Origin::Allotted, 20),
    ];
    for (better, worse) in ranked.iter().zip(&ranked[1..]) {
        let ledgers = [better, worse].map(|record| ledger_of(std::slice::from_ref(record)));
        let [mut a, mut b] = ledgers.clone();
        let outcome = a.merge(&ledgers[1]);
        assert_eq!(outcome.contested, [(worse.key.clone(), worse.address)]);
        assert_eq!(a.key_of(address(1)), Some(&better.key));
        b.merge(&a);
        assert_eq!(a, b);
    }
}

#[test]
fn the_loser_gets_its_next_candidate_and_the_old_address_leads_back_for_the_largest_ttl() {
    let mut a = ledger_of(&[claim(0, 1, Origin::Allotted, 10)]);
    a.merge(&ledger_of(&[claim(1, 1, Origin::Allotted, 20)]));
    let assignment = a.settle(START_MS, &Change::default());
    let lost = &assignment.moves[0];
    assert_eq!((&lost.key, lost.from), (&key(1), address(1)));
    let moved = a.address_of(&key(1), Family::V4);
    assert!(moved.is_some() && moved == lost.to);
    assert_eq!(a.address_of(&key(0), Family::V4), Some(address(1)));
    let former = |now_ms| a.former_of(&key(1), now_ms).count();
    assert_eq!(former(START_MS + TTL_MAX_SECS * 1000 - 1), 1);
    assert_eq!(former(START_MS + TTL_MAX_SECS * 1000), 0);
}

#[test]
fn a_name_with_two_addresses_keeps_the_one_first_seen() {
    let mut a = ledger_of(&[claim(0, 2, Origin::Allotted, 20)]);
    a.merge(&ledger_of(&[claim(0, 1, Origin::Allotted, 10)]));
    a.settle(START_MS, &Change::default());
    assert_eq!(a.address_of(&key(0), Family::V4), Some(address(1)));
    let former: Vec<_> = a.former_of(&key(0), START_MS).map(|r| r.address).collect();
    assert_eq!(former, [address(2)]);
}

#[test]
fn what_a_loser_gives_up_goes_to_the_next_who_claims_it() {
    // The name has a better claim to address 1, so its claim to address 2 does not stand in the
    // way of the other name.
    let mut a = ledger_of(&[
        claim(0, 1, Origin::Allotted, 10),
        claim(1, 2, Origin::Allotted, 30),
    ]);
    let outcome = a.merge(&ledger_of(&[claim(0, 2, Origin::Allotted, 20)]));
    assert_eq!(outcome.contested, [(key(0), address(2))]);
    assert_eq!(a.key_of(address(2)), Some(&key(1)));
}

#[test]
fn an_older_copy_brings_nothing_back() {
    let mut site = Site::new();
    site.wanted = BTreeSet::from([0, 1]);
    site.assign();
    let old = site.ledger.clone();
    let first = old.address_of(&key(0), Family::V4).unwrap();

    site.wanted.remove(&0);
    site.assign();
    site.now_ms += QUARANTINE_SECS * 1000;
    // The whole pool is wanted, so that somebody takes the address.
    site.wanted.extend(1..NAMES + 1);
    site.assign();
    let taker = site.ledger.key_of(first).cloned().unwrap();
    assert_ne!(taker, key(0));

    let addresses = site
        .ledger
        .records()
        .filter(|r| r.state == RecordState::Active);
    let addresses: Vec<_> = addresses.cloned().collect();
    assert!(site.ledger.merge(&old).contested.is_empty());
    assert_eq!(site.assign().changes, []);
    let after = site
        .ledger
        .records()
        .filter(|r| r.state == RecordState::Active);
    assert_eq!(after.cloned().collect::<Vec<_>>(), addresses);
}

#[test]
fn names_of_the_other_ledger_are_held_until_the_whole_set_is_told() {
    let [mut a, mut b] = [Site::new(), Site::new()];
    a.wanted.insert(0);
    b.wanted.insert(1);
    a.assign();
    b.assign();
    a.ledger.merge(&b.ledger);
    let held = b.ledger.address_of(&key(1), Family::V4);
    assert!(
        a.ledger
            .settle(a.now_ms, &Change::default())
            .changes
            .is_empty()
    );
    assert_eq!(a.ledger.address_of(&key(1), Family::V4), held);
    assert_eq!(a.assign().changes.len(), 2);
    assert_eq!(a.ledger.address_of(&key(1), Family::V4), None);
}
