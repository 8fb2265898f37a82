//! Objects of many clusters in, one table per kind of client out, a name at a time.
//!
//! ```text
//! objects of clusters ─▶ ClusterState ─▶ Ground (networks, gateways, links), Policies
//!                             └─▶ Claims: name ─▶ objects that claim it
//!        name ─▶ resolve, once for clients that see it alike ─▶ Demand ─▶ Ledger
//!                                                         └─▶ Entries ◀── addresses
//! ```
//!
//! [`Compiler`] keeps what it has made. A change of an object is followed by the names it touches;
//! a change of the ground by all.

mod carried;
mod claims;
mod classes;
mod cluster;
mod compile;
mod config;
mod draft;
mod duplicate;
mod endpoints;
mod entries;
mod explain;
mod gateways;
mod ground;
mod health;
mod inspect;
mod kind;
mod mesh_view;
mod names;
mod policy;
mod relation;
mod relations;
mod report;
mod resolve;
mod service_name;
mod template;
mod touch;
mod uses;
mod vips;
mod warnings;

use duplicate::without_duplicates;

pub use carried::{Carried, CarriedProduct};
pub use config::{
    ClusterConfig, Discovery, LinkConfig, Members, MeshConfig, NAME_GRACE_SECS, WildcardVips,
};
pub use health::{
    Access, ClusterHealth, Credential, FAILURE_THRESHOLD, GatewayHealth, GatewayState, Health,
    Permission, Probe,
};
pub use kind::ClientKind;
pub(crate) use names::FEDERATED_SUFFIX;
pub use report::{Conflict, Explanation, MemberService, ObjectRef, Rejected};
pub(crate) use template::Fillings;
pub use template::NameTemplate;

use crate::input::{ObjectDoc, ObjectId, ObjectKind, Problem};
use claims::{Claims, ObjectKey};
use classes::Viewpoints;
use cluster::ClusterState;
use dns_core::vip::{Assignment, Given};
use dns_core::{HostEntry, NameBuf};
use entries::Entries;
use ground::{Ground, concerns_ground};
use names::Naming;
use policy::Policies;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use touch::claimants_of;
use uses::Uses;
use vips::Demand;

/// Which objects of a cluster are from before its present state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stale {
    /// None.
    #[default]
    None,
    /// These: their present form is broken.
    Objects(BTreeSet<ObjectId>),
    /// All: the source is lost or held.
    All,
}

/// A change of one object.
#[derive(Clone, Debug)]
pub enum ObjectChange {
    /// It is there, or is different now.
    Put(Box<ObjectDoc>),
    /// It is gone.
    Delete(ObjectId),
}

/// What a compilation changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What the ledger decided; its changes belong in the journal before the tables are served.
    pub assignment: Assignment,
    /// Names whose entries are not those of the time before, for some kind of client.
    pub changed: Changed,
    /// When time alone will change a table again, in milliseconds since 1970: the end of a grace.
    pub due_ms: Option<u64>,
}

/// Names that a compilation changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These.
    Names(BTreeSet<NameBuf>),
    /// Take the whole table.
    All,
}

impl Default for Changed {
    fn default() -> Self {
        Changed::Names(BTreeSet::new())
    }
}

/// What has to be compiled.
#[derive(Debug)]
enum Pending {
    /// Everything.
    All,
    /// What these objects have to do with.
    Some {
        objects: BTreeSet<ObjectKey>,
        /// Clusters whose ground may be another.
        ground: BTreeSet<Arc<str>>,
    },
}

impl Pending {
    fn nothing() -> Self {
        Pending::Some {
            objects: BTreeSet::new(),
            ground: BTreeSet::new(),
        }
    }
}

/// Compiles the objects of many clusters, and again what has changed of them.
///
/// Give it objects with [`set_cluster`](Compiler::set_cluster) or
/// [`change`](Compiler::change), then [`compile`](Compiler::compile), record the changes of the
/// [`Outcome`], and take [`table`](Compiler::table)s. The result depends on the objects, the
/// ledger, what was carried over, health and time, and not on their order or history.
#[derive(Debug)]
pub struct Compiler {
    config: MeshConfig,
    clusters: BTreeMap<Arc<str>, ClusterState>,
    health: Health,
    occupied: BTreeMap<IpAddr, Given>,
    carried: Carried,
    /// Kinds of clients besides one for each cluster.
    kinds: BTreeSet<ClientKind>,
    duplicates: BTreeMap<Arc<str>, Vec<Problem>>,
    pending: Pending,
    // What follows from the above.
    ground: Ground,
    policies: Policies,
    naming: Naming,
    claims: Claims,
    viewpoints: Viewpoints,
    uses: Uses,
    demand: Demand,
    entries: Entries,
    problems: BTreeMap<ObjectKey, Vec<Problem>>,
}

