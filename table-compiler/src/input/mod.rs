//! From text to checked objects: YAML (and so JSON) documents, then one small typed form per
//! object kind, with the position of whatever is wrong.

mod cluster_profile;
mod cluster_property;
mod destination_rule;
mod document;
#[cfg(test)]
mod document_tests;
mod duration;
mod endpoint_slice;
mod external_workload;
mod field;
#[cfg(test)]
mod fixture;
mod gateway;
mod gateway_address;
#[cfg(test)]
mod gateway_api_tests;
mod host;
#[cfg(test)]
mod istio_tests;
mod kubernetes_gateway;
mod kubernetes_node;
#[cfg(test)]
mod kubernetes_tests;
mod label_selector;
mod link;
mod mesh_config_map;
mod metadata;
#[cfg(test)]
mod multicluster_tests;
mod name_pattern;
mod name_policy;
#[cfg(test)]
mod names_mesh_tests;
mod namespace;
mod object;
mod object_kind;
mod order;
mod place;
mod pod;
mod port;
mod problem;
mod product_name;
mod route;
mod scoped_host;
mod secret;
mod service;
mod service_entry;
mod service_export;
mod service_import;
mod service_sharing;
mod shape;
mod sidecar;
mod status_condition;
mod syntax;
mod text_pattern;
mod timestamp;
mod traffic_split;
mod virtual_service;
mod workload_entry;
mod yaml;

pub use document::{Parsed, documents, object_from_value};
pub use object::{ObjectDoc, ObjectId};
pub use object_kind::ObjectKind;
pub use order::{Order, OrderKey};
pub use problem::{Problem, Scope};

pub(crate) use cluster_property::ClusterFact;
pub(crate) use endpoint_slice::{Condition, EndpointSlice, SliceEndpoint, SlicePort};
pub(crate) use external_workload::ExternalWorkload;
pub(crate) use field::{Invalid, Read, quoted};
pub(crate) use gateway::Gateway;
pub(crate) use gateway_address::GatewayAddress;
pub(crate) use host::{HostPattern, dns_name};
pub(crate) use kubernetes_gateway::{KubernetesGateway, Listener, ListenerTlsMode};
pub(crate) use kubernetes_node::KubernetesNode;
pub(crate) use label_selector::LabelSelector;
pub(crate) use link::Link;
pub(crate) use mesh_config_map::{
    MeshConfigMap, MeshNetwork, NetworkEndpoints, NetworkGateway, NetworkGatewayPlace,
};
pub(crate) use name_pattern::NamePattern;
pub(crate) use name_policy::{ChangeRule, ChangeVerb, NamePolicy, PublishRule, ResolveRule};
pub(crate) use namespace::Namespace;
pub(crate) use object::Object;
pub(crate) use pod::Pod;
pub(crate) use port::ServicePort;
pub(crate) use product_name::{
    GatewayMembers, MemberWeight, OnAllDown, ProductAnswer, ProductMember, ProductName,
    ServiceMember, VipSharing,
};
pub(crate) use route::{BackendRef, ParentRef, Route, RuleScope};
pub(crate) use scoped_host::HostNamespaces;
pub(crate) use secret::SecretRole;
pub(crate) use service::{Service, ServiceAddressing, ServiceType, UnreadyEndpoints};
pub(crate) use service_entry::{EntryAddress, EntryEndpoint, Resolution, ServiceEntry};
pub(crate) use service_import::{ImportAddressing, ServiceImport};
pub(crate) use service_sharing::MirrorExport;
pub(crate) use syntax::parse as yaml_documents;
pub(crate) use text_pattern::TextPattern;
pub(crate) use timestamp::seconds_of;
pub(crate) use virtual_service::{RouteDestination, VirtualService};
pub(crate) use yaml::{Position, Yaml, YamlValue};
