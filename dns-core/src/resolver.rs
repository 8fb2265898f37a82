//! The engine: view, names, table, zones, forwarding, in this order.
//!
//! Calling protocol: hand in what happened with the time (`handle_*`), then drain
//! [`Resolver::poll_transmit`] until it gives `None`, then wait for the next event or until
//! [`Resolver::poll_timeout`].

use crate::answer::{self, Answer, Authority, Cname, Records, Recursion, Soa};
use crate::config::ResolverConfig;
use crate::forward::{Event, ForwardPolicy, Forwarder, Outcome, Question, Route, Waiter};
use crate::host::{self, Said};
use crate::query::Query;
use crate::search;
use crate::stats::Stats;
use crate::table::{Completeness, NameTable};
use crate::transmit::{Client, ExchangeId, Millis, Random, Transmit, Transport};
use crate::view::{AnswerMode, View, Views};
use crate::wire::writer::Fit;
use crate::wire::{Ede, FoldedName, Name, NameBuf, Rcode, Reaction, Rtype};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Most CNAMEs followed inside the table for one question. ExternalName services that lead to
/// each other end in SERVFAIL.
const CHAIN_MAX: usize = 8;

/// All that a resolver consults, published whole.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The table.
    pub table: Arc<NameTable>,
    /// Views by client.
    pub views: Views,
    /// Zones we are the authority for: what the table does not have there does not exist.
    pub zones: Vec<NameBuf>,
    /// Where the rest goes.
    pub forward: ForwardPolicy,
}

impl Snapshot {
    /// The apex of the longest of our zones that `name` is in.
    fn zone_of(&self, name: Name<'_>) -> Option<&NameBuf> {
        let zones = self
            .zones
            .iter()
            .filter(|zone| name.ends_with(zone.as_name()));
        zones.max_by_key(|zone| zone.as_name().label_count())
    }

    fn recursion(&self) -> Recursion {
        if self.forward.is_forwarding() {
            Recursion::Available
        } else {
            Recursion::Unavailable
        }
    }
}

/// What became of a query at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The answer was appended to the buffer.
    Answered,
    /// It waits for an upstream; the answer comes from [`Resolver::poll_transmit`].
    Pending,
    /// It gets no answer.
    Dropped,
}

/// The engine. One owner, no lock; several resolvers may share one [`Snapshot`].
pub struct Resolver {
    config: ResolverConfig,
    snapshot: Arc<Snapshot>,
    forwarder: Forwarder,
    random: Box<dyn Random + Send>,
    rotation: u64,
    stats: Arc<Stats>,
}

