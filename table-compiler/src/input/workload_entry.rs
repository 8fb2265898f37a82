//! Istio WorkloadEntry (networking.istio.io).

use super::field::Read;
use super::metadata::{Metadata, NETWORK_LABEL};
use super::service_entry::{EntryEndpoint, Resolution};
use super::yaml::Yaml;

/// A WorkloadEntry: an endpoint outside of Kubernetes that ServiceEntries and Services select.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WorkloadEntry {
    pub(crate) metadata: Metadata,
    /// Its labels are those of `spec.labels` over those of the metadata.
    pub(crate) endpoint: EntryEndpoint,
}

impl WorkloadEntry {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        let mut endpoint = EntryEndpoint::read(spec, Resolution::Dns)?;
        for (key, value) in &metadata.labels {
            let labels = &mut endpoint.labels;
            labels.entry(key.clone()).or_insert_with(|| value.clone());
        }
        endpoint.network = endpoint
            .network
            .or_else(|| metadata.label(NETWORK_LABEL).cloned());
        Ok(WorkloadEntry { metadata, endpoint })
    }
}
