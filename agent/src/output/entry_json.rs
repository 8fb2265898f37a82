//! One entry as JSON: every field on every entry, what is empty as `[]`, `{}` or null.

use super::timestamp::rfc3339;
use dns_core::{
    Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry, Port, Source, VipWanted,
    Visibility,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is shown of an entry that depends on who looks.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// Its virtual addresses.
    pub(super) vips: Vec<IpAddr>,
    /// Its TTL in seconds.
    pub(super) ttl_secs: u32,
    /// Whether a change of its source is held back.
    pub(super) is_held: bool,
}

/// The entry with every field.
pub(super) fn entry_json(entry: &HostEntry, shown: &Shown) -> Value {
    let ranks = ranks(entry);
    let rank = |priority: u32| ranks.iter().filter(|lower| **lower < priority).count();
    let (usable, unavailable): (Vec<_>, Vec<_>) = entry
        .endpoints
        .iter()
        .partition(|endpoint| endpoint.state == EndpointState::Ready);
    let endpoints = |endpoints: Vec<&Endpoint>| -> Value {
        let shown = endpoints.into_iter();
        shown
            .map(|known| endpoint(known, rank(known.priority)))
            .collect()
    };
    json!({
        "name": entry.name.to_string(),
        "kind": entry.kind.label(),
        "namespace": entry.namespace.as_deref(),
        "vips": texts(&shown.vips),
        "vip_state": entry.vip_state.label(),
        "vip_wanted": families(entry.vip_wanted),
        "former_vips": texts(&entry.former_vips),
        "addresses": entry.addresses.iter().map(address).collect::<Value>(),
        "cname": entry.cname.as_ref().map(ToString::to_string),
        "ttl": shown.ttl_secs,
        "ports": entry.ports.iter().map(port).collect::<Value>(),
        "endpoints": endpoints(usable),
        "unavailable": endpoints(unavailable),
        "alias_of": entry.alias_of.as_ref().map(ToString::to_string),
        "short_names": entry.short_names,
        "visibility": visibility(&entry.visibility),
        "canonical": entry.canonical,
        "created": entry.created_secs.map(rfc3339),
        "name_state": entry.state.label(),
        "held_generation": shown.is_held,
        "source": source(&entry.source),
    })
}

/// The priorities that usable endpoints have, each once: their places are the ranks that are shown,
/// 0 first and none left out.
fn ranks(entry: &HostEntry) -> BTreeSet<u32> {
    let usable = entry.endpoints.iter();
    let usable = usable.filter(|endpoint| endpoint.state == EndpointState::Ready);
    usable.map(|endpoint| endpoint.priority).collect()
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn families(wanted: VipWanted) -> Vec<&'static str> {
    let families = [(wanted.v4, "ipv4"), (wanted.v6, "ipv6")];
    families
        .into_iter()
        .filter(|(is_wanted, _)| *is_wanted)
        .map(|(_, label)| label)
        .collect()
}

fn address(address: &HostAddress) -> Value {
    json!({
        "ip": address.ip.to_string(),
        "origin": address.origin.label(),
        "network": address.network.as_deref(),
    })
}

fn port(port: &Port) -> Value {
    json!({
        "name": port.name.as_deref(),
        "port": port.number,
        "protocol": port.transport.label(),
        "app_protocol": port.app_protocol.as_deref(),
    })
}

fn endpoint(endpoint: &Endpoint, rank: usize) -> Value {
    let (state, reason) = match &endpoint.state {
        EndpointState::Ready => ("ready", None),
        EndpointState::Unavailable(reason) => ("unavailable", Some(&**reason)),
    };
    let subset = endpoint
        .subset
        .iter()
        .map(|(label, value)| (label.to_string(), json!(&**value)));
    json!({
        "address": endpoint_address(&endpoint.address),
        "port": endpoint.port,
        "port_name": endpoint.port_name.as_deref(),
        "hostname": endpoint.hostname.as_deref(),
        "cluster": endpoint.cluster.as_deref(),
        "network": endpoint.network.as_deref(),
        "locality": endpoint.locality.as_ref().map(ToString::to_string),
        "subset": Value::Object(subset.collect()),
        "via": endpoint.via.label(),
        "priority": rank,
        "weight": endpoint.weight,
        "state": state,
        "reason": reason,
        "authority": endpoint.authority.as_deref(),
        "identity": endpoint.identity.iter().map(|identity| &**identity).collect::<Vec<_>>(),
        "transit": endpoint.transit.as_deref(),
    })
}

