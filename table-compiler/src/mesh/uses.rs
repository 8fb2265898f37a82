//! [`Uses`]: names that lead to services which do not claim them.

use super::cluster::ServiceKey;
use dns_core::NameBuf;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A Service of a cluster.
pub(super) type UsedService = (Arc<str>, ServiceKey);

/// Names that lead to services which do not claim them: members of products.
#[derive(Debug, Default)]
pub(super) struct Uses {
    by_service: BTreeMap<UsedService, BTreeSet<NameBuf>>,
    by_name: BTreeMap<NameBuf, BTreeSet<UsedService>>,
}

impl Uses {
    /// Takes the services that a name leads to in place of those before.
    pub(super) fn set(&mut self, name: &NameBuf, services: BTreeSet<UsedService>) {
        for service in self.by_name.remove(name).unwrap_or_default() {
            if let Some(names) = self.by_service.get_mut(&service) {
                names.remove(name);
                if names.is_empty() {
                    self.by_service.remove(&service);
                }
            }
        }
        for service in &services {
            let names = self.by_service.entry(service.clone()).or_default();
            names.insert(name.clone());
        }
        if !services.is_empty() {
            self.by_name.insert(name.clone(), services);
        }
    }

    /// The names that lead to a Service.
    pub(super) fn names_of(&self, service: &UsedService) -> impl Iterator<Item = &NameBuf> {
        self.by_service.get(service).into_iter().flatten()
    }
}
