//! The seeds that are made by hand: ordinary messages, and each trick that a server has fallen for.

use crate::message::{RD, header, name, opt, query, question, record};
use dns_core::wire::Rtype;

/// A pointer to the question's name.
const ASKED: &[u8] = &[0xc0, 12];

/// Seeds of a target: a name and the octets.
pub fn of(target: &str) -> Vec<(&'static str, Vec<u8>)> {
    match target {
        "query" | "differential" => [queries(), broken_queries()].concat(),
        "reply" => replies(),
        "frames" => streams(),
        "names" => names(),
        _ => Vec::new(),
    }
}

fn queries() -> Vec<(&'static str, Vec<u8>)> {
    let cookie = b"\0\x0a\0\x08clientck";
    let subnet = b"\0\x08\0\x07\0\x01\x18\0\xc0\0\x02";
    let padding = b"\0\x0c\0\x04\0\0\0\0";
    let long = format!("{0}.{0}.{0}.{1}", "l".repeat(63), "m".repeat(61));
    vec![
        (
            "service",
            query(1, "web.ns1.svc.cluster.local", Rtype::A, None),
        ),
        (
            "mixed-case",
            query(
                2,
                "WeB.nS1.sVc.CLUSTER.local",
                Rtype::A,
                Some(&opt(1232, 0, b"")),
            ),
        ),
        (
            "both-families",
            query(
                3,
                "both.ns1.svc.cluster.local",
                Rtype::AAAA,
                Some(&opt(4096, 0x8000, cookie)),
            ),
        ),
        (
            "headless",
            query(4, "db.ns2.svc.cluster.local", Rtype::A, None),
        ),
        (
            "crowd-512",
            query(5, "crowd.ns1.svc.cluster.local", Rtype::A, None),
        ),
        (
            "crowd-1232",
            query(
                6,
                "crowd.ns1.svc.cluster.local",
                Rtype::A,
                Some(&opt(65535, 0, b"")),
            ),
        ),
        ("short", query(7, "web", Rtype::A, None)),
        (
            "search",
            query(
                8,
                "web.ns1.svc.cluster.local.ns1.svc.cluster.local",
                Rtype::A,
                None,
            ),
        ),
        ("nodata", query(9, "api.example.com", Rtype::TXT, None)),
        (
            "wildcard",
            query(10, "a.b.wild.example.com", Rtype::A, None),
        ),
        (
            "nxdomain",
            query(
                11,
                "none.ns1.svc.cluster.local",
                Rtype::A,
                Some(&opt(512, 0, subnet)),
            ),
        ),
        (
            "external-name",
            query(12, "alias.ns1.svc.cluster.local", Rtype::A, None),
        ),
        (
            "srv",
            query(
                13,
                "_http._tcp.port.ns1.svc.cluster.local",
                Rtype::SRV,
                None,
            ),
        ),
        ("ptr", query(14, "1.0.0.10.in-addr.arpa", Rtype::PTR, None)),
        ("soa", query(15, "cluster.local", Rtype::SOA, None)),
        (
            "version",
            query(16, "dns-version.cluster.local", Rtype::TXT, None),
        ),
        (
            "any",
            query(17, "web.ns1.svc.cluster.local", Rtype(255), None),
        ),
        (
            "forwarded",
            query(
                18,
                "www.example.net",
                Rtype::A,
                Some(&opt(1232, 0x8000, padding)),
            ),
        ),
        (
            "forwarded-nothing",
            query(19, "www.example.net", Rtype::MX, None),
        ),
        ("root", query(20, ".", Rtype::NS, Some(&opt(0, 0, b"")))),
        ("one-label", query(21, "x", Rtype::A, None)),
        ("longest-name", query(22, &long, Rtype::A, None)),
        ("empty-host", query(23, "empty.example.com", Rtype::A, None)),
        ("https", query(24, "api.example.com", Rtype(65), None)),
    ]
}

