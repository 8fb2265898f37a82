//! [`Places`]: where the parts of a cluster are.

use crate::input::{Object, ObjectKind};
use crate::mesh::cluster::ClusterState;
use dns_core::Locality;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where the parts of a cluster are.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) regions: BTreeSet<Arc<str>>,
    pub(super) zones: BTreeSet<Arc<str>>,
    /// Networks that labels name.
    pub(super) networks: BTreeSet<Arc<str>>,
    pub(super) workload_namespaces: BTreeSet<Arc<str>>,
    /// Places of nodes.
    nodes: BTreeSet<Locality>,
    /// Where the cluster is said to be.
    settled: Option<Locality>,
}

impl Places {
    pub(super) fn of(state: &ClusterState) -> Self {
        let mut places = Places::default();
        for doc in state.of_kind(ObjectKind::Node) {
            if let Object::Node(node) = &doc.object {
                let locality = node.locality();
                places.add(&locality);
                places.nodes.insert(locality);
            }
        }
        for doc in state.of_kind(ObjectKind::Pod) {
            if let Object::Pod(pod) = &doc.object {
                places.networks.extend(pod.network().cloned());
            }
        }
        for doc in state.of_kind(ObjectKind::WorkloadEntry) {
            if let Object::WorkloadEntry(workload) = &doc.object {
                let endpoint = &workload.endpoint;
                places.networks.extend(endpoint.network.clone());
                endpoint.locality.iter().for_each(|l| places.add(l));
                places
                    .workload_namespaces
                    .insert(Arc::clone(&doc.id.namespace));
            }
        }
        for doc in state.of_kind(ObjectKind::ExternalWorkload) {
            places
                .workload_namespaces
                .insert(Arc::clone(&doc.id.namespace));
        }
        places
    }

    /// Takes the place that the cluster is said to be in.
    pub(super) fn settle(&mut self, locality: Locality) {
        self.add(&locality);
        self.settled = Some(locality);
    }

    /// Where the cluster is said to be, else where all of its nodes are, as far as they agree.
    pub(super) fn common(&self) -> Locality {
        if let Some(settled) = &self.settled {
            return settled.clone();
        }
        let region = one(self.nodes.iter().map(|place| &place.region));
        let zone = match &region {
            Some(_) => one(self.nodes.iter().map(|place| &place.zone)),
            None => None,
        };
        Locality {
            region: region.unwrap_or_default(),
            zone: zone.unwrap_or_default(),
            sub_zone: Arc::default(),
        }
    }

    fn add(&mut self, locality: &Locality) {
        let known = |part: &Arc<str>| (!part.is_empty()).then(|| Arc::clone(part));
        self.regions.extend(known(&locality.region));
        self.zones.extend(known(&locality.zone));
    }
}

/// The one value that all have.
fn one<'a>(mut values: impl Iterator<Item = &'a Arc<str>>) -> Option<Arc<str>> {
    let first = values.next()?;
    values
        .all(|value| value == first)
        .then(|| Arc::clone(first))
}
