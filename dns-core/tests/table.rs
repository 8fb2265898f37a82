//! The table as a whole: it always equals a naive map, and what it shares stays shared.

mod support;

use dns_core::{
    Completeness, HostEntry, HostKind, NameBuf, NameTable, Port, PortTransport, TableUpdate,
    TableWriter, View,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;
use support::*;

fn view() -> View {
    View::new(name("cluster.local"))
}

fn reverse_of(table: &NameTable, address: IpAddr) -> Option<NameBuf> {
    let name = table.reverse(address, &view());
    name.map(|name| name.to_lower())
}

fn writer_with(entries: Vec<HostEntry>) -> (TableWriter, std::sync::Arc<NameTable>) {
    let mut writer = TableWriter::new(3);
    let table = writer.apply(TableUpdate::Replace(entries), Completeness::Complete);
    (writer, table)
}

#[test]
fn a_published_table_does_not_change_with_the_next() {
    let (mut writer, first) = writer_with(vec![host(
        "a.example.com",
        HostKind::External,
        &["10.0.0.1"],
    )]);
    let change = vec![(name("a.example.com"), vec![])];
    let second = writer.apply(TableUpdate::Patch(change), Completeness::Complete);
    assert!(
        first
            .lookup(name("a.example.com").as_name(), &view())
            .is_some()
    );
    assert!(
        second
            .lookup(name("a.example.com").as_name(), &view())
            .is_none()
    );
    assert!(
        !second.has_names_below(name("com").as_name()),
        "its ancestors went with it"
    );
    assert_eq!((first.len(), second.len()), (1, 0));
    assert!(second.generation() > first.generation());
}

#[test]
fn a_patch_that_names_a_host_twice_leaves_the_last_form_alone() {
    let (mut writer, _) = writer_with(Vec::new());
    let form = |ip| {
        let entry = host("a.example.com", HostKind::External, &[ip]);
        (entry.name.clone(), vec![entry])
    };
    let twice = vec![form("10.0.0.1"), form("10.0.0.2")];
    let table = writer.apply(TableUpdate::Patch(twice), Completeness::Complete);
    let reverse = |ip: [u8; 4]| reverse_of(&table, ip.into());
    assert_eq!(reverse([10, 0, 0, 1]), None);
    assert_eq!(reverse([10, 0, 0, 2]), Some(name("a.example.com")));
}

#[test]
fn an_entry_without_addresses_is_kept_and_not_answered() {
    let (_, table) = writer_with(vec![host("a.example.com", HostKind::External, &[])]);
    assert!(
        table
            .lookup(name("a.example.com").as_name(), &view())
            .is_none()
    );
    assert!(!table.has_names_below(name("example.com").as_name()));
    assert_eq!((table.len(), table.entries().len()), (0, 1));
}

#[test]
fn a_virtual_address_and_port_lead_to_the_host() {
    let port = |name: &str, number| Port {
        name: Some(name.into()),
        number,
        transport: PortTransport::Tcp,
        app_protocol: None,
    };
    let mut web = host("web.example.com", HostKind::External, &["250.0.0.1"]);
    web.ports = vec![port("http", 80)];
    let mut shared = host("shared.example.com", HostKind::External, &["250.0.0.1"]);
    shared.ports = vec![port("tls", 443)];
    let (_, table) = writer_with(vec![web, shared]);
    let address: IpAddr = "250.0.0.1".parse().unwrap();
    let found = |port| {
        table
            .by_vip(address, port)
            .map(|found| found.entry.name.to_string())
    };
    assert_eq!(found(80).as_deref(), Some("web.example.com"));
    assert_eq!(found(443).as_deref(), Some("shared.example.com"));
    assert_eq!(found(22), None);
    assert!(table.by_vip("250.0.0.2".parse().unwrap(), 80).is_none());
}

#[test]
fn the_oldest_of_those_who_share_an_address_is_its_reverse() {
    let aged = |text: &str, created| {
        let entry = host(text, HostKind::External, &["240.0.0.1"]);
        HostEntry {
            created_secs: created,
            ..entry
        }
    };
    let (mut writer, table) = writer_with(vec![
        aged("c.example.com", None),
        aged("b.example.com", Some(20)),
        aged("a.example.com", Some(30)),
    ]);
    let address = "240.0.0.1".parse().unwrap();
    assert_eq!(reverse_of(&table, address), Some(name("b.example.com")));
    let gone = vec![(name("b.example.com"), vec![])];
    let table = writer.apply(TableUpdate::Patch(gone), Completeness::Complete);
    assert_eq!(reverse_of(&table, address), Some(name("a.example.com")));
}

#[test]
fn an_address_leads_to_the_name_that_has_it_before_one_that_had_it() {
    let address: IpAddr = "240.0.0.1".parse().unwrap();
    let before = HostEntry {
        former_vips: vec![address],
        created_secs: Some(10),
        ..host("a.example.com", HostKind::External, &["240.0.0.2"])
    };
    let now = host("b.example.com", HostKind::External, &["240.0.0.1"]);
    let (_, table) = writer_with(vec![before, now]);
    assert_eq!(reverse_of(&table, address), Some(name("b.example.com")));
    let found = table.by_vip(address, 443);
    let holder = found.map(|found| found.entry.name.clone());
    assert_eq!(holder, Some(name("b.example.com")));
}

#[test]
fn a_patch_of_one_name_in_a_million_allocates_under_64_kib() {
    let entry = |i: u32, ip: u32| {
        let address = std::net::Ipv4Addr::from(ip).to_string();
        host(
            &format!("svc-{i}.ns-{}.svc.example.com", i % 1000),
            HostKind::External,
            &[&address],
        )
    };
    let entries = (0..1_000_000).map(|i| entry(i, 0x0a00_0000 + i)).collect();
    let (mut writer, table) = writer_with(entries);
    assert_eq!(table.len(), 1_000_000);
    let changed = entry(77, 0x0b00_0001);
    let added = host(
        "new.ns-1.svc.example.com",
        HostKind::External,
        &["10.200.0.1"],
    );
    for entry in [changed, added] {
        let mut published = None;
        let patch = TableUpdate::Patch(vec![(entry.name.clone(), vec![entry])]);
        let cost = allocation_counter::measure(|| {
            published = Some(writer.apply(patch, Completeness::Complete));
        });
        assert!(cost.bytes_total < 64 * 1024, "{} octets", cost.bytes_total);
        drop(published);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, Vec<u8>),
    Replace(Vec<(u8, u8)>),
}

/// Few labels, so that names are each other's parents.
fn name_of(n: u8) -> NameBuf {
    let labels = ["a", "b", "c", "*"];
    let deep = format!(
        "{}.{}",
        labels[usize::from(n % 4)],
        labels[usize::from(n / 4 % 3)]
    );
    let text = if n.is_multiple_of(2) {
        deep
    } else {
        format!("{}.x", labels[usize::from(n % 4)])
    };
    name(&text)
}

fn entry_of(n: u8, ip: u8) -> HostEntry {
    let address = std::net::Ipv4Addr::new(10, 0, 0, ip % 6).to_string();
    let addresses: &[&str] = if ip.is_multiple_of(7) {
        &[]
    } else {
        &[&address]
    };
    host(&name_of(n).to_string(), HostKind::External, addresses)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let put = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..3))
        .prop_map(|(n, ips)| Step::Put(n, ips));
    let replace = prop::collection::vec((any::<u8>(), any::<u8>()), 0..8).prop_map(Step::Replace);
    prop::collection::vec(prop_oneof![4 => put, 1 => replace], 1..40)
}

