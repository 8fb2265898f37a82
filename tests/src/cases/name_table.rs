//! A name table as a control plane prints it: in `given` of one suite, in `expect` of others.

use super::mesh_folder::WantedAddress;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The protojson form of a name table.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameTableText {
    pub(super) table: BTreeMap<String, EntryText>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct EntryText {
    #[serde(default)]
    pub(super) ips: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alt_hosts: Vec<String>,
}

/// What an entry of a table must be.
#[derive(Clone, Debug)]
pub(super) struct WantedEntry {
    pub(super) addresses: Vec<WantedAddress>,
    /// Registry, short name and namespace; `None` is not compared.
    pub(super) owner: Option<Owner>,
}

/// Whose a name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    registry: Option<String>,
    shortname: Option<String>,
    namespace: Option<String>,
}

impl Owner {
    /// A ServiceEntry's.
    pub(super) fn external() -> Self {
        Owner {
            registry: Some("External".to_owned()),
            shortname: None,
            namespace: None,
        }
    }
}

impl EntryText {
    /// The entry as it is wanted.
    pub(super) fn wanted(&self) -> Result<WantedEntry, String> {
        if !self.alt_hosts.is_empty() {
            return Err("altHosts are not made".to_owned());
        }
        let addresses = addresses(&self.ips)?.into_iter();
        Ok(WantedEntry {
            addresses: addresses.map(WantedAddress::Is).collect(),
            owner: Some(self.owner()),
        })
    }

    fn owner(&self) -> Owner {
        Owner {
            registry: self.registry.clone(),
            shortname: self.shortname.clone(),
            namespace: self.namespace.clone(),
        }
    }
}

/// Addresses from text.
pub(super) fn addresses(texts: &[String]) -> Result<Vec<IpAddr>, String> {
    let address = |text: &String| text.parse().map_err(|_| format!("{text} is no address"));
    texts.iter().map(address).collect()
}

/// What a table, as `callsign table -o ndsz` prints it, has of names.
pub(super) struct SeenTable(BTreeMap<String, EntryText>);

impl SeenTable {
    pub(super) fn read(printed: Value) -> Result<Self, String> {
        let table = serde_json::from_value(printed).map_err(|error| format!("ndsz: {error}"))?;
        Ok(SeenTable(table))
    }

    /// The addresses of a name; none if it is not there.
    pub(super) fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let ips = self.0.get(name).map(|entry| entry.ips.as_slice());
        addresses(ips.unwrap_or_default())
    }

    /// Names that are there.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How the entry of a name differs from the wanted one, if it does.
    pub(super) fn difference(&self, name: &str, wanted: &WantedEntry) -> Option<String> {
        let Some(entry) = self.0.get(name) else {
            return Some(format!("{name}: expected {wanted:?} / got nothing"));
        };
        let is_same = addresses(&entry.ips)
            .is_ok_and(|got| WantedAddress::all_fit(&wanted.addresses, &got))
            && wanted
                .owner
                .as_ref()
                .is_none_or(|owner| *owner == entry.owner());
        (!is_same).then(|| format!("{name}: expected {wanted:?} / got {entry:?}"))
    }
}
