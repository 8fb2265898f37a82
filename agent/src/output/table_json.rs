//! A table as a JSON array, one entry a line.

use super::ServedTable;
use super::entry_json::{Shown, entry_json};
use dns_core::{
    Families, HostEntry, NameBuf, ResolverConfig, View, answered_ttl_secs, virtual_addresses,
};
use serde_json::Value;
use std::io::{self, Write};

/// The table as one value: an array of entries in order of their names.
pub fn table_json(table: &ServedTable<'_>) -> Value {
    table
        .entries()
        .map(|entry| entry_json(&entry, &table.shown(&entry)))
        .collect()
}

/// Writes what [`table_json`] gives, an entry a line, without holding more than one of them.
///
/// # Errors
/// Those of `out`.
pub fn write_json(table: &ServedTable<'_>, out: &mut impl Write) -> io::Result<()> {
    let entries = table.entries();
    write_entries(
        entries.map(|entry| entry_json(&entry, &table.shown(&entry))),
        out,
    )
}

/// Writes the table of a compiler: every variant of every name, with all its virtual addresses and
/// the TTL of a view without namespace.
///
/// # Errors
/// Those of `out`.
pub fn write_compiled<'t>(
    entries: impl IntoIterator<Item = &'t HostEntry>,
    out: &mut impl Write,
) -> io::Result<()> {
    let view = View {
        families: Families::BOTH,
        ..View::new(NameBuf::parse("cluster.local").expect("it is a name"))
    };
    let resolver = ResolverConfig::default();
    let json = |entry: &HostEntry| {
        let shown = Shown {
            vips: virtual_addresses(entry, &view),
            ttl_secs: answered_ttl_secs(entry, &view, &resolver),
            is_held: false,
        };
        entry_json(entry, &shown)
    };
    write_entries(entries.into_iter().map(json), out)
}

fn write_entries(entries: impl Iterator<Item = Value>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (index, entry) in entries.enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &entry)?;
    }
    out.write_all(b"\n]\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, pay, reviews, snapshot};

    #[test]
    fn what_is_written_is_the_array_and_the_vips_are_those_of_the_view() {
        let snapshot = snapshot(vec![reviews(), pay()]);
        let served = fixture::served(&snapshot);
        let mut text = Vec::new();
        write_json(&served, &mut text).unwrap();
        let written: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(written, table_json(&served));
        assert_eq!(written[0]["name"], "pay.example.com");
        assert_eq!(written[0]["vips"], serde_json::json!(["250.1.2.3"]));
        assert_eq!(written[0]["addresses"].as_array().unwrap().len(), 2);
        assert_eq!(written[1]["vips"], serde_json::json!(["10.96.0.50"]));
    }

    #[test]
    fn an_empty_table_is_an_empty_array() {
        let snapshot = snapshot(Vec::new());
        let served = fixture::served(&snapshot);
        let mut text = Vec::new();
        write_json(&served, &mut text).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&text).unwrap(),
            Value::Array(Vec::new())
        );
    }
}
