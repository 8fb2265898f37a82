//! What can be measured at any time, from the [`Status`].

use super::family::{Family, Labels, Series};
use crate::status::{Freshness, JournalStatus, SourceStatus, Status};
use dns_core::Completeness;
use std::borrow::Cow;
use std::time::SystemTime;

/// All gauges. `entries` is the number of entries of the table.
pub(super) fn of(status: &Status, entries: usize, now: SystemTime) -> Vec<Family> {
    let mut families = of_process(status);
    families.extend(of_table(status, entries, now));
    families.extend(of_inputs(status));
    families.extend(of_clusters(status, now));
    families
}

fn of_process(status: &Status) -> Vec<Family> {
    let version = vec![("version", Cow::Borrowed(env!("CARGO_PKG_VERSION")))];
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
    families.push(single(
        "callsign_compile_seconds",
        "Time in the compiler and the journal, last change.",
        status.compile_time.as_secs_f64(),
    ));
    families.extend(status.generation.map(|id| {
        let label = vec![("generation", Cow::Owned(id.to_string()))];
        let help = "Names the table by its content; always 1.";
        labelled("callsign_generation_info", help, vec![(label, 1.0)])
    }));
    families.push(single(
        "callsign_change_held",
        "Whether a change is held until it is confirmed.",
        truth(status.held.generation.is_some()),
    ));
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
                (one("input", "configuration"), status.problems.len() as f64),
                (one("input", "sources"), of_sources as f64),
            ],
        ),
        labelled(
            "callsign_vips",
            "Virtual addresses by state; exhausted counts names that got none.",
            vec![
                (one("state", "active"), status.vips_active as f64),
                (one("state", "released"), status.vips_released as f64),
                (one("state", "exhausted"), status.vips_exhausted as f64),
            ],
        ),
    ]
}

/// One series a cluster folder, of which there are
/// [`CLUSTERS_MAX`](crate::sources::CLUSTERS_MAX) at most.
fn of_clusters(status: &Status, now: SystemTime) -> Vec<Family> {
    let by_cluster = |value: &dyn Fn(&SourceStatus) -> Option<f64>| -> Vec<(Labels, f64)> {
        let clusters = status.sources.iter();
        let series = clusters.filter_map(|source| {
            let id = source.cluster.as_ref()?;
            Some((
                vec![("cluster", Cow::Owned(id.to_string()))],
                value(source)?,
            ))
        });
        series.collect()
    };
    let age = |source: &SourceStatus| {
        if source.freshness == Freshness::Fresh {
            return Some(0.0);
        }
        let age = now.duration_since(source.read?);
        Some(age.unwrap_or_default().as_secs_f64())
    };
    let is_held = |source: &SourceStatus| matches!(source.freshness, Freshness::Held(_));
    let families = [
        labelled(
            "callsign_cluster_objects",
            "Objects served of a cluster.",
            by_cluster(&|source| Some(source.items as f64)),
        ),
        labelled(
            "callsign_cluster_age_seconds",
            "How long a cluster has not been served as its folder says; absent if it never was.",
            by_cluster(&age),
        ),
        labelled(
            "callsign_cluster_held",
            "Whether a cluster is served as it was, until that is confirmed.",
            by_cluster(&|source| Some(truth(is_held(source)))),
        ),
    ];
    let is_there = |family: &Family| match &family.series {
        Series::Gauge(series) => !series.is_empty(),
        Series::Counter(_) => true,
    };
    families.into_iter().filter(is_there).collect()
}

/// Labels of [`Freshness`].
const FRESHNESS: [&str; 5] = ["fresh", "frozen", "incomplete", "held", "missing"];

fn by_freshness(sources: &[SourceStatus], label: &'static str) -> (Labels, f64) {
    let count = sources
        .iter()
        .filter(|source| Freshness::label(&source.freshness) == label)
        .count();
    (one("freshness", label), count as f64)
}

/// A single label of fixed text.
fn one(name: &'static str, value: &'static str) -> Labels {
    vec![(name, Cow::Borrowed(value))]
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
