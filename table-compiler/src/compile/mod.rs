//! From the objects of one cluster to table entries.

mod duplicate;
#[cfg(test)]
mod fixture;
mod gateway;
mod host_answer;
mod instance;
mod objects;
mod service;
mod service_endpoint;
mod service_entry;
mod service_entry_endpoint;

use crate::input::{ObjectDoc, Problem};
use dns_core::{HostEntry, NameBuf, NameError};
use std::cmp::Ordering;
use std::sync::Arc;

use objects::ClusterObjects;

/// Namespace that Istio is installed in unless told otherwise.
const ROOT_NAMESPACE: &str = "istio-system";

/// What the compiler must know besides the objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Id of the cluster that the objects are of, for endpoints and sources. Default: unknown.
    pub cluster: Option<Arc<str>>,
    /// Domain of the cluster's names, normally `cluster.local`.
    pub domain: NameBuf,
    /// Whether wildcard hosts get virtual addresses. Default: off.
    pub wildcard_vips: WildcardVips,
    /// Namespace whose network label is the cluster's. Default: `istio-system`.
    pub root_namespace: Arc<str>,
}

impl Options {
    /// The defaults, for a cluster of that domain.
    pub fn new(domain: NameBuf) -> Self {
        Options {
            cluster: None,
            domain,
            wildcard_vips: WildcardVips::Off,
            root_namespace: ROOT_NAMESPACE.into(),
        }
    }
}

/// Whether wildcard hosts without addresses get virtual ones. Those of resolution `DYNAMIC_DNS`
/// always do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WildcardVips {
    /// They get none: a virtual address hides which host the client meant.
    #[default]
    Off,
    /// They do.
    On,
}

/// What the objects of a cluster say about names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compiled {
    /// The entries, by name, then best variant first. An entry with neither addresses, nor
    /// `cname`, nor wanted virtual addresses is there to be explained only.
    pub entries: Vec<HostEntry>,
    /// Warnings (all of scope `Field`): what was left out and why.
    pub problems: Vec<Problem>,
}

/// Compiles the objects of one cluster. The result does not depend on their order.
///
/// Of two objects of one identity the older is used: the smaller `creationTimestamp` (none is
/// youngest), then file name, then line; the other is reported.
pub fn compile(options: &Options, objects: &[ObjectDoc]) -> Compiled {
    let mut compiled = Compiled::default();
    let distinct = duplicate::without_duplicates(objects, &mut compiled.problems);
    match ClusterObjects::new(options, &distinct) {
        Ok(cluster) => {
            service::compile(&cluster, &mut compiled);
            service_entry::compile(&cluster, &mut compiled);
        }
        Err(error) => compiled.problems.push(domain_too_long(options, error)),
    }
    compiled.entries.sort_by(by_name_and_rank);
    compiled
}

fn domain_too_long(options: &Options, error: NameError) -> Problem {
    Problem::new(
        &"".into(),
        0,
        0,
        format!("the domain {} {error} below it", options.domain),
    )
}

/// Order of entries: by name, then by rank of the variants of a name. The older comes first;
/// no creation time is youngest.
pub(crate) fn by_name_and_rank(a: &HostEntry, b: &HostEntry) -> Ordering {
    let rank = |entry: &HostEntry| {
        (
            entry.kind,
            !entry.canonical,
            entry.created_secs.unwrap_or(u64::MAX),
        )
    };
    (a.name.cmp(&b.name))
        .then_with(|| rank(a).cmp(&rank(b)))
        .then_with(|| a.source.cluster.cmp(&b.source.cluster))
        .then_with(|| a.source.namespace.cmp(&b.source.namespace))
        .then_with(|| a.source.name.cmp(&b.source.name))
}

#[cfg(test)]
mod tests {
    use super::fixture::{MESH, addresses, compiled, entries, entry, options, service_entry};
    use super::*;
    use crate::input::{Scope, documents};
    use dns_core::{AddressOrigin, HostKind, Visibility};

    #[test]
    fn the_order_of_the_objects_does_not_matter() {
        let mut objects = documents("mesh.yaml", MESH).objects;
        let expected = compile(&options(), &objects);
        assert!(expected.entries.len() > 8);
        for i in 0..objects.len() * 3 {
            objects.rotate_left(1);
            let (a, b) = (i % objects.len(), (i * 7 + 3) % objects.len());
            objects.swap(a, b);
            assert_eq!(compile(&options(), &objects), expected);
        }
    }

