//! Multi-Cluster Services ServiceImport (multicluster.x-k8s.io).

use super::field::Read;
use super::metadata::Metadata;
use super::port::ServicePort;
use super::yaml::Yaml;
use std::net::IpAddr;
use std::sync::Arc;

/// A ServiceImport: a Service of the cluster set as one cluster sees it. Exported labels are those
/// of its metadata.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceImport {
    pub(crate) metadata: Metadata,
    pub(crate) addressing: ImportAddressing,
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) ports: Vec<ServicePort>,
    pub(crate) session_affinity: Option<Arc<str>>,
    /// `status.clusters`: who exports it.
    pub(crate) clusters: Vec<Arc<str>>,
}

/// `type` of a ServiceImport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportAddressing {
    ClusterSetIp,
    Headless,
}

const TYPES: [(&str, ImportAddressing); 2] = [
    ("ClusterSetIP", ImportAddressing::ClusterSetIp),
    ("Headless", ImportAddressing::Headless),
];

impl ServiceImport {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        let kind = spec.required("type", "write ClusterSetIP or Headless")?;
        Ok(ServiceImport {
            metadata,
            addressing: kind.word(&TYPES)?,
            ips: spec.each("ips", |item| item.parsed("an IP address"))?,
            ports: spec.each("ports", ServicePort::of_service_import)?,
            session_affinity: spec.name_field("sessionAffinity")?,
            clusters: root.section("status")?.each("clusters", |item| {
                item.required_name("cluster", "name a cluster")
            })?,
        })
    }
}
