//! What can be measured at any time, from the [`Status`].

use super::family::{Family, Labels, Series};
use crate::status::{Freshness, JournalStatus, SourceStatus, Status};
use dns_core::Completeness;
use std::time::SystemTime;

/// All gauges. `entries` is the number of entries of the table.
pub(super) fn of(status: &Status, entries: usize, now: SystemTime) -> Vec<Family> {
    let mut families = of_process(status);
    families.extend(of_table(status, entries, now));
    families.extend(of_inputs(status));
    families
}

fn of_process(status: &Status) -> Vec<Family> {
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    let is_ready = status.reasons().is_empty();
    let mut families = vec![
        labelled(
            "callsign_build_info",
            "Version of the process; always 1.",
            vec![(version, 1.0)],
        ),
        single(
            "callsign_ready",
            "Whether /readyz says ready.",
            truth(is_ready),
        ),
    ];
    let is_writable = match status.journal {
        JournalStatus::Written(_) => Some(true),
        JournalStatus::Failed(_) => Some(false),
        JournalStatus::Off => None,
    };
    families.extend(is_writable.map(|is_writable| {
        let help = "Whether virtual addresses are recorded on disk; absent if switched off.";
        single("callsign_journal_writable", help, truth(is_writable))
    }));
    families
}

fn of_table(status: &Status, entries: usize, now: SystemTime) -> Vec<Family> {
    let table = status.table();
    let is_complete = table.completeness() == Completeness::Complete;
    let mut families = vec![
        single(
            "callsign_table_names",
            "Names that can be answered.",
            table.len() as f64,
        ),
        single(
            "callsign_table_entries",
            "Entries of all names, every variant.",
            entries as f64,
        ),
        single(
            "callsign_table_generation",
            "Counts up with every table.",
            table.generation() as f64,
        ),
        single(
            "callsign_table_complete",
            "Whether every source is in it.",
            truth(is_complete),
        ),
        single(
            "callsign_table_publish_seconds",
            "Time from read files to published table, last change.",
            status.publish_time.as_secs_f64(),
        ),
    ];
    families.extend(status.published.map(|published| {
        let age = now.duration_since(published).unwrap_or_default();
        let help = "Time since the table was published; absent before the first.";
        single("callsign_table_age_seconds", help, age.as_secs_f64())
    }));
    families
}

fn of_inputs(status: &Status) -> Vec<Family> {
    let of_sources: usize = status
        .sources
        .iter()
        .map(|source| source.problems.len())
        .sum();
    vec![
        labelled(
            "callsign_sources",
            "Sources by how their content stands.",
            FRESHNESS
                .iter()
                .map(|label| by_freshness(&status.sources, label))
                .collect(),
        ),
        labelled(
            "callsign_problems",
            "Problems of inputs at this time.",
            vec![
                (
                    vec![("input", "configuration")],
                    status.problems.len() as f64,
                ),
                (vec![("input", "sources")], of_sources as f64),
            ],
        ),
        labelled(
            "callsign_vips",
            "Virtual addresses by state; exhausted counts names that got none.",
            vec![
                (vec![("state", "active")], status.vips_active as f64),
                (vec![("state", "released")], status.vips_released as f64),
                (vec![("state", "exhausted")], status.vips_exhausted as f64),
            ],
        ),
    ]
}

/// Labels of [`Freshness`].
const FRESHNESS: [&str; 5] = ["fresh", "frozen", "incomplete", "held", "missing"];

fn by_freshness(sources: &[SourceStatus], label: &'static str) -> (Labels, f64) {
    let count = sources
        .iter()
        .filter(|source| Freshness::label(&source.freshness) == label)
        .count();
    (vec![("freshness", label)], count as f64)
}

fn truth(is_true: bool) -> f64 {
    f64::from(u8::from(is_true))
}

fn single(name: &'static str, help: &'static str, value: f64) -> Family {
    labelled(name, help, vec![(Labels::new(), value)])
}

fn labelled(name: &'static str, help: &'static str, series: Vec<(Labels, f64)>) -> Family {
    Family {
        name,
        help,
        series: Series::Gauge(series),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_freshness_has_its_series() {
        let all = [
            Freshness::Fresh,
            Freshness::Frozen,
            Freshness::Incomplete,
            Freshness::Held(String::new()),
            Freshness::Missing,
        ];
        assert_eq!(all.each_ref().map(Freshness::label), FRESHNESS);
    }
}
