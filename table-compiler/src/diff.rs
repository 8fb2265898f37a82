//! [`TableDiff`]: what differs between what two tables answer.

use dns_core::{HostEntry, NameBuf};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What names are answered with, by name.
pub type NamedAnswers = BTreeMap<NameBuf, Answered>;

/// What a name is answered with, all its variants together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answered {
    /// The addresses that stand for the name: what stays while endpoints come and go.
    pub addresses: BTreeSet<IpAddr>,
    /// The name it leads to, for an ExternalName.
    pub cname: Option<NameBuf>,
}

/// What names are answered with that have these entries; names without any answer are left out.
pub fn named_answers<E: Borrow<HostEntry>>(entries: impl IntoIterator<Item = E>) -> NamedAnswers {
    let mut names = NamedAnswers::new();
    for entry in entries {
        let entry = entry.borrow();
        if !entry.is_answerable() {
            continue;
        }
        let answered = names.entry(entry.name.clone()).or_default();
        let virtual_ones = entry.addresses.iter().filter(|ip| ip.origin.is_virtual());
        answered.addresses.extend(virtual_ones.map(|ip| ip.ip));
        if answered.cname.is_none() {
            answered.cname.clone_from(&entry.cname);
        }
    }
    names
}

/// What differs between what two tables answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDiff {
    /// Names that only the second table has, in order.
    pub added: Vec<NameBuf>,
    /// Names that only the first table has, in order.
    pub removed: Vec<NameBuf>,
    /// Names that both have and answer differently, in order.
    pub changed: Vec<ChangedName>,
    /// Names of the first table: what the other numbers are to be measured by.
    pub names_total: usize,
}

/// A name that two tables answer differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedName {
    /// The name.
    pub name: NameBuf,
    /// What the first table answers.
    pub before: Answered,
    /// What the second table answers.
    pub after: Answered,
}

impl TableDiff {
    /// What `after` answers differently from `before`.
    pub fn between(before: &NamedAnswers, after: &NamedAnswers) -> Self {
        let absent = |other: &NamedAnswers, name: &&NameBuf| !other.contains_key(*name);
        let changed = |(name, answered): (&NameBuf, &Answered)| {
            let now = after.get(name).filter(|now| *now != answered)?;
            Some(ChangedName {
                name: name.clone(),
                before: answered.clone(),
                after: now.clone(),
            })
        };
        TableDiff {
            added: after
                .keys()
                .filter(|name| absent(before, name))
                .cloned()
                .collect(),
            removed: before
                .keys()
                .filter(|name| absent(after, name))
                .cloned()
                .collect(),
            changed: before.iter().filter_map(changed).collect(),
            names_total: before.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::{AddressOrigin, HostAddress, HostKind, Source};

    fn host(name: &str, addresses: &[(&str, AddressOrigin)]) -> HostEntry {
        let name = NameBuf::parse(name).unwrap();
        let address =
            |(ip, origin): &(&str, AddressOrigin)| HostAddress::new(ip.parse().unwrap(), *origin);
        HostEntry {
            addresses: addresses.iter().map(address).collect(),
            ..HostEntry::new(name, HostKind::External, Source::default())
        }
    }

    fn at(name: &str, ip: &str) -> HostEntry {
        host(name, &[(ip, AddressOrigin::Allotted)])
    }

    fn between(before: &[HostEntry], after: &[HostEntry]) -> TableDiff {
        TableDiff::between(&named_answers(before), &named_answers(after))
    }

    #[test]
    fn names_come_go_and_change() {
        let diff = between(
            &[
                at("a.x", "250.0.0.1"),
                at("b.x", "250.0.0.2"),
                at("d.x", "250.0.0.4"),
            ],
            &[
                at("a.x", "250.0.0.9"),
                at("c.x", "250.0.0.3"),
                at("d.x", "250.0.0.4"),
            ],
        );
        let names = |names: &[NameBuf]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&diff.added), ["c.x"]);
        assert_eq!(names(&diff.removed), ["b.x"]);
        assert_eq!(diff.changed.len(), 1);
        assert_eq!(diff.changed[0].name.to_string(), "a.x");
        assert_eq!(diff.names_total, 3);
    }

    #[test]
    fn the_order_of_addresses_and_endpoints_that_come_and_go_are_no_change() {
        let (a, b) = (
            ("250.0.0.1", AddressOrigin::Pinned),
            ("250.0.0.2", AddressOrigin::Pinned),
        );
        assert_eq!(
            between(&[host("a.x", &[a, b])], &[host("a.x", &[b, a])]).changed,
            []
        );
        let pod = |ip| host("a.x", &[a, (ip, AddressOrigin::Endpoint)]);
        assert_eq!(between(&[pod("10.0.0.1")], &[pod("10.0.0.2")]).changed, []);
    }

    #[test]
    fn a_name_without_an_answer_is_not_there() {
        let diff = between(&[at("a.x", "250.0.0.1")], &[host("a.x", &[])]);
        assert_eq!((diff.removed.len(), diff.changed.len()), (1, 0));
    }
}
