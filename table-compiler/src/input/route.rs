//! Kubernetes Gateway API HTTPRoute, TLSRoute and GRPCRoute (gateway.networking.k8s.io).

use super::field::Read;
use super::metadata::Metadata;
use super::name_pattern::NamePattern;
use super::yaml::{Yaml, YamlValue};
use std::sync::Arc;

/// A route of the Gateway API; the kind is that of its identity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    pub(crate) metadata: Metadata,
    /// Empty stands for the hosts of the listeners.
    pub(crate) hostnames: Vec<NamePattern>,
    pub(crate) parent_refs: Vec<ParentRef>,
    pub(crate) rules: Vec<RouteRule>,
}

/// What a route is attached to: a Gateway, or a Service in a mesh.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParentRef {
    /// `gateway.networking.k8s.io` if it names none; empty for the core group.
    pub(crate) group: Arc<str>,
    /// `Gateway` if it names none.
    pub(crate) kind: Arc<str>,
    /// The route's own if it names none.
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
    pub(crate) section_name: Option<Arc<str>>,
    pub(crate) port: Option<u16>,
}

/// An item of `spec.rules`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RouteRule {
    pub(crate) scope: RuleScope,
    pub(crate) backends: Vec<BackendRef>,
}

/// Which traffic of a host a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleScope {
    /// All of it.
    All,
    /// What has a certain path, header, port or the like.
    Matched,
}

/// Where a rule sends traffic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BackendRef {
    /// Empty, the core group, if it names none.
    pub(crate) group: Arc<str>,
    /// `Service` if it names none.
    pub(crate) kind: Arc<str>,
    /// The route's own if it names none.
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
    pub(crate) port: Option<u16>,
    /// 1 if it names none.
    pub(crate) weight: u32,
}

const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

impl Route {
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let spec = root.required("spec", "")?;
        Ok(Route {
            metadata,
            hostnames: spec.each("hostnames", NamePattern::read)?,
            parent_refs: spec.each("parentRefs", parent_ref)?,
            rules: spec.each("rules", rule)?,
        })
    }
}

fn parent_ref(item: &Yaml) -> Read<'_, ParentRef> {
    let word = |key, absent: &str| -> Read<'_, Arc<str>> {
        Ok(item.text_field(key)?.unwrap_or(absent).into())
    };
    Ok(ParentRef {
        group: word("group", GATEWAY_GROUP)?,
        kind: word("kind", "Gateway")?,
        namespace: item.name_field("namespace")?,
        name: item.required_name("name", "name a Gateway or a Service")?,
        section_name: item.name_field("sectionName")?,
        port: item.port_field("port")?,
    })
}

fn rule(item: &Yaml) -> Read<'_, RouteRule> {
    let matches = item.list("matches")?;
    let is_all = matches.is_empty() || matches.iter().any(is_any_path);
    Ok(RouteRule {
        scope: if is_all {
            RuleScope::All
        } else {
            RuleScope::Matched
        },
        backends: item.each("backendRefs", backend_ref)?,
    })
}

/// Whether a match is the one that the API server writes where there was none: every path.
fn is_any_path(item: &Yaml) -> bool {
    let YamlValue::Map(fields) = &item.value else {
        return false;
    };
    fields.iter().all(|(key, value)| {
        let text = |key| value.text_field(key).ok().flatten();
        key == "path"
            && text("type").unwrap_or("PathPrefix") == "PathPrefix"
            && text("value").unwrap_or("/") == "/"
    })
}

fn backend_ref(item: &Yaml) -> Read<'_, BackendRef> {
    let weight = item.field("weight")?;
    Ok(BackendRef {
        group: item.name_field("group")?.unwrap_or_default(),
        kind: item.name_field("kind")?.unwrap_or_else(|| "Service".into()),
        namespace: item.name_field("namespace")?,
        name: item.required_name("name", "name a Service")?,
        port: item.port_field("port")?,
        weight: weight.map_or(Ok(1), |weight| weight.number("a weight"))?,
    })
}
