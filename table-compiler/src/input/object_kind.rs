//! The kinds of objects that are read, with their API groups.

use std::sync::{Arc, LazyLock};

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
    /// Kubernetes Pod, `v1`.
    Pod,
    /// Kubernetes Secret, `v1`; its values are never kept.
    Secret,
    /// Istio's own Kubernetes ConfigMap, `v1`.
    ConfigMap,
    /// Istio WorkloadEntry, `networking.istio.io`.
    WorkloadEntry,
    /// Istio Gateway, `networking.istio.io`.
    Gateway,
    /// Istio VirtualService, `networking.istio.io`.
    VirtualService,
    /// Istio DestinationRule, `networking.istio.io`.
    DestinationRule,
    /// Istio Sidecar, `networking.istio.io`.
    Sidecar,
    /// Gateway API Gateway, `gateway.networking.k8s.io`.
    KubernetesGateway,
    /// Gateway API HTTPRoute, `gateway.networking.k8s.io`.
    HttpRoute,
    /// Gateway API TLSRoute, `gateway.networking.k8s.io`.
    TlsRoute,
    /// Gateway API GRPCRoute, `gateway.networking.k8s.io`.
    GrpcRoute,
    /// SMI TrafficSplit, `split.smi-spec.io`.
    TrafficSplit,
    /// ServiceExport, `multicluster.x-k8s.io`.
    ServiceExport,
    /// ServiceImport, `multicluster.x-k8s.io`.
    ServiceImport,
    /// ClusterProfile, `multicluster.x-k8s.io`.
    ClusterProfile,
    /// ClusterProperty, `about.k8s.io`.
    ClusterProperty,
    /// Linkerd Link, `multicluster.linkerd.io`.
    Link,
    /// Linkerd ExternalWorkload, `workload.linkerd.io`.
    ExternalWorkload,
    /// Our ProductName, `names.mesh/v1alpha1`.
    ProductName,
    /// Our NamePolicy, `names.mesh/v1alpha1`.
    NamePolicy,
}

impl ObjectKind {
    /// All of them.
    pub const ALL: [ObjectKind; 26] = [
        ObjectKind::Service,
        ObjectKind::EndpointSlice,
        ObjectKind::ServiceEntry,
        ObjectKind::Namespace,
        ObjectKind::Node,
        ObjectKind::Pod,
        ObjectKind::Secret,
        ObjectKind::ConfigMap,
        ObjectKind::WorkloadEntry,
        ObjectKind::Gateway,
        ObjectKind::VirtualService,
        ObjectKind::DestinationRule,
        ObjectKind::Sidecar,
        ObjectKind::KubernetesGateway,
        ObjectKind::HttpRoute,
        ObjectKind::TlsRoute,
        ObjectKind::GrpcRoute,
        ObjectKind::TrafficSplit,
        ObjectKind::ServiceExport,
        ObjectKind::ServiceImport,
        ObjectKind::ClusterProfile,
        ObjectKind::ClusterProperty,
        ObjectKind::Link,
        ObjectKind::ExternalWorkload,
        ObjectKind::ProductName,
        ObjectKind::NamePolicy,
    ];

    /// The kind as objects write it, shared.
    pub(crate) fn text(self) -> Arc<str> {
        static TEXTS: LazyLock<Vec<Arc<str>>> = LazyLock::new(|| {
            let labels = ObjectKind::ALL.iter().map(|kind| kind.label());
            labels.map(Arc::from).collect()
        });
        let at = ObjectKind::ALL.iter().position(|kind| *kind == self);
        at.and_then(|at| TEXTS.get(at).cloned())
            .unwrap_or_else(|| self.label().into())
    }

