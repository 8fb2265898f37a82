//! One name, for clients that see its clusters alike: which entries it has, best first, and which
//! claims were turned down.
//!
//! ```text
//! claims ─ judge ─▶ those that these clients see ─▶ a draft for each owner ─▶ rank ─▶ drafts
//!             └─▶ refusals                                                └─▶ conflicts
//! ```

mod clusterset;
mod entry_host;
mod imported;
mod judge;
mod mirror;
mod pins;
mod product;
mod rank;
mod refusal;
mod service;
mod withdrawn;

pub(super) use pins::pins_of;
pub(super) use refusal::Refusal;

use super::carried::Carried;
use super::claims::{Claim, Claims, Role};
use super::cluster::ClusterState;
use super::draft::Draft;
use super::mesh_view::MeshView;
use super::names::Naming;
use super::policy::{Policies, intersection};
use super::report::{Conflict, ObjectRef};
use super::uses::UsedService;
use crate::input::ObjectDoc;
use dns_core::{NameBuf, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the resolution of names may look at besides the [`MeshView`] of the clients.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub(super) view: MeshView<'a>,
    pub(super) claims: &'a Claims,
    pub(super) naming: &'a Naming,
    pub(super) policies: &'a Policies,
    pub(super) carried: &'a Carried,
    /// Cluster of the clients. Only names that [depend on it](depends_on_client) may look at it.
    pub(super) client: &'a Arc<str>,
    /// Domain of that cluster.
    pub(super) domain: &'a NameBuf,
}

/// What became of a name.
#[derive(Debug, Default)]
pub(super) struct Resolution {
    /// Its variants, best first.
    pub(super) drafts: Vec<Draft>,
    pub(super) conflicts: Vec<Conflict>,
    /// Claims that came to nothing.
    pub(super) refused: Vec<(ObjectRef, Refusal)>,
    /// Services that it leads to and that do not claim it.
    pub(super) uses: BTreeSet<UsedService>,
}

/// A claim with its object.
#[derive(Clone, Copy)]
pub(super) struct Claimed<'a> {
    pub(super) claim: &'a Claim,
    pub(super) doc: &'a Arc<ObjectDoc>,
}

impl<'a> Resolver<'a> {
    /// The entries of a name.
    pub(super) fn resolve(&self, name: &NameBuf, claims: &[Claimed<'a>]) -> Resolution {
        let mut resolution = Resolution::default();
        let seen = self.seen(name, claims, &mut resolution);
        let drafts = &mut resolution.drafts;
        let with = |role: fn(Role) -> bool| -> Vec<Claimed<'a>> {
            let of_role = seen.iter().filter(|seen| role(seen.claim.role));
            of_role.copied().collect()
        };
        let services = with(|role| role == Role::Service);
        drafts.extend(self.service(name, &services));
        drafts.extend(self.instance(name, &with(|role| role == Role::Instance)));
        for entry in with(|role| role == Role::Entry) {
            drafts.extend(self.entry_host(name, entry));
        }
        drafts.extend(self.federated(name, &with(|role| role == Role::Federated)));
        for mirror in with(|role| matches!(role, Role::Mirror(_))) {
            drafts.extend(self.mirror(name, mirror));
        }
        let exports = with(|role| matches!(role, Role::Export | Role::Import));
        self.clusterset(name, &exports, &mut resolution);
        let instance = self
            .clusterset_instance(name, &with(|role| role == Role::ExportInstance))
            .or_else(|| self.imported_instance(name, &with(|role| role == Role::ImportInstance)));
        resolution.drafts.extend(instance);
        let products = with(|role| matches!(role, Role::Product | Role::Gateway));
        self.add_product(name, &products, &services, &mut resolution);
        for alias in with(|role| role == Role::Alias) {
            self.add_alias(name, alias, &mut resolution);
        }
        if !resolution.drafts.iter().any(Draft::will_answer) {
            resolution.drafts.extend(self.withdrawn(name));
        }
        self.restrict(name, &mut resolution.drafts);
        rank::settle(name, &mut resolution);
        resolution
    }

