//! Istio ServiceEntry (networking.istio.io).

use super::field::{Invalid, Read, quoted};
use super::host::{HostPattern, dns_name};
use super::metadata::{ExportTo, Metadata, NETWORK_LABEL};
use super::port::ServicePort;
use super::yaml::Yaml;
use dns_core::{EndpointAddress, Locality, NameBuf};
use foldhash::fast::FixedState;
use ipnet::IpNet;
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

const AUTO_ALLOCATE_LABEL: &str = "networking.istio.io/enable-autoallocate-ip";

/// A ServiceEntry, as far as the table needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceEntry {
    pub(crate) metadata: Metadata,
    pub(crate) hosts: Vec<NameBuf>,
    pub(crate) addresses: Vec<EntryAddress>,
    pub(crate) ports: Vec<ServicePort>,
    pub(crate) resolution: Resolution,
    pub(crate) endpoints: Vec<EntryEndpoint>,
    pub(crate) location: Location,
    /// Labels of the workloads of the namespace that are its endpoints.
    pub(crate) workload_selector: Option<BTreeMap<Arc<str>, Arc<str>>>,
    pub(crate) export_to: ExportTo,
    pub(crate) subject_alt_names: Vec<Arc<str>>,
    /// `status.addresses`: the host, if it is a name, and the address as written.
    pub(crate) status_addresses: Vec<(Option<NameBuf>, Arc<str>)>,
}

/// An item of `spec.addresses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryAddress {
    /// One address, or a network of one.
    Host(IpAddr),
    /// A wider network, which no query can be answered with.
    Network,
}

/// How the data plane finds the endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    None,
    Static,
    Dns,
    DnsRoundRobin,
    DynamicDns,
}

/// Whether the hosts are part of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    External,
    Internal,
}

/// An item of `spec.endpoints`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntryEndpoint {
    /// Absent if only its network is said.
    pub(crate) address: Option<EndpointAddress>,
    pub(crate) ports: BTreeMap<Arc<str>, u16>,
    pub(crate) labels: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) network: Option<Arc<str>>,
    pub(crate) locality: Option<Locality>,
    pub(crate) weight: u32,
}

impl ServiceEntry {
    pub(crate) fn read<'a>(root: &'a Yaml, metadata: Metadata) -> Read<'a, Self> {
        let spec = root.required("spec", "")?;
        let resolution = resolution_of(spec)?;
        let endpoints = spec.list("endpoints")?.iter();
        let names = spec
            .list("subjectAltNames")?
            .iter()
            .map(|name| name.text().map(Arc::from));
        Ok(ServiceEntry {
            hosts: hosts_of(spec)?,
            addresses: spec
                .list("addresses")?
                .iter()
                .map(address_of)
                .collect::<Result<_, _>>()?,
            ports: spec
                .list("ports")?
                .iter()
                .map(ServicePort::of_service_entry)
                .collect::<Result<_, _>>()?,
            resolution,
            endpoints: endpoints
                .map(|e| EntryEndpoint::read(e, resolution))
                .collect::<Result<_, _>>()?,
            location: location_of(spec)?,
            workload_selector: workload_selector(spec)?,
            export_to: ExportTo::read(spec.list("exportTo")?)?,
            subject_alt_names: names.collect::<Result<_, _>>()?,
            status_addresses: status_addresses(root.section("status")?)?,
            metadata,
        })
    }

    /// Whether the label that refuses automatic addresses is set.
    pub(crate) fn refuses_automatic_addresses(&self) -> bool {
        let label = self.metadata.label(AUTO_ALLOCATE_LABEL);
        label.is_some_and(|value| value.eq_ignore_ascii_case("false"))
    }
}

impl EntryEndpoint {
    /// Reads an endpoint, which WorkloadEntries write like ServiceEntries.
    pub(crate) fn read(item: &Yaml, resolution: Resolution) -> Read<'_, Self> {
        let labels = item.text_map("labels")?;
        let network = item
            .name_field("network")?
            .or_else(|| labels.get(NETWORK_LABEL).cloned())
            .filter(|network| !network.is_empty());
        let address = endpoint_address(item, resolution, network.is_some())?;
        let weight = item
            .field("weight")?
            .map(|weight| weight.number("a weight"))
            .transpose()?;
        Ok(EntryEndpoint {
            address,
            ports: endpoint_ports(item)?,
            labels,
            network,
            locality: item
                .text_field("locality")?
                .filter(|l| !l.is_empty())
                .map(Locality::parse),
            // Istio cannot tell a weight of 0 from none.
            weight: weight.unwrap_or(0).max(1),
        })
    }

    /// An endpoint of which only the address is known.
    pub(crate) fn at(address: EndpointAddress) -> Self {
        EntryEndpoint {
            address: Some(address),
            ports: BTreeMap::new(),
            labels: BTreeMap::new(),
            network: None,
            locality: None,
            weight: 1,
        }
    }
}

