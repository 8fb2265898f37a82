//! [`Policies`]: who may publish a name, and who may resolve it.

use super::cluster::ClusterState;
use super::ground::Ground;
use super::report::ObjectRef;
use crate::input::{NamePolicy, Object, ObjectKind, PublishRule, ResolveRule, TextPattern};
use dns_core::{NameBuf, Visibility};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The rules of all NamePolicies of all clusters, in the order of the clusters and policies.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Policies {
    publish: Vec<(ObjectRef, usize, PublishRule)>,
    resolve: Vec<(ObjectRef, usize, ResolveRule)>,
}

impl Policies {
    /// The rules of the clusters that may make any.
    pub(super) fn of(
        clusters: &BTreeMap<Arc<str>, ClusterState>,
        may: &BTreeSet<Arc<str>>,
    ) -> Self {
        let mut policies = Policies::default();
        let that_may = |cluster: &&ClusterState| may.is_empty() || may.contains(&cluster.id);
        for cluster in clusters.values().filter(that_may) {
            for doc in cluster.of_kind(ObjectKind::NamePolicy) {
                if let Object::NamePolicy(policy) = &doc.object {
                    policies.add(&ObjectRef::of(&cluster.id, &doc.id), policy);
                }
            }
        }
        policies
    }

    fn add(&mut self, object: &ObjectRef, policy: &NamePolicy) {
        for (i, rule) in policy.publish.iter().enumerate() {
            self.publish.push((object.clone(), i, rule.clone()));
        }
        for (i, rule) in policy.resolve.iter().enumerate() {
            self.resolve.push((object.clone(), i, rule.clone()));
        }
    }

    /// The rule that keeps an object of that cluster and namespace from publishing a name: the
    /// first for the name, where none for it lets the namespace.
    pub(super) fn withholds(
        &self,
        name: &NameBuf,
        cluster: &str,
        namespace: &str,
    ) -> Option<(&ObjectRef, usize)> {
        let mut first = None;
        for (object, i, rule) in &self.publish {
            if !rule.hosts.iter().any(|host| host.matches(name.as_name())) {
                continue;
            }
            let lets = rule
                .from
                .iter()
                .any(|from| from.cluster.matches(cluster) && from.namespace.matches(namespace));
            if lets {
                return None;
            }
            first = first.or(Some((object, *i)));
        }
        first
    }

    /// Whether who may resolve the name depends on the client's cluster.
    pub(super) fn restricts(&self, name: &NameBuf) -> bool {
        self.rules_for(name).next().is_some()
    }

    /// Which namespaces of a cluster may resolve a name, by the rules for it: those that any of
    /// them names. Names of namespaces that no rule speaks of by name are known from their objects
    /// only.
    pub(super) fn audience(
        &self,
        name: &NameBuf,
        client: &Arc<str>,
        ground: &Ground,
    ) -> Visibility {
        if !self.restricts(name) {
            return Visibility::Everyone;
        }
        let mut namespaces = BTreeSet::new();
        let known = ground
            .clusters
            .get(client)
            .map(|cluster| &cluster.namespaces);
        let rules = self.rules_for(name).flat_map(|(_, _, rule)| &rule.to);
        for to in rules.filter(|to| to.cluster.matches(client)) {
            match &to.namespace {
                TextPattern::Any if to.namespace_labels.is_empty() => return Visibility::Everyone,
                TextPattern::Exact(namespace) if to.namespace_labels.is_empty() => {
                    namespaces.insert(Arc::clone(namespace));
                }
                TextPattern::Any | TextPattern::Prefix(_) | TextPattern::Exact(_) => {}
            }
            for (namespace, labels) in known.into_iter().flatten() {
                let has = |(key, value): (&Arc<str>, &Arc<str>)| labels.get(key) == Some(value);
                if to.namespace.matches(namespace) && to.namespace_labels.iter().all(has) {
                    namespaces.insert(Arc::clone(namespace));
                }
            }
        }
        Visibility::Namespaces(namespaces)
    }

    /// The rules that say who may resolve a name.
    pub(super) fn rules_for(
        &self,
        name: &NameBuf,
    ) -> impl Iterator<Item = &(ObjectRef, usize, ResolveRule)> {
        self.resolve
            .iter()
            .filter(|(_, _, rule)| rule.hosts.iter().any(|host| host.matches(name.as_name())))
    }
}

/// Who may see what both say.
pub(super) fn intersection(a: Visibility, b: &Visibility) -> Visibility {
    match (a, b) {
        (a, Visibility::Everyone) => a,
        (Visibility::Everyone, b) => b.clone(),
        (Visibility::Namespaces(a), Visibility::Namespaces(b)) => {
            Visibility::Namespaces(a.intersection(b).cloned().collect())
        }
    }
}

/// Whether some namespace sees both.
pub(super) fn overlaps(a: &Visibility, b: &Visibility) -> bool {
    match (a, b) {
        (Visibility::Everyone, Visibility::Everyone) => true,
        (Visibility::Everyone, Visibility::Namespaces(names))
        | (Visibility::Namespaces(names), Visibility::Everyone) => !names.is_empty(),
        (Visibility::Namespaces(a), Visibility::Namespaces(b)) => !a.is_disjoint(b),
    }
}
