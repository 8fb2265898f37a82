//! Which names an object has to do with.

use super::claims::{Names, Role};
use super::cluster::{ClusterState, ServiceKey, import_of_slice};
use super::config::MeshConfig;
use super::endpoints::{imported_endpoints, pods_of};
use super::ground::{ClusterGround, Ground, GroundLink};
use super::mesh_view::Mesh;
use super::template::{Fillings, NameTemplate};
use crate::input::{
    EndpointSlice, ImportAddressing, MirrorExport, Object, ObjectDoc, ObjectId, ObjectKind,
    ProductName, Service, ServiceAddressing, VipSharing,
};
use dns_core::{EndpointState, NameBuf, NameError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Template of mirror names unless others are configured, as Linkerd has them.
const MIRROR_TEMPLATE: &str = "{{svc}}-{{cluster}}.{{ns}}.svc.{{domain}}";

/// What Linkerd puts behind the name of a service that is one of several clusters.
pub(crate) const FEDERATED_SUFFIX: &str = "-federated";

/// Gives objects their names.
#[derive(Debug)]
pub(super) struct Naming {
    /// Domains of all clusters: a service has a name below each, for the clients there.
    domains: Vec<NameBuf>,
    templates: Vec<NameTemplate>,
    /// Whether the templates are the user's: then they are for every service, not for exported
    /// ones alone.
    has_own_templates: bool,
    clusterset_domain: NameBuf,
    /// Links of all clusters: their selectors say what is exported, too.
    links: Vec<GroundLink>,
}

/// The names of an object, and what is too long to be one.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) names: Names,
    pub(super) errors: Vec<NameError>,
}

impl Named {
    fn add(&mut self, name: Result<NameBuf, NameError>, role: Role) {
        match name {
            Ok(name) => self.names.push((name, role)),
            Err(error) => self.errors.push(error),
        }
    }
}

impl Naming {
    pub(super) fn new(config: &MeshConfig, ground: &Ground) -> Self {
        let domains: BTreeSet<&NameBuf> = ground.clusters.values().map(|c| &c.domain).collect();
        let has_own_templates = !config.name_templates.is_empty();
        let templates = if has_own_templates {
            config.name_templates.clone()
        } else {
            vec![NameTemplate::parse(MIRROR_TEMPLATE).expect("it is a template")]
        };
        Naming {
            domains: domains.into_iter().cloned().collect(),
            templates,
            has_own_templates,
            clusterset_domain: config.clusterset_domain.clone(),
            links: distinct_links(ground),
        }
    }

    /// Whether a template is for services that are not exported too.
    pub(super) fn has_own_templates(&self) -> bool {
        self.has_own_templates
    }

    /// Whether a name is below that domain and not below a longer one of another cluster.
    pub(super) fn is_of_domain(&self, name: &NameBuf, domain: &NameBuf) -> bool {
        let labels = domain.as_name().label_count();
        let mut longer = (self.domains.iter()).filter(|d| d.as_name().label_count() > labels);
        name.as_name().ends_with(domain.as_name())
            && !longer.any(|domain| name.as_name().ends_with(domain.as_name()))
    }

    /// Whether a name is of those that are made of Services: below the domain of some cluster, or
    /// of the set of clusters.
    pub(super) fn is_of_services(&self, name: &NameBuf) -> bool {
        name.as_name().ends_with(self.clusterset_domain.as_name())
            || self.is_below_some_domain(name)
    }

    /// Whether a name is below the domain of some cluster.
    pub(super) fn is_below_some_domain(&self, name: &NameBuf) -> bool {
        let mut domains = self.domains.iter();
        domains.any(|domain| name.as_name().ends_with(domain.as_name()))
    }

