//! Kubernetes Namespace (v1).

use super::metadata::{Metadata, NETWORK_LABEL};
use std::sync::Arc;

/// A Namespace; on the mesh's root namespace the network label names the cluster's network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Namespace {
    pub(crate) metadata: Metadata,
}

impl Namespace {
    pub(crate) fn network(&self) -> Option<&Arc<str>> {
        self.metadata.label(NETWORK_LABEL)
    }
}