fn hosts_of(spec: &Yaml) -> Read<'_, Vec<NameBuf>> {
    let list = spec.required("hosts", "name at least one host")?;
    let items = spec.list("hosts")?;
    if items.is_empty() {
        return Err(Invalid::new(
            list,
            "is empty".to_owned(),
            "name at least one host",
        ));
    }
    let mut hosts = Vec::new();
    let mut known: HashSet<NameBuf, FixedState> = HashSet::default();
    for item in items {
        let text = item.text()?;
        let host = dns_name(text, HostPattern::WildcardAllowed).map_err(|reason| {
            Invalid::new(
                item,
                format!("{} {reason}", quoted(text)),
                "write a DNS name or *.suffix",
            )
        })?;
        if known.insert(host.clone()) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

fn address_of(item: &Yaml) -> Read<'_, EntryAddress> {
    let text = item.text()?;
    if let Ok(ip) = text.parse() {
        return Ok(EntryAddress::Host(ip));
    }
    match text.parse::<IpNet>() {
        Ok(net) if net.prefix_len() == net.max_prefix_len() => Ok(EntryAddress::Host(net.addr())),
        Ok(_) => Ok(EntryAddress::Network),
        Err(_) => Err(item.is_not("an IP address or a CIDR")),
    }
}

fn resolution_of(spec: &Yaml) -> Read<'_, Resolution> {
    let Some(resolution) = spec.field("resolution")? else {
        return Ok(Resolution::None);
    };
    match resolution.text()? {
        "NONE" | "" => Ok(Resolution::None),
        "STATIC" => Ok(Resolution::Static),
        "DNS" => Ok(Resolution::Dns),
        "DNS_ROUND_ROBIN" => Ok(Resolution::DnsRoundRobin),
        "DYNAMIC_DNS" => Ok(Resolution::DynamicDns),
        other => Err(Invalid::new(
            resolution,
            format!("{} is not a resolution", quoted(other)),
            "write NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS",
        )),
    }
}

fn location_of(spec: &Yaml) -> Read<'_, Location> {
    let Some(location) = spec.field("location")? else {
        return Ok(Location::External);
    };
    match location.text()? {
        "MESH_EXTERNAL" | "" => Ok(Location::External),
        "MESH_INTERNAL" => Ok(Location::Internal),
        other => Err(Invalid::new(
            location,
            format!("{} is not a location", quoted(other)),
            "write MESH_EXTERNAL or MESH_INTERNAL",
        )),
    }
}

/// `workloadSelector.labels`, as ServiceEntries and Sidecars have it.
pub(crate) fn workload_selector(spec: &Yaml) -> Read<'_, Option<BTreeMap<Arc<str>, Arc<str>>>> {
    match spec.field("workloadSelector")? {
        None => Ok(None),
        Some(selector) => selector.text_map("labels").map(Some),
    }
}

fn endpoint_address(
    item: &Yaml,
    resolution: Resolution,
    has_network: bool,
) -> Read<'_, Option<EndpointAddress>> {
    let Some(address) = item
        .field("address")?
        .filter(|address| !address.is_empty_text())
    else {
        if has_network {
            return Ok(None);
        }
        let empty = item.required("address", "write an address or a network")?;
        return Err(empty.is_not("an address"));
    };
    let text = address.text()?;
    if let Ok(ip) = text.parse() {
        return Ok(Some(EndpointAddress::Ip(ip)));
    }
    if let Some(path) = text.strip_prefix("unix://") {
        if !path.starts_with(['/', '@']) {
            return Err(address.is_not("an absolute path of a unix socket"));
        }
        return Ok(Some(EndpointAddress::Unix(path.into())));
    }
    if resolution == Resolution::Static {
        return Err(Invalid::new(
            address,
            format!("{} is not an IP address", quoted(text)),
            "resolution STATIC needs one; use DNS for host names",
        ));
    }
    dns_name(text, HostPattern::Exact)
        .map(|host| Some(EndpointAddress::Host(host)))
        .map_err(|reason| {
            Invalid::new(
                address,
                format!("{} {reason}", quoted(text)),
                "write an address or a DNS name",
            )
        })
}

fn endpoint_ports(item: &Yaml) -> Read<'_, BTreeMap<Arc<str>, u16>> {
    let ports = item.section("ports")?.entries()?;
    ports
        .iter()
        .map(|(name, port)| Ok((Arc::from(name.as_str()), port.port()?)))
        .collect()
}

fn status_addresses(status: &Yaml) -> Read<'_, Vec<(Option<NameBuf>, Arc<str>)>> {
    let mut found = Vec::new();
    for item in status.list("addresses")? {
        let host = item.text_field("host")?.unwrap_or_default();
        let value = item.text_field("value")?.unwrap_or_default();
        found.push((NameBuf::parse(host).ok(), value.into()));
    }
    Ok(found)
}
