//! Reads the output strictly and compares it with `docs/metrics.md`.

use super::*;
use crate::output::fixture::{self, pay, reviews, snapshot};
use crate::status::{Freshness, JournalStatus, SourceStatus};
use dns_core::{CacheConfig, Millis};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const DOCS: &str = include_str!("../../../docs/metrics.md");

/// A metric as it was read: type, series by label text.
#[derive(Debug, Default, PartialEq)]
struct Read {
    kind: String,
    series: BTreeMap<String, f64>,
}

/// Reads the classic format: HELP, TYPE, then samples of that very name.
fn read(text: &str) -> BTreeMap<String, Read> {
    assert!(text.ends_with('\n'));
    let mut families: BTreeMap<String, Read> = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(help) = lines.next() {
        let (name, help) = help
            .strip_prefix("# HELP ")
            .unwrap()
            .split_once(' ')
            .unwrap();
        assert!(!help.is_empty() && is_name(name), "{name}");
        let kind = lines
            .next()
            .unwrap()
            .strip_prefix(&format!("# TYPE {name} "))
            .unwrap();
        assert!(["counter", "gauge"].contains(&kind), "{name} is a {kind}");
        let mut series = BTreeMap::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (labels, value) = sample.strip_prefix(name).unwrap().rsplit_once(' ').unwrap();
            let known = series.insert(labels.to_owned(), value.parse().unwrap());
            assert_eq!(known, None, "{sample}");
        }
        assert!(!series.is_empty(), "{name}");
        let read = Read {
            kind: kind.to_owned(),
            series,
        };
        assert!(
            families.insert(name.to_owned(), read).is_none(),
            "{name} twice"
        );
    }
    families
}

fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_word)
}

/// Names of the labels in `{a="x",b="y"}`.
fn label_names(labels: &str) -> Vec<String> {
    if labels.is_empty() {
        return Vec::new();
    }
    let inner = labels.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let pair = |pair: &str| {
        let (name, value) = pair.split_once("=\"").unwrap();
        let value = value.strip_suffix('"').unwrap();
        assert!(
            is_name(name) && !value.is_empty() && !value.contains(['"', '\\']),
            "{pair}"
        );
        name.to_owned()
    };
    inner.split(',').map(pair).collect()
}

fn metrics() -> (Metrics, SystemTime) {
    let published = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    let source = SourceStatus {
        path: "objects".into(),
        cluster: None,
        kind: "objects",
        items: 2,
        freshness: Freshness::Held("it is gone".to_owned()),
        problems: Vec::new(),
        read: None,
    };
    let cluster = SourceStatus {
        path: "clusters/west".into(),
        cluster: Some("west".into()),
        kind: "cluster",
        freshness: Freshness::Frozen,
        read: Some(published),
        ..source.clone()
    };
    let mut status = fixture::status(snapshot(vec![pay(), reviews()]));
    status.sources = vec![source, cluster];
    status.generation = "0123456789abcdef".parse().ok();
    status.published = Some(published);
    status.publishes = 4;
    status.vips_active = 2;
    status.journal = JournalStatus::Failed("read-only".to_owned());
    let stats: Vec<_> = (0..2).map(|_| Arc::new(Stats::default())).collect();
    stats.iter().for_each(|stats| stats.queries_udp.add(5));
    stats[1].queries_tcp.add(1);
    stats[0].table_hits.add(3);
    let sockets = Arc::new(NetStats::default());
    sockets.tcp_closed_idle.add(2);
    let status = Arc::new(ArcSwap::from_pointee(status));
    (
        Metrics::new(status, stats, vec![sockets], shared()),
        published + Duration::from_secs(90),
    )
}

/// A cache with one failure in it.
fn shared() -> Arc<Shared> {
    let shared = Shared::new(1, Some(CacheConfig::default()), 7);
    crate::admin::keep_failure(&shared, "gone.example", Millis(0));
    Arc::new(shared)
}

fn rendered(exposition: Exposition) -> String {
    let (metrics, now) = metrics();
    metrics.render(exposition, now)
}

