use super::*;
use crate::question::QuestionFlags;
use crate::shared::mailbox::MAIL_MAX;
use crate::wire::edns::DnssecOk;
use crate::wire::{NameBuf, Rtype};
use alloc::format;
use std::sync::Barrier;
use std::thread;

fn key(name: &str) -> QuestionKey {
    let flags = QuestionFlags {
        dnssec_ok: DnssecOk::Clear,
        checking_disabled: false,
        recursion_desired: true,
    };
    let name = NameBuf::parse(name).unwrap();
    QuestionKey::new(name.as_name(), Rtype::A, flags, 1)
}

fn shared(resolvers: usize) -> Shared {
    Shared::new(resolvers, None, 7)
}

const FAILED: Outcome = Outcome::Failed(Failure::Unreachable);

#[test]
fn the_first_owns_a_question_and_the_others_join_it() {
    let shared = shared(3);
    let key = key("a.example");
    assert_eq!(shared.claim(0, &key), Claim::Own);
    assert_eq!(shared.claim(1, &key), Claim::Joined);
    assert_eq!(shared.claim(2, &key), Claim::Joined);
    assert_eq!(shared.claim(2, &key), Claim::Joined);
    assert_eq!(shared.claim(0, &key), Claim::Own, "it owns it still");
    assert!(!shared.has_mail(1));
    assert_eq!(shared.release(0, &key, &FAILED), [1, 2]);
    for resolver in [1, 2] {
        assert!(shared.has_mail(resolver));
        let mail = shared.take_mail(resolver);
        assert_eq!(mail.len(), 1);
        assert_eq!(*mail[0].key, *key.as_octets());
        assert!(matches!(
            mail[0].outcome,
            Outcome::Failed(Failure::Unreachable)
        ));
        assert!(!shared.has_mail(resolver));
        assert!(shared.take_mail(resolver).is_empty());
    }
    assert!(!shared.has_mail(0));
    assert_eq!(shared.claim(1, &key), Claim::Own, "it is in flight no more");
}

#[test]
fn another_question_has_another_owner() {
    let shared = shared(2);
    assert_eq!(shared.claim(0, &key("a.example")), Claim::Own);
    assert_eq!(shared.claim(1, &key("b.example")), Claim::Own);
}

#[test]
fn only_the_owner_releases() {
    let shared = shared(2);
    let key = key("a.example");
    shared.claim(0, &key);
    shared.claim(1, &key);
    assert!(shared.release(1, &key, &FAILED).is_empty());
    assert!(shared.take_mail(1).is_empty());
    assert_eq!(shared.release(0, &key, &FAILED), [1]);
    assert!(shared.release(0, &key, &FAILED).is_empty());
}

#[test]
fn who_has_left_gets_no_mail() {
    let shared = shared(3);
    let key = key("a.example");
    for resolver in 0..3 {
        shared.claim(resolver, &key);
    }
    shared.leave(1, &key);
    assert_eq!(shared.release(0, &key, &FAILED), [2]);
    assert!(!shared.has_mail(1));
}

#[test]
fn a_resolver_with_mail_is_woken_once() {
    let shared = shared(2);
    let keys = ["a.example", "b.example"].map(key);
    for key in &keys {
        shared.claim(0, key);
        shared.claim(1, key);
    }
    assert_eq!(shared.release(0, &keys[0], &FAILED), [1]);
    assert!(shared.release(0, &keys[1], &FAILED).is_empty());
    assert_eq!(shared.take_mail(1).len(), 2);
}

#[test]
fn a_lone_resolver_owns_everything() {
    for (shared, resolver) in [(shared(1), 0), (shared(0), 0), (shared(2), 9)] {
        let key = key("a.example");
        assert_eq!(shared.claim(resolver, &key), Claim::Own);
        assert_eq!(shared.claim(resolver, &key), Claim::Own);
        assert!(shared.release(resolver, &key, &FAILED).is_empty());
        shared.leave(resolver, &key);
        assert!(shared.abandon(resolver).is_empty());
        assert!(!shared.has_mail(resolver) && shared.take_mail(resolver).is_empty());
    }
}

#[test]
fn the_questions_of_a_resolver_that_is_gone_end() {
    let shared = shared(3);
    let [owned, joined] = ["owned.example", "joined.example"].map(key);
    shared.claim(0, &owned);
    shared.claim(1, &owned);
    shared.claim(2, &joined);
    shared.claim(0, &joined);
    assert_eq!(shared.abandon(0), [1]);
    assert!(matches!(
        shared.take_mail(1)[0].outcome,
        Outcome::Failed(Failure::TimedOut)
    ));
    assert_eq!(shared.claim(1, &owned), Claim::Own);
    assert!(shared.release(2, &joined, &FAILED).is_empty());
    assert!(!shared.has_mail(0));
}

#[test]
fn mail_and_marks_are_bounded() {
    let shared = shared(2);
    let keys = || (0..70_000).map(|i| key(&format!("{i}.example")));
    let marked = keys().filter(|key| {
        shared.claim(0, key);
        shared.claim(1, key) == Claim::Joined
    });
    let marked = marked.count();
    assert!((60_000..=65_536).contains(&marked), "{marked}");
    for key in keys() {
        shared.release(0, &key, &FAILED);
    }
    assert_eq!(shared.take_mail(1).len(), MAIL_MAX);
    assert_eq!(
        shared.claim(1, &key("0.example")),
        Claim::Own,
        "all marks are gone"
    );
}

#[test]
fn without_joiners_a_release_allocates_nothing() {
    let shared = shared(2);
    let key = key("a.example");
    shared.claim(0, &key);
    let cost = allocation_counter::measure(|| {
        assert!(shared.release(0, &key, &FAILED).is_empty());
    });
    assert_eq!(cost.count_total, 0);
}

/// Both claim at the same moment; then the owner releases, and the other has mail.
#[test]
fn of_two_threads_exactly_one_owns_a_question() {
    let shared = shared(2);
    let barrier = Barrier::new(2);
    let keys: Vec<_> = (0..500).map(|i| key(&format!("{i}.example"))).collect();
    let run = |resolver: usize| {
        let mut claims = Vec::new();
        let mut mail = 0;
        for key in &keys {
            barrier.wait();
            let claim = shared.claim(resolver, key);
            barrier.wait();
            if claim == Claim::Own {
                assert_eq!(shared.release(resolver, key, &FAILED), [1 - resolver]);
            }
            barrier.wait();
            mail += shared.take_mail(resolver).len();
            claims.push(claim);
        }
        (claims, mail)
    };
    let (first, second) = thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        (run(0), other.join().unwrap())
    });
    let mut joined = [0; 2];
    for pair in first.0.iter().zip(&second.0) {
        match pair {
            (Claim::Own, Claim::Joined) => joined[1] += 1,
            (Claim::Joined, Claim::Own) => joined[0] += 1,
            both => panic!("{both:?}"),
        }
    }
    assert_eq!([first.1, second.1], joined);
}
