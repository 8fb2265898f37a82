//! Hosts files, hosts(5): an address and its names on each line.

use crate::host_addresses::keep_first_of_each;
use crate::input::{HostPattern, Problem, Scope, dns_name, quoted};
use crate::problem_list::ProblemList;
use crate::source_text::{column_of, narrow, without_byte_order_mark};
use dns_core::{AddressOrigin, HostAddress, HostEntry, HostKind, NameBuf, Source, VipState};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What was found in a hosts file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostsFile {
    /// One entry per name, by name, with all its addresses in file order. An entry whose name
    /// stands first on one of its lines is `canonical`: reverse lookups prefer it.
    pub entries: Vec<HostEntry>,
    /// Lines that were left out (scope `Field`); past a hundred of them one says how many more.
    pub problems: Vec<Problem>,
}

/// Reads a hosts file. `file` names it in problems and sources and is not opened.
///
/// A bad line loses that line alone.
pub fn hosts_file(file: &str, text: &str) -> HostsFile {
    let mut reader = HostsReader {
        file: file.into(),
        kind: "hosts".into(),
        ..HostsReader::default()
    };
    for (i, line) in without_byte_order_mark(text).lines().enumerate() {
        if let Err(bad) = reader.read_line(i + 1, line) {
            reader.report(i + 1, line, bad);
        }
    }
    reader.finish()
}

#[derive(Default)]
struct HostsReader {
    file: Arc<str>,
    /// Kind of every entry's source, shared by all of them.
    kind: Arc<str>,
    entries: Vec<HostEntry>,
    by_name: HashMap<NameBuf, usize, FixedState>,
    problems: ProblemList,
}

/// A piece of a line that makes it unusable.
struct BadLine<'a> {
    piece: &'a str,
    reason: String,
    hint: &'static str,
}

impl HostsReader {
    fn read_line<'a>(&mut self, number: usize, line: &'a str) -> Result<(), BadLine<'a>> {
        let content = line.split('#').next().unwrap_or_default();
        let mut words = content.split_ascii_whitespace();
        let Some(address) = words.next() else {
            return Ok(());
        };
        let ip = address_of(address)?;
        let names = words.map(name_of).collect::<Result<Vec<_>, _>>()?;
        if names.is_empty() {
            let reason = "has no name for the address".to_owned();
            return Err(BadLine {
                piece: address,
                reason,
                hint: "write ADDRESS NAME...",
            });
        }
        for (i, name) in names.into_iter().enumerate() {
            self.add(number, ip, name, i == 0);
        }
        Ok(())
    }

    fn add(&mut self, number: usize, ip: IpAddr, name: NameBuf, is_first: bool) {
        let (file, kind) = (&self.file, &self.kind);
        let entries = &mut self.entries;
        let index = *self.by_name.entry(name).or_insert_with_key(|name| {
            entries.push(empty_entry(file, kind, number, name));
            entries.len() - 1
        });
        let entry = &mut entries[index];
        entry.canonical |= is_first;
        entry
            .addresses
            .push(HostAddress::new(ip, AddressOrigin::Pinned));
    }

    fn report(&mut self, number: usize, line: &str, bad: BadLine<'_>) {
        self.problems.add(|| {
            let column = column_of(line, bad.piece);
            Problem::new(&self.file, narrow(number), column, bad.reason)
                .with_hint(bad.hint)
                .with_scope(Scope::Field)
        });
    }

    fn finish(mut self) -> HostsFile {
        for entry in &mut self.entries {
            keep_first_of_each(&mut entry.addresses);
        }
        self.entries
            .sort_by_cached_key(|entry| sort_key(&entry.name));
        HostsFile {
            entries: self.entries,
            problems: self.problems.finish(&self.file, "lines are left out"),
        }
    }
}

/// Labels from the right, each after a zero, which no label here has in it: compared as octets
/// they sort as names do, and a file may have a million.
fn sort_key(name: &NameBuf) -> Vec<u8> {
    let labels: Vec<&[u8]> = name.as_name().labels().collect();
    let mut key = Vec::with_capacity(name.as_name().as_wire().len());
    for label in labels.into_iter().rev() {
        key.push(0);
        key.extend_from_slice(label);
    }
    key
}

