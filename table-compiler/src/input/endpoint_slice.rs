//! Kubernetes EndpointSlice (discovery.k8s.io/v1).

use super::field::Read;
use super::host::is_label;
use super::metadata::Metadata;
use super::place::Place;
use super::port::transport_of;
use super::shape::{self, name};
use super::yaml::Yaml;
use dns_core::{EndpointAddress, PortTransport};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::discovery::v1 as k8s;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
const SOURCE_CLUSTER_LABEL: &str = "multicluster.kubernetes.io/source-cluster";
const IMPORTED_SERVICE_LABEL: &str = "multicluster.kubernetes.io/service-name";

/// An EndpointSlice, as far as the table needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EndpointSlice {
    pub(crate) metadata: Metadata,
    /// Service that the slice belongs to; one without is nobody's.
    pub(crate) service: Option<Arc<str>>,
    /// Cluster that it was imported from.
    pub(crate) source_cluster: Option<Arc<str>>,
    /// Service of the cluster set that it belongs to, by an importing controller.
    pub(crate) imported_service: Option<Arc<str>>,
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
    /// `targetRef`, if it is a Pod.
    pub(crate) pod: Option<Arc<str>>,
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
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let slice: k8s::EndpointSlice = shape::read_object(root)?;
        let family = AddressFamily::of(&slice.address_type, &Place::at(root))?;
        Ok(EndpointSlice {
            service: metadata.label(SERVICE_NAME_LABEL).cloned(),
            source_cluster: metadata.label(SOURCE_CLUSTER_LABEL).cloned(),
            imported_service: metadata.label(IMPORTED_SERVICE_LABEL).cloned(),
            endpoints: endpoints(root, slice.endpoints, family)?,
            ports: ports(root, slice.ports)?,
            metadata,
        })
    }
}

/// `addressType` of a slice.
#[derive(Clone, Copy)]
enum AddressFamily {
    V4,
    V6,
    Fqdn,
}

impl AddressFamily {
    fn of<'a>(text: &str, slice: &Place<'_, 'a>) -> Read<'a, Self> {
        const FAMILIES: &str = "IPv4, IPv6 or FQDN";
        match text {
            "IPv4" => Ok(AddressFamily::V4),
            "IPv6" => Ok(AddressFamily::V6),
            "FQDN" => Ok(AddressFamily::Fqdn),
            _ => Err(slice.missing_or_not("addressType", "write IPv4, IPv6 or FQDN", FAMILIES)),
        }
    }

    fn address<'a>(self, text: &str, place: &Place<'_, 'a>) -> Read<'a, EndpointAddress> {
        match self {
            AddressFamily::V4 => place
                .parsed(text, "an IPv4 address")
                .map(|v4: Ipv4Addr| EndpointAddress::Ip(v4.into())),
            AddressFamily::V6 => place
                .parsed(text, "an IPv6 address")
                .map(|v6: Ipv6Addr| EndpointAddress::Ip(v6.into())),
            AddressFamily::Fqdn => place.host(text).map(EndpointAddress::Host),
        }
    }
}

fn endpoints(
    root: &Yaml,
    endpoints: Option<Vec<k8s::Endpoint>>,
    family: AddressFamily,
) -> Read<'_, Vec<SliceEndpoint>> {
    let place = Place::of(root, "endpoints");
    let endpoints = endpoints.unwrap_or_default().into_iter().enumerate();
    endpoints
        .map(|(i, endpoint)| SliceEndpoint::of(endpoint, family, &place.item(i)))
        .collect()
}

impl SliceEndpoint {
    fn of<'a>(
        endpoint: k8s::Endpoint,
        family: AddressFamily,
        place: &Place<'_, 'a>,
    ) -> Read<'a, Self> {
        let addresses_place = place.key("addresses");
        let addresses = endpoint.addresses.iter().enumerate();
        let addresses = addresses.map(|(i, text)| family.address(text, &addresses_place.item(i)));
        Ok(SliceEndpoint {
            addresses: addresses.collect::<Result<_, _>>()?,
            condition: Condition::of(&endpoint.conditions.unwrap_or_default()),
            hostname: hostname_of(endpoint.hostname, place)?,
            zone: name(endpoint.zone),
            node: name(endpoint.node_name),
            pod: endpoint.target_ref.and_then(pod_of),
        })
    }
}

impl Condition {
    fn of(conditions: &k8s::EndpointConditions) -> Self {
        match (conditions.ready, conditions.terminating) {
            (Some(true), _) => Condition::Ready,
            (Some(false) | None, Some(true)) => Condition::Terminating,
            (Some(false), _) => Condition::NotReady,
            (None, _) => Condition::Ready,
        }
    }
}

fn hostname_of<'a>(
    hostname: Option<String>,
    endpoint: &Place<'_, 'a>,
) -> Read<'a, Option<Arc<str>>> {
    match hostname.as_deref() {
        None | Some("") => Ok(None),
        Some(text) if is_label(text) => Ok(Some(text.to_ascii_lowercase().into())),
        Some(_) => {
            let place = endpoint.key("hostname");
            Err(place.is_not("one label of a host name"))
        }
    }
}

fn pod_of(target: ObjectReference) -> Option<Arc<str>> {
    let is_pod = target.kind.as_deref() == Some("Pod");
    is_pod.then(|| name(target.name)).flatten()
}

fn ports(root: &Yaml, ports: Option<Vec<k8s::EndpointPort>>) -> Read<'_, Vec<SlicePort>> {
    let place = Place::of(root, "ports");
    let ports = ports.unwrap_or_default().into_iter().enumerate();
    ports
        .map(|(i, port)| SlicePort::of(port, &place.item(i)))
        .collect()
}

impl SlicePort {
    /// Reads a port that ExternalWorkloads write like slices.
    pub(crate) fn read(port: &Yaml) -> Read<'_, Self> {
        Self::of(shape::read_part(port)?, &Place::at(port))
    }

    fn of<'a>(port: k8s::EndpointPort, place: &Place<'_, 'a>) -> Read<'a, Self> {
        let number = port.port.map(|number| place.key("port").port(number));
        Ok(SlicePort {
            name: name(port.name),
            number: number.transpose()?,
            transport: transport_of(port.protocol.as_deref(), place)?,
            app_protocol: name(port.app_protocol),
        })
    }
}
