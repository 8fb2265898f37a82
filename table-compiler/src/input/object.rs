//! An object with its identity, its place and its typed form.

use super::cluster_profile::ClusterProfile;
use super::cluster_property::ClusterProperty;
use super::destination_rule::DestinationRule;
use super::endpoint_slice::EndpointSlice;
use super::external_workload::ExternalWorkload;
use super::field::Read;
use super::gateway::Gateway;
use super::kubernetes_gateway::KubernetesGateway;
use super::kubernetes_node::KubernetesNode;
use super::link::Link;
use super::mesh_config_map::MeshConfigMap;
use super::metadata::Metadata;
use super::name_policy::NamePolicy;
use super::namespace::Namespace;
use super::object_kind::ObjectKind;
use super::pod::Pod;
use super::product_name::ProductName;
use super::route::Route;
use super::secret::Secret;
use super::service::Service;
use super::service_entry::ServiceEntry;
use super::service_export::ServiceExport;
use super::service_import::ServiceImport;
use super::sidecar::Sidecar;
use super::traffic_split::TrafficSplit;
use super::virtual_service::VirtualService;
use super::workload_entry::WorkloadEntry;
use super::yaml::Yaml;
use std::fmt;
use std::sync::Arc;

/// One object that was read and found valid.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectDoc {
    /// Its identity in its cluster.
    pub id: ObjectId,
    /// File it was read from, as the caller named it.
    pub file: Arc<str>,
    /// Line that it begins on, from 1.
    pub line: u32,
    /// The object as it was written, every field: keep this to serve it again later through
    /// [`object_from_value`](crate::object_from_value).
    pub raw: Arc<serde_json::Value>,
    pub(crate) location: Arc<str>,
    pub(crate) object: Object,
}

impl ObjectDoc {
    /// `metadata.creationTimestamp` in seconds since 1970, if it has one.
    pub fn created_secs(&self) -> Option<u64> {
        self.object.metadata().created_secs
    }

    /// File and line, as in `services.yaml:7`.
    pub fn location(&self) -> &Arc<str> {
        &self.location
    }
}

/// Kind, namespace and name: what makes two documents the same object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its namespace; empty for kinds that have none.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl ObjectId {
    /// An identity from its parts.
    pub fn new(kind: ObjectKind, namespace: &str, name: &str) -> Self {
        ObjectId {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            return write!(f, "{} {}", self.kind.label(), self.name);
        }
        write!(f, "{} {}/{}", self.kind.label(), self.namespace, self.name)
    }
}

/// The typed form of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Object {
    Service(Service),
    EndpointSlice(EndpointSlice),
    ServiceEntry(ServiceEntry),
    Namespace(Namespace),
    Node(KubernetesNode),
    Pod(Pod),
    Secret(Secret),
    MeshConfigMap(MeshConfigMap),
    WorkloadEntry(WorkloadEntry),
    Gateway(Gateway),
    VirtualService(VirtualService),
    DestinationRule(DestinationRule),
    Sidecar(Sidecar),
    KubernetesGateway(KubernetesGateway),
    Route(Route),
    TrafficSplit(TrafficSplit),
    ServiceExport(ServiceExport),
    ServiceImport(ServiceImport),
    ClusterProfile(ClusterProfile),
    ClusterProperty(ClusterProperty),
    Link(Link),
    ExternalWorkload(ExternalWorkload),
    ProductName(ProductName),
    NamePolicy(NamePolicy),
}

impl Object {
    /// The typed form of the object at `root`.
    pub(crate) fn read(root: &Yaml, kind: ObjectKind, metadata: Metadata) -> Read<'_, Self> {
        Ok(match kind {
            ObjectKind::Service => Object::Service(Service::read(root, metadata)?),
            ObjectKind::EndpointSlice => {
                Object::EndpointSlice(EndpointSlice::read(root, metadata)?)
            }
            ObjectKind::ServiceEntry => Object::ServiceEntry(ServiceEntry::read(root, metadata)?),
            ObjectKind::Namespace => Object::Namespace(Namespace::read(root, metadata)?),
            ObjectKind::Node => Object::Node(KubernetesNode::read(root, metadata)?),
            ObjectKind::Pod => Object::Pod(Pod::read(root, metadata)?),
            ObjectKind::Secret => Object::Secret(Secret::read(root, metadata)?),
            ObjectKind::ConfigMap => Object::MeshConfigMap(MeshConfigMap::read(root, metadata)?),
            ObjectKind::WorkloadEntry => {
                Object::WorkloadEntry(WorkloadEntry::read(root, metadata)?)
            }
            ObjectKind::Gateway => Object::Gateway(Gateway::read(root, metadata)?),
            ObjectKind::VirtualService => {
                Object::VirtualService(VirtualService::read(root, metadata)?)
            }
            ObjectKind::DestinationRule => {
                Object::DestinationRule(DestinationRule::read(root, metadata)?)
            }
            ObjectKind::Sidecar => Object::Sidecar(Sidecar::read(root, metadata)?),
            ObjectKind::KubernetesGateway => {
                Object::KubernetesGateway(KubernetesGateway::read(root, metadata)?)
            }
            ObjectKind::HttpRoute | ObjectKind::TlsRoute | ObjectKind::GrpcRoute => {
                Object::Route(Route::read(root, metadata)?)
            }
            ObjectKind::TrafficSplit => Object::TrafficSplit(TrafficSplit::read(root, metadata)?),
            ObjectKind::ServiceExport => {
                Object::ServiceExport(ServiceExport::read(root, metadata)?)
            }
            ObjectKind::ServiceImport => {
                Object::ServiceImport(ServiceImport::read(root, metadata)?)
            }
            ObjectKind::ClusterProfile => {
                Object::ClusterProfile(ClusterProfile::read(root, metadata)?)
            }
            ObjectKind::ClusterProperty => {
                Object::ClusterProperty(ClusterProperty::read(root, metadata)?)
            }
            ObjectKind::Link => Object::Link(Link::read(root, metadata)?),
            ObjectKind::ExternalWorkload => {
                Object::ExternalWorkload(ExternalWorkload::read(root, metadata)?)
            }
            ObjectKind::ProductName => Object::ProductName(ProductName::read(root, metadata)?),
            ObjectKind::NamePolicy => Object::NamePolicy(NamePolicy::read(root, metadata)?),
        })
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        match self {
            Object::Service(service) => &service.metadata,
            Object::EndpointSlice(slice) => &slice.metadata,
            Object::ServiceEntry(entry) => &entry.metadata,
            Object::Namespace(namespace) => &namespace.metadata,
            Object::Node(node) => &node.metadata,
            Object::Pod(object) => &object.metadata,
            Object::Secret(object) => &object.metadata,
            Object::MeshConfigMap(object) => &object.metadata,
            Object::WorkloadEntry(object) => &object.metadata,
            Object::Gateway(object) => &object.metadata,
            Object::VirtualService(object) => &object.metadata,
            Object::DestinationRule(object) => &object.metadata,
            Object::Sidecar(object) => &object.metadata,
            Object::KubernetesGateway(object) => &object.metadata,
            Object::Route(object) => &object.metadata,
            Object::TrafficSplit(object) => &object.metadata,
            Object::ServiceExport(object) => &object.metadata,
            Object::ServiceImport(object) => &object.metadata,
            Object::ClusterProfile(object) => &object.metadata,
            Object::ClusterProperty(object) => &object.metadata,
            Object::Link(object) => &object.metadata,
            Object::ExternalWorkload(object) => &object.metadata,
            Object::ProductName(object) => &object.metadata,
            Object::NamePolicy(object) => &object.metadata,
        }
    }
}
