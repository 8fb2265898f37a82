//! Whether an entry of a table is what a step expects.

use super::bindings::Bindings;
use super::expect::{EndpointExpect, TableExpect, UnavailableExpect};
use super::json::matches;
use serde_json::{Map, Value, json};

/// Nearness of two shares that are the same.
const SHARE_TOLERANCE: f64 = 0.001;

/// The variant of a name in a table; `None` if there is no entry.
pub(super) fn entry_of(table: &Value, name: &str) -> Option<Value> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let entries = table.as_array()?.iter();
    let mut named = entries.filter(|entry| entry["name"] == json!(name));
    named.next().cloned()
}

/// What differs from what was expected of an entry; nothing if it is as expected.
pub(super) fn differences(
    expected: &TableExpect,
    entry: &Value,
    bindings: &mut Bindings,
) -> Vec<String> {
    let mut found = Vec::new();
    for (key, text) in [
        ("name", &expected.name),
        ("vip_state", &expected.vip_state),
        ("name_state", &expected.name_state),
    ] {
        if let Some(text) = text
            && !bindings.matches(text, text_of(&entry[key]))
        {
            found.push(format!("{key}: expected {text}, got {}", entry[key]));
        }
    }
    if let Some(ttl) = expected.ttl
        && entry["ttl"] != json!(ttl)
    {
        found.push(format!("ttl: expected {ttl}, got {}", entry["ttl"]));
    }
    if let Some(vips) = &expected.vips
        && !same_texts(vips, &entry["vips"], bindings)
    {
        let vips: Vec<_> = vips.iter().map(|vip| bindings.shown(vip)).collect();
        found.push(format!("vips: expected {vips:?}, got {}", entry["vips"]));
    }
    if let Some(ports) = &expected.ports {
        let ports = json!(ports);
        if !matches(&ports, &entry["ports"], bindings) {
            found.push(format!("ports: expected {ports}, got {}", entry["ports"]));
        }
    }
    if let Some(endpoints) = &expected.endpoints {
        found.extend(of_endpoints(endpoints, &entry["endpoints"], bindings));
    }
    if let Some(unavailable) = &expected.unavailable {
        found.extend(of_unavailable(unavailable, &entry["unavailable"], bindings));
    }
    found
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn same_texts(expected: &[String], got: &Value, bindings: &mut Bindings) -> bool {
    let mut left: Vec<&str> = got.as_array().into_iter().flatten().map(text_of).collect();
    expected.len() == left.len()
        && expected.iter().all(|text| {
            let found = left.iter().position(|got| bindings.matches(text, got));
            found.map(|at| left.remove(at)).is_some()
        })
}

/// The usable members, complete; they are in the order of their priorities, and inside one in any.
fn of_endpoints(
    expected: &[EndpointExpect],
    got: &Value,
    bindings: &mut Bindings,
) -> Option<String> {
    let got = got.as_array().cloned().unwrap_or_default();
    let facts = facts_of(&got);
    let mut left: Vec<&Fact<'_>> = facts.iter().collect();
    let is_same = expected.len() == left.len()
        && expected.iter().all(|endpoint| {
            let found = left.iter().position(|fact| fact.is(endpoint, bindings));
            found.map(|at| left.remove(at)).is_some()
        });
    let is_ordered = facts
        .windows(2)
        .all(|pair| pair[0].priority <= pair[1].priority);
    match is_same && is_ordered {
        true => None,
        false => Some(format!(
            "endpoints: expected {}, got {}",
            shown(expected.iter().map(EndpointExpect::shown)),
            Value::Array(got)
        )),
    }
}

/// An endpoint with its place among the others.
struct Fact<'g> {
    endpoint: &'g Value,
    /// Dense rank of its priority.
    priority: u64,
    /// Part of all weights of its priority.
    share: f64,
}

fn facts_of(endpoints: &[Value]) -> Vec<Fact<'_>> {
    let priority = |endpoint: &Value| endpoint["priority"].as_u64().unwrap_or(u64::MAX);
    let weight = |endpoint: &Value| endpoint["weight"].as_f64().unwrap_or(0.0);
    let mut priorities: Vec<u64> = endpoints.iter().map(priority).collect();
    priorities.sort_unstable();
    priorities.dedup();
    let fact = |endpoint| {
        let own = priority(endpoint);
        let peers = endpoints.iter().filter(|other| priority(other) == own);
        let rank = priorities.iter().position(|known| *known == own);
        Fact {
            endpoint,
            priority: rank.unwrap_or(0) as u64,
            share: weight(endpoint) / peers.map(weight).sum::<f64>(),
        }
    };
    endpoints.iter().map(fact).collect()
}

impl Fact<'_> {
    fn is(&self, expected: &EndpointExpect, bindings: &mut Bindings) -> bool {
        let got = self.endpoint;
        let texts = [
            ("address", &expected.address),
            ("cluster", &expected.cluster),
            ("network", &expected.network),
            ("locality", &expected.locality),
            ("via", &expected.via),
            ("authority", &expected.authority),
            ("transit", &expected.transit),
            ("state", &expected.state),
        ];
        let mut are_texts_same = texts.into_iter().map(|(key, text)| {
            text.as_ref()
                .is_none_or(|text| bindings.matches(text, text_of(&got[key])))
        });
        are_texts_same.all(|is_same| is_same)
            && expected.port.is_none_or(|port| got["port"] == json!(port))
            && expected
                .priority
                .is_none_or(|priority| priority == self.priority)
            && expected
                .weight
                .is_none_or(|weight| got["weight"] == json!(weight))
            && expected
                .weight_share
                .is_none_or(|share| (share - self.share).abs() < SHARE_TOLERANCE)
            && expected
                .subset
                .as_ref()
                .is_none_or(|subset| got["subset"] == json!(subset))
            && expected
                .identity
                .as_ref()
                .is_none_or(|identity| matches(identity, &got["identity"], bindings))
    }
}

fn of_unavailable(
    expected: &[UnavailableExpect],
    got: &Value,
    bindings: &mut Bindings,
) -> Option<String> {
    let mut left: Vec<&Value> = got.as_array().into_iter().flatten().collect();
    let is_same = expected.len() == left.len()
        && expected.iter().all(|member| {
            let wanted = wanted_of(member);
            let found = left.iter().position(|got| matches(&wanted, got, bindings));
            found.map(|at| left.remove(at)).is_some()
        });
    match is_same {
        true => None,
        false => Some(format!(
            "unavailable: expected {}, got {got}",
            shown(expected.iter().map(wanted_of))
        )),
    }
}

fn shown(expected: impl Iterator<Item = Value>) -> Value {
    expected.collect()
}

fn wanted_of(member: &UnavailableExpect) -> Value {
    let mut wanted = Map::new();
    for (key, text) in [
        ("address", &member.address),
        ("cluster", &member.cluster),
        ("network", &member.network),
        ("reason", &member.reason),
    ] {
        if let Some(text) = text {
            wanted.insert(key.to_owned(), json!(text));
        }
    }
    if let Some(port) = member.port {
        wanted.insert("port".to_owned(), json!(port));
    }
    Value::Object(wanted)
}

/// What of a table is the same as long as its answers and endpoints are: without what tells of
/// sources and their age.
pub(super) fn substance(table: &Value) -> Value {
    let mut table = table.clone();
    for entry in table.as_array_mut().into_iter().flatten() {
        if let Some(entry) = entry.as_object_mut() {
            for key in ["source", "created", "name_state", "held_generation"] {
                entry.remove(key);
            }
        }
    }
    table
}