#[test]
fn the_classic_text_reads_strictly_and_sums_the_workers() {
    let families = read(&rendered(Exposition::Classic));
    let value = |name: &str, labels: &str| families[name].series[labels];
    assert_eq!(
        value("callsign_dns_requests_total", "{transport=\"udp\"}"),
        10.0
    );
    assert_eq!(value("istio_agent_dns_requests_total", ""), 11.0);
    assert_eq!(
        value(
            "callsign_dns_responses_total",
            "{source=\"table\",outcome=\"hit\"}"
        ),
        3.0
    );
    assert_eq!(
        value("callsign_net_tcp_closed_total", "{reason=\"idle\"}"),
        2.0
    );
    assert_eq!(value("callsign_table_names", ""), 2.0);
    assert_eq!(value("callsign_table_entries", ""), 2.0);
    assert_eq!(value("callsign_table_age_seconds", ""), 90.0);
    assert_eq!(value("callsign_table_publishes_total", ""), 4.0);
    assert_eq!(value("callsign_sources", "{freshness=\"held\"}"), 1.0);
    assert_eq!(value("callsign_cluster_objects", "{cluster=\"west\"}"), 2.0);
    assert_eq!(
        value("callsign_cluster_age_seconds", "{cluster=\"west\"}"),
        90.0
    );
    assert_eq!(value("callsign_cluster_held", "{cluster=\"west\"}"), 0.0);
    let generation = "{generation=\"0123456789abcdef\"}";
    assert_eq!(value("callsign_generation_info", generation), 1.0);
    assert_eq!(value("callsign_journal_writable", ""), 0.0);
    assert_eq!(value("callsign_ready", ""), 1.0);
    assert_eq!(value("callsign_cache_entries", ""), 1.0);
    assert_eq!(value("callsign_cache_inserts_total", ""), 1.0);
    assert_eq!(value("callsign_cache_evictions_total", ""), 0.0);
    let octets = value("callsign_cache_octets", "");
    assert!(octets > 0.0 && octets < value("callsign_cache_octets_max", ""));
}

#[test]
fn counters_and_only_they_end_in_total_once() {
    for (name, family) in read(&rendered(Exposition::Classic)) {
        assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
        assert_eq!(
            name.matches("_total").count(),
            usize::from(family.kind == "counter")
        );
    }
}

#[test]
fn open_metrics_has_the_same_samples_and_its_end_mark() {
    let samples = |text: &str| -> BTreeSet<String> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    let open = rendered(Exposition::OpenMetrics);
    assert!(open.ends_with("\n# EOF\n"));
    assert!(open.contains("# TYPE callsign_dns_requests counter\n"));
    assert_eq!(samples(&open), samples(&rendered(Exposition::Classic)));
}

#[test]
fn a_journal_that_is_off_on_purpose_and_a_table_never_published_have_no_gauge() {
    let (metrics, now) = metrics();
    let mut status = Status::clone(&metrics.status.load());
    status.journal = JournalStatus::Off;
    status.published = None;
    metrics.status.store(Arc::new(status));
    let families = read(&metrics.render(Exposition::Classic, now));
    assert!(!families.contains_key("callsign_journal_writable"));
    assert!(!families.contains_key("callsign_table_age_seconds"));
}

#[test]
fn without_cluster_folders_there_are_no_series_of_them() {
    let (metrics, now) = metrics();
    let mut status = Status::clone(&metrics.status.load());
    status.sources.truncate(1);
    metrics.status.store(Arc::new(status));
    let families = read(&metrics.render(Exposition::Classic, now));
    assert!(
        !families
            .keys()
            .any(|name| name.starts_with("callsign_cluster_"))
    );
}

#[test]
fn a_cache_that_is_off_has_no_metrics() {
    let (mut metrics, now) = metrics();
    metrics.shared = Arc::new(Shared::new(1, None, 7));
    let families = read(&metrics.render(Exposition::Classic, now));
    assert!(!families.contains_key("callsign_cache_entries"));
}

#[test]
fn entries_are_counted_anew_with_a_new_table() {
    let (metrics, now) = metrics();
    metrics.render(Exposition::Classic, now);
    let mut status = Status::clone(&metrics.status.load());
    let mut writer = dns_core::TableWriter::new(1);
    let mut change = |entries| {
        let update = dns_core::TableUpdate::Replace(entries);
        writer.apply(update, dns_core::Completeness::Complete)
    };
    change(Vec::new());
    let table = change(vec![pay()]);
    let mut snapshot = snapshot(Vec::new());
    snapshot.table = table;
    status.snapshot = Arc::new(snapshot);
    metrics.status.store(Arc::new(status));
    let families = read(&metrics.render(Exposition::Classic, now));
    assert_eq!(families["callsign_table_entries"].series[""], 1.0);
}

#[test]
fn the_docs_and_the_output_name_the_same_metrics() {
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let name = cells
            .get(1)?
            .strip_prefix('`')?
            .strip_suffix('`')?
            .to_owned();
        let labels: Vec<_> = cells[3]
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert!(!cells[4].is_empty(), "{name} has no meaning");
        Some((name, (cells[2].to_owned(), labels)))
    };
    let documented: BTreeMap<_, _> = DOCS.lines().filter_map(row).collect();
    let emitted: BTreeMap<_, _> = read(&rendered(Exposition::Classic))
        .into_iter()
        .map(|(name, family)| {
            let labels: BTreeSet<_> = family
                .series
                .keys()
                .map(|labels| label_names(labels))
                .collect();
            assert_eq!(labels.len(), 1, "series of {name} differ in labels");
            (name, (family.kind, labels.into_iter().next().unwrap()))
        })
        .collect();
    assert_eq!(documented, emitted);
}

#[test]
fn the_format_is_the_one_asked_for() {
    let asked = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    assert_eq!(Exposition::accepted_by(asked), Exposition::OpenMetrics);
    assert_eq!(Exposition::accepted_by("*/*"), Exposition::Classic);
}
