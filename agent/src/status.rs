//! What the process knows about itself: published whole by the control task, read by the admin
//! server.

use crate::problem::Problem;
use dns_core::{Completeness, NameTable, Snapshot};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The state of the process at one time.
#[derive(Clone, Debug)]
pub struct Status {
    /// What the workers answer from.
    pub snapshot: Arc<Snapshot>,
    /// The sources, in the order they were given.
    pub sources: Vec<SourceStatus>,
    /// Where virtual addresses are recorded.
    pub journal: JournalStatus,
    /// Virtual addresses that live.
    pub vips_active: usize,
    /// Virtual addresses that rest before reuse.
    pub vips_released: usize,
    /// Names that want a virtual address and found their pool full.
    pub vips_exhausted: usize,
    /// When the table was published last.
    pub published: Option<SystemTime>,
    /// How long the last change took, from reading files to answering from them.
    pub publish_time: Duration,
    /// Tables published since the start.
    pub publishes: u64,
    /// What is wrong with configuration and views at this time.
    pub problems: Vec<Problem>,
    /// Whether the process is going down.
    pub phase: Phase,
}

/// Whether the process is going down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It serves.
    Serving,
    /// It finishes what it has begun and takes no new clients.
    Draining,
}

/// The state of one source.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// The path as it was given.
    pub path: PathBuf,
    /// What it is: `objects`, `name-table`, `hosts`.
    pub kind: &'static str,
    /// Objects, names or lines that are served from it.
    pub items: usize,
    /// How its content stands.
    pub freshness: Freshness,
    /// What is wrong with it at this time.
    pub problems: Vec<Problem>,
    /// When it was last read without a problem that left something out.
    pub read: Option<SystemTime>,
}

/// How the content of a source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// As its files say.
    Fresh,
    /// Some of it is served from its last good form, because of its problems.
    Frozen,
    /// Some of it could not be read, and there is no good form from before.
    Incomplete,
    /// Gone, empty, or much smaller than before: served as it was, for that reason, until it is
    /// confirmed.
    Held(String),
    /// Never read: there is nothing to serve from it.
    Missing,
}

impl Freshness {
    /// Fixed text for output and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Freshness::Fresh => "fresh",
            Freshness::Frozen => "frozen",
            Freshness::Incomplete => "incomplete",
            Freshness::Held(_) => "held",
            Freshness::Missing => "missing",
        }
    }
}

/// Where virtual addresses are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalStatus {
    /// In a file below this folder.
    Written(PathBuf),
    /// Nowhere, on purpose.
    Off,
    /// Nowhere, for this reason: they are lost with the process.
    Failed(String),
}

impl Status {
    /// A process that serves `snapshot` and has read no source yet.
    pub fn starting(snapshot: Arc<Snapshot>, journal: JournalStatus) -> Self {
        Status {
            snapshot,
            sources: Vec::new(),
            journal,
            vips_active: 0,
            vips_released: 0,
            vips_exhausted: 0,
            published: None,
            publish_time: Duration::ZERO,
            publishes: 0,
            problems: Vec::new(),
            phase: Phase::Serving,
        }
    }

    /// The table that is served.
    pub fn table(&self) -> &NameTable {
        &self.snapshot.table
    }

    /// Why the process is not ready; empty when it is. It is ready when each source has been read
    /// whole or is served from a good form of before.
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.phase == Phase::Draining {
            reasons.push("draining: the process is going down".to_owned());
        }
        if self.snapshot.table.completeness() == Completeness::Partial {
            reasons.push("table: not every source has been read yet".to_owned());
        }
        for source in &self.sources {
            if matches!(source.freshness, Freshness::Incomplete | Freshness::Missing) {
                reasons.extend(source.notes());
            }
        }
        reasons
    }

    /// What an operator should know although the process is ready.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let JournalStatus::Failed(reason) = &self.journal {
            notes.push(format!(
                "journal: {reason}; virtual addresses are lost with the process"
            ));
        }
        if self.vips_exhausted > 0 {
            let count = self.vips_exhausted;
            notes.push(format!(
                "vips: {count} names found their pool full; add a pool"
            ));
        }
        for source in &self.sources {
            if !matches!(source.freshness, Freshness::Incomplete | Freshness::Missing) {
                notes.extend(source.notes());
            }
        }
        notes.extend(self.problems.iter().map(ToString::to_string));
        notes
    }
}

impl SourceStatus {
    fn notes(&self) -> Vec<String> {
        let path = self.path.display();
        let mut notes = match &self.freshness {
            Freshness::Fresh | Freshness::Frozen | Freshness::Incomplete => Vec::new(),
            Freshness::Held(reason) => vec![format!("{path}: held: {reason}")],
            Freshness::Missing => vec![format!("{path}: has never been read")],
        };
        notes.extend(self.problems.iter().map(ToString::to_string));
        notes
    }
}
