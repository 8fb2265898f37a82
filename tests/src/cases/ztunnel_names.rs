//! Suites `ztunnel-aliases`, `ztunnel-wildcards` and `ztunnel-search`: lists of names that a name
//! may mean. What a list claims is asked as questions: a name answers from each entry of the list
//! when that is alone in the table, and from the first when all are.

use super::agents::check;
use super::document::{Document, parse};
use super::expectation::{Expectation, Origin};
use super::report::Verdict;
use super::table_case::TableCase;
use super::ztunnel_state::{Mesh, name, source};
use crate::client::Question;
use crate::records::Wanted;
use crate::script::{Names, Script};
use dns_core::{AddressOrigin, HostAddress, HostEntry, HostKind, NameBuf, Transport, View, Views};
use serde::Deserialize;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

const TRANSPORTS: [Transport; 2] = [Transport::Udp, Transport::Tcp];

/// Domain and namespace of cases that do not say theirs.
const DOMAIN: &str = "cluster.local";
const NAMESPACE: &str = "ns1";

/// A host outside the mesh's domain, for search domains to be appended to.
const OUTSIDE_HOST: &str = "www.example.com";

type CaseText = TableCase<GivenText, ExpectText>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    host: Option<String>,
    client_namespace: Option<String>,
    cluster_domain: Option<String>,
    domain: Option<String>,
    #[serde(rename = "proxy_mode")]
    _proxy_mode: Option<String>,
    workload_namespace: Option<String>,
    own_resolv_conf_search: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    kube_fqdns: Option<Vec<String>>,
    candidates: Option<Vec<String>>,
    #[serde(rename = "order")]
    _order: Option<String>,
    search: Option<Vec<String>>,
    has_domain: Option<bool>,
    trimmed: Option<String>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

/// Runs a case.
pub(super) fn run(document: &Document, case: &Value) -> Result<Verdict, String> {
    let case: CaseText = parse(document.resolved(case)?)?;
    let given = &case.given;
    let host = || given.host.clone().ok_or("the case has no host");
    if let Some(names) = &case.expect.kube_fqdns {
        given.check_expansions(&host()?, names)?;
    } else if let Some(names) = &case.expect.candidates {
        given.check_answering(&host()?, names)?;
    } else if let Some(search) = &case.expect.search {
        given.check_search(search)?;
    } else if let Some(has_domain) = case.expect.has_domain {
        given.check_trimming(&host()?, has_domain, case.expect.trimmed.as_deref())?;
    } else {
        return Err("the case expects nothing that is understood".to_owned());
    }
    Ok(Verdict::Held)
}

impl GivenText {
    fn cluster_domain(&self) -> &str {
        self.cluster_domain.as_deref().unwrap_or(DOMAIN)
    }

    fn namespace(&self) -> &str {
        self.client_namespace
            .as_deref()
            .or(self.workload_namespace.as_deref())
            .unwrap_or(NAMESPACE)
    }

    /// The view of the client with that search list.
    fn view(&self, search: Vec<NameBuf>) -> Result<View, String> {
        let domain = name(self.cluster_domain())?;
        Ok(View {
            namespace: Some(self.namespace().into()),
            search,
            ..View::new(domain)
        })
    }

    /// The host leads to the names listed, and to no other expansion of its.
    fn check_expansions(&self, host: &str, names: &[String]) -> Result<(), String> {
        self.check_answering(host, names)?;
        let bare = host.trim_end_matches('.');
        let (namespace, domain) = (self.namespace(), self.cluster_domain());
        let imaginable = [
            format!("{bare}.{domain}."),
            format!("{bare}.svc.{domain}."),
            format!("{bare}.{namespace}.svc.{domain}."),
        ];
        for other in imaginable.iter().filter(|other| !names.contains(other)) {
            let mut mesh = self.mesh(std::slice::from_ref(other), Vec::new())?;
            check(
                &mut mesh,
                &Question::new(host, "A")?,
                &TRANSPORTS,
                &forwarded(),
            )
            .map_err(|what| format!("only {other} in the table: {what}"))?;
        }
        Ok(())
    }

    /// The host answers from each name alone, and from the first of the remaining ones together.
    fn check_answering(&self, host: &str, names: &[String]) -> Result<(), String> {
        let question = Question::new(host, "A")?;
        for (index, name) in names.iter().enumerate() {
            for table in [std::slice::from_ref(name), &names[index..]] {
                let mut mesh = self.mesh(table, Vec::new())?;
                let wanted = address_record(&question.name.to_ascii(), address_of(0));
                check(&mut mesh, &question, &TRANSPORTS, &local(vec![wanted]))
                    .map_err(|what| format!("with {table:?} in the table: {what}"))?;
            }
        }
        if names.is_empty() {
            let mut mesh = self.mesh(&[], Vec::new())?;
            check(&mut mesh, &question, &TRANSPORTS, &forwarded())?;
        }
        Ok(())
    }

