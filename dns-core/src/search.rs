//! What a name asked for may mean to a view: itself, a Kubernetes short form, a name with a search
//! domain behind it, a wildcard.
//!
//! Order: exact matches first, the name as asked before what it may stand for; then wildcards,
//! the longest suffix first. Nothing here allocates.

use crate::table::{Found, NameTable};
use crate::view::View;
use crate::wire::name::LABEL_MAX;
use crate::wire::{FoldedName, Name};

/// How a name led to a host.
#[derive(Clone, Copy, Debug)]
pub struct Match<'t> {
    /// The host, and its port for an SRV name.
    pub found: Found<'t>,
    /// The name in front of the search domain, if one was taken off: the answer says so with a
    /// CNAME.
    pub stripped: Option<FoldedName>,
}

/// Finds the host that `name`, in lower case, means to `view`.
pub fn find<'t>(table: &'t NameTable, view: &View, name: Name<'_>) -> Option<Match<'t>> {
    let plain = |found| Match {
        found,
        stripped: None,
    };
    if let Some(found) = table.exact(name, view) {
        return Some(plain(found));
    }
    if view.namespace.is_some() {
        if let Some(found) = short_form(table, view, name) {
            return Some(plain(found));
        }
        if let Some(found) = under_search_domain(table, view, name) {
            return Some(found);
        }
    }
    wildcard(table, view, name).map(|found| plain(found.for_wildcard_match(name)))
}

/// The host that a Kubernetes short form stands for.
fn short_form<'t>(table: &'t NameTable, view: &View, name: Name<'_>) -> Option<Found<'t>> {
    expansions(view, name)
        .into_iter()
        .flatten()
        .filter_map(|expanded| table.exact(expanded.as_name(), view))
        .find(|found| found.host.has_short_names())
}

/// The host whose name, or short form, stands in front of one of the view's search domains. A
/// name that already ends in the domain is not looked for: its owner meant it whole.
fn under_search_domain<'t>(table: &'t NameTable, view: &View, name: Name<'_>) -> Option<Match<'t>> {
    view.search.iter().find_map(|domain| {
        let stripped = strip(name, domain.as_name())?;
        let short = stripped.as_name();
        let found = table
            .exact(short, view)
            .or_else(|| short_form(table, view, short))?;
        Some(Match {
            found,
            stripped: Some(stripped),
        })
    })
}

/// The wildcard of the longest suffix, with or without a search domain behind it. The name asked
/// for owns the answer either way: an asterisk in a CNAME is refused by strict resolvers.
fn wildcard<'t>(table: &'t NameTable, view: &View, name: Name<'_>) -> Option<Found<'t>> {
    if !table.has_wildcards() {
        return None;
    }
    name.ancestors().skip(1).find_map(|parent| {
        table.wildcard_below(parent, view).or_else(|| {
            view.namespace.as_ref()?;
            view.search.iter().find_map(|domain| {
                let stripped = strip(parent, domain.as_name())?;
                table.wildcard_below(stripped.as_name(), view)
            })
        })
    })
}

/// `name` without the search domain, if something is left that does not end in it again.
fn strip(name: Name<'_>, domain: Name<'_>) -> Option<FoldedName> {
    let labels = name
        .strip_suffix(domain)
        .filter(|labels| !labels.is_empty())?;
    let stripped = FoldedName::join(&[labels], Name::ROOT)?;
    (!stripped.as_name().ends_with(domain)).then_some(stripped)
}

/// The full names that a Kubernetes short form may stand for, in order: `a`, `a.ns`, `a.ns.svc`,
/// and `pod.a`, `pod.a.ns`, `pod.a.ns.svc` for pods of a headless service. Labels of an SRV name
/// stay in front.
pub fn expansions(view: &View, name: Name<'_>) -> [Option<FoldedName>; 2] {
    let Some(namespace) = view.namespace.as_deref() else {
        return [None, None];
    };
    let Some(own) = label_of(namespace) else {
        return [None, None];
    };
    let own = &own[..namespace.len() + 1];
    let domain = view.domain.as_name();
    let wire = name.as_wire();
    let labels = &wire[..wire.len() - 1];
    let host_labels = || name.labels().skip_while(|label| label.starts_with(b"_"));
    let ends_in_svc = host_labels().last() == Some(b"svc");
    const SVC: &[u8] = b"\x03svc";
    let join = |parts: &[&[u8]]| FoldedName::join(parts, domain);
    match (host_labels().count(), ends_in_svc) {
        (1, _) => [join(&[labels, own, SVC]), None],
        (2, _) => [join(&[labels, SVC]), join(&[labels, own, SVC])],
        (3, true) => [join(&[labels]), join(&[labels, SVC])],
        (3, false) => [join(&[labels, SVC]), None],
        (4, true) => [join(&[labels]), None],
        _ => [None, None],
    }
}

/// A namespace as a label with its length octet; `None` if it is no label.
fn label_of(text: &str) -> Option<[u8; LABEL_MAX + 1]> {
    let mut octets = [0; LABEL_MAX + 1];
    octets
        .get_mut(1..=text.len())?
        .copy_from_slice(text.as_bytes());
    octets[0] = u8::try_from(text.len()).ok().filter(|&len| len > 0)?;
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NameBuf;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn expanded(name: &str) -> Vec<String> {
        let domain = NameBuf::parse("cluster.local").unwrap();
        let view = View {
            namespace: Some("ns1".into()),
            ..View::new(domain)
        };
        let name = NameBuf::parse(name).unwrap();
        let names = expansions(&view, name.as_name());
        names
            .into_iter()
            .flatten()
            .map(|name| name.as_name().to_string())
            .collect()
    }

    #[test]
    fn short_forms_expand_as_kubernetes_search_domains_do() {
        assert_eq!(expanded("a"), ["a.ns1.svc.cluster.local"]);
        assert_eq!(
            expanded("a.ns2"),
            ["a.ns2.svc.cluster.local", "a.ns2.ns1.svc.cluster.local"]
        );
        assert_eq!(
            expanded("a.ns2.svc"),
            ["a.ns2.svc.cluster.local", "a.ns2.svc.svc.cluster.local"]
        );
        assert_eq!(expanded("pod.a.ns2"), ["pod.a.ns2.svc.cluster.local"]);
        assert_eq!(expanded("pod.a.ns.svc"), ["pod.a.ns.svc.cluster.local"]);
        assert_eq!(expanded("pod.a.ns.other"), [""; 0]);
        assert_eq!(expanded("a.ns2.svc.cluster"), [""; 0]);
    }

    #[test]
    fn labels_of_an_srv_name_are_not_counted() {
        assert_eq!(
            expanded("_http._tcp.a"),
            ["_http._tcp.a.ns1.svc.cluster.local"]
        );
    }
}
