//! [`ClusterState`]: the objects of one cluster, arranged by what looks them up.

use super::Stale;
use crate::input::{Object, ObjectDoc, ObjectId, ObjectKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The objects of one cluster.
#[derive(Debug)]
pub(super) struct ClusterState {
    /// Its id.
    pub(super) id: Arc<str>,
    /// What of it is from before its present state.
    pub(super) stale: Stale,
    objects: BTreeMap<ObjectId, Arc<ObjectDoc>>,
    /// EndpointSlices by name, of each Service.
    slices: BTreeMap<ServiceKey, BTreeMap<Arc<str>, Arc<ObjectDoc>>>,
}

/// Namespace and name of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ServiceKey {
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
}

impl ClusterState {
    /// A cluster without objects.
    pub(super) fn new(id: &Arc<str>) -> Self {
        ClusterState {
            id: Arc::clone(id),
            stale: Stale::None,
            objects: BTreeMap::new(),
            slices: BTreeMap::new(),
        }
    }

    /// Puts an object in the place of the one of its identity, which is given back.
    pub(super) fn put(&mut self, doc: Arc<ObjectDoc>) -> Option<Arc<ObjectDoc>> {
        let before = self.delete(&doc.id);
        if let Some(service) = service_of_slice(&doc) {
            let slices = self.slices.entry(service).or_default();
            slices.insert(Arc::clone(&doc.id.name), Arc::clone(&doc));
        }
        self.objects.insert(doc.id.clone(), doc);
        before
    }

    /// Takes an object out.
    pub(super) fn delete(&mut self, id: &ObjectId) -> Option<Arc<ObjectDoc>> {
        let doc = self.objects.remove(id)?;
        if let Some(service) = service_of_slice(&doc)
            && let Some(slices) = self.slices.get_mut(&service)
        {
            slices.remove(&doc.id.name);
            if slices.is_empty() {
                self.slices.remove(&service);
            }
        }
        Some(doc)
    }

    /// All objects, by kind, namespace and name.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Arc<ObjectDoc>> {
        self.objects.values()
    }

    /// The object of that identity.
    pub(super) fn object(&self, id: &ObjectId) -> Option<&Arc<ObjectDoc>> {
        self.objects.get(id)
    }

    /// The objects of a kind, by namespace and name.
    pub(super) fn of_kind(&self, kind: ObjectKind) -> impl Iterator<Item = &Arc<ObjectDoc>> {
        let first = ObjectId::new(kind, "", "");
        self.objects
            .range(first..)
            .map(|(_, doc)| doc)
            .take_while(move |doc| doc.id.kind == kind)
    }

    /// The objects of a kind in a namespace, by name.
    pub(super) fn in_namespace(
        &self,
        kind: ObjectKind,
        namespace: &str,
    ) -> impl Iterator<Item = &Arc<ObjectDoc>> {
        let first = ObjectId::new(kind, namespace, "");
        let own = Arc::clone(&first.namespace);
        self.objects
            .range(first..)
            .map(|(_, doc)| doc)
            .take_while(move |doc| doc.id.kind == kind && doc.id.namespace == own)
    }

    /// The Service of that namespace and name.
    pub(super) fn service(&self, key: &ServiceKey) -> Option<&Arc<ObjectDoc>> {
        self.objects.get(&ObjectId {
            kind: ObjectKind::Service,
            namespace: Arc::clone(&key.namespace),
            name: Arc::clone(&key.name),
        })
    }

    /// The EndpointSlices of a Service, by name.
    pub(super) fn slices_of(&self, key: &ServiceKey) -> impl Iterator<Item = &Arc<ObjectDoc>> {
        self.slices.get(key).into_iter().flat_map(BTreeMap::values)
    }

    /// Whether an object is from before the cluster's present state.
    pub(super) fn is_stale(&self, id: &ObjectId) -> bool {
        match &self.stale {
            Stale::None => false,
            Stale::Objects(ids) => ids.contains(id),
            Stale::All => true,
        }
    }
}

impl ServiceKey {
    /// The key of a Service object, or of one with the namespace and name of another object.
    pub(super) fn of(id: &ObjectId) -> Self {
        ServiceKey {
            namespace: Arc::clone(&id.namespace),
            name: Arc::clone(&id.name),
        }
    }
}

/// The ServiceImport that an EndpointSlice was imported for.
pub(super) fn import_of_slice(doc: &ObjectDoc) -> Option<ServiceKey> {
    match &doc.object {
        Object::EndpointSlice(slice) => slice.imported_service.as_ref().map(|name| ServiceKey {
            namespace: Arc::clone(&doc.id.namespace),
            name: Arc::clone(name),
        }),
        _ => None,
    }
}

/// The Service that an EndpointSlice belongs to.
pub(super) fn service_of_slice(doc: &ObjectDoc) -> Option<ServiceKey> {
    match &doc.object {
        Object::EndpointSlice(slice) => slice.service.as_ref().map(|name| ServiceKey {
            namespace: Arc::clone(&doc.id.namespace),
            name: Arc::clone(name),
        }),
        _ => None,
    }
}
