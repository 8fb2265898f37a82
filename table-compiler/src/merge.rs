//! One table from several sources.

use crate::entry_order::by_name_and_rank;
use dns_core::{HostEntry, NameBuf, VipWanted};
use foldhash::fast::FixedState;
use std::collections::HashSet;

/// Puts the entries of objects and name tables together: a name that objects declare hides it in
/// name tables. Of several name tables the first that has a name counts.
///
/// A name that exists only as an entry without any answer hides nothing, and gives way to a
/// lower source that has one. The result is sorted by name, best variant first.
pub fn merge(objects: Vec<HostEntry>, name_tables: Vec<Vec<HostEntry>>) -> Vec<HostEntry> {
    let (mut entries, empty): (Vec<_>, Vec<_>) = objects.into_iter().partition(has_answer);
    if !name_tables.is_empty() {
        add_name_tables(&mut entries, name_tables);
    }
    entries.sort_by(by_name_and_rank);
    add_unanswered(&mut entries, empty);
    entries
}

fn add_name_tables(entries: &mut Vec<HostEntry>, name_tables: Vec<Vec<HostEntry>>) {
    let mut taken: HashSet<NameBuf, FixedState> =
        entries.iter().map(|entry| entry.name.clone()).collect();
    for table in name_tables {
        let shown_at = entries.len();
        entries.extend(
            table
                .into_iter()
                .filter(|e| has_answer(e) && !taken.contains(&e.name)),
        );
        taken.extend(entries[shown_at..].iter().map(|entry| entry.name.clone()));
    }
}

fn has_answer(entry: &HostEntry) -> bool {
    entry.is_answerable() || entry.vip_wanted != VipWanted::default()
}

/// Adds the objects that answer nothing and whose name nobody answers: `explain` needs them.
fn add_unanswered(entries: &mut Vec<HostEntry>, empty: Vec<HostEntry>) {
    let is_answered = |name: &NameBuf| {
        entries
            .binary_search_by(|entry| entry.name.cmp(name))
            .is_ok()
    };
    let unanswered: Vec<_> = empty
        .into_iter()
        .filter(|entry| !is_answered(&entry.name))
        .collect();
    if unanswered.is_empty() {
        return;
    }
    entries.extend(unanswered);
    entries.sort_by(by_name_and_rank);
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::{AddressOrigin, HostAddress, HostKind, Source};

    fn entry(name: &str, kind: HostKind, ip: &str) -> HostEntry {
        let addresses = ip
            .parse()
            .ok()
            .map(|ip| HostAddress::new(ip, AddressOrigin::Pinned));
        HostEntry {
            addresses: addresses.into_iter().collect(),
            ..HostEntry::new(NameBuf::parse(name).unwrap(), kind, Source::default())
        }
    }

    fn shown(entries: &[HostEntry]) -> Vec<String> {
        let ips = |entry: &HostEntry| -> Vec<String> {
            entry
                .addresses
                .iter()
                .map(|address| address.ip.to_string())
                .collect()
        };
        entries
            .iter()
            .map(|entry| format!("{} {}", entry.name, ips(entry).join(",")))
            .collect()
    }

    #[test]
    fn objects_hide_name_tables_and_the_first_of_these_the_others() {
        let object = vec![entry("a", HostKind::Service, "192.0.2.1")];
        let tables = vec![
            vec![
                entry("a", HostKind::External, "192.0.2.2"),
                entry("b", HostKind::External, "192.0.2.2"),
            ],
            vec![
                entry("b", HostKind::External, "192.0.2.9"),
                entry("c", HostKind::External, "192.0.2.3"),
            ],
        ];
        assert_eq!(
            shown(&merge(object, tables)),
            ["a 192.0.2.1", "b 192.0.2.2", "c 192.0.2.3"]
        );
    }

    #[test]
    fn all_variants_of_the_source_that_counts_are_kept() {
        let objects = vec![
            entry("a", HostKind::External, "192.0.2.2"),
            entry("a", HostKind::Service, "192.0.2.1"),
        ];
        assert_eq!(
            shown(&merge(objects, Vec::new())),
            ["a 192.0.2.1", "a 192.0.2.2"]
        );
    }

    #[test]
    fn an_entry_without_an_answer_hides_nothing_but_is_kept_to_be_explained() {
        let objects = vec![
            entry("a", HostKind::Service, ""),
            entry("b", HostKind::Service, ""),
        ];
        let table = vec![entry("a", HostKind::External, "192.0.2.3")];
        assert_eq!(shown(&merge(objects, vec![table])), ["a 192.0.2.3", "b "]);
    }

    #[test]
    fn an_entry_that_waits_for_its_virtual_address_hides_the_lower_ones() {
        let waiting = HostEntry {
            vip_wanted: VipWanted::BOTH,
            ..entry("a", HostKind::External, "")
        };
        let table = vec![entry("a", HostKind::External, "192.0.2.3")];
        assert_eq!(merge(vec![waiting.clone()], vec![table]), [waiting]);
    }
}
