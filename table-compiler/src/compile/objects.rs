//! The objects of a cluster, arranged by what looks them up.

use super::Options;
use super::gateway::Gateways;
use crate::input::{
    EndpointSlice, ExportTo, Object, ObjectDoc, Problem, Scope, Service, ServiceEntry,
};
use dns_core::{Locality, NameBuf, NameError, Source, Visibility};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Identity of a Service: namespace and name.
type ServiceKey = (Arc<str>, Arc<str>);

/// The objects of one cluster and what follows from them for all names.
pub(super) struct ClusterObjects<'a> {
    pub(super) options: &'a Options,
    /// `svc.<domain>`.
    pub(super) service_domain: NameBuf,
    /// Network of the cluster's own endpoints, if labelled.
    pub(super) network: Option<Arc<str>>,
    pub(super) services: Vec<(&'a ObjectDoc, &'a Service)>,
    pub(super) service_entries: Vec<(&'a ObjectDoc, &'a ServiceEntry)>,
    pub(super) gateways: Gateways,
    slices: BTreeMap<ServiceKey, Vec<&'a EndpointSlice>>,
    localities: BTreeMap<&'a str, Locality>,
}

impl<'a> ClusterObjects<'a> {
    /// # Errors
    /// The domain is so long that nothing fits below it.
    pub(super) fn new(options: &'a Options, objects: &[&'a ObjectDoc]) -> Result<Self, NameError> {
        let mut cluster = ClusterObjects {
            options,
            service_domain: options.domain.child("svc")?,
            network: None,
            services: Vec::new(),
            service_entries: Vec::new(),
            gateways: Gateways::default(),
            slices: BTreeMap::new(),
            localities: BTreeMap::new(),
        };
        for doc in objects {
            cluster.add(doc);
        }
        Ok(cluster)
    }

    fn add(&mut self, doc: &'a ObjectDoc) {
        match &doc.object {
            Object::Service(service) => {
                self.gateways.add(self.options, service);
                self.services.push((doc, service));
            }
            Object::EndpointSlice(slice) => {
                if let Some(service) = &slice.service {
                    let key = (Arc::clone(&doc.id.namespace), Arc::clone(service));
                    self.slices.entry(key).or_default().push(slice);
                }
            }
            Object::ServiceEntry(entry) => self.service_entries.push((doc, entry)),
            Object::Namespace(namespace) => {
                if doc.id.name == self.options.root_namespace {
                    self.network = namespace.network().cloned();
                }
            }
            Object::Node(node) => {
                self.localities.insert(&doc.id.name, node.locality());
            }
        }
    }

    pub(super) fn slices_of(&self, service: &ObjectDoc) -> &[&'a EndpointSlice] {
        let key = (
            Arc::clone(&service.id.namespace),
            Arc::clone(&service.id.name),
        );
        self.slices.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Place of an endpoint: its node's, else the zone it names itself.
    pub(super) fn locality(&self, node: Option<&str>, zone: Option<&Arc<str>>) -> Option<Locality> {
        let of_node = node.and_then(|node| self.localities.get(node));
        let mut locality = of_node.cloned().unwrap_or_default();
        if let (true, Some(zone)) = (locality.zone.is_empty(), zone) {
            locality.zone = Arc::clone(zone);
        }
        (locality != Locality::default()).then_some(locality)
    }

    /// Whether an address of that network can be reached from the cluster's own: they are the
    /// same, or one of them is not known.
    pub(super) fn is_own_network(&self, network: Option<&Arc<str>>) -> bool {
        match (network, &self.network) {
            (Some(network), Some(own)) => network == own,
            (None, _) | (_, None) => true,
        }
    }

    pub(super) fn source_of(&self, doc: &ObjectDoc) -> Source {
        Source {
            cluster: self.options.cluster.clone(),
            kind: doc.id.kind.label().into(),
            namespace: Some(Arc::clone(&doc.id.namespace)),
            name: Arc::clone(&doc.id.name),
            location: Some(doc.location()),
            generation: doc.object.metadata().generation,
        }
    }
}

pub(super) fn visibility(export_to: &ExportTo, own: &Arc<str>) -> Visibility {
    export_to
        .namespaces(own)
        .map_or(Visibility::Everyone, Visibility::Namespaces)
}

/// A part of an object that is left out.
pub(super) fn warning(doc: &ObjectDoc, reason: String) -> Problem {
    Problem::new(&doc.file, doc.line, 0, reason)
        .with_object(&doc.id)
        .with_scope(Scope::Field)
}
