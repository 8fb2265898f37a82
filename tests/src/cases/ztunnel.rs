//! Suites `ztunnel-lookup`, through the public API, and `ztunnel-header` and `ztunnel-size`, which
//! are about forwarding alone and go through the process.

use super::agents::{Agent, Agents, QueryText, check};
use super::document::{Document, parse};
use super::expect_text::ExpectText;
use super::overrides::{Facts, change_of};
use super::report::Verdict;
use super::upstream_text::UpstreamText;
use super::ztunnel_state::{Mesh, StateText};
use crate::callsign::Launch;
use crate::script::{Names, Script, Spoken, record_data};
use dns_core::Views;
use hickory_proto::op::OpCode;
use hickory_proto::rr::{Name, Record};
use serde::Deserialize;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The address of a client that the state does not give one.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The one server that the header case describes in words.
const HEADER_RESOLVER: &str =
    "returns A 127.0.0.1 in answer and AAAA ::1 in additional, not authoritative";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText<Given> {
    suite: String,
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    #[serde(rename = "class")]
    _class: String,
    given: Given,
    query: QueryText,
    expect: ExpectText,
    better: Option<Value>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupText {
    state: StateText,
    upstream: Option<UpstreamText>,
    client_source: Option<IpAddr>,
    client_known: Option<bool>,
    opcode: Option<String>,
    qr: Option<u8>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForwardingText {
    resolver: Option<String>,
    upstream: Option<UpstreamText>,
}

/// Runs a case of `ztunnel-lookup`.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let case: CaseText<LookupText> = parse(document.resolved(case)?)?;
    let given = &case.given;
    let mut question = case.query.question()?;
    if let Some(opcode) = &given.opcode {
        question.opcode = opcode_of(opcode)?;
    }
    if given.qr == Some(1) {
        question.message_type = hickory_proto::op::MessageType::Response;
    }
    let mut expectation = case
        .expect
        .expectation(&case.query.name, |set| document.record_set(set))?;
    let script = given.script()?;
    let change = change_of(&case.suite, &case.name, case.better.as_ref())?;
    if let Some((change, _)) = &change {
        let facts = Facts {
            question: &question,
            addresses: &|host| given.state.pod_addresses(host),
            search: &[],
            domain: given.state.domain(),
            script: Some(&script),
        };
        change.apply(&mut expectation, &facts)?;
    }
    let client = given.client();
    let mut mesh = Mesh::new(given.state.entries()?, given.views(client)?, script, client)?;
    check(&mut mesh, &question, &case.query.transports(), &expectation)?;
    Ok(change.map_or(Verdict::Held, |(_, reason)| Verdict::HeldOverridden(reason)))
}

impl LookupText {
    fn script(&self) -> Result<Script, String> {
        let scripts = self
            .upstream
            .as_ref()
            .map_or(Ok(Vec::new()), UpstreamText::scripts)?;
        Ok(scripts
            .into_iter()
            .next()
            .unwrap_or(Script::Names(Names::default())))
    }

    fn client(&self) -> IpAddr {
        self.client_source
            .or(self.state.client.ips.first().copied())
            .unwrap_or(CLIENT)
    }

    /// The client's workload has the view, by its address; others have none.
    fn views(&self, client: IpAddr) -> Result<Views, String> {
        let known = match (self.client_known, &self.state.client.ips) {
            (Some(false), _) => Vec::new(),
            (_, ips) if ips.is_empty() => vec![client],
            (_, ips) => ips.clone(),
        };
        let view = Arc::new(self.state.view()?);
        Ok(Views::new(
            known.into_iter().map(|ip| (ip, Arc::clone(&view))),
            [],
            None,
        ))
    }
}

fn opcode_of(text: &str) -> Result<OpCode, String> {
    match text {
        "QUERY" => Ok(OpCode::Query),
        "STATUS" => Ok(OpCode::Status),
        "NOTIFY" => Ok(OpCode::Notify),
        "UPDATE" => Ok(OpCode::Update),
        other => Err(format!("given.opcode: {other} is not known")),
    }
}

/// Runs a case of `ztunnel-header` or `ztunnel-size`, with RD set and, where the case speaks of
/// it, clear.
pub(super) fn run_forwarding(
    document: &Document,
    case: &Value,
    agents: &mut Agents,
) -> Result<Verdict, String> {
    let key = case["given"].to_string();
    let case: CaseText<ForwardingText> = parse(document.resolved(case)?)?;
    if let Some(better) = &case.better {
        return Err(format!("better: {better} is not understood"));
    }
    let question = case.query.question()?;
    let rd_values: &[bool] = if case.expect.rd.is_some() {
        &[true, false]
    } else {
        &[true]
    };
    let expectation = case
        .expect
        .expectation(&case.query.name, |set| document.record_set(set))?;
    let agent = agents.of(key, || case.given.start(&case.query.name))?;
    for &recursion_desired in rd_values {
        let question = crate::Question {
            recursion_desired,
            ..question.clone()
        };
        check(agent, &question, &case.query.transports(), &expectation)?;
    }
    Ok(Verdict::Held)
}

impl ForwardingText {
    fn start(&self, name: &str) -> Result<Agent, String> {
        let launch = Launch::agent()?.switch("--no-cache");
        let table = launch.write("table.json", "{\"table\": {}}")?;
        Agent::start(&launch.flag("--table", table), self.scripts(name)?)
    }

    fn scripts(&self, name: &str) -> Result<Vec<Script>, String> {
        match (&self.resolver, &self.upstream) {
            (Some(text), None) if text == HEADER_RESOLVER => Ok(vec![header_script(name)?]),
            (None, Some(upstream)) => upstream.scripts(),
            _ => Err("given: neither a resolver nor an upstream that is understood".to_owned()),
        }
    }
}

fn header_script(name: &str) -> Result<Script, String> {
    let owner = Name::from_ascii(name).map_err(|error| error.to_string())?;
    let spoken = Spoken {
        answers: vec![(None, 30, record_data("A", "127.0.0.1")?)],
        additionals: vec![Record::from_rdata(owner, 30, record_data("AAAA", "::1")?)],
        ..Spoken::default()
    };
    let mut names = Names::default();
    names.names.insert(name.to_ascii_lowercase(), spoken);
    Ok(Script::Names(names))
}
