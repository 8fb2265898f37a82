//! Linkerd Link (multicluster.linkerd.io).

use super::duration;
use super::field::{Invalid, Read};
use super::gateway_address::GatewayAddress;
use super::label_selector::LabelSelector;
use super::metadata::Metadata;
use super::yaml::{Yaml, YamlValue};
use dns_core::NameBuf;
use std::sync::Arc;

/// A Link: a cluster whose exported Services are mirrored here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) metadata: Metadata,
    pub(crate) target_cluster_name: Arc<str>,
    pub(crate) target_cluster_domain: NameBuf,
    /// None in a flat network.
    pub(crate) gateway_addresses: Vec<GatewayAddress>,
    pub(crate) gateway_port: Option<u16>,
    pub(crate) gateway_identity: Option<Arc<str>>,
    pub(crate) probe_spec: Option<ProbeSpec>,
    /// Services mirrored by way of the gateway.
    pub(crate) selector: LabelSelector,
    /// Services mirrored without a gateway.
    pub(crate) remote_discovery_selector: LabelSelector,
    /// Services joined into a federated one.
    pub(crate) federated_service_selector: LabelSelector,
    pub(crate) excluded_labels: Vec<Arc<str>>,
    pub(crate) excluded_annotations: Vec<Arc<str>>,
    pub(crate) credentials_secret: Option<Arc<str>>,
}

/// How a gateway is probed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProbeSpec {
    pub(crate) path: Arc<str>,
    pub(crate) port: u16,
    pub(crate) period_secs: u32,
    pub(crate) failure_threshold: u32,
    pub(crate) timeout_secs: u32,
}

/// What Linkerd's own installation writes where it leaves a part of the probe out.
const PROBE_PERIOD_SECS: u32 = 3;
const PROBE_FAILURES: u32 = 3;
const PROBE_TIMEOUT_SECS: u32 = 30;

impl Link {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        let domain = spec.required("targetClusterDomain", "write the domain of its names")?;
        Ok(Link {
            metadata,
            target_cluster_name: spec.required_name("targetClusterName", "name the cluster")?,
            target_cluster_domain: domain.host()?,
            gateway_addresses: gateway_addresses(spec)?,
            gateway_port: spec.field("gatewayPort")?.map(port).transpose()?.flatten(),
            gateway_identity: spec.name_field("gatewayIdentity")?,
            probe_spec: spec
                .field("probeSpec")?
                .map(ProbeSpec::read)
                .transpose()?
                .flatten(),
            selector: LabelSelector::field(spec, "selector")?,
            remote_discovery_selector: LabelSelector::field(spec, "remoteDiscoverySelector")?,
            federated_service_selector: LabelSelector::field(spec, "federatedServiceSelector")?,
            excluded_labels: spec.texts("excludedLabels")?,
            excluded_annotations: spec.texts("excludedAnnotations")?,
            credentials_secret: spec.name_field("clusterCredentialsSecret")?,
        })
    }
}

impl ProbeSpec {
    /// `None` of a link without a gateway, whose probe has neither path nor port.
    fn read(probe: &Yaml) -> Read<'_, Option<Self>> {
        let Some(port) = probe.field("port")?.map(port).transpose()?.flatten() else {
            return Ok(None);
        };
        Ok(Some(ProbeSpec {
            path: probe.name_field("path")?.unwrap_or_else(|| "/ready".into()),
            port,
            period_secs: secs(probe, "period")?.unwrap_or(PROBE_PERIOD_SECS),
            failure_threshold: failures(probe)?.unwrap_or(PROBE_FAILURES),
            timeout_secs: secs(probe, "timeout")?.unwrap_or(PROBE_TIMEOUT_SECS),
        }))
    }
}

/// The addresses stand in one text, with commas between them.
fn gateway_addresses(spec: &Yaml) -> Read<'_, Vec<GatewayAddress>> {
    let Some(field) = spec.field("gatewayAddress")? else {
        return Ok(Vec::new());
    };
    let pieces = field.text()?.split(',').map(str::trim);
    pieces
        .filter(|piece| !piece.is_empty())
        .map(|piece| GatewayAddress::in_text(field, piece))
        .collect()
}

/// A port, which a Link writes as text; empty and 0 stand for none.
fn port(field: &Yaml) -> Read<'_, Option<u16>> {
    match &field.value {
        YamlValue::Text(text) if matches!(&**text, "" | "0") => Ok(None),
        YamlValue::Text(_) => field.parsed("a port number from 1 to 65535").map(Some),
        YamlValue::Number(number) if number.as_u64() == Some(0) => Ok(None),
        _ => field.port().map(Some),
    }
}

fn secs<'a>(probe: &'a Yaml, key: &str) -> Read<'a, Option<u32>> {
    let Some(field) = probe.field(key)?.filter(|field| !field.is_empty_text()) else {
        return Ok(None);
    };
    let secs = duration::seconds_of(field.text()?).ok_or_else(|| {
        let invalid = field.is_not("a duration");
        Invalid::new(field, invalid.reason().to_owned(), "write seconds as in 3s")
    })?;
    Ok(Some(secs))
}

fn failures(probe: &Yaml) -> Read<'_, Option<u32>> {
    let Some(field) = probe.field("failureThreshold")? else {
        return Ok(None);
    };
    match &field.value {
        YamlValue::Text(text) if text.is_empty() => Ok(None),
        YamlValue::Text(_) => field.parsed("a number").map(Some),
        _ => field.number("a number").map(Some),
    }
}
