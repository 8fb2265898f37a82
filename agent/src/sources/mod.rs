//! The inputs of the table: files and folders that are read again when they change, each with its
//! last good content.
//!
//! ```text
//! path ─▶ listing ─▶ File::read ─▶ latest ─┐ guard ─▶ served ─▶ control
//!                       ▲                  └─ held: what was served goes on
//!               last good (state folder)
//! ```

mod cluster_folders;
mod content;
mod file;
mod fingerprint;
mod guard;
mod kept_hosts;
mod last_good;
mod listing;
pub mod watch;

pub use cluster_folders::CLUSTERS_MAX;
pub(crate) use cluster_folders::{ClusterFolders, is_cluster_id};
pub use content::Content;
pub(crate) use file::in_cluster;
pub use last_good::{LastGood, RestoreError};

use crate::problem::{Place, Problem};
use crate::status::{Freshness, SourceStatus};
use dns_core::NameBuf;
use file::File;
use guard::{Guard, Verdict};
use kept_hosts::Keeping;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What the files of a source hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Objects, or name tables as istiod prints them; each file says by its content which.
    Table,
    /// Objects of one cluster of many, in a folder of its own.
    Cluster,
    /// Lines of hosts(5).
    Hosts,
}

type Files = BTreeMap<PathBuf, Arc<File>>;

/// One path that was given, and what is served from it.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    kind: SourceKind,
    /// The cluster whose folder it is.
    cluster: Option<Arc<str>>,
    /// Counts up with every change of what is served.
    revision: u64,
    /// What the files say, with last good parts where they are broken.
    latest: Files,
    /// What the table is made of.
    served: Files,
    guard: Guard,
    listing_problem: Option<Problem>,
    /// Whether there has ever been something to serve, even if only to say that it is empty.
    is_known: bool,
    /// Whether what is served differs from what the state folder holds.
    is_unsaved: bool,
    read: Option<SystemTime>,
}

/// Whether a refresh found anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// It did: in the files, or in what may be served from them.
    Changed,
    /// It did not.
    Same,
}

impl Refresh {
    /// Whether this one or the other found anything new.
    pub(crate) fn or(self, other: Refresh) -> Refresh {
        match self {
            Refresh::Changed => Refresh::Changed,
            Refresh::Same => other,
        }
    }
}

/// Whether what is held back shall be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// They stay until their time.
    Keep,
    /// The operator says that the change is meant.
    Release,
}

impl Source {
    /// A source that has not been read.
    pub fn new(path: &Path, kind: SourceKind) -> Self {
        Source {
            path: path.to_owned(),
            kind,
            cluster: None,
            revision: 0,
            latest: Files::new(),
            served: Files::new(),
            guard: Guard::default(),
            listing_problem: None,
            is_known: false,
            is_unsaved: false,
            read: None,
        }
    }

    /// The folder of a cluster, not read.
    pub fn of_cluster(path: &Path, id: &Arc<str>) -> Self {
        Source {
            cluster: Some(Arc::clone(id)),
            ..Source::new(path, SourceKind::Cluster)
        }
    }

    /// Takes over what it held when the process ended, before it is read.
    ///
    /// # Errors
    /// When something was kept and cannot be used; the source is as it was then.
    pub fn restore(&mut self, domain: &NameBuf, state_dir: &Path) -> Result<(), RestoreError> {
        match self.kind {
            SourceKind::Table | SourceKind::Cluster => {
                if let Some(last_good) = LastGood::load(state_dir, &self.path)? {
                    self.take_over(last_good.files.iter().map(|stored| {
                        let content = Content::restore(&stored.path, &stored.content, domain);
                        (stored.path.clone(), content)
                    }));
                }
            }
            SourceKind::Hosts => {
                let kept = kept_hosts::load(state_dir, &self.path);
                if let Some(text) = kept.map_err(RestoreError::Unreadable)? {
                    let name = self.path.to_string_lossy();
                    let content = Content::read_hosts(&name, &text, None).content;
                    self.take_over([(self.path.clone(), content)].into_iter());
                }
            }
        }
        Ok(())
    }

