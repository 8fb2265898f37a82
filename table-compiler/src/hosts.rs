//! Hosts files, hosts(5): an address and its names on each line.

use crate::input::{HostPattern, Problem, Scope, dns_name, quoted};
use crate::problem_list::ProblemList;
use crate::source_text::{column_of, narrow, without_byte_order_mark};
use dns_core::{HostList, HostListBuilder, Name, NameBuf, NamePlace};
use foldhash::fast::FixedState;
use plain::{LineNames, PlainLine};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

mod plain;

/// What was found in a hosts file.
#[derive(Debug)]
pub struct HostsFile {
    /// The names with their addresses, in file order. A name that stands first on one of its
    /// lines is canonical: reverse lookups prefer it.
    pub list: HostList,
    /// How many different names there are.
    pub names: usize,
    /// Lines that were left out (scope `Field`); past a hundred of them one says how many more.
    pub problems: Vec<Problem>,
}

/// Reads a hosts file. `file` names it in problems and sources and is not opened.
///
/// A bad line loses that line alone. So does one with U+FFFD, what stands for octets that are not
/// UTF-8, unless it is in a comment.
pub fn hosts_file(file: &str, text: &str) -> HostsFile {
    let text = without_byte_order_mark(text);
    let mut reader = HostsReader::new(file.into(), text.len());
    for (i, line) in text.lines().enumerate() {
        reader.read_line(narrow(i + 1), line);
    }
    reader.finish()
}

struct HostsReader {
    file: Arc<str>,
    list: HostListBuilder,
    /// A hash for each name read, to tell how many different ones there are: in 64 bits a million
    /// names have no two alike but once in a million files.
    hashes: Vec<u64>,
    line: LineNames,
    problems: ProblemList,
}

/// A piece of a line that makes it unusable.
struct BadLine<'a> {
    piece: &'a str,
    reason: String,
    hint: &'static str,
}

impl HostsReader {
    fn new(file: Arc<str>, octets: usize) -> Self {
        HostsReader {
            list: HostListBuilder::with_capacity(Arc::clone(&file), octets),
            file,
            hashes: Vec::new(),
            line: LineNames::default(),
            problems: ProblemList::default(),
        }
    }

    fn read_line(&mut self, number: u32, line: &str) {
        let mut names = std::mem::take(&mut self.line);
        match names.read(line) {
            PlainLine::Blank => {}
            PlainLine::Names(ip) => self.add(number, ip, names.iter()),
            PlainLine::Odd => self.read_odd_line(number, line),
        }
        self.line = names;
    }

    fn read_odd_line(&mut self, number: u32, line: &str) {
        match parse(line) {
            Ok((ip, names)) => self.add(number, ip, names.iter().map(NameBuf::as_name)),
            Err(bad) => self.report(number, line, bad),
        }
    }

    fn add<'n>(&mut self, number: u32, ip: IpAddr, names: impl Iterator<Item = Name<'n>>) {
        let mut place = NamePlace::Canonical;
        for name in names {
            self.hashes
                .push(FixedState::default().hash_one(name.as_wire()));
            self.list.add(name, ip, number, place);
            place = NamePlace::Alias;
        }
    }

    fn report(&mut self, number: u32, line: &str, bad: BadLine<'_>) {
        self.problems.add(|| {
            let column = column_of(line, bad.piece);
            Problem::new(&self.file, number, column, bad.reason)
                .with_hint(bad.hint)
                .with_scope(Scope::Field)
        });
    }

    fn finish(mut self) -> HostsFile {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        HostsFile {
            list: self.list.finish(),
            names: self.hashes.len(),
            problems: self.problems.finish(&self.file, "lines are left out"),
        }
    }
}

/// Reads a line as slowly as it takes to say what is wrong with it; a blank one has no names.
fn parse(line: &str) -> Result<(IpAddr, Vec<NameBuf>), BadLine<'_>> {
    let content = line.split('#').next().unwrap_or_default();
    let mut words = content.split_ascii_whitespace();
    let address = words.next().unwrap_or_default();
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
    Ok((ip, names))
}