impl Compiler {
    /// A compiler that knows no cluster.
    pub fn new(config: MeshConfig) -> Self {
        let ground = Ground::default();
        Compiler {
            naming: Naming::new(&config, &ground),
            config,
            clusters: BTreeMap::new(),
            health: Health::default(),
            occupied: BTreeMap::new(),
            carried: Carried::default(),
            kinds: BTreeSet::new(),
            duplicates: BTreeMap::new(),
            pending: Pending::All,
            ground,
            policies: Policies::default(),
            claims: Claims::default(),
            viewpoints: Viewpoints::default(),
            uses: Uses::default(),
            demand: Demand::default(),
            entries: Entries::default(),
            problems: BTreeMap::new(),
        }
    }

    /// What it was told about the mesh.
    pub fn config(&self) -> &MeshConfig {
        &self.config
    }

    /// Takes another configuration.
    pub fn reconfigure(&mut self, config: MeshConfig) {
        if config != self.config {
            self.config = config;
            self.pending = Pending::All;
        }
    }

    /// Kinds of clients to compile for besides one for each cluster.
    pub fn set_kinds(&mut self, kinds: impl IntoIterator<Item = ClientKind>) {
        let kinds = kinds.into_iter().collect();
        if kinds != self.kinds {
            self.kinds = kinds;
            self.pending = Pending::All;
        }
    }

    /// Takes the objects of a cluster as they are now. What is the same as before costs a look.
    ///
    /// Of two objects of one identity the older is used: the smaller `creationTimestamp` (none is
    /// youngest), then file name, then line; the other is reported.
    pub fn set_cluster(&mut self, cluster: &Arc<str>, objects: &[ObjectDoc], stale: Stale) {
        let mut problems = Vec::new();
        let distinct = without_duplicates(objects, &mut problems);
        self.duplicates.insert(Arc::clone(cluster), problems);
        self.know(cluster);
        let Some(state) = self.clusters.get_mut(cluster) else {
            return;
        };
        let gone: Vec<ObjectId> = state
            .objects()
            .map(|doc| &doc.id)
            .filter(|id| distinct.binary_search_by_key(id, |doc| &doc.id).is_err())
            .cloned()
            .collect();
        let is_known = |doc: &&ObjectDoc| state.object(&doc.id).is_some_and(|old| **old == **doc);
        let put: Vec<ObjectDoc> = distinct
            .into_iter()
            .filter(|doc| !is_known(doc))
            .cloned()
            .collect();
        let was_stale = std::mem::replace(&mut state.stale, stale);
        self.touch_stale(cluster, &was_stale);
        for id in gone {
            self.delete(cluster, &id);
        }
        for doc in put {
            self.put(cluster, doc);
        }
    }

    /// Forgets a cluster that is not part of the mesh any more.
    pub fn remove_cluster(&mut self, cluster: &str) {
        self.duplicates.remove(cluster);
        if self.clusters.remove(cluster).is_some() {
            self.pending = Pending::All;
        }
    }

    /// Takes one change of a cluster.
    pub fn change(&mut self, cluster: &Arc<str>, change: ObjectChange) {
        self.know(cluster);
        match change {
            ObjectChange::Put(doc) => self.put(cluster, *doc),
            ObjectChange::Delete(id) => self.delete(cluster, &id),
        }
    }

    fn know(&mut self, cluster: &Arc<str>) {
        if !self.clusters.contains_key(cluster) {
            let state = ClusterState::new(cluster);
            self.clusters.insert(Arc::clone(cluster), state);
            self.pending = Pending::All;
        }
    }

    fn put(&mut self, cluster: &Arc<str>, doc: ObjectDoc) {
        let Some(state) = self.clusters.get_mut(cluster) else {
            return;
        };
        let doc = Arc::new(doc);
        let before = state.put(Arc::clone(&doc));
        for doc in before.iter().chain([&doc]) {
            self.touch(cluster, doc);
        }
    }

    fn delete(&mut self, cluster: &Arc<str>, id: &ObjectId) {
        let state = self.clusters.get_mut(cluster);
        if let Some(doc) = state.and_then(|state| state.delete(id)) {
            self.touch(cluster, &doc);
        }
    }

