//! [`Inputs`]: the sources of a configuration, those of cluster folders as they come and go.

use crate::config::{Config, StateDir};
use crate::known_clusters::KnownClusters;
use crate::logging::log_new;
use crate::problem::Problem;
use crate::sources::{ClusterFolders, Holds, LastGood, Refresh, Source, SourceKind};
use crate::status::{Freshness, SourceStatus};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The sources of a configuration.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    sources: Vec<Source>,
    /// Ids of the clusters that have a folder, when it was looked at last.
    listed: BTreeSet<Arc<str>>,
    /// What is wrong in the folder of all clusters.
    problems: Vec<Problem>,
    /// Cluster folders that are not part of the mesh any more, whose last good objects are still in
    /// the state folder.
    gone: Vec<PathBuf>,
    known: KnownClusters,
}

impl Inputs {
    /// Sources for the paths of a configuration; those that are there `before` are kept. Clusters
    /// that the state folder knows are sources, too, whether or not they have a folder.
    pub(crate) fn of(config: &Config, before: Inputs) -> Self {
        let mut had = before.sources;
        let tables = config.tables.iter().map(|path| (path, SourceKind::Table));
        let hosts = config.hosts.iter().map(|path| (path, SourceKind::Hosts));
        let mut sources: Vec<Source> = tables
            .chain(hosts)
            .map(|(path, kind)| {
                let is_it = |source: &Source| source.path() == path && source.kind() == kind;
                let at = had.iter().position(is_it);
                at.map_or_else(
                    || restored(config, Source::new(path, kind)),
                    |at| had.swap_remove(at),
                )
            })
            .collect();
        let mut known = before.known;
        if let Some(dir) = &config.clusters {
            known.turn_to(dir, &config.state_dir);
            let is_there = |source: &Source| {
                source
                    .cluster()
                    .is_some_and(|id| source.path() == dir.join(&**id))
            };
            let (stay, _) = had.into_iter().partition::<Vec<_>, _>(is_there);
            sources.extend(stay);
        }
        let mut inputs = Inputs {
            sources,
            known,
            gone: before.gone,
            ..Inputs::default()
        };
        if config.clusters.is_some() {
            inputs.add_clusters(config, inputs.known.ids().clone());
        }
        inputs
    }

    /// The sources: those of paths as they were given, then clusters by their ids.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Paths whose change means work.
    pub(crate) fn paths(&self, config: &Config) -> Vec<PathBuf> {
        let paths = self.sources.iter().map(|source| source.path().to_owned());
        paths.chain(config.clusters.clone()).collect()
    }

    /// Has all files read again.
    pub(crate) fn forget(&mut self) {
        self.sources.iter_mut().for_each(Source::forget);
    }

    /// Reads what has changed.
    pub(crate) fn refresh(&mut self, config: &Config, elapsed: Duration, holds: Holds) -> Refresh {
        let mut refresh = match &config.clusters {
            Some(dir) => self.look(config, dir),
            None => Refresh::Same,
        };
        let domain = config.domain();
        for source in &mut self.sources {
            let before = source.status();
            if source.refresh(&domain, elapsed, holds) == Refresh::Changed {
                refresh = Refresh::Changed;
                log_change(&before, &source.status());
            }
        }
        refresh.or(self.drop_vacant())
    }

    /// Serves what was held back, as it was read last.
    pub(crate) fn release(&mut self, elapsed: Duration) {
        for source in &mut self.sources {
            let before = source.status();
            source.release(elapsed);
            log_change(&before, &source.status());
        }
        self.drop_vacant();
    }

    /// Looks which clusters have a folder.
    fn look(&mut self, config: &Config, dir: &Path) -> Refresh {
        let known = self.ids();
        // Of too many clusters the clients' own stays.
        let kept = known.iter().chain(&config.cluster).cloned().collect();
        let found = ClusterFolders::look(dir, &kept).unwrap_or_else(|problem| ClusterFolders {
            problems: vec![*problem],
            ..ClusterFolders::default()
        });
        let new = found.ids.difference(&known).cloned().collect();
        self.add_clusters(config, new);
        let is_same = self.listed == found.ids && self.problems == found.problems;
        log_new(&self.problems, &found.problems);
        (self.listed, self.problems) = (found.ids, found.problems);
        if is_same {
            Refresh::Same
        } else {
            Refresh::Changed
        }
    }