proptest! {
    #[test]
    fn after_any_updates_it_equals_a_naive_map(steps in steps()) {
        let mut model: BTreeMap<NameBuf, Vec<HostEntry>> = BTreeMap::new();
        let mut writer = TableWriter::new(11);
        for step in steps {
            let table = match step {
                Step::Put(n, ips) => {
                    let variants: Vec<_> = ips.iter().map(|ip| entry_of(n, *ip)).collect();
                    model.insert(name_of(n), variants.clone());
                    let patch = vec![(name_of(n), variants)];
                    writer.apply(TableUpdate::Patch(patch), Completeness::Complete)
                }
                Step::Replace(hosts) => {
                    let entries: Vec<_> = hosts.iter().map(|(n, ip)| entry_of(*n, *ip)).collect();
                    model.clear();
                    for entry in &entries {
                        model.entry(entry.name.clone()).or_default().push(entry.clone());
                    }
                    writer.apply(TableUpdate::Replace(entries), Completeness::Complete)
                }
            };
            model.retain(|_, variants| !variants.is_empty());
            compare(&table, &model)?;
        }
    }
}

fn compare(
    table: &NameTable,
    model: &BTreeMap<NameBuf, Vec<HostEntry>>,
) -> Result<(), TestCaseError> {
    let answerable = |variants: &[HostEntry]| variants.iter().any(HostEntry::is_answerable);
    let live: Vec<&NameBuf> = model
        .iter()
        .filter(|(_, variants)| answerable(variants))
        .map(|(name, _)| name)
        .collect();
    prop_assert_eq!(table.len(), live.len());
    prop_assert_eq!(
        table.entries().len(),
        model.values().map(Vec::len).sum::<usize>()
    );
    for n in 0..=255 {
        let asked = name_of(n);
        let found = table.exact(asked.as_name(), &view()).is_some();
        prop_assert_eq!(found, live.contains(&&asked), "{}", asked);
        for ancestor in asked.as_name().ancestors().skip(1) {
            let below =
                |name: &&NameBuf| name.as_name().ends_with(ancestor) && name.as_name() != ancestor;
            prop_assert_eq!(
                table.has_names_below(ancestor),
                live.iter().copied().any(|n| below(&n))
            );
        }
    }
    for last in 0..6 {
        let address = IpAddr::from([10, 0, 0, last]);
        let holds = |entry: &HostEntry| entry.addresses.iter().any(|a| a.ip == address);
        let held = model
            .values()
            .flatten()
            .any(|entry| holds(entry) && !entry.name.as_name().is_wildcard());
        let reverse = reverse_of(table, address);
        prop_assert_eq!(reverse.is_some(), held);
        if let Some(name) = reverse {
            prop_assert!(model[&name].iter().any(holds));
        }
    }
    Ok(())
}