fn broken_queries() -> Vec<(&'static str, Vec<u8>)> {
    let asked = question("web.ns1.svc.cluster.local", Rtype::A);
    let with = |counts, body: &[u8]| [&header(30, RD, counts)[..], &asked, body].concat();
    let flagged = |flags, counts| [&header(31, flags, counts)[..], &asked].concat();
    let raw = |counts, body: &[u8]| [&header(32, RD, counts)[..], body].concat();
    let two_opts = [opt(1232, 0, b""), opt(1232, 0, b"")].concat();
    let mut version_one = opt(1232, 0, b"");
    version_one[6] = 1;
    let chain: Vec<u8> = (0..130u16)
        .flat_map(|i| (0xc000 | (12 + 2 * i)).to_be_bytes())
        .collect();
    let chaos = [&name("version.bind")[..], &[0, 16, 0, 3]].concat();
    let axfr = question("cluster.local", Rtype::AXFR);
    vec![
        ("empty", Vec::new()),
        ("header-only", header(33, RD, [1, 0, 0, 0])),
        ("no-question", header(33, RD, [0, 0, 0, 0])),
        (
            "two-questions",
            [with([2, 0, 0, 0], b""), asked.clone()].concat(),
        ),
        ("response", flagged(0x8180, [1, 0, 0, 0])),
        ("update", flagged(0x2800, [1, 0, 0, 0])),
        ("notify", flagged(0x2000, [1, 0, 0, 0])),
        ("unassigned-opcode", flagged(0x7800, [1, 0, 0, 0])),
        ("all-flags", flagged(0x07ff, [1, 0, 0, 0])),
        ("counts-lie", flagged(RD, [1, 65535, 65535, 65535])),
        ("two-opts", with([1, 0, 0, 2], &two_opts)),
        ("opt-in-authority", with([1, 0, 1, 0], &opt(1232, 0, b""))),
        ("version-one", with([1, 0, 0, 1], &version_one)),
        (
            "option-too-long",
            with([1, 0, 0, 1], &opt(1232, 0, b"\0\x0a\xff\xff")),
        ),
        (
            "opt-of-a-name",
            with([1, 0, 0, 1], &[&[1, b'a'][..], &opt(1232, 0, b"")].concat()),
        ),
        ("trailing", with([1, 0, 0, 0], b"trailing")),
        (
            "answer-in-query",
            with([1, 1, 0, 0], &record(ASKED, Rtype::A, 1, &[1, 2, 3, 4])),
        ),
        (
            "tsig",
            with(
                [1, 0, 0, 1],
                &record(
                    &[0],
                    Rtype(250),
                    0,
                    b"\x01k\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                ),
            ),
        ),
        (
            "pointer-to-itself",
            raw([1, 0, 0, 0], b"\xc0\x0c\0\x01\0\x01"),
        ),
        (
            "pointers-to-each-other",
            raw([1, 0, 0, 0], b"\x01a\xc0\x10\xc0\x0c\0\x01\0\x01"),
        ),
        (
            "pointer-into-header",
            raw([1, 0, 0, 0], b"\x01a\xc0\x00\0\x01\0\x01"),
        ),
        ("pointer-chain", with([1, 0, 0, 1], &chain)),
        ("extended-label", raw([1, 0, 0, 0], b"\x41aa\0\0\x01\0\x01")),
        ("label-without-end", raw([1, 0, 0, 0], b"\x3fabc")),
        (
            "name-too-long",
            raw([1, 0, 0, 0], &[&[63; 256][..], b"\0\0\x01\0\x01"].concat()),
        ),
        ("chaos", raw([1, 0, 0, 0], &chaos)),
        ("axfr", raw([1, 0, 0, 0], &axfr)),
        (
            "octets-in-labels",
            raw([1, 0, 0, 0], b"\x05\0\xff.\\ \x03web\0\0\x01\0\x01"),
        ),
    ]
}

/// The selector of question `which` with id, QR and question made to fit.
fn fitting(which: u8, flags: [u8; 2], counts: [u16; 3], records: &[Vec<u8>]) -> Vec<u8> {
    let mut input = vec![0x80 | which];
    input.extend(flags);
    input.extend(counts.into_iter().flat_map(u16::to_be_bytes));
    input.extend(records.concat());
    input
}

fn soa(owner: &[u8]) -> Vec<u8> {
    let mut data = b"\x02ns\xc0\x0c\x05admin\xc0\x0c".to_vec();
    data.extend(
        [1, 7_200, 900, 86_400, 60u32]
            .into_iter()
            .flat_map(u32::to_be_bytes),
    );
    record(owner, Rtype::SOA, 300, &data)
}

const OK: [u8; 2] = [1, 0x80];

fn replies() -> Vec<(&'static str, Vec<u8>)> {
    let a = |owner: &[u8], last| record(owner, Rtype::A, 60, &[198, 51, 100, last]);
    let target = name("target.example.org");
    let victim = name("victim.example.net");
    let cname = |owner: &[u8], to: &[u8]| record(owner, Rtype::CNAME, 60, to);
    let crowd: Vec<_> = (0..90).map(|last| a(ASKED, last)).collect();
    let srv = [&[0, 1, 0, 2, 0, 80][..], ASKED].concat();
    let rrsig = [
        &[0, 1, 8, 2, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7][..],
        &name("example.com"),
        &[9; 32],
    ]
    .concat();
    let mut extended = opt(1232, 0, b"\0\x0f\0\x02\0\x16");
    extended[5] = 1;
    vec![
        ("address", fitting(0, OK, [1, 0, 0], &[a(ASKED, 1)])),
        (
            "addresses-and-opt",
            fitting(
                0,
                OK,
                [2, 0, 1],
                &[a(ASKED, 1), a(ASKED, 2), opt(1232, 0, b"")],
            ),
        ),
        (
            "signed",
            fitting(
                1,
                [1, 0xa0],
                [2, 0, 1],
                &[
                    record(ASKED, Rtype::AAAA, 60, &[7; 16]),
                    record(ASKED, Rtype(46), 60, &rrsig),
                    opt(1232, 0x8000, b""),
                ],
            ),
        ),
        (
            "chain",
            fitting(0, OK, [2, 0, 0], &[cname(ASKED, &target), a(&target, 1)]),
        ),
        (
            "chain-backwards",
            fitting(0, OK, [2, 0, 0], &[a(&target, 1), cname(ASKED, &target)]),
        ),
        (
            "chain-to-itself",
            fitting(0, OK, [1, 0, 0], &[cname(ASKED, ASKED)]),
        ),
        (
            "chain-in-circles",
            fitting(
                0,
                OK,
                [3, 0, 0],
                &[cname(ASKED, &target), cname(&target, ASKED), a(&target, 3)],
            ),
        ),
        (
            "two-cnames",
            fitting(
                0,
                OK,
                [3, 0, 0],
                &[cname(ASKED, &target), cname(ASKED, &victim), a(&victim, 3)],
            ),
        ),
        (
            "dname",
            fitting(
                0,
                OK,
                [3, 0, 0],
                &[
                    record(&name("example.com"), Rtype::DNAME, 60, &name("example.org")),
                    cname(ASKED, &name("www.example.org")),
                    a(&name("www.example.org"), 4),
                ],
            ),
        ),
        (
            "nxdomain",
            fitting(0, [1, 0x83], [0, 1, 0], &[soa(&[0xc0, 16])]),
        ),
        ("nodata", fitting(3, OK, [0, 1, 0], &[soa(ASKED)])),
        ("nodata-without-soa", fitting(3, OK, [0, 0, 0], &[])),
        (
            "mail",
            fitting(
                4,
                OK,
                [1, 0, 1],
                &[
                    record(ASKED, Rtype::MX, 60, b"\0\x0a\x02mx\xc0\x0c"),
                    a(&[0xc0, 43], 5),
                ],
            ),
        ),
        (
            "location",
            fitting(5, OK, [1, 0, 0], &[record(ASKED, Rtype::SRV, 60, &srv)]),
        ),
        (
            "text",
            fitting(
                3,
                OK,
                [1, 0, 0],
                &[record(ASKED, Rtype::TXT, 60, b"\x03one\0\x04four")],
            ),
        ),
        (
            "https",
            fitting(
                6,
                OK,
                [1, 0, 0],
                &[record(ASKED, Rtype(65), 60, b"\0\x01\0\0\x01\0\x03\x02h2")],
            ),
        ),
        ("external-name", fitting(7, OK, [1, 0, 0], &[a(ASKED, 6)])),
        (
            "external-name-nxdomain",
            fitting(7, [1, 0x83], [0, 1, 0], &[soa(ASKED)]),
        ),
        ("servfail", fitting(0, [1, 0x82], [0, 0, 0], &[])),
        ("refused", fitting(0, [1, 0x85], [0, 0, 0], &[])),
        ("formerr", fitting(0, [0, 0x81], [0, 0, 0], &[])),
        ("badvers", fitting(0, [0, 0x80], [0, 0, 1], &[extended])),
        ("truncated", fitting(0, [3, 0x80], [0, 0, 0], &[])),
        (
            "truncated-with-records",
            fitting(0, [3, 0x80], [1, 0, 0], &[a(ASKED, 7)]),
        ),
        (
            "too-long-for-the-client",
            fitting(0, OK, [90, 0, 0], &crowd),
        ),
        (
            "unrelated-answer",
            fitting(0, OK, [2, 0, 0], &[a(ASKED, 1), a(&victim, 66)]),
        ),
        (
            "unrelated-authority",
            fitting(
                0,
                OK,
                [1, 1, 1],
                &[
                    a(ASKED, 1),
                    record(&name("net"), Rtype::NS, 60, &victim),
                    a(&victim, 66),
                ],
            ),
        ),
        (
            "unrelated-soa",
            fitting(0, [1, 0x83], [0, 1, 0], &[soa(&name("example.net"))]),
        ),
        (
            "ttl-top-bit",
            fitting(
                0,
                OK,
                [1, 0, 0],
                &[record(ASKED, Rtype::A, 0x8000_0001, &[1, 2, 3, 4])],
            ),
        ),
        (
            "ttl-zero",
            fitting(
                0,
                OK,
                [1, 0, 0],
                &[record(ASKED, Rtype::A, 0, &[1, 2, 3, 4])],
            ),
        ),
        (
            "address-too-short",
            fitting(0, OK, [1, 0, 0], &[record(ASKED, Rtype::A, 60, &[1, 2, 3])]),
        ),
        ("count-lies", fitting(0, OK, [9, 0, 0], &[a(ASKED, 1)])),
        (
            "pointer-forwards",
            fitting(0, OK, [1, 0, 0], &[cname(ASKED, &[0xc0, 0x40])]),
        ),
        (
            "other-class",
            fitting(
                0,
                OK,
                [1, 0, 0],
                &[b"\xc0\x0c\0\x01\0\x03\0\0\0\x3c\0\x04\x01\x02\x03\x04".to_vec()],
            ),
        ),
        (
            "opt-in-answer",
            fitting(0, OK, [1, 0, 0], &[opt(1232, 0, b"")]),
        ),
        (
            "two-opts",
            fitting(0, OK, [0, 0, 2], &[opt(1232, 0, b""), opt(1232, 0, b"")]),
        ),
        (
            "octets-behind-opt",
            fitting(
                0,
                OK,
                [1, 0, 2],
                &[a(ASKED, 1), opt(1232, 0, b""), a(&victim, 66)],
            ),
        ),
        (
            "cookie",
            fitting(
                0,
                OK,
                [1, 0, 1],
                &[a(ASKED, 1), opt(1232, 0, b"\0\x0a\0\x10clientckserverck")],
            ),
        ),
        (
            "id-alone",
            [&[0x40][..], &query(0, "www.example.com", Rtype::A, None)].concat(),
        ),
        (
            "other-question",
            [
                &[0x40][..],
                &header(0, 0x8180, [1, 0, 0, 0]),
                &question("victim.example.net", Rtype::A),
            ]
            .concat(),
        ),
        ("garbage", b"\x00not a message at all".to_vec()),
        ("nothing", vec![0]),
    ]
}

fn streams() -> Vec<(&'static str, Vec<u8>)> {
    let framed = |message: &[u8]| [&(message.len() as u16).to_be_bytes()[..], message].concat();
    let asked = framed(&query(1, "web.ns1.svc.cluster.local", Rtype::A, None));
    let with = |cuts: u64, stream: &[u8]| [&cuts.to_be_bytes()[..], stream].concat();
    vec![
        ("one", with(1, &asked)),
        ("pipelined", with(2, &asked.repeat(12))),
        (
            "long-and-short",
            with(
                3,
                &[framed(&[7; 1_000]), framed(b"x"), framed(&[9; 300])].concat(),
            ),
        ),
        ("cut-length", with(4, &[&asked[..], &[0]].concat())),
        ("cut-message", with(5, &asked[..asked.len() - 1])),
        (
            "empty-message",
            with(6, &[&asked[..], &[0, 0], &asked].concat()),
        ),
        (
            "announces-much",
            with(7, &[&[0xff, 0xff][..], &[1; 200]].concat()),
        ),
        ("nothing", with(8, b"")),
        ("singles", with(9, &[0, 1, 65].repeat(40))),
    ]
}

fn names() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("wire", name("web.ns1.svc.cluster.local")),
        ("wire-root", vec![0]),
        ("wire-octets", b"\x05\0\xff.\\ \x03A\"b\0".to_vec()),
        (
            "wire-longest",
            name(&format!("{0}.{0}.{0}.{1}", "l".repeat(63), "m".repeat(61))),
        ),
        ("text", b"Web.ns1.svc.cluster.local.".to_vec()),
        ("text-escapes", b"a\\.b\\\\.\\032\\255\\065.com".to_vec()),
        ("text-root", b".".to_vec()),
        ("text-empty-label", b"a..b".to_vec()),
        ("text-broken-escape", b"a\\25".to_vec()),
        ("text-wildcard", b"*.wild.example.com".to_vec()),
        ("compressed", b"\x05\x03com\0\x07example\xc0\x0d\0".to_vec()),
        (
            "compressed-chain",
            b"\x12\x01a\0\x01b\xc0\x0d\x01c\xc0\x10\x01d\xc0\x14".to_vec(),
        ),
        ("pointer-loop", b"\x01\xc0\x0d\xc0\x0c".to_vec()),
    ]
}
