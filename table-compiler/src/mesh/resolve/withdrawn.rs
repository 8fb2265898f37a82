//! Product names that have no source any more and are in their grace.

use super::Resolver;
use crate::input::ObjectKind;
use crate::mesh::draft::{Draft, Families};
use crate::mesh::report::ObjectRef;
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{HostEntry, HostKind, NameBuf, NameState, Source};
use std::sync::Arc;

/// Rule of a product name in its grace.
const RULE: &str = "withdrawn product name in its grace";

impl Resolver<'_> {
    /// The entry of a product name in its grace: its address, and nowhere to go.
    pub(super) fn withdrawn(&self, name: &NameBuf) -> Option<Draft> {
        let product = self.carried.products.get(name)?;
        product.withdrawn_ms?;
        let object = &product.source;
        // A name that is denied looks like one that never was.
        let policies = self.policies;
        if (policies.withholds(name, &object.cluster, &object.namespace)).is_some() {
            return None;
        }
        if !self.showed(object) {
            return None;
        }
        let source = Source {
            cluster: super::known(&object.cluster),
            kind: Arc::clone(&object.role),
            namespace: Some(Arc::clone(&object.namespace)),
            name: Arc::clone(&object.name),
            location: None,
            generation: 0,
        };
        let kind = match product.alias_of {
            Some(_) => HostKind::Alias,
            None => HostKind::Product,
        };
        let entry = HostEntry {
            namespace: source.namespace.clone(),
            alias_of: product.alias_of.clone(),
            short_names: self.is_service_name(name),
            state: NameState::Grace,
            ..HostEntry::new(name.clone(), kind, source)
        };
        let mut draft = Draft::new(entry, RULE, vec![object.clone()]);
        let holder = product.alias_of.as_ref().unwrap_or(name);
        draft.want(VipKey::of_name(holder), PoolKind::Names, Families::BOTH);
        Some(draft)
    }

    /// Whether discovery showed the clients the hosts of an object that is gone.
    fn showed(&self, object: &ObjectRef) -> bool {
        let relation = self.view.relations.get(&object.cluster);
        let (Some(relation), true) = (relation, *object.role == *ObjectKind::Gateway.label())
        else {
            return true;
        };
        relation.is_own || relation.discovery.shows_gateways()
    }
}
