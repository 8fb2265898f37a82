//! Questions and the cache: hits, stale answers, failures, and what other resolvers ask.

use crate::messages::{QUESTION, RD, answer, query, rcode, record_of, response, soa};
use crate::rig::{Rig, plain, route};
use crate::world::{Act, World, good};
use dns_core::answer::Cname;
use dns_core::question::Question;
use dns_core::wire::{FoldedName, Header, Reader, Rtype};
use dns_core::{CacheConfig, Caching, NameBuf, ResolverConfig, Route, Shared, Strategy};
use std::sync::Arc;

/// Two resolvers with one server that share what is given.
fn two_rigs(shared: &Arc<Shared>) -> (Rig, Rig) {
    let rig = |number| {
        let route = route(&[1], Strategy::Sequential);
        Rig::of_route(route, &plain(), Some((Arc::clone(shared), number)))
    };
    (rig(0), rig(1))
}

fn shared(resolvers: usize) -> Arc<Shared> {
    Arc::new(Shared::new(resolvers, Some(CacheConfig::default()), 7))
}

fn cached_rig(ports: &[u16]) -> Rig {
    let route = route(ports, Strategy::Sequential);
    Rig::of_route(route, &plain(), Some((shared(1), 0)))
}

/// An answer of that TTL.
fn answer_for(asked: &[u8], ttl_secs: u32) -> Vec<u8> {
    let address = record_of(QUESTION, Rtype::A, 1, ttl_secs, &[192, 0, 2, 80]);
    response(asked, 0, [&[address], &[], &[]])
}

/// The TTL of the first record of an answer, and its extended error if it has one.
fn ttl_and_ede(answer: &[u8]) -> (u32, Option<u16>) {
    let mut reader = Reader::after_header(answer);
    reader.name().unwrap();
    reader.u32().unwrap();
    let ttl_secs = reader.record().unwrap().ttl_secs;
    let ede = Header::parse(answer)
        .filter(|header| header.arcount > 0)
        .and_then(|_| answer.last_chunk())
        .map(|code| u16::from_be_bytes(*code));
    (ttl_secs, ede)
}

fn ask_with_opt(rig: &mut Rig, name: &str) -> bool {
    let opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0";
    rig.ask_query(query(7, RD, name, Rtype::A, opt))
}

#[test]
fn an_answer_is_asked_for_once_and_counted_down() {
    let mut rig = cached_rig(&[1]);
    rig.ask("a.example");
    rig.reply(0, |asked| answer_for(asked, 60));
    rig.advance_to(20_000);
    assert!(!rig.ask("A.Example"));
    assert_eq!(rig.asked.len(), 1);
    assert_eq!(ttl_and_ede(&rig.said[0]).0, 40);
    assert_eq!(rig.said[0][12..23], *b"\x01A\x07Example\0");
    rig.advance_to(61_000);
    assert!(rig.ask("a.example"), "its time is over");
    assert_eq!(rig.asked.len(), 2);
    assert_eq!(rig.stats.cache_hits.value(), 1);
}

#[test]
fn questions_with_other_flags_or_of_another_route_have_answers_of_their_own() {
    let mut rig = cached_rig(&[1]);
    rig.ask("a.example");
    rig.reply(0, answer);
    assert!(rig.ask_query(query(1, 0, "a.example", Rtype::A, b"")));
    assert!(rig.ask_query(query(1, RD | 0x10, "a.example", Rtype::A, b"")));
    assert!(rig.ask_query(query(1, RD, "a.example", Rtype::AAAA, b"")));
    rig.route = Arc::new(route(&[2], Strategy::Sequential));
    assert!(rig.ask("a.example"));
    rig.route = Arc::new(route(&[1], Strategy::Sequential));
    assert!(!rig.ask("a.example"), "an equal route is the same");
}

#[test]
fn a_route_may_keep_nothing() {
    let caching = Caching {
        is_on: false,
        ..Caching::default()
    };
    let route = Route {
        caching,
        ..route(&[1], Strategy::Sequential)
    };
    let mut rig = Rig::of_route(route, &plain(), Some((shared(1), 0)));
    rig.ask("a.example");
    rig.reply(0, answer);
    assert!(rig.ask("a.example"));
}

