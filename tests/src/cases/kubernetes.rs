//! The Kubernetes format: Services and EndpointSlices of a cluster, and ServiceImports of a cluster
//! set, served as the authority for their zones to clients without a namespace.

use super::agents::{Agent, Agents, check};
use super::document::{Document, parse};
use super::expect_text::KubernetesExpectText;
use super::kubernetes_objects::{EndpointsText, ObjectsText, ServiceImportText, ServiceText};
use super::report::Verdict;
use super::upstream_text::KubernetesUpstreamText;
use crate::callsign::Launch;
use crate::client::Question;
use dns_core::Transport;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a change of the objects may take to show: five times what is promised, so that a busy
/// machine does not decide the case.
const CHANGE_MAX: Duration = Duration::from_secs(5);

/// File that holds the objects of a cluster alone.
const OBJECTS_FILE: &str = "objects/objects.yaml";
/// File that holds the objects of a cluster of a set.
const MEMBER_FILE: &str = "clusters/local/objects.yaml";
/// That cluster.
const MEMBER: &str = "local";
/// Zone of the services of a cluster set.
const CLUSTERSET_ZONE: &str = "clusterset.local";

const TRANSPORTS: [Transport; 2] = [Transport::Udp, Transport::Tcp];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    #[serde(rename = "id")]
    _id: String,
    #[serde(rename = "suite")]
    _suite: String,
    #[serde(rename = "name")]
    _name: String,
    given: Value,
    query: QueryText,
    expect: KubernetesExpectText,
    #[serde(rename = "needs")]
    _needs: Option<Vec<String>>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryText {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigText {
    #[serde(default)]
    zones: Vec<String>,
    namespaces: Option<Value>,
    pods: Option<String>,
    ttl: Option<u32>,
    server_ips: Option<Value>,
    #[serde(default)]
    multicluster_zones: Vec<String>,
    autopath: Option<Value>,
    endpoint_pod_names: Option<Value>,
    external_headless: Option<Value>,
    external_zones: Option<Value>,
    fallthrough: Option<Value>,
    ignore_empty_service: Option<Value>,
    zonal: Option<Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    fixture: Option<String>,
    #[serde(default)]
    config: ConfigText,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    services: Vec<ServiceText>,
    #[serde(default)]
    endpoints: Vec<EndpointsText>,
    #[serde(default, rename = "serviceImports")]
    service_imports: Vec<ServiceImportText>,
    #[serde(default)]
    pods: Vec<Value>,
    upstream: Option<KubernetesUpstreamText>,
    then_replace: Option<ObjectsText>,
    then_add: Option<ObjectsText>,
    next_source: Option<Value>,
    state: Option<Value>,
    client: Option<Value>,
    server_is_endpoint_of: Option<Value>,
}

/// A fixture is objects and a word about them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FixtureText {
    #[serde(rename = "about")]
    _about: Option<String>,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    services: Vec<ServiceText>,
    #[serde(default)]
    endpoints: Vec<EndpointsText>,
    #[serde(default, rename = "serviceImports")]
    service_imports: Vec<ServiceImportText>,
    // Pods have names only in CoreDNS's `pods` modes.
    #[serde(default, rename = "pods")]
    _pods: Vec<Value>,
}

/// Runs a case.
pub(super) fn run(
    document: &Document,
    case: &Value,
    agents: &mut Agents,
) -> Result<Verdict, String> {
    let case: CaseText = parse(case.clone())?;
    let given: GivenText = parse(case.given)
        .map_err(|error| error.replacen("unknown key ", "unknown key given.", 1))?;
    if let Some(option) = given.option_of_another_server() {
        return Ok(Verdict::Skipped(format!(
            "needs {option}, which no object says"
        )));
    }
    let question = Question::new(&case.query.name, &case.query.rtype)?;
    let expectation = case.expect.expectation(&case.query.name);
    let objects = given.objects(document)?;
    let Some(changed) = given.changed(&objects) else {
        let key = serde_json::to_string(&given).map_err(|error| error.to_string())?;
        let agent = agents.of(key, || Ok(given.start(&objects)?.1))?;
        check(agent, &question, &TRANSPORTS, &expectation)?;
        return Ok(Verdict::Held);
    };
    // The change is made to a process of its own.
    let (launch, mut agent) = given.start(&objects)?;
    launch.write(given.objects_file(), &changed.to_yaml())?;
    let end = Instant::now() + CHANGE_MAX;
    loop {
        match check(&mut agent, &question, &TRANSPORTS, &expectation) {
            Ok(()) => return Ok(Verdict::Held),
            Err(what) if Instant::now() >= end => return Err(what),
            Err(_) => {}
        }
    }
}

