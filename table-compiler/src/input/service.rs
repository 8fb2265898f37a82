//! Kubernetes Service (v1).

use super::field::{Invalid, Read, quoted};
use super::host::{HostPattern, dns_name};
use super::metadata::{Metadata, NETWORK_LABEL};
use super::port::ServicePort;
use super::yaml::Yaml;
use dns_core::NameBuf;
use std::net::IpAddr;
use std::sync::Arc;

const GATEWAY_PORT_LABEL: &str = "networking.istio.io/gatewayPort";

/// A Service, as far as the table needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Service {
    pub(crate) metadata: Metadata,
    pub(crate) addressing: ServiceAddressing,
    pub(crate) ports: Vec<ServicePort>,
    pub(crate) unready: UnreadyEndpoints,
    pub(crate) external_ips: Vec<IpAddr>,
    pub(crate) load_balancer_ips: Vec<IpAddr>,
    pub(crate) load_balancer_hosts: Vec<NameBuf>,
    pub(crate) gateway_port: Option<u16>,
}

/// How a Service is reached by its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ServiceAddressing {
    /// By cluster addresses; none if the cluster has not assigned any.
    Cluster(Vec<IpAddr>),
    /// By the addresses of its endpoints.
    Headless,
    /// By another name.
    External(NameBuf),
}

/// What `publishNotReadyAddresses` says about endpoints that are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnreadyEndpoints {
    Hidden,
    Published,
}

impl Service {
    pub(crate) fn read<'a>(root: &'a Yaml, metadata: Metadata) -> Read<'a, Self> {
        let spec = root.section("spec")?;
        let unready = match spec.flag("publishNotReadyAddresses")? {
            Some(true) => UnreadyEndpoints::Published,
            Some(false) | None => UnreadyEndpoints::Hidden,
        };
        let ingress = root
            .section("status")?
            .section("loadBalancer")?
            .list("ingress")?;
        Ok(Service {
            addressing: addressing(spec)?,
            ports: spec
                .list("ports")?
                .iter()
                .map(ServicePort::of_service)
                .collect::<Result<_, _>>()?,
            unready,
            external_ips: addresses(spec.list("externalIPs")?)?,
            load_balancer_ips: ingress_addresses(ingress)?,
            load_balancer_hosts: ingress_hosts(ingress)?,
            gateway_port: gateway_port(root)?,
            metadata,
        })
    }

    /// Network that the Service is a gateway of.
    pub(crate) fn gateway_network(&self) -> Option<&Arc<str>> {
        self.metadata.label(NETWORK_LABEL)
    }
}

fn addressing(spec: &Yaml) -> Read<'_, ServiceAddressing> {
    if let Some(kind) = spec.field("type")? {
        match kind.text()? {
            "ClusterIP" | "NodePort" | "LoadBalancer" | "" => {}
            "ExternalName" => return external_name(spec),
            other => {
                return Err(Invalid::new(
                    kind,
                    format!("{} is not a type of Service", quoted(other)),
                    "write ClusterIP, NodePort, LoadBalancer or ExternalName",
                ));
            }
        }
    }
    let mut assigned: Vec<&Yaml> = spec.list("clusterIPs")?.iter().collect();
    if assigned.is_empty() {
        assigned.extend(spec.field("clusterIP")?);
    }
    let mut cluster = Vec::new();
    for address in assigned {
        match address.text()? {
            "None" => return Ok(ServiceAddressing::Headless),
            "" => {}
            _ => cluster.push(address.parsed("an IP address or None")?),
        }
    }
    Ok(ServiceAddressing::Cluster(cluster))
}

fn external_name(spec: &Yaml) -> Read<'_, ServiceAddressing> {
    let target = spec.required("externalName", "a Service of type ExternalName needs it")?;
    let text = target.text()?;
    match dns_name(text, HostPattern::Exact) {
        Ok(name) => Ok(ServiceAddressing::External(name)),
        Err(reason) => Err(Invalid::new(
            target,
            format!("{} {reason}", quoted(text)),
            "write a DNS name",
        )),
    }
}

fn addresses(items: &[Yaml]) -> Read<'_, Vec<IpAddr>> {
    items
        .iter()
        .map(|item| item.parsed("an IP address"))
        .collect()
}

fn ingress_addresses(ingress: &[Yaml]) -> Read<'_, Vec<IpAddr>> {
    let mut found = Vec::new();
    for item in ingress {
        if let Some(ip) = item.field("ip")?.filter(|ip| !ip.is_empty_text()) {
            found.push(ip.parsed("an IP address")?);
        }
    }
    Ok(found)
}

fn ingress_hosts(ingress: &[Yaml]) -> Read<'_, Vec<NameBuf>> {
    let mut found = Vec::new();
    for item in ingress {
        let Some(host) = item.field("hostname")?.filter(|host| !host.is_empty_text()) else {
            continue;
        };
        let text = host.text()?;
        found.push(dns_name(text, HostPattern::Exact).map_err(|reason| {
            Invalid::new(
                host,
                format!("{} {reason}", quoted(text)),
                "write a DNS name",
            )
        })?);
    }
    Ok(found)
}

fn gateway_port(root: &Yaml) -> Read<'_, Option<u16>> {
    let Some(label) = root
        .section("metadata")?
        .section("labels")?
        .field(GATEWAY_PORT_LABEL)?
    else {
        return Ok(None);
    };
    match label.parsed("a port number from 1 to 65535")? {
        0 => Err(label.is_not("a port number from 1 to 65535")),
        port => Ok(Some(port)),
    }
}
