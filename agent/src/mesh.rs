//! [`Mesh`]: the compiler, and what it was fed with.

use crate::config::Config;
use crate::entries::{by_cluster, cluster_input};
use crate::sources::{Holds, Refresh, Source};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use table_compiler::{Carried, ClientKind, Compiler, Health};

/// A version of what a source serves.
type Version = (PathBuf, u64);

/// The compiler, and what it was fed with.
#[derive(Debug)]
pub(crate) struct Mesh {
    pub(crate) compiler: Compiler,
    /// Whose table is served.
    kind: ClientKind,
    health: Health,
    /// What each cluster was fed from.
    fed: BTreeMap<Arc<str>, Vec<Version>>,
}

impl Mesh {
    /// A mesh that nothing is known of but what earlier tables carry over.
    pub(crate) fn new(config: &Config, carried: Carried) -> Self {
        let mut compiler = Compiler::new(config.mesh.clone());
        compiler.carry(carried);
        let kind = config.client_kind();
        compiler.set_kinds(vec![kind.clone()]);
        Mesh {
            compiler,
            kind,
            health: Health::default(),
            fed: BTreeMap::new(),
        }
    }

    /// Takes another configuration.
    pub(crate) fn reconfigure(&mut self, config: &Config) {
        if *self.compiler.config() != config.mesh {
            self.compiler.reconfigure(config.mesh.clone());
        }
        let kind = config.client_kind();
        if self.kind != kind {
            // The objects of no cluster folder may be of another cluster.
            self.fed.clear();
            self.compiler.set_kinds(vec![kind.clone()]);
            self.kind = kind;
        }
    }

    /// Whose table is served.
    pub(crate) fn kind(&self) -> &ClientKind {
        &self.kind
    }

    /// What probes have found.
    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    /// Takes what probes have found.
    pub(crate) fn take_health(&mut self, health: &Health) -> Refresh {
        if self.health == *health {
            return Refresh::Same;
        }
        self.health = health.clone();
        self.compiler.set_health(health.clone());
        Refresh::Changed
    }

    /// Has everything compiled anew: something has changed that the compiler does not see, such as
    /// the ledger.
    pub(crate) fn start_over(&mut self) {
        let carried = self.compiler.carried().clone();
        self.compiler.carry(carried);
    }

    /// Hands the compiler the clusters that have changed.
    pub(crate) fn feed(&mut self, sources: &[Source]) {
        let clusters = by_cluster(sources, &self.kind.cluster);
        let known: Vec<Arc<str>> = self.compiler.clusters().cloned().collect();
        for gone in known.iter().filter(|id| !clusters.contains_key(*id)) {
            self.compiler.remove_cluster(gone);
            self.fed.remove(gone);
        }
        for (id, sources) in clusters {
            let versions: Vec<Version> = sources.iter().map(|source| version(source)).collect();
            if self.fed.get(&id) == Some(&versions) {
                continue;
            }
            let input = cluster_input(&sources, Holds::Keep);
            self.compiler.set_cluster(&id, &input.objects, input.stale);
            self.fed.insert(id, versions);
        }
    }

    /// Another compiler of the same mesh, to try something with.
    pub(crate) fn another(&self, sources: &[Source], holds: Holds) -> Compiler {
        let mut compiler = Compiler::new(self.compiler.config().clone());
        compiler.carry(self.compiler.carried().clone());
        compiler.set_kinds(vec![self.kind.clone()]);
        compiler.set_health(self.health.clone());
        for (id, sources) in by_cluster(sources, &self.kind.cluster) {
            let input = cluster_input(&sources, holds);
            compiler.set_cluster(&id, &input.objects, input.stale);
        }
        compiler
    }
}

fn version(source: &Source) -> Version {
    (source.path().to_owned(), source.revision())
}
