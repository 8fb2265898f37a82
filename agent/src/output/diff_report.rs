//! [`DiffReport`]: what differs between two tables, as it is printed.

use super::{columns, one_line};
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::IpAddr;
use table_compiler::{Answered, ChangedName, TableDiff};

/// Most names shown of each list: more than anybody reads, and little enough to print.
const NAMES_MAX: usize = 1_000;

/// What differs between two tables. The numbers count all, the lists are cut.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DiffReport {
    names_added: usize,
    names_removed: usize,
    vips_changed: usize,
    /// Names of the first table.
    names_total: usize,
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<ChangedRow>,
    /// Names that the lists leave out.
    cut: usize,
}

#[derive(Clone, Debug, Serialize)]
struct ChangedRow {
    name: String,
    before: Vec<String>,
    after: Vec<String>,
}

impl DiffReport {
    /// The report of a difference.
    pub(crate) fn of(diff: &TableDiff) -> Self {
        let lists = [diff.added.len(), diff.removed.len(), diff.changed.len()];
        let cut = lists.map(|len| len.saturating_sub(NAMES_MAX));
        let first = |names: &[dns_core::NameBuf]| {
            let shown = names.iter().take(NAMES_MAX);
            shown.map(ToString::to_string).collect()
        };
        let is_of_vips =
            |changed: &&ChangedName| changed.before.addresses != changed.after.addresses;
        DiffReport {
            names_added: diff.added.len(),
            names_removed: diff.removed.len(),
            vips_changed: diff.changed.iter().filter(is_of_vips).count(),
            names_total: diff.names_total,
            added: first(&diff.added),
            removed: first(&diff.removed),
            changed: diff.changed.iter().take(NAMES_MAX).map(changed).collect(),
            cut: cut.iter().sum(),
        }
    }

    /// For people: the numbers, then a line a name.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "names_added {}  names_removed {}  vips_changed {}  names_total {}\n",
            self.names_added, self.names_removed, self.vips_changed, self.names_total
        );
        let added = self.added.iter().map(|name| row("+", name, "", ""));
        let removed = self.removed.iter().map(|name| row("-", name, "", ""));
        let changed = self.changed.iter().map(|changed| {
            let answers = [&changed.before, &changed.after].map(|answers| answers.join(","));
            row("~", &changed.name, &answers[0], &answers[1])
        });
        let rows: Vec<_> = added.chain(removed).chain(changed).collect();
        text.push_str(&columns(&rows));
        if self.cut > 0 {
            text.push_str(&format!("and {} names more\n", self.cut));
        }
        text
    }
}

fn row(sign: &str, name: &str, before: &str, after: &str) -> [String; 3] {
    let change = match (before, after) {
        ("", "") => String::from(" "),
        _ => format!("{before} -> {after}"),
    };
    [sign.to_owned(), one_line(name), change]
}

fn changed(changed: &ChangedName) -> ChangedRow {
    ChangedRow {
        name: changed.name.to_string(),
        before: answers(&changed.before),
        after: answers(&changed.after),
    }
}

fn answers(answered: &Answered) -> Vec<String> {
    let addresses: &BTreeSet<IpAddr> = &answered.addresses;
    let cname = answered
        .cname
        .iter()
        .map(|target| format!("CNAME {target}"));
    addresses
        .iter()
        .map(ToString::to_string)
        .chain(cname)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::NameBuf;
    use serde_json::json;
    use table_compiler::NamedAnswers;

    fn table(names: &[(&str, &str)]) -> NamedAnswers {
        let pair = |(name, ip): &(&str, &str)| {
            let answered = Answered {
                addresses: [ip.parse().unwrap()].into(),
                cname: None,
            };
            (NameBuf::parse(name).unwrap(), answered)
        };
        names.iter().map(pair).collect()
    }

    #[test]
    fn numbers_and_lists_say_the_same() {
        let before = table(&[("a.x", "250.0.0.1"), ("b.x", "250.0.0.2")]);
        let after = table(&[("a.x", "250.0.0.9"), ("c.x", "250.0.0.3")]);
        let report = DiffReport::of(&TableDiff::between(&before, &after));
        let expected = json!({
            "names_added": 1, "names_removed": 1, "vips_changed": 1, "names_total": 2,
            "added": ["c.x"], "removed": ["b.x"],
            "changed": [{"name": "a.x", "before": ["250.0.0.1"], "after": ["250.0.0.9"]}],
            "cut": 0,
        });
        assert_eq!(serde_json::to_value(&report).unwrap(), expected);
        let text = "names_added 1  names_removed 1  vips_changed 1  names_total 2\n\
                    +  c.x\n-  b.x\n~  a.x  250.0.0.1 -> 250.0.0.9\n";
        assert_eq!(report.text(), text);
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: Vec<String> = (0..NAMES_MAX + 5).map(|n| format!("n{n}.x")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (&**name, "250.0.0.1")).collect();
        let diff = TableDiff::between(&NamedAnswers::new(), &table(&pairs));
        let report = DiffReport::of(&diff);
        assert_eq!(
            (report.names_added, report.added.len()),
            (NAMES_MAX + 5, NAMES_MAX)
        );
        assert!(report.text().ends_with("and 5 names more\n"));
    }

    #[test]
    fn a_target_that_changes_is_shown_and_moves_no_address() {
        let to = |target: &str| {
            let answered = Answered {
                cname: Some(NameBuf::parse(target).unwrap()),
                ..Answered::default()
            };
            NamedAnswers::from([(NameBuf::parse("a.x").unwrap(), answered)])
        };
        let report = DiffReport::of(&TableDiff::between(&to("b.x"), &to("c.x")));
        assert_eq!((report.vips_changed, report.changed.len()), (0, 1));
    }
}
