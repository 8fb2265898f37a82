//! ClusterProperty (about.k8s.io).

use super::field::Read;
use super::metadata::Metadata;
use super::yaml::Yaml;
use std::sync::Arc;

/// A ClusterProperty: something that a cluster says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClusterProperty {
    pub(crate) metadata: Metadata,
    pub(crate) fact: ClusterFact,
    pub(crate) value: Arc<str>,
}

/// What a property is about, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClusterFact {
    /// `cluster.clusterset.k8s.io`, in earlier drafts `id.k8s.io`.
    ClusterId,
    /// `clusterset.k8s.io`.
    ClusterSet,
    Other,
}

impl ClusterProperty {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "write its value")?;
        let name = root.section("metadata")?.text_field("name")?;
        Ok(ClusterProperty {
            metadata,
            fact: match name {
                Some("cluster.clusterset.k8s.io" | "id.k8s.io") => ClusterFact::ClusterId,
                Some("clusterset.k8s.io") => ClusterFact::ClusterSet,
                Some(_) | None => ClusterFact::Other,
            },
            value: spec.required_name("value", "write its value")?,
        })
    }
}
