//! Kubernetes Node (v1).

use super::field::Read;
use super::metadata::Metadata;
use super::place::Place;
use super::shape;
use super::yaml::Yaml;
use dns_core::Locality;
use ipnet::IpNet;
use k8s_openapi::api::core::v1 as k8s;
use std::net::IpAddr;

const REGION_LABEL: &str = "topology.kubernetes.io/region";
const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
const SUB_ZONE_LABEL: &str = "topology.istio.io/subzone";

/// A Node, for the place that its pods run in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KubernetesNode {
    pub(crate) metadata: Metadata,
    /// `status.addresses` of type InternalIP.
    pub(crate) internal_ips: Vec<IpAddr>,
    /// `status.addresses` of type ExternalIP.
    pub(crate) external_ips: Vec<IpAddr>,
    pub(crate) pod_cidrs: Vec<IpNet>,
}

impl KubernetesNode {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let node: k8s::Node = shape::read_object(root)?;
        let addresses = node.status.and_then(|status| status.addresses);
        let addresses = addresses.unwrap_or_default();
        Ok(KubernetesNode {
            metadata,
            internal_ips: addresses_of_type(root, &addresses, "InternalIP")?,
            external_ips: addresses_of_type(root, &addresses, "ExternalIP")?,
            pod_cidrs: pod_cidrs(root, &node.spec.unwrap_or_default())?,
        })
    }

    pub(crate) fn locality(&self) -> Locality {
        let label = |name| self.metadata.label(name).cloned().unwrap_or_default();
        Locality {
            region: label(REGION_LABEL),
            zone: label(ZONE_LABEL),
            sub_zone: label(SUB_ZONE_LABEL),
        }
    }
}

fn addresses_of_type<'a>(
    root: &'a Yaml,
    addresses: &[k8s::NodeAddress],
    kind: &str,
) -> Read<'a, Vec<IpAddr>> {
    let status = Place::of(root, "status");
    let place = status.key("addresses");
    let of_type = addresses
        .iter()
        .enumerate()
        .filter(|(_, a)| a.type_ == kind);
    of_type
        .map(|(i, a)| {
            place
                .item(i)
                .key("address")
                .parsed(&a.address, "an IP address")
        })
        .collect()
}

/// `podCIDRs`, else `podCIDR`.
fn pod_cidrs<'a>(root: &'a Yaml, spec: &k8s::NodeSpec) -> Read<'a, Vec<IpNet>> {
    const CIDR: &str = "a CIDR such as 10.244.0.0/24";
    let place = Place::of(root, "spec");
    let cidrs = spec.pod_cidrs.as_deref().unwrap_or_default();
    if cidrs.is_empty() {
        let cidr = spec.pod_cidr.as_deref().filter(|text| !text.is_empty());
        let cidr = cidr.map(|text| place.key("podCIDR").parsed(text, CIDR));
        return Ok(cidr.transpose()?.into_iter().collect());
    }
    let place = place.key("podCIDRs");
    let cidrs = cidrs.iter().enumerate();
    cidrs
        .map(|(i, text)| place.item(i).parsed(text, CIDR))
        .collect()
}
