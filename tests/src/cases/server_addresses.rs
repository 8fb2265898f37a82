//! Suite `istio-server-addresses`: which addresses of one service a proxy is given.

use super::document::{Document, parse};
use super::mesh_folder::{Families, MeshFolder, WantedAddress};
use super::name_table::{SeenTable, addresses};
use super::report::Verdict;
use super::table_case::TableCase;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAMESPACE: &str = "testns";
const NO_ADDRESS: &str = "0.0.0.0";

type CaseText = TableCase<GivenText, ExpectText>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    service: ServiceText,
    proxy: ProxyText,
    flags: FlagsText,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    default_address: String,
    cluster_vips: BTreeMap<String, Vec<String>>,
    auto_v4: Option<String>,
    auto_v6: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyText {
    cluster_id: String,
    ip_mode: IpMode,
    #[serde(rename = "dns_capture")]
    _dns_capture: bool,
    #[serde(rename = "dns_auto_allocate")]
    _dns_auto_allocate: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum IpMode {
    V4,
    V6,
    Dual,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagsText {
    dual_stack: bool,
    #[serde(rename = "ambient")]
    _ambient: bool,
    #[serde(rename = "ip_autoallocate")]
    _ip_autoallocate: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    addresses: Vec<String>,
}

/// What is expected instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// No entry.
    Nothing,
    /// An address of the pool for each family of the client.
    Virtual,
}

const FOREIGN: &str =
    "a cluster address is never answered in another cluster, where the name has a virtual one";

/// Cases whose addresses were settled otherwise, and the reason.
#[rustfmt::skip]
const SETTLED: &[(&str, Change, &str)] = &[
    ("v6-proxy-keeps-v6-cidrs", Change::Nothing, "a network is no address to answer with"),
    ("remote-v4-clusterip-shown-to-v4-proxy", Change::Virtual, FOREIGN),
    ("remote-v6-clusterip-shown-to-v6-proxy", Change::Virtual, FOREIGN),
    ("remote-v6-clusterip-shown-to-dual-proxy", Change::Virtual, FOREIGN),
    ("remote-v4-clusterip-hidden-from-v6-proxy", Change::Virtual, FOREIGN),
];

/// Runs a case.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let case: CaseText = parse(document.resolved(case)?)?;
    let settled = SETTLED.iter().find(|(name, ..)| *name == case.name);
    let families = case.given.families();
    let wanted: Vec<_> = match settled {
        Some((_, Change::Nothing, _)) => Vec::new(),
        Some((_, Change::Virtual, _)) => families.each().map(WantedAddress::OfName).collect(),
        None => {
            let addresses = addresses(&case.expect.addresses)?.into_iter();
            addresses.map(WantedAddress::Is).collect()
        }
    };
    let (mut mesh, host) = case.given.service.mesh(&case.given.proxy.cluster_id)?;
    mesh.families = families;
    let seen = SeenTable::read(mesh.table("ndsz")?)?;
    let got = seen.addresses(host)?;
    if !WantedAddress::all_fit(&wanted, &got) {
        return Err(format!("{host}: expected {wanted:?} / got {got:?}"));
    }
    Ok(settled.map_or(Verdict::Held, |(.., reason)| {
        Verdict::HeldOverridden((*reason).to_owned())
    }))
}

impl GivenText {
    /// A client of both families is one of the first alone where the mesh is not dual-stack.
    fn families(&self) -> Families {
        match (self.proxy.ip_mode, self.flags.dual_stack) {
            (IpMode::V6, _) => Families::V6,
            (IpMode::Dual, true) => Families::Both,
            (IpMode::V4, _) | (IpMode::Dual, false) => Families::V4,
        }
    }
}

impl ServiceText {
    /// The service as an object, and its name. What another cluster has is a Service there. What
    /// the client's has is a ServiceEntry: networks can only be written in `spec.addresses`;
    /// otherwise the addresses are those of the status, which the families decide about.
    fn mesh(&self, own_cluster: &str) -> Result<(MeshFolder, &'static str), String> {
        let mut mesh = MeshFolder::seen_from(own_cluster);
        let own = self.cluster_vips.get(own_cluster);
        if own.is_none() && !self.cluster_vips.is_empty() {
            for (cluster, addresses) in &self.cluster_vips {
                mesh.add(cluster, service(addresses));
            }
            return Ok((mesh, "web.testns.svc.cluster.local"));
        }
        let own = own.map_or(&[][..], Vec::as_slice);
        if own
            .first()
            .is_some_and(|first| *first != self.default_address)
            || own.is_empty() && self.default_address != NO_ADDRESS
        {
            return Err(
                "given.service: default_address is not the first of its cluster".to_owned(),
            );
        }
        let automatic = [&self.auto_v4, &self.auto_v6].into_iter().flatten();
        let entry = if own.iter().any(|address| address.contains('/')) {
            service_entry(own, &[])
        } else {
            let status: Vec<_> = own.iter().chain(automatic).cloned().collect();
            service_entry(&[], &status)
        };
        mesh.add("", entry);
        Ok((mesh, "web.example.com"))
    }
}

fn service(addresses: &[String]) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "clusterIP": addresses.first(),
            "clusterIPs": addresses,
            "ports": [{"name": "http", "port": 80}],
        },
    })
}

fn service_entry(addresses: &[String], status: &[String]) -> Value {
    let host = "web.example.com";
    let status = status
        .iter()
        .map(|value| json!({"host": host, "value": value}));
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "hosts": [host],
            "addresses": addresses,
            "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}],
            "resolution": "DNS",
        },
        "status": {"addresses": status.collect::<Value>()},
    })
}
