//! What the client gets of an upstream's answer.

use crate::messages::{
    self, AA, AD, CD, FOREIGN_OPT, QUESTION, RD, TC, opt, query, record, response, soa, wire,
};
use crate::rig::Rig;
use dns_core::answer::Cname;
use dns_core::query::Query;
use dns_core::question::Question;
use dns_core::wire::{FoldedName, Header, RawRecord, Reader, Rtype};
use dns_core::{NameBuf, Transport};

/// The client's answer to `query` when the upstream sends these sections.
fn answer(query: Query, transport: Transport, flags: u16, sections: [&[Vec<u8>]; 3]) -> Vec<u8> {
    let mut rig = Rig::new(&[1]);
    rig.ask_query(query);
    rig.reply(0, |asked| response(asked, flags, sections));
    let waiter = &mut rig.done[0].waiter;
    waiter.client.transport = transport;
    rig.only_answer()
}

fn a_query(flags: u16, opt: &[u8]) -> Query {
    query(0xbeef, flags, "A.exaMple", Rtype::A, opt)
}

fn address(last: u8) -> Vec<u8> {
    record(QUESTION, Rtype::A, &[192, 0, 2, last])
}

fn header(message: &[u8]) -> Header {
    Header::parse(message).unwrap()
}

/// All records, with the octets of their data.
fn records(message: &[u8]) -> Vec<(RawRecord, Vec<u8>)> {
    let Header {
        ancount,
        nscount,
        arcount,
        ..
    } = header(message);
    let mut reader = Reader::after_header(message);
    reader.name().unwrap();
    reader.octets(4).unwrap();
    let mut records = Vec::new();
    for _ in 0..ancount + nscount + arcount {
        let record = reader.record().unwrap();
        records.push((record, message[record.rdata_at..record.end()].to_vec()));
    }
    assert!(reader.is_at_end());
    records
}

#[test]
fn records_pass_octet_by_octet_behind_our_header_and_the_askers_spelling() {
    let sections: [&[Vec<u8>]; 3] = [
        &[
            record(QUESTION, Rtype::CNAME, b"\x01B\xc0\x0e"),
            record(b"\xc0\x27", Rtype::A, &[1; 4]),
        ],
        &[record(b"\xc0\x0e", Rtype::NS, b"\x02ns\xc0\x0e")],
        &[record(b"\x02ns\xc0\x0e", Rtype::A, &[2; 4])],
    ];
    let out = answer(a_query(RD | CD, b""), Transport::Udp, AA, sections);
    assert_eq!(
        header(&out),
        Header {
            id: 0xbeef,
            flags: 0x8080 | AA | RD | CD,
            qdcount: 1,
            ancount: 2,
            nscount: 1,
            arcount: 1
        }
    );
    assert_eq!(out[12..27], *b"\x01A\x07exaMple\0\0\x01\0\x01");
    assert_eq!(out[27..], sections.concat().concat());
}

#[test]
fn flags_of_the_upstream_that_are_not_its_word_are_not_passed() {
    let flags = AA | TC | AD | RD | CD | 0x40 | 3;
    let mut rig = Rig::new(&[1]);
    rig.ask_query(a_query(0, b""));
    rig.reply(0, |asked| response(asked, flags, [&[], &[], &[]]));
    rig.reply(1, |asked| response(asked, flags, [&[], &[], &[]]));
    assert_eq!(header(&rig.only_answer()).flags, 0x8080 | AA | TC | 3);
}

#[test]
fn ad_is_passed_to_those_who_asked_for_it() {
    for (flags, opt, passed) in [
        (RD, Vec::new(), false),
        (RD, opt(1232, false), false),
        (RD | AD, Vec::new(), true),
        (RD, opt(1232, true), true),
    ] {
        let out = answer(
            a_query(flags, &opt),
            Transport::Udp,
            AD,
            [&[address(1)], &[], &[]],
        );
        assert_eq!(header(&out).authentic_data(), passed);
    }
}

#[test]
fn the_opt_record_is_ours_and_only_for_those_who_sent_one() {
    let foreign = [FOREIGN_OPT.to_vec(), record(b"\0", Rtype::TXT, b"\x01x")];
    let plain = answer(
        a_query(RD, b""),
        Transport::Udp,
        0,
        [&[address(1)], &[], &foreign],
    );
    assert_eq!(header(&plain).arcount, 0);
    assert!(plain.ends_with(&address(1)));
    for dnssec_ok in [false, true] {
        let sections: [&[Vec<u8>]; 3] = [&[address(1)], &[], &foreign];
        let out = answer(
            a_query(RD, &opt(4096, dnssec_ok)),
            Transport::Udp,
            0,
            sections,
        );
        assert_eq!(header(&out).arcount, 1);
        let expected = [address(1), opt(1232, dnssec_ok)].concat();
        assert_eq!(out[27..], expected);
    }
}

