//! Istio DestinationRule (networking.istio.io).

use super::field::Read;
use super::metadata::{ExportTo, Metadata};
use super::yaml::Yaml;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A DestinationRule, for its subsets and its order of localities.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DestinationRule {
    pub(crate) metadata: Metadata,
    /// As written: a name without a dot is a Service of the object's namespace.
    pub(crate) host: Arc<str>,
    pub(crate) subsets: Vec<Subset>,
    /// `trafficPolicy.loadBalancer.localityLbSetting`, if there is one.
    pub(crate) locality_lb: Option<LocalityLb>,
    /// Without outlier detection Istio does not fail over.
    pub(crate) has_outlier_detection: bool,
    pub(crate) export_to: ExportTo,
}

/// An item of `spec.subsets`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subset {
    pub(crate) name: Arc<str>,
    pub(crate) labels: BTreeMap<Arc<str>, Arc<str>>,
}

/// How endpoints are ordered by where they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LocalityLb {
    /// `enabled`; absent leaves it to the mesh.
    pub(crate) enabled: Option<bool>,
    pub(crate) failover: Vec<RegionFailover>,
    /// Labels, or `label=value`, best first.
    pub(crate) failover_priority: Vec<Arc<str>>,
    pub(crate) distribute: Vec<LocalityShares>,
}

/// Which region takes over from which.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RegionFailover {
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
}

/// Shares of traffic from a locality, `region/zone/*`, in percent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LocalityShares {
    pub(crate) from: Arc<str>,
    pub(crate) to: BTreeMap<Arc<str>, u32>,
}

impl DestinationRule {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        let policy = spec.section("trafficPolicy")?;
        let locality_lb = policy.section("loadBalancer")?.field("localityLbSetting")?;
        Ok(DestinationRule {
            metadata,
            host: spec.required_name("host", "name a host")?,
            subsets: spec.each("subsets", subset)?,
            locality_lb: locality_lb.map(LocalityLb::read).transpose()?,
            has_outlier_detection: policy.field("outlierDetection")?.is_some(),
            export_to: ExportTo::read(spec.list("exportTo")?)?,
        })
    }
}

impl LocalityLb {
    fn read(setting: &Yaml) -> Read<'_, Self> {
        Ok(LocalityLb {
            enabled: setting.flag("enabled")?,
            failover: setting.each("failover", region_failover)?,
            failover_priority: setting.texts("failoverPriority")?,
            distribute: setting.each("distribute", shares)?,
        })
    }
}

fn subset(item: &Yaml) -> Read<'_, Subset> {
    Ok(Subset {
        name: item.required_name("name", "a subset needs a name")?,
        labels: item.text_map("labels")?,
    })
}

fn region_failover(item: &Yaml) -> Read<'_, RegionFailover> {
    Ok(RegionFailover {
        from: item.required_name("from", "name a region")?,
        to: item.required_name("to", "name a region")?,
    })
}

fn shares(item: &Yaml) -> Read<'_, LocalityShares> {
    let shares = item.section("to")?.entries()?.iter();
    Ok(LocalityShares {
        from: item.required_name("from", "name a locality")?,
        to: shares
            .map(|(place, share)| Ok((Arc::from(place.as_str()), share.number("a share")?)))
            .collect::<Result<_, _>>()?,
    })
}
