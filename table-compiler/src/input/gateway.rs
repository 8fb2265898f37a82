//! Istio Gateway (networking.istio.io).

use super::field::Read;
use super::metadata::Metadata;
use super::scoped_host::ScopedHost;
use super::yaml::Yaml;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A Gateway of Istio: which hosts the workloads it selects expose.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gateway {
    pub(crate) metadata: Metadata,
    /// Labels of the workloads; empty selects all of them.
    pub(crate) selector: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) servers: Vec<GatewayServer>,
}

/// An item of `spec.servers`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GatewayServer {
    pub(crate) hosts: Vec<ScopedHost>,
    pub(crate) port: u16,
    pub(crate) port_name: Option<Arc<str>>,
    /// As written: `HTTP`, `HTTPS`, `TLS`, `TCP`, ...
    pub(crate) protocol: Arc<str>,
    pub(crate) tls_mode: Option<ServerTlsMode>,
}

/// `tls.mode` of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerTlsMode {
    Passthrough,
    Simple,
    Mutual,
    AutoPassthrough,
    IstioMutual,
    OptionalMutual,
}

const TLS_MODES: [(&str, ServerTlsMode); 6] = [
    ("PASSTHROUGH", ServerTlsMode::Passthrough),
    ("SIMPLE", ServerTlsMode::Simple),
    ("MUTUAL", ServerTlsMode::Mutual),
    ("AUTO_PASSTHROUGH", ServerTlsMode::AutoPassthrough),
    ("ISTIO_MUTUAL", ServerTlsMode::IstioMutual),
    ("OPTIONAL_MUTUAL", ServerTlsMode::OptionalMutual),
];

impl Gateway {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        Ok(Gateway {
            metadata,
            selector: spec.text_map("selector")?,
            servers: spec.each("servers", server)?,
        })
    }
}

fn server(item: &Yaml) -> Read<'_, GatewayServer> {
    let hosts = item.each_required("hosts", "name at least one host", ScopedHost::read)?;
    let port = item.required("port", "write number and protocol")?;
    Ok(GatewayServer {
        hosts,
        port: port.required("number", "write its number")?.port()?,
        port_name: port.name_field("name")?,
        protocol: port.name_field("protocol")?.unwrap_or_default(),
        tls_mode: item.section("tls")?.word_field("mode", &TLS_MODES)?,
    })
}
