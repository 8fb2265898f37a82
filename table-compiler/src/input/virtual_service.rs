//! Istio VirtualService (networking.istio.io).

use super::field::Read;
use super::metadata::{ExportTo, Metadata};
use super::name_pattern::NamePattern;
use super::route::RuleScope;
use super::yaml::{Yaml, YamlValue};
use std::net::IpAddr;
use std::sync::Arc;

/// A VirtualService, for where its hosts are sent and with what weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VirtualService {
    pub(crate) metadata: Metadata,
    /// As written: a name without a dot is a Service of the object's namespace. Addresses are
    /// left out.
    pub(crate) hosts: Vec<NamePattern>,
    /// `namespace/name` or `name`; `mesh` stands for the sidecars, and is meant if empty.
    pub(crate) gateways: Vec<Arc<str>>,
    /// In the order of the object: the first that matches is taken.
    pub(crate) routes: Vec<VirtualServiceRoute>,
    pub(crate) export_to: ExportTo,
}

/// An item of `spec.http`, `spec.tls` or `spec.tcp`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VirtualServiceRoute {
    pub(crate) protocol: RouteProtocol,
    /// For TLS the names in `sniHosts` alone do not make it `Matched`.
    pub(crate) scope: RuleScope,
    /// `match[].sniHosts` of a TLS route.
    pub(crate) sni_hosts: Vec<NamePattern>,
    pub(crate) destinations: Vec<RouteDestination>,
}

/// Which list of a VirtualService a route stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteProtocol {
    Http,
    Tls,
    Tcp,
}

/// An item of `route`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RouteDestination {
    /// As written, like the hosts.
    pub(crate) host: Arc<str>,
    pub(crate) subset: Option<Arc<str>>,
    pub(crate) port: Option<u16>,
    /// A lone destination without one has all: 100.
    pub(crate) weight: u32,
}

/// Weight of a destination that has all traffic.
const WHOLE_WEIGHT: u32 = 100;

impl VirtualService {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        let mut routes = Vec::new();
        for (key, protocol) in [
            ("http", RouteProtocol::Http),
            ("tls", RouteProtocol::Tls),
            ("tcp", RouteProtocol::Tcp),
        ] {
            routes.extend(spec.each(key, |item| route(item, protocol))?);
        }
        Ok(VirtualService {
            metadata,
            hosts: hosts(spec)?,
            gateways: spec.texts("gateways")?,
            routes,
            export_to: ExportTo::read(spec.list("exportTo")?)?,
        })
    }
}

/// Those that are names; an address is none.
fn hosts(spec: &Yaml) -> Read<'_, Vec<NamePattern>> {
    let is_address = |item: &Yaml| item.text().is_ok_and(|text| text.parse::<IpAddr>().is_ok());
    let items = spec.list("hosts")?.iter();
    items
        .filter(|item| !is_address(item))
        .map(NamePattern::read)
        .collect()
}

fn route(item: &Yaml, protocol: RouteProtocol) -> Read<'_, VirtualServiceRoute> {
    let matches = item.list("match")?;
    let is_all = matches.is_empty() || matches.iter().any(|m| matches_all(m, protocol));
    let mut sni_hosts = Vec::new();
    for item in matches {
        sni_hosts.extend(item.each("sniHosts", NamePattern::read)?);
    }
    Ok(VirtualServiceRoute {
        protocol,
        scope: if is_all {
            RuleScope::All
        } else {
            RuleScope::Matched
        },
        sni_hosts,
        destinations: destinations(item)?,
    })
}

/// Whether a match leaves nothing of its host out.
fn matches_all(item: &Yaml, protocol: RouteProtocol) -> bool {
    let YamlValue::Map(fields) = &item.value else {
        return false;
    };
    fields
        .iter()
        .all(|(key, value)| match (protocol, key.as_str()) {
            (RouteProtocol::Http, "name") | (RouteProtocol::Tls, "sniHosts") => true,
            (RouteProtocol::Http, "uri") => {
                matches!(value.text_field("prefix"), Ok(Some("/")))
            }
            _ => false,
        })
}

fn destinations(item: &Yaml) -> Read<'_, Vec<RouteDestination>> {
    let items = item.list("route")?;
    let absent = if items.len() == 1 { WHOLE_WEIGHT } else { 0 };
    items.iter().map(|item| destination(item, absent)).collect()
}

fn destination(item: &Yaml, weight_absent: u32) -> Read<'_, RouteDestination> {
    let destination = item.required("destination", "name where it is sent")?;
    let port = destination.section("port")?;
    let weight = item.field("weight")?;
    Ok(RouteDestination {
        host: destination.required_name("host", "name a host")?,
        subset: destination.name_field("subset")?,
        port: port.port_field("number")?,
        weight: weight.map_or(Ok(weight_absent), |weight| weight.number("a weight"))?,
    })
}