    #[test]
    fn entries_are_sorted_by_name_and_then_by_rank() {
        let text = format!(
            "{}---\napiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: n}}\nspec: {{clusterIP: 10.0.0.1}}\n",
            service_entry(
                "  hosts: [b.example, a.n.svc.cluster.local]\n  addresses: [192.0.2.1]\n"
            ),
        );
        let compiled = compiled(&text);
        let kinds: Vec<_> = compiled
            .entries
            .iter()
            .map(|e| (e.name.to_string(), e.kind))
            .collect();
        let service = "a.n.svc.cluster.local".to_owned();
        assert_eq!(
            kinds,
            [
                ("b.example".to_owned(), HostKind::External),
                (service.clone(), HostKind::Service),
                (service, HostKind::External),
            ]
        );
    }

    #[test]
    fn of_two_objects_of_one_name_the_older_is_used_and_both_places_are_named() {
        let text = "\
kind: Service
apiVersion: v1
metadata: {name: a, creationTimestamp: '2024-01-02T00:00:00Z'}
spec: {clusterIP: 10.0.0.2}
---
kind: Service
apiVersion: v1
metadata: {name: a, creationTimestamp: '2024-01-01T00:00:00Z'}
spec: {clusterIP: 10.0.0.1}
";
        let compiled = compiled(text);
        assert_eq!(
            addresses(entry(&compiled, "a.default.svc.cluster.local")),
            ["10.0.0.1"]
        );
        assert_eq!(
            compiled.problems[0].to_string(),
            "mesh.yaml:1: Service default/a: is a second object of this name; the one at \
             mesh.yaml:6 is used; remove one of them"
        );
        assert_eq!(compiled.problems[0].scope, Scope::Field);
    }

    #[test]
    fn addresses_of_one_host_are_never_merged_across_owners() {
        let spec = "  hosts: [a.example]\n  addresses: [192.0.2.1]\n";
        let other = service_entry(spec).replace("namespace: shop", "namespace: other");
        let other = other.replace("192.0.2.1", "192.0.2.2");
        let compiled = compiled(&format!("{}---\n{other}", service_entry(spec)));
        let variants: Vec<_> = entries(&compiled, "a.example").map(addresses).collect();
        assert_eq!(variants, [["192.0.2.2"], ["192.0.2.1"]]);
    }

    #[test]
    fn every_entry_says_where_it_came_from() {
        let compiled = compiled(&service_entry("  hosts: [a.example]\n").replace(
            "  name: pay\n",
            "  name: pay\n  generation: 7\n  creationTimestamp: 1970-01-01T00:01:00Z\n",
        ));
        let entry = entry(&compiled, "a.example");
        assert_eq!(entry.source.location.as_deref(), Some("mesh.yaml:1"));
        assert_eq!(entry.source.generation, 7);
        assert_eq!(entry.source.cluster.as_deref(), Some("cluster1"));
        assert_eq!(
            (&*entry.source.kind, &*entry.source.name),
            ("ServiceEntry", "pay")
        );
        assert_eq!(entry.source.namespace.as_deref(), Some("shop"));
        assert_eq!(entry.created_secs, Some(60));
    }

    #[test]
    fn export_to_names_the_namespaces_that_may_resolve_a_host() {
        for (export_to, expected) in [
            ("[]", None),
            ("['*']", None),
            ("[a, '*']", None),
            ("['.']", Some(vec!["shop"])),
            ("['~']", Some(vec![])),
            ("[b, ., a]", Some(vec!["a", "b", "shop"])),
        ] {
            let spec = format!("  hosts: [a.example]\n  exportTo: {export_to}\n");
            let compiled = compiled(&service_entry(&spec));
            let seen_by = match &entry(&compiled, "a.example").visibility {
                Visibility::Everyone => None,
                Visibility::Namespaces(names) => {
                    Some(names.iter().map(|n| &**n).collect::<Vec<_>>())
                }
            };
            assert_eq!(seen_by, expected, "{export_to}");
        }
    }

    #[test]
    fn the_annotation_of_a_service_limits_who_may_resolve_it() {
        let compiled = compiled(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: \
             {networking.istio.io/exportTo: '., b'}\nspec: {clusterIP: 10.0.0.1}\n",
        );
        let expected = ["b", "default"].map(Arc::from).into();
        let entry = entry(&compiled, "a.default.svc.cluster.local");
        assert_eq!(entry.visibility, Visibility::Namespaces(expected));
    }

    #[test]
    fn the_whole_mesh_compiles_without_warnings() {
        let compiled = compiled(MESH);
        assert_eq!(compiled.problems, []);
        let origins: Vec<_> = compiled
            .entries
            .iter()
            .flat_map(|e| &e.addresses)
            .map(|a| a.origin)
            .collect();
        for origin in [
            AddressOrigin::Cluster,
            AddressOrigin::Endpoint,
            AddressOrigin::Pinned,
        ] {
            assert!(origins.contains(&origin), "{origin:?}");
        }
    }
}
