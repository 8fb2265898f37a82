//! Suite `istio-coredns-plugin`: ServiceEntries, served as the authority for their domains.

use super::agent::wildcards;
use super::agents::{Agent, Agents, QueryText, check};
use super::document::{Document, parse};
use super::expect_text::ExpectText;
use super::expectation::Expectation;
use super::overrides::{Change, Facts, change_of};
use super::report::Verdict;
use crate::callsign::Launch;
use crate::client::Question;
use crate::records::Order;
use hickory_proto::rr::RecordType;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// TTL and order of the plugin, which are not ours: it answers 3,600 s in the order of the object.
const REASON_OF_ALL: &str = "TTL 30, addresses in any order";

/// The zone that the plugin's own installation served.
const PLUGIN_ZONE: &str = "global";

/// TTL of our answers from the table.
const TTL_SECS: u32 = 30;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    suite: String,
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    #[serde(rename = "class")]
    _class: String,
    given: GivenText,
    query: QueryText,
    expect: ExpectText,
    better: Option<Value>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    registry: RegistryText,
    default_address: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistryText {
    pub(super) service_entries: Vec<ServiceEntryText>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntryText {
    name: String,
    pub(super) namespace: String,
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    #[serde(default)]
    ports: Vec<PortText>,
    pub(super) resolution: String,
    location: Option<String>,
    #[serde(default)]
    endpoints: Vec<EndpointText>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PortText {
    number: u16,
    name: String,
    protocol: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct EndpointText {
    address: String,
}

/// Runs a case.
pub(super) fn run(
    document: &Document,
    case: &Value,
    agents: &mut Agents,
) -> Result<Verdict, String> {
    let case: CaseText = parse(document.resolved(case)?)?;
    if case.given.default_address.is_some() {
        return Ok(Verdict::Skipped(
            "a default address is an option of the plugin alone".to_owned(),
        ));
    }
    let question = case.query.question()?;
    let mut expectation = case
        .expect
        .clone()
        .expectation(&case.query.name, |set| document.record_set(set))?;
    let reason = case.change(&question, &mut expectation)?;
    expectation.order = Order::Any;
    for answer in expectation.answers.iter_mut().flatten() {
        answer.ttl_secs = Some(TTL_SECS);
    }
    let zones = case.given.registry.zones(&case.query.name);
    let key = serde_json::to_string(&(&case.given, &zones)).map_err(|error| error.to_string())?;
    let agent = agents.of(key, || case.given.registry.start(&zones))?;
    check(agent, &question, &case.query.transports(), &expectation)?;
    Ok(Verdict::HeldOverridden(reason))
}

impl CaseText {
    /// Changes the expectation and gives the reason.
    fn change(&self, question: &Question, expectation: &mut Expectation) -> Result<String, String> {
        let registry = &self.given.registry;
        let settled = match change_of(&self.suite, &self.name, self.better.as_ref())? {
            Some(change) => Some(change),
            None => registry.settled(question, expectation),
        };
        let Some((change, reason)) = settled else {
            return Ok(REASON_OF_ALL.to_owned());
        };
        let facts = Facts {
            question,
            addresses: &|host| registry.addresses(host),
            search: &[],
            domain: "cluster.local",
            script: None,
        };
        change.apply(expectation, &facts)?;
        Ok(format!("{reason}; {REASON_OF_ALL}"))
    }
}

impl RegistryText {
    /// What was settled otherwise for a name that the plugin denies.
    fn settled(&self, question: &Question, expectation: &Expectation) -> Option<(Change, String)> {
        if expectation.rcode.as_deref() != Some("NXDOMAIN") {
            return None;
        }
        let host = question.name.to_ascii();
        let (change, reason) = match self.addresses(&host) {
            Some(_) if question.rtype != RecordType::A => (
                Change::NoData,
                "other types of a name the table owns are NODATA",
            ),
            Some(addresses) if addresses.is_empty() => (
                Change::AllottedAddress,
                "a host without addresses is allotted one",
            ),
            Some(_) => (
                Change::Addresses,
                "an entry or wildcard of its own registry covers the name",
            ),
            None if self.is_parent(&host) => (
                Change::NoData,
                "in our zones the parent of a name is NODATA",
            ),
            None => return None,
        };
        Some((change, reason.to_owned()))
    }

    /// Addresses of a host: its own entry's, or those of the longest wildcard above it. Empty for
    /// an entry without addresses.
    fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let find = |name: &str| {
            let has = |entry: &&ServiceEntryText| {
                entry.hosts.iter().any(|h| h.eq_ignore_ascii_case(name))
            };
            self.service_entries.iter().find(has)
        };
        let entry = find(&host).or_else(|| wildcards(&host).find_map(|name| find(&name)))?;
        let addresses = entry.addresses.iter();
        Some(
            addresses
                .filter_map(|text| text.trim_end_matches("/32").parse().ok())
                .collect(),
        )
    }

    fn is_parent(&self, host: &str) -> bool {
        let below = format!(".{}", host.trim_end_matches('.').to_ascii_lowercase());
        let mut hosts = self.service_entries.iter().flat_map(|entry| &entry.hosts);
        hosts.any(|host| host.to_ascii_lowercase().ends_with(&below))
    }

    /// The plugin is the authority for whatever it is asked: the domains of the registry and of the
    /// question.
    fn zones(&self, asked: &str) -> BTreeSet<String> {
        let hosts = self.service_entries.iter().flat_map(|entry| &entry.hosts);
        let hosts = hosts.map(|host| host.trim_start_matches("*."));
        let asked = asked.trim_end_matches('.').to_ascii_lowercase();
        hosts.chain([asked.as_str()]).map(zone_of).collect()
    }

    fn start(&self, zones: &BTreeSet<String>) -> Result<Agent, String> {
        let mut launch = Launch::agent()?;
        let objects = launch.write("objects/service-entries.yaml", &self.objects())?;
        let folder = objects.parent().unwrap_or(&objects);
        launch = launch.flag("--table", folder).flag("--upstream", "none");
        for zone in zones {
            launch = launch.flag("--zone", zone);
        }
        Agent::start(&launch, Vec::new())
    }

    fn objects(&self) -> String {
        documents(self.service_entries.iter().map(ServiceEntryText::object))
    }
}

impl ServiceEntryText {
    /// It as Istio's object.
    pub(super) fn object(&self) -> Value {
        let default_port = json!([{"number": 80, "name": "http", "protocol": "HTTP"}]);
        let ports = &self.ports;
        let mut spec = json!({
            "hosts": self.hosts,
            "ports": if ports.is_empty() { default_port } else { json!(ports) },
            "resolution": self.resolution,
        });
        if !self.addresses.is_empty() {
            spec["addresses"] = json!(self.addresses);
        }
        if !self.endpoints.is_empty() {
            spec["endpoints"] = json!(self.endpoints);
        }
        if let Some(location) = &self.location {
            spec["location"] = json!(location);
        }
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "ServiceEntry",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
        })
    }
}

/// The zone of a host: the plugin's own, or its last two labels.
fn zone_of(host: &str) -> String {
    if host == PLUGIN_ZONE || host.ends_with(&format!(".{PLUGIN_ZONE}")) {
        return PLUGIN_ZONE.to_owned();
    }
    let labels: Vec<_> = host.split('.').collect();
    labels[labels.len().saturating_sub(2)..].join(".")
}

/// Objects as the documents of one YAML file; every JSON value is a YAML node.
pub(super) fn documents(objects: impl IntoIterator<Item = Value>) -> String {
    objects
        .into_iter()
        .map(|object| format!("---\n{object:#}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_the_plugins_own_or_two_labels() {
        assert_eq!(zone_of("httpbin.bar.global"), "global");
        assert_eq!(zone_of("global"), "global");
        assert_eq!(zone_of("maps.google.com"), "google.com");
    }
}
