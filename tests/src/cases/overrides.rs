//! Where the answer of Callsign is another than the file's: one table, with the reasons.
//!
//! A `quirk` that names a `better` is run with the better; some answers of the sources were
//! settled otherwise. Whatever depends on the state of a case is computed from it, so that the
//! table holds for other files of the same format.

use super::expectation::{Expectation, Origin};
use crate::client::{Question, Reply};
use crate::records::{Order, Wanted};
use crate::script::Script;
use dns_core::Transport;
use hickory_proto::rr::RecordType;
use serde_json::Value;
use std::net::IpAddr;
use std::time::Duration;

/// TTL of our answers from the table.
const TTL_SECS: u32 = 30;

/// Extended error "Not Ready" (RFC 8914): there is no table yet.
const NOT_READY: u16 = 14;

/// What the allotted addresses of names start with: their pool is `250.0.0.0/8`.
const NAME_POOL_START: &str = "250.";

/// What is expected instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing else: named here because the sources or the papers speak of it.
    AsItStands,
    /// Our own NOERROR without answers.
    NoData,
    /// The addresses that the state gives the name, under the name asked for, no CNAME.
    Addresses,
    /// One address of the pool.
    AllottedAddress,
    /// CNAME from the search-list name to the host, and the host's addresses.
    SearchedName,
    /// One HINFO record.
    Hinfo,
    /// An OPT record in the reply.
    OptEchoed,
    /// REFUSED.
    Refused,
    /// No reply.
    Silence,
    /// SERVFAIL with an extended error below the cluster domain; other names are forwarded.
    BeforeFirstTable,
}

/// One row: the suite, the case (all whose name starts so), the change and the reason.
type Row = (&'static str, &'static str, Change, &'static str);

/// Cases whose answer was settled otherwise, by id.
#[rustfmt::skip]
pub(super) const SETTLED: &[Row] = &[
    ("istio-agent", "second-search-domain-not-synthesised", Change::SearchedName, "every search domain of a sidecar is answered"),
    ("istio-agent", "third-search-domain-not-synthesised", Change::SearchedName, "every search domain of a sidecar is answered"),
    ("istio-agent", "wildcard-does-not-match-its-apex", Change::AsItStands, "outside our zones the parent of a wildcard is forwarded"),
    ("istio-agent", "query-name-case-insensitive-answer-lowercased", Change::AsItStands, "the owner is spelt as asked; names are compared without case"),
    ("istio-agent", "before-first-table-servfail", Change::BeforeFirstTable, "without a table only names of ours are SERVFAIL, the rest is forwarded"),
    ("istio-agent", "known-host-qtype-any", Change::Hinfo, "ANY is answered with one HINFO (RFC 8482)"),
    ("ztunnel-lookup", "unsupported-type-forwarded", Change::NoData, "other types of a name the table owns are NODATA"),
    ("ztunnel-lookup", "response-bit-set-formerr", Change::Silence, "a response is never answered, or two servers answer each other for ever"),
    ("ztunnel-lookup", "client-workload-unknown-servfail", Change::Refused, "an unknown client without a default view is refused"),
    ("ztunnel-lookup", "opcode-update-notimp", Change::AsItStands, "UPDATE is NOTIMP, not passed through as its `better` asks"),
];

/// What a `better` in words means, by how it starts.
#[rustfmt::skip]
const BETTER: &[(&str, Change)] = &[
    ("NODATA", Change::NoData),
    ("answer with the queried name as owner and no CNAME", Change::Addresses),
    ("case-insensitive", Change::Addresses),
    ("treat /32 as a host address", Change::Addresses),
    ("match it", Change::Addresses),
    ("answer pod names", Change::Addresses),
    ("echo an OPT record", Change::OptEchoed),
];

/// What the state of a case says, as far as a change needs it.
pub(super) struct Facts<'a> {
    pub(super) question: &'a Question,
    /// The addresses that the state gives a host; `None` if it does not own it.
    pub(super) addresses: &'a dyn Fn(&str) -> Option<Vec<IpAddr>>,
    /// Search domains of the asker.
    pub(super) search: &'a [String],
    /// Cluster domain.
    pub(super) domain: &'a str,
    /// What the upstream says.
    pub(super) script: Option<&'a Script>,
}