    /// The names of an object of a cluster.
    pub(super) fn names_of(
        &self,
        mesh: &Mesh<'_>,
        cluster: &ClusterState,
        ground: &ClusterGround,
        doc: &ObjectDoc,
    ) -> Named {
        let mut named = Named::default();
        match &doc.object {
            Object::Service(service) => {
                self.service(mesh, cluster, ground, doc, service, &mut named);
            }
            Object::ServiceEntry(entry) => {
                for host in &entry.hosts {
                    named.names.push((host.clone(), Role::Entry));
                }
            }
            Object::Gateway(_) | Object::KubernetesGateway(_) => {
                let hosts = ground.product_gateways.get(&doc.id).map(|g| &g.hosts);
                for host in hosts.into_iter().flatten() {
                    named.names.push((host.clone(), Role::Gateway));
                }
            }
            Object::ProductName(product) => product_names(product, &mut named),
            Object::ServiceExport(_) => self.export(mesh, cluster, ground, doc, &mut named),
            Object::ServiceImport(_) => {
                let key = ServiceKey::of(&doc.id);
                named.add(self.clusterset_name(&key), Role::Import);
            }
            Object::EndpointSlice(slice) => self.imported(mesh, cluster, doc, slice, &mut named),
            Object::Namespace(_)
            | Object::Node(_)
            | Object::Pod(_)
            | Object::Secret(_)
            | Object::MeshConfigMap(_)
            | Object::WorkloadEntry(_)
            | Object::VirtualService(_)
            | Object::DestinationRule(_)
            | Object::Sidecar(_)
            | Object::Route(_)
            | Object::TrafficSplit(_)
            | Object::ClusterProfile(_)
            | Object::ClusterProperty(_)
            | Object::Link(_)
            | Object::ExternalWorkload(_)
            | Object::NamePolicy(_) => {}
        }
        named.names.sort_unstable();
        named.names.dedup();
        named
    }

    fn service(
        &self,
        mesh: &Mesh<'_>,
        cluster: &ClusterState,
        ground: &ClusterGround,
        doc: &ObjectDoc,
        service: &Service,
        named: &mut Named,
    ) {
        let links = self.links.iter();
        let mut links = links.filter(|link| ground.is_called(&cluster.id, &link.target));
        let is_federated =
            service.is_federated_member() || links.clone().any(|link| link.is_federated(service));
        let is_mirrored = service.export() != MirrorExport::None
            || self.has_own_templates
            || links.any(|link| link.mode(service).is_some());
        let hostnames = hostnames_of(mesh, cluster, doc, service);
        for domain in &self.domains {
            let namespace = domain.child("svc").and_then(|s| s.child(&doc.id.namespace));
            let name = namespace
                .as_ref()
                .map_err(|e| *e)
                .and_then(|n| n.child(&doc.id.name));
            if let Ok(name) = &name {
                for hostname in &hostnames {
                    named.add(name.child(hostname), Role::Instance);
                }
            }
            named.add(name, Role::Service);
            if is_federated {
                let label = format!("{}{FEDERATED_SUFFIX}", doc.id.name);
                named.add(namespace.and_then(|n| n.child(&label)), Role::Federated);
            }
        }
        if is_mirrored {
            self.mirrors(cluster, doc, named);
        }
    }

    fn mirrors(&self, cluster: &ClusterState, doc: &ObjectDoc, named: &mut Named) {
        for (i, template) in self.templates.iter().enumerate() {
            let index = u16::try_from(i).unwrap_or(u16::MAX);
            let domains = match template.uses_domain() {
                true => self.domains.as_slice(),
                false => self.domains.get(..1).unwrap_or_default(),
            };
            for domain in domains {
                let name = template.fill(&Fillings {
                    service: &doc.id.name,
                    namespace: &doc.id.namespace,
                    cluster: &cluster.id,
                    domain,
                });
                named.add(name, Role::Mirror(index));
            }
        }
    }

    fn export(
        &self,
        mesh: &Mesh<'_>,
        cluster: &ClusterState,
        ground: &ClusterGround,
        doc: &ObjectDoc,
        named: &mut Named,
    ) {
        let key = ServiceKey::of(&doc.id);
        let name = self.clusterset_name(&key);
        if let (Ok(name), Some((doc, service))) = (&name, service_of(cluster, &key))
            && service.addressing == ServiceAddressing::Headless
            && let Ok(parent) = name.child(ground.clusterset_label(&cluster.id))
        {
            for hostname in hostnames_of(mesh, cluster, doc, service) {
                named.add(parent.child(&hostname), Role::ExportInstance);
            }
        }
        named.add(name, Role::Export);
    }