    /// The kind as objects write it.
    pub fn label(self) -> &'static str {
        match self {
            ObjectKind::Service => "Service",
            ObjectKind::EndpointSlice => "EndpointSlice",
            ObjectKind::ServiceEntry => "ServiceEntry",
            ObjectKind::Namespace => "Namespace",
            ObjectKind::Node => "Node",
            ObjectKind::Pod => "Pod",
            ObjectKind::Secret => "Secret",
            ObjectKind::ConfigMap => "ConfigMap",
            ObjectKind::WorkloadEntry => "WorkloadEntry",
            ObjectKind::Gateway => "Gateway",
            ObjectKind::VirtualService => "VirtualService",
            ObjectKind::DestinationRule => "DestinationRule",
            ObjectKind::Sidecar => "Sidecar",
            ObjectKind::KubernetesGateway => "Gateway",
            ObjectKind::HttpRoute => "HTTPRoute",
            ObjectKind::TlsRoute => "TLSRoute",
            ObjectKind::GrpcRoute => "GRPCRoute",
            ObjectKind::TrafficSplit => "TrafficSplit",
            ObjectKind::ServiceExport => "ServiceExport",
            ObjectKind::ServiceImport => "ServiceImport",
            ObjectKind::ClusterProfile => "ClusterProfile",
            ObjectKind::ClusterProperty => "ClusterProperty",
            ObjectKind::Link => "Link",
            ObjectKind::ExternalWorkload => "ExternalWorkload",
            ObjectKind::ProductName => "ProductName",
            ObjectKind::NamePolicy => "NamePolicy",
        }
    }

    /// The kind of an object by `apiVersion` and `kind`; `None` if it is none of ours. Other
    /// groups use some of these names too (Knative has a Service).
    pub(crate) fn of(api_version: &str, kind: &str) -> Option<Self> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let found = KINDS
            .iter()
            .find(|of| of.group == group && of.kind.label() == kind)?;
        found.versions.contains(&version).then_some(found.kind)
    }

    /// The versions that are read of a kind of ours that is written in another one: were it passed
    /// over like the kinds of others, a policy would not hold and nobody would know.
    pub(crate) fn own_versions(api_version: &str, kind: &str) -> Option<&'static [&'static str]> {
        let (group, _) = api_version.split_once('/')?;
        let is_it = |of: &&GroupedKind| of.group == group && of.kind.label() == kind;
        let mut own = KINDS.iter().filter(|of| of.group == OWN_GROUP);
        own.find(is_it).map(|of| of.versions)
    }

    /// Whether the names of its objects become labels of names.
    pub(crate) fn is_host_label(self) -> bool {
        matches!(
            self,
            ObjectKind::Service
                | ObjectKind::Namespace
                | ObjectKind::ServiceExport
                | ObjectKind::ServiceImport
        )
    }

    pub(crate) fn is_namespaced(self) -> bool {
        match self {
            ObjectKind::Service
            | ObjectKind::EndpointSlice
            | ObjectKind::ServiceEntry
            | ObjectKind::Pod
            | ObjectKind::Secret
            | ObjectKind::ConfigMap
            | ObjectKind::WorkloadEntry
            | ObjectKind::Gateway
            | ObjectKind::VirtualService
            | ObjectKind::DestinationRule
            | ObjectKind::Sidecar
            | ObjectKind::KubernetesGateway
            | ObjectKind::HttpRoute
            | ObjectKind::TlsRoute
            | ObjectKind::GrpcRoute
            | ObjectKind::TrafficSplit
            | ObjectKind::ServiceExport
            | ObjectKind::ServiceImport
            | ObjectKind::ClusterProfile
            | ObjectKind::Link
            | ObjectKind::ExternalWorkload
            | ObjectKind::ProductName => true,
            ObjectKind::Namespace
            | ObjectKind::Node
            | ObjectKind::ClusterProperty
            | ObjectKind::NamePolicy => false,
        }
    }
}

/// A kind with its API group and the versions that are read.
struct GroupedKind {
    group: &'static str,
    versions: &'static [&'static str],
    kind: ObjectKind,
}

const fn grouped(
    group: &'static str,
    versions: &'static [&'static str],
    kind: ObjectKind,
) -> GroupedKind {
    GroupedKind {
        group,
        versions,
        kind,
    }
}

const V1: &[&str] = &["v1"];
const ISTIO: &[&str] = &["v1", "v1beta1", "v1alpha3"];
const GATEWAY_API: &[&str] = &["v1", "v1beta1", "v1alpha3", "v1alpha2"];
const MCS: &[&str] = &["v1beta1", "v1alpha1"];
const OWN: &[&str] = &["v1alpha1"];

/// API group of our kinds.
const OWN_GROUP: &str = "names.mesh";

const KINDS: [GroupedKind; 26] = [
    grouped("", V1, ObjectKind::Service),
    grouped("", V1, ObjectKind::Namespace),
    grouped("", V1, ObjectKind::Node),
    grouped("", V1, ObjectKind::Pod),
    grouped("", V1, ObjectKind::Secret),
    grouped("", V1, ObjectKind::ConfigMap),
    grouped("discovery.k8s.io", V1, ObjectKind::EndpointSlice),
    grouped("networking.istio.io", ISTIO, ObjectKind::ServiceEntry),
    grouped("networking.istio.io", ISTIO, ObjectKind::WorkloadEntry),
    grouped("networking.istio.io", ISTIO, ObjectKind::Gateway),
    grouped("networking.istio.io", ISTIO, ObjectKind::VirtualService),
    grouped("networking.istio.io", ISTIO, ObjectKind::DestinationRule),
    grouped("networking.istio.io", ISTIO, ObjectKind::Sidecar),
    grouped(
        "gateway.networking.k8s.io",
        GATEWAY_API,
        ObjectKind::KubernetesGateway,
    ),
    grouped(
        "gateway.networking.k8s.io",
        GATEWAY_API,
        ObjectKind::HttpRoute,
    ),
    grouped(
        "gateway.networking.k8s.io",
        GATEWAY_API,
        ObjectKind::TlsRoute,
    ),
    grouped(
        "gateway.networking.k8s.io",
        GATEWAY_API,
        ObjectKind::GrpcRoute,
    ),
    grouped(
        "split.smi-spec.io",
        &["v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"],
        ObjectKind::TrafficSplit,
    ),
    grouped("multicluster.x-k8s.io", MCS, ObjectKind::ServiceExport),
    grouped("multicluster.x-k8s.io", MCS, ObjectKind::ServiceImport),
    grouped("multicluster.x-k8s.io", MCS, ObjectKind::ClusterProfile),
    grouped(
        "about.k8s.io",
        &["v1", "v1beta1", "v1alpha1"],
        ObjectKind::ClusterProperty,
    ),
    grouped(
        "multicluster.linkerd.io",
        &["v1alpha3", "v1alpha2", "v1alpha1"],
        ObjectKind::Link,
    ),
    grouped(
        "workload.linkerd.io",
        &["v1beta1", "v1alpha1"],
        ObjectKind::ExternalWorkload,
    ),
    grouped(OWN_GROUP, OWN, ObjectKind::ProductName),
    grouped(OWN_GROUP, OWN, ObjectKind::NamePolicy),
];
