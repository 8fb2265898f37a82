//! Ports of Services and ServiceEntries.

use super::field::{Invalid, Read, quoted};
use super::yaml::{Yaml, YamlValue};
use dns_core::PortTransport;
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
}

impl ServicePort {
    /// An item of a Service's `spec.ports`.
    pub(crate) fn of_service(port: &Yaml) -> Read<'_, Self> {
        Ok(ServicePort {
            name: port.name_field("name")?,
            number: port.required("port", "write its number")?.port()?,
            transport: transport_field(port)?,
            app_protocol: port.name_field("appProtocol")?,
            target: target_field(port)?,
        })
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
        })
    }
}

/// The `protocol` of a Service's or EndpointSlice's port; TCP if absent.
pub(crate) fn transport_field(port: &Yaml) -> Read<'_, PortTransport> {
    let Some(protocol) = port.field("protocol")? else {
        return Ok(PortTransport::Tcp);
    };
    match protocol.text()? {
        "TCP" | "" => Ok(PortTransport::Tcp),
        "UDP" => Ok(PortTransport::Udp),
        "SCTP" => Ok(PortTransport::Sctp),
        other => Err(Invalid::new(
            protocol,
            format!("{} is not a transport protocol", quoted(other)),
            "write TCP, UDP or SCTP",
        )),
    }
}

fn target_field(port: &Yaml) -> Read<'_, Option<u16>> {
    let Some(target) = port.field("targetPort")? else {
        return Ok(None);
    };
    match &target.value {
        YamlValue::Text(_) => Ok(None),
        // Kubernetes writes 0 where nothing was said.
        YamlValue::Number(number) if number.as_u64() == Some(0) => Ok(None),
        _ => target.port().map(Some),
    }
}
