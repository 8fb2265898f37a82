//! Ports of Services and ServiceEntries.

use super::field::{Read, quoted};
use super::place::Place;
use super::shape::{self, name};
use super::yaml::Yaml;
use dns_core::PortTransport;
use k8s_openapi::api::core::v1 as k8s;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::sync::Arc;

/// A port that a service offers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServicePort {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) number: u16,
    pub(crate) transport: PortTransport,
    pub(crate) app_protocol: Option<Arc<str>>,
    /// A number; a named target port is resolved by Kubernetes and found in the EndpointSlices.
    pub(crate) target: Option<u16>,
    pub(crate) node_port: Option<u16>,
}

impl ServicePort {
    /// An item of a Service's `spec.ports`.
    pub(crate) fn of_service<'a>(port: k8s::ServicePort, place: &Place<'_, 'a>) -> Read<'a, Self> {
        let target_place = place.key("targetPort");
        let target = match port.target_port {
            // Kubernetes writes 0 where nothing was said.
            None | Some(IntOrString::Int(0) | IntOrString::String(_)) => None,
            Some(IntOrString::Int(number)) => Some(target_place.port(number)?),
        };
        let node_port = port.node_port.filter(|&number| number != 0);
        let node_port = node_port.map(|number| place.key("nodePort").port(number));
        Ok(ServicePort {
            name: name(port.name),
            number: place.required_port("port", port.port)?,
            transport: transport_of(port.protocol.as_deref(), place)?,
            app_protocol: name(port.app_protocol),
            target,
            node_port: node_port.transpose()?,
        })
    }

    /// An item of a ServiceImport's `spec.ports`, which has some of a Service's fields.
    pub(crate) fn of_service_import(port: &Yaml) -> Read<'_, Self> {
        Self::of_service(shape::read_part(port)?, &Place::at(port))
    }

    /// An item of a ServiceEntry's `spec.ports`; its protocol is an application's.
    pub(crate) fn of_service_entry(port: &Yaml) -> Read<'_, Self> {
        let protocol = port.name_field("protocol")?;
        let is_udp = protocol
            .as_ref()
            .is_some_and(|protocol| protocol.eq_ignore_ascii_case("udp"));
        Ok(ServicePort {
            name: port.name_field("name")?,
            number: port.required("number", "write its number")?.port()?,
            transport: if is_udp {
                PortTransport::Udp
            } else {
                PortTransport::Tcp
            },
            app_protocol: protocol,
            target: port.field("targetPort")?.map(Yaml::port).transpose()?,
            node_port: None,
        })
    }
}

/// The `protocol` of a Service's or EndpointSlice's port; TCP if absent.
pub(crate) fn transport_of<'a>(
    protocol: Option<&str>,
    port: &Place<'_, 'a>,
) -> Read<'a, PortTransport> {
    match protocol {
        None | Some("TCP" | "") => Ok(PortTransport::Tcp),
        Some("UDP") => Ok(PortTransport::Udp),
        Some("SCTP") => Ok(PortTransport::Sctp),
        Some(other) => Err(port.key("protocol").invalid(
            format!("{} is not a transport protocol", quoted(other)),
            "write TCP, UDP or SCTP",
        )),
    }
}
