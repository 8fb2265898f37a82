//! [`ViewSpec`]: what a configuration says of a kind of client, and how it becomes a
//! [`View`].

use super::values;
use super::walk::{Field, Reason, Section, Walk};
use dns_core::{AnswerMode, Families, NameBuf, View};
use std::sync::Arc;

/// What a configuration says of a kind of client; what it leaves open comes from a wider
/// [`ViewSpec`] or from the defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewSpec {
    /// Namespace of the clients.
    pub namespace: Option<Arc<str>>,
    /// Their cluster domain. Default `cluster.local`.
    pub domain: Option<NameBuf>,
    /// Their search domains. Default: what Kubernetes writes for the namespace and domain.
    pub search: Option<Vec<NameBuf>>,
    /// Families they can use. Default IPv4.
    pub families: Option<Families>,
    /// Their network. Default: the addresses of all networks are answered.
    pub network: Option<Arc<str>>,
    /// Whose variant of a host they prefer after their own and the canonical one.
    pub preferred_namespace: Option<Arc<str>>,
    /// What they are answered with. Default by `proxy`.
    pub answer: Option<AnswerMode>,
    /// Whether they have a proxy. Default yes.
    pub proxy: Option<Proxy>,
}

/// Whether a client's connections pass a proxy that knows the virtual addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// They do: virtual addresses are answered unless something else is asked for.
    Present,
    /// They do not: addresses that can be dialled are.
    Absent,
}

impl ViewSpec {
    /// This spec with what it leaves open taken from `wider`.
    ///
    /// Search domains belong to a namespace and domain: they are not taken when either is given
    /// here. Neither is the answer when it is said here whether there is a proxy.
    #[must_use]
    pub fn over(&self, wider: &ViewSpec) -> ViewSpec {
        let has_own_place = self.namespace.is_some() || self.domain.is_some();
        let wider_search = if has_own_place {
            None
        } else {
            wider.search.clone()
        };
        let wider_answer = if self.proxy.is_some() {
            None
        } else {
            wider.answer
        };
        ViewSpec {
            namespace: self.namespace.clone().or_else(|| wider.namespace.clone()),
            domain: self.domain.clone().or_else(|| wider.domain.clone()),
            search: self.search.clone().or(wider_search),
            families: self.families.or(wider.families),
            network: self.network.clone().or_else(|| wider.network.clone()),
            preferred_namespace: self
                .preferred_namespace
                .clone()
                .or_else(|| wider.preferred_namespace.clone()),
            answer: self.answer.or(wider_answer),
            proxy: self.proxy.or(wider.proxy),
        }
    }

    /// The view, with defaults for what is open. A view without namespace has no search domains,
    /// whatever the spec says.
    pub fn view(&self, cluster: Option<Arc<str>>) -> View {
        let domain = self.domain.clone().unwrap_or_else(default_domain);
        let search = match (&self.namespace, &self.search) {
            (None, _) => Vec::new(),
            (Some(_), Some(search)) => search.clone(),
            (Some(namespace), None) => View::kubernetes_search(namespace, &domain),
        };
        let by_proxy = match self.proxy {
            Some(Proxy::Absent) => AnswerMode::Endpoints,
            Some(Proxy::Present) | None => AnswerMode::Vip,
        };
        View {
            namespace: self.namespace.clone(),
            search,
            families: self.families.unwrap_or(Families::V4),
            network: self.network.clone(),
            cluster,
            preferred_namespace: self.preferred_namespace.clone(),
            answer: self.answer.unwrap_or(by_proxy),
            ..View::new(domain)
        }
    }
}

/// `cluster.local`.
pub(crate) fn default_domain() -> NameBuf {
    NameBuf::parse("cluster.local").expect("a constant name parses")
}

const PROXIES: &[(&str, Proxy)] = &[("true", Proxy::Present), ("false", Proxy::Absent)];

/// Reads the view keys of a section; `proxy` is known only where the key table has it.
pub(crate) fn read(walk: &mut Walk, section: &Section<'_>) -> ViewSpec {
    ViewSpec {
        namespace: walk.optional(section.field("namespace"), values::namespace),
        domain: walk.optional(section.field("domain"), values::name),
        search: section.field("search").map(|field| names(walk, &field)),
        families: section
            .field("families")
            .and_then(|field| families(walk, &field)),
        network: walk.optional(section.field("network"), values::word),
        preferred_namespace: walk.optional(section.field("preferred_namespace"), values::namespace),
        answer: walk.optional(section.field("answer"), values::one_of(values::ANSWERS)),
        proxy: walk.optional(section.field("proxy"), values::one_of(PROXIES)),
    }
}

/// A list of domain names.
pub(crate) fn names(walk: &mut Walk, field: &Field<'_>) -> Vec<NameBuf> {
    walk.list(field, values::name)
        .into_iter()
        .map(|name| name.value)
        .collect()
}

fn families(walk: &mut Walk, field: &Field<'_>) -> Option<Families> {
    const WORDS: &[(&str, Families)] = &[
        ("ipv4", Families::V4),
        (
            "ipv6",
            Families {
                v4: false,
                v6: true,
            },
        ),
    ];
    let problems_before = walk.problems.len();
    let found = walk.list(field, values::one_of(WORDS));
    if found.is_empty() {
        if walk.problems.len() == problems_before {
            walk.fault(field, Reason::new("no family", "write ipv4, ipv6 or both"));
        }
        return None;
    }
    let has = |family: fn(&Families) -> bool| found.iter().any(|found| family(&found.value));
    Some(Families {
        v4: has(|f| f.v4),
        v6: has(|f| f.v6),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(namespace: &str) -> ViewSpec {
        ViewSpec {
            namespace: Some(namespace.into()),
            ..ViewSpec::default()
        }
    }

    #[test]
    fn search_domains_are_derived_unless_written_and_none_without_a_namespace() {
        let derived = spec("shop").view(None);
        assert_eq!(derived.search.len(), 3);
        assert_eq!(derived.search[0].to_string(), "shop.svc.cluster.local");
        let none = ViewSpec {
            search: Some(Vec::new()),
            ..spec("shop")
        };
        assert!(none.view(None).search.is_empty());
        let stub = ViewSpec {
            search: Some(vec![default_domain()]),
            ..ViewSpec::default()
        };
        assert!(stub.view(None).search.is_empty());
    }

    #[test]
    fn a_narrower_spec_with_its_own_namespace_does_not_take_the_search_domains() {
        let wide = ViewSpec {
            search: Some(vec![default_domain()]),
            ..spec("shop")
        };
        assert_eq!(ViewSpec::default().over(&wide).view(None).search.len(), 1);
        assert_eq!(spec("other").over(&wide).view(None).search.len(), 3);
    }

    #[test]
    fn a_client_without_proxy_is_answered_with_endpoints_unless_told_otherwise() {
        let wide = ViewSpec {
            answer: Some(AnswerMode::Vip),
            ..ViewSpec::default()
        };
        let bare = ViewSpec {
            proxy: Some(Proxy::Absent),
            ..ViewSpec::default()
        };
        assert_eq!(bare.over(&wide).view(None).answer, AnswerMode::Endpoints);
        let told = ViewSpec {
            answer: Some(AnswerMode::Forward),
            ..bare
        };
        assert_eq!(told.over(&wide).view(None).answer, AnswerMode::Forward);
        assert_eq!(ViewSpec::default().view(None).answer, AnswerMode::Vip);
    }
}
