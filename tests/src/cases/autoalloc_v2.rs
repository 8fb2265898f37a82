//! Suite `istio-autoalloc-v2`: which hosts Istio's second allocator gives addresses, and which of its
//! addresses are kept. Which new address a host gets is ours to say.

use super::document::{Document, parse};
use super::mesh_folder::{Families, MeshFolder};
use super::name_table::addresses;
use super::prefix::Prefix;
use super::report::Verdict;
use super::table_case::TableCase;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const READ_ALONE: &str =
    "compared are the hosts that have addresses, and those that `status.addresses` keeps";
/// Addresses of a host: one of each family.
const PER_HOST: usize = 2;

type CaseText = TableCase<GivenText, ExpectText>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    v4_prefix: Option<String>,
    v6_prefix: Option<String>,
    #[serde(default)]
    service_entries: Vec<EntryText>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    #[serde(default)]
    steps: Vec<StepText>,
    #[serde(default)]
    services: Vec<ServiceText>,
}

/// A ServiceEntry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryText {
    name: Option<String>,
    namespace: String,
    hosts: Vec<String>,
    #[serde(default)]
    addresses: Vec<String>,
    resolution: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Seconds since 1970, below a minute.
    created: Option<u8>,
    #[serde(default)]
    status: StatusText,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusText {
    #[serde(default)]
    addresses: Vec<StatusAddressText>,
    /// How many there are.
    #[serde(default)]
    conditions: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusAddressText {
    host: String,
    value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    op: Op,
    #[serde(default)]
    objects: Vec<EntryText>,
    object: Option<EntryText>,
    key: Option<String>,
    hosts: Option<Vec<String>>,
    resolution: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    addresses: Option<Vec<String>>,
    #[serde(default)]
    expect: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    expect_count: BTreeMap<String, usize>,
    #[serde(rename = "also")]
    _also: Option<String>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Op {
    Start,
    Create,
    SetHosts,
    SetLabels,
}

/// A service as the control plane makes it of an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    hostname: String,
    #[serde(rename = "default_address")]
    _default_address: String,
    auto_v4: String,
    auto_v6: String,
}

/// Runs a case.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let case: CaseText = parse(document.resolved(case)?)?;
    let pool = [&case.given.v4_prefix, &case.given.v6_prefix];
    let pool: Vec<_> = pool.into_iter().flatten().cloned().collect();
    let mut entries = BTreeMap::new();
    for (index, entry) in case.given.service_entries.iter().enumerate() {
        entries.insert(format!("service-entry-{index}"), entry.clone());
    }
    if !case.expect.services.is_empty() {
        let table = Table::of(&entries, &pool)?;
        case.expect
            .services
            .iter()
            .try_for_each(|service| table.check_service(service))?;
    }
    for (index, step) in case.expect.steps.iter().enumerate() {
        step.change(&mut entries)
            .and_then(|()| step.check(&entries, &Table::of(&entries, &pool)?))
            .map_err(|what| format!("step {index}: {what}"))?;
    }
    Ok(Verdict::HeldOverridden(READ_ALONE.to_owned()))
}

/// The addresses of hosts that nobody wrote in `spec.addresses`.
struct Table {
    automatic: BTreeMap<String, Vec<IpAddr>>,
    pool: Vec<Prefix>,
}

impl Table {
    fn of(entries: &BTreeMap<String, EntryText>, pool: &[String]) -> Result<Self, String> {
        let mut mesh = MeshFolder::seen_from("");
        mesh.families = Families::Both;
        mesh.pool = pool.to_vec();
        for (key, entry) in entries {
            mesh.add("", entry.object(key));
        }
        let printed = mesh.table("json")?;
        let mut automatic = BTreeMap::new();
        for entry in printed.as_array().ok_or("the table is no list")? {
            let name = entry["name"].as_str().unwrap_or_default().to_owned();
            if matches!(
                entry["vip_state"].as_str(),
                Some("imported" | "allotted" | "unrecorded")
            ) {
                let texts = entry["vips"].as_array().cloned().unwrap_or_default();
                let texts: Vec<_> = texts
                    .iter()
                    .filter_map(|ip| ip.as_str())
                    .map(str::to_owned)
                    .collect();
                automatic.insert(name, addresses(&texts)?);
            }
        }
        let pool = pool
            .iter()
            .map(|cidr| Prefix::parse(cidr))
            .collect::<Result<_, _>>()?;
        Ok(Table { automatic, pool })
    }

