//! Hosts lists below a table.

use super::*;
use crate::table::hasher::NameHasher;
use crate::table::update::NameState;
use crate::wire::NameBuf;
use crate::{
    AddressOrigin, Completeness, HostAddress, HostEntry, HostKind, NameTable, Source, TableUpdate,
    TableWriter, View,
};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

/// A list of lines `address name...`.
fn list(file: &str, lines: &[&str]) -> Arc<HostList> {
    let mut builder = HostListBuilder::new(file.into());
    for (i, line) in lines.iter().enumerate() {
        let mut words = line.split(' ');
        let address = words.next().unwrap().parse().unwrap();
        for (word, text) in words.enumerate() {
            let place = if word == 0 {
                NamePlace::Canonical
            } else {
                NamePlace::Alias
            };
            builder.add(name(text).as_name(), address, i as u32 + 1, place);
        }
    }
    Arc::new(builder.finish())
}

fn table(lists: Vec<Arc<HostList>>, entries: Vec<HostEntry>) -> Arc<NameTable> {
    let mut writer = TableWriter::new(11);
    writer.set_hosts(lists);
    writer.apply(TableUpdate::Replace(entries), Completeness::Complete)
}

fn entry(host: &str, ip: &str) -> HostEntry {
    let address = HostAddress::new(ip.parse().unwrap(), AddressOrigin::Pinned);
    HostEntry {
        addresses: vec![address],
        ..HostEntry::new(name(host), HostKind::External, Source::default())
    }
}

fn view() -> View {
    View::new(name("cluster.local"))
}

/// Addresses and place of a name, as text.
fn said(table: &NameTable, host: &str) -> Option<String> {
    let found = table.lookup(name(host).as_name(), &view())?;
    let entry = found.host.to_entry();
    let addresses: Vec<_> = entry.addresses.iter().map(|a| a.ip.to_string()).collect();
    let location = entry.source.location.as_deref().unwrap_or("-");
    Some(format!("{} {location}", addresses.join(",")))
}

fn reverse(table: &NameTable, ip: &str) -> Option<String> {
    let name = table.reverse(ip.parse().unwrap(), &view());
    name.map(|name| name.to_string())
}

#[test]
fn a_name_has_the_addresses_of_all_its_lines_each_once() {
    let first = list(
        "a",
        &[
            "192.0.2.1 x.test y.test",
            "192.0.2.2 x.test",
            "2001:db8::1 x.test",
        ],
    );
    let second = list(
        "b",
        &["192.0.2.3 X.test", "192.0.2.1 x.test", "192.0.2.4 z.test"],
    );
    let table = table(vec![first, second], Vec::new());
    let x = said(&table, "x.test");
    assert_eq!(
        x.as_deref(),
        Some("192.0.2.1,192.0.2.2,192.0.2.3,2001:db8::1 a:1")
    );
    assert_eq!(said(&table, "y.test").as_deref(), Some("192.0.2.1 a:1"));
    assert_eq!(said(&table, "z.test").as_deref(), Some("192.0.2.4 b:3"));
    assert_eq!(said(&table, "test"), None);
    assert_eq!((table.len(), table.entries().len()), (3, 3));
}

#[test]
fn an_address_leads_to_its_first_canonical_name() {
    let lines = [
        "192.0.2.1 a.test b.test",
        "192.0.2.2 c.test a.test",
        "192.0.2.1 d.test",
    ];
    let table = table(vec![list("hosts", &lines)], Vec::new());
    assert_eq!(reverse(&table, "192.0.2.1").as_deref(), Some("a.test"));
    assert_eq!(reverse(&table, "192.0.2.2").as_deref(), Some("a.test"));
    assert_eq!(reverse(&table, "192.0.2.9"), None);
    let found = table.by_vip("192.0.2.1".parse().unwrap(), 80).unwrap();
    assert_eq!(found.entry.name, name("a.test"));
    assert!(found.port().is_none());
}

