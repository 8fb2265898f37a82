//! Kubernetes Node (v1).

use super::metadata::Metadata;
use dns_core::Locality;

const REGION_LABEL: &str = "topology.kubernetes.io/region";
const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
const SUB_ZONE_LABEL: &str = "topology.istio.io/subzone";

/// A Node, for the place that its pods run in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KubernetesNode {
    pub(crate) metadata: Metadata,
}

impl KubernetesNode {
    pub(crate) fn locality(&self) -> Locality {
        let label = |name| self.metadata.label(name).cloned().unwrap_or_default();
        Locality {
            region: label(REGION_LABEL),
            zone: label(ZONE_LABEL),
            sub_zone: label(SUB_ZONE_LABEL),
        }
    }
}
