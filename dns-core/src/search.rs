//! What a name asked for may mean to a view: itself, a Kubernetes short form, a name with a search
//! domain behind it, a wildcard.
//!
//! Order: exact matches first, the name as asked before what it may stand for; then wildcards,
//! the longest suffix first. Nothing here allocates.

use crate::table::{Found, NameTable};
use crate::view::View;
use crate::wire::name::{LABEL_MAX, NAME_MAX};
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
    let namespace = view.namespace.as_deref()?;
    let mut room = [0; NAME_MAX];
    tails(name).into_iter().flatten().find_map(|tail| {
        let expanded = expand(name, tail, namespace, view.domain.as_name(), &mut room)?;
        table
            .exact(expanded, view)
            .filter(|found| found.host.has_short_names())
    })
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

/// What a short form leaves out in front of the cluster domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// The asker's namespace and `svc`.
    NamespaceAndSvc,
    /// `svc`.
    Svc,
    /// Nothing else.
    Nothing,
}

/// What a Kubernetes short form may leave out, in order: `a`, `a.ns`, `a.ns.svc`, and `pod.a`,
/// `pod.a.ns`, `pod.a.ns.svc` for pods of a headless service. Labels of an SRV name stay in front.
fn tails(name: Name<'_>) -> [Option<Tail>; 2] {
    let (mut count, mut last) = (0, &b""[..]);
    for label in name.labels().skip_while(|label| label.starts_with(b"_")) {
        (count, last) = (count + 1, label);
    }
    match (count, last == b"svc") {
        (1, _) => [Some(Tail::NamespaceAndSvc), None],
        (2, _) => [Some(Tail::Svc), Some(Tail::NamespaceAndSvc)],
        (3, true) => [Some(Tail::Nothing), Some(Tail::Svc)],
        (3, false) => [Some(Tail::Svc), None],
        (4, true) => [Some(Tail::Nothing), None],
        _ => [None, None],
    }
}

/// Writes the full name of a short form, in lower case as its parts are; `None` if it passes 255
/// octets.
fn expand<'r>(
    name: Name<'_>,
    tail: Tail,
    namespace: &str,
    domain: Name<'_>,
    room: &'r mut [u8; NAME_MAX],
) -> Option<Name<'r>> {
    const SVC: &[u8] = b"\x03svc";
    let wire = name.as_wire();
    let namespace_len = u8::try_from(namespace.len()).ok()?;
    if !(1..=LABEL_MAX).contains(&namespace.len()) {
        return None;
    }
    let (own, svc): (&[&[u8]], &[u8]) = match tail {
        Tail::NamespaceAndSvc => (&[&[namespace_len], namespace.as_bytes()], SVC),
        Tail::Svc => (&[], SVC),
        Tail::Nothing => (&[], b""),
    };
    let labels = &wire[..wire.len() - 1];
    let parts = [labels].into_iter().chain(own.iter().copied());
    let mut len = 0;
    for part in parts.chain([svc, domain.as_wire()]) {
        room.get_mut(len..len + part.len())?.copy_from_slice(part);
        len += part.len();
    }
    Some(Name::from_valid(&room[..len]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NameBuf;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn expanded(name: &str) -> Vec<String> {
        let domain = NameBuf::parse("cluster.local").unwrap();
        let name = NameBuf::parse(name).unwrap();
        let expand = |tail| {
            let mut room = [0; NAME_MAX];
            let full = expand(name.as_name(), tail, "ns1", domain.as_name(), &mut room);
            full.unwrap().to_string()
        };
        tails(name.as_name())
            .into_iter()
            .flatten()
            .map(expand)
            .collect()
    }

    #[test]
    fn a_short_form_that_gets_too_long_expands_to_nothing() {
        let label = ["x"; 60].concat();
        let name = NameBuf::parse(&[label.as_str(); 4].join(".")).unwrap();
        let mut room = [0; NAME_MAX];
        let domain = NameBuf::parse("cluster.local").unwrap();
        let full = expand(
            name.as_name(),
            Tail::Svc,
            "ns1",
            domain.as_name(),
            &mut room,
        );
        assert_eq!(full, None);
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