/// What to do about a question.
enum Step<'s> {
    Answer(Answer<'s>),
    Forward(&'s Arc<Route>, Box<FoldedName>, Vec<Cname>),
}

impl Resolver {
    /// A resolver that answers from `snapshot`.
    pub fn new(
        config: ResolverConfig,
        snapshot: Arc<Snapshot>,
        mut random: Box<dyn Random + Send>,
    ) -> Self {
        let forwarder = Forwarder::new(&config);
        let rotation = u64::from(random.next_u32());
        Resolver {
            config,
            snapshot,
            forwarder,
            random,
            rotation,
            stats: Arc::default(),
        }
    }

    /// Takes a query. If it can be answered at once the answer is appended to `out`.
    pub fn handle_query(
        &mut self,
        now: Millis,
        client: Client,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Disposition {
        match client.transport {
            Transport::Udp => self.stats.queries_udp.increment(),
            Transport::Tcp => self.stats.queries_tcp.increment(),
        }
        let query = match Query::parse(message) {
            Ok(query) => query,
            Err(refusal) => {
                let recursion = self.snapshot.recursion();
                let reaction = answer::refuse(refusal, message, recursion, out);
                return self.refused(reaction);
            }
        };
        let rotation = self.next_rotation();
        let Resolver {
            config,
            snapshot,
            forwarder,
            random,
            stats,
            ..
        } = self;
        match decide(snapshot, config, client, &query, rotation) {
            Step::Answer(answer) => {
                let fit = answer.encode(&query, client.transport, snapshot.recursion(), out);
                count(stats, &answer, fit);
                Disposition::Answered
            }
            Step::Forward(route, name, chain) => {
                let question = Question::of(&query).renamed(*name);
                let waiter = Waiter {
                    client,
                    query: Box::new(query),
                    chain,
                };
                let asked = forwarder.ask(now, route, question, waiter, &mut **random, stats);
                match asked {
                    Ok(()) => Disposition::Pending,
                    Err(waiter) => {
                        let answer = Answer::failure(Rcode::SERVFAIL, Some(Ede::OTHER));
                        let recursion = snapshot.recursion();
                        answer.encode(&waiter.query, client.transport, recursion, out);
                        Disposition::Answered
                    }
                }
            }
        }
    }

    /// Takes a message that came back on the socket of that exchange.
    pub fn handle_reply(&mut self, now: Millis, exchange: ExchangeId, message: &[u8]) {
        let Resolver {
            forwarder,
            random,
            stats,
            ..
        } = self;
        forwarder.handle_reply(now, exchange, message, &mut **random, stats);
    }

    /// Takes word that the socket of that exchange failed: refused, reset, closed, no route.
    pub fn handle_unreachable(&mut self, now: Millis, exchange: ExchangeId) {
        let Resolver {
            forwarder,
            random,
            stats,
            ..
        } = self;
        forwarder.handle_unreachable(now, exchange, &mut **random, stats);
    }

    /// Takes word that [`Resolver::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Millis) {
        let Resolver {
            forwarder,
            random,
            stats,
            ..
        } = self;
        forwarder.handle_timeout(now, &mut **random, stats);
    }

    /// What to do next; octets to send, if any, are appended to `out`. Drain it after every
    /// input.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> Option<Transmit> {
        Some(match self.forwarder.poll()? {
            Event::Ask {
                exchange,
                server,
                transport,
                message,
            } => {
                out.extend_from_slice(&message);
                Transmit::Ask {
                    exchange,
                    server,
                    transport,
                }
            }
            Event::Close(exchange) => Transmit::Close(exchange),
            Event::Done { waiter, outcome } => {
                self.finish(&waiter, &outcome, out);
                Transmit::Answer(waiter.client)
            }
        })
    }

    /// When [`Resolver::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.forwarder.poll_timeout()
    }

    /// Answers from `snapshot` from the next query on.
    pub fn install(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshot = snapshot;
    }

    /// Its counters; they may be read from any thread.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// A step of a full-period generator: its upper bits spread over the addresses of an answer
    /// even when clients ask in a pattern.
    fn next_rotation(&mut self) -> u32 {
        self.rotation = self
            .rotation
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.rotation >> 33) as u32
    }

    fn refused(&self, reaction: Reaction) -> Disposition {
        match reaction {
            Reaction::Silence => self.stats.dropped.increment(),
            Reaction::FormErr => self.stats.refused_formerr.increment(),
            Reaction::NotImp => self.stats.refused_notimp.increment(),
            Reaction::BadVers => self.stats.refused_badvers.increment(),
            Reaction::Refused => self.stats.refused_policy.increment(),
        }
        match reaction {
            Reaction::Silence => Disposition::Dropped,
            _ => Disposition::Answered,
        }
    }

    fn finish(&self, waiter: &Waiter, outcome: &Outcome, out: &mut Vec<u8>) {
        let fit = match outcome {
            Outcome::Reply(reply) => waiter.write_answer(reply, out),
            Outcome::Failed(failure) => {
                let answer = Answer::failure(Rcode::SERVFAIL, Some(failure.ede()));
                let transport = waiter.client.transport;
                answer.encode(&waiter.query, transport, Recursion::Available, out)
            }
        };
        if fit == Fit::Cut {
            self.stats.truncated.increment();
        }
    }
}

