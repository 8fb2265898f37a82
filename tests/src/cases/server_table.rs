//! Suite `istio-server-nametable`: the table that a control plane makes for a proxy, and ours for a
//! client like it.

use super::document::{Document, parse};
use super::mesh_folder::{AddressFamily, Families, MeshFolder, WantedAddress};
use super::name_table::{NameTableText, Owner, SeenTable, WantedEntry, addresses};
use super::report::Verdict;
use super::server_objects::{Form, ServiceText};
use super::table_case::TableCase;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

type CaseText = TableCase<GivenText, ExpectText>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    proxy: ProxyText,
    services: Vec<ServiceText>,
    // How the control plane is switched; what we do has no such switches.
    #[serde(rename = "flags")]
    _flags: FlagsText,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagsText {
    #[serde(rename = "multicluster_headless")]
    _multicluster_headless: bool,
    #[serde(rename = "dual_stack")]
    _dual_stack: bool,
    #[serde(rename = "ambient")]
    _ambient: bool,
    #[serde(rename = "ip_autoallocate")]
    _ip_autoallocate: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyText {
    ips: Vec<String>,
    network: String,
    cluster_id: String,
    dns_domain: String,
    node_type: String,
    #[serde(rename = "dns_capture")]
    _dns_capture: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    name_table: Option<NameTableText>,
    name_table_contains_hosts: Option<Vec<String>>,
    name_table_entry: Option<BTreeMap<String, IpsText>>,
    ip_order: Option<String>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IpsText {
    ips: Vec<String>,
}

/// What is expected instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Pods of other networks have an address of the instance pool each.
    VirtualInstances,
    /// The one name has an address of the pool.
    VirtualName,
    /// All endpoints in the client's network.
    EndpointsOfNetwork,
    /// The addresses of the first entry alone.
    FirstEntry,
    /// It is a ServiceEntry's.
    External,
}

/// Cases whose table was settled otherwise, and the reason.
#[rustfmt::skip]
const SETTLED: &[(&str, Change, &str)] = &[
    ("headless-other-network-hidden", Change::VirtualInstances, "each pod of another network has a virtual address"),
    ("cluster-ip-of-another-cluster-when-absent-locally", Change::VirtualName, "a cluster address is never answered in another cluster"),
    ("service-entry-resolution-none-cluster-filter", Change::EndpointsOfNetwork, "the network decides which endpoints can be dialled, not the cluster"),
    ("same-host-two-service-entries-merge-addresses", Change::FirstEntry, "a host has one owner; addresses of two are never merged"),
    ("wildcard-host-with-address", Change::External, "no Service has a wildcard for a name: it is written as a ServiceEntry"),
];

/// Runs a case.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let mut case: CaseText = parse(document.resolved(case)?)?;
    let renames = case.given.rename_services();
    let wanted = case.wanted(&renames)?;
    let seen = SeenTable::read(case.given.mesh()?.table("ndsz")?)?;
    let mut found: Vec<_> = wanted
        .iter()
        .filter_map(|(name, entry)| seen.difference(name, entry))
        .collect();
    if case.expect.name_table.is_some() {
        let others = seen.names().filter(|name| !wanted.contains_key(*name));
        found.extend(others.map(|name| format!("{name}: expected nothing / got an entry")));
    }
    let missing = case.expect.name_table_contains_hosts.iter().flatten();
    let missing = missing.filter(|host| seen.names().all(|name| name != *host));
    found.extend(missing.map(|host| format!("{host}: expected an entry / got nothing")));
    if !found.is_empty() {
        return Err(found.join("; "));
    }
    Ok(case.settled().map_or(Verdict::Held, |(_, reason)| {
        Verdict::HeldOverridden(reason.to_owned())
    }))
}

/// The names of Services by the names that the case has for them.
struct Renames(BTreeMap<String, String>);

impl Renames {
    fn of(&self, hostname: &str) -> String {
        let renamed = self.0.get(hostname).map(String::as_str);
        renamed.unwrap_or(hostname).to_owned()
    }
}

impl CaseText {
    fn settled(&self) -> Option<(Change, &'static str)> {
        let row = SETTLED.iter().find(|(name, ..)| *name == self.name);
        row.map(|(_, change, reason)| (*change, *reason))
    }

