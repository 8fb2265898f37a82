//! What to do about a question: the column of steps from the asker to an answer or an upstream.

use crate::answer::{Answer, Cname, DnsVersion, Records, Soa};
use crate::config::ResolverConfig;
use crate::forward::Route;
use crate::host::{self, Said};
use crate::query::Query;
use crate::search;
use crate::snapshot::Snapshot;
use crate::table::Completeness;
use crate::transmit::Client;
use crate::view::{AnswerMode, View};
use crate::wire::{Ede, FoldedName, Name, NameBuf, Rcode, Rtype};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Most CNAMEs followed inside the table for one question. ExternalName services that lead to
/// each other end in SERVFAIL.
const CHAIN_MAX: usize = 8;

/// What to do about a question.
pub(crate) enum Step<'s> {
    /// Say this.
    Answer(Answer<'s>),
    /// Ask the servers of this route for that name, and put these CNAMEs in front.
    Forward(&'s Arc<Route>, Box<FoldedName>, Vec<Cname>),
}

/// What came of the short way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// The answer was appended.
    Answered,
    /// The name needs the long way.
    Unusual,
    /// The table has nothing that answers the name as it was asked.
    Absent,
    /// Nothing was looked up.
    Unlooked,
}

/// The column of steps: who asks, what it may mean, what the host says, else a miss.
pub(crate) fn decide<'s>(
    snapshot: &'s Snapshot,
    config: &ResolverConfig,
    client: Client,
    query: &Query,
    rotation: u32,
) -> Step<'s> {
    let Some(view) = snapshot.views.select(client.address.ip()) else {
        return Step::Answer(Answer::failure(Rcode::REFUSED, Some(Ede::PROHIBITED)));
    };
    let name = query.name.as_name();
    let is_forwarded = view.answer == AnswerMode::Forward;
    if is_forwarded && !snapshot.table.has_outside_answers() {
        return forward(snapshot, query.name, Vec::new());
    }
    let mut chain = Vec::new();
    let mut at = None;
    let mut matched = search::find(&snapshot.table, view, name);
    while let Some(found) = matched.take() {
        match host::say(found.found, view, query.rtype, rotation, config) {
            Said::Records(records, ttl_secs) => {
                chain.extend(found.stripped.map(|name| cname_to(name, ttl_secs)));
                return Step::Answer(Answer::positive(chain, records, ttl_secs));
            }
            Said::NoData => {
                let soa = soa(snapshot, config, at.unwrap_or(name));
                return Step::Answer(Answer::negative(Rcode::NOERROR, chain, soa));
            }
            Said::Cname(target, ttl_secs) => {
                chain.extend(found.stripped.map(|name| cname_to(name, ttl_secs)));
                chain.push(Cname {
                    target: target.clone(),
                    ttl_secs,
                });
                if query.rtype == Rtype::CNAME {
                    return Step::Answer(Answer::positive(chain, Records::None, ttl_secs));
                }
                if chain.len() > CHAIN_MAX {
                    return Step::Answer(Answer::failure(Rcode::SERVFAIL, Some(Ede::OTHER)));
                }
                at = Some(target.as_name());
                let found = snapshot.table.lookup(target.as_name(), view);
                matched = found.map(|found| search::Match {
                    found,
                    stripped: None,
                });
            }
            Said::Absent => break,
        }
    }
    let name = at.unwrap_or(name);
    if is_forwarded {
        return forward(snapshot, FoldedName::of(name), chain);
    }
    miss(snapshot, config, view, query, name, chain)
}

/// The route of a name that neither the table nor we ourselves know anything of: the short way
/// to what [`decide`] says of most names that are forwarded. `None` says nothing.
pub(crate) fn route_of_stranger<'s>(
    snapshot: &'s Snapshot,
    client: Client,
    name: Name<'_>,
    shortcut: Shortcut,
) -> Option<&'s Arc<Route>> {
    const OWN_LABEL: &[u8] = b"dns-version";
    // First, for it is cheap: a name that goes nowhere need not be looked up here.
    let route = snapshot.forward.route(name)?;
    let view = snapshot.views.select(client.address.ip())?;
    let is_ours = match view.answer {
        AnswerMode::Forward => {
            snapshot.table.has_outside_answers() && means_a_host(snapshot, view, name, shortcut)
        }
        AnswerMode::Vip | AnswerMode::Endpoints => {
            let is_partial = snapshot.table.completeness() == Completeness::Partial;
            let may_be_ours = snapshot.zone_of(name).is_some()
                || is_partial && name.ends_with(view.domain.as_name())
                || name.first_label() == Some(OWN_LABEL)
                || name.as_wire().ends_with(b"\x04arpa\0");
            may_be_ours || means_a_host(snapshot, view, name, shortcut)
        }
    };
    (!is_ours).then_some(route)
}

