//! List and flush.

use super::fixture::*;
use crate::cache::{Cache, EntryContent, Filter};
use crate::reply::Failure;
use crate::wire::{NameBuf, Rcode, Rtype};

fn filled() -> Cache {
    let cache = cache();
    for name in ["a.example", "b.a.example", "xa.example", "other"] {
        let asked = question(name, Rtype::A);
        keep(&cache, START, &noerror(&asked, &[a(name, 60)]));
    }
    cache
}

fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

#[test]
fn an_entry_is_shown_with_its_records() {
    let cache = cache();
    let asked = question("a.example", Rtype::AAAA);
    let message = Message {
        answers: [cname("a.example", 50, "b.example")].to_vec(),
        ..nxdomain(&asked, &[soa("example", 40, 60)])
    };
    keep(&cache, START, &message);
    let views = cache.entries(after(10), &Filter::All, 10);
    let [view] = &views[..] else {
        panic!("{views:?}");
    };
    assert_eq!(
        (&view.name, view.rtype, view.group),
        (&name("a.example"), Rtype::AAAA, 1)
    );
    assert!(view.flags.recursion_desired && !view.flags.checking_disabled);
    assert_eq!(view.left_secs, 30);
    assert!(view.octets > 0 && view.octets < cache.usage().octets);
    let EntryContent::Answer { rcode, records } = &view.content else {
        panic!("{view:?}");
    };
    assert_eq!(*rcode, Rcode::NXDOMAIN);
    assert_eq!(records[0].rdata, name("b.example").as_name().as_wire());
    assert_eq!((records[0].rtype, records[0].ttl_secs), (Rtype::CNAME, 40));
    assert_eq!(
        (&records[1].owner, records[1].ttl_secs),
        (&name("example"), 30)
    );
}

#[test]
fn stale_entries_and_failures_are_shown_and_dead_ones_are_not() {
    let cache = filled();
    cache.keep_failure(after(99), &key("gone.example", Rtype::A), Failure::TimedOut);
    let views = cache.entries(after(100), &Filter::All, 10);
    assert_eq!(views.len(), 5);
    for view in views {
        if view.name == name("gone.example") {
            assert_eq!(view.content, EntryContent::Failure(Failure::TimedOut));
            assert_eq!(view.left_secs, 4);
        } else {
            assert_eq!(view.left_secs, -40);
        }
    }
    assert!(cache.entries(after(90_000), &Filter::All, 10).is_empty());
}

#[test]
fn a_name_and_a_suffix_are_filters_and_the_list_has_a_limit() {
    let cache = filled();
    let count = |filter: &Filter, limit| cache.entries(START, filter, limit).len();
    assert_eq!(count(&Filter::All, 10), 4);
    assert_eq!(count(&Filter::All, 3), 3);
    assert_eq!(count(&Filter::Name(name("A.example")), 10), 1);
    assert_eq!(count(&Filter::Suffix(name("a.example")), 10), 2);
    assert_eq!(count(&Filter::Suffix(name(".")), 10), 4);
    let of_type = |rtype| Filter::OfType(rtype, Filter::Suffix(name("a.example")).into());
    assert_eq!(count(&of_type(Rtype::A), 10), 2);
    assert_eq!(count(&of_type(Rtype::AAAA), 10), 0);
}

#[test]
fn a_flush_removes_what_its_filter_takes_and_no_more() {
    let cache = filled();
    assert_eq!(cache.flush(&Filter::Name(name("example"))), 0);
    assert_eq!(cache.flush(&Filter::Suffix(name("a.example"))), 2);
    assert!(ask(&cache, START, &question("b.a.example", Rtype::A)).is_none());
    assert!(ask(&cache, START, &question("xa.example", Rtype::A)).is_some());
    assert_eq!(cache.flush(&Filter::Name(name("other"))), 1);
    assert_eq!(cache.flush(&Filter::All), 1);
    assert_eq!(cache.usage().entries, 0);
    assert_eq!(cache.usage().evictions, 0);
    assert_eq!(
        cache.usage().octets,
        crate::cache::tests::fixture::cache().usage().octets
    );
}
