//! Admiral: the addresses of its ServiceEntries.

use super::{Entry, Found, VipMapShape};
use crate::input::yaml_documents;
use serde_json::Value;

/// What Admiral appends to a host to name the ServiceEntry that the store is keyed by.
const SUFFIX: &str = "-se";

pub(super) fn read(document: &Value) -> Option<Found> {
    let inner = match document["data"]["serviceEntryAddressStore"].as_str() {
        Some(text) => Some(yaml_documents(text).0.first()?.to_json()),
        None => None,
    };
    let store = inner.as_ref().unwrap_or(document);
    let addresses = [&store["entry-addresses"], &store["entryAddresses"]];
    let addresses = addresses.iter().find_map(|map| map.as_object());
    if inner.is_none() && addresses.is_none() {
        return None;
    }
    let entries = addresses
        .into_iter()
        .flatten()
        .map(|(entry, address)| Entry {
            place: entry.clone(),
            name: entry.strip_suffix(SUFFIX).unwrap_or(entry).to_owned(),
            address: address.as_str().map(str::to_owned).ok_or("has no address"),
        });
    Some(Found {
        shape: VipMapShape::Admiral,
        entries: entries.collect(),
    })
}