#[test]
fn an_answer_too_long_for_the_client_ends_at_a_record_with_tc() {
    let many: Vec<Vec<u8>> = (0..200).map(address).collect();
    let extra = [record(b"\0", Rtype::NS, b"\0")];
    for (opt, transport, limit) in [
        (Vec::new(), Transport::Udp, 512),
        (opt(600, false), Transport::Udp, 600),
        (opt(27 + 11 + 35 * 16, false), Transport::Udp, 598),
        (opt(1232, true), Transport::Udp, 1_232),
        (opt(4096, false), Transport::Udp, 1_232),
    ] {
        let sections: [&[Vec<u8>]; 3] = [&many, &extra, &extra];
        let out = answer(a_query(RD, &opt), transport, 0, sections);
        assert!(header(&out).is_truncated());
        assert!(
            out.len() <= limit && out.len() + 16 > limit,
            "{} of {limit}",
            out.len()
        );
        let kept = (limit - 27 - opt.len()) / 16;
        assert_eq!(usize::from(header(&out).ancount), kept);
        assert_eq!(usize::from(header(&out).nscount), 0);
        assert_eq!(records(&out).len(), kept + usize::from(!opt.is_empty()));
    }
    let out = answer(
        a_query(RD, &opt(512, false)),
        Transport::Tcp,
        0,
        [&many, &extra, &extra],
    );
    assert!(!header(&out).is_truncated());
    assert_eq!(records(&out).len(), 203);
}

#[test]
fn additional_records_go_first_and_are_not_missed() {
    let answers: Vec<Vec<u8>> = (0..25).map(address).collect();
    let extra: Vec<Vec<u8>> = (0..25).map(address).collect();
    let out = answer(a_query(RD, b""), Transport::Udp, 0, [&answers, &[], &extra]);
    let Header {
        ancount, arcount, ..
    } = header(&out);
    assert_eq!((ancount, arcount), (25, 5));
    assert!(!header(&out).is_truncated());
    let out = answer(
        a_query(RD, b""),
        Transport::Udp,
        0,
        [&answers, &extra, &extra],
    );
    let Header {
        ancount,
        nscount,
        arcount,
        ..
    } = header(&out);
    assert_eq!((ancount, nscount, arcount), (25, 5, 0));
    assert!(header(&out).is_truncated());
}

#[test]
fn the_longest_message_loses_a_record_when_our_opt_does_not_fit_behind_it() {
    let filler = 65_535 - 27 - 12 - 12 - 4;
    let strings: Vec<u8> = (0..filler)
        .map(|at| {
            if at % 256 == 0 {
                255.min(filler - at - 1) as u8
            } else {
                b'x'
            }
        })
        .collect();
    let answers = [record(QUESTION, Rtype::TXT, &strings), address(1)];
    let out = answer(a_query(RD, b""), Transport::Tcp, 0, [&answers, &[], &[]]);
    assert_eq!((out.len(), header(&out).ancount), (65_535, 2));
    let out = answer(
        a_query(RD, &opt(512, false)),
        Transport::Tcp,
        0,
        [&answers, &[], &[]],
    );
    assert_eq!((out.len(), header(&out).ancount), (65_535 - 16 + 11, 1));
    assert!(header(&out).is_truncated());
}

/// The answer to a client that asked for `Ext.ns` and is led to `db.example` by the table.
fn composed(opt: &[u8], flags: u16, sections: [&[Vec<u8>]; 3]) -> Vec<u8> {
    let query = query(0xbeef, RD | AD, "Ext.ns", Rtype::A, opt);
    let target = |text, ttl_secs| Cname {
        target: NameBuf::parse(text).unwrap(),
        ttl_secs,
    };
    let chain = vec![
        target("ext.ns.svc.cluster.local", 30),
        target("db.example", 7),
    ];
    let name = FoldedName::of(chain[1].target.as_name());
    let question = Question::of(&query).renamed(name);
    let mut rig = Rig::new(&[1]);
    rig.ask_for(&question, &query, chain);
    assert_eq!(rig.asked[0].message[12..24], *b"\x02db\x07example\0");
    rig.reply(0, |asked| response(asked, flags, sections));
    if rig.done.is_empty() {
        rig.reply(1, |asked| response(asked, flags, sections));
    }
    rig.only_answer()
}

