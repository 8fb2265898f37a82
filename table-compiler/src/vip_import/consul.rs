//! Consul: services with their virtual addresses.

use super::{Entry, Found, VipMapShape};
use serde_json::Value;
use std::net::Ipv4Addr;

/// Key of the address among `TaggedAddresses`.
const TAG: &str = "consul-virtual";
/// Domain that names end in; Consul's default.
const DOMAIN: &str = "consul";
/// Consul's snapshots count addresses from here; what they hold is below the first 2^28.
const FIRST: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 0);

pub(super) fn read(document: &Value) -> Option<Found> {
    let services: Vec<(String, &Value)> = match document {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, item)| (format!("[{at}]"), item)).collect()
        }
        Value::Object(_) if is_service(document) => vec![(String::new(), document)],
        Value::Object(fields) if fields.values().all(is_service) => {
            let fields = fields.iter();
            fields.map(|(id, service)| (id.clone(), service)).collect()
        }
        _ => return None,
    };
    if services.is_empty() || !services.iter().all(|(_, service)| is_service(service)) {
        return None;
    }
    let entries = services
        .into_iter()
        .filter_map(|(place, service)| entry(place, service));
    Some(Found {
        shape: VipMapShape::Consul,
        entries: entries.collect(),
    })
}

fn is_service(item: &Value) -> bool {
    item["Service"].is_object() || item["Service"].is_string() || item["ServiceName"].is_string()
}

/// Services without a virtual address are left out without a word: lists are full of them.
fn entry(place: String, item: &Value) -> Option<Entry> {
    // Health lists nest the service, catalog lists prefix its fields, agent lists have it plain.
    let service = if item["Service"]["Service"].is_string() {
        &item["Service"]
    } else {
        item
    };
    let tagged = [
        &service["TaggedAddresses"],
        &service["ServiceTaggedAddresses"],
    ];
    let tagged = tagged.iter().find_map(|tags| tags[TAG]["Address"].as_str());
    let stored = item["IP"].as_str().filter(|text| !text.is_empty());
    let manual = [&item["ManualIPs"], &item["ManualVIPs"]];
    let manual = manual.iter().find_map(|list| list[0].as_str());
    let address = tagged.map(str::to_owned);
    let address = address.or_else(|| stored.map(from_snapshot));
    let address = address.or_else(|| manual.map(str::to_owned))?;
    Some(Entry {
        place,
        name: name_of(item, service),
        address: Ok(address),
    })
}

/// `<service>.virtual[.<namespace>.ns][.<peer>].consul`; a proxy's address is its destination's.
fn name_of(item: &Value, service: &Value) -> String {
    let texts = |values: &[&Value]| -> String {
        let texts = values.iter().filter_map(|value| value.as_str());
        texts
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let key = &item["Service"];
    let name = texts(&[
        &service["Proxy"]["DestinationServiceName"],
        &service["ServiceProxy"]["DestinationServiceName"],
        &service["Service"],
        &service["ServiceName"],
        &key["ServiceName"]["Name"],
        &key["Name"],
    ]);
    let namespace = texts(&[
        &service["Namespace"],
        &key["Namespace"],
        &key["ServiceName"]["Namespace"],
        &key["EnterpriseMeta"]["Namespace"],
        &key["ServiceName"]["EnterpriseMeta"]["Namespace"],
    ]);
    let peer = texts(&[&service["PeerName"], &key["Peer"], &key["PeerName"]]);
    let mut text = format!("{name}.virtual");
    if !namespace.is_empty() && namespace != "default" {
        text.push_str(&format!(".{namespace}.ns"));
        if !peer.is_empty() {
            text.push_str(&format!(".{peer}.peer"));
        }
    } else if !peer.is_empty() {
        text.push_str(&format!(".{peer}"));
    }
    format!("{text}.{DOMAIN}")
}

/// Snapshots hold the offset of an address that Consul counted, and others as they are.
fn from_snapshot(text: &str) -> String {
    let offset = text.parse::<Ipv4Addr>().ok();
    let offset = offset.filter(|ip| ip.to_bits() < !FIRST.to_bits());
    offset.map_or_else(
        || text.to_owned(),
        |ip| Ipv4Addr::from_bits(FIRST.to_bits() | ip.to_bits()).to_string(),
    )
}
