//! Comparison of what came with what came before.

use super::bindings::Bindings;
use super::expect::Compare;
use super::session::Found;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a value has that text in it anywhere.
pub(super) fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(map) => map.values().any(|value| mentions(value, text)),
        _ => false,
    }
}

/// What differs from a value that was kept.
pub(super) fn compared(compare: &Compare, before: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(equal) = compare.equal
        && equal != (before == got)
    {
        found.push(format!(
            "compare: expected equal to be {equal}; {before} is {got}"
        ));
    }
    if let Some(expected) = compare.common_names_with_other_vip {
        let addresses = |rows: &Value| -> BTreeMap<String, Value> {
            let rows = rows.as_array().cloned().unwrap_or_default();
            let named = rows.into_iter().filter_map(|row| {
                let name = row["name"].as_str()?.to_owned();
                Some((name, row["v4"].clone()))
            });
            named.collect()
        };
        let (before, now) = (addresses(before), addresses(got));
        let others: Vec<_> = before
            .iter()
            .filter(|(name, address)| now.get(*name).is_some_and(|now| now != *address))
            .collect();
        if others.len() != expected || before.is_empty() {
            found.push(format!(
                "common_names_with_other_vip: expected {expected} of {}, got {others:?}",
                before.len()
            ));
        }
    }
    found
}

/// The addresses that `bindings` have are of different names.
pub(super) fn distinct(bindings: &Bindings, texts: &[String]) -> Found {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for text in texts {
        if let Some(other) = seen.insert(bindings.address(text)?, text) {
            found.push(format!("distinct: {text} and {other} are the same"));
        }
    }
    Ok(found)
}
