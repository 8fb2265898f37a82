//! What is kept of an answer, and of which.

use super::fixture::*;
use crate::cache::Caching;
use crate::cache::Freshness;
use crate::question::Question;
use crate::wire::edns::DnssecOk;
use crate::wire::{Header, Rcode, Rtype};

const HOST: &str = "www.example";

#[test]
fn questions_that_differ_in_one_thing_never_share_an_answer() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    keep(&cache, START, &noerror(&asked, &[a(HOST, 60)]));
    assert!(cache.find(START, &key_of(&asked, 1), |_| ()).is_some());
    let mut others = [(); 5].map(|()| asked.clone());
    others[0].name = question("wwx.example", Rtype::A).name;
    others[1].rtype = Rtype::AAAA;
    others[2].dnssec_ok = DnssecOk::Set;
    others[3].checking_disabled = true;
    others[4].recursion_desired = false;
    for other in &others {
        assert!(
            cache.find(START, &key_of(other, 1), |_| ()).is_none(),
            "{other:?}"
        );
    }
    assert!(cache.find(START, &key_of(&asked, 2), |_| ()).is_none());
}

#[test]
fn the_reply_to_another_question_is_not_kept() {
    let cache = cache();
    let reply = noerror(
        &question("longer.example", Rtype::A),
        &[a("longer.example", 60)],
    )
    .reply();
    cache.keep(START, &key(HOST, Rtype::A), &reply, &Caching::default());
    assert_eq!(cache.usage().entries, 0);
}

#[test]
fn of_authority_and_additional_section_nothing_is_kept() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let message = Message {
        authorities: [ns(HOST, 60), soa("example", 60, 60)].to_vec(),
        additionals: [a("ns.www.example", 60)].to_vec(),
        ..noerror(&asked, &[a(HOST, 60)])
    };
    keep(&cache, START, &message);
    let told = ask(&cache, START, &asked).unwrap();
    assert_eq!(told.records, [(Rtype::A, 60)]);
    assert_eq!(
        cache.usage().entries,
        1,
        "no entry is made of other records"
    );
    assert!(ask(&cache, START, &question("ns.www.example", Rtype::A)).is_none());
    assert!(ask(&cache, START, &question(HOST, Rtype::NS)).is_none());
}

#[test]
fn a_chain_is_kept_whole_for_its_shortest_ttl() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let chain = [
        cname(HOST, 300, "b.example"),
        cname("b.example", 20, "c.example"),
        a("c.example", 60),
    ];
    keep(&cache, START, &noerror(&asked, &chain));
    let told = ask(&cache, after(19), &asked).unwrap();
    let ttls = told.records.iter().map(|(_, ttl_secs)| *ttl_secs);
    assert!(ttls.eq([281, 1, 41]));
    assert_eq!(told.freshness, Freshness::Fresh);
    assert!(ask(&cache, after(20), &asked).unwrap().freshness.is_stale());
    assert!(ask(&cache, START, &question("c.example", Rtype::A)).is_none());
}

#[test]
fn ttls_are_capped_by_the_cache_and_the_route() {
    let asked = question(HOST, Rtype::A);
    let message = noerror(&asked, &[a(HOST, 5_000)]);
    let cache = cache_with(|config| config.ttl_max_secs = 100);
    keep(&cache, START, &message);
    assert_eq!(ask(&cache, START, &asked).unwrap().records[0].1, 100);
    assert!(
        ask(&cache, after(100), &asked)
            .unwrap()
            .freshness
            .is_stale()
    );
    let caching = Caching {
        ttl_max_secs: Some(9),
        ..Caching::default()
    };
    keep_as(&cache, START, &message, &caching);
    assert_eq!(ask(&cache, START, &asked).unwrap().records[0].1, 9);
}

#[test]
fn a_route_may_keep_nothing() {
    let cache = cache();
    let caching = Caching {
        is_on: false,
        ..Caching::default()
    };
    let asked = question(HOST, Rtype::A);
    keep_as(&cache, START, &noerror(&asked, &[a(HOST, 60)]), &caching);
    assert_eq!(cache.usage().entries, 0);
}

#[test]
fn a_negative_answer_lives_as_its_soa_says() {
    let asked = question(HOST, Rtype::A);
    for (ttl, minimum, caching, lives) in [
        (60, 30, None, 30),
        (20, 30, None, 20),
        (9_000, 9_000, None, 1_800),
        (60, 30, Some(5), 5),
    ] {
        let authorities = [soa("example", ttl, minimum)];
        for message in [nxdomain(&asked, &authorities), nodata(&asked, &authorities)] {
            let cache = cache();
            let caching = Caching {
                negative_ttl_max_secs: caching,
                ..Caching::default()
            };
            keep_as(&cache, START, &message, &caching);
            let told = ask(&cache, START, &asked).unwrap();
            assert_eq!(told.records, [(Rtype::SOA, lives)]);
            assert_eq!(told.header.rcode(), message.header.rcode());
            let end = u64::from(lives);
            assert!(
                !ask(&cache, after(end - 1), &asked)
                    .unwrap()
                    .freshness
                    .is_stale()
            );
            assert!(
                ask(&cache, after(end), &asked)
                    .unwrap()
                    .freshness
                    .is_stale()
            );
        }
    }
}

