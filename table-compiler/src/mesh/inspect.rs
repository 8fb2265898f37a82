//! What a [`Compiler`] was given, for those that look at it: checks, inventories.

use super::{Compiler, Health, ObjectRef, Stale};
use crate::input::{ObjectDoc, ObjectKind, Service};
use dns_core::NameBuf;
use std::sync::Arc;

/// Role of a Service that is exported.
const EXPORT_ROLE: &str = "export";

impl Compiler {
    /// The objects of a cluster; none for one that is not known.
    pub fn objects(&self, cluster: &str) -> Vec<&ObjectDoc> {
        let found = self.clusters.get(cluster);
        found.map_or_else(Vec::new, |state| {
            state.objects().map(AsRef::as_ref).collect()
        })
    }

    /// What of a cluster is from before its present state; `None` for one that is not known.
    pub fn stale(&self, cluster: &str) -> Option<&Stale> {
        self.clusters.get(cluster).map(|state| &state.stale)
    }

    /// File and line of an object, as far as it is known; a Service in another role is the Service.
    pub fn location_of(&self, object: &ObjectRef) -> Option<String> {
        let is_it = |doc: &&ObjectDoc| {
            let is_of_role = *doc.id.kind.label() == *object.role
                || doc.id.kind == ObjectKind::Service && &*object.role == EXPORT_ROLE;
            is_of_role && doc.id.namespace == object.namespace && doc.id.name == object.name
        };
        let docs = self.objects(&object.cluster);
        let doc = docs.into_iter().find(is_it);
        doc.map(|doc| doc.location().to_string())
    }

    /// The rule that keeps an object of that cluster and namespace from publishing a name, as
    /// `NamePolicy cluster1/teams spec.publish[0]`.
    pub(crate) fn refusing_rule(
        &self,
        name: &NameBuf,
        cluster: &str,
        namespace: &str,
    ) -> Option<String> {
        let (policy, rule) = self.policies.withholds(name, cluster, namespace)?;
        Some(format!("{policy} spec.publish[{rule}]"))
    }

    /// Whether a selector of a Link exports a Service of a cluster: one of the cluster `consumer`,
    /// of any without one.
    pub(crate) fn is_linked(
        &self,
        consumer: Option<&Arc<str>>,
        target: &Arc<str>,
        service: &Service,
    ) -> bool {
        let Some(ground) = self.ground.clusters.get(target) else {
            return false;
        };
        let holders = self.ground.clusters.iter();
        let holders = holders.filter(|(id, _)| consumer.is_none_or(|consumer| consumer == *id));
        let mut links = holders.flat_map(|(_, holder)| &holder.links);
        links.any(|link| ground.is_called(target, &link.target) && link.mode(service).is_some())
    }

    /// Domain of a cluster, as it is configured or as the others' Links say.
    pub(crate) fn domain_of(&self, cluster: &str) -> &NameBuf {
        let ground = self.ground.clusters.get(cluster);
        ground.map_or(&self.config.domain, |ground| &ground.domain)
    }

    /// The results of probes that it was given.
    pub fn health(&self) -> &Health {
        &self.health
    }
}
