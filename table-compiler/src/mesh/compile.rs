//! The steps of a compilation: what has to be done, names to drafts, the ledger, drafts to entries.

use super::carried::CarriedProduct;
use super::claims::{Claim, Claims, ObjectKey, Role};
use super::classes::Viewpoints;
use super::cluster::{ClusterState, ServiceKey};
use super::draft::Draft;
use super::entries::{Entries, NameEntries};
use super::ground::{Ground, GroundChange};
use super::mesh_view::{Mesh, MeshView};
use super::names::Naming;
use super::policy::Policies;
use super::report::{Conflict, ObjectRef};
use super::resolve::{Claimed, Resolver, claimed, clusters_of, depends_on_client, pins_of};
use super::touch::mentions;
use super::uses::{UsedService, Uses};
use super::vips::{Demand, NameDemand, Pin, filled, servable};
use super::warnings::warnings_of;
use super::{Changed, ClientKind, Compiler, Outcome, Pending};
use crate::input::{Object, ObjectDoc, ObjectId, ObjectKind, ProductName};
use dns_core::vip::{Assignment, Change, Ledger, VipKey, Want};
use dns_core::{HostEntry, NameBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Milliseconds in a second.
const SECOND_MS: u64 = 1000;

/// What a compilation has to do.
enum Work {
    All,
    Names(BTreeSet<NameBuf>),
}

/// What was made of a name before the ledger was asked.
#[derive(Default)]
struct Drafted {
    class_of: Vec<usize>,
    classes: Vec<Vec<Draft>>,
    demand: NameDemand,
    conflicts: BTreeSet<Conflict>,
    uses: BTreeSet<UsedService>,
}

impl Compiler {
    /// Compiles what has changed. `now_ms` is wall-clock time in milliseconds since 1970.
    pub fn compile(&mut self, ledger: &mut Ledger, now_ms: u64) -> Outcome {
        let grace_ms = self.config.name_grace_secs.saturating_mul(SECOND_MS);
        let over = self.carried.expire(now_ms, grace_ms);
        let pending = std::mem::replace(&mut self.pending, Pending::nothing());
        let (assignment, changed) = match self.prepare(pending) {
            Work::All => (self.compile_all(ledger, now_ms), Changed::All),
            Work::Names(mut names) => {
                names.extend(over);
                let (assignment, changed) = self.compile_names(names, ledger, now_ms);
                (assignment, Changed::Names(changed))
            }
        };
        Outcome {
            assignment,
            changed,
            due_ms: self.carried.due_ms(grace_ms),
        }
    }

    /// Brings what follows from the objects up to date, but for the entries.
    fn prepare(&mut self, pending: Pending) -> Work {
        let Pending::Some {
            mut objects,
            ground,
        } = pending
        else {
            return self.prepare_all();
        };
        let mut names = BTreeSet::new();
        for cluster in &ground {
            let state = self.clusters.get(cluster);
            match self.ground.refresh(cluster, state, &self.config) {
                GroundChange::None => {}
                GroundChange::Hosts(hosts) => {
                    names.extend(hosts);
                    objects.extend(state.into_iter().flat_map(gateways_of));
                }
                GroundChange::All => return self.prepare_all(),
            }
        }
        for (cluster, id) in &objects {
            self.claim_again(cluster, id, &mut names);
        }
        for (cluster, id) in objects
            .into_iter()
            .filter(|(_, id)| id.kind == ObjectKind::Service)
        {
            let used = (cluster, ServiceKey::of(&id));
            names.extend(self.uses.names_of(&used).cloned());
        }
        self.add_aliases(&mut names);
        Work::Names(names)
    }

    /// The aliases of these names lead where they lead.
    fn add_aliases(&self, names: &mut BTreeSet<NameBuf>) {
        let mut aliases = BTreeSet::new();
        for name in names.iter() {
            for claim in self
                .claims
                .of(name)
                .iter()
                .filter(|c| c.role == Role::Product)
            {
                let object = (Arc::clone(&claim.cluster), claim.object.clone());
                let of_object = self.claims.names_of(&object).iter();
                aliases.extend(
                    of_object
                        .filter(|(_, role)| *role == Role::Alias)
                        .map(|(n, _)| n.clone()),
                );
            }
        }
        names.extend(aliases);
    }

    fn prepare_all(&mut self) -> Work {
        self.ground = Ground::of(&self.clusters, &self.config);
        self.policies = Policies::of(&self.clusters, &self.config.policy_clusters);
        self.naming = Naming::new(&self.config, &self.ground);
        self.viewpoints = Viewpoints::of(self.all_kinds(), &self.ground, &self.config);
        self.problems.clear();
        let mut all = Vec::new();
        for (id, cluster) in &self.clusters {
            for doc in cluster.objects() {
                let (names, problems) = self.names_and_problems(id, doc);
                let object = (Arc::clone(id), doc.id.clone());
                all.push((object, names, problems));
            }
        }
        let mut claims = Vec::with_capacity(all.len());
        for (object, names, problems) in all {
            if !problems.is_empty() {
                self.problems.insert(object.clone(), problems);
            }
            claims.push((object, names));
        }
        self.claims = Claims::build(claims.into_iter());
        Work::All
    }

    /// Every kind of clients: one for each cluster, and those that were asked for.
    fn all_kinds(&self) -> Vec<ClientKind> {
        let of_clusters = self.clusters.keys().map(|id| ClientKind::of_cluster(id));
        let mut kinds: BTreeSet<ClientKind> = of_clusters.collect();
        kinds.extend(self.kinds.iter().cloned());
        kinds.into_iter().collect()
    }

    fn claim_again(&mut self, cluster: &Arc<str>, id: &ObjectId, names: &mut BTreeSet<NameBuf>) {
        let doc = self
            .clusters
            .get(cluster)
            .and_then(|state| state.object(id));
        let object = (Arc::clone(cluster), id.clone());
        let (claimed, problems) = doc
            .map(|doc| self.names_and_problems(cluster, doc))
            .unwrap_or_default();
        if problems.is_empty() {
            self.problems.remove(&object);
        } else {
            self.problems.insert(object.clone(), problems);
        }
        self.claims.set(object, claimed, names);
    }

    fn names_and_problems(
        &self,
        cluster: &Arc<str>,
        doc: &ObjectDoc,
    ) -> (super::claims::Names, Vec<crate::input::Problem>) {
        let (Some(state), Some(ground)) = (
            self.clusters.get(cluster),
            self.ground.clusters.get(cluster),
        ) else {
            return Default::default();
        };
        let named = self.naming.names_of(&self.mesh(0), state, ground, doc);
        let mut names = named.names;
        names.extend(mentions(doc, &ground.domain));
        (names, warnings_of(doc, &named.errors))
    }

    /// Claims with their objects.
    pub(super) fn claimed<'a>(&'a self, claims: &'a [Claim]) -> Vec<Claimed<'a>> {
        claimed(&self.clusters, claims)
    }

    pub(super) fn mesh(&self, now_ms: u64) -> Mesh<'_> {
        Mesh {
            config: &self.config,
            clusters: &self.clusters,
            ground: &self.ground,
            health: &self.health,
            now_ms,
        }
    }

    /// What resolves names for the clients of a viewpoint.
    pub(super) fn resolver<'a>(
        &'a self,
        viewpoint: &'a super::classes::Viewpoint,
        now_ms: u64,
    ) -> Resolver<'a> {
        Resolver {
            view: MeshView {
                mesh: self.mesh(now_ms),
                relations: &viewpoint.relations,
            },
            claims: &self.claims,
            naming: &self.naming,
            policies: &self.policies,
            carried: &self.carried,
            client: &viewpoint.kind.cluster,
            domain: &viewpoint.domain,
        }
    }

    fn compile_all(&mut self, ledger: &mut Ledger, now_ms: u64) -> Assignment {
        self.note_products(now_ms);
        let carried = self.carried.products.keys();
        let unclaimed: Vec<&NameBuf> = carried
            .filter(|name| self.claims.of(name).is_empty())
            .collect();
        let claimed = self.claims.names();
        let mut drafted: Vec<(NameBuf, Drafted)> = claimed
            .map(|(name, claims)| (name.clone(), self.draft(name, claims, now_ms)))
            .collect();
        drafted.extend(
            unclaimed
                .iter()
                .map(|name| ((*name).clone(), self.draft(name, &[], now_ms))),
        );
        drafted.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut demand = Demand::with_capacity(drafted.len(), self.occupied.clone());
        let mut uses = Uses::default();
        let mut change = Change::default();
        for (name, drafted) in &mut drafted {
            demand.replace(name, &NameDemand::default(), &drafted.demand, &mut change);
            uses.set(name, std::mem::take(&mut drafted.uses));
        }
        let mut wants: Vec<Want> = change.wanted;
        servable(&mut wants, ledger);
        let assignment = ledger.assign(now_ms, wants, &demand.all_given());
        (self.demand, self.uses) = (demand, uses);
        let filled = drafted
            .into_iter()
            .map(|(name, drafted)| (name, entries_of(drafted, ledger, now_ms)));
        self.entries = Entries::of_all(filled);
        assignment
    }

    fn compile_names(
        &mut self,
        names: BTreeSet<NameBuf>,
        ledger: &mut Ledger,
        now_ms: u64,
    ) -> (Assignment, BTreeSet<NameBuf>) {
        let mut change = Change::default();
        let mut drafted = BTreeMap::new();
        for name in names {
            self.note_product(&name, now_ms);
            let mut draft = self.draft(&name, self.claims.of(&name), now_ms);
            let before = self.entries.get(&name).map(|entries| &entries.demand);
            let none = NameDemand::default();
            self.demand
                .replace(&name, before.unwrap_or(&none), &draft.demand, &mut change);
            self.uses.set(&name, std::mem::take(&mut draft.uses));
            drafted.insert(name, draft);
        }
        servable(&mut change.wanted, ledger);
        let assignment = ledger.settle(now_ms, &change);
        for name in self.others_concerned(&assignment) {
            if !drafted.contains_key(&name) && self.entries.get(&name).is_some() {
                let mut draft = self.draft(&name, self.claims.of(&name), now_ms);
                self.uses.set(&name, std::mem::take(&mut draft.uses));
                drafted.insert(name, draft);
            }
        }
        let mut changed = BTreeSet::new();
        for (name, draft) in drafted {
            let entries = entries_of(draft, ledger, now_ms);
            self.entries.put(&name, entries, &mut changed);
        }
        (assignment, changed)
    }

    /// Names, besides those that changed, whose addresses the ledger moved or found at last: those
    /// of the keys, their aliases, and for an instance all names of its Service.
    fn others_concerned(&self, assignment: &Assignment) -> BTreeSet<NameBuf> {
        let moved = assignment.moves.iter().map(|moved| &moved.key);
        let recorded = assignment.changes.iter().map(|record| &record.key);
        let mut names = BTreeSet::new();
        for key in moved.chain(recorded) {
            match service_of_instance(key) {
                Some((cluster, service)) => {
                    for kind in [ObjectKind::Service, ObjectKind::ServiceExport] {
                        let id = ObjectId::new(kind, &service.namespace, &service.name);
                        let claimed = self.claims.names_of(&(Arc::clone(&cluster), id)).iter();
                        names.extend(claimed.map(|(name, _)| name.clone()));
                    }
                }
                None => names.extend(NameBuf::parse(key.as_str())),
            }
        }
        self.add_aliases(&mut names);
        let carried = self.carried.products.iter();
        let lends = |target: &NameBuf| names.contains(target);
        let aliases = carried.filter(|(_, product)| product.alias_of.as_ref().is_some_and(lends));
        let aliases: Vec<NameBuf> = aliases.map(|(name, _)| name.clone()).collect();
        names.extend(aliases);
        names
    }

    /// Resolves a name once for each class of clients.
    fn draft(&self, name: &NameBuf, claims: &[Claim], now_ms: u64) -> Drafted {
        let depends =
            depends_on_client(name, claims, &self.policies) || self.carried.is_withdrawn(name);
        let (class_of, representatives) = if depends {
            self.viewpoints.each()
        } else {
            self.viewpoints.classes(clusters_of(claims).into_iter())
        };
        let mut drafted = Drafted {
            class_of,
            ..Drafted::default()
        };
        let claimed = self.claimed(claims);
        let mut wants = BTreeSet::new();
        for at in representatives {
            let Some(viewpoint) = self.viewpoints.all().get(at) else {
                continue;
            };
            let resolution = self.resolver(viewpoint, now_ms).resolve(name, &claimed);
            for draft in &resolution.drafts {
                wants.extend(draft.wants.iter().cloned());
            }
            drafted.conflicts.extend(resolution.conflicts);
            drafted.uses.extend(resolution.uses);
            drafted.classes.push(resolution.drafts);
        }
        drafted.demand = NameDemand {
            wants: wants.into_iter().collect(),
            pins: self.pins(name, &claimed),
        };
        drafted
    }

    /// The addresses that objects of any cluster give to the name.
    fn pins(&self, name: &NameBuf, claims: &[Claimed<'_>]) -> Box<[Pin]> {
        let mut pins = Vec::new();
        for Claimed { claim, doc } in claims {
            if self.is_withheld(name, claim) {
                continue;
            }
            let pinned = pins_of(name, claim.role, doc, &self.config);
            let created_secs = doc.created_secs().unwrap_or(u64::MAX);
            pins.extend(pinned.into_iter().map(|(address, is_allocated)| Pin {
                address,
                created_secs,
                is_allocated,
            }));
        }
        pins.sort_unstable();
        pins.dedup();
        pins.into_boxed_slice()
    }

    fn is_withheld(&self, name: &NameBuf, claim: &Claim) -> bool {
        let namespace = &claim.object.namespace;
        self.policies
            .withholds(name, &claim.cluster, namespace)
            .is_some()
    }

    fn note_products(&mut self, now_ms: u64) {
        let claimed = self.claims.names();
        let mut names: BTreeSet<NameBuf> = claimed
            .filter(|(_, claims)| claims.iter().any(|claim| is_product(claim.role)))
            .map(|(name, _)| name.clone())
            .collect();
        names.extend(self.carried.products.keys().cloned());
        for name in names {
            self.note_product(&name, now_ms);
        }
    }

    /// Notes whose product a name is, or that it is withdrawn.
    fn note_product(&mut self, name: &NameBuf, now_ms: u64) {
        let claims = self.claims.of(name).iter();
        let products = claims.filter(|claim| {
            is_product(claim.role) && !self.is_withheld(name, claim) && self.is_published(claim)
        });
        // As they rank: a host that shares the address of another may be a gateway's as well.
        let product = products.min_by_key(|claim| match claim.role {
            Role::Product => 0,
            Role::Alias if self.shares_address(name, claim) => 1,
            Role::Gateway => 2,
            _ => 3,
        });
        let product = product.map(|claim| CarriedProduct {
            source: ObjectRef::of(&claim.cluster, &claim.object),
            alias_of: match claim.role {
                Role::Alias => self.first_host(claim),
                _ => None,
            },
            withdrawn_ms: None,
        });
        self.carried.note(name, product, now_ms);
    }

    /// Whether a gateway lets its hosts be published; other objects say so by being there.
    fn is_published(&self, claim: &Claim) -> bool {
        let ground = self.ground.clusters.get(&claim.cluster);
        let gateway = ground.and_then(|ground| ground.product_gateways.get(&claim.object));
        gateway.is_none_or(|gateway| gateway.withheld.is_none())
    }

    /// Whether a name is among the hosts of the ProductName of a claim.
    fn shares_address(&self, name: &NameBuf, claim: &Claim) -> bool {
        let product = self.product_of(claim);
        product.is_some_and(|product| product.hosts.contains(name))
    }

    /// The first host of a ProductName.
    fn first_host(&self, claim: &Claim) -> Option<NameBuf> {
        self.product_of(claim)?.hosts.first().cloned()
    }

    fn product_of(&self, claim: &Claim) -> Option<&ProductName> {
        let cluster = self.clusters.get(&claim.cluster)?;
        match &cluster.object(&claim.object)?.object {
            Object::ProductName(product) => Some(product),
            _ => None,
        }
    }
}