#[test]
fn an_entry_hides_a_name_and_gives_it_back_when_it_goes() {
    let lists = vec![list("hosts", &["192.0.2.1 a.test", "192.0.2.2 b.test"])];
    let mut writer = TableWriter::new(11);
    writer.set_hosts(lists.clone());
    let hiding = TableUpdate::Replace(vec![entry("a.test", "10.0.0.1")]);
    let hidden = writer.apply(hiding, Completeness::Complete);
    assert_eq!(said(&hidden, "a.test").as_deref(), Some("10.0.0.1 -"));
    assert_eq!(reverse(&hidden, "192.0.2.1"), None);
    assert_eq!(
        (hidden.len(), hidden.entries().len(), hidden.entry_count()),
        (2, 2, 2)
    );
    writer.set_hosts(lists);
    let gone = TableUpdate::Patch(vec![(name("a.test"), Vec::new())]);
    let shown = writer.apply(gone, Completeness::Complete);
    assert_eq!(said(&shown, "a.test").as_deref(), Some("192.0.2.1 hosts:1"));
    assert_eq!(shown.len(), 2);
    writer.set_hosts(Vec::new());
    let none = writer.apply(TableUpdate::Patch(Vec::new()), Completeness::Complete);
    assert!(none.is_empty());
}

#[test]
fn an_entry_without_an_answer_hides_nothing_unless_it_waits_for_an_address() {
    let lists = || vec![list("hosts", &["192.0.2.1 a.test"])];
    let empty = HostEntry {
        addresses: Vec::new(),
        ..entry("a.test", "10.0.0.1")
    };
    let waiting = HostEntry {
        vip_wanted: crate::VipWanted::BOTH,
        ..empty.clone()
    };
    assert!(said(&table(lists(), vec![empty]), "a.test").is_some());
    assert!(said(&table(lists(), vec![waiting]), "a.test").is_none());
}

#[test]
fn names_above_exist_without_records() {
    let table = table(vec![list("hosts", &["192.0.2.1 a.b.c.test"])], Vec::new());
    for above in ["b.c.test", "c.test", "test"] {
        assert!(table.has_names_below(name(above).as_name()), "{above}");
    }
    assert!(!table.has_names_below(name("a.b.c.test").as_name()));
    assert!(!table.has_names_below(name("x.test").as_name()));
}

#[test]
fn a_stale_list_says_so_in_its_entries() {
    let stale = |list: Arc<HostList>| {
        let list = Arc::into_inner(list).unwrap();
        Arc::new(list.with_freshness(HostsFreshness::Stale))
    };
    let table = table(
        vec![stale(list("hosts", &["192.0.2.1 a.test"]))],
        Vec::new(),
    );
    assert_eq!(table.entries()[0].state, NameState::Stale);
}

#[test]
fn more_files_than_a_slot_can_tell_apart_are_all_there() {
    let lists: Vec<_> = (0..300)
        .map(|i| {
            list(
                &format!("f{i}"),
                &[&format!("10.0.{}.{} n{i}.test", i / 250, i % 250)],
            )
        })
        .collect();
    let table = table(lists, Vec::new());
    assert_eq!(table.len(), 300);
    assert_eq!(
        said(&table, "n299.test").as_deref(),
        Some("10.0.1.49 f299:1")
    );
    assert_eq!(reverse(&table, "10.0.1.49").as_deref(), Some("n299.test"));
}

#[test]
fn a_hundred_thousand_names_are_found_and_others_are_not() {
    let mut builder = HostListBuilder::new("hosts".into());
    let host = |i: u32| name(&format!("svc-{i}.ns-{}.svc.test", i % 100));
    for i in 0..100_000u32 {
        let address = core::net::Ipv4Addr::from(0x0a00_0000 + i).into();
        builder.add(host(i).as_name(), address, i + 1, NamePlace::Canonical);
    }
    let hasher = NameHasher::new(3);
    let index = HostIndex::build(vec![Arc::new(builder.finish())], &hasher);
    assert_eq!(index.len(), 100_000);
    for i in (0..200_000u32).step_by(7) {
        let asked = host(i);
        let wire = asked.as_name().as_wire();
        let found = index.find(wire, hasher.of_wire(wire));
        assert_eq!(
            found.map(|record| record.line),
            (i < 100_000).then_some(i + 1)
        );
        let address = core::net::Ipv4Addr::from(0x0a00_0000 + i).into();
        let back = index
            .reverse(address, &hasher)
            .map(|record| record.name.to_lower());
        assert_eq!(back, (i < 100_000).then_some(asked));
    }
}
