//! What `callsign exports` prints.

use super::{columns, one_line};
use serde_json::{Value, json};
use table_compiler::ExportRow;

const HEADINGS: [&str; 6] = ["TARGET", "SERVICE", "NAME", "SERVED", "REASON", "NOTE"];

/// The exports as a JSON array.
pub(crate) fn exports_json(rows: &[ExportRow]) -> Value {
    rows.iter().map(row_json).collect()
}

fn row_json(row: &ExportRow) -> Value {
    json!({
        "target": &*row.target,
        "service": row.service,
        "name": row.name,
        "served": row.is_served(),
        "reason": row.reason.label(),
        "note": row.note,
        "ready": row.ready,
    })
}

/// The columns TARGET, SERVICE, NAME, SERVED, REASON and NOTE of exports in JSON.
pub(crate) fn exports_text(rows: &Value) -> String {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(rows.iter().map(row_text))
        .collect();
    columns(&rows)
}

fn row_text(row: &Value) -> [String; 6] {
    let shown = |key: &str| one_line(row[key].as_str().unwrap_or_default());
    let served = match row["served"] {
        Value::Bool(true) => "True",
        _ => "False",
    };
    [
        shown("target"),
        shown("service"),
        shown("name"),
        served.to_owned(),
        shown("reason"),
        shown("note"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use table_compiler::ExportReason;

    #[test]
    fn an_export_says_what_becomes_of_it() {
        let row = |reason, note: &str| ExportRow {
            target: "west".into(),
            service: "shop/cart".to_owned(),
            name: "cart-west.shop.svc.cluster.local".to_owned(),
            reason,
            note: Some(note.to_owned()),
            ready: 1,
        };
        let json = exports_json(&[
            row(ExportReason::Mirrored, "namespace shop absent in east"),
            row(
                ExportReason::Withheld,
                "by NamePolicy west/teams spec.publish[0]",
            ),
        ]);
        assert_eq!(json[0]["served"], true);
        assert_eq!(json[1]["served"], false);
        let text = exports_text(&json);
        assert!(
            text.contains("True    Mirrored  namespace shop absent in east"),
            "{text}"
        );
        assert!(text.contains("False   Withheld  by NamePolicy"), "{text}");
    }
}
