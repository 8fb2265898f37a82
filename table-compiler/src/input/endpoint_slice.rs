//! Kubernetes EndpointSlice (discovery.k8s.io/v1).

use super::field::{Invalid, Read, quoted};
use super::host::{HostPattern, dns_name, is_label};
use super::metadata::Metadata;
use super::port::transport_field;
use super::yaml::Yaml;
use dns_core::{EndpointAddress, PortTransport};
use std::sync::Arc;

const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// An EndpointSlice, as far as the table needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EndpointSlice {
    pub(crate) metadata: Metadata,
    /// Service that the slice belongs to; one without is nobody's.
    pub(crate) service: Option<Arc<str>>,
    pub(crate) endpoints: Vec<SliceEndpoint>,
    pub(crate) ports: Vec<SlicePort>,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SliceEndpoint {
    pub(crate) addresses: Vec<EndpointAddress>,
    pub(crate) condition: Condition,
    pub(crate) hostname: Option<Arc<str>>,
    pub(crate) zone: Option<Arc<str>>,
    pub(crate) node: Option<Arc<str>>,
}

/// Whether an endpoint may be used, by its conditions. Unknown readiness counts as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Ready,
    NotReady,
    Terminating,
}

/// A port of the endpoints of a slice. Without a number it stands for all ports.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SlicePort {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) number: Option<u16>,
    pub(crate) transport: PortTransport,
    pub(crate) app_protocol: Option<Arc<str>>,
}

impl EndpointSlice {
    pub(crate) fn read<'a>(root: &'a Yaml, metadata: Metadata) -> Read<'a, Self> {
        let family = root.required("addressType", "write IPv4, IPv6 or FQDN")?;
        if !matches!(family.text()?, "IPv4" | "IPv6" | "FQDN") {
            return Err(family.is_not("IPv4, IPv6 or FQDN"));
        }
        let endpoints = root
            .list("endpoints")?
            .iter()
            .map(|endpoint| endpoint_of(endpoint, family));
        Ok(EndpointSlice {
            service: metadata.label(SERVICE_NAME_LABEL).cloned(),
            endpoints: endpoints.collect::<Result<_, _>>()?,
            ports: root
                .list("ports")?
                .iter()
                .map(port_of)
                .collect::<Result<_, _>>()?,
            metadata,
        })
    }
}

fn endpoint_of<'a>(endpoint: &'a Yaml, family: &Yaml) -> Read<'a, SliceEndpoint> {
    let family = family.text().unwrap_or_default();
    let addresses = endpoint
        .list("addresses")?
        .iter()
        .map(|address| address_of(address, family));
    Ok(SliceEndpoint {
        addresses: addresses.collect::<Result<_, _>>()?,
        condition: condition_of(endpoint.section("conditions")?)?,
        hostname: hostname_of(endpoint)?,
        zone: endpoint.name_field("zone")?,
        node: endpoint.name_field("nodeName")?,
    })
}

fn address_of<'a>(address: &'a Yaml, family: &str) -> Read<'a, EndpointAddress> {
    let text = address.text()?;
    match family {
        "IPv4" => address
            .parsed("an IPv4 address")
            .map(|v4| EndpointAddress::Ip(std::net::IpAddr::V4(v4))),
        "IPv6" => address
            .parsed("an IPv6 address")
            .map(|v6| EndpointAddress::Ip(std::net::IpAddr::V6(v6))),
        _ => dns_name(text, HostPattern::Exact)
            .map(EndpointAddress::Host)
            .map_err(|reason| {
                Invalid::new(
                    address,
                    format!("{} {reason}", quoted(text)),
                    "write a DNS name",
                )
            }),
    }
}

fn condition_of(conditions: &Yaml) -> Read<'_, Condition> {
    let is_terminating = conditions.flag("terminating")?.unwrap_or(false);
    Ok(match conditions.flag("ready")? {
        Some(true) => Condition::Ready,
        Some(false) | None if is_terminating => Condition::Terminating,
        Some(false) => Condition::NotReady,
        None => Condition::Ready,
    })
}

fn hostname_of(endpoint: &Yaml) -> Read<'_, Option<Arc<str>>> {
    let Some(hostname) = endpoint.field("hostname")? else {
        return Ok(None);
    };
    match hostname.text()? {
        "" => Ok(None),
        text if is_label(text) => Ok(Some(text.to_ascii_lowercase().into())),
        _ => Err(hostname.is_not("one label of a host name")),
    }
}

fn port_of(port: &Yaml) -> Read<'_, SlicePort> {
    Ok(SlicePort {
        name: port.name_field("name")?,
        number: port.field("port")?.map(Yaml::port).transpose()?,
        transport: transport_field(port)?,
        app_protocol: port.name_field("appProtocol")?,
    })
}
