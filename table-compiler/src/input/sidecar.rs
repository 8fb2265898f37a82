//! Istio Sidecar (networking.istio.io).

use super::field::Read;
use super::metadata::Metadata;
use super::scoped_host::ScopedHost;
use super::service_entry::workload_selector;
use super::yaml::Yaml;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A Sidecar, for the hosts that its workloads see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sidecar {
    pub(crate) metadata: Metadata,
    /// Labels of the workloads; without them it holds for the whole namespace.
    pub(crate) workload_selector: Option<BTreeMap<Arc<str>, Arc<str>>>,
    /// Hosts of all egress listeners; `None` without `egress`, which leaves all visible.
    pub(crate) egress_hosts: Option<Vec<ScopedHost>>,
}

impl Sidecar {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.section("spec")?;
        let mut egress_hosts = spec.field("egress")?.map(|_| Vec::new());
        for listener in spec.list("egress")? {
            let hosts = listener.each("hosts", ScopedHost::read_whole)?;
            egress_hosts.get_or_insert_default().extend(hosts);
        }
        Ok(Sidecar {
            metadata,
            workload_selector: workload_selector(spec)?,
            egress_hosts,
        })
    }
}
