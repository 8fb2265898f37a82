//! Multi-Cluster Services ServiceExport (multicluster.x-k8s.io).

use super::field::Read;
use super::metadata::Metadata;
use super::status_condition::StatusCondition;
use super::yaml::Yaml;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ServiceExport: the Service of that name is offered to the cluster set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceExport {
    pub(crate) metadata: Metadata,
    pub(crate) exported_labels: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) exported_annotations: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) conditions: Vec<StatusCondition>,
}

impl ServiceExport {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.section("spec")?;
        Ok(ServiceExport {
            metadata,
            exported_labels: spec.text_map("exportedLabels")?,
            exported_annotations: spec.text_map("exportedAnnotations")?,
            conditions: StatusCondition::all(root)?,
        })
    }
}