fn empty_entry(file: &Arc<str>, kind: &Arc<str>, line: usize, name: &NameBuf) -> HostEntry {
    let source = Source {
        kind: Arc::clone(kind),
        name: name.to_string().into(),
        location: Some(format!("{file}:{line}")),
        ..Source::default()
    };
    HostEntry {
        vip_state: VipState::Pinned,
        ..HostEntry::new(name.clone(), HostKind::External, source)
    }
}

fn address_of(word: &str) -> Result<IpAddr, BadLine<'_>> {
    word.parse().map_err(|_| {
        let hint = if word.contains('%') {
            "an address with a scope cannot be answered"
        } else {
            ""
        };
        BadLine {
            piece: word,
            reason: format!("{} is not an IP address", quoted(word)),
            hint,
        }
    })
}

fn name_of(word: &str) -> Result<NameBuf, BadLine<'_>> {
    dns_name(word, HostPattern::Exact).map_err(|reason| BadLine {
        piece: word,
        reason: format!("{} {reason}", quoted(word)),
        hint: "write a DNS name",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem_list::PROBLEMS_MAX;

    fn addresses_of<'a>(read: &'a HostsFile, name: &str) -> Vec<String> {
        let entry: &'a HostEntry = read
            .entries
            .iter()
            .find(|entry| entry.name.to_string() == name)
            .unwrap();
        entry
            .addresses
            .iter()
            .map(|address| address.ip.to_string())
            .collect()
    }

    #[test]
    fn a_name_has_all_its_addresses_in_file_order() {
        let read = hosts_file(
            "hosts",
            "192.0.2.9 B.example\n192.0.2.1 a b.example # c\n::1\tb.example.\n",
        );
        assert_eq!(read.problems, []);
        assert_eq!(
            addresses_of(&read, "b.example"),
            ["192.0.2.9", "192.0.2.1", "::1"]
        );
        assert_eq!(addresses_of(&read, "a"), ["192.0.2.1"]);
        assert_eq!(read.entries.len(), 2);
    }

    #[test]
    fn the_same_address_counts_once() {
        let read = hosts_file("hosts", "192.0.2.1 a a\n192.0.2.1 a\n");
        assert_eq!(addresses_of(&read, "a"), ["192.0.2.1"]);
    }

    #[test]
    fn the_first_name_of_a_line_is_canonical() {
        let read = hosts_file("hosts", "192.0.2.1 first second\n");
        let canonical: Vec<_> = read
            .entries
            .iter()
            .map(|entry| (entry.name.to_string(), entry.canonical))
            .collect();
        assert_eq!(
            canonical,
            [("first".to_owned(), true), ("second".to_owned(), false)]
        );
    }

    #[test]
    fn an_entry_is_a_pinned_external_host_with_its_place() {
        let read = hosts_file("hosts", "\n192.0.2.1 a\n");
        let entry = &read.entries[0];
        assert_eq!(entry.kind, HostKind::External);
        assert_eq!(entry.addresses[0].origin, AddressOrigin::Pinned);
        assert_eq!(entry.source.location.as_deref(), Some("hosts:2"));
        assert_eq!(&*entry.source.kind, "hosts");
    }

    #[test]
    fn a_bad_line_loses_that_line_alone_and_says_where() {
        let text = "\u{feff}# start\n300.1.1.1 a\n192.0.2.1\n192.0.2.2 a..b c\nfe80::1%lo0 d\n\n192.0.2.3 good\n192.0.2.4 *.w\r\n";
        let read = hosts_file("hosts", text);
        let places: Vec<_> = read
            .problems
            .iter()
            .map(|p| (p.line, p.column, p.scope))
            .collect();
        assert_eq!(
            places,
            [(2, 1), (3, 1), (4, 11), (5, 1), (8, 11)].map(|(line, column)| (
                line,
                column,
                Scope::Field
            ))
        );
        assert_eq!(read.entries.len(), 1);
        assert_eq!(
            read.problems[2].to_string(),
            "hosts:4:11: \"a..b\" has an empty label; write a DNS name"
        );
    }

    #[test]
    fn a_file_of_bad_lines_is_reported_in_a_hundred_problems_and_a_count() {
        let read = hosts_file("hosts", &"bad\n".repeat(1000));
        assert_eq!(read.problems.len(), PROBLEMS_MAX + 1);
        assert_eq!(
            read.problems[PROBLEMS_MAX].reason,
            "900 more lines are left out"
        );
    }
}