#[test]
fn a_negative_answer_without_the_soa_of_its_zone_is_not_kept() {
    let asked = question(HOST, Rtype::A);
    let chain = [cname(HOST, 60, "b.other")];
    let ended = |message: Message| Message {
        answers: chain.to_vec(),
        ..message
    };
    for message in [
        nxdomain(&asked, &[]),
        nodata(&asked, &[ns("example", 60)]),
        nxdomain(&asked, &[soa("other", 60, 60)]),
        nxdomain(&asked, &[soa("a.www.example", 60, 60)]),
        nxdomain(&asked, &[soa("example", 60, 0)]),
        ended(nodata(&asked, &[])),
        ended(nxdomain(&asked, &[])),
        ended(nxdomain(&asked, &[soa("example", 60, 60)])),
        ended(noerror(&asked, &[])),
    ] {
        let cache = cache();
        keep(&cache, START, &message);
        assert_eq!(cache.usage().entries, 0, "{message:?}");
    }
}

#[test]
fn a_chain_to_nothing_is_kept_by_the_soa_of_its_end() {
    let asked = question(HOST, Rtype::A);
    let message = Message {
        answers: [cname(HOST, 10, "b.other")].to_vec(),
        ..nxdomain(&asked, &[soa("other", 60, 60)])
    };
    let cache = cache();
    keep(&cache, START, &message);
    let told = ask(&cache, after(3), &asked).unwrap();
    assert_eq!(told.records, [(Rtype::CNAME, 7), (Rtype::SOA, 57)]);
    assert!(ask(&cache, after(10), &asked).unwrap().freshness.is_stale());
}

#[test]
fn a_soa_behind_other_records_is_kept_with_names_that_can_be_read() {
    let asked = question(HOST, Rtype::A);
    let cache = cache();
    let authorities = [ns("example", 9), ns("example", 9), soa("example", 60, 60)];
    keep(&cache, START, &nxdomain(&asked, &authorities));
    let reply = cache.find(after(1), &key_of(&asked, 1), |hit| hit.to_reply());
    let reply = reply.flatten().unwrap();
    let kept = reply.authorities().next().unwrap();
    assert_eq!(kept.owner, question("example", Rtype::A).name);
    assert_eq!(kept.ttl_secs, 59);
    let rdata = &reply.message()[kept.rdata_at..kept.end()];
    assert!(rdata.starts_with(b"\x02ns\x03www\x07example\0\x04host\x03www\x07example\0"));
    assert!(rdata.ends_with(&60u32.to_be_bytes()));
    assert_eq!(kept.end(), reply.message().len());
}

#[test]
fn what_is_no_answer_is_not_kept() {
    let asked = question(HOST, Rtype::A);
    let good = noerror(&asked, &[a(HOST, 60)]);
    let with = |header: Header| Message {
        header,
        ..good.clone()
    };
    for message in [
        noerror(&asked, &[a(HOST, 0)]),
        noerror(&asked, &[a(HOST, 60), a(HOST, 0)]),
        with(good.header.with_truncated()),
        with(good.header.with_rcode(Rcode::SERVFAIL)),
        with(good.header.with_rcode(Rcode(6))),
        with(good.header.with_rcode(Rcode::NXDOMAIN)),
        noerror(&asked, &[cname(HOST, 60, HOST)]),
    ] {
        let cache = cache();
        keep(&cache, START, &message);
        assert_eq!(cache.usage().entries, 0, "{message:?}");
    }
}

#[test]
fn an_answer_whose_proof_is_not_kept_is_not_kept() {
    let mut asked = question(HOST, Rtype::A);
    let authorities = [
        soa("example", 60, 60),
        rr("example", Rtype::NSEC, 60, b"\0\0\x01\0"),
    ];
    let proved = |asked: &Question| Message {
        authorities: authorities.to_vec(),
        ..nxdomain(asked, &[])
    };
    let cache = cache();
    keep(&cache, START, &proved(&asked));
    assert!(
        ask(&cache, START, &asked).is_some(),
        "nobody looks at it without DO"
    );
    asked.dnssec_ok = DnssecOk::Set;
    keep(&cache, START, &proved(&asked));
    assert!(ask(&cache, START, &asked).is_none());
}

#[test]
fn newer_word_ends_what_was_kept_even_if_it_is_not_kept() {
    let asked = question(HOST, Rtype::A);
    for newer in [
        noerror(&asked, &[a(HOST, 0)]),
        nxdomain(&asked, &[]),
        nodata(&asked, &[]),
    ] {
        let cache = cache();
        keep(&cache, START, &noerror(&asked, &[a(HOST, 60)]));
        keep(&cache, after(61), &newer);
        assert!(ask(&cache, after(61), &asked).is_none(), "{newer:?}");
    }
    let cache = cache();
    let good = noerror(&asked, &[a(HOST, 60)]);
    keep(&cache, START, &good);
    for silent in [
        good.header.with_truncated(),
        good.header.with_rcode(Rcode::SERVFAIL),
    ] {
        let message = Message {
            header: silent,
            ..good.clone()
        };
        keep(&cache, after(1), &message);
        assert_eq!(ask(&cache, after(1), &asked).unwrap().records[0].1, 59);
    }
}
