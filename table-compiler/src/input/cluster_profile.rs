//! ClusterProfile (multicluster.x-k8s.io).

use super::field::Read;
use super::metadata::Metadata;
use super::yaml::Yaml;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ClusterProfile: what a fleet knows of one of its clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClusterProfile {
    pub(crate) metadata: Metadata,
    pub(crate) display_name: Option<Arc<str>>,
    /// `status.properties` by name.
    pub(crate) properties: BTreeMap<Arc<str>, Arc<str>>,
}

impl ClusterProfile {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let mut properties = BTreeMap::new();
        for item in root.section("status")?.list("properties")? {
            let name = item.required_name("name", "a property needs a name")?;
            let value = item.text_field("value")?.unwrap_or_default();
            properties.insert(name, value.into());
        }
        Ok(ClusterProfile {
            metadata,
            display_name: root.section("spec")?.name_field("displayName")?,
            properties,
        })
    }
}
