//! Metrics: sums what the workers count, reads the [`Status`], and names the result. The only
//! place where metric names exist; `docs/metrics.md` explains each.
//!
//! ```text
//! Vec<Arc<Stats>> ────┐
//! Vec<Arc<NetStats>> ─┼─▶ Scrape (a Collector) ─▶ OpenMetrics or classic text
//! Arc<Shared> ────────┤
//! ArcSwap<Status> ────┘
//! ```

mod cache;
mod classic;
mod counters;
mod family;
mod gauges;
#[cfg(test)]
mod tests;

use crate::net::NetStats;
use crate::status::Status;
use arc_swap::ArcSwap;
use dns_core::{NameTable, Shared, Stats};
use family::Family;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Text format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus's own, version 0.0.4: what is sent to whom does not ask for another.
    Classic,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Exposition {
    /// The format for an `Accept` header.
    pub fn accepted_by(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Exposition::OpenMetrics
        } else {
            Exposition::Classic
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Exposition::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Exposition::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What there is to count and to measure in this process.
#[derive(Debug)]
pub struct Metrics {
    status: Arc<ArcSwap<Status>>,
    resolvers: Vec<Arc<Stats>>,
    sockets: Vec<Arc<NetStats>>,
    shared: Arc<Shared>,
    entries: EntryCount,
}

impl Metrics {
    /// Metrics of these workers, of what they share, and of whatever status is published.
    pub fn new(
        status: Arc<ArcSwap<Status>>,
        resolvers: Vec<Arc<Stats>>,
        sockets: Vec<Arc<NetStats>>,
        shared: Arc<Shared>,
    ) -> Self {
        Metrics {
            status,
            resolvers,
            sockets,
            shared,
            entries: EntryCount::default(),
        }
    }

    /// All metrics as they are `now`. Looks at every name of the table when that is a new one.
    pub fn render(&self, exposition: Exposition, now: SystemTime) -> String {
        let status = self.status.load_full();
        let mut families = gauges::of(&status, self.entries.of(status.table()), now);
        families.extend(self.shared.cache().into_iter().flat_map(cache::of));
        families.extend(counters::of(&status, &self.counts()));
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Scrape(families)));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)
            .expect("writing to a string does not fail");
        match exposition {
            Exposition::OpenMetrics => text,
            Exposition::Classic => classic::from_open_metrics(&text),
        }
    }

    /// The counters of all workers by field name. Those of resolvers and sockets share no name.
    fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        let resolvers = self.resolvers.iter().flat_map(|stats| stats.iter());
        let sockets = self.sockets.iter().flat_map(|stats| stats.iter());
        for (field, count) in resolvers.chain(sockets) {
            *counts.entry(field).or_insert(0u64) += count;
        }
        counts
    }
}

/// Counts by field name.
type Counts = HashMap<&'static str, u64>;

/// The number of entries of the table counted last.
#[derive(Debug, Default)]
struct EntryCount(Mutex<Option<(u64, usize)>>);

impl EntryCount {
    fn of(&self, table: &NameTable) -> usize {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((generation, count)) if generation == table.generation() => count,
            _ => {
                let count = table.entry_count();
                *known = Some((table.generation(), count));
                count
            }
        }
    }
}

/// Everything at the time of one scrape.
#[derive(Debug)]
struct Scrape(Vec<Family>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|family| family.encode(&mut encoder))
    }
}