fn address_of(word: &str) -> Result<IpAddr, BadLine<'_>> {
    word.parse().map_err(|_| {
        let hint = if word.contains(char::REPLACEMENT_CHARACTER) {
            "write it in UTF-8"
        } else if word.contains('%') {
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
        hint: if word.contains(char::REPLACEMENT_CHARACTER) {
            "write a DNS name, in UTF-8"
        } else {
            "write a DNS name"
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem_list::PROBLEMS_MAX;
    use dns_core::{
        AddressOrigin, Completeness, HostEntry, HostKind, TableUpdate, TableWriter, View, VipState,
    };
    use std::collections::BTreeMap;

    /// The entries of a table made of these files alone.
    fn entries_of(files: Vec<HostsFile>) -> Vec<Arc<HostEntry>> {
        let mut writer = TableWriter::new(1);
        let lists = files.into_iter().map(|file| Arc::new(file.list));
        writer.set_hosts(lists.collect());
        let table = writer.apply(TableUpdate::Replace(Vec::new()), Completeness::Complete);
        table.entries_for(&View::new(NameBuf::parse("cluster.local").unwrap()))
    }

    fn addresses(entry: &HostEntry) -> Vec<String> {
        let addresses = entry.addresses.iter();
        addresses.map(|address| address.ip.to_string()).collect()
    }

    fn shown(entries: &[Arc<HostEntry>]) -> Vec<String> {
        let shown = entries
            .iter()
            .map(|entry| format!("{} {}", entry.name, addresses(entry).join(",")));
        shown.collect()
    }

    #[test]
    fn a_name_has_all_its_addresses_in_file_order() {
        let read = hosts_file(
            "hosts",
            "192.0.2.9 B.example\n192.0.2.1 a b.example # c\n::1\tb.example.\n",
        );
        assert_eq!(read.problems, []);
        assert_eq!(read.names, 2);
        assert_eq!(
            shown(&entries_of(vec![read])),
            ["a 192.0.2.1", "b.example 192.0.2.9,192.0.2.1,::1"]
        );
    }

    #[test]
    fn the_same_address_counts_once_and_so_does_a_name() {
        let read = hosts_file("hosts", "192.0.2.1 a a\n192.0.2.1 a\n");
        assert_eq!(read.names, 1);
        assert_eq!(shown(&entries_of(vec![read])), ["a 192.0.2.1"]);
    }

    #[test]
    fn files_add_up_the_first_ones_addresses_first() {
        let files = ["192.0.2.2 a\n", "192.0.2.1 a\n192.0.2.2 a\n::1 b\n"];
        let files = files.map(|text| hosts_file("hosts", text));
        assert_eq!(
            shown(&entries_of(files.into())),
            ["a 192.0.2.2,192.0.2.1", "b ::1"]
        );
    }

    #[test]
    fn the_first_name_of_a_line_is_canonical() {
        let read = hosts_file("hosts", "192.0.2.1 first second\n");
        let canonical: Vec<_> = entries_of(vec![read])
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
        let entries = entries_of(vec![hosts_file("hosts", "\n192.0.2.1 a\n192.0.2.2 a\n")]);
        let entry = &entries[0];
        assert_eq!(entry.kind, HostKind::External);
        assert_eq!(entry.vip_state, VipState::Pinned);
        assert_eq!(entry.addresses[0].origin, AddressOrigin::Pinned);
        assert_eq!(entry.source.location.as_deref(), Some("hosts:2"));
        assert_eq!(&*entry.source.kind, "hosts");
        assert_eq!(&*entry.source.name, "a");
    }

    #[test]
    fn a_hundred_thousand_names_are_read_as_one_by_one() {
        let line = |i: u32| {
            let name = format!("Svc-{}.ns-{}.svc.bench.test", i % 99_991, i % 97);
            format!("10.{}.{}.{} {name} {name}.", i >> 16, i >> 8 & 255, i & 255)
        };
        let text: String = (0..100_000).map(|i| line(i) + "\n").collect();
        let mut expected: BTreeMap<NameBuf, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let Ok((ip, names)) = parse(line) else {
                panic!("{line}");
            };
            let addresses = expected.entry(names[0].clone()).or_default();
            if !addresses.contains(&ip.to_string()) {
                addresses.push(ip.to_string());
            }
        }
        let read = hosts_file("hosts", &text);
        assert_eq!(read.problems, []);
        assert_eq!((read.list.len(), read.names), (200_000, expected.len()));
        let entries = entries_of(vec![read]);
        assert_eq!(entries.len(), expected.len());
        for (entry, (name, ips)) in entries.iter().zip(&expected) {
            assert_eq!((&entry.name, &addresses(entry)), (name, ips));
        }
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
        assert_eq!((read.list.len(), read.names), (1, 1));
        assert_eq!(
            read.problems[2].to_string(),
            "hosts:4:11: \"a..b\" has an empty label; write a DNS name"
        );
    }

    #[test]
    fn what_is_not_utf8_loses_its_line_unless_it_is_in_a_comment() {
        let text =
            "192.0.2.1 a # caf\u{fffd}\n#\u{fffd}\n192.0.2.2 b\u{fffd} c\n192.0.2.\u{fffd} d\n";
        let read = hosts_file("hosts", text);
        let told: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("hosts:3:11: ") && told[0].ends_with("in UTF-8"),
            "{told:?}"
        );
        assert!(
            told[1].starts_with("hosts:4:1: ") && told[1].ends_with("in UTF-8"),
            "{told:?}"
        );
        assert_eq!(shown(&entries_of(vec![read])), ["a 192.0.2.1"]);
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
