//! Suite `istio-nds`: the name table that a node of some metadata is sent for ServiceEntries.

use super::document::{Document, parse};
use super::mesh_folder::{AddressFamily, MeshFolder, WantedAddress};
use super::name_table::{NameTableText, SeenTable, WantedEntry};
use super::plugin::{RegistryText, ServiceEntryText};
use super::report::Verdict;
use super::table_case::TableCase;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use table_compiler::{IstioV1Service, istio_v1_addresses};

const ALLOTTED: &str = "a host without addresses is allotted one, whatever a node says of itself";

type CaseText = TableCase<GivenText, ExpectText>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    registry: RegistryText,
    proxy: ProxyText,
    flags: FlagsText,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyText {
    ip_mode: String,
    metadata: MetadataText,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetadataText {
    #[serde(rename = "DNS_CAPTURE")]
    _dns_capture: Option<String>,
    #[serde(rename = "DNS_AUTO_ALLOCATE")]
    dns_auto_allocate: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagsText {
    ip_autoallocate: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    name_table: NameTableText,
}

/// Runs a case.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let case: CaseText = parse(document.resolved(case)?)?;
    if case.given.proxy.ip_mode != "v4" || case.given.flags.ip_autoallocate {
        return Err("given: only v4 and the first allocator are understood".to_owned());
    }
    let allocates = case.given.proxy.metadata.dns_auto_allocate.as_deref() == Some("true");
    if allocates {
        case.check_taken_over()?;
        Ok(Verdict::Held)
    } else {
        case.check_table()?;
        Ok(Verdict::HeldOverridden(ALLOTTED.to_owned()))
    }
}

impl CaseText {
    /// The addresses that this control plane gave are those that we would take over.
    fn check_taken_over(&self) -> Result<(), String> {
        let wanted = &self.expect.name_table.table;
        let hosts: Vec<_> = self.given.hosts_without_addresses().collect();
        let got = istio_v1_addresses(&hosts);
        for (host, got) in hosts.iter().zip(got) {
            let got: Vec<_> = got.iter().map(|address| address.v4.to_string()).collect();
            let wanted = wanted.get(host.host).map(|entry| &entry.ips[..]);
            if wanted.unwrap_or_default() != got {
                return Err(format!("{}: expected {wanted:?} / got {got:?}", host.host));
            }
        }
        Ok(())
    }

    fn check_table(&self) -> Result<(), String> {
        let mut wanted: BTreeMap<String, WantedEntry> = BTreeMap::new();
        for (name, entry) in &self.expect.name_table.table {
            wanted.insert(name.clone(), entry.wanted()?);
        }
        for host in self.given.hosts_without_addresses() {
            let entry = WantedEntry {
                addresses: vec![WantedAddress::OfName(AddressFamily::V4)],
                owner: None,
            };
            wanted.insert(host.host.to_owned(), entry);
        }
        let mut mesh = MeshFolder::seen_from("");
        for entry in &self.given.registry.service_entries {
            mesh.add("", entry.object());
        }
        let seen = SeenTable::read(mesh.table("ndsz")?)?;
        let others = seen.names().filter(|name| !wanted.contains_key(*name));
        let others = others.map(|name| format!("{name}: expected nothing / got an entry"));
        let differing = wanted
            .iter()
            .filter_map(|(name, entry)| seen.difference(name, entry));
        let found: Vec<_> = differing.chain(others).collect();
        if found.is_empty() {
            Ok(())
        } else {
            Err(found.join("; "))
        }
    }
}

impl GivenText {
    /// Hosts that an allocator gives an address, in the order of their entries.
    fn hosts_without_addresses(&self) -> impl Iterator<Item = IstioV1Service<'_>> {
        let is_asked =
            |entry: &&ServiceEntryText| entry.addresses.is_empty() && entry.resolution != "NONE";
        let entries = self.registry.service_entries.iter().filter(is_asked);
        entries.flat_map(|entry| {
            entry.hosts.iter().map(|host| IstioV1Service {
                namespace: &entry.namespace,
                host,
            })
        })
    }
}
