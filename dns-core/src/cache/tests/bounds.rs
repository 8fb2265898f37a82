//! The bound in octets, and who goes first.

use super::fixture::*;
use crate::cache::Cache;
use crate::cache::Caching;
use crate::reply::Failure;
use crate::wire::Rtype;
use alloc::format;
use alloc::string::String;

const MIB: usize = 1024 * 1024;

fn name(i: usize) -> String {
    format!("host-{i}.zone-{}.example", i % 97)
}

fn keep_numbered(cache: &Cache, i: usize, answers: usize) {
    let name = name(i);
    let asked = question(&name, Rtype::A);
    let answers = alloc::vec![a(&name, 60); answers];
    keep(cache, START, &noerror(&asked, &answers));
}

fn has(cache: &Cache, i: usize) -> bool {
    let key = key(&name(i), Rtype::A);
    cache.find(START, &key, |_| ()).is_some()
}

/// Octets that a cache of `octets_max` really has after three times as much has gone through it.
fn live_octets(octets_max: usize, count: usize, answers: impl Fn(usize) -> usize) -> usize {
    let mut cache = None;
    let cost = allocation_counter::measure(|| {
        let filled = cache_with(|config| config.octets_max = octets_max);
        for i in 0..count {
            keep_numbered(&filled, i, answers(i));
        }
        let usage = filled.usage();
        assert!(usage.octets <= octets_max, "{usage:?}");
        assert!(usage.octets >= octets_max * 9 / 10, "{usage:?}");
        assert!(usage.evictions > 2 * usage.entries as u64, "{usage:?}");
        assert_eq!(usage.inserts, usage.entries as u64 + usage.evictions);
        cache = Some(filled);
    });
    cost.bytes_current as usize
}

#[test]
fn a_full_cache_takes_what_it_may_and_not_much_less() {
    let answers: [fn(usize) -> usize; 3] =
        [|_| 1, |i| i % 7 + 1, |i| if i % 10 == 0 { 80 } else { 1 }];
    for (octets_max, count) in [(MIB / 8, 3_000), (MIB, 20_000)] {
        for answers in answers {
            let live = live_octets(octets_max, count, answers);
            assert!(live <= octets_max, "{live} of {octets_max}");
            assert!(live >= octets_max * 6 / 10, "{live} of {octets_max}");
        }
    }
}

#[test]
fn failures_are_bounded_as_answers_are() {
    let cache = cache_with(|config| config.octets_max = MIB / 8);
    for i in 0..3_000 {
        cache.keep_failure(START, &key(&name(i), Rtype::A), Failure::TimedOut);
    }
    let usage = cache.usage();
    assert!(
        usage.octets <= MIB / 8 && usage.evictions > 1_000,
        "{usage:?}"
    );
}

#[test]
fn what_is_asked_for_outlives_what_is_not() {
    let cache = cache_with(|config| config.octets_max = MIB / 8);
    keep_numbered(&cache, 0, 1);
    for i in 1..5_000 {
        keep_numbered(&cache, i, 1);
        assert!(has(&cache, 0), "evicted at {i}");
    }
    assert!(!has(&cache, 1));
}

#[test]
fn an_insert_finds_room_though_all_is_popular() {
    let cache = cache_with(|config| config.octets_max = MIB / 8);
    for i in 0..3_000 {
        keep_numbered(&cache, i, 1);
        assert!(has(&cache, i));
    }
    assert!(cache.usage().evictions > 1_000);
}

#[test]
fn an_answer_longer_than_its_shard_is_not_kept() {
    let cache = cache_with(|config| config.octets_max = 8 * 1024);
    keep_numbered(&cache, 1, 1);
    keep_numbered(&cache, 2, 1_000);
    assert!(has(&cache, 1) && !has(&cache, 2));
    keep_numbered(&cache, 1, 1_000);
    assert!(!has(&cache, 1), "its older answer goes all the same");
}

#[test]
fn a_cache_of_no_octets_keeps_nothing() {
    let cache = cache_with(|config| config.octets_max = 0);
    keep_numbered(&cache, 1, 1);
    assert_eq!(cache.usage().entries, 0);
}

#[test]
fn the_same_name_again_and_again_takes_the_place_of_one() {
    let cache = cache();
    keep_numbered(&cache, 1, 1);
    let before = cache.usage().octets;
    for _ in 0..1_000 {
        keep_numbered(&cache, 1, 1);
    }
    assert_eq!(cache.usage().octets, before);
    assert_eq!(cache.usage().entries, 1);
}

#[test]
fn the_longest_message_can_be_kept() {
    let cache = cache();
    let asked = question("www.example", Rtype::A);
    let message = noerror(&asked, &alloc::vec![a("www.example", 60); 4_000]);
    cache.keep(
        START,
        &key_of(&asked, 1),
        &message.reply(),
        &Caching::default(),
    );
    let told = cache.find(after(1), &key_of(&asked, 1), |hit| {
        let reply = hit.to_reply().unwrap();
        reply.answers().all(|record| record.ttl_secs == 59) && reply.answers().count() == 4_000
    });
    assert_eq!(told, Some(true));
}