/// Whether the table has a host for the name. Where its entry was looked for in vain, only a view
/// with short names, a wildcard or the form of an SRV name can find one still.
fn means_a_host(snapshot: &Snapshot, view: &View, name: Name<'_>, shortcut: Shortcut) -> bool {
    let table = &snapshot.table;
    let may_be_found = shortcut != Shortcut::Absent
        || view.namespace.is_some()
        || table.has_wildcards()
        || name.as_wire().get(1) == Some(&b'_');
    may_be_found && search::find(table, view, name).is_some()
}

/// The table has nothing at `name`, the one asked for or the end of a chain of CNAMEs.
fn miss<'s>(
    snapshot: &'s Snapshot,
    config: &ResolverConfig,
    view: &View,
    query: &Query,
    name: Name<'_>,
    chain: Vec<Cname>,
) -> Step<'s> {
    let negative = |rcode, chain| {
        let soa = soa(snapshot, config, name);
        Step::Answer(Answer::negative(rcode, chain, soa))
    };
    if let Some(records) = own_records(snapshot, view, query.rtype, name) {
        return match records {
            Records::None => negative(Rcode::NOERROR, chain),
            records => Step::Answer(Answer::positive(chain, records, config.ttl_secs)),
        };
    }
    let zone = snapshot.zone_of(name);
    let is_apex = zone.is_some_and(|zone| zone.as_name() == name);
    let records = match query.rtype {
        Rtype::SOA if is_apex => Some(Records::Soa(soa(snapshot, config, name))),
        Rtype::ANY if is_apex => Some(Records::AnyHinfo),
        _ => None,
    };
    if let Some(records) = records {
        return Step::Answer(Answer::positive(chain, records, config.ttl_secs));
    }
    let is_owned = zone.is_some() || name.ends_with(view.domain.as_name());
    match snapshot.table.completeness() {
        Completeness::Partial if is_owned => {
            Step::Answer(Answer::failure(Rcode::SERVFAIL, Some(Ede::NOT_READY)))
        }
        Completeness::Complete if zone.is_some() => {
            let has_names_below =
                snapshot.table.has_names_below(name) && !is_cluster_label(view, name);
            let exists = is_apex || has_names_below;
            let rcode = if exists {
                Rcode::NOERROR
            } else {
                Rcode::NXDOMAIN
            };
            negative(rcode, chain)
        }
        Completeness::Partial | Completeness::Complete => {
            forward(snapshot, FoldedName::of(name), chain)
        }
    }
}

/// Records that belong to no host: the version text and reverse names. `Records::None` stands for
/// NODATA, `None` for a name we know nothing of.
fn own_records<'s>(
    snapshot: &'s Snapshot,
    view: &View,
    rtype: Rtype,
    name: Name<'_>,
) -> Option<Records<'s>> {
    let (records, own_type) = match dns_version(snapshot, view, name) {
        Some(version) => (Records::DnsVersion(version), Rtype::TXT),
        None => {
            let host = snapshot.table.reverse(name.reverse_address()?, view)?;
            (Records::Ptr(host), Rtype::PTR)
        }
    };
    Some(match rtype {
        rtype if rtype == own_type => records,
        Rtype::ANY => Records::AnyHinfo,
        _ => Records::None,
    })
}

/// The specification that `dns-version` names below the cluster domain, the domain of shared
/// services if the table has any, or a zone of ours (section 2.2 of both specifications).
fn dns_version(snapshot: &Snapshot, view: &View, name: Name<'_>) -> Option<DnsVersion> {
    if name.first_label() != Some(b"dns-version") {
        return None;
    }
    let parent = name.parent()?;
    let is_zone = || snapshot.zones.iter().any(|zone| zone.as_name() == parent);
    if parent == view.clusterset_domain.as_name() {
        let is_ours = is_zone() || snapshot.table.has_names_below(parent);
        return is_ours.then_some(DnsVersion::MultiCluster);
    }
    (parent == view.domain.as_name() || is_zone()).then_some(DnsVersion::Kubernetes)
}

/// Whether `name` is `<cluster>.<service>.<namespace>.svc.clusterset.local`: below it are the
/// endpoints of a cluster, and it does not exist itself (Multi-Cluster Services DNS
/// specification, section 2.4).
fn is_cluster_label(view: &View, name: Name<'_>) -> bool {
    const SVC: &[u8] = b"svc";
    const BEFORE_SVC: usize = 3;
    let domain = view.clusterset_domain.as_name();
    name.label_count() == BEFORE_SVC + 1 + domain.label_count()
        && name.labels().nth(BEFORE_SVC) == Some(SVC)
        && name.ends_with(domain)
}

/// Sends the question for `name` to the upstreams of its route. Without any, a chain of CNAMEs
/// stands alone, and all else is refused.
fn forward<'s>(snapshot: &'s Snapshot, name: FoldedName, chain: Vec<Cname>) -> Step<'s> {
    match snapshot.forward.route(name.as_name()) {
        Some(route) => Step::Forward(route, Box::new(name), chain),
        None if chain.is_empty() => Step::Answer(Answer::failure(
            Rcode::REFUSED,
            Some(Ede::NOT_AUTHORITATIVE),
        )),
        None => Step::Answer(Answer::positive(chain, Records::None, 0)),
    }
}

