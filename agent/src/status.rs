//! What the process knows about itself: published whole by the control task, read by the admin
//! server.

use crate::generations::GenerationId;
use crate::held::Held;
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
    /// Why the process is not ready although every source may be.
    pub unready: Vec<String>,
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
    /// How much of that the compiler and the journal took.
    pub compile_time: Duration,
    /// Tables published since the start.
    pub publishes: u64,
    /// Names the table by its content; none before it is worked out for the first one.
    pub generation: Option<GenerationId>,
    /// What is held back.
    pub held: Arc<Held>,
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
    /// The cluster whose folder it is.
    pub cluster: Option<Arc<str>>,
    /// What it is: `table`, `cluster`, `hosts`.
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
            unready: Vec::new(),
            journal,
            vips_active: 0,
            vips_released: 0,
            vips_exhausted: 0,
            published: None,
            publish_time: Duration::ZERO,
            compile_time: Duration::ZERO,
            publishes: 0,
            generation: None,
            held: Arc::default(),
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
        reasons.extend(self.unready.iter().cloned());
        for source in &self.sources {
            if matches!(source.freshness, Freshness::Incomplete | Freshness::Missing) {
                reasons.extend(source.notes(&self.held));
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
                notes.extend(source.notes(&self.held));
            }
        }
        notes.extend(self.problems.iter().map(ToString::to_string));
        notes
    }
}

impl SourceStatus {
    fn notes(&self, held: &Held) -> Vec<String> {
        let path = self.path.display();
        let mut notes = match &self.freshness {
            Freshness::Fresh | Freshness::Frozen | Freshness::Incomplete => self.vacancy(),
            Freshness::Held(reason) => {
                let confirm = held.generation.map(|id| format!(", or confirm {id}"));
                vec![format!(
                    "{path}: held: {reason}{}",
                    confirm.unwrap_or_default()
                )]
            }
            Freshness::Missing => vec![format!("{path}: has never been read")],
        };
        notes.extend(self.problems.iter().map(ToString::to_string));
        notes
    }

    /// A cluster without objects is told: it may be a wrong path.
    fn vacancy(&self) -> Vec<String> {
        let is_vacant = self.cluster.is_some() && self.items == 0 && self.problems.is_empty();
        let note = || format!("{}: has no objects", self.path.display());
        is_vacant.then(note).into_iter().collect()
    }
}
