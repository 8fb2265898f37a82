//! The cache as it is printed: JSON from the process, columns or records for people.

use super::{columns, one_line, presentation};
use dns_core::cache::{EntryContent, EntryView, RecordView};
use dns_core::wire::edns::DnssecOk;
use dns_core::wire::{Rcode, Rtype};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Entries of the cache, and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CacheListing {
    /// By name in DNS order, then type.
    pub(crate) entries: Vec<CachedEntry>,
    /// Most entries that were wanted.
    pub(crate) limit: usize,
    /// Whether there are more than that.
    pub(crate) cut: bool,
}

/// What is kept for a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedEntry {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) rtype: String,
    /// `fresh`, `negative`, `stale` or `failure`.
    pub(crate) state: String,
    /// Response code, or what failed.
    pub(crate) outcome: String,
    /// Seconds that are left; below zero those since the TTL ended.
    pub(crate) ttl: i64,
    /// Memory, the hash table not included.
    pub(crate) octets: usize,
    /// Suffix of the route whose servers were asked.
    pub(crate) group: String,
    /// DO bit of the question.
    pub(crate) dnssec_ok: bool,
    /// CD bit of the question.
    pub(crate) checking_disabled: bool,
    /// RD bit of the question.
    pub(crate) recursion_desired: bool,
    pub(crate) records: Vec<CachedRecord>,
}

/// A record of an entry, with the TTL that would go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedRecord {
    pub(crate) name: String,
    pub(crate) ttl: u32,
    #[serde(rename = "type")]
    pub(crate) rtype: String,
    pub(crate) data: String,
}

/// How many entries have been removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flushed {
    pub(crate) flushed: usize,
}

impl CachedEntry {
    /// The entry; `group` names its servers.
    pub(crate) fn of(entry: &EntryView, group: String) -> Self {
        let (outcome, records) = match &entry.content {
            EntryContent::Answer { rcode, records } => (rcode.label(), records.as_slice()),
            EntryContent::Failure(failure) => (failure.label(), [].as_slice()),
        };
        CachedEntry {
            name: entry.name.to_string(),
            rtype: entry.rtype.to_string(),
            state: state(entry).to_owned(),
            outcome: outcome.to_owned(),
            ttl: entry.left_secs,
            octets: entry.octets,
            group,
            dnssec_ok: entry.flags.dnssec_ok == DnssecOk::Set,
            checking_disabled: entry.flags.checking_disabled,
            recursion_desired: entry.flags.recursion_desired,
            records: records.iter().map(CachedRecord::of).collect(),
        }
    }

    /// Flags of the question that are not what most stub resolvers set.
    fn flags(&self) -> String {
        let flags = [
            ("do", self.dnssec_ok),
            ("cd", self.checking_disabled),
            ("no-rd", !self.recursion_desired),
        ];
        let set = flags.into_iter().filter(|(_, is_set)| *is_set);
        set.map(|(flag, _)| flag).collect::<Vec<_>>().join(",")
    }
}

impl CachedRecord {
    fn of(record: &RecordView) -> Self {
        CachedRecord {
            name: record.owner.to_string(),
            ttl: record.ttl_secs,
            rtype: record.rtype.to_string(),
            data: presentation::rdata(record.rtype, &record.rdata),
        }
    }
}

fn state(entry: &EntryView) -> &'static str {
    let is_positive = |rcode: Rcode, records: &[RecordView]| {
        let is_asked = |rtype| rtype == entry.rtype || entry.rtype == Rtype::ANY;
        rcode == Rcode::NOERROR && records.iter().any(|record| is_asked(record.rtype))
    };
    match &entry.content {
        EntryContent::Failure(_) => "failure",
        EntryContent::Answer { .. } if entry.left_secs <= 0 => "stale",
        EntryContent::Answer { rcode, records } if is_positive(*rcode, records) => "fresh",
        EntryContent::Answer { .. } => "negative",
    }
}

const HEADINGS: [&str; 7] = ["NAME", "TYPE", "STATE", "TTL", "OCTETS", "GROUP", "FLAGS"];

