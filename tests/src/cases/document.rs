//! A file of cases: its format, its fixtures, and how a case is read from it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// The two formats, told apart by what a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `format: istio-dns-cases/1`.
    Istio,
    /// `version: 1` with a title and a table of suites that gives each a level.
    Kubernetes,
}

/// A file of cases.
pub(super) struct Document {
    pub(super) format: Format,
    root: Value,
}

impl Document {
    /// Reads a file; `None` if it is of neither format.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let root: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(format_of(&root).map(|format| Document { format, root }))
    }

    pub(super) fn cases(&self) -> &[Value] {
        self.root["cases"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(super) fn suite<'a>(&self, case: &'a Value) -> &'a str {
        case["suite"].as_str().unwrap_or("?")
    }

    /// The id a report prints.
    pub(super) fn id(&self, case: &Value) -> String {
        match case["id"].as_str() {
            Some(id) => id.to_owned(),
            None => format!(
                "{}/{}",
                self.suite(case),
                case["name"].as_str().unwrap_or("?")
            ),
        }
    }

    /// The level of a suite of the Kubernetes format.
    pub(super) fn level(&self, suite: &str) -> Option<&str> {
        self.root["suites"][suite]["level"].as_str()
    }

    /// A fixture by the map it stands in and its name.
    pub(super) fn fixture(&self, map: &str, name: &str) -> Result<&Value, String> {
        self.root["fixtures"][map]
            .get(name)
            .ok_or(format!("no fixture {name} in {map}"))
    }

    /// A top-level fixture, as the Kubernetes format has them.
    pub(super) fn named_fixture(&self, name: &str) -> Result<&Value, String> {
        self.root["fixtures"]
            .get(name)
            .ok_or(format!("no fixture {name}"))
    }

    /// The case with every `{"ref": X}` replaced by what it stands for.
    pub(super) fn resolved(&self, case: &Value) -> Result<Value, String> {
        const MAPS: [(&str, &str); 5] = [
            ("name_table", "name_tables"),
            ("proxy", "proxies"),
            ("upstream", "upstreams"),
            ("state", "ztunnel_states"),
            ("registry", "registries"),
        ];
        let mut case = case.clone();
        for (key, map) in MAPS {
            if let Some(value) = case.get_mut("given").and_then(|given| given.get_mut(key)) {
                self.resolve(value, map)?;
            }
        }
        let zones = case
            .pointer_mut("/given/upstream/zones")
            .and_then(Value::as_object_mut);
        if let Some(zones) = zones {
            for zone in zones.values_mut() {
                self.resolve_records(zone)?;
            }
        }
        Ok(case)
    }

    fn resolve(&self, value: &mut Value, map: &str) -> Result<(), String> {
        let Some(name) = value.get("ref").and_then(Value::as_str) else {
            return Ok(());
        };
        let found = self.fixture(map, name)?.clone();
        if value.as_object().is_some_and(|object| object.len() > 1) {
            return Err(format!("a key beside ref {name}"));
        }
        *value = found;
        Ok(())
    }

    /// `answers_ref: X` of an upstream's zone becomes `answers`, the records of set X.
    fn resolve_records(&self, zone: &mut Value) -> Result<(), String> {
        let Some(zone) = zone.as_object_mut() else {
            return Ok(());
        };
        if let Some(name) = zone.remove("answers_ref") {
            zone.insert(
                "answers".into(),
                self.record_set(name.as_str().unwrap_or_default())?,
            );
        }
        Ok(())
    }

    /// The records of a named set.
    pub(super) fn record_set(&self, name: &str) -> Result<Value, String> {
        Ok(self.fixture("record_sets", name)?["records"].clone())
    }
}

fn format_of(root: &Value) -> Option<Format> {
    if root["format"].as_str() == Some("istio-dns-cases/1") {
        return Some(Format::Istio);
    }
    let is_kubernetes = root["version"].as_u64() == Some(1)
        && root["title"].is_string()
        && root["suites"].is_object();
    is_kubernetes.then_some(Format::Kubernetes)
}

/// Reads a part of a case into its type; an unknown key is named with its path.
pub(super) fn parse<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        if message.starts_with("unknown field") {
            format!("unknown key {path}")
        } else {
            format!("{path}: {message}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default, rename = "given")]
        _given: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {}

    #[test]
    fn an_unknown_key_is_named_with_its_path() {
        let error = parse::<Outer>(serde_json::json!({"given": [{}, {"foo": 1}]})).unwrap_err();
        assert_eq!(error, "unknown key given[1].foo");
    }

    #[test]
    fn a_format_is_told_by_content() {
        let kubernetes = serde_json::json!({"title": "x", "version": 1, "suites": {}});
        assert_eq!(format_of(&kubernetes), Some(Format::Kubernetes));
        let istio = serde_json::json!({"format": "istio-dns-cases/1"});
        assert_eq!(format_of(&istio), Some(Format::Istio));
        assert_eq!(format_of(&serde_json::json!({"format": "other/1"})), None);
    }
}
