//! [`ClusterFacts`]: the objects of one cluster, by what is asked of them.

use crate::input::{
    Condition, Link, Namespace, Object, ObjectDoc, ObjectKind, Pod, SecretRole, Service,
    SliceEndpoint,
};
use crate::mesh::{Compiler, MeshConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const VERSION_LABEL: &str = "version";

/// The objects of one cluster.
pub(crate) struct ClusterFacts<'a> {
    pub(crate) id: Arc<str>,
    pub(crate) docs: Vec<&'a ObjectDoc>,
    /// Its network, by configuration or by the label on the root namespace.
    pub(crate) network: Option<Arc<str>>,
    slices: BTreeMap<(&'a str, &'a str), Vec<&'a SliceEndpoint>>,
    pods: BTreeMap<(&'a str, &'a str), &'a Pod>,
    exports: BTreeSet<(&'a str, &'a str)>,
}

/// Endpoints of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    pub(crate) ready: usize,
    pub(crate) total: usize,
}

/// Which clusters a cluster is linked to, by its own objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    /// Targets of Linkerd's Links.
    pub(crate) linkerd: BTreeSet<Arc<str>>,
    /// Clusters of Istio's remote secrets.
    pub(crate) istio: BTreeSet<Arc<str>>,
}

impl Links {
    pub(crate) fn targets(&self) -> BTreeSet<Arc<str>> {
        self.linkerd.union(&self.istio).cloned().collect()
    }
}

impl<'a> ClusterFacts<'a> {
    /// The facts of every cluster, by id.
    pub(crate) fn of_all(compiler: &'a Compiler) -> Vec<Self> {
        let of_cluster = |id: &Arc<str>| ClusterFacts::of(compiler, id);
        compiler.clusters().map(of_cluster).collect()
    }

    fn of(compiler: &'a Compiler, id: &Arc<str>) -> Self {
        let mut docs = compiler.objects(id);
        docs.sort_by(|a, b| a.id.cmp(&b.id));
        let mut facts = ClusterFacts {
            id: Arc::clone(id),
            network: network_of(compiler.config(), id, &docs),
            slices: BTreeMap::new(),
            pods: BTreeMap::new(),
            exports: BTreeSet::new(),
            docs,
        };
        for doc in &facts.docs {
            let namespace = &*doc.id.namespace;
            match &doc.object {
                Object::EndpointSlice(slice) => {
                    if let Some(service) = &slice.service {
                        let endpoints = facts.slices.entry((namespace, service)).or_default();
                        endpoints.extend(&slice.endpoints);
                    }
                }
                Object::Pod(pod) => {
                    facts.pods.insert((namespace, &doc.id.name), pod);
                }
                Object::ServiceExport(_) => {
                    facts.exports.insert((namespace, &doc.id.name));
                }
                _ => {}
            }
        }
        facts
    }

    /// Its Services, by namespace and name.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&'a ObjectDoc, &'a Service)> {
        self.docs.iter().filter_map(|doc| match &doc.object {
            Object::Service(service) => Some((*doc, service)),
            _ => None,
        })
    }

    /// Its Links.
    pub(crate) fn linkerd_links(&self) -> impl Iterator<Item = (&'a ObjectDoc, &'a Link)> {
        self.docs.iter().filter_map(|doc| match &doc.object {
            Object::Link(link) => Some((*doc, link)),
            _ => None,
        })
    }

    /// Which clusters it is linked to.
    pub(crate) fn links(&self) -> Links {
        let mut links = Links::default();
        for doc in &self.docs {
            match &doc.object {
                Object::Link(link) => {
                    links.linkerd.insert(Arc::clone(&link.target_cluster_name));
                }
                Object::Secret(secret) => {
                    if let SecretRole::RemoteClusters(clusters) = &secret.role {
                        links.istio.extend(clusters.iter().cloned());
                    }
                }
                _ => {}
            }
        }
        links.istio.remove(&self.id);
        links
    }

    /// Endpoints of a Service; those that terminate do not count.
    pub(crate) fn readiness(&self, service: &ObjectDoc) -> Readiness {
        let mut ready = BTreeSet::new();
        let mut total = BTreeSet::new();
        for endpoint in self.endpoints(service) {
            let Some(key) = identity(endpoint) else {
                continue;
            };
            match endpoint.condition {
                Condition::Ready => {
                    ready.insert(key.clone());
                    total.insert(key);
                }
                Condition::NotReady => {
                    total.insert(key);
                }
                Condition::Terminating => {}
            }
        }
        Readiness {
            ready: ready.len(),
            total: total.len(),
        }
    }

    /// Labels `version` of the pods behind a Service, sorted.
    pub(crate) fn versions(&self, service: &ObjectDoc) -> Vec<Arc<str>> {
        let namespace = &*service.id.namespace;
        let of_pod = |endpoint: &&SliceEndpoint| {
            let pod = self.pods.get(&(namespace, endpoint.pod.as_deref()?))?;
            pod.metadata.label(VERSION_LABEL).cloned()
        };
        let versions: BTreeSet<_> = self
            .endpoints(service)
            .iter()
            .copied()
            .filter_map(|e| of_pod(&e))
            .collect();
        versions.into_iter().collect()
    }

    /// Whether there is a ServiceExport of that Service.
    pub(crate) fn has_service_export(&self, service: &ObjectDoc) -> bool {
        let key = (&*service.id.namespace, &*service.id.name);
        self.exports.contains(&key)
    }

    /// Whether the namespace is known to be missing: Namespaces are read from that cluster, and
    /// neither one of them nor any object is in it.
    pub(crate) fn lacks_namespace(&self, namespace: &str) -> bool {
        let mut reads_namespaces = false;
        for doc in &self.docs {
            let is_namespace = doc.id.kind == ObjectKind::Namespace;
            reads_namespaces |= is_namespace;
            let place = if is_namespace {
                &doc.id.name
            } else {
                &doc.id.namespace
            };
            if &**place == namespace {
                return false;
            }
        }
        reads_namespaces
    }

    fn endpoints<'s>(&'s self, service: &'s ObjectDoc) -> &'s [&'a SliceEndpoint] {
        let key = (&*service.id.namespace, &*service.id.name);
        self.slices.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// One pod may be in two slices, once for each family.
fn identity(endpoint: &SliceEndpoint) -> Option<String> {
    match &endpoint.pod {
        Some(pod) => Some(format!("pod {pod}")),
        None => endpoint.addresses.first().map(|a| format!("{a:?}")),
    }
}

fn network_of(config: &MeshConfig, id: &Arc<str>, docs: &[&ObjectDoc]) -> Option<Arc<str>> {
    let configured = config.clusters.get(id).and_then(|c| c.network.clone());
    configured.or_else(|| {
        let root = root_namespace(config, docs);
        let mut namespaces = docs.iter().filter(|doc| doc.id.name == root);
        let labelled = namespaces.find_map(|doc| match &doc.object {
            Object::Namespace(namespace) => Namespace::network(namespace),
            _ => None,
        });
        labelled.cloned()
    })
}

fn root_namespace(config: &MeshConfig, docs: &[&ObjectDoc]) -> Arc<str> {
    let of_mesh = docs.iter().find_map(|doc| match &doc.object {
        Object::MeshConfigMap(map) => map.root_namespace.clone(),
        _ => None,
    });
    of_mesh.unwrap_or_else(|| Arc::clone(&config.root_namespace))
}
