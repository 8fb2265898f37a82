//! A table in columns, for people.

use super::{columns, one_line};
use serde_json::Value;

const HEADINGS: [&str; 6] = ["NAME", "KIND", "VIPS", "ENDPOINTS", "STATE", "SOURCE"];

/// The columns NAME, KIND, VIPS, ENDPOINTS (usable of all), STATE and SOURCE of a table in JSON
/// ([`table_json`](super::table_json)). What is missing in it is shown as `-`.
pub fn table_text(table: &Value) -> String {
    let entries = table.as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(entries.iter().map(row))
        .collect();
    columns(&rows)
}

fn row(entry: &Value) -> [String; 6] {
    [
        shown(&entry["name"]),
        shown(&entry["kind"]),
        vips(entry),
        endpoints(entry),
        state(entry),
        source(&entry["source"]),
    ]
}

fn shown(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default())
}

fn vips(entry: &Value) -> String {
    if let Some(target) = entry["cname"].as_str() {
        return format!("CNAME {target}");
    }
    let vips = entry["vips"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    vips.iter().map(shown).collect::<Vec<_>>().join(",")
}

fn endpoints(entry: &Value) -> String {
    let count = |key: &str| entry[key].as_array().map_or(0, Vec::len);
    match (count("endpoints"), count("unavailable")) {
        (0, 0) => String::new(),
        (usable, unavailable) => format!("{usable}/{}", usable + unavailable),
    }
}

/// The state of the name, and of its virtual address if it has one.
fn state(entry: &Value) -> String {
    let (name, vip) = (shown(&entry["name_state"]), shown(&entry["vip_state"]));
    if vip.is_empty() || vip == "none" {
        name
    } else {
        format!("{name},{vip}")
    }
}

fn source(source: &Value) -> String {
    let path = ["cluster", "namespace", "name"].map(|key| shown(&source[key]));
    let path: Vec<_> = path.into_iter().filter(|part| !part.is_empty()).collect();
    let place = shown(&source["location"]);
    let place = if place.is_empty() {
        place
    } else {
        format!("({place})")
    };
    let parts = [shown(&source["kind"]), path.join("/"), place];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, host, name, pay, reviews, snapshot};
    use crate::output::table_json;
    use dns_core::{HostEntry, HostKind};

    fn text_of(entries: Vec<HostEntry>) -> String {
        let snapshot = snapshot(entries);
        table_text(&table_json(&fixture::served(&snapshot)))
    }

    #[test]
    fn columns_are_aligned() {
        let text = text_of(vec![reviews(), pay()]);
        let expected = "\
NAME                               KIND     VIPS        ENDPOINTS  STATE          SOURCE
pay.example.com                    product  250.1.2.3   1/2        live,allotted  \
ServiceEntry cluster1/shop/pay.example.com (objects.yaml:7)
reviews.default.svc.cluster.local  service  10.96.0.50  -          live           \
ServiceEntry cluster1/shop/reviews.default.svc.cluster.local (objects.yaml:7)
";
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines[1..].sort();
            lines
        };
        assert_eq!(sorted(&text), sorted(expected));
    }

    #[test]
    fn an_external_name_shows_its_target() {
        let entry = HostEntry {
            cname: Some(name("target.example.com")),
            ..host("a.example.com", HostKind::Service)
        };
        assert!(text_of(vec![entry]).contains("  CNAME target.example.com  "));
    }

    #[test]
    fn text_from_files_stays_on_its_line() {
        let mut entry = reviews();
        entry.source.name = "a\u{1b}[31m\nb".into();
        let text = text_of(vec![entry]);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("a?[31m?b"));
    }
}
