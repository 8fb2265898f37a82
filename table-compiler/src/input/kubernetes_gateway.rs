//! Kubernetes Gateway API Gateway (gateway.networking.k8s.io).

use super::field::Read;
use super::metadata::{Metadata, NETWORK_LABEL};
use super::name_pattern::NamePattern;
use super::yaml::Yaml;
use dns_core::NameBuf;
use std::net::IpAddr;
use std::sync::Arc;

/// A Gateway of the Gateway API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KubernetesGateway {
    pub(crate) metadata: Metadata,
    pub(crate) class: Arc<str>,
    pub(crate) listeners: Vec<Listener>,
    /// `spec.addresses`: what was asked for.
    pub(crate) requested: ListenerAddresses,
    /// `status.addresses`: what was given.
    pub(crate) assigned: ListenerAddresses,
}

/// An item of `spec.listeners`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listener {
    pub(crate) name: Arc<str>,
    /// Any if it names none.
    pub(crate) hostname: NamePattern,
    pub(crate) port: u16,
    /// As written: `HTTP`, `HTTPS`, `TLS`, `HBONE`, ...
    pub(crate) protocol: Arc<str>,
    pub(crate) tls_mode: Option<ListenerTlsMode>,
    /// Istio's option `gateway.istio.io/tls-terminate-mode`.
    pub(crate) tls_terminate_mode: Option<Arc<str>>,
}

/// `tls.mode` of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListenerTlsMode {
    Terminate,
    Passthrough,
}

/// Addresses of a gateway by their type; those of other types are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListenerAddresses {
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) hosts: Vec<NameBuf>,
}

impl KubernetesGateway {
    /// Network that it leads into.
    pub(crate) fn network(&self) -> Option<&Arc<str>> {
        self.metadata.label(NETWORK_LABEL)
    }

    /// Where it is reached: what was given, else what was asked for.
    pub(crate) fn addresses(&self) -> &ListenerAddresses {
        if self.assigned == ListenerAddresses::default() {
            &self.requested
        } else {
            &self.assigned
        }
    }
}

const TLS_MODES: [(&str, ListenerTlsMode); 2] = [
    ("Terminate", ListenerTlsMode::Terminate),
    ("Passthrough", ListenerTlsMode::Passthrough),
];
const TERMINATE_MODE_OPTION: &str = "gateway.istio.io/tls-terminate-mode";

impl KubernetesGateway {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        Ok(KubernetesGateway {
            metadata,
            class: spec.required_name("gatewayClassName", "name a GatewayClass")?,
            listeners: spec.each("listeners", listener)?,
            requested: addresses(spec)?,
            assigned: addresses(root.section("status")?)?,
        })
    }
}

fn listener(item: &Yaml) -> Read<'_, Listener> {
    let tls = item.section("tls")?;
    let hostname = item.field("hostname")?.filter(|host| !host.is_empty_text());
    Ok(Listener {
        name: item.required_name("name", "a listener needs a name")?,
        hostname: hostname.map_or(Ok(NamePattern::Any), NamePattern::read)?,
        port: item.required("port", "write its number")?.port()?,
        protocol: item.name_field("protocol")?.unwrap_or_default(),
        tls_mode: tls.word_field("mode", &TLS_MODES)?,
        tls_terminate_mode: tls.section("options")?.name_field(TERMINATE_MODE_OPTION)?,
    })
}

fn addresses(section: &Yaml) -> Read<'_, ListenerAddresses> {
    let mut found = ListenerAddresses::default();
    for item in section.list("addresses")? {
        // Without a value the gateway is free to choose one.
        let Some(value) = item.field("value")?.filter(|value| !value.is_empty_text()) else {
            continue;
        };
        match item.text_field("type")?.unwrap_or("IPAddress") {
            "IPAddress" => found.ips.push(value.parsed("an IP address")?),
            "Hostname" => found.hosts.push(value.host()?),
            _ => {}
        }
    }
    Ok(found)
}