/// The column of steps: who asks, what it may mean, what the host says, else a miss.
fn decide<'s>(
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
    if view.answer == AnswerMode::Forward {
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
    miss(snapshot, config, view, query, at.unwrap_or(name), chain)
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
    let is_partial = snapshot.table.completeness() == Completeness::Partial;
    if let Some(zone) = snapshot.zone_of(name) {
        let is_apex = zone.as_name() == name;
        let records = match query.rtype {
            Rtype::SOA => Some(Records::Soa(soa(snapshot, config, name))),
            Rtype::ANY => Some(Records::AnyHinfo),
            _ => None,
        };
        if let Some(records) = records.filter(|_| is_apex) {
            return Step::Answer(Answer::positive(chain, records, config.ttl_secs));
        }
        if !is_partial {
            let has_names_below = snapshot.table.has_names_below(name) && !is_cluster_label(name);
            let exists = is_apex || has_names_below;
            return negative(
                if exists {
                    Rcode::NOERROR
                } else {
                    Rcode::NXDOMAIN
                },
                chain,
            );
        }
    }
    let is_ours = name.ends_with(view.domain.as_name()) || snapshot.zone_of(name).is_some();
    if is_partial && is_ours {
        return Step::Answer(Answer::failure(Rcode::SERVFAIL, Some(Ede::NOT_READY)));
    }
    forward(snapshot, FoldedName::of(name), chain)
}

/// Records that belong to no host: the version text and reverse names. `Records::None` stands for
/// NODATA, `None` for a name we know nothing of.
fn own_records<'s>(
    snapshot: &'s Snapshot,
    view: &View,
    rtype: Rtype,
    name: Name<'_>,
) -> Option<Records<'s>> {
    let (records, own_type) = if is_dns_version(snapshot, view, name) {
        (Records::DnsVersion, Rtype::TXT)
    } else {
        let host = snapshot.table.reverse(name.reverse_address()?, view)?;
        (Records::Ptr(host), Rtype::PTR)
    };
    Some(match rtype {
        rtype if rtype == own_type => records,
        Rtype::ANY => Records::AnyHinfo,
        _ => Records::None,
    })
}

/// `dns-version` below the cluster domain or a zone of ours (Kubernetes DNS specification,
/// section 2.2).
fn is_dns_version(snapshot: &Snapshot, view: &View, name: Name<'_>) -> bool {
    let is_first = name.first_label() == Some(b"dns-version");
    is_first
        && name.parent().is_some_and(|parent| {
            parent == view.domain.as_name()
                || snapshot.zones.iter().any(|zone| zone.as_name() == parent)
        })
}

/// Whether `name` is `<cluster>.<service>.<namespace>.svc.clusterset.local`: below it are the
/// endpoints of a cluster, and it does not exist itself (Multi-Cluster Services DNS
/// specification, section 2.4).
fn is_cluster_label(name: Name<'_>) -> bool {
    const SUFFIX: [&[u8]; 3] = [b"svc", b"clusterset", b"local"];
    let mut labels = name.labels().skip(3);
    name.label_count() == 6 && SUFFIX.iter().all(|label| labels.next() == Some(*label))
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
fn soa(snapshot: &Snapshot, config: &ResolverConfig, name: Name<'_>) -> Soa {
    let owner = snapshot.zone_of(name).cloned();
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

fn count(stats: &Stats, answer: &Answer<'_>, fit: Fit) {
    if fit == Fit::Cut {
        stats.truncated.increment();
    }
    let counter = match (answer.rcode, answer.authority, &answer.records) {
        (Rcode::REFUSED, ..) if answer.ede == Some(Ede::PROHIBITED) => &stats.refused_no_view,
        (Rcode::REFUSED, ..) => &stats.refused_no_upstream,
        (Rcode::NXDOMAIN, ..) => &stats.table_nxdomain,
        (_, Authority::None, _) => &stats.not_ready,
        (_, _, Records::Negative(_)) => &stats.table_nodata,
        _ => &stats.table_hits,
    };
    counter.increment();
}
