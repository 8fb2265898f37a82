//! Kubernetes Service (v1).

use super::field::{Read, quoted};
use super::metadata::{Metadata, NETWORK_LABEL};
use super::place::Place;
use super::port::ServicePort;
use super::shape::{self, name, text_map};
use super::yaml::Yaml;
use dns_core::NameBuf;
use k8s_openapi::api::core::v1 as k8s;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

const GATEWAY_PORT_LABEL: &str = "networking.istio.io/gatewayPort";

/// A Service, as far as the table needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Service {
    pub(crate) metadata: Metadata,
    pub(crate) kind: ServiceType,
    pub(crate) addressing: ServiceAddressing,
    pub(crate) ports: Vec<ServicePort>,
    /// Labels of its pods; empty selects none.
    pub(crate) selector: BTreeMap<Arc<str>, Arc<str>>,
    /// `PreferClose`, `PreferSameZone`, `PreferSameNode`.
    pub(crate) traffic_distribution: Option<Arc<str>>,
    pub(crate) unready: UnreadyEndpoints,
    pub(crate) external_ips: Vec<IpAddr>,
    pub(crate) load_balancer_ips: Vec<IpAddr>,
    pub(crate) load_balancer_hosts: Vec<NameBuf>,
    pub(crate) gateway_port: Option<u16>,
}

/// `spec.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceType {
    ClusterIp,
    NodePort,
    LoadBalancer,
    ExternalName,
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
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let service: k8s::Service = shape::read_object(root)?;
        let mut spec = service.spec.unwrap_or_default();
        let place = Place::of(root, "spec");
        let kind = type_of(&spec, &place)?;
        let ingress = Ingress::read(root, service.status)?;
        Ok(Service {
            kind,
            addressing: addressing(&spec, kind, &place)?,
            ports: ports(spec.ports.take(), &place)?,
            selector: text_map(spec.selector),
            traffic_distribution: name(spec.traffic_distribution),
            unready: if spec.publish_not_ready_addresses == Some(true) {
                UnreadyEndpoints::Published
            } else {
                UnreadyEndpoints::Hidden
            },
            external_ips: external_ips(spec.external_ips, &place)?,
            load_balancer_ips: ingress.ips,
            load_balancer_hosts: ingress.hosts,
            gateway_port: gateway_port(root, &metadata)?,
            metadata,
        })
    }

    /// Network that the Service is a gateway of.
    pub(crate) fn gateway_network(&self) -> Option<&Arc<str>> {
        self.metadata.label(NETWORK_LABEL)
    }
}

fn type_of<'a>(spec: &k8s::ServiceSpec, place: &Place<'_, 'a>) -> Read<'a, ServiceType> {
    match spec.type_.as_deref() {
        None | Some("ClusterIP" | "") => Ok(ServiceType::ClusterIp),
        Some("NodePort") => Ok(ServiceType::NodePort),
        Some("LoadBalancer") => Ok(ServiceType::LoadBalancer),
        Some("ExternalName") => Ok(ServiceType::ExternalName),
        Some(other) => Err(place.key("type").invalid(
            format!("{} is not a type of Service", quoted(other)),
            "write ClusterIP, NodePort, LoadBalancer or ExternalName",
        )),
    }
}

fn addressing<'a>(
    spec: &k8s::ServiceSpec,
    kind: ServiceType,
    place: &Place<'_, 'a>,
) -> Read<'a, ServiceAddressing> {
    if kind == ServiceType::ExternalName {
        return external_name(spec, place);
    }
    let several = spec.cluster_ips.as_deref().unwrap_or_default();
    let several_place = place.key("clusterIPs");
    let single_place = place.key("clusterIP");
    let assigned: Vec<(&String, Place<'_, 'a>)> = if several.is_empty() {
        let single = spec.cluster_ip.iter();
        single.map(|text| (text, single_place)).collect()
    } else {
        let several = several.iter().enumerate();
        several
            .map(|(i, text)| (text, several_place.item(i)))
            .collect()
    };
    let mut cluster = Vec::new();
    for (text, place) in assigned {
        match text.as_str() {
            "None" => return Ok(ServiceAddressing::Headless),
            "" => {}
            _ => cluster.push(place.parsed(text, "an IP address or None")?),
        }
    }
    Ok(ServiceAddressing::Cluster(cluster))
}

fn external_name<'a>(
    spec: &k8s::ServiceSpec,
    place: &Place<'_, 'a>,
) -> Read<'a, ServiceAddressing> {
    const KEY: &str = "externalName";
    let Some(target) = &spec.external_name else {
        return Err(place.missing(KEY, "a Service of type ExternalName needs it"));
    };
    let target = place.key(KEY).host(target)?;
    Ok(ServiceAddressing::External(target))
}

fn ports<'a>(
    ports: Option<Vec<k8s::ServicePort>>,
    place: &Place<'_, 'a>,
) -> Read<'a, Vec<ServicePort>> {
    let place = place.key("ports");
    let ports = ports.unwrap_or_default().into_iter().enumerate();
    ports
        .map(|(i, port)| ServicePort::of_service(port, &place.item(i)))
        .collect()
}

fn external_ips<'a>(ips: Option<Vec<String>>, place: &Place<'_, 'a>) -> Read<'a, Vec<IpAddr>> {
    let place = place.key("externalIPs");
    let ips = ips.iter().flatten().enumerate();
    ips.map(|(i, text)| place.item(i).parsed(text, "an IP address"))
        .collect()
}

/// Where the load balancer is reached.
#[derive(Default)]
struct Ingress {
    ips: Vec<IpAddr>,
    hosts: Vec<NameBuf>,
}

impl Ingress {
    fn read(root: &Yaml, status: Option<k8s::ServiceStatus>) -> Read<'_, Self> {
        let place = Place::of(root, "status");
        let place = place.key("loadBalancer");
        let place = place.key("ingress");
        let items = status.and_then(|status| status.load_balancer?.ingress);
        let mut ingress = Ingress::default();
        for (i, item) in items.iter().flatten().enumerate() {
            let place = place.item(i);
            if let Some(ip) = item.ip.as_deref().filter(|ip| !ip.is_empty()) {
                let ip = place.key("ip").parsed(ip, "an IP address")?;
                ingress.ips.push(ip);
            }
            if let Some(host) = item.hostname.as_deref().filter(|host| !host.is_empty()) {
                ingress.hosts.push(place.key("hostname").host(host)?);
            }
        }
        Ok(ingress)
    }
}

fn gateway_port<'a>(root: &'a Yaml, metadata: &Metadata) -> Read<'a, Option<u16>> {
    let Some(text) = metadata.labels.get(GATEWAY_PORT_LABEL) else {
        return Ok(None);
    };
    let place = Place::of(root, "metadata");
    let place = place.key("labels");
    let place = place.key(GATEWAY_PORT_LABEL);
    let port: Option<u16> = text.parse().ok().filter(|&port| port > 0);
    port.map(Some)
        .ok_or_else(|| place.is_not("a port number from 1 to 65535"))
}
