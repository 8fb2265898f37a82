//! An object with its identity, its place and its typed form.

use super::endpoint_slice::EndpointSlice;
use super::kubernetes_node::KubernetesNode;
use super::metadata::Metadata;
use super::namespace::Namespace;
use super::service::Service;
use super::service_entry::ServiceEntry;
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
    pub(crate) object: Object,
}

impl ObjectDoc {
    /// `metadata.creationTimestamp` in seconds since 1970, if it has one.
    pub fn created_secs(&self) -> Option<u64> {
        self.object.metadata().created_secs
    }

    /// File and line, as in `services.yaml:7`.
    pub fn location(&self) -> String {
        format!("{}:{}", self.file, self.line)
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

/// Kinds of objects that the compiler reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// Kubernetes Service, `v1`.
    Service,
    /// Kubernetes EndpointSlice, `discovery.k8s.io/v1`.
    EndpointSlice,
    /// Istio ServiceEntry, `networking.istio.io/v1`, `v1beta1` or `v1alpha3`.
    ServiceEntry,
    /// Kubernetes Namespace, `v1`.
    Namespace,
    /// Kubernetes Node, `v1`.
    Node,
}

impl ObjectKind {
    /// The kind as objects write it.
    pub fn label(self) -> &'static str {
        match self {
            ObjectKind::Service => "Service",
            ObjectKind::EndpointSlice => "EndpointSlice",
            ObjectKind::ServiceEntry => "ServiceEntry",
            ObjectKind::Namespace => "Namespace",
            ObjectKind::Node => "Node",
        }
    }

    /// The kind of an object by `apiVersion` and `kind`; `None` if it is none of ours. Other
    /// groups use some of these names too (Knative has a Service).
    pub(crate) fn of(api_version: &str, kind: &str) -> Option<Self> {
        match (api_version, kind) {
            ("v1", "Service") => Some(ObjectKind::Service),
            ("v1", "Namespace") => Some(ObjectKind::Namespace),
            ("v1", "Node") => Some(ObjectKind::Node),
            ("discovery.k8s.io/v1", "EndpointSlice") => Some(ObjectKind::EndpointSlice),
            (
                "networking.istio.io/v1"
                | "networking.istio.io/v1beta1"
                | "networking.istio.io/v1alpha3",
                "ServiceEntry",
            ) => Some(ObjectKind::ServiceEntry),
            _ => None,
        }
    }

    pub(crate) fn is_namespaced(self) -> bool {
        match self {
            ObjectKind::Service | ObjectKind::EndpointSlice | ObjectKind::ServiceEntry => true,
            ObjectKind::Namespace | ObjectKind::Node => false,
        }
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
}

impl Object {
    pub(crate) fn metadata(&self) -> &Metadata {
        match self {
            Object::Service(service) => &service.metadata,
            Object::EndpointSlice(slice) => &slice.metadata,
            Object::ServiceEntry(entry) => &entry.metadata,
            Object::Namespace(namespace) => &namespace.metadata,
            Object::Node(node) => &node.metadata,
        }
    }
}