    /// The pod's search domains are those listed, and ztunnel's own count for nothing.
    fn check_search(&self, search: &[String]) -> Result<(), String> {
        let derived = View::kubernetes_search(self.namespace(), &name(self.cluster_domain())?);
        let expected: Vec<_> = search
            .iter()
            .map(|domain| name(domain))
            .collect::<Result<_, _>>()?;
        if derived != expected {
            return Err(format!("search: expected {search:?}, got {derived:?}"));
        }
        for domain in search {
            self.check_appended(&derived, domain, true)?;
        }
        let own = self.own_resolv_conf_search.iter().flatten();
        for domain in own.filter(|domain| !search.contains(domain)) {
            self.check_appended(&derived, domain, false)?;
        }
        Ok(())
    }

    /// A host with a search domain behind it leads to the host, or does not.
    fn check_appended(&self, search: &[NameBuf], domain: &str, leads: bool) -> Result<(), String> {
        let mut mesh = self.mesh(&[OUTSIDE_HOST.to_owned()], search.to_vec())?;
        let asked = format!("{OUTSIDE_HOST}.{domain}.");
        let expectation = if leads {
            searched(&asked, OUTSIDE_HOST)
        } else {
            forwarded()
        };
        check(
            &mut mesh,
            &Question::new(&asked, "A")?,
            &TRANSPORTS,
            &expectation,
        )
    }

    /// With the one search domain, a name below it leads to the trimmed name; others do not.
    fn check_trimming(&self, host: &str, has: bool, trimmed: Option<&str>) -> Result<(), String> {
        let domain = self.domain.as_deref().ok_or("the case has no domain")?;
        let labels = host
            .split('.')
            .count()
            .saturating_sub(domain.split('.').count());
        // What would be left if the domain's labels were cut off whatever they are.
        let cut = host.split('.').take(labels).collect::<Vec<_>>().join(".");
        let target = trimmed.unwrap_or(&cut).to_owned();
        let mut mesh = self.mesh(std::slice::from_ref(&target), vec![name(domain)?])?;
        let asked = format!("{host}.");
        let expectation = if has {
            searched(&asked, &target)
        } else {
            forwarded()
        };
        check(
            &mut mesh,
            &Question::new(&asked, "A")?,
            &TRANSPORTS,
            &expectation,
        )
    }

    fn mesh(&self, names: &[String], search: Vec<NameBuf>) -> Result<Mesh, String> {
        let entries = names
            .iter()
            .enumerate()
            .map(|(index, name)| self.entry(name, index));
        let script = Script::Names(Names::default());
        Mesh::new(
            entries.collect::<Result<_, _>>()?,
            Views::single(self.view(search)?),
            script,
            CLIENT,
        )
    }

    /// A table entry of that name: a Service, an instance of one or a host outside the mesh, by
    /// the labels in front of `svc.<cluster domain>`.
    fn entry(&self, host: &str, index: usize) -> Result<HostEntry, String> {
        let bare = host.trim_end_matches('.');
        let labels: Option<Vec<_>> = bare
            .strip_suffix(&format!(".svc.{}", self.cluster_domain()))
            .filter(|_| !bare.starts_with("*."))
            .map(|front| front.split('.').collect());
        let kind = match labels.as_ref().map(Vec::len) {
            Some(2) => HostKind::Service,
            Some(3) => HostKind::Instance,
            _ => HostKind::External,
        };
        let mut entry = HostEntry::new(name(bare)?, kind, source("Service"));
        entry.namespace = labels.and_then(|labels| labels.last().map(|label| (*label).into()));
        entry.short_names = kind != HostKind::External;
        entry.addresses = vec![HostAddress::new(
            address_of(index).into(),
            AddressOrigin::Status,
        )];
        Ok(entry)
    }
}

fn address_of(index: usize) -> Ipv4Addr {
    let last = u8::try_from(index + 1).unwrap_or(u8::MAX);
    Ipv4Addr::new(10, 0, 0, last)
}

fn address_record(owner: &str, address: Ipv4Addr) -> Wanted {
    Wanted {
        name: owner.to_owned(),
        rtype: "A".to_owned(),
        ttl_secs: Some(30),
        data: address.to_string(),
    }
}

fn local(answers: Vec<Wanted>) -> Expectation {
    Expectation {
        rcode: Some("NOERROR".to_owned()),
        origin: Some(Origin::Local),
        answers: Some(answers),
        order: crate::records::Order::CnameFirst,
        ..Expectation::default()
    }
}

fn searched(asked: &str, host: &str) -> Expectation {
    let cname = Wanted {
        rtype: "CNAME".to_owned(),
        data: host.to_owned(),
        ..address_record(asked, address_of(0))
    };
    local(vec![cname, address_record(host, address_of(0))])
}

fn forwarded() -> Expectation {
    Expectation {
        rcode: Some("NXDOMAIN".to_owned()),
        origin: Some(Origin::Upstream),
        answers: Some(Vec::new()),
        ..Expectation::default()
    }
}
