//! What a change costs in a ledger of a million records. Prints, and holds only what does not
//! depend on the machine: the number of records that change.
//!
//! ```text
//! cargo test --release -p dns-core --test vip_scale -- --ignored --nocapture
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a broken expectation shall fail the test, and time is what it prints"
)]

use dns_core::vip::{Change, Family, Ledger, PoolKind, VipConfig, VipKey, Want, journal};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const RECORDS: u32 = 1_000_000;
const CHANGES: u32 = 1_000;

fn want(number: u32) -> Want {
    Want {
        key: VipKey::parse(&format!("name-{number}.shop-{}.example.com", number % 997)).unwrap(),
        family: Family::V4,
        pool: PoolKind::Names,
    }
}

fn timed<T>(label: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    println!("{label}: {:?}", began.elapsed());
    done
}

#[test]
#[ignore = "takes seconds and a few hundred megabytes"]
fn a_change_among_a_million_is_one_record() {
    let mut ledger = Ledger::new(VipConfig::default());
    let wants: Vec<Want> = (0..RECORDS).map(want).collect();
    let nothing = BTreeMap::new();
    timed("assign from empty", || {
        ledger.assign(1, wants.clone(), &nothing)
    });
    timed("assign the same", || ledger.assign(1, wants, &nothing));

    let mut spent = Duration::ZERO;
    for number in 0..CHANGES {
        let added = Change {
            wanted: vec![want(RECORDS + number)],
            ..Change::default()
        };
        let removed = want(number);
        let removed = Change {
            unwanted: vec![(removed.key, removed.family)],
            ..Change::default()
        };
        let began = Instant::now();
        let first = ledger.settle(2, &added);
        let second = ledger.settle(2, &removed);
        spent += began.elapsed();
        assert_eq!((first.changes.len(), second.changes.len()), (1, 1));
    }
    println!("settle of one name: {:?}", spent / (2 * CHANGES));

    let bytes = timed("snapshot", || journal::snapshot(&ledger));
    let replay = timed("replay", || {
        journal::replay(&bytes, VipConfig::default()).unwrap()
    });
    let mut other = replay.ledger;
    timed("merge with its own copy", || other.merge(&ledger));
    timed("first settle afterwards", || {
        other.settle(3, &Change::default())
    });
}
