//! Maps of virtual addresses as other systems keep them.
//!
//! [`parse_vip_map`] takes the text of a file, JSON or YAML, and sees for itself what it is:
//!
//! | system | what is read |
//! |---|---|
//! | Consul | lists of services: `/v1/catalog/service/NAME`, `/v1/health/service/NAME`, `/v1/agent/services` (address `consul-virtual`), the records `ServiceVirtualIP` of a snapshot, and the bodies that set `ManualVIPs` |
//! | Kuma | the ConfigMap `kuma-MESH-dns-vips`, the universal resource `Config`, or the map in them, of all versions |
//! | Admiral | the ConfigMap with `serviceEntryAddressStore`, or the store in it |
//! | Istio | `status.addresses` of ServiceEntries |
//! | Callsign | what `callsign vips -o json` prints |
//!
//! Lists of Kubernetes objects and several YAML documents are read through. What the addresses are
//! good for is decided by `dns_core::vip::Ledger::import`.

mod admiral;
mod consul;
mod istio;
mod kuma;
mod ours;

use crate::input::{HostPattern, Problem, Scope, dns_name, yaml_documents};
use crate::problem_list::ProblemList;
use crate::source_text::without_byte_order_mark;
use dns_core::NameBuf;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// A map of virtual addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct VipMap {
    /// What kind of map it is.
    pub shape: VipMapShape,
    /// Its names and addresses, sorted, each pair once.
    pub names: Vec<ImportedName>,
    /// Entries that are left out, and why (scope `Field`).
    pub problems: Vec<Problem>,
}

/// A name and its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportedName {
    /// The name, in lower case.
    pub name: NameBuf,
    /// Its address.
    pub address: IpAddr,
}

/// Whose map it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VipMapShape {
    /// Consul's.
    Consul,
    /// Kuma's.
    Kuma,
    /// Admiral's.
    Admiral,
    /// The status of Istio's ServiceEntries.
    Istio,
    /// Our own listing.
    Callsign,
}

impl VipMapShape {
    /// Fixed text for output.
    pub fn label(self) -> &'static str {
        match self {
            VipMapShape::Consul => "consul",
            VipMapShape::Kuma => "kuma",
            VipMapShape::Admiral => "admiral",
            VipMapShape::Istio => "istio",
            VipMapShape::Callsign => "callsign",
        }
    }
}

/// Reads a map of virtual addresses. `file` names it in problems and is not opened.
///
/// # Errors
/// The text is neither JSON nor YAML, is no map that is known, or has maps of two systems.
pub fn parse_vip_map(file: &str, text: &str) -> Result<VipMap, Box<Problem>> {
    let file: Arc<str> = file.into();
    let mut reader = Reader {
        shape: None,
        names: BTreeSet::new(),
        problems: ProblemList::default(),
        file: Arc::clone(&file),
    };
    for document in documents(&file, without_byte_order_mark(text))? {
        reader.read(&document)?;
    }
    let Some(shape) = reader.shape else {
        return Err(unknown(&file));
    };
    Ok(VipMap {
        shape,
        names: reader.names.into_iter().collect(),
        problems: reader.problems.finish(&file, "entries are left out"),
    })
}

/// JSON is tried first: it is YAML too, but the larger lists are JSON.
fn documents(file: &Arc<str>, text: &str) -> Result<Vec<Value>, Box<Problem>> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(vec![value]);
    }
    let (documents, faults) = yaml_documents(text);
    match faults.into_iter().next() {
        Some(fault) => {
            let (line, column) = (fault.at.line, fault.at.column);
            Err(Box::new(Problem::new(file, line, column, fault.reason)))
        }
        None => Ok(documents
            .iter()
            .map(|document| document.to_json())
            .collect()),
    }
}

fn unknown(file: &Arc<str>) -> Box<Problem> {
    let reason = "is no map of virtual addresses of Consul, Kuma, Admiral, Istio or Callsign";
    Box::new(Problem::new(file, 0, 0, reason.into()))
}

/// The names read so far.
struct Reader {
    file: Arc<str>,
    shape: Option<VipMapShape>,
    names: BTreeSet<ImportedName>,
    problems: ProblemList,
}

impl Reader {
    fn read(&mut self, document: &Value) -> Result<(), Box<Problem>> {
        if document.is_null() {
            return Ok(());
        }
        if document["kind"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("List"))
            && let Some(items) = document["items"].as_array()
        {
            return items.iter().try_for_each(|item| self.read(item));
        }
        let known = [
            ours::read,
            istio::read,
            consul::read,
            admiral::read,
            kuma::read,
        ];
        let found = known.into_iter().find_map(|read| read(document));
        let found = found.ok_or_else(|| unknown(&self.file))?;
        if *self.shape.get_or_insert(found.shape) != found.shape {
            let reason = "has maps of two systems".to_owned();
            let problem = Problem::new(&self.file, 0, 0, reason);
            return Err(Box::new(problem.with_hint("import them one by one")));
        }
        for entry in found.entries {
            self.take(entry);
        }
        Ok(())
    }

    fn take(&mut self, entry: Entry) {
        match entry.parsed() {
            Ok(name) => _ = self.names.insert(name),
            Err(reason) => {
                let file = &self.file;
                self.problems.add(|| {
                    Problem::new(file, 0, 0, reason)
                        .with_field(entry.place)
                        .with_scope(Scope::Field)
                });
            }
        }
    }
}

/// What one kind of map says.
struct Found {
    shape: VipMapShape,
    entries: Vec<Entry>,
}

/// One name and one address, as the map has them.
struct Entry {
    /// Where in the map.
    place: String,
    name: String,
    address: Result<String, &'static str>,
}

impl Entry {
    fn parsed(&self) -> Result<ImportedName, String> {
        let text = self
            .address
            .as_deref()
            .map_err(|reason| (*reason).to_owned())?;
        let address: IpAddr = text
            .parse()
            .map_err(|_| format!("{text:?} is no IP address"))?;
        let name = dns_name(&self.name, HostPattern::WildcardAllowed)
            .map_err(|reason| format!("{:?} {reason}", self.name))?;
        Ok(ImportedName { name, address })
    }
}

#[cfg(test)]
mod tests;
