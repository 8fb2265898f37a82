//! Counting down, staleness, failures and fetching ahead.

use super::fixture::*;
use crate::cache::Freshness;
use crate::reply::Failure;
use crate::wire::{Rcode, Rtype};

const HOST: &str = "www.example";
const HOUR: u64 = 3_600;

#[test]
fn ttls_count_down_by_whole_seconds() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 10), a(HOST, 30)]));
    for (millis, ttls) in [
        (0, [10, 30]),
        (999, [10, 30]),
        (1_000, [9, 29]),
        (9_999, [1, 21]),
    ] {
        let told = ask(&cache, START.plus(millis), &asked).unwrap();
        assert_eq!(
            told.records
                .iter()
                .map(|it| it.1)
                .collect::<alloc::vec::Vec<_>>(),
            ttls
        );
        assert!(!told.freshness.is_stale());
        assert_eq!(told.ede, None);
    }
}

#[test]
fn a_clock_that_lags_behind_another_thread_gives_the_full_ttl() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, after(5), &noerror(&asked, &[a(HOST, 10)]));
    assert_eq!(ask(&cache, START, &asked).unwrap().records[0].1, 10);
}

#[test]
fn a_stale_answer_says_so_and_ends_after_a_day() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(
        &cache,
        START,
        &noerror(&asked, &[a(HOST, 10), a(HOST, 500)]),
    );
    for now in [
        after(10),
        after(HOUR),
        START.plus((24 * HOUR + 10) * 1_000 - 1),
    ] {
        let told = ask(&cache, now, &asked).unwrap();
        assert_eq!(told.freshness, Freshness::Stale);
        assert_eq!(told.records, [(Rtype::A, 30), (Rtype::A, 30)]);
        assert_eq!(told.ede, Some(3));
    }
    assert!(ask(&cache, after(24 * HOUR + 10), &asked).is_none());
}

#[test]
fn without_staleness_an_answer_ends_with_its_ttl() {
    let asked = question(HOST, Rtype::A);
    let cache = cache_with(|config| config.stale_max_secs = 0);
    keep(&cache, START, &noerror(&asked, &[a(HOST, 10)]));
    assert!(ask(&cache, after(9), &asked).is_some());
    assert!(ask(&cache, after(10), &asked).is_none());
}

#[test]
fn a_failure_over_a_stale_answer_only_puts_off_the_next_question() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 10)]));
    let freshness = |secs| ask(&cache, after(secs), &asked).unwrap().freshness;
    assert_eq!(freshness(20), Freshness::Stale);
    cache.keep_failure(after(20), &key_of(&asked, 1), Failure::TimedOut);
    assert_eq!(freshness(20), Freshness::StaleWhileFailing);
    assert_eq!(freshness(49), Freshness::StaleWhileFailing);
    assert_eq!(freshness(50), Freshness::Stale);
    keep(&cache, after(50), &noerror(&asked, &[a(HOST, 10)]));
    assert_eq!(freshness(50), Freshness::Fresh);
    assert_eq!(
        freshness(61),
        Freshness::Stale,
        "a real answer ends the failing"
    );
}

#[test]
fn a_failure_never_takes_the_place_of_a_fresh_answer() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 10)]));
    cache.keep_failure(after(9), &key_of(&asked, 1), Failure::TimedOut);
    assert_eq!(
        ask(&cache, after(9), &asked).unwrap().records,
        [(Rtype::A, 1)]
    );
    assert_eq!(
        ask(&cache, after(10), &asked).unwrap().freshness,
        Freshness::Stale
    );
}

#[test]
fn nxdomain_beats_a_stale_answer() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 10)]));
    keep(
        &cache,
        after(20),
        &nxdomain(&asked, &[soa("example", 60, 60)]),
    );
    let told = ask(&cache, after(20), &asked).unwrap();
    assert_eq!(told.header.rcode(), Rcode::NXDOMAIN);
    cache.keep_failure(after(90), &key_of(&asked, 1), Failure::TimedOut);
    let told = ask(&cache, after(90), &asked).unwrap();
    assert_eq!(told.header.rcode(), Rcode::NXDOMAIN);
    assert_eq!(told.freshness, Freshness::StaleWhileFailing);
}