/// The change of a case and its reason, if there is one.
///
/// # Errors
/// A `better` that is not in the table: the case cannot be run as it stands.
pub(super) fn change_of(
    suite: &str,
    name: &str,
    better: Option<&Value>,
) -> Result<Option<(Change, String)>, String> {
    let settled = SETTLED
        .iter()
        .find(|row| row.0 == suite && name.starts_with(row.1));
    if let Some((_, _, change, reason)) = settled {
        return Ok(Some((*change, (*reason).to_owned())));
    }
    let Some(better) = better else {
        return Ok(None);
    };
    let text = better.as_str().unwrap_or_default();
    match BETTER.iter().find(|(start, _)| text.starts_with(start)) {
        Some((_, change)) => Ok(Some((*change, format!("better: {text}")))),
        None => Err(format!("better: {better} is not understood")),
    }
}

impl Change {
    /// Changes the expectation.
    pub(super) fn apply(
        self,
        expectation: &mut Expectation,
        facts: &Facts<'_>,
    ) -> Result<(), String> {
        match self {
            Change::AsItStands => {}
            Change::NoData => *expectation = ours(Vec::new()),
            Change::Addresses => {
                let host = facts.question.name.to_ascii();
                let addresses =
                    (facts.addresses)(&host).ok_or(format!("the state has no {host}"))?;
                *expectation = ours(address_records(&host, facts.question.rtype, &addresses));
            }
            Change::AllottedAddress => {
                *expectation = ours(vec![wanted(&facts.question.name.to_ascii(), "A", "*")]);
                expectation.addresses_start = Some(NAME_POOL_START);
            }
            Change::SearchedName => *expectation = searched_name(facts)?,
            Change::Hinfo => {
                *expectation = ours(vec![wanted(&facts.question.name.to_ascii(), "HINFO", "*")]);
                // Whatever its two texts are (RFC 8482 suggests "RFC8482" and an empty one).
                expectation.answers = None;
                expectation.answers_count = Some(1);
                expectation.only_type = Some("HINFO");
            }
            Change::OptEchoed => expectation.opt_in_reply = Some(true),
            Change::Refused => {
                *expectation = Expectation {
                    rcode: Some("REFUSED".to_owned()),
                    origin: Some(Origin::ProxyError),
                    answers: Some(Vec::new()),
                    ..Expectation::default()
                };
            }
            Change::Silence => {
                *expectation = Expectation {
                    silence: true,
                    ..Expectation::default()
                };
            }
            Change::BeforeFirstTable => *expectation = before_first_table(facts)?,
        }
        Ok(())
    }
}

fn ours(answers: Vec<Wanted>) -> Expectation {
    Expectation {
        rcode: Some("NOERROR".to_owned()),
        origin: Some(Origin::Local),
        authoritative: Some(true),
        answers: Some(answers),
        order: Order::CnameFirst,
        ..Expectation::default()
    }
}

fn wanted(name: &str, rtype: &str, data: &str) -> Wanted {
    Wanted {
        name: name.into(),
        rtype: rtype.into(),
        ttl_secs: Some(TTL_SECS),
        data: data.into(),
    }
}

fn address_records(owner: &str, rtype: RecordType, addresses: &[IpAddr]) -> Vec<Wanted> {
    let of_family = addresses.iter().filter(|address| {
        rtype
            == if address.is_ipv4() {
                RecordType::A
            } else {
                RecordType::AAAA
            }
    });
    of_family
        .map(|address| wanted(owner, &rtype.to_string(), &address.to_string()))
        .collect()
}

