//! Linkerd ExternalWorkload (workload.linkerd.io).

use super::endpoint_slice::{Condition, SlicePort};
use super::field::Read;
use super::metadata::Metadata;
use super::status_condition::{ConditionState, StatusCondition};
use super::yaml::Yaml;
use std::net::IpAddr;
use std::sync::Arc;

/// An ExternalWorkload: a machine outside of Kubernetes that Services select by its labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExternalWorkload {
    pub(crate) metadata: Metadata,
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) ports: Vec<SlicePort>,
    /// `meshTLS.identity`.
    pub(crate) identity: Option<Arc<str>>,
    /// Its condition `Ready`; without one it is not ready, as Linkerd has it.
    pub(crate) condition: Condition,
}

impl ExternalWorkload {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        let conditions = StatusCondition::all(root)?;
        let is_ready = conditions
            .iter()
            .any(|c| &*c.name == "Ready" && c.state == ConditionState::True);
        Ok(ExternalWorkload {
            ips: spec.each("workloadIPs", ip_of)?,
            ports: spec.each("ports", SlicePort::read)?,
            identity: identity(spec)?,
            condition: if is_ready {
                Condition::Ready
            } else {
                Condition::NotReady
            },
            metadata,
        })
    }
}

/// The first version of the kind writes `meshTls`.
fn identity(spec: &Yaml) -> Read<'_, Option<Arc<str>>> {
    let identity = spec.section("meshTLS")?.name_field("identity")?;
    match identity {
        Some(identity) => Ok(Some(identity)),
        None => spec.section("meshTls")?.name_field("identity"),
    }
}

fn ip_of(item: &Yaml) -> Read<'_, IpAddr> {
    item.required("ip", "write an IP address")?
        .parsed("an IP address")
}