impl CacheListing {
    /// One row an entry.
    pub(crate) fn list_text(&self) -> String {
        let row = |entry: &CachedEntry| {
            [
                one_line(&entry.name),
                one_line(&entry.rtype),
                one_line(&entry.state),
                entry.ttl.to_string(),
                entry.octets.to_string(),
                one_line(&entry.group),
                entry.flags(),
            ]
        };
        let headings = std::iter::once(HEADINGS.map(str::to_owned));
        columns(
            &headings
                .chain(self.entries.iter().map(row))
                .collect::<Vec<_>>(),
        )
    }

    /// A comment an entry, then its records as in a zone file (RFC 1035 section 5.1).
    pub(crate) fn dump_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            let flags = match entry.flags() {
                flags if flags.is_empty() => flags,
                flags => format!(", flags {flags}"),
            };
            let comment = format!(
                "; {} {}: {}, {}, {} s, {} octets, group {}{flags}",
                entry.name,
                entry.rtype,
                entry.state,
                entry.outcome,
                entry.ttl,
                entry.octets,
                entry.group
            );
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", one_line(&comment));
            for record in &entry.records {
                let line = format!(
                    "{}. {} IN {} {}",
                    record.name.trim_end_matches('.'),
                    record.ttl,
                    record.rtype,
                    record.data
                );
                let _ = writeln!(text, "{}", one_line(&line));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::NameBuf;
    use dns_core::question::QuestionFlags;
    use dns_core::reply::Failure;

    fn view(rtype: Rtype, content: EntryContent, left_secs: i64) -> EntryView {
        EntryView {
            name: NameBuf::parse("web.example").unwrap(),
            rtype,
            flags: QuestionFlags {
                dnssec_ok: DnssecOk::Clear,
                checking_disabled: false,
                recursion_desired: true,
            },
            group: 7,
            content,
            left_secs,
            octets: 120,
        }
    }

    fn record(rtype: Rtype, rdata: &[u8]) -> RecordView {
        RecordView {
            owner: NameBuf::parse("web.example").unwrap(),
            rtype,
            ttl_secs: 27,
            rdata: rdata.to_vec(),
        }
    }

    fn answer(rcode: Rcode, records: Vec<RecordView>) -> EntryContent {
        EntryContent::Answer { rcode, records }
    }

    fn listing(views: &[EntryView]) -> CacheListing {
        let entries = views
            .iter()
            .map(|view| CachedEntry::of(view, ".".to_owned()));
        CacheListing {
            entries: entries.collect(),
            limit: 1_000,
            cut: false,
        }
    }

    #[test]
    fn the_state_says_what_an_entry_is_good_for() {
        let a = || record(Rtype::A, &[192, 0, 2, 1]);
        let cname = || record(Rtype::CNAME, b"\x01t\0");
        let state_of = |rtype, content, left| state(&view(rtype, content, left));
        assert_eq!(
            state_of(Rtype::A, answer(Rcode::NOERROR, vec![cname(), a()]), 9),
            "fresh"
        );
        assert_eq!(
            state_of(Rtype::A, answer(Rcode::NOERROR, vec![a()]), -9),
            "stale"
        );
        assert_eq!(
            state_of(Rtype::AAAA, answer(Rcode::NOERROR, vec![cname()]), 9),
            "negative"
        );
        assert_eq!(
            state_of(Rtype::A, answer(Rcode::NXDOMAIN, Vec::new()), 9),
            "negative"
        );
        assert_eq!(
            state_of(Rtype::A, EntryContent::Failure(Failure::TimedOut), 3),
            "failure"
        );
    }

    #[test]
    fn a_list_has_a_row_and_a_dump_the_records_of_each_entry() {
        let mut validating = view(Rtype::AAAA, EntryContent::Failure(Failure::TimedOut), 3);
        validating.flags.dnssec_ok = DnssecOk::Set;
        let a = answer(Rcode::NOERROR, vec![record(Rtype::A, &[192, 0, 2, 1])]);
        let listing = listing(&[view(Rtype::A, a, 27), validating]);
        assert_eq!(
            listing.list_text(),
            "NAME         TYPE  STATE    TTL  OCTETS  GROUP  FLAGS\n\
             web.example  A     fresh    27   120     .      -\n\
             web.example  AAAA  failure  3    120     .      do\n"
        );
        assert_eq!(
            listing.dump_text(),
            "; web.example A: fresh, NOERROR, 27 s, 120 octets, group .\n\
             web.example. 27 IN A 192.0.2.1\n\
             ; web.example AAAA: failure, timed-out, 3 s, 120 octets, group ., flags do\n"
        );
    }
}
