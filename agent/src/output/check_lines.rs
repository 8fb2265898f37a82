//! What `callsign check` prints.

use super::{columns, one_line};
use serde_json::{Map, Value};
use table_compiler::{CheckLine, Verdict};

const HEADINGS: [&str; 4] = ["ID", "OK", "ABOUT", "REASON"];

/// The lines as a JSON array. `ok` is null for what was not run; what does not apply is left out.
pub(crate) fn check_json(lines: &[CheckLine]) -> Value {
    lines.iter().map(line_json).collect()
}

fn line_json(line: &CheckLine) -> Value {
    let ok = match line.verdict {
        Verdict::Passed => Value::Bool(true),
        Verdict::Failed => Value::Bool(false),
        Verdict::NotRun => Value::Null,
    };
    let mut json = Map::new();
    json.insert("id".to_owned(), line.id.label().into());
    json.insert("ok".to_owned(), ok);
    let mut text = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            json.insert(key.to_owned(), value.into());
        }
    };
    text("cluster", line.cluster.as_deref());
    text("target", line.target.as_deref());
    text("network", line.network.as_deref());
    text("name", line.name.as_deref());
    text("object", line.object.as_deref());
    text("field", line.field.as_deref());
    text("location", line.location.as_deref());
    text("subject", line.subject.as_deref());
    text("rule", line.rule.as_deref());
    text("reason", line.reason.as_deref());
    text("hint", line.hint.as_deref());
    text("note", line.note.as_deref());
    if !line.clusters.is_empty() {
        let clusters = line.clusters.iter().map(|cluster| &**cluster);
        json.insert("clusters".to_owned(), clusters.collect());
    }
    if !line.objects.is_empty() {
        let objects = line.objects.iter().map(String::as_str);
        json.insert("objects".to_owned(), objects.collect());
    }
    Value::Object(json)
}

/// The columns ID, OK, ABOUT and REASON of lines in JSON; hints follow, each below its id.
pub(crate) fn check_text(lines: &Value) -> String {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(lines.iter().map(row))
        .collect();
    let mut text = columns(&rows);
    let mut hints: Vec<String> = lines.iter().filter_map(hint).collect();
    hints.dedup();
    for hint in hints {
        text.push_str(&hint);
    }
    text
}

/// Whether none of the lines in JSON fails.
pub(crate) fn is_all_well(lines: &Value) -> bool {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    lines.iter().all(|line| line["ok"] != Value::Bool(false))
}

fn row(line: &Value) -> [String; 4] {
    let ok = match line["ok"] {
        Value::Bool(true) => "ok",
        Value::Bool(false) => "FAILED",
        _ => "not-run",
    };
    let why = ["reason", "note"].map(|key| shown(&line[key]));
    let why = why.into_iter().find(|text| !text.is_empty());
    [
        shown(&line["id"]),
        ok.to_owned(),
        about(line),
        why.unwrap_or_default(),
    ]
}

/// What a line is about, the widest first.
fn about(line: &Value) -> String {
    let mut parts: Vec<String> = ["cluster", "target", "network", "object", "field"]
        .map(|key| shown(&line[key]))
        .into();
    if parts.iter().all(String::is_empty) {
        parts.push(shown(&line["name"]));
        let clusters = line["clusters"].as_array().cloned().unwrap_or_default();
        let clusters: Vec<_> = clusters.iter().map(shown).collect();
        parts.push(clusters.join(","));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

fn hint(line: &Value) -> Option<String> {
    let hint = line["hint"].as_str()?;
    Some(format!("  {}: {}\n", shown(&line["id"]), one_line(hint)))
}

fn shown(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default())
}