    fn automatic(&self, host: &str) -> &[IpAddr] {
        self.automatic
            .get(&host.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    fn check_service(&self, service: &ServiceText) -> Result<(), String> {
        let wanted = [service.auto_v4.clone(), service.auto_v6.clone()];
        self.check_kept(&service.hostname, &addresses(&wanted)?)
    }

    fn check_kept(&self, host: &str, wanted: &[IpAddr]) -> Result<(), String> {
        let got = self.automatic(host);
        if is_same(wanted, got) {
            return Ok(());
        }
        Err(format!("{host}: expected {wanted:?} / got {got:?}"))
    }

    /// One of each family, of the pool, and nobody else's.
    fn check_allotted(&self, host: &str) -> Result<(), String> {
        let got = self.automatic(host);
        let is_of_pool = |ip: &IpAddr| self.pool.iter().any(|prefix| prefix.has(*ip));
        let owners = |ip: &IpAddr| {
            self.automatic
                .values()
                .filter(|ips| ips.contains(ip))
                .count()
        };
        let families: BTreeSet<_> = got.iter().map(IpAddr::is_ipv4).collect();
        let is_fine = got.len() == PER_HOST
            && families.len() == PER_HOST
            && got.iter().all(|ip| is_of_pool(ip) && owners(ip) == 1);
        if is_fine {
            return Ok(());
        }
        Err(format!(
            "{host}: expected an address of each family of {:?} / got {got:?}",
            self.pool
        ))
    }
}

fn is_same(wanted: &[IpAddr], got: &[IpAddr]) -> bool {
    let set = |ips: &[IpAddr]| ips.iter().copied().collect::<BTreeSet<_>>();
    wanted.len() == got.len() && set(wanted) == set(got)
}

impl StepText {
    fn change(&self, entries: &mut BTreeMap<String, EntryText>) -> Result<(), String> {
        match self.op {
            Op::Start | Op::Create => {
                for entry in self.objects.iter().chain(&self.object) {
                    entries.insert(entry.key()?, entry.clone());
                }
            }
            Op::SetHosts | Op::SetLabels => {
                let key = self.key.as_deref().unwrap_or_default();
                let entry = entries.get_mut(key).ok_or(format!("no object {key}"))?;
                set(&mut entry.hosts, &self.hosts);
                set(&mut entry.resolution, &self.resolution);
                set(&mut entry.labels, &self.labels);
                set(&mut entry.addresses, &self.addresses);
            }
        }
        Ok(())
    }

    fn check(&self, entries: &BTreeMap<String, EntryText>, table: &Table) -> Result<(), String> {
        let entry = |key: &String| entries.get(key).ok_or(format!("no object {key}"));
        for (key, hosts) in &self.expect {
            entry(key)?
                .check(hosts, table)
                .map_err(|what| format!("{key}: {what}"))?;
        }
        for (key, wanted) in &self.expect_count {
            let hosts: BTreeSet<_> = entry(key)?.hosts.iter().collect();
            let got: usize = hosts.iter().map(|host| table.automatic(host).len()).sum();
            if *wanted != got {
                return Err(format!("{key}: expected {wanted} addresses / got {got}"));
            }
        }
        Ok(())
    }
}

fn set<T: Clone>(field: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}

impl EntryText {
    fn key(&self) -> Result<String, String> {
        let name = self.name.as_ref().ok_or("an object has no name")?;
        Ok(format!("{}/{name}", self.namespace))
    }

    /// Every host that is expected to have addresses has them, those of the status where it has
    /// some, and no other host has.
    fn check(&self, wanted: &BTreeMap<String, Vec<String>>, table: &Table) -> Result<(), String> {
        let stranger = wanted.keys().find(|host| !self.hosts.contains(host));
        if let Some(host) = stranger {
            return Err(format!("{host} is no host of it"));
        }
        for host in &self.hosts {
            let kept = self.kept(host)?;
            match wanted.contains_key(host) {
                true if kept.is_empty() => table.check_allotted(host)?,
                true => table.check_kept(host, &kept)?,
                false => table.check_kept(host, &[])?,
            }
        }
        Ok(())
    }

    fn kept(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let of_host = self
            .status
            .addresses
            .iter()
            .filter(|address| address.host == host);
        addresses(
            &of_host
                .map(|address| address.value.clone())
                .collect::<Vec<_>>(),
        )
    }

    fn object(&self, key: &str) -> Value {
        let name = key.rsplit('/').next().unwrap_or(key).replace(' ', "-");
        let mut metadata = json!({
            "name": name,
            "namespace": self.namespace.to_ascii_lowercase(),
            "labels": self.labels,
        });
        if let Some(secs) = self.created {
            metadata["creationTimestamp"] = json!(format!("1970-01-01T00:00:{secs:02}Z"));
        }
        let addresses = self.status.addresses.iter();
        let addresses = addresses.map(|a| json!({"host": a.host, "value": a.value}));
        let condition = |index| json!({"type": format!("Condition{index}"), "status": "True"});
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "ServiceEntry",
            "metadata": metadata,
            "spec": {
                "hosts": self.hosts,
                "addresses": self.addresses,
                "ports": [{"name": "https", "number": 443, "protocol": "TLS"}],
                "resolution": self.resolution,
            },
            "status": {
                "addresses": addresses.collect::<Value>(),
                "conditions": (0..self.status.conditions).map(condition).collect::<Value>(),
            },
        })
    }
}
