//! A table as a JSON array, one entry a line.

use super::ServedTable;
use super::entry_json::entry_json;
use serde_json::Value;
use std::io::{self, Write};

/// The table as one value: an array of entries in order of their names.
pub fn table_json(table: &ServedTable<'_>) -> Value {
    table
        .entries()
        .map(|entry| entry_json(&entry, table))
        .collect()
}

/// Writes what [`table_json`] gives, an entry a line, without holding more than one of them.
///
/// # Errors
/// Those of `out`.
pub fn write_json(table: &ServedTable<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (index, entry) in table.entries().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &entry_json(&entry, table))?;
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