impl GivenText {
    /// An option that changes the answers and that this process does not have.
    fn option_of_another_server(&self) -> Option<&'static str> {
        let config = &self.config;
        let options = [
            (config.namespaces.is_some(), "config.namespaces"),
            (
                config
                    .pods
                    .as_deref()
                    .is_some_and(|pods| pods != "disabled"),
                "config.pods",
            ),
            (config.ttl.is_some(), "config.ttl"),
            (config.server_ips.is_some(), "config.server_ips"),
            (
                config
                    .multicluster_zones
                    .iter()
                    .any(|zone| zone != CLUSTERSET_ZONE),
                "config.multicluster_zones",
            ),
            (config.autopath.is_some(), "config.autopath"),
            (
                config.endpoint_pod_names.is_some(),
                "config.endpoint_pod_names",
            ),
            (
                config.external_headless.is_some(),
                "config.external_headless",
            ),
            (config.external_zones.is_some(), "config.external_zones"),
            (config.fallthrough.is_some(), "config.fallthrough"),
            (
                config.ignore_empty_service.is_some(),
                "config.ignore_empty_service",
            ),
            (config.zonal.is_some(), "config.zonal"),
            (!self.pods.is_empty(), "pods"),
            (self.next_source.is_some(), "next_source"),
            (self.state.is_some(), "state"),
            (self.client.is_some(), "client"),
            (
                self.server_is_endpoint_of.is_some(),
                "server_is_endpoint_of",
            ),
        ];
        options
            .into_iter()
            .find(|(is_used, _)| *is_used)
            .map(|(_, name)| name)
    }

    /// The fixture's objects with the case's own over them.
    fn objects(&self, document: &Document) -> Result<ObjectsText, String> {
        let mut objects = ObjectsText::default();
        if let Some(name) = &self.fixture {
            let fixture: FixtureText = parse(document.named_fixture(name)?.clone())
                .map_err(|error| format!("fixture {name}: {error}"))?;
            objects.namespaces = fixture.namespaces;
            objects.services = fixture.services;
            objects.endpoints = fixture.endpoints;
            objects.service_imports = fixture.service_imports;
        }
        objects.merge(&ObjectsText {
            namespaces: self.namespaces.clone(),
            services: self.services.clone(),
            endpoints: self.endpoints.clone(),
            service_imports: self.service_imports.clone(),
        });
        Ok(objects)
    }

    fn changed(&self, objects: &ObjectsText) -> Option<ObjectsText> {
        let mut changed = objects.clone();
        for change in [&self.then_replace, &self.then_add].into_iter().flatten() {
            changed.merge(change);
        }
        (self.then_replace.is_some() || self.then_add.is_some()).then_some(changed)
    }

    /// Whether the cluster is one of a set.
    fn is_member(&self) -> bool {
        !self.config.multicluster_zones.is_empty()
    }

    fn objects_file(&self) -> &'static str {
        if self.is_member() {
            MEMBER_FILE
        } else {
            OBJECTS_FILE
        }
    }

    fn start(&self, objects: &ObjectsText) -> Result<(Launch, Agent), String> {
        let mut launch = Launch::agent()?.switch("--no-cache");
        let file = launch.write(self.objects_file(), &objects.to_yaml())?;
        let folder = file.parent().unwrap_or(&file);
        launch = if self.is_member() {
            let clusters = folder.parent().unwrap_or(folder);
            launch
                .flag("--clusters", clusters)
                .flag("--cluster", MEMBER)
        } else {
            launch.flag("--table", folder)
        };
        for zone in &self.config.zones {
            launch = launch.flag("--zone", zone);
        }
        let domain = self.config.zones.iter().find(|zone| {
            let is_shared = self.config.multicluster_zones.contains(zone);
            !zone.ends_with(".arpa") && !zone.contains('/') && !is_shared
        });
        if let Some(domain) = domain {
            launch = launch.flag("--domain", domain);
        }
        let script = self.upstream.clone().unwrap_or_default().script()?;
        let agent = Agent::start(&launch, vec![script])?;
        Ok((launch, agent))
    }
}