/// The SOA of a negative answer: at the apex of our zone, or outside our zones at the name itself.
pub(crate) fn soa<'s>(snapshot: &'s Snapshot, config: &ResolverConfig, name: Name<'_>) -> Soa<'s> {
    let owner = snapshot.zone_of(name).map(NameBuf::as_name);
    let serial = snapshot.table.generation() as u32;
    Soa {
        owner,
        serial,
        minimum_secs: config.negative_ttl_secs,
    }
}

fn cname_to(name: FoldedName, ttl_secs: u32) -> Cname {
    Cname {
        target: name.as_name().to_lower(),
        ttl_secs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forward::ForwardPolicy;
    use crate::table::PlainLookup;
    use crate::table::TableWriter;
    use crate::table::update::{HostEntry, HostKind, Source, TableUpdate};
    use crate::transmit::Transport;
    use crate::view::Views;
    use crate::wire::NameBuf;

    const NAMES: [&str; 15] = [
        ".",
        "example.com",
        "web.example",
        "sub.web.example",
        "a.wild.example",
        "wild.example",
        "svc.ns1.svc.cluster.local",
        "other.ns1.svc.cluster.local",
        "example.com.ns1.svc.cluster.local",
        "web.example.ns1.svc.cluster.local",
        "a.zone.test",
        "zone.test",
        "dns-version.cluster.local",
        "1.0.0.10.in-addr.arpa",
        "arpa",
    ];

    fn name(text: &str) -> NameBuf {
        NameBuf::parse(text).unwrap()
    }

    fn snapshot(
        completeness: Completeness,
        answer: AnswerMode,
        outside: Option<AnswerMode>,
    ) -> Snapshot {
        let host = |text| HostEntry {
            addresses: alloc::vec![crate::HostAddress::new(
                "10.0.0.1".parse().unwrap(),
                crate::AddressOrigin::Pinned,
            )],
            short_names: true,
            ..HostEntry::new(name(text), HostKind::External, Source::default())
        };
        let mut hosts = ["web.example", "*.wild.example", "svc.ns1.svc.cluster.local"].map(host);
        hosts[0].answers.outside = outside;
        let domain = name("cluster.local");
        let view = View {
            namespace: Some("ns1".into()),
            search: View::kubernetes_search("ns1", &domain),
            answer,
            ..View::new(domain)
        };
        let upstream = core::net::SocketAddr::from(([192, 0, 2, 1], 53));
        Snapshot {
            table: TableWriter::new(7).apply(TableUpdate::Replace(hosts.into()), completeness),
            views: Views::single(view),
            zones: alloc::vec![name("zone.test")],
            forward: ForwardPolicy::new([Route::new(name("."), [upstream])]),
        }
    }

    fn query(text: &str, rtype: Rtype) -> Query {
        let mut message = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0".to_vec();
        message.extend_from_slice(name(text).as_name().as_wire());
        message.extend_from_slice(&rtype.0.to_be_bytes());
        message.extend_from_slice(&[0, 1]);
        Query::parse(&message).unwrap()
    }

    #[test]
    fn the_short_way_to_an_upstream_leads_where_the_long_one_does() {
        let client = Client {
            address: core::net::SocketAddr::from(([192, 0, 2, 9], 4_000)),
            transport: Transport::Udp,
            token: 0,
        };
        let mut strangers = 0;
        for (answer, outside) in [
            (AnswerMode::Vip, None),
            (AnswerMode::Endpoints, None),
            (AnswerMode::Forward, None),
            (AnswerMode::Forward, Some(AnswerMode::Vip)),
        ] {
            for completeness in [Completeness::Partial, Completeness::Complete] {
                let snapshot = snapshot(completeness, answer, outside);
                for text in NAMES {
                    let folded = name(text);
                    let route_after =
                        |shortcut| route_of_stranger(&snapshot, client, folded.as_name(), shortcut);
                    let route = route_after(Shortcut::Unlooked);
                    let wire = folded.as_name().as_wire();
                    let table = &snapshot.table;
                    if table.plain(wire, table.hash(wire)) == PlainLookup::Absent {
                        let again = route_after(Shortcut::Absent);
                        assert_eq!(again.is_some(), route.is_some(), "{text}");
                    }
                    let Some(route) = route else {
                        continue;
                    };
                    strangers += 1;
                    for rtype in [Rtype::A, Rtype::TXT, Rtype::PTR, Rtype::SOA] {
                        let query = query(text, rtype);
                        let config = ResolverConfig::default();
                        match decide(&snapshot, &config, client, &query, 0) {
                            Step::Forward(other, at, chain) => {
                                assert!(Arc::ptr_eq(route, other), "{text}");
                                assert!(at.as_name() == folded.as_name() && chain.is_empty());
                            }
                            Step::Answer(_) => panic!("{text} has an answer of ours"),
                        }
                    }
                }
            }
        }
        assert!(strangers >= 15 + 2 * 2 * 2, "{strangers}");
    }
}
