//! What an import does, and what it leaves alone.

use super::*;
use crate::vip::{Assignment, Change, Given, GivenBy, VipConfig, Want, journal};

const HOUR_MS: u64 = 3_600_000;

fn key(name: &str) -> VipKey {
    VipKey::parse(name).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn entry(name: &str, address: &str) -> ImportedAddress {
    ImportedAddress {
        key: key(name),
        address: ip(address),
    }
}

fn refused(name: &str, address: &str, reason: ImportRefusal) -> ImportConflict {
    ImportConflict {
        entry: entry(name, address),
        reason,
    }
}

fn assign(ledger: &mut Ledger, now_ms: u64, names: &[&str]) -> Assignment {
    let wants = names.iter().map(|name| Want {
        key: key(name),
        family: Family::V4,
        pool: PoolKind::Names,
    });
    ledger.assign(now_ms, wants, &BTreeMap::new())
}

fn v4(ledger: &Ledger, name: &str) -> Option<IpAddr> {
    ledger.address_of(&key(name), Family::V4)
}

#[test]
fn an_imported_address_is_the_names_before_and_after_anybody_wants_it() {
    let mut ledger = Ledger::new(VipConfig::default());
    let outcome = ledger.import(1, [entry("a", "240.0.0.1")]);
    assert_eq!((outcome.imported, outcome.changes.len()), (1, 1));
    assert_eq!(v4(&ledger, "a"), Some(ip("240.0.0.1")));
    assert_eq!(assign(&mut ledger, 2, &["a"]).changes, []);
    assert_eq!(assign(&mut ledger, 3, &[]).changes, []);

    let bytes = journal::snapshot(&ledger);
    let replay = journal::replay(&bytes, VipConfig::default()).unwrap();
    let mut replayed = replay.ledger;
    assert_eq!(assign(&mut replayed, 4, &[]).changes, []);
    assert_eq!(v4(&replayed, "a"), Some(ip("240.0.0.1")));
    let again = replayed.import(5, [entry("a", "240.0.0.1")]);
    assert_eq!((again.unchanged, again.changes.len()), (1, 0));
}

#[test]
fn a_name_moves_to_its_imported_address_and_the_old_one_leads_back() {
    let mut ledger = Ledger::new(VipConfig::default());
    assign(&mut ledger, 1, &["a"]);
    let old = v4(&ledger, "a").unwrap();
    ledger.import(2, [entry("a", "240.0.0.1")]);
    let moves = ledger.settle(2, &Change::default()).moves;
    assert_eq!((moves[0].from, moves[0].to), (old, Some(ip("240.0.0.1"))));
    assert!(ledger.former_of(&key("a"), 3).any(|r| r.address == old));
    assert!(ledger.is_taken(old, 3), "it rests");
}

#[test]
fn who_was_allotted_an_imported_address_moves_away() {
    let mut ledger = Ledger::new(VipConfig::default());
    assign(&mut ledger, 1, &["a"]);
    let old = v4(&ledger, "a").unwrap();
    let import = ImportedAddress {
        key: key("b"),
        address: old,
    };
    assert_eq!(ledger.import(2, [import]).imported, 1);
    let moves = ledger.settle(2, &Change::default()).moves;
    assert_eq!((&moves[0].key, moves[0].from), (&key("a"), old));
    assert_eq!(moves[0].to, v4(&ledger, "a"));
    assert_eq!(v4(&ledger, "b"), Some(old));
    assert!(ledger.former_of(&key("a"), 3).any(|r| r.address == old));
}

#[test]
fn conflicts_are_reported_and_change_nothing() {
    let mut ledger = Ledger::new(VipConfig::default());
    let by = GivenBy::User;
    let change = Change {
        given: Vec::from([(ip("250.0.0.9"), Given { key: key("p"), by })]),
        ..Change::default()
    };
    ledger.settle(1, &change);
    ledger.import(1, [entry("i", "240.0.0.1")]);
    ledger.settle(1, &Change::default());
    let before = ledger.clone();
    let outcome = ledger.import(
        2,
        [
            entry("a", "250.0.0.9"),
            entry("b", "240.0.0.1"),
            entry("c", "::ffff:240.0.0.7"),
            entry("d", "224.0.0.1"),
        ],
    );
    let expected = [
        refused("a", "250.0.0.9", ImportRefusal::HeldBy(key("p"))),
        refused("b", "240.0.0.1", ImportRefusal::HeldBy(key("i"))),
        refused("c", "::ffff:240.0.0.7", ImportRefusal::NotAHost),
        refused("d", "224.0.0.1", ImportRefusal::NotAHost),
    ];
    assert_eq!(outcome.conflicts, expected);
    assert_eq!(ledger, before);
}

#[test]
fn a_map_that_contradicts_itself_gives_the_first_in_order() {
    let entries = [
        entry("b", "240.0.0.1"),
        entry("a", "240.0.0.2"),
        entry("a", "240.0.0.1"),
        entry("a", "2001:2::1"),
    ];
    let conflicts = [
        refused(
            "a",
            "240.0.0.2",
            ImportRefusal::SecondAddress(ip("240.0.0.1")),
        ),
        refused("b", "240.0.0.1", ImportRefusal::GivenTwice(key("a"))),
    ];
    let mut forward = Ledger::new(VipConfig::default());
    let outcome = forward.import(1, entries.clone());
    assert_eq!((outcome.imported, outcome.conflicts), (2, conflicts.into()));
    let mut backward = Ledger::new(VipConfig::default());
    backward.import(1, entries.into_iter().rev());
    assert_eq!(forward, backward);
}

#[test]
fn an_address_in_quarantine_is_not_imported_for_another() {
    let mut ledger = Ledger::new(VipConfig::default());
    assign(&mut ledger, 1, &["a"]);
    let old = v4(&ledger, "a").unwrap();
    assign(&mut ledger, 1, &[]);
    let import = |key| ImportedAddress { key, address: old };
    let conflicts = ledger.import(2, [import(key("b"))]).conflicts;
    assert_eq!(conflicts[0].reason, ImportRefusal::Resting(key("a")));
    assert_eq!(ledger.import(49 * HOUR_MS, [import(key("b"))]).imported, 1);
}

#[test]
fn a_dropped_import_rests_like_any_other() {
    let mut ledger = Ledger::new(VipConfig::default());
    ledger.import(1, [entry("a", "250.1.2.3")]);
    assert_eq!(ledger.drop_imports(2, [&key("a"), &key("b")]).len(), 1);
    assert_eq!(v4(&ledger, "a"), None);
    assert!(ledger.is_taken(ip("250.1.2.3"), 3));
    assert_eq!(assign(&mut ledger, 3, &["a"]).allotted, 0);
    assert_eq!(v4(&ledger, "a"), Some(ip("250.1.2.3")));
}
