//! Kubernetes Namespace (v1).

use super::field::Read;
use super::metadata::{Metadata, NETWORK_LABEL};
use super::shape;
use super::yaml::Yaml;
use k8s_openapi::api::core::v1 as k8s;
use std::sync::Arc;

/// A Namespace; on the mesh's root namespace the network label names the cluster's network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Namespace {
    pub(crate) metadata: Metadata,
}

impl Namespace {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        shape::read_object::<k8s::Namespace>(root)?;
        Ok(Namespace { metadata })
    }

    pub(crate) fn network(&self) -> Option<&Arc<str>> {
        self.metadata.label(NETWORK_LABEL)
    }
}
