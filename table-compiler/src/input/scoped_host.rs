//! Hosts that Istio writes with the namespaces they are meant for: `namespace/host`.

use super::field::{Invalid, Read, quoted};
use super::host::is_label;
use super::name_pattern::NamePattern;
use super::yaml::Yaml;
use std::sync::Arc;

/// A host and the namespaces whose configuration it is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScopedHost {
    pub(crate) namespaces: HostNamespaces,
    pub(crate) name: NamePattern,
}

/// The part of a host before the slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostNamespaces {
    /// `*/host`, and `host` where that is allowed.
    All,
    /// `./host`: that of the object.
    Own,
    /// `~/host`: none.
    None,
    /// `namespace/host`.
    One(Arc<str>),
}

const HINT: &str = "write namespace/host, ./host or */host";

impl ScopedHost {
    /// Reads a host that may leave out the namespaces.
    pub(crate) fn read(item: &Yaml) -> Read<'_, Self> {
        match item.text()?.split_once('/') {
            Some(parts) => Self::of(item, parts),
            None => Ok(ScopedHost {
                namespaces: HostNamespaces::All,
                name: NamePattern::read(item)?,
            }),
        }
    }

    /// Reads a host that must name its namespaces, as those of a Sidecar.
    pub(crate) fn read_whole(item: &Yaml) -> Read<'_, Self> {
        let text = item.text()?;
        let parts = text.split_once('/').ok_or_else(|| {
            Invalid::new(item, format!("{} has no namespace", quoted(text)), HINT)
        })?;
        Self::of(item, parts)
    }

    fn of<'a>(item: &'a Yaml, (namespace, host): (&str, &str)) -> Read<'a, Self> {
        let namespaces = match namespace {
            "*" => HostNamespaces::All,
            "." => HostNamespaces::Own,
            "~" => HostNamespaces::None,
            one if is_label(one) => HostNamespaces::One(one.into()),
            odd => {
                let reason = format!("{} is not a namespace", quoted(odd));
                return Err(Invalid::new(item, reason, HINT));
            }
        };
        let name = NamePattern::in_text(item, host)?;
        Ok(ScopedHost { namespaces, name })
    }
}