/// An address as it is printed.
pub(super) fn endpoint_address(address: &EndpointAddress) -> String {
    match address {
        EndpointAddress::Ip(ip) => ip.to_string(),
        EndpointAddress::Host(name) => name.to_string(),
        EndpointAddress::Unix(path) => format!("unix://{path}"),
    }
}

fn visibility(visibility: &Visibility) -> Value {
    match visibility {
        Visibility::Everyone => json!("*"),
        Visibility::Namespaces(namespaces) => namespaces
            .iter()
            .map(|namespace| json!(&**namespace))
            .collect(),
    }
}

fn source(source: &Source) -> Value {
    json!({
        "cluster": source.cluster.as_deref(),
        "kind": &*source.kind,
        "namespace": source.namespace.as_deref(),
        "name": &*source.name,
        "location": source.location,
        "generation": source.generation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{host, pay, served, snapshot};
    use dns_core::HostKind;

    /// An entry as an empty table has it.
    fn json_of(entry: &HostEntry) -> Value {
        let empty = snapshot(Vec::new());
        entry_json(entry, &served(&empty).shown(entry))
    }

    #[test]
    fn the_ttl_is_the_one_served() {
        let own = HostEntry {
            ttl_secs: Some(7),
            ..pay()
        };
        assert_eq!(json_of(&own)["ttl"], 7);
        assert_eq!(json_of(&pay())["ttl"], 30);
    }

    #[test]
    fn endpoints_are_told_apart_by_whether_they_may_be_used() {
        let json = json_of(&pay());
        assert_eq!(json["endpoints"][0]["address"], "203.0.113.12");
        assert_eq!(json["endpoints"][0]["port"], 15443);
        assert_eq!(json["endpoints"][0]["via"], "gateway");
        assert_eq!(json["endpoints"][0]["subset"], json!({"version": "v3"}));
        assert_eq!(json["endpoints"][0]["locality"], "us-west/us-west-a");
        assert_eq!(json["endpoints"][0]["reason"], Value::Null);
        assert_eq!(json["endpoints"].as_array().unwrap().len(), 1);
        assert_eq!(json["unavailable"][0]["cluster"], "cluster4");
        assert_eq!(json["unavailable"][0]["reason"], "no-gateway(net4)");
    }

    #[test]
    fn priorities_are_shown_as_ranks_without_gaps() {
        let at = |ip: &str, priority, state| Endpoint {
            priority,
            state,
            ..Endpoint::new(EndpointAddress::Ip(ip.parse().unwrap()), 1)
        };
        let mut entry = host("a.example.com", HostKind::External);
        entry.endpoints = vec![
            at("192.0.2.1", 3, EndpointState::Ready),
            at(
                "192.0.2.2",
                5,
                EndpointState::Unavailable("not-ready".into()),
            ),
            at("192.0.2.3", 7, EndpointState::Ready),
        ];
        let json = json_of(&entry);
        let rank = |list: &str, index: usize| json[list][index]["priority"].as_u64();
        assert_eq!(rank("endpoints", 0), Some(0));
        assert_eq!(rank("endpoints", 1), Some(1));
        assert_eq!(rank("unavailable", 0), Some(1));
    }

    #[test]
    fn an_entry_that_says_nothing_has_all_the_fields_of_one_that_says_everything() {
        let keys = |json: &Value| {
            json.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let bare = json_of(&host("a.example.com", HostKind::External));
        assert_eq!(keys(&bare), keys(&json_of(&pay())));
        assert_eq!(bare["endpoints"], json!([]));
        assert_eq!(bare["visibility"], "*");
        assert_eq!(bare["created"], Value::Null);
        assert_eq!(bare["source"]["location"], "objects.yaml:7");
    }
}