    fn add_clusters(&mut self, config: &Config, new: BTreeSet<Arc<str>>) {
        let Some(dir) = &config.clusters else { return };
        let known = self.ids();
        for id in new.difference(&known) {
            let source = Source::of_cluster(&dir.join(&**id), id);
            self.sources.push(restored(config, source));
            self.gone.retain(|gone| *gone != dir.join(&**id));
        }
        // Those of paths have no id and stay in front, in their order.
        self.sources.sort_by(|a, b| a.cluster().cmp(&b.cluster()));
    }

    /// Drops clusters that have no folder and of which nothing is served: somebody has confirmed
    /// that they are gone, or there was never anything.
    fn drop_vacant(&mut self) -> Refresh {
        let listed = &self.listed;
        let is_gone = |source: &mut Source| {
            let id = source.cluster();
            id.is_some_and(|id| !listed.contains(id)) && source.is_vacant()
        };
        let gone: Vec<Source> = self.sources.extract_if(.., is_gone).collect();
        for source in &gone {
            tracing::info!(path = %source.path().display(), "cluster is gone");
        }
        self.gone
            .extend(gone.iter().map(|source| source.path().to_owned()));
        if gone.is_empty() {
            Refresh::Same
        } else {
            Refresh::Changed
        }
    }

    fn ids(&self) -> BTreeSet<Arc<str>> {
        let ids = self.sources.iter().filter_map(Source::cluster);
        ids.cloned().collect()
    }

    /// Whether a source has never been read.
    pub(crate) fn is_partial(&self) -> bool {
        self.sources.iter().any(Source::is_unread)
    }

    /// Whether something is held back.
    pub(crate) fn is_held(&self) -> bool {
        self.sources.iter().any(Source::is_held)
    }

    /// What is wrong in the folder of all clusters.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Why the process is not ready although every source may be.
    pub(crate) fn unready(&self, config: &Config) -> Vec<String> {
        let (Some(dir), Some(own)) = (&config.clusters, &config.cluster) else {
            return Vec::new();
        };
        let is_own = |source: &Source| match source.cluster() {
            Some(id) => id == own,
            None => source.kind() == SourceKind::Table,
        };
        if self.sources.iter().any(is_own) {
            return Vec::new();
        }
        let path = dir.join(&**own);
        let mut reasons: Vec<String> = Vec::new();
        if self.sources.iter().all(|source| source.cluster().is_none()) {
            reasons.extend(self.problems.iter().map(ToString::to_string));
        }
        reasons.push(format!(
            "cluster {own}: {} is not there; its clients see the other clusters only; make the \
             folder, or name another cluster",
            path.display()
        ));
        reasons
    }

    /// Keeps what is served for the next start, where it has changed.
    pub(crate) fn save(&mut self, state_dir: &Path) {
        for source in &mut self.sources {
            if let Err(error) = source.save(state_dir) {
                let source = source.path().display();
                tracing::warn!(%error, %source, "last good content was not kept");
            }
        }
        let ids = self.ids();
        if let Err(error) = self.save_clusters(state_dir, ids) {
            tracing::warn!(%error, "the clusters of the mesh were not kept");
        }
    }

    fn save_clusters(&mut self, state_dir: &Path, ids: BTreeSet<Arc<str>>) -> io::Result<()> {
        self.known.keep(state_dir, ids)?;
        while let Some(gone) = self.gone.last() {
            LastGood::remove(state_dir, gone)?;
            self.gone.pop();
        }
        Ok(())
    }
}

/// A source with what it held when the process ended.
fn restored(config: &Config, mut source: Source) -> Source {
    if let StateDir::Path(folder) = &config.state_dir
        && let Err(error) = source.restore(&config.domain(), folder)
    {
        let source = source.path().display();
        tracing::warn!(%error, %source, "last good content is not used");
    }
    source
}

fn log_change(before: &SourceStatus, after: &SourceStatus) {
    let path = after.path.display();
    log_new(&before.problems, &after.problems);
    match &after.freshness {
        Freshness::Held(reason) if before.freshness != after.freshness => {
            tracing::warn!(%path, %reason, "source held");
        }
        freshness => {
            let state = freshness.label();
            tracing::info!(%path, items = after.items, state, "source read");
        }
    }
}