    /// Notes what has to be looked at again after a change of an object.
    fn touch(&mut self, cluster: &Arc<str>, doc: &ObjectDoc) {
        let Pending::Some { objects, ground } = &mut self.pending else {
            return;
        };
        if doc.id.kind == ObjectKind::NamePolicy {
            self.pending = Pending::All;
            return;
        }
        if concerns_ground(doc) {
            ground.insert(Arc::clone(cluster));
        }
        if let Some(state) = self.clusters.get(cluster) {
            let claimants = claimants_of(state, doc);
            objects.extend(claimants.into_iter().map(|id| (Arc::clone(cluster), id)));
        }
    }

    /// Notes the objects that have become stale or fresh.
    fn touch_stale(&mut self, cluster: &Arc<str>, before: &Stale) {
        let Some(state) = self.clusters.get(cluster) else {
            return;
        };
        let changed: Vec<Arc<ObjectDoc>> = match (before, &state.stale) {
            (a, b) if a == b => return,
            (Stale::All, _) | (_, Stale::All) => {
                self.pending = Pending::All;
                return;
            }
            (a, b) => {
                let ids = [a, b].into_iter().filter_map(|stale| match stale {
                    Stale::Objects(ids) => Some(ids),
                    Stale::None | Stale::All => None,
                });
                ids.flatten()
                    .filter_map(|id| state.object(id).cloned())
                    .collect()
            }
        };
        for doc in changed {
            self.touch(cluster, &doc);
        }
    }

    /// Takes the results of probes.
    pub fn set_health(&mut self, health: Health) {
        if health != self.health {
            self.health = health;
            self.pending = Pending::All;
        }
    }

    /// Takes the addresses that somebody else has given to names (hosts files), so that nobody
    /// gets them.
    pub fn set_occupied(&mut self, occupied: BTreeMap<IpAddr, Given>) {
        if occupied != self.occupied {
            self.occupied = occupied;
            self.pending = Pending::All;
        }
    }

    /// Takes what an earlier process [carried](Compiler::carried).
    pub fn carry(&mut self, carried: Carried) {
        self.carried = carried;
        self.pending = Pending::All;
    }

    /// What a later process needs to go on.
    pub fn carried(&self) -> &Carried {
        &self.carried
    }

    /// The clusters it has objects of.
    pub fn clusters(&self) -> impl Iterator<Item = &Arc<str>> {
        self.clusters.keys()
    }

    /// The table of a kind of client; `None` for one that it does not compile for.
    pub fn table(&self, kind: &ClientKind) -> Option<Table<'_>> {
        let kind = self.viewpoints.index_of(kind)?;
        Some(Table {
            entries: &self.entries,
            kind,
        })
    }

    /// Parts of objects that were left out, with the cluster of each, by cluster and object.
    pub fn problems(&self) -> impl Iterator<Item = (&Arc<str>, &Problem)> {
        let duplicates = self.duplicates.iter();
        let duplicates =
            duplicates.flat_map(|(id, problems)| problems.iter().map(move |p| (id, p)));
        let of_objects = self.problems.iter();
        let of_objects =
            of_objects.flat_map(|((id, _), problems)| problems.iter().map(move |p| (id, p)));
        duplicates.chain(of_objects)
    }

    /// Names that several objects claim, for all kinds of clients, by name.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let names = self.entries.names();
        names
            .flat_map(|(_, entries)| entries.conflicts.iter().cloned())
            .collect()
    }
}

/// What clients of one kind are served, by name. Entries are shared with the tables of other kinds
/// that see them alike.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    entries: &'a Entries,
    kind: usize,
}

impl<'a> Table<'a> {
    /// The variants of a name, best first.
    pub fn get(&self, name: &NameBuf) -> Option<&'a [Arc<HostEntry>]> {
        let variants = self.entries.get(name)?.of_kind(self.kind);
        (!variants.is_empty()).then_some(variants)
    }

    /// Every name with its variants, in the order of the names.
    pub fn names(&self) -> impl Iterator<Item = (&'a NameBuf, &'a [Arc<HostEntry>])> + use<'a> {
        let kind = self.kind;
        let names = self.entries.names();
        let of_kind = names.map(move |(name, entries)| (name, entries.of_kind(kind)));
        of_kind.filter(|(_, variants)| !variants.is_empty())
    }

    /// Every entry, by name, then best variant first.
    pub fn entries(&self) -> impl Iterator<Item = &'a Arc<HostEntry>> + use<'a> {
        self.names().flat_map(|(_, variants)| variants)
    }
}

#[cfg(test)]
mod tests;