    fn wanted(&self, renames: &Renames) -> Result<BTreeMap<String, WantedEntry>, String> {
        if !matches!(self.expect.ip_order.as_deref(), None | Some("as listed")) {
            return Err("expect.ip_order: only \"as listed\" is understood".to_owned());
        }
        let mut wanted = BTreeMap::new();
        let tables = self.expect.name_table.iter();
        for (name, entry) in tables.flat_map(|text| &text.table) {
            wanted.insert(renames.of(name), entry.wanted()?);
        }
        let entries = self.expect.name_table_entry.iter().flatten();
        for (name, entry) in entries {
            let entry = WantedEntry {
                addresses: wanted_addresses(&entry.ips)?,
                owner: None,
            };
            wanted.insert(renames.of(name), entry);
        }
        if let Some((change, _)) = self.settled() {
            self.given.apply(change, &mut wanted)?;
        }
        Ok(wanted)
    }
}

fn wanted_addresses(texts: &[String]) -> Result<Vec<WantedAddress>, String> {
    let addresses = addresses(texts)?.into_iter();
    Ok(addresses.map(WantedAddress::Is).collect())
}

impl GivenText {
    /// A Service has the name that its object gives it, and a ServiceEntry of that host follows.
    fn rename_services(&mut self) -> Renames {
        let services = self.services.iter();
        let services = services.filter(|service| service.form() == Form::Service);
        let renames = services.map(|service| (service.hostname.clone(), service.own_hostname()));
        let renames = Renames(renames.collect());
        for service in &mut self.services {
            service.hostname = renames.of(&service.hostname);
        }
        renames
    }

    fn mesh(&self) -> Result<MeshFolder, String> {
        let proxy = &self.proxy;
        if proxy.node_type != "sidecar" {
            return Err(format!(
                "given.proxy.node_type {} is not known",
                proxy.node_type
            ));
        }
        let mut mesh = MeshFolder::seen_from(&proxy.cluster_id);
        mesh.namespace = proxy.dns_domain.split('.').next().map(str::to_owned);
        mesh.network.clone_from(&proxy.network);
        mesh.families = self.families()?;
        for (index, service) in self.services.iter().enumerate() {
            service.add_to(&mut mesh, index)?;
        }
        Ok(mesh)
    }

    fn families(&self) -> Result<Families, String> {
        let ips = addresses(&self.proxy.ips)?;
        let has = |is_family: fn(&std::net::IpAddr) -> bool| ips.iter().any(is_family);
        Ok(match (has(|ip| ip.is_ipv4()), has(|ip| ip.is_ipv6())) {
            (true, true) => Families::Both,
            (false, true) => Families::V6,
            (_, false) => Families::V4,
        })
    }

    fn apply(
        &self,
        change: Change,
        wanted: &mut BTreeMap<String, WantedEntry>,
    ) -> Result<(), String> {
        match change {
            Change::VirtualInstances => {
                for service in &self.services {
                    self.add_virtual_instances(service, wanted)?;
                }
            }
            Change::VirtualName => {
                let families = self.families()?;
                for entry in wanted.values_mut() {
                    entry.addresses = families.each().map(WantedAddress::OfName).collect();
                }
            }
            Change::EndpointsOfNetwork => {
                for service in &self.services {
                    let near = service.endpoints.iter();
                    let near = near.filter(|endpoint| self.is_near(&endpoint.network));
                    let near: Vec<_> = near.flat_map(|e| e.addresses.clone()).collect();
                    entry_of(service, wanted)?.addresses = wanted_addresses(&near)?;
                }
            }
            Change::FirstEntry => {
                for entry in wanted.values_mut() {
                    entry.addresses.truncate(1);
                }
            }
            Change::External => {
                for entry in wanted.values_mut() {
                    entry.owner = Some(Owner::external());
                }
            }
        }
        Ok(())
    }

    fn add_virtual_instances(
        &self,
        service: &ServiceText,
        wanted: &mut BTreeMap<String, WantedEntry>,
    ) -> Result<(), String> {
        let far = service.endpoints.iter();
        for endpoint in far.filter(|endpoint| !self.is_near(&endpoint.network)) {
            let instance = WantedAddress::OfInstance(AddressFamily::V4);
            let entry = WantedEntry {
                addresses: vec![instance.clone()],
                owner: None,
            };
            wanted.insert(format!("{}.{}", endpoint.hostname, service.hostname), entry);
            entry_of(service, wanted)?.addresses.push(instance);
        }
        Ok(())
    }

    /// Networks are the same when equal or when either is not known.
    fn is_near(&self, network: &str) -> bool {
        network.is_empty() || self.proxy.network.is_empty() || network == self.proxy.network
    }
}

fn entry_of<'w>(
    service: &ServiceText,
    wanted: &'w mut BTreeMap<String, WantedEntry>,
) -> Result<&'w mut WantedEntry, String> {
    let hostname = &service.hostname;
    let entry = wanted.get_mut(hostname);
    entry.ok_or(format!("no {hostname} is expected"))
}
