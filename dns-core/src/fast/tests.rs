//! The fast way says what the long way says, octet for octet.

use super::*;
use crate::decide::{Step, decide};
use crate::query::Query;
use crate::table::{HostListBuilder, NamePlace, TableWriter};
use crate::transmit::Transport;
use crate::view::{View, Views};
use crate::wire::NameBuf;
use crate::{
    AddressOrigin, Answers, Completeness, ForwardPolicy, HostAddress, HostEntry, HostKind, Source,
    TableUpdate, Visibility,
};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use proptest::prelude::*;

const HOSTS: &str = "files.test";

fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

fn entry(host: &str, addresses: &[(&str, AddressOrigin)]) -> HostEntry {
    let address = |(ip, origin): &(&str, _)| HostAddress::new(ip.parse().unwrap(), *origin);
    HostEntry {
        addresses: addresses.iter().map(address).collect(),
        ..HostEntry::new(name(host), HostKind::External, Source::default())
    }
}

fn in_the_mesh(host: &str, mesh: AnswerMode) -> HostEntry {
    HostEntry {
        dialled: vec!["198.51.100.1".parse().unwrap()],
        answers: Answers {
            mesh: Some(mesh),
            no_proxy: Some(AnswerMode::Vip),
            outside: Some(AnswerMode::Vip),
            is_withheld: host.starts_with("withheld"),
        },
        ..entry(host, &[("250.0.0.3", AddressOrigin::Allotted)])
    }
}

fn entries() -> Vec<HostEntry> {
    use AddressOrigin::{Allotted, Pinned};
    let many: Vec<_> = (0..100).map(|i| format!("10.0.0.{i}")).collect();
    let many: Vec<_> = many.iter().map(|ip| (ip.as_str(), Pinned)).collect();
    let mut networked = entry("networked.test", &[("10.0.0.1", Pinned)]);
    networked.addresses[0].network = Some("net1".into());
    vec![
        entry("one.test", &[("10.0.0.1", Pinned)]),
        entry(
            "two.zone.test",
            &[("10.0.0.1", Pinned), ("10.0.0.2", Pinned)],
        ),
        entry(
            "both.test",
            &[("10.0.0.1", Pinned), ("2001:db8::1", Pinned)],
        ),
        entry(
            "vip.test",
            &[("250.0.0.1", Allotted), ("2001:2::1", Allotted)],
        ),
        entry(
            "mixed.test",
            &[("2001:db8::1", Pinned), ("2001:2::1", Allotted)],
        ),
        entry("many.test", &many),
        networked,
        HostEntry {
            visibility: Visibility::Namespaces(["ns1".into()].into()),
            ..entry("hidden.test", &[("10.0.0.1", Pinned)])
        },
        HostEntry {
            cname: Some(name("one.test")),
            ..entry("external.test", &[])
        },
        HostEntry {
            ttl_secs: Some(7),
            ..entry("short-lived.test", &[("10.0.0.1", Pinned)])
        },
        entry("empty.test", &[]),
        HostEntry {
            dialled: vec!["198.51.100.1".parse().unwrap()],
            ..entry("product.test", &[("250.0.0.2", Allotted)])
        },
        in_the_mesh("mesh-vip.test", AnswerMode::Vip),
        in_the_mesh("withheld.test", AnswerMode::Vip),
        in_the_mesh("mesh-endpoints.test", AnswerMode::Endpoints),
        in_the_mesh("mesh-forward.zone.test", AnswerMode::Forward),
        entry("*.wild.test", &[("10.0.0.1", Pinned)]),
    ]
}

fn snapshot(zones: &[&str], view: View) -> Snapshot {
    let mut list = HostListBuilder::new("hosts".into());
    let mut add = |host: &str, ip: &str, line| {
        list.add(
            name(host).as_name(),
            ip.parse().unwrap(),
            line,
            NamePlace::Canonical,
        );
    };
    add(HOSTS, "192.0.2.1", 1);
    add("one.test", "192.0.2.9", 2);
    add("empty.test", "192.0.2.3", 3);
    add(HOSTS, "192.0.2.2", 4);
    add(HOSTS, "2001:db8::9", 5);
    let mut writer = TableWriter::new(5);
    writer.set_hosts(vec![Arc::new(list.finish())]);
    Snapshot {
        table: writer.apply(TableUpdate::Replace(entries()), Completeness::Complete),
        views: Views::single(view),
        zones: zones.iter().map(|zone| name(zone)).collect(),
        forward: ForwardPolicy::default(),
    }
}

fn client(transport: Transport) -> Client {
    Client {
        address: "192.0.2.77:4000".parse().unwrap(),
        transport,
        token: 0,
    }
}

fn fast_answer(snapshot: &Snapshot, client: Client, message: &[u8]) -> Option<Vec<u8>> {
    let mut scratch = [0; FastQuestion::SCRATCH_LEN];
    let question = FastQuestion::read(message, &mut scratch)?;
    let (config, stats, mut out) = (ResolverConfig::default(), Stats::default(), vec![9]);
    let answered = answer(snapshot, &config, client, &question, 3, &stats, &mut out);
    let is_answered = answered == Shortcut::Answered;
    assert_eq!(
        is_answered,
        out != [9],
        "nothing is written without an answer"
    );
    is_answered.then(|| out.split_off(1))
}

fn long_answer(snapshot: &Snapshot, client: Client, message: &[u8]) -> Vec<u8> {
    let query = Query::parse(message).expect("what the fast way reads can be read");
    let config = ResolverConfig::default();
    let Step::Answer(answer) = decide(snapshot, &config, client, &query, 3) else {
        panic!("what the fast way answers is not forwarded");
    };
    let mut out = Vec::new();
    answer.encode(&query, client.transport, snapshot.recursion(), &mut out);
    out
}

