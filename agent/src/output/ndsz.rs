//! Istio's name table (`istio.networking.nds.v1.NameTable`) in protojson.

use super::ServedTable;
use dns_core::{HostEntry, HostKind};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::sync::Arc;

/// The hosts of a table as protojson's map from name to ips, registry, shortname and namespace.
/// Each name has the addresses that clients of the view are answered with; names without any,
/// such as external names, are not in it, as istiod leaves them out. `--table FILE` reads it.
pub fn ndsz<'t>(table: &'t ServedTable<'_>) -> impl Serialize + 't {
    Hosts(table)
}

/// The whole message: [`ndsz`] under the key `table`, as the Istio agent's `/debug/ndsz` prints it.
/// `--table FILE` reads it too.
pub fn debug_ndsz<'t>(table: &'t ServedTable<'_>) -> impl Serialize + 't {
    NameTable {
        table: Hosts(table),
    }
}

#[derive(Serialize)]
struct NameTable<'t, 's> {
    table: Hosts<'t, 's>,
}

struct Hosts<'t, 's>(&'t ServedTable<'s>);

impl Serialize for Hosts<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for entry in self.0.entries() {
            let info = info(self.0, &entry);
            if !info.ips.is_empty() {
                map.serialize_entry(&entry.name.to_string(), &info)?;
            }
        }
        map.end()
    }
}

/// `NameTable.NameInfo`. protojson leaves empty fields out.
#[derive(Serialize)]
struct NameInfo<'t> {
    ips: Vec<String>,
    registry: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'t str>,
}

fn info<'e>(table: &ServedTable<'_>, entry: &'e Arc<HostEntry>) -> NameInfo<'e> {
    let short = short_form(entry);
    NameInfo {
        ips: table
            .answers(entry)
            .iter()
            .map(ToString::to_string)
            .collect(),
        registry: registry(entry.kind),
        namespace: short.as_ref().and(entry.namespace.as_deref()),
        shortname: short,
    }
}

fn registry(kind: HostKind) -> &'static str {
    match kind {
        HostKind::Service | HostKind::Headless | HostKind::Instance => "Kubernetes",
        HostKind::Product | HostKind::External | HostKind::Mirror | HostKind::Alias => "External",
    }
}

/// What stands before `.<namespace>.svc` in the name of a Kubernetes host that has short names:
/// the Service, or `<pod>.<service>`.
fn short_form(entry: &HostEntry) -> Option<String> {
    if !entry.short_names || registry(entry.kind) != "Kubernetes" {
        return None;
    }
    let name = entry.name.to_string();
    let end = name.find(&format!(".{}.svc.", entry.namespace.as_deref()?))?;
    Some(name[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, host, name, pay, reviews, served};
    use dns_core::{AddressOrigin, HostAddress};
    use serde_json::{Value, json};

    fn pod() -> HostEntry {
        let address = "10.1.0.1".parse().unwrap();
        HostEntry {
            namespace: Some("db".into()),
            addresses: vec![HostAddress::new(address, AddressOrigin::Endpoint)],
            short_names: true,
            ..host("mysql-0.mysql.db.svc.cluster.local", HostKind::Instance)
        }
    }

    fn hosts_of(entries: Vec<HostEntry>) -> Value {
        let snapshot = fixture::snapshot(entries);
        serde_json::to_value(ndsz(&served(&snapshot))).unwrap()
    }

    #[test]
    fn kubernetes_hosts_have_a_short_name_and_a_namespace_and_others_have_none() {
        let hosts = hosts_of(vec![reviews(), pay(), pod()]);
        let expected = json!({
            "reviews.default.svc.cluster.local": {
                "ips": ["10.96.0.50"],
                "registry": "Kubernetes",
                "shortname": "reviews",
                "namespace": "default",
            },
            "mysql-0.mysql.db.svc.cluster.local": {
                "ips": ["10.1.0.1"],
                "registry": "Kubernetes",
                "shortname": "mysql-0.mysql",
                "namespace": "db",
            },
            "pay.example.com": {"ips": ["250.1.2.3"], "registry": "External"},
        });
        assert_eq!(hosts, expected);
    }

    #[test]
    fn a_name_without_addresses_is_left_out() {
        let entry = HostEntry {
            cname: Some(name("target.example.com")),
            ..host("a.example.com", HostKind::Service)
        };
        let hosts = hosts_of(vec![entry]);
        assert_eq!(hosts, json!({}));
    }

    #[test]
    fn our_own_reader_reads_both_forms() {
        let snapshot = fixture::snapshot(vec![reviews(), pay(), pod()]);
        let table = served(&snapshot);
        let domain = name("cluster.local");
        let forms = [
            serde_json::to_string(&ndsz(&table)).unwrap(),
            serde_json::to_string(&debug_ndsz(&table)).unwrap(),
        ];
        for text in forms {
            let read = table_compiler::name_table(&domain, "t.json", &text);
            assert_eq!(read.problems, []);
            let again = fixture::snapshot(read.entries);
            let again = served(&again);
            assert_eq!(
                serde_json::to_value(ndsz(&again)).unwrap(),
                serde_json::to_value(ndsz(&table)).unwrap()
            );
            let kinds: Vec<_> = again.entries().map(|entry| entry.kind).collect();
            assert!(kinds.contains(&HostKind::Instance) && kinds.contains(&HostKind::Service));
        }
        let whole: Value = serde_json::to_value(debug_ndsz(&table)).unwrap();
        assert_eq!(whole["table"], serde_json::to_value(ndsz(&table)).unwrap());
    }
}