#[test]
fn cnames_of_ours_stand_in_front_of_the_upstreams_records() {
    let sections: [&[Vec<u8>]; 3] = [
        &[
            record(QUESTION, Rtype::CNAME, b"\x03cdn\xc0\x0f"),
            record(b"\x03cdn\xc0\x0f", Rtype::A, &[1; 4]),
            record(b"\x03cdn\xc0\x0f", Rtype::A, &[2; 4]),
        ],
        &[record(b"\xc0\x0f", Rtype::NS, b"\x02ns\xc0\x0f")],
        &[FOREIGN_OPT.to_vec()],
    ];
    let out = composed(&opt(1232, false), AD, sections);
    assert_eq!(header(&out).flags, 0x8080 | AA | RD);
    assert_eq!(out[12..20], *b"\x03Ext\x02ns\0");
    let mut seen = Vec::new();
    for (record, rdata) in records(&out) {
        seen.push((
            record.owner.as_name().to_string(),
            record.rtype,
            record.ttl_secs,
            rdata,
        ));
    }
    let row =
        |owner: &str, rtype, ttl, rdata: &[u8]| (owner.to_owned(), rtype, ttl, rdata.to_vec());
    assert_eq!(
        seen[..5],
        [
            row(
                "ext.ns",
                Rtype::CNAME,
                30,
                &wire("ext.ns.svc.cluster.local")
            ),
            row(
                "ext.ns.svc.cluster.local",
                Rtype::CNAME,
                7,
                &wire("db.example")
            ),
            row("db.example", Rtype::CNAME, 60, &wire("cdn.example")),
            row("cdn.example", Rtype::A, 60, &[1; 4]),
            row("cdn.example", Rtype::A, 60, &[2; 4]),
        ]
    );
    assert_eq!(seen.len(), 6, "and our OPT");
}

#[test]
fn a_negative_answer_keeps_its_code_and_soa_behind_the_cnames() {
    let authorities = [
        record(
            b"\xc0\x0f",
            Rtype::SOA,
            &[b"\x02ns\xc0\x0f\xc0\x0c".as_slice(), &[9; 20]].concat(),
        ),
        record(b"\xc0\x0f", Rtype::NSEC, &[0; 8]),
    ];
    let out = composed(b"", 3, [&[], &authorities, &[]]);
    let Header {
        ancount,
        nscount,
        arcount,
        ..
    } = header(&out);
    assert_eq!(
        (header(&out).rcode().0, ancount, nscount, arcount),
        (3, 2, 1, 0)
    );
    let (soa, rdata) = &records(&out)[2];
    assert_eq!(soa.owner.as_name().to_string(), "example");
    assert_eq!(
        *rdata,
        [wire("ns.example"), wire("db.example"), vec![9; 20]].concat()
    );
}

#[test]
fn names_in_data_are_expanded_and_other_data_is_copied() {
    let answers = [
        record(QUESTION, Rtype::MX, b"\0\x0a\x02mx\xc0\x0f"),
        record(QUESTION, Rtype::SRV, b"\0\x01\0\x02\0\x50\xc0\x0c"),
        record(QUESTION, Rtype(65_400), b"\xc0\x0c"),
    ];
    let out = composed(b"", 0, [&answers, &[], &[]]);
    let data: Vec<Vec<u8>> = records(&out)
        .into_iter()
        .skip(2)
        .map(|(_, rdata)| rdata)
        .collect();
    let expected = [
        [b"\0\x0a".to_vec(), wire("mx.example")].concat(),
        [b"\0\x01\0\x02\0\x50".to_vec(), wire("db.example")].concat(),
        b"\xc0\x0c".to_vec(),
    ];
    assert_eq!(data, expected);
}

#[test]
fn a_composed_answer_too_long_for_the_client_has_tc_and_fits() {
    let many: Vec<Vec<u8>> = (0..100).map(address).collect();
    let soa = [record(b"\0", Rtype::SOA, &soa("example"))];
    for (opt, limit) in [(Vec::new(), 512), (opt(1232, false), 1_232)] {
        let out = composed(&opt, 0, [&many, &soa, &[]]);
        assert!(header(&out).is_truncated());
        assert!(out.len() <= limit && out.len() + 16 > limit);
        assert_eq!(
            records(&out).len() - usize::from(!opt.is_empty()),
            usize::from(header(&out).ancount)
        );
    }
    assert!(
        !header(&composed(
            b"",
            0,
            [&[messages::record(QUESTION, Rtype::A, &[1; 4])], &[], &[]]
        ))
        .is_truncated()
    );
    assert!(
        header(&composed(b"", TC, [&[address(1)], &[], &[]])).is_truncated(),
        "as upstream"
    );
}
