//! An explanation as JSON.

use super::Explained;
use crate::output::entry_json::endpoint_address;
use crate::output::timestamp::rfc3339;
use dns_core::vip::Record;
use dns_core::{Endpoint, EndpointState, HostEntry};
use serde_json::{Value, json};
use table_compiler::{ObjectRef, Rejected};

/// Reason of a gateway whose service has no ready endpoint behind it.
const NO_READY_ENDPOINTS: &str = "no-ready-endpoints";

/// The explanation as one JSON object.
pub(crate) fn explained_json(explained: &Explained) -> Value {
    let entry = explained.entry.as_deref();
    let endpoints = entry.map(|entry| entry.endpoints.as_slice());
    let endpoints = endpoints.unwrap_or_default();
    let is_ready = |endpoint: &&Endpoint| endpoint.state == EndpointState::Ready;
    let endpoint = |endpoint: &Endpoint| endpoint_json(explained, endpoint);
    json!({
        "name": explained.name.to_string(),
        "asked": explained.asked.to_string(),
        "from": format!("{}/{}", explained.from.cluster, explained.from.namespace),
        "answer": answer_json(explained),
        "kind": entry.map(|entry| entry.kind.label()),
        "state": entry.map(|entry| entry.state.label()),
        "alias_of": entry.and_then(|entry| entry.alias_of.as_ref()).map(ToString::to_string),
        "rule": explained.rule,
        "sources": sources_json(explained),
        "rejected": explained.rejected.iter().map(rejected_json).collect::<Value>(),
        "vip": vip_json(explained, entry),
        "ready": endpoints.iter().filter(is_ready).count(),
        "members": endpoints.iter().map(endpoint).collect::<Value>(),
        "endpoints": endpoints.iter().filter(is_ready).map(endpoint).collect::<Value>(),
    })
}

fn answer_json(explained: &Explained) -> Value {
    let answer = &explained.answer;
    json!({
        "result": answer.result.label(),
        "addresses": answer.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "cname": answer.cnames.first(),
        "ttl": answer.ttl_secs,
    })
}

fn sources_json(explained: &Explained) -> Value {
    let sources = explained.sources.iter();
    sources
        .map(|(object, location)| {
            let mut json = object_json(object);
            json["location"] = json!(location);
            json
        })
        .collect()
}

fn rejected_json(rejected: &Rejected) -> Value {
    let mut json = object_json(&rejected.object);
    json["reason"] = json!(rejected.reason);
    json
}

fn object_json(object: &ObjectRef) -> Value {
    json!({
        "object": object.to_string(),
        "cluster": &*object.cluster,
        "kind": &*object.role,
        "namespace": &*object.namespace,
        "name": &*object.name,
    })
}

fn vip_json(explained: &Explained, entry: Option<&HostEntry>) -> Value {
    let former = entry.map(|entry| entry.former_vips.as_slice());
    let addresses = entry.into_iter().flat_map(|entry| &entry.addresses);
    let virtual_ones = addresses.filter(|address| address.origin.is_virtual());
    json!({
        "state": entry.map(|entry| entry.vip_state.label()),
        "addresses": virtual_ones.map(|address| address.ip.to_string()).collect::<Vec<_>>(),
        "former": former.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "history": explained.history.iter().map(record_json).collect::<Value>(),
    })
}

fn record_json(record: &Record) -> Value {
    json!({
        "address": record.address.to_string(),
        "pool": record.pool.label(),
        "state": record.state.label(),
        "origin": record.origin.label(),
        "first_seen": rfc3339(record.first_seen_ms / 1000),
        "since": rfc3339(record.changed_ms / 1000),
    })
}

fn endpoint_json(explained: &Explained, endpoint: &Endpoint) -> Value {
    let (state, reason) = match &endpoint.state {
        EndpointState::Ready => ("ready", place(explained, endpoint)),
        EndpointState::Unavailable(reason) => ("not_ready", why(explained, endpoint, reason)),
    };
    json!({
        "cluster": endpoint.cluster.as_deref(),
        "address": endpoint_address(&endpoint.address),
        "port": endpoint.port,
        "port_name": endpoint.port_name.as_deref(),
        "network": endpoint.network.as_deref(),
        "locality": endpoint.locality.as_ref().map(ToString::to_string),
        "via": endpoint.via.label(),
        "priority": endpoint.priority,
        "weight": endpoint.weight,
        "state": state,
        "reason": reason,
        "authority": endpoint.authority.as_deref(),
        "transit": endpoint.transit.as_deref(),
    })
}

/// Where a usable endpoint is, which is what its priority comes from.
fn place(explained: &Explained, endpoint: &Endpoint) -> String {
    let cluster = endpoint.cluster.as_deref();
    let place = if cluster == Some(explained.from.cluster.as_str()) {
        "in the client's cluster".to_owned()
    } else {
        let locality = endpoint.locality.as_ref().map(ToString::to_string);
        match (cluster, locality.filter(|locality| !locality.is_empty())) {
            (Some(cluster), Some(locality)) => format!("in {cluster} ({locality})"),
            (Some(cluster), None) => format!("in {cluster}"),
            (None, Some(locality)) => format!("in {locality}"),
            (None, None) => "of no known cluster".to_owned(),
        }
    };
    match &endpoint.transit {
        Some(transit) => format!("{place}, by way of {transit}"),
        None => place,
    }
}

/// Why an endpoint is of no use. A gateway stands for the service behind it.
fn why(explained: &Explained, endpoint: &Endpoint, reason: &str) -> String {
    if reason != NO_READY_ENDPOINTS {
        return reason.to_owned();
    }
    let of_cluster = explained.services.iter().filter(|member| {
        member.ready == 0 && Some(&member.service.cluster) == endpoint.cluster.as_ref()
    });
    let services: Vec<String> = of_cluster
        .map(|member| format!("{}.{}", member.service.name, member.service.namespace))
        .collect();
    match services.as_slice() {
        [] => reason.to_owned(),
        [one] => format!("{one} has 0 ready endpoints"),
        several => format!("{} have 0 ready endpoints", several.join(", ")),
    }
}
