//! Kuma: the map of a mesh, in its ConfigMap, its `Config` resource, or alone.

use super::{Entry, Found, VipMapShape};
use serde_json::{Map, Value};

/// Domain that services are answered under; Kuma's default.
const DOMAIN: &str = "mesh";

pub(super) fn read(document: &Value) -> Option<Found> {
    let texts = [
        &document["data"]["config"],
        &document["data"]["vips"],
        &document["config"],
    ];
    let inner = texts.iter().find_map(|text| text.as_str());
    let inner: Option<Value> = match inner {
        Some(text) => Some(serde_json::from_str(text).ok()?),
        None => None,
    };
    let map = inner.as_ref().unwrap_or(document).as_object()?;
    // Kubernetes objects of other kinds are maps with texts in them too.
    if inner.is_none() && (map.is_empty() || !map.values().all(|value| address(value).is_some())) {
        return None;
    }
    Some(Found {
        shape: VipMapShape::Kuma,
        entries: entries(map),
    })
}

fn entries(map: &Map<String, Value>) -> Vec<Entry> {
    let entries = map.iter().map(|(key, value)| Entry {
        place: key.clone(),
        name: name_of(key),
        address: address(value).map(str::to_owned).ok_or("has no address"),
    });
    entries.collect()
}

/// A text in old versions, an object with an address in later ones.
fn address(value: &Value) -> Option<&str> {
    let text = value.as_str().or_else(|| value["address"].as_str())?;
    text.parse::<std::net::IpAddr>().ok().map(|_| text)
}

/// Later versions put the kind before the name: 0 a service, 1 the host of an external service,
/// 2 a name that a policy made. Keys without kind are services.
fn name_of(key: &str) -> String {
    match key.split_once(':') {
        Some(("1" | "2", host)) => host.to_owned(),
        Some(("0", service)) => format!("{service}.{DOMAIN}"),
        _ => format!("{key}.{DOMAIN}"),
    }
}
