//! Suites `istio-agent` and `istio-agent-althosts`: a name table as a control plane prints it, the
//! view of a sidecar, and an upstream.

use super::agents::{Agent, Agents, QueryText, check};
use super::document::{Document, parse};
use super::expect_text::ExpectText;
use super::expectation::{Expectation, Origin};
use super::name_table::NameTableText;
use super::overrides::{Change, Facts, change_of};
use super::report::Verdict;
use super::upstream_text::UpstreamText;
use crate::callsign::Launch;
use crate::client::Question;
use crate::records::Wanted;
use crate::script::Script;
use dns_core::Transport;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;

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
    query: Option<QueryText>,
    expect: Value,
    better: Option<Value>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    name_table: Option<NameTableText>,
    proxy: Option<ProxyText>,
    upstream: Option<UpstreamText>,
    forward_timeout_ms: Option<u64>,
    #[serde(default)]
    forward_parallel: bool,
    #[serde(skip_serializing)]
    ref_suite: Option<String>,
    // The sidecar forwards before its first table only in this mode; we always do.
    #[serde(skip_serializing, rename = "listen_port_53_as_root")]
    _listen_port_53_as_root: Option<bool>,
    #[serde(skip_serializing)]
    qdcount: Option<u16>,
    #[serde(skip_serializing)]
    entry: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ProxyText {
    namespace: String,
    domain: String,
    search: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerNamesText {
    owner_names: Vec<String>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SameAsText {
    #[serde(rename = "same_as")]
    _same_as: String,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

/// Which forwarding a case is run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forwarding {
    AsGiven,
    Parallel,
}

/// Runs a case.
pub(super) fn run(
    document: &Document,
    case: &Value,
    agents: &mut Agents,
) -> Result<Verdict, String> {
    run_with(document, case, agents, Forwarding::AsGiven)
}

fn run_with(
    document: &Document,
    value: &Value,
    agents: &mut Agents,
    forwarding: Forwarding,
) -> Result<Verdict, String> {
    let mut case: CaseText = parse(document.resolved(value)?)?;
    if forwarding == Forwarding::Parallel {
        case.given.forward_parallel = true;
    }
    if case.given.ref_suite.is_some() {
        return run_again(document, value, &case, agents);
    }
    if case.given.entry.is_some() {
        return check_owner_names(&case, agents);
    }
    let query = case.query.as_ref().ok_or("the case has no query")?;
    let mut question = query.question()?;
    question.question_count = case.given.qdcount.unwrap_or(1);
    let expect: ExpectText = parse(case.expect.clone()).map_err(|error| under("expect", &error))?;
    let mut expectation = expect.expectation(&query.name, |set| document.record_set(set))?;
    let change = change_of(&case.suite, &case.name, case.better.as_ref())?;
    if let Some((change, _)) = &change {
        case.given.change(*change, &question, &mut expectation)?;
    }
    check(
        agent_of(&case.given, agents)?,
        &question,
        &query.transports(),
        &expectation,
    )?;
    Ok(change.map_or(Verdict::Held, |(_, reason)| Verdict::HeldOverridden(reason)))
}

fn under(parent: &str, error: &str) -> String {
    match error.strip_prefix("unknown key ") {
        Some(key) => format!("unknown key {parent}.{key}"),
        None => format!("{parent}.{error}"),
    }
}

/// Every case of the suite above this one, with parallel forwarding.
fn run_again(
    document: &Document,
    value: &Value,
    case: &CaseText,
    agents: &mut Agents,
) -> Result<Verdict, String> {
    let _: SameAsText = parse(case.expect.clone()).map_err(|error| under("expect", &error))?;
    let above = document.cases().iter().take_while(|other| *other != value);
    let suite = case.given.ref_suite.as_deref().unwrap_or_default();
    let mut failed = Vec::new();
    for other in above.filter(|other| document.suite(other) == suite) {
        if let Err(what) = run_with(document, other, agents, Forwarding::Parallel) {
            failed.push(format!("{}: {what}", document.id(other)));
        }
    }
    if failed.is_empty() {
        Ok(Verdict::Held)
    } else {
        Err(failed.join(" | "))
    }
}

/// One entry must be answered under every name listed.
fn check_owner_names(case: &CaseText, agents: &mut Agents) -> Result<Verdict, String> {
    let expect: OwnerNamesText =
        parse(case.expect.clone()).map_err(|error| under("expect", &error))?;
    let host = case.given.entry.as_deref().unwrap_or_default();
    let addresses = case
        .given
        .addresses(host)
        .ok_or(format!("the name table has no {host}"))?;
    let agent = agent_of(&case.given, agents)?;
    for name in &expect.owner_names {
        for rtype in ["A", "AAAA"] {
            let answers = addresses
                .iter()
                .filter(|address| address.is_ipv4() == (rtype == "A"))
                .map(|address| Wanted {
                    name: name.clone(),
                    rtype: rtype.to_owned(),
                    ttl_secs: Some(30),
                    data: address.to_string(),
                });
            let expectation = Expectation {
                rcode: Some("NOERROR".to_owned()),
                origin: Some(Origin::Local),
                answers: Some(answers.collect()),
                ..Expectation::default()
            };
            let question = Question::new(name, rtype)?;
            check(
                agent,
                &question,
                &[Transport::Udp, Transport::Tcp],
                &expectation,
            )?;
        }
    }
    Ok(Verdict::Held)
}

fn agent_of<'a>(given: &GivenText, agents: &'a mut Agents) -> Result<&'a mut Agent, String> {
    let key = serde_json::to_string(given).map_err(|error| error.to_string())?;
    agents.of(key, || given.start())
}

