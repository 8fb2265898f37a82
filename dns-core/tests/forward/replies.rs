//! Which upstream messages are fit to be passed on.

use crate::messages::{FOREIGN_OPT, QUESTION, answer, record, record_of, response, soa, wire};
use crate::rig::Rig;
use dns_core::reply::{Defect, Failure, Outcome};
use dns_core::wire::{Header, ParseError, Rcode, Reader, Rtype};

/// What becomes of these sections as the answer for the address of `a.example`.
fn outcome(sections: [&[Vec<u8>]; 3]) -> Result<Vec<u8>, Defect> {
    outcome_of(|asked| response(asked, 0, sections))
}

fn outcome_of(make: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, Defect> {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    rig.reply(0, make);
    match &rig.done[0].outcome {
        Outcome::Reply(_) => Ok(rig.only_answer()),
        Outcome::Failed(Failure::BadResponse(defect)) => Err(*defect),
        other => panic!("{other:?}"),
    }
}

fn cname(owner: &str, target: &str) -> Vec<u8> {
    record(&wire(owner), Rtype::CNAME, &wire(target))
}

fn address(owner: &str) -> Vec<u8> {
    record(&wire(owner), Rtype::A, &[192, 0, 2, 80])
}

/// What is wrong, the sections, and what it is called.
type Case = (&'static str, [Vec<Vec<u8>>; 3], Defect);

#[test]
fn messages_with_a_defect_are_not_passed_on() {
    let good = || record(QUESTION, Rtype::A, &[1, 1, 1, 1]);
    let opt = || FOREIGN_OPT.to_vec();
    let mut cut_soa = soa("example");
    cut_soa.pop();
    let defects: Vec<Case> = vec![
        (
            "A of 0 octets",
            [vec![record(QUESTION, Rtype::A, b"")], vec![], vec![]],
            Defect::Rdata,
        ),
        (
            "A of 3",
            [
                vec![good(), record(QUESTION, Rtype::A, b"abc")],
                vec![],
                vec![],
            ],
            Defect::Rdata,
        ),
        (
            "A of 16",
            [vec![record(QUESTION, Rtype::A, &[0; 16])], vec![], vec![]],
            Defect::Rdata,
        ),
        (
            "AAAA of 4",
            [vec![record(QUESTION, Rtype::AAAA, &[0; 4])], vec![], vec![]],
            Defect::Rdata,
        ),
        (
            "cut SOA",
            [vec![], vec![record(b"\0", Rtype::SOA, &cut_soa)], vec![]],
            Defect::Rdata,
        ),
        (
            "bad name in NS",
            [vec![], vec![record(b"\0", Rtype::NS, b"\x05a")], vec![]],
            Defect::Rdata,
        ),
        (
            "glue of 5",
            [vec![], vec![], vec![record(b"\0", Rtype::A, b"12345")]],
            Defect::Rdata,
        ),
        (
            "class CH",
            [
                vec![record_of(QUESTION, Rtype::A, 3, 0, &[1; 4])],
                vec![],
                vec![],
            ],
            Defect::Class,
        ),
        (
            "foreign owner",
            [vec![good(), address("evil.test")], vec![], vec![]],
            Defect::Owner,
        ),
        ("two OPT", [vec![], vec![], vec![opt(), opt()]], Defect::Opt),
        ("OPT as answer", [vec![opt()], vec![], vec![]], Defect::Opt),
        (
            "OPT with a name",
            [vec![], vec![], vec![[b"\x01x", FOREIGN_OPT].concat()]],
            Defect::Opt,
        ),
    ];
    for (what, [answers, authorities, additional], defect) in defects {
        assert_eq!(
            outcome([&answers, &authorities, &additional]),
            Err(defect),
            "{what}"
        );
    }
    let trailing = outcome_of(|asked| [answer(asked), vec![0]].concat());
    assert_eq!(trailing, Err(Defect::Malformed(ParseError::TrailingOctets)));
    let missing = outcome_of(|asked| {
        let mut message = answer(asked);
        message[7] = 2;
        message
    });
    assert_eq!(missing, Err(Defect::Malformed(ParseError::Short)));
    let looped = record(b"\xc0\x1b", Rtype::A, &[1, 1, 1, 1]);
    assert_eq!(
        outcome([&[looped], &[], &[]]),
        Err(Defect::Malformed(ParseError::BadPointer))
    );
}

#[test]
fn answers_may_belong_to_any_name_of_the_cname_chain_in_any_order() {
    let chain = [
        cname("a.example", "b.test"),
        cname("b.test", "c.test"),
        address("c.test"),
    ];
    assert!(outcome([&chain, &[], &[]]).is_ok());
    let shuffled = [chain[2].clone(), chain[1].clone(), chain[0].clone()];
    assert!(outcome([&shuffled, &[], &[]]).is_ok());
    let broken = [chain[0].clone(), chain[2].clone()];
    assert_eq!(outcome([&broken, &[], &[]]), Err(Defect::Owner));
    let signature = record(&wire("c.test"), Rtype::RRSIG, &[0; 30]);
    assert!(outcome([&[&chain[..], &[signature]].concat(), &[], &[]]).is_ok());
}

#[test]
fn chains_that_loop_or_have_no_end_do_not_keep_us_busy() {
    let circle = [cname("a.example", "b.test"), cname("b.test", "a.example")];
    assert!(outcome([&circle, &[], &[]]).is_ok());
    let link = |i: usize| cname(&format!("n{i}.test"), &format!("n{}.test", i + 1));
    let mut long = vec![cname("a.example", "n0.test")];
    long.extend((0..1_000).rev().map(link));
    assert_eq!(outcome([&long, &[], &[]]), Err(Defect::Owner));
}

#[test]
fn a_dname_above_the_chain_belongs_with_its_signature_and_no_other() {
    let dname = |owner: &str| record(&wire(owner), Rtype::DNAME, &wire("test"));
    let signature = |owner: &str, covered: Rtype| {
        record(
            &wire(owner),
            Rtype::RRSIG,
            &[&covered.0.to_be_bytes()[..], &[0; 30]].concat(),
        )
    };
    let rest = [cname("a.example", "a.test"), address("a.test")];
    let with = |records: &[Vec<u8>]| outcome([&[records, &rest[..]].concat(), &[], &[]]);
    assert!(with(&[dname("example"), signature("example", Rtype::DNAME)]).is_ok());
    assert_eq!(with(&[dname("other")]), Err(Defect::Owner));
    assert_eq!(
        with(&[dname("example"), signature("example", Rtype::A)]),
        Err(Defect::Owner)
    );
    assert_eq!(with(&[address("example")]), Err(Defect::Owner));
}

#[test]
fn authority_and_additional_records_pass_whatever_their_owner() {
    let ns = record(&wire("example"), Rtype::NS, &wire("ns.test"));
    let glue = address("ns.test");
    let answer = outcome([&[address("a.example")], &[ns], &[glue]]).unwrap();
    let header = Header::parse(&answer).unwrap();
    assert_eq!([header.ancount, header.nscount, header.arcount], [1, 1, 1]);
}

#[test]
fn ttls_are_at_most_a_day_and_impossible_ones_are_zero() {
    for (sent, passed) in [
        (0, 0),
        (60, 60),
        (86_400, 86_400),
        (86_401, 86_400),
        (0x7fff_ffff, 86_400),
        (0x8000_0000, 0),
        (u32::MAX, 0),
    ] {
        let record = record_of(QUESTION, Rtype::A, 1, sent, &[1; 4]);
        let answer = outcome([&[record], &[], &[]]).unwrap();
        let mut reader = Reader::at_offset(&answer, 27);
        assert_eq!(reader.record().unwrap().ttl_secs, passed, "for {sent}");
    }
}

/// An answer with all sections, compressed names and an OPT record.
fn rich(asked: &[u8]) -> Vec<u8> {
    let answers = [
        record(QUESTION, Rtype::CNAME, b"\x01b\xc0\x0e"),
        record(b"\x01b\xc0\x0e", Rtype::A, &[1, 1, 1, 1]),
        record(b"\x01b\xc0\x0e", Rtype::TXT, b"\x02hi"),
    ];
    let authorities = [record(b"\xc0\x0e", Rtype::SOA, &soa("example"))];
    let additional = [
        record(b"\xc0\x0e", Rtype::MX, b"\0\x01\xc0\x0c"),
        FOREIGN_OPT.to_vec(),
    ];
    response(asked, 0, [&answers, &authorities, &additional])
}

#[test]
fn a_message_cut_anywhere_is_never_passed_on() {
    assert!(outcome_of(rich).is_ok());
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    let whole = rich(&rig.asked[0].message);
    for len in 0..whole.len() {
        let mut rig = Rig::new(&[1]);
        rig.ask("a.example");
        rig.reply(0, |_| whole[..len].to_vec());
        let passed = rig
            .done
            .iter()
            .any(|done| matches!(done.outcome, Outcome::Reply(_)));
        assert!(!passed, "cut at {len}");
    }
}

#[test]
fn a_message_with_any_octet_changed_is_passed_on_only_if_it_can_be_read() {
    let mut rig = Rig::new(&[1]);
    rig.ask("a.example");
    let whole = rich(&rig.asked[0].message);
    let mut passed = 0;
    for at in 0..whole.len() {
        for value in [0, 1, 0x3f, 0x40, 0xc0, 0xff, whole[at] ^ 0x20] {
            let mut rig = Rig::new(&[1]);
            rig.ask("a.example");
            let mut message = whole.clone();
            message[at] = value;
            rig.deliver(rig.asked[0].exchange, &message);
            if let Some(Outcome::Reply(_)) = rig.done.first().map(|done| &done.outcome) {
                passed += 1;
                assert_readable(&rig.only_answer());
            }
        }
    }
    assert!(passed > 100, "only {passed} changes were harmless");
}

fn assert_readable(answer: &[u8]) {
    let header = Header::parse(answer).unwrap();
    assert!(header.is_response() && header.qdcount == 1);
    assert!([Rcode::NOERROR, Rcode::NXDOMAIN, Rcode(6)].contains(&header.rcode()));
    let mut reader = Reader::at_offset(answer, 27);
    for _ in 0..header.ancount + header.nscount + header.arcount {
        reader.record().unwrap();
    }
    assert!(reader.is_at_end());
}
