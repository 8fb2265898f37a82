//! Istio: what its allocator wrote into the status of ServiceEntries.

use super::{Entry, Found, VipMapShape};
use serde_json::Value;

pub(super) fn read(document: &Value) -> Option<Found> {
    let is_of_istio = |version: &str| version.starts_with("networking.istio.io/");
    let is_entry = document["kind"] == "ServiceEntry"
        && document["apiVersion"].as_str().is_some_and(is_of_istio);
    if !is_entry {
        return None;
    }
    let metadata = &document["metadata"];
    let [namespace, name] = ["namespace", "name"].map(|key| metadata[key].as_str().unwrap_or("-"));
    let addresses = document["status"]["addresses"].as_array();
    let entries = addresses.into_iter().flatten().enumerate();
    let entries = entries.map(|(at, address)| Entry {
        place: format!("{namespace}/{name}: status.addresses[{at}]"),
        name: host_of(document, address).unwrap_or_default().to_owned(),
        address: address["value"]
            .as_str()
            .map(str::to_owned)
            .ok_or("has no value"),
    });
    Some(Found {
        shape: VipMapShape::Istio,
        entries: entries.collect(),
    })
}

/// The host of an address; where the address names none, the only one of the ServiceEntry.
fn host_of<'d>(document: &'d Value, address: &'d Value) -> Option<&'d str> {
    let hosts = document["spec"]["hosts"].as_array();
    let only = hosts
        .filter(|hosts| hosts.len() == 1)
        .and_then(|hosts| hosts[0].as_str());
    address["host"].as_str().or(only)
}
