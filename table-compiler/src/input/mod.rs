//! From text to checked objects: YAML (and so JSON) documents, then one small typed form per
//! object kind, with the position of whatever is wrong.

mod document;
#[cfg(test)]
mod document_tests;
mod endpoint_slice;
mod field;
mod host;
mod kubernetes_node;
mod metadata;
mod namespace;
mod object;
mod port;
mod problem;
mod service;
mod service_entry;
mod syntax;
mod timestamp;
mod yaml;

pub use document::{Parsed, documents, object_from_value};
pub use object::{ObjectDoc, ObjectId, ObjectKind};
pub use problem::{Problem, Scope};

pub(crate) use endpoint_slice::{Condition, EndpointSlice, SliceEndpoint, SlicePort};
pub(crate) use field::quoted;
pub(crate) use host::{HostPattern, dns_name};
pub(crate) use metadata::ExportTo;
pub(crate) use object::Object;
pub(crate) use port::ServicePort;
pub(crate) use service::{Service, ServiceAddressing, UnreadyEndpoints};
pub(crate) use service_entry::{EntryAddress, EntryEndpoint, Resolution, ServiceEntry};
