//! An explanation for people.

use crate::output::{columns, one_line};
use serde_json::Value;

/// An explanation in JSON, as a page of text.
pub(crate) fn explained_text(explained: &Value) -> String {
    let mut text = format!(
        "{}\n  asked as {} from {}\n",
        shown(&explained["name"]),
        shown(&explained["asked"]),
        shown(&explained["from"])
    );
    text.push_str(&format!("answer: {}\n", answer(&explained["answer"])));
    if let Some(kind) = explained["kind"].as_str() {
        let state = shown(&explained["state"]);
        text.push_str(&format!("entry: {kind}, {state}\n"));
    }
    if let Some(rule) = explained["rule"].as_str() {
        text.push_str(&format!("rule: {}\n", one_line(rule)));
    }
    section(&mut text, "sources", &explained["sources"], source);
    section(&mut text, "rejected", &explained["rejected"], |rejected| {
        format!(
            "{} {}",
            shown(&rejected["object"]),
            shown(&rejected["reason"])
        )
    });
    section(
        &mut text,
        "virtual addresses",
        &explained["vip"]["history"],
        record,
    );
    text.push_str(&members(&explained["members"]));
    text
}

fn answer(answer: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(cname) = answer["cname"].as_str() {
        parts.push(format!("CNAME {}", one_line(cname)));
    }
    let addresses = answer["addresses"].as_array().into_iter().flatten();
    parts.extend(addresses.map(shown));
    if parts.is_empty() {
        parts.push(shown(&answer["result"]));
    }
    let ttl = answer["ttl"].as_u64();
    let ttl = ttl.map_or_else(String::new, |ttl| format!(" (ttl {ttl})"));
    format!("{}{ttl}", parts.join(", "))
}

fn section(text: &mut String, heading: &str, items: &Value, line: fn(&Value) -> String) {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return;
    }
    text.push_str(&format!("{heading}:\n"));
    for item in items {
        text.push_str(&format!("  {}\n", line(item)));
    }
}

fn source(source: &Value) -> String {
    let object = shown(&source["object"]);
    match source["location"].as_str() {
        Some(location) => format!("{object} ({})", one_line(location)),
        None => object,
    }
}

fn record(record: &Value) -> String {
    format!(
        "{} {} ({}) since {}, first seen {}",
        shown(&record["address"]),
        shown(&record["state"]),
        shown(&record["origin"]),
        shown(&record["since"]),
        shown(&record["first_seen"])
    )
}

fn members(members: &Value) -> String {
    const HEADINGS: [&str; 7] = [
        "ENDPOINT", "CLUSTER", "VIA", "PRIORITY", "WEIGHT", "STATE", "REASON",
    ];
    let members = members.as_array().map(Vec::as_slice).unwrap_or_default();
    if members.is_empty() {
        return String::new();
    }
    let row = |member: &Value| {
        let authority = member["authority"].as_str();
        let authority = authority.map_or_else(String::new, |name| format!(", authority {name}"));
        [
            format!("{}:{}", shown(&member["address"]), member["port"]),
            shown(&member["cluster"]),
            shown(&member["via"]),
            member["priority"].to_string(),
            member["weight"].to_string(),
            shown(&member["state"]),
            format!("{}{}", shown(&member["reason"]), one_line(&authority)),
        ]
    };
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(members.iter().map(row))
        .collect();
    columns(&rows)
}

fn shown(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default())
}