impl GivenText {
    fn start(&self) -> Result<Agent, String> {
        let mut launch = Launch::agent()?.switch("--no-cache");
        let table = match &self.name_table {
            Some(table) => {
                let text =
                    serde_json::to_string_pretty(table).map_err(|error| error.to_string())?;
                launch.write("table.json", &text)?
            }
            // A table that has not come yet.
            None => launch.folder().join("table.json"),
        };
        launch = launch.flag("--table", table);
        if let Some(config) = self.config() {
            let path = launch.write("callsign.yaml", &config)?;
            launch = launch.flag("--config", path);
        }
        if let Some(proxy) = &self.proxy {
            launch = launch
                .flag("--namespace", &proxy.namespace)
                .flag("--domain", self.cluster_domain());
            for domain in proxy.search.iter().flatten() {
                launch = launch.flag("--search", domain);
            }
        }
        let scripts = self.scripts()?;
        if scripts.is_empty() {
            launch = launch.flag("--upstream", "none");
        }
        Agent::start(&launch, scripts)
    }

    /// What has no flag.
    fn config(&self) -> Option<String> {
        let mut lines = Vec::new();
        if self.forward_parallel || self.forward_timeout_ms.is_some() {
            lines.push("forward:".to_owned());
        }
        if self.forward_parallel {
            lines.push("  strategy: parallel".to_owned());
        }
        if let Some(budget) = self.forward_timeout_ms {
            lines.push(format!("  budget: {budget}ms\n  retry: {budget}ms"));
        }
        if self
            .proxy
            .as_ref()
            .is_some_and(|proxy| proxy.search.as_ref().is_some_and(Vec::is_empty))
        {
            lines.push("search: []".to_owned());
        }
        (!lines.is_empty()).then(|| format!("{}\n", lines.join("\n")))
    }

    /// `ns1.svc.cluster.local` without the namespace and `svc`.
    fn cluster_domain(&self) -> String {
        let Some(proxy) = &self.proxy else {
            return "cluster.local".to_owned();
        };
        let domain = proxy.domain.trim_end_matches('.');
        let domain = domain
            .strip_prefix(&format!("{}.", proxy.namespace))
            .unwrap_or(domain);
        domain.strip_prefix("svc.").unwrap_or(domain).to_owned()
    }

    fn scripts(&self) -> Result<Vec<Script>, String> {
        self.upstream
            .as_ref()
            .map_or(Ok(Vec::new()), UpstreamText::scripts)
    }

    /// Addresses of a host of the table: its own, or those of the longest wildcard above it.
    fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        let table = &self.name_table.as_ref()?.table;
        let wanted = host.trim_end_matches('.').to_ascii_lowercase();
        let find = |name: &str| {
            let is_it = |key: &str| key.trim_end_matches('.').eq_ignore_ascii_case(name);
            table
                .iter()
                .find(|(key, _)| is_it(key))
                .map(|(_, entry)| entry)
        };
        let without_search = self.without_search(&wanted);
        let names = std::iter::once(wanted.clone())
            .chain(wildcards(&wanted))
            .chain(without_search.iter().flat_map(|name| wildcards(name)));
        let entry = names.into_iter().find_map(|name| find(&name))?;
        Some(entry.ips.iter().filter_map(|ip| ip.parse().ok()).collect())
    }

    fn without_search(&self, name: &str) -> Option<String> {
        let domains = self.proxy.as_ref()?.search.iter().flatten();
        domains
            .filter_map(|domain| name.strip_suffix(&format!(".{domain}")))
            .map(str::to_owned)
            .next()
    }

    fn change(
        &self,
        change: Change,
        question: &Question,
        expectation: &mut Expectation,
    ) -> Result<(), String> {
        let scripts = self.scripts()?;
        let facts = Facts {
            question,
            addresses: &|host| self.addresses(host),
            search: self
                .proxy
                .as_ref()
                .and_then(|proxy| proxy.search.as_deref())
                .unwrap_or(&[]),
            domain: &self.cluster_domain(),
            script: scripts.first(),
        };
        change.apply(expectation, &facts)
    }
}

/// The wildcards that cover a name, most specific first.
pub(super) fn wildcards(name: &str) -> impl Iterator<Item = String> + '_ {
    name.match_indices('.')
        .map(|(dot, _)| format!("*{}", &name[dot..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_a_name_start_with_the_most_specific() {
        let found: Vec<_> = wildcards("a.b.c").collect();
        assert_eq!(found, ["*.b.c", "*.c"]);
    }

    #[test]
    fn an_unknown_key_is_put_under_its_parent() {
        assert_eq!(under("expect", "unknown key foo"), "unknown key expect.foo");
        assert_eq!(
            under("expect", "aa: invalid type"),
            "expect.aa: invalid type"
        );
    }
}
