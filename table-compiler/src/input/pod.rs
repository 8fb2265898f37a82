//! Kubernetes Pod (v1).

use super::field::Read;
use super::metadata::{Metadata, NETWORK_LABEL};
use super::place::Place;
use super::shape::{self, name};
use super::yaml::Yaml;
use k8s_openapi::api::core::v1 as k8s;
use std::net::IpAddr;
use std::sync::Arc;

/// A Pod, for the network it is in and the name it has of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pod {
    pub(crate) metadata: Metadata,
    /// `status.podIPs`, else `status.podIP`.
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) node: Option<Arc<str>>,
    pub(crate) hostname: Option<Arc<str>>,
    pub(crate) subdomain: Option<Arc<str>>,
}

impl Pod {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let pod: k8s::Pod = shape::read_object(root)?;
        let spec = pod.spec.unwrap_or_default();
        let status = pod.status.unwrap_or_default();
        Ok(Pod {
            metadata,
            ips: ips(root, &status)?,
            node: name(spec.node_name),
            hostname: name(spec.hostname),
            subdomain: name(spec.subdomain),
        })
    }

    /// Network that its label names, which beats the network of its cluster.
    pub(crate) fn network(&self) -> Option<&Arc<str>> {
        self.metadata.label(NETWORK_LABEL)
    }
}

fn ips<'a>(root: &'a Yaml, status: &k8s::PodStatus) -> Read<'a, Vec<IpAddr>> {
    let status_place = Place::of(root, "status");
    let pod_ips = status.pod_ips.as_deref().unwrap_or_default();
    if pod_ips.is_empty() {
        let text = status.pod_ip.as_deref().filter(|text| !text.is_empty());
        let place = status_place.key("podIP");
        let ip = text.map(|text| place.parsed(text, "an IP address"));
        return Ok(ip.transpose()?.into_iter().collect());
    }
    let place = status_place.key("podIPs");
    let ips = pod_ips.iter().enumerate();
    ips.map(|(i, pod_ip)| place.item(i).key("ip").parsed(&pod_ip.ip, "an IP address"))
        .collect()
}