    /// The claims of a name, with their objects.
    fn claims_of(&self, name: &NameBuf) -> Vec<Claimed<'a>> {
        claimed(self.view.mesh.clusters, self.claims.of(name))
    }

    /// The claims that the clients see.
    fn seen(
        &self,
        name: &NameBuf,
        claims: &[Claimed<'a>],
        resolution: &mut Resolution,
    ) -> Vec<Claimed<'a>> {
        let mut seen = Vec::with_capacity(claims.len());
        for claimed in claims {
            match self.judge(name, claimed.claim, claimed.doc) {
                Ok(()) => seen.push(*claimed),
                Err(refusal) => {
                    let object = reference(claimed.claim);
                    resolution.refused.push((object, refusal));
                }
            }
        }
        seen
    }

    /// Leaves the entries to those who may resolve the name.
    fn restrict(&self, name: &NameBuf, drafts: &mut [Draft]) {
        if !self.policies.restricts(name) {
            return;
        }
        let audience = self
            .policies
            .audience(name, self.client, self.view.mesh.ground);
        for draft in drafts {
            let visibility = std::mem::replace(&mut draft.entry.visibility, audience.clone());
            draft.entry.visibility = intersection(visibility, &audience);
        }
    }

    /// The object of an entry.
    fn source_of(&self, seen: Claimed<'_>) -> Source {
        let doc = seen.doc;
        Source {
            cluster: known(&seen.claim.cluster),
            kind: doc.id.kind.text(),
            namespace: Some(Arc::clone(&doc.id.namespace)),
            name: Arc::clone(&doc.id.name),
            location: Some(Arc::clone(doc.location())),
            generation: doc.object.metadata().generation,
        }
    }

    /// Whether an object is from before the present state of its cluster.
    fn is_stale(&self, seen: Claimed<'_>) -> bool {
        let cluster = self.view.mesh.clusters.get(&seen.claim.cluster);
        cluster.is_some_and(|cluster| cluster.is_stale(&seen.doc.id))
    }
}

/// Claims with their objects.
pub(super) fn claimed<'a>(
    clusters: &'a BTreeMap<Arc<str>, ClusterState>,
    claims: &'a [Claim],
) -> Vec<Claimed<'a>> {
    let doc = |claim: &'a Claim| clusters.get(&claim.cluster)?.object(&claim.object);
    let with_docs = claims.iter().filter(|claim| claim.role != Role::Mention);
    with_docs
        .filter_map(|claim| {
            Some(Claimed {
                claim,
                doc: doc(claim)?,
            })
        })
        .collect()
}

/// Whether the entries of a name depend on more of the client than its relations to the clusters
/// of its claims: policies speak of namespaces of the client's cluster, imported names need them
/// there, and products lead into clusters that do not claim the name.
pub(super) fn depends_on_client(name: &NameBuf, claims: &[Claim], policies: &Policies) -> bool {
    let depends = |claim: &Claim| match claim.role {
        Role::Product
        | Role::Alias
        | Role::Export
        | Role::ExportInstance
        | Role::Import
        | Role::ImportInstance => true,
        Role::Service
        | Role::Instance
        | Role::Entry
        | Role::Gateway
        | Role::Mirror(_)
        | Role::Federated
        | Role::Mention => false,
    };
    claims.iter().any(depends) || policies.restricts(name)
}

/// The clusters that the entries of a name depend on.
pub(super) fn clusters_of(claims: &[Claim]) -> BTreeSet<&Arc<str>> {
    claims.iter().map(|claim| &claim.cluster).collect()
}

/// Refers to the object of a claim, in its role.
fn reference(claim: &Claim) -> ObjectRef {
    let reference = ObjectRef::of(&claim.cluster, &claim.object);
    match claim.role {
        Role::Mirror(_) | Role::Federated => ObjectRef {
            role: "export".into(),
            ..reference
        },
        _ => reference,
    }
}

/// A cluster's id; the only cluster of a table may have none.
pub(super) fn known(cluster: &Arc<str>) -> Option<Arc<str>> {
    (!cluster.is_empty()).then(|| Arc::clone(cluster))
}