#[test]
fn a_popular_answer_is_renewed_before_it_ends() {
    let mut rig = cached_rig(&[1]);
    rig.ask("a.example");
    rig.reply(0, |asked| answer_for(asked, 100));
    for at in [10_000, 50_000] {
        rig.advance_to(at);
        assert!(!rig.ask("a.example"));
    }
    rig.advance_to(95_000);
    assert!(!rig.ask("a.example"), "answered at once");
    assert_eq!(rig.asked.len(), 2, "and asked for");
    assert!(!rig.ask("a.example"));
    assert_eq!(rig.asked.len(), 2, "once");
    rig.reply(1, |asked| answer_for(asked, 100));
    rig.advance_to(150_000);
    assert!(!rig.ask("a.example"));
    assert_eq!(rig.stats.forward_prefetched.value(), 1);
    assert_eq!(rig.done.len(), 1, "nobody waited for it");
}

#[test]
fn a_stale_answer_is_given_when_the_upstream_is_late_and_at_once_when_it_is_down() {
    let mut rig = cached_rig(&[1]);
    for index in 0..10 {
        rig.ask(&format!("n{index}.example"));
        rig.reply(index, |asked| answer_for(asked, 1));
    }
    rig.advance_to(3_600_000);
    assert!(ask_with_opt(&mut rig, "n0.example"));
    rig.advance_to(3_601_799);
    assert!(rig.stale.is_empty());
    rig.advance_to(3_601_800);
    assert_eq!(rig.stale.len(), 1);
    assert_eq!(rig.stale[0].at, 3_601_800);
    assert_eq!(ttl_and_ede(&rig.stale[0].octets), (30, Some(3)));
    for index in 1..10 {
        let name = format!("n{index}.example");
        assert!(!ask_with_opt(&mut rig, &name), "at once when known down");
        assert_eq!(ttl_and_ede(rig.said.last().unwrap()), (30, Some(3)));
    }
    rig.advance_to(25 * 3_600_000);
    assert!(!rig.ask("n1.example"));
    let last = rig.said.last().unwrap();
    assert_eq!(last[3] & 15, 2, "nothing is kept for more than a day");
    assert_eq!(rig.stats.cache_stale.value(), 10);
}

#[test]
fn a_late_answer_refreshes_what_was_served_stale() {
    let mut rig = cached_rig(&[1]);
    rig.ask("a.example");
    rig.reply(0, |asked| answer_for(asked, 1));
    rig.advance_to(10_000);
    rig.ask("a.example");
    rig.advance_to(11_850);
    assert_eq!(rig.stale.len(), 1);
    assert!(!rig.ask("a.example"), "later askers do not wait again");
    rig.advance_to(14_900);
    rig.reply(1, |asked| answer_for(asked, 60));
    assert!(!rig.ask("a.example"));
    assert_eq!(ttl_and_ede(rig.said.last().unwrap()).0, 60);
    assert_eq!(rig.done.len(), 1, "the stale answer was all they got");
}

#[test]
fn nxdomain_takes_the_place_of_a_stale_answer_and_servfail_does_not() {
    let mut rig = cached_rig(&[1]);
    rig.ask("a.example");
    rig.reply(0, |asked| answer_for(asked, 1));
    rig.advance_to(10_000);
    ask_with_opt(&mut rig, "a.example");
    rig.reply(1, |asked| rcode(asked, 2));
    assert_eq!(rig.stale.len(), 1);
    assert!(
        !ask_with_opt(&mut rig, "a.example"),
        "not asked again so soon"
    );
    assert_eq!(rig.asked.len(), 2);
    rig.advance_to(45_000);
    rig.ask("a.example");
    let authority = [record_of(b"\0", Rtype::SOA, 1, 60, &{
        let mut soa = soa("example");
        soa.splice(soa.len() - 4.., 60u32.to_be_bytes());
        soa
    })];
    rig.reply(2, |asked| response(asked, 3, [&[], &authority, &[]]));
    assert_eq!(rig.only_reply_after(1).rcode().0, 3);
    assert!(!rig.ask("a.example"));
    assert_eq!(rig.said.last().unwrap()[3] & 15, 3);
}

#[test]
fn a_failure_is_kept_and_repeats_cost_no_message() {
    for code in [2, 5] {
        let mut rig = cached_rig(&[1, 2]);
        rig.ask("a.example");
        rig.reply(0, |asked| rcode(asked, code));
        rig.reply(1, |asked| rcode(asked, code));
        for _ in 0..20 {
            rig.advance_to(rig.now + 200);
            assert!(!rig.ask("a.example"));
        }
        assert_eq!(rig.asked.len(), 2);
        assert_eq!(rig.stats.cache_failures.value(), 20);
        rig.advance_to(5_100);
        assert!(rig.ask("a.example"), "after five seconds it is asked again");
    }
}

