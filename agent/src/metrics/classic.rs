//! The classic text format, made of OpenMetrics: the same lines, but a counter's HELP and TYPE
//! name it with its suffix, and there is no end mark.

use std::collections::BTreeSet;

/// `text` in Prometheus's text format 0.0.4.
pub(super) fn from_open_metrics(text: &str) -> String {
    let type_of_counter = |line: &'_ str| -> Option<String> {
        let name = line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?;
        Some(name.to_owned())
    };
    let counters: BTreeSet<_> = text.lines().filter_map(type_of_counter).collect();
    let mut classic = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        match metadata(line) {
            Some((keyword, name, rest)) if counters.contains(name) => {
                classic.push_str(&format!("# {keyword} {name}_total {rest}\n"));
            }
            _ => {
                classic.push_str(line);
                classic.push('\n');
            }
        }
    }
    classic
}

/// Keyword, name and rest of a HELP or TYPE line.
fn metadata(line: &str) -> Option<(&str, &str, &str)> {
    let mut parts = line.strip_prefix("# ")?.splitn(3, ' ');
    Some((parts.next()?, parts.next()?, parts.next()?))
}
