//! Istio's ConfigMap: the mesh's configuration and its networks.

use super::field::{Invalid, Read};
use super::gateway_address::GatewayAddress;
use super::metadata::Metadata;
use super::shape;
use super::syntax;
use super::yaml::{Yaml, YamlValue};
use dns_core::Locality;
use ipnet::IpNet;
use k8s_openapi::api::core::v1 as k8s;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ConfigMap with `data.mesh` (MeshConfig) and `data.meshNetworks` (MeshNetworks).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeshConfigMap {
    pub(crate) metadata: Metadata,
    pub(crate) trust_domain: Option<Arc<str>>,
    pub(crate) root_namespace: Option<Arc<str>>,
    pub(crate) networks: BTreeMap<Arc<str>, MeshNetwork>,
}

/// A network: what is in it and how it is entered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeshNetwork {
    pub(crate) endpoints: Vec<NetworkEndpoints>,
    pub(crate) gateways: Vec<NetworkGateway>,
}

/// Endpoints that are in a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NetworkEndpoints {
    /// Those with an address in it.
    Cidr(IpNet),
    /// Those of that cluster.
    Registry(Arc<str>),
}

/// A way into a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NetworkGateway {
    pub(crate) place: NetworkGatewayPlace,
    pub(crate) port: u16,
    pub(crate) locality: Option<Locality>,
}

/// How a network's gateway is found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NetworkGatewayPlace {
    Address(GatewayAddress),
    /// A Service, as written: `istio-ingressgateway.istio-system.svc.cluster.local`.
    RegistryService(Arc<str>),
}

const NAME: &str = "istio";
const HINT: &str = "write the YAML of Istio's mesh configuration";

/// Whether a ConfigMap is Istio's own: `istio`, or `istio-REVISION` with a mesh configuration.
pub(crate) fn is_istios(root: &Yaml) -> bool {
    let Some(name) = root.text_at(&["metadata", "name"]) else {
        return false;
    };
    let revision = name
        .strip_prefix(NAME)
        .and_then(|rest| rest.strip_prefix('-'));
    name == NAME || revision.is_some() && root.text_at(&["data", "mesh"]).is_some()
}

impl MeshConfigMap {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        shape::read_object::<k8s::ConfigMap>(root)?;
        let data = root.section("data")?;
        let mesh = data
            .field("mesh")?
            .map_or(Ok(Mesh::default()), |text| inner(text, Mesh::read))?;
        let networks = data.field("meshNetworks")?;
        Ok(MeshConfigMap {
            metadata,
            trust_domain: mesh.trust_domain,
            root_namespace: mesh.root_namespace,
            networks: networks.map_or(Ok(BTreeMap::new()), |text| inner(text, networks_of))?,
        })
    }
}

#[derive(Default)]
struct Mesh {
    trust_domain: Option<Arc<str>>,
    root_namespace: Option<Arc<str>>,
}

impl Mesh {
    fn read(mesh: &Yaml) -> Read<'_, Self> {
        Ok(Mesh {
            trust_domain: mesh.name_field("trustDomain")?,
            root_namespace: mesh.name_field("rootNamespace")?,
        })
    }
}

/// Reads the document that the text of a field is; what is wrong in it becomes the field's.
fn inner<'a, T: Default>(field: &'a Yaml, read: impl FnOnce(&Yaml) -> Read<'_, T>) -> Read<'a, T> {
    let (documents, faults) = syntax::parse(field.text()?);
    if let Some(fault) = faults.first() {
        let reason = format!("{} in line {} of the text", fault.reason, fault.at.line);
        return Err(Invalid::new(field, reason, HINT));
    }
    let Some(root) = documents
        .first()
        .filter(|root| root.value != YamlValue::Null)
    else {
        return Ok(T::default());
    };
    read(root).map_err(|invalid| {
        let path = invalid.path(root).unwrap_or_default();
        let (reason, line) = (invalid.reason(), invalid.at().line);
        let reason = format!("{path}: {reason}, in line {line} of the text");
        Invalid::new(field, reason, invalid.hint().to_owned())
    })
}

fn networks_of(root: &Yaml) -> Read<'_, BTreeMap<Arc<str>, MeshNetwork>> {
    let networks = root.section("networks")?.entries()?.iter();
    networks
        .map(|(name, network)| {
            let network = MeshNetwork {
                endpoints: network.each("endpoints", endpoints)?,
                gateways: network.each("gateways", gateway)?,
            };
            Ok((Arc::from(name.as_str()), network))
        })
        .collect()
}

fn endpoints(item: &Yaml) -> Read<'_, NetworkEndpoints> {
    if let Some(cidr) = item.field("fromCidr")? {
        return cidr
            .parsed("a CIDR such as 10.0.0.0/16")
            .map(NetworkEndpoints::Cidr);
    }
    item.required_name("fromRegistry", "write fromRegistry or fromCidr")
        .map(NetworkEndpoints::Registry)
}

fn gateway(item: &Yaml) -> Read<'_, NetworkGateway> {
    let place = match item.name_field("registryServiceName")? {
        Some(service) => NetworkGatewayPlace::RegistryService(service),
        None => {
            let address = item.required("address", "write address or registryServiceName")?;
            let address = GatewayAddress::in_text(address, address.text()?)?;
            NetworkGatewayPlace::Address(address)
        }
    };
    Ok(NetworkGateway {
        place,
        port: item.required("port", "write its number")?.port()?,
        locality: item
            .text_field("locality")?
            .filter(|text| !text.is_empty())
            .map(Locality::parse),
    })
}