    /// A slice that a controller has imported, for a ServiceImport of its cluster.
    fn imported(
        &self,
        mesh: &Mesh<'_>,
        cluster: &ClusterState,
        doc: &ObjectDoc,
        slice: &EndpointSlice,
        named: &mut Named,
    ) {
        let Some(key) = import_of_slice(doc) else {
            return;
        };
        let name = self.clusterset_name(&key);
        if let Ok(name) = &name
            && is_headless_import(cluster, &key)
        {
            let endpoints = imported_endpoints(mesh, slice).into_iter();
            let ready = endpoints.filter(|endpoint| endpoint.state == EndpointState::Ready);
            let hostnames: BTreeSet<_> = ready.filter_map(|endpoint| endpoint.hostname).collect();
            for hostname in hostnames {
                let mut labels = hostname.rsplit('.');
                let instance = labels.try_fold(name.clone(), |name, label| name.child(label));
                named.add(instance, Role::ImportInstance);
            }
        }
        named.add(name, Role::Import);
    }

    fn clusterset_name(&self, key: &ServiceKey) -> Result<NameBuf, NameError> {
        let services = self.clusterset_domain.child("svc")?;
        services.child(&key.namespace)?.child(&key.name)
    }
}

/// The Links of all clusters, of those that are alike the first.
fn distinct_links(ground: &Ground) -> Vec<GroundLink> {
    let mut distinct: Vec<GroundLink> = Vec::new();
    for link in ground.clusters.values().flat_map(|cluster| &cluster.links) {
        if !distinct.iter().any(|known| known.is_alike(link)) {
            distinct.push(link.clone());
        }
    }
    distinct
}

fn product_names(product: &ProductName, named: &mut Named) {
    for (i, host) in product.hosts.iter().enumerate() {
        let role = match product.vip_sharing {
            VipSharing::Shared if i > 0 => Role::Alias,
            VipSharing::Shared | VipSharing::Own => Role::Product,
        };
        named.names.push((host.clone(), role));
    }
    for alias in &product.aliases {
        named.names.push((alias.clone(), Role::Alias));
    }
}

fn is_headless_import(cluster: &ClusterState, key: &ServiceKey) -> bool {
    let id = ObjectId::new(ObjectKind::ServiceImport, &key.namespace, &key.name);
    cluster.object(&id).is_some_and(|doc| {
        matches!(&doc.object, Object::ServiceImport(import)
            if import.addressing == ImportAddressing::Headless)
    })
}

/// The Service of that key.
pub(super) fn service_of<'a>(
    cluster: &'a ClusterState,
    key: &ServiceKey,
) -> Option<(&'a ObjectDoc, &'a Service)> {
    let doc = cluster.service(key)?;
    match &doc.object {
        Object::Service(service) => Some((doc, service)),
        _ => None,
    }
}

/// Host names of the ready endpoints of a Service. Every endpoint of a headless one has a name.
fn hostnames_of(
    mesh: &Mesh<'_>,
    cluster: &ClusterState,
    doc: &ObjectDoc,
    service: &Service,
) -> BTreeSet<Arc<str>> {
    if service.addressing != ServiceAddressing::Headless && !has_hostnames(cluster, doc) {
        return BTreeSet::new();
    }
    let pods = pods_of(mesh, &cluster.id, doc, service).into_iter();
    let ready = pods.filter(|pod| pod.state == EndpointState::Ready);
    ready.filter_map(|pod| pod.hostname).collect()
}

/// Whether a slice of the Service names hosts.
fn has_hostnames(cluster: &ClusterState, doc: &ObjectDoc) -> bool {
    cluster.slices_of(&ServiceKey::of(&doc.id)).any(|doc| {
        matches!(&doc.object, Object::EndpointSlice(slice)
            if slice.endpoints.iter().any(|endpoint| endpoint.hostname.is_some()))
    })
}
