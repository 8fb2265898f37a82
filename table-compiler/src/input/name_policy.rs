//! Our NamePolicy (names.mesh): who may publish, resolve and change names.

use super::field::{Invalid, Read};
use super::metadata::Metadata;
use super::name_pattern::NamePattern;
use super::product_name::ROOT_KEYS;
use super::text_pattern::TextPattern;
use super::yaml::Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A NamePolicy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NamePolicy {
    pub(crate) metadata: Metadata,
    pub(crate) publish: Vec<PublishRule>,
    pub(crate) resolve: Vec<ResolveRule>,
    pub(crate) change: Vec<ChangeRule>,
}

/// These hosts may be published from there alone; from nowhere if that is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PublishRule {
    pub(crate) hosts: Vec<NamePattern>,
    pub(crate) from: Vec<PublisherPattern>,
}

/// Objects of some clusters and namespaces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PublisherPattern {
    pub(crate) cluster: TextPattern,
    pub(crate) namespace: TextPattern,
}

/// These hosts may be resolved by those alone; by nobody if that is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResolveRule {
    pub(crate) hosts: Vec<NamePattern>,
    pub(crate) to: Vec<ResolverPattern>,
    pub(crate) otherwise: Denial,
}

/// Clients; all that is named must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResolverPattern {
    pub(crate) cluster: TextPattern,
    pub(crate) namespace: TextPattern,
    pub(crate) namespace_labels: BTreeMap<Arc<str>, Arc<str>>,
}

/// How a name looks to those who may not resolve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// Like one that does not exist.
    Nxdomain,
}

/// These subjects may change these parts of ProductNames in those clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChangeRule {
    pub(crate) subjects: Vec<Arc<str>>,
    pub(crate) verbs: BTreeSet<ChangeVerb>,
    pub(crate) clusters: Vec<TextPattern>,
}

/// A part of a ProductName.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ChangeVerb {
    Hosts,
    Aliases,
    Members,
    Order,
    Weights,
    Failover,
    Answers,
    Ttl,
    Vip,
}

const DENIALS: [(&str, Denial); 1] = [("nxdomain", Denial::Nxdomain)];

const VERBS: [(&str, ChangeVerb); 9] = [
    ("hosts", ChangeVerb::Hosts),
    ("aliases", ChangeVerb::Aliases),
    ("members", ChangeVerb::Members),
    ("order", ChangeVerb::Order),
    ("weights", ChangeVerb::Weights),
    ("failover", ChangeVerb::Failover),
    ("answers", ChangeVerb::Answers),
    ("ttl", ChangeVerb::Ttl),
    ("vip", ChangeVerb::Vip),
];

impl NamePolicy {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        root.has_only(&ROOT_KEYS)?;
        let spec = root.required("spec", "write publish, resolve or change")?;
        spec.has_only(&["publish", "resolve", "change"])?;
        Ok(NamePolicy {
            metadata,
            publish: spec.each("publish", PublishRule::read)?,
            resolve: spec.each("resolve", ResolveRule::read)?,
            change: spec.each("change", ChangeRule::read)?,
        })
    }
}

fn hosts(rule: &Yaml) -> Read<'_, Vec<NamePattern>> {
    rule.each_required("hosts", "name at least one host", NamePattern::read)
}

impl PublishRule {
    fn read(item: &Yaml) -> Read<'_, Self> {
        item.has_only(&["hosts", "from"])?;
        item.required("from", "name a cluster or a namespace, or write []")?;
        Ok(PublishRule {
            hosts: hosts(item)?,
            from: item.each("from", |from| {
                from.has_only(&["cluster", "namespace"])?;
                Ok(PublisherPattern {
                    cluster: TextPattern::field(from, "cluster")?,
                    namespace: TextPattern::field(from, "namespace")?,
                })
            })?,
        })
    }
}

impl ResolveRule {
    fn read(item: &Yaml) -> Read<'_, Self> {
        item.has_only(&["hosts", "to", "otherwise"])?;
        item.required("to", "name a cluster or a namespace, or write []")?;
        Ok(ResolveRule {
            hosts: hosts(item)?,
            to: item.each("to", ResolverPattern::read)?,
            otherwise: item
                .word_field("otherwise", &DENIALS)?
                .unwrap_or(Denial::Nxdomain),
        })
    }
}

impl ResolverPattern {
    fn read(to: &Yaml) -> Read<'_, Self> {
        to.has_only(&["cluster", "namespace", "namespaceLabels"])?;
        Ok(ResolverPattern {
            cluster: TextPattern::field(to, "cluster")?,
            namespace: TextPattern::field(to, "namespace")?,
            namespace_labels: to.text_map("namespaceLabels")?,
        })
    }
}

impl ChangeRule {
    fn read(item: &Yaml) -> Read<'_, Self> {
        item.has_only(&["subjects", "verbs", "clusters"])?;
        let subjects = item.each_required("subjects", "name at least one", subject)?;
        let verbs = item.each_required("verbs", "name at least one", |verb| verb.word(&VERBS))?;
        let clusters = item.each("clusters", TextPattern::read)?;
        Ok(ChangeRule {
            subjects,
            verbs: verbs.into_iter().collect(),
            clusters: match item.field("clusters")? {
                Some(_) => clusters,
                None => vec![TextPattern::Any],
            },
        })
    }
}

fn subject(item: &Yaml) -> Read<'_, Arc<str>> {
    match item.text()? {
        "" => Err(Invalid::new(
            item,
            "is empty".to_owned(),
            "name a user or a group",
        )),
        text => Ok(text.into()),
    }
}
