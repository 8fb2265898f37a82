//! `metadata` of an object, as far as the table needs it.

use super::field::{Invalid, Read, quoted};
use super::host::is_label;
use super::timestamp;
use super::yaml::Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Label that names the network of an object; on a Service it makes a network gateway.
pub(crate) const NETWORK_LABEL: &str = "topology.istio.io/network";
const EXPORT_TO_ANNOTATION: &str = "networking.istio.io/exportTo";
/// The whole object once more, a Secret's values included.
pub(crate) const LAST_APPLIED_ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the table needs of an object's metadata besides its identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) labels: BTreeMap<Arc<str>, Arc<str>>,
    /// All but the copy of the object that `kubectl apply` leaves.
    pub(crate) annotations: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) export_to: ExportTo,
    pub(crate) created_secs: Option<u64>,
    pub(crate) generation: u64,
}

impl Metadata {
    pub(crate) fn read(metadata: &Yaml) -> Read<'_, Self> {
        let created_secs = match metadata.field("creationTimestamp")? {
            None => None,
            Some(created) => Some(
                timestamp::seconds_of(created.text()?)
                    .ok_or_else(|| created.is_not("a timestamp such as 2024-01-31T12:00:00Z"))?,
            ),
        };
        let generation = metadata
            .field("generation")?
            .map(|g| g.number("a number"))
            .transpose()?;
        let mut annotations = metadata.text_map("annotations")?;
        annotations.remove(LAST_APPLIED_ANNOTATION);
        Ok(Metadata {
            labels: metadata.text_map("labels")?,
            annotations,
            export_to: export_to_annotation(metadata)?,
            created_secs,
            generation: generation.unwrap_or(0),
        })
    }

    pub(crate) fn label(&self, name: &str) -> Option<&Arc<str>> {
        self.labels.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&Arc<str>> {
        self.annotations.get(name).filter(|value| !value.is_empty())
    }
}

fn export_to_annotation(metadata: &Yaml) -> Read<'_, ExportTo> {
    let Some(value) = metadata
        .section("annotations")?
        .field(EXPORT_TO_ANNOTATION)?
    else {
        return Ok(ExportTo::default());
    };
    let mut export_to = ExportTo::default();
    for item in value
        .text()?
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        export_to.add(item, value)?;
    }
    Ok(export_to)
}

/// Which namespaces may see an object (`exportTo`); an empty list means all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ExportTo {
    items: BTreeSet<Arc<str>>,
}

impl ExportTo {
    pub(crate) fn read<'a>(items: &'a [Yaml]) -> Read<'a, Self> {
        let mut export_to = ExportTo::default();
        for item in items {
            export_to.add(item.text()?, item)?;
        }
        Ok(export_to)
    }

    fn add<'a>(&mut self, item: &str, part: &'a Yaml) -> Read<'a, ()> {
        if !matches!(item, "*" | "." | "~") && !is_label(item) {
            return Err(Invalid::new(
                part,
                format!("{} is not a namespace", quoted(item)),
                "write a namespace, `.`, `*` or `~`",
            ));
        }
        self.items.insert(item.into());
        Ok(())
    }

    /// The namespaces that may see an object of `own`; `None` is all of them.
    pub(crate) fn namespaces(&self, own: &Arc<str>) -> Option<BTreeSet<Arc<str>>> {
        if self.items.is_empty() || self.items.contains("*") {
            return None;
        }
        let named = self.items.iter().filter(|item| &***item != "~");
        Some(
            named
                .map(|item| {
                    if &**item == "." {
                        Arc::clone(own)
                    } else {
                        Arc::clone(item)
                    }
                })
                .collect(),
        )
    }
}