#[test]
fn a_failure_is_kept_for_five_seconds() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let failure = Failure::Rcode(Rcode::REFUSED);
    cache.keep_failure(START, &key_of(&asked, 1), failure);
    let told = ask(&cache, START.plus(4_999), &asked).unwrap();
    assert_eq!(told.freshness, Freshness::Fresh);
    assert_eq!(told.header.rcode(), Rcode::SERVFAIL);
    assert_eq!(told.ede, Some(failure.ede().0));
    assert!(told.records.is_empty());
    let found = cache.find(START, &key_of(&asked, 1), |hit| {
        (hit.failure(), hit.to_reply().is_none())
    });
    assert_eq!(found, Some((Some(failure), true)));
    assert!(
        ask(&cache, after(5), &asked).is_none(),
        "a failure is never stale"
    );
    keep(&cache, after(1), &noerror(&asked, &[a(HOST, 10)]));
    assert_eq!(
        ask(&cache, after(1), &asked).unwrap().records,
        [(Rtype::A, 10)]
    );
}

#[test]
fn a_failure_takes_the_place_of_an_answer_too_old_to_serve() {
    let asked = question(HOST, Rtype::A);
    let cache = cache_with(|config| config.stale_max_secs = 0);
    keep(&cache, START, &noerror(&asked, &[a(HOST, 10)]));
    cache.keep_failure(after(10), &key_of(&asked, 1), Failure::Unreachable);
    let told = ask(&cache, after(10), &asked).unwrap();
    assert_eq!(told.header.rcode(), Rcode::SERVFAIL);
}

#[test]
fn failures_are_kept_at_most_five_minutes_or_not_at_all() {
    let asked = question(HOST, Rtype::A);
    let cache = cache_with(|config| config.failure_ttl_secs = 9_999);
    cache.keep_failure(START, &key_of(&asked, 1), Failure::TimedOut);
    assert!(ask(&cache, after(299), &asked).is_some());
    assert!(ask(&cache, after(300), &asked).is_none());
    let cache = cache_with(|config| config.failure_ttl_secs = 0);
    cache.keep_failure(START, &key_of(&asked, 1), Failure::TimedOut);
    assert!(ask(&cache, START, &asked).is_none());
}

#[test]
fn one_finder_is_told_to_fetch_a_popular_answer_ahead() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 100)]));
    let freshness = |millis| ask(&cache, START.plus(millis), &asked).unwrap().freshness;
    assert_eq!(freshness(50_000), Freshness::Fresh);
    assert_eq!(freshness(90_000), Freshness::Fresh);
    assert_eq!(freshness(90_001), Freshness::Prefetch);
    assert_eq!(freshness(90_001), Freshness::Fresh, "once");
    assert_eq!(freshness(99_999), Freshness::Fresh);
    keep(&cache, after(99), &noerror(&asked, &[a(HOST, 100)]));
    assert_eq!(freshness(190_000), Freshness::Fresh);
    assert_eq!(freshness(191_000), Freshness::Prefetch, "and once more");
}

#[test]
fn an_answer_asked_for_once_is_not_fetched_ahead() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 100)]));
    assert_eq!(
        ask(&cache, after(95), &asked).unwrap().freshness,
        Freshness::Fresh
    );
    assert_eq!(
        ask(&cache, after(96), &asked).unwrap().freshness,
        Freshness::Prefetch
    );
}

#[test]
fn a_short_ttl_is_fetched_ahead_in_its_last_second() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 3)]));
    assert_eq!(
        ask(&cache, after(1), &asked).unwrap().freshness,
        Freshness::Fresh
    );
    let last = START.plus(2_001);
    assert_eq!(
        ask(&cache, last, &asked).unwrap().freshness,
        Freshness::Prefetch
    );
}

#[test]
fn fetching_ahead_can_be_switched_off() {
    let asked = question(HOST, Rtype::A);
    let cache = cache_with(|config| config.prefetch_percent = 0);
    keep(&cache, START, &noerror(&asked, &[a(HOST, 100)]));
    for _ in 0..3 {
        assert_eq!(
            ask(&cache, after(99), &asked).unwrap().freshness,
            Freshness::Fresh
        );
    }
}
