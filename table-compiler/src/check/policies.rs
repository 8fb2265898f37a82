//! NamePolicies, as far as files can tell: who publishes a name, who changed a product.

use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::input::{
    ChangeRule, ChangeVerb, NamePattern, Object, ObjectDoc, Order, ProductMember, ProductName,
};
use crate::inventory::{ClusterFacts, change_rules, restricts_publishing};
use dns_core::NameBuf;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Annotation of a ProductName: who wrote it in its present form.
const CHANGED_BY_ANNOTATION: &str = "names.mesh/changed-by";
/// A subject of a rule that is everybody.
const EVERYBODY: &str = "*";

/// `policies.publish`: nothing publishes a name that a NamePolicy keeps for others.
pub(super) fn publish(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    if !restricts_publishing(clusters) {
        return Outcome::Absent("no NamePolicy says who may publish a name");
    }
    let mut lines = Vec::new();
    for facts in clusters {
        for doc in &facts.docs {
            for (field, host) in published_hosts(doc) {
                let namespace = &doc.id.namespace;
                let Some(rule) = input.compiler.refusing_rule(&host, &facts.id, namespace) else {
                    continue;
                };
                let reason = format!(
                    "{}/{} may not publish {host}: it is as if it were not there",
                    facts.id, doc.id.namespace
                );
                let mut line = CheckLine::failed(CheckId::PoliciesPublish, reason)
                    .in_cluster(&facts.id)
                    .about(&doc.id)
                    .named(&host)
                    .with_field(field)
                    .at(doc.location().to_string())
                    .with_hint("take the host out, or have the policy name the namespace");
                line.rule = Some(rule);
                lines.push(line);
            }
        }
    }
    Outcome::Ran(lines)
}

/// The hosts that an object publishes, each with its field.
fn published_hosts(doc: &ObjectDoc) -> Vec<(String, NameBuf)> {
    let numbered = |field: &str, hosts: &[NameBuf]| -> Vec<(String, NameBuf)> {
        let hosts = hosts.iter().enumerate();
        hosts
            .map(|(index, host)| (format!("{field}[{index}]"), host.clone()))
            .collect()
    };
    match &doc.object {
        Object::ServiceEntry(entry) => numbered("spec.hosts", &entry.hosts),
        Object::ProductName(product) => {
            let mut hosts = numbered("spec.hosts", &product.hosts);
            hosts.append(&mut numbered("spec.aliases", &product.aliases));
            hosts
        }
        Object::Gateway(gateway) => {
            let servers = gateway.servers.iter().enumerate();
            let hosts = servers.flat_map(|(server, found)| {
                let hosts = found.hosts.iter().enumerate();
                hosts.filter_map(move |(index, host)| match &host.name {
                    NamePattern::Exact(name) => {
                        let field = format!("spec.servers[{server}].hosts[{index}]");
                        Some((field, name.clone()))
                    }
                    NamePattern::Any | NamePattern::Below(_) => None,
                })
            });
            hosts.collect()
        }
        Object::KubernetesGateway(gateway) => {
            let listeners = gateway.listeners.iter().enumerate();
            let hosts = listeners.filter_map(|(index, listener)| match &listener.hostname {
                NamePattern::Exact(name) => {
                    Some((format!("spec.listeners[{index}].hostname"), name.clone()))
                }
                NamePattern::Any | NamePattern::Below(_) => None,
            });
            hosts.collect()
        }
        _ => Vec::new(),
    }
}