/// The objects whose hosts depend on routes and services of their cluster.
fn gateways_of(state: &ClusterState) -> impl Iterator<Item = ObjectKey> {
    let kinds = [ObjectKind::Gateway, ObjectKind::KubernetesGateway];
    let docs = kinds.into_iter().flat_map(|kind| state.of_kind(kind));
    docs.map(|doc| (Arc::clone(&state.id), doc.id.clone()))
}

fn is_product(role: Role) -> bool {
    matches!(role, Role::Product | Role::Gateway | Role::Alias)
}

/// Cluster and Service of the key of an instance, `<hostname>.<service>.<namespace>@<cluster>`.
fn service_of_instance(key: &VipKey) -> Option<(Arc<str>, ServiceKey)> {
    let (instance, cluster) = key.as_str().rsplit_once('@')?;
    let mut labels = instance.rsplit('.');
    let (namespace, name) = (labels.next()?.into(), labels.next()?.into());
    Some((cluster.into(), ServiceKey { namespace, name }))
}

fn entries_of(drafted: Drafted, ledger: &Ledger, now_ms: u64) -> NameEntries {
    let classes: Vec<Vec<Arc<HostEntry>>> = drafted
        .classes
        .into_iter()
        .map(|drafts| {
            let drafts = drafts.into_iter();
            drafts.map(|draft| filled(draft, ledger, now_ms)).collect()
        })
        .collect();
    let mut entries = NameEntries::new(drafted.class_of, classes);
    entries.demand = drafted.demand;
    entries.conflicts = drafted.conflicts.into_iter().collect();
    entries
}