fn question(host: &str, rtype: u16, flags: u16, opt: Option<(u16, bool, &[u8])>) -> Vec<u8> {
    let mut message = vec![0x12, 0x34];
    message.extend(flags.to_be_bytes());
    message.extend([0, 1, 0, 0, 0, 0, 0, u8::from(opt.is_some())]);
    message.extend(mixed_case(&name(host)));
    message.extend(rtype.to_be_bytes());
    message.extend([0, 1]);
    if let Some((size, dnssec_ok, options)) = opt {
        message.extend([0, 0, 41]);
        message.extend(size.to_be_bytes());
        message.extend([0, 0, if dnssec_ok { 0x80 } else { 0 }, 0]);
        message.extend((options.len() as u16).to_be_bytes());
        message.extend(options);
    }
    message
}

fn mixed_case(name: &NameBuf) -> Vec<u8> {
    let upper_odd = |(i, octet): (usize, &u8)| {
        if i % 2 == 1 {
            octet.to_ascii_uppercase()
        } else {
            *octet
        }
    };
    name.as_name()
        .as_wire()
        .iter()
        .enumerate()
        .map(upper_odd)
        .collect()
}

fn hosts() -> impl Strategy<Value = String> {
    let named: Vec<String> = entries()
        .iter()
        .map(|entry| format!("{}", entry.name))
        .collect();
    let others = [
        HOSTS,
        "test",
        "a.wild.test",
        "zone.test",
        "nothing.test",
        "x.zone.test",
    ];
    let all: Vec<_> = named.into_iter().chain(others.map(String::from)).collect();
    proptest::sample::select(all)
}

proptest! {
    #[test]
    fn it_says_what_the_long_way_says(
        host in hosts(),
        rtype in proptest::sample::select(vec![1u16, 28, 16, 33, 65, 255, 5, 12, 6, 0, 252]),
        flags in proptest::sample::select(vec![0u16, 0x0100, 0x0110, 0x0130, 0x0140]),
        opt in proptest::option::of((prop_oneof![Just(512u16), Just(1232), any::<u16>()],
            any::<bool>(), proptest::sample::select(vec![&b""[..], b"\0\x0a\0\x01x"]))),
        zones in proptest::sample::select(vec![&[][..], &["zone.test"], &["test"]]),
        families in proptest::sample::select(vec![Families::V4, Families::BOTH]),
        transport in proptest::sample::select(vec![Transport::Udp, Transport::Tcp]),
        namespace in proptest::option::of(Just("ns1")),
        answer in proptest::sample::select(vec![AnswerMode::Vip, AnswerMode::Vip,
            AnswerMode::Endpoints, AnswerMode::Forward]),
    ) {
        let view = View {
            families,
            answer,
            namespace: namespace.map(Into::into),
            ..View::new(name("cluster.local"))
        };
        let snapshot = snapshot(zones, view);
        let message = question(&host, rtype, flags, opt);
        if let Some(fast) = fast_answer(&snapshot, client(transport), &message) {
            prop_assert_eq!(fast, long_answer(&snapshot, client(transport), &message));
        }
    }

    #[test]
    fn it_reads_nothing_that_cannot_be_read(octets in proptest::collection::vec(any::<u8>(), 0..80),
        flags in any::<u16>()) {
        let mut message = vec![1, 2, (flags >> 8) as u8 & 0x87, flags as u8, 0, 1, 0, 0, 0, 0, 0, 0];
        message[11] = octets.len() as u8 & 1;
        message.extend(&octets);
        let mut scratch = [0; FastQuestion::SCRATCH_LEN];
        if let Some(question) = FastQuestion::read(&message, &mut scratch) {
            let query = Query::parse(&message);
            prop_assert!(query.is_ok(), "{:?}", query);
            let query = query.unwrap();
            prop_assert_eq!(question.wire(), query.name.as_name().as_wire());
            prop_assert_eq!((question.rtype, question.edns), (query.rtype, query.edns));
        }
    }
}

#[test]
fn the_usual_questions_take_the_fast_way() {
    let snapshot = snapshot(&[], View::new(name("cluster.local")));
    for (host, rtype) in [
        ("one.test", 1),
        ("one.test", 28),
        ("vip.test", 28),
        ("both.test", 28),
        ("short-lived.test", 1),
        ("product.test", 1),
        ("mesh-vip.test", 1),
        (HOSTS, 1),
        (HOSTS, 28),
        (HOSTS, 65),
        ("empty.test", 1),
    ] {
        for opt in [None, Some((1232, true, &[][..]))] {
            let message = question(host, rtype, 0x0100, opt);
            let fast = fast_answer(&snapshot, client(Transport::Udp), &message);
            assert!(fast.is_some(), "{host} {rtype}");
        }
    }
}

#[test]
fn what_depends_on_the_asker_takes_the_long_way() {
    let snapshot = snapshot(&[], View::new(name("cluster.local")));
    for host in [
        "hidden.test",
        "networked.test",
        "external.test",
        "mixed.test",
        "many.test",
        "mesh-endpoints.test",
        "mesh-forward.zone.test",
    ] {
        let rtype = if host == "mixed.test" { 28 } else { 1 };
        let message = question(host, rtype, 0x0100, None);
        assert_eq!(
            fast_answer(&snapshot, client(Transport::Udp), &message),
            None,
            "{host}"
        );
    }
}