    fn take_over(&mut self, contents: impl Iterator<Item = (PathBuf, Content)>) {
        self.served = contents
            .map(|(path, content)| (path, Arc::new(File::restored(content))))
            .collect();
        self.is_known = true;
        self.revision += 1;
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its files hold.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// The cluster whose folder it is; `None` for what was given by its own path.
    pub fn cluster(&self) -> Option<&Arc<str>> {
        self.cluster.as_ref()
    }

    /// Whether its files may hold objects.
    pub(crate) fn has_objects(&self) -> bool {
        match self.kind {
            SourceKind::Table | SourceKind::Cluster => true,
            SourceKind::Hosts => false,
        }
    }

    /// Counts up with every change of what is served.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether something of it is held back.
    pub fn is_held(&self) -> bool {
        self.guard.reason().is_some()
    }

    /// Whether nothing is served from it, and nothing is held back.
    pub(crate) fn is_vacant(&self) -> bool {
        !self.is_held() && items_of(&self.served) == 0
    }

    /// Reads all files again the next time, changed or not; what is served stays until then.
    pub fn forget(&mut self) {
        self.latest.clear();
    }

    /// Reads what has changed since the last time. `elapsed` is time since the start of the
    /// process, by a clock that never goes back.
    pub fn refresh(&mut self, domain: &NameBuf, elapsed: Duration, holds: Holds) -> Refresh {
        let before = (
            self.latest.clone(),
            self.freshness(),
            self.listing_problem.clone(),
        );
        match listing::files_of(&self.path, self.kind) {
            Ok(paths) => {
                self.listing_problem = None;
                self.latest = paths
                    .into_iter()
                    .map(|path| {
                        let file = self.read_file(&path, domain);
                        (path, file)
                    })
                    .collect();
                self.is_known |=
                    self.latest.is_empty() || self.latest.values().any(|file| !file.is_unread());
            }
            Err(error) => {
                self.latest.clear();
                self.listing_problem = Some(self.unreadable(&error));
            }
        }
        self.settle(elapsed, holds);
        if self.freshness() == Freshness::Fresh {
            self.read = Some(SystemTime::now());
        }
        let (latest, freshness, listing_problem) = before;
        let is_known = freshness == self.freshness() && listing_problem == self.listing_problem;
        if is_known && is_same(&latest, &self.latest) {
            return Refresh::Same;
        }
        self.revision += 1;
        Refresh::Changed
    }

    /// Serves what was held back, as it was read last.
    pub(crate) fn release(&mut self, elapsed: Duration) {
        if self.is_held() {
            self.settle(elapsed, Holds::Release);
            self.revision += 1;
        }
    }

    /// A file that is unchanged is not read again.
    fn read_file(&self, path: &Path, domain: &NameBuf) -> Arc<File> {
        let known = self.latest.get(path);
        if let Some(known) = known.filter(|known| known.is_current(path)) {
            return Arc::clone(known);
        }
        let file = File::read(path, self.kind, domain, &self.served);
        Arc::new(match &self.cluster {
            Some(id) => file.of_cluster(id),
            None => file,
        })
    }

    fn settle(&mut self, elapsed: Duration, holds: Holds) {
        let sizes = (items_of(&self.served), items_of(&self.latest));
        if holds == Holds::Release {
            self.guard.release();
        }
        match self.guard.judge(sizes.0, sizes.1, elapsed) {
            Verdict::Serve => {
                self.is_unsaved |= !is_same(&self.served, &self.latest);
                self.served.clone_from(&self.latest);
            }
            Verdict::Hold => {}
        }
    }

    fn unreadable(&self, error: &io::Error) -> Problem {
        Problem::error(
            Place::of_file(&self.path),
            "",
            format!("cannot be read: {error}"),
        )
        .with_hint("put the file or folder back, or take it out of the configuration")
    }

    /// The contents that the table is made of, or would be if nothing were held.
    pub fn contents(&self, holds: Holds) -> impl Iterator<Item = (&Content, Staleness<'_>)> {
        let is_kept = holds == Holds::Keep && self.is_held();
        let files = match holds {
            Holds::Keep => &self.served,
            Holds::Release => &self.latest,
        };
        files.values().map(move |file| {
            let staleness = if is_kept {
                Staleness::Whole
            } else {
                file.staleness()
            };
            (file.content(), staleness)
        })
    }

    /// The files that what is held back would change.
    pub(crate) fn held_files(&self) -> impl Iterator<Item = &Path> {
        let files = self.is_held().then(|| self.served.keys());
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    /// Whether there has never been anything to serve from it.
    pub fn is_unread(&self) -> bool {
        !self.is_known
    }

    /// Its state for people and metrics.
    pub fn status(&self) -> SourceStatus {
        let mut problems: Vec<Problem> = self.listing_problem.iter().cloned().collect();
        problems.extend(
            self.latest
                .values()
                .flat_map(|file| file.problems().iter().cloned()),
        );
        SourceStatus {
            path: self.path.clone(),
            cluster: self.cluster.clone(),
            kind: match self.kind {
                SourceKind::Table => "table",
                SourceKind::Cluster => "cluster",
                SourceKind::Hosts => "hosts",
            },
            items: items_of(&self.served),
            freshness: self.freshness(),
            problems,
            read: self.read,
        }
    }

    fn freshness(&self) -> Freshness {
        if let Some(reason) = self.guard.reason() {
            return Freshness::Held(reason.to_owned());
        }
        if self.is_unread() {
            return Freshness::Missing;
        }
        if self.latest.values().any(|file| file.is_incomplete()) {
            return Freshness::Incomplete;
        }
        let is_whole = self
            .latest
            .values()
            .all(|file| file.staleness() == Staleness::None);
        if is_whole {
            Freshness::Fresh
        } else {
            Freshness::Frozen
        }
    }

    /// Keeps what is served for the next start, if it has changed and is not held: what the
    /// state folder has is better than what an accident has left.
    ///
    /// # Errors
    /// When the folder cannot be written; it is tried again with the next change.
    pub fn save(&mut self, state_dir: &Path) -> io::Result<()> {
        let is_held = matches!(self.freshness(), Freshness::Held(_) | Freshness::Missing);
        if !self.is_unsaved || is_held {
            return Ok(());
        }
        let keeping = match self.kind {
            SourceKind::Table | SourceKind::Cluster => {
                self.last_good().save(state_dir).map(|()| Keeping::Done)
            }
            SourceKind::Hosts => self.keep_hosts(state_dir),
        };
        self.is_unsaved = keeping? == Keeping::Overtaken;
        Ok(())
    }

    fn last_good(&self) -> LastGood {
        let files = self.served.iter().filter(|(_, file)| !file.is_unread());
        LastGood {
            path: self.path.clone(),
            files: files
                .filter_map(|(path, file)| {
                    Some(last_good::StoredFile {
                        path: path.clone(),
                        content: file.content().store()?,
                    })
                })
                .collect(),
        }
    }

    fn keep_hosts(&self, state_dir: &Path) -> io::Result<Keeping> {
        let Some(file) = self.served.values().find(|file| !file.is_unread()) else {
            return kept_hosts::keep_none(state_dir, &self.path).map(|()| Keeping::Done);
        };
        match file.content().version() {
            Some(version) => kept_hosts::keep(state_dir, &self.path, version),
            // It came from there.
            None => Ok(Keeping::Done),
        }
    }
}

/// Which part of a file's content is from before its present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness<'a> {
    /// None.
    None,
    /// These objects.
    Objects(&'a [table_compiler::ObjectId]),
    /// All.
    Whole,
}

fn is_same(before: &Files, after: &Files) -> bool {
    before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|((a, x), (b, y))| a == b && x.is_same(y))
}

fn items_of(files: &Files) -> usize {
    files.values().map(|file| file.content().items()).sum()
}