#[test]
fn a_name_that_is_never_answered_is_kept_as_failing_but_not_those_of_a_dead_server() {
    let rig = cached_rig(&[1]);
    let mut world = World::new(rig, 3).server(1, |asked, _| match asked.message[13] {
        b'd' => Act::Silence,
        _ if asked.at < 10_000 => good(asked, 1),
        _ if asked.at < 20_000 => Act::Silence,
        _ => good(asked, 1),
    });
    world.ask("dead.example");
    world.ask_steadily(50, 2_100);
    world.ask("dead.example");
    assert_eq!(world.ended.last().map(|ended| ended.took_ms), Some(0));
    assert_eq!(world.rig.stats.cache_failures.value(), 1);
    world.run_to(10_000);
    world.ask("live.example");
    world.run_to(19_000);
    world.ask("live.example");
    assert!(!world.ended.last().unwrap().is_good);
    world.run_to(21_100);
    world.ask("live.example");
    world.run_to(22_000);
    assert!(world.ended.last().unwrap().is_good, "found once it is back");
}

#[test]
fn the_target_of_a_chain_is_found_in_the_cache() {
    let mut rig = cached_rig(&[1]);
    rig.ask("db.example");
    rig.reply(0, |asked| answer_for(asked, 60));
    let query = query(9, RD, "ext.ns", Rtype::A, b"");
    let target = NameBuf::parse("db.example").unwrap();
    let question = Question::of(&query).renamed(FoldedName::of(target.as_name()));
    let chain = vec![Cname {
        target,
        ttl_secs: 30,
    }];
    assert!(!rig.ask_for(&question, &query, chain));
    let header = Header::parse(&rig.said[0]).unwrap();
    assert_eq!((header.ancount, rig.asked.len()), (2, 1));
}

#[test]
fn sixty_equal_questions_to_two_resolvers_make_one_upstream_question() {
    for cache in [None, Some(CacheConfig::default())] {
        let shared = Arc::new(Shared::new(2, cache.clone(), 7));
        let (mut first, mut second) = two_rigs(&shared);
        for _ in 0..30 {
            assert!(first.ask("a.example"));
            assert!(second.ask("a.example"));
        }
        assert_eq!((first.asked.len(), second.asked.len()), (1, 0));
        second.advance_to(100);
        first.advance_to(100);
        first.reply(0, answer);
        assert_eq!(first.woken, [1]);
        second.take_mail();
        assert_eq!((first.done.len(), second.done.len()), (30, 30));
        assert_eq!(second.forwarder.poll_timeout(), None);
        let asked_again = second.ask("a.example");
        assert_eq!(asked_again, cache.is_none(), "the cache is one for both");
    }
}

#[test]
fn who_joined_another_resolver_waits_no_longer_than_its_own_budget() {
    let (mut first, mut second) = two_rigs(&shared(2));
    first.ask("a.example");
    second.ask("a.example");
    second.advance_to(10_000);
    assert_eq!(second.only_failure().0, 2_000);
    assert!(second.asked.is_empty());
    first.reply(0, |asked| rcode(asked, 2));
    assert!(first.woken.is_empty(), "it has left");
    second.take_mail();
    assert_eq!(second.done.len(), 1);
}

#[test]
fn who_joined_a_resolver_that_goes_is_told_so() {
    let (mut first, mut second) = two_rigs(&shared(2));
    first.ask("a.example");
    second.ask("a.example");
    drop(first);
    second.take_mail();
    assert_eq!(second.only_failure().0, 0, "at once");
    second.ask("a.example");
    assert_eq!(second.asked.len(), 1, "the question is free again");
}

#[test]
fn failures_reach_those_who_joined_another_resolver() {
    let (mut first, mut second) = two_rigs(&shared(2));
    first.ask("a.example");
    second.ask("a.example");
    first.reply(0, |asked| rcode(asked, 5));
    second.take_mail();
    assert_eq!(second.only_failure(), first.only_failure());
}

#[test]
fn stale_answers_come_after_the_configured_time() {
    let config = ResolverConfig {
        stale_after_ms: 300,
        ..plain()
    };
    let route = route(&[1], Strategy::Sequential);
    let mut rig = Rig::of_route(route, &config, Some((shared(1), 0)));
    rig.ask("a.example");
    rig.reply(0, |asked| answer_for(asked, 1));
    rig.advance_to(5_000);
    rig.ask("a.example");
    rig.advance_to(6_000);
    assert_eq!(rig.stale[0].at, 5_300);
}