/// `policies.change`: no ProductName has parts that its last editor may not change.
pub(super) fn change(clusters: &[ClusterFacts<'_>]) -> Outcome {
    let rules = change_rules(clusters);
    if rules.is_empty() {
        return Outcome::Absent("no NamePolicy says who may change a name");
    }
    let ids: BTreeSet<Arc<str>> = clusters.iter().map(|facts| Arc::clone(&facts.id)).collect();
    let judge = Judge { rules, ids };
    let mut lines = Vec::new();
    for facts in clusters {
        for doc in &facts.docs {
            if let Object::ProductName(product) = &doc.object {
                lines.extend(judge.lines_of(&facts.id, doc, product));
            }
        }
    }
    Outcome::Ran(lines)
}

struct Judge<'a> {
    /// The rules with their places.
    rules: Vec<(String, &'a ChangeRule)>,
    /// All clusters.
    ids: BTreeSet<Arc<str>>,
}

impl Judge<'_> {
    fn lines_of(
        &self,
        cluster: &Arc<str>,
        doc: &ObjectDoc,
        product: &ProductName,
    ) -> Vec<CheckLine> {
        let Some(subject) = product.metadata.annotation(CHANGED_BY_ANNOTATION) else {
            let reason = format!("nobody is named as who changed it ({CHANGED_BY_ANNOTATION})");
            let line = CheckLine::not_run(CheckId::PoliciesChange, reason)
                .in_cluster(cluster)
                .about(&doc.id)
                .at(doc.location().to_string());
            return vec![line];
        };
        let mut lines = Vec::new();
        for part in parts_of(doc, product, &self.ids) {
            let forbidden = part.clusters.iter().find_map(|touched| {
                let rule = self.refusing(subject, part.verb, touched)?;
                Some((touched, rule))
            });
            let Some((touched, rule)) = forbidden else {
                continue;
            };
            let verb = word(part.verb);
            let reason = format!("{subject} may not change {verb} in {touched}");
            let mut line = CheckLine::failed(CheckId::PoliciesChange, reason)
                .in_cluster(cluster)
                .with_target(touched)
                .about(&doc.id)
                .with_field(part.field)
                .at(doc.location().to_string())
                .with_hint("undo the change, or have the policy's owner allow it");
            line.subject = Some(Arc::clone(subject));
            line.rule = Some(rule.to_owned());
            lines.push(line);
        }
        lines
    }

    /// The rule that keeps a subject from changing a part in a cluster. A part that no rule names
    /// is everybody's; of one that rules name, each subject may change what a rule gives it.
    fn refusing(&self, subject: &str, verb: ChangeVerb, cluster: &str) -> Option<&str> {
        let mut about = self
            .rules
            .iter()
            .filter(|(_, rule)| rule.verbs.contains(&verb));
        let (place, _) = about.clone().next()?;
        let names = |rule: &ChangeRule| {
            let mut subjects = rule.subjects.iter();
            subjects.any(|named| **named == *subject || &**named == EVERYBODY)
        };
        let allows = |rule: &ChangeRule| {
            names(rule) && rule.clusters.iter().any(|pattern| pattern.matches(cluster))
        };
        if about.clone().any(|(_, rule)| allows(rule)) {
            return None;
        }
        let own = about.find(|(_, rule)| names(rule));
        Some(own.map_or(place, |(own, _)| own))
    }
}

/// A part of a ProductName that is written, and the clusters it touches.
struct Part {
    verb: ChangeVerb,
    field: String,
    clusters: BTreeSet<Arc<str>>,
}

/// The parts that a ProductName has. What names no cluster touches all.
fn parts_of(doc: &ObjectDoc, product: &ProductName, ids: &BTreeSet<Arc<str>>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |verb: ChangeVerb, field: String, cluster: Option<&Arc<str>>| {
        let clusters = match cluster {
            Some(cluster) => BTreeSet::from([Arc::clone(cluster)]),
            None => ids.clone(),
        };
        parts.push(Part {
            verb,
            field,
            clusters,
        });
    };
    for (index, member) in product.members.iter().enumerate() {
        let cluster = match member {
            ProductMember::Gateways(gateways) => gateways.cluster.as_ref(),
            ProductMember::Service(service) => service.cluster.as_ref(),
        };
        add(
            ChangeVerb::Members,
            format!("spec.members[{index}]"),
            cluster,
        );
    }
    for (index, weight) in product.weights.iter().enumerate() {
        let field = format!("spec.weights[{index}]");
        add(ChangeVerb::Weights, field, weight.cluster.as_ref());
    }
    match &product.order {
        Some(Order::Clusters(clusters)) => {
            for (index, cluster) in clusters.iter().enumerate() {
                add(
                    ChangeVerb::Order,
                    format!("spec.order[{index}]"),
                    Some(cluster),
                );
            }
        }
        Some(Order::Keys(_)) => add(ChangeVerb::Order, "spec.order".to_owned(), None),
        None => {}
    }
    for verb in [
        ChangeVerb::Hosts,
        ChangeVerb::Aliases,
        ChangeVerb::Failover,
        ChangeVerb::Answers,
        ChangeVerb::Ttl,
        ChangeVerb::Vip,
    ] {
        let key = word(verb);
        if !doc.raw["spec"][key].is_null() {
            add(verb, format!("spec.{key}"), None);
        }
    }
    parts
}

/// The key of a part below `spec`, which is also its verb in a rule.
fn word(verb: ChangeVerb) -> &'static str {
    match verb {
        ChangeVerb::Hosts => "hosts",
        ChangeVerb::Aliases => "aliases",
        ChangeVerb::Members => "members",
        ChangeVerb::Order => "order",
        ChangeVerb::Weights => "weights",
        ChangeVerb::Failover => "failover",
        ChangeVerb::Answers => "answers",
        ChangeVerb::Ttl => "ttl",
        ChangeVerb::Vip => "vip",
    }
}