fn searched_name(facts: &Facts<'_>) -> Result<Expectation, String> {
    let asked = facts.question.name.to_ascii();
    let lower = asked.to_ascii_lowercase();
    let hosts = facts.search.iter().filter_map(|domain| {
        let host = lower.strip_suffix(&format!(".{}.", domain.trim_end_matches('.')))?;
        Some((format!("{host}."), (facts.addresses)(host)?))
    });
    let (host, addresses) = hosts
        .last()
        .ok_or(format!("no host of the state lies in {asked}"))?;
    let mut answers = address_records(&host, facts.question.rtype, &addresses);
    answers.insert(0, wanted(&asked, "CNAME", &host));
    Ok(ours(answers))
}

fn before_first_table(facts: &Facts<'_>) -> Result<Expectation, String> {
    let asked = facts.question.name.to_ascii().to_ascii_lowercase();
    let domain = facts.domain.trim_matches('.');
    let is_ours = asked.trim_end_matches('.') == domain || asked.ends_with(&format!(".{domain}."));
    if is_ours {
        return Ok(Expectation {
            rcode: Some("SERVFAIL".to_owned()),
            origin: Some(Origin::ProxyError),
            answers: Some(Vec::new()),
            // Extended errors travel in an OPT record, which a query without one does not get.
            extended_error: facts.question.edns_udp_size.map(|_| NOT_READY),
            ..Expectation::default()
        });
    }
    as_upstream_says(facts)
}

fn as_upstream_says(facts: &Facts<'_>) -> Result<Expectation, String> {
    let script = facts.script.ok_or("the case has no upstream")?;
    let bytes = script
        .reply(&facts.question.to_bytes()?, Transport::Tcp)
        .ok_or("the upstream is silent")?;
    let reply = Reply::parse(bytes, Duration::ZERO)?;
    let answers = reply.message.answers.iter().map(|record| Wanted {
        name: record.name.to_ascii(),
        rtype: record.record_type().to_string(),
        ttl_secs: Some(record.ttl),
        data: record.data.to_string(),
    });
    Ok(Expectation {
        rcode: Some(super::expectation::rcode_text(&reply)),
        origin: Some(Origin::Upstream),
        answers: Some(answers.collect()),
        ..Expectation::default()
    })
}

/// Why a suite of the Istio format is not run.
pub(super) fn skip_suite(suite: &str) -> String {
    match suite {
        "istio-capture" => "traffic capture is the mesh's, not this process's",
        _ => "no such suite is known here",
    }
    .to_owned()
}

/// Why a level of the Kubernetes format is not run.
pub(super) fn skip_level(level: Option<&str>) -> String {
    match level {
        Some("coredns") => "what CoreDNS does beyond the specifications",
        Some("coredns-optional") => "an option or plugin of CoreDNS",
        _ => "no such level is known here",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_case_beats_its_better_and_an_unknown_better_is_an_error() {
        let better = Value::from("pass through to the addressed server");
        let found = change_of("ztunnel-lookup", "opcode-update-notimp", Some(&better)).unwrap();
        assert_eq!(found.unwrap().0, Change::AsItStands);
        assert!(change_of("ztunnel-lookup", "x", Some(&better)).is_err());
        assert_eq!(change_of("ztunnel-lookup", "x", None), Ok(None));
    }

    #[test]
    fn before_the_first_table_only_our_names_fail() {
        let script = Script::Always(hickory_proto::op::ResponseCode::Refused);
        let expected = |name: &str| {
            let question = Question::new(name, "A").unwrap();
            let facts = Facts {
                question: &question,
                addresses: &|_| None,
                search: &[],
                domain: "cluster.local",
                script: Some(&script),
            };
            before_first_table(&facts).unwrap().rcode.unwrap()
        };
        assert_eq!(expected("x.Cluster.Local."), "SERVFAIL");
        assert_eq!(expected("xcluster.local."), "REFUSED");
    }
}
