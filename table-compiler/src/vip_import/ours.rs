//! Our own listing, as `callsign vips -o json` prints it.

use super::{Entry, Found, VipMapShape};
use serde_json::Value;

pub(super) fn read(document: &Value) -> Option<Found> {
    let rows = document.as_array()?;
    let is_row = |row: &Value| {
        row["name"].is_string() && (row.get("v4").is_some() || row.get("v6").is_some())
    };
    if rows.is_empty() || !rows.iter().all(is_row) {
        return None;
    }
    let mut entries = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for family in ["v4", "v6"] {
            add(row, family, format!("[{at}].{family}"), &mut entries);
        }
    }
    Some(Found {
        shape: VipMapShape::Callsign,
        entries,
    })
}

/// Rows of names that are gone are history, not addresses.
fn add(row: &Value, family: &str, place: String, entries: &mut Vec<Entry>) {
    let Some(address) = row[family].as_str().filter(|text| !text.is_empty()) else {
        return;
    };
    if row["state"].as_str() == Some("released") {
        return;
    }
    let is_instance = row["pool"].as_str() == Some("instances");
    entries.push(Entry {
        place,
        name: row["name"].as_str().unwrap_or_default().to_owned(),
        address: if is_instance {
            Err("is the address of an instance; only those of names are imported")
        } else {
            Ok(address.to_owned())
        },
    });
}
