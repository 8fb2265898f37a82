//! What the tests of the compiler share.

use super::{Compiled, Options, compile};
use crate::input::documents;
use dns_core::{Endpoint, HostEntry, HostKind, NameBuf};

pub(super) fn options() -> Options {
    let domain = NameBuf::parse("cluster.local").unwrap();
    Options {
        cluster: Some("cluster1".into()),
        ..Options::new(domain)
    }
}

/// Compiles a file that must be without faults.
pub(super) fn compiled(yaml: &str) -> Compiled {
    let parsed = documents("mesh.yaml", yaml);
    assert_eq!(parsed.problems, []);
    compile(&options(), &parsed.objects)
}

/// The only entry of that name.
pub(super) fn entry<'a>(compiled: &'a Compiled, name: &str) -> &'a HostEntry {
    let of_name: Vec<_> = entries(compiled, name).collect();
    assert_eq!(of_name.len(), 1, "{name}");
    of_name[0]
}

pub(super) fn entries<'a>(
    compiled: &'a Compiled,
    name: &str,
) -> impl Iterator<Item = &'a HostEntry> {
    compiled
        .entries
        .iter()
        .filter(move |entry| entry.name.to_string() == name)
}

pub(super) fn names_of(compiled: &Compiled, kind: HostKind) -> Vec<String> {
    let of_kind = compiled.entries.iter().filter(|entry| entry.kind == kind);
    of_kind.map(|entry| entry.name.to_string()).collect()
}

pub(super) fn addresses(entry: &HostEntry) -> Vec<String> {
    entry
        .addresses
        .iter()
        .map(|address| address.ip.to_string())
        .collect()
}

/// Address, port and port name of an endpoint.
pub(super) fn place(endpoint: &Endpoint) -> String {
    let name = endpoint.port_name.as_deref().unwrap_or("-");
    format!("{:?}:{} {name}", endpoint.address, endpoint.port)
}

/// A ServiceEntry `pay` in the namespace `shop` with that spec (indented by two).
pub(super) fn service_entry(spec: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: pay\n  \
         namespace: shop\nspec:\n{spec}"
    )
}

/// A mesh with something of everything.
pub(super) const MESH: &str = include_str!("fixture.yaml");

/// A Service `web` in the namespace `shop` with that spec, in flow style.
pub(super) fn service(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n"
    )
}

/// An EndpointSlice of that Service, to be appended to it.
pub(super) fn slice(name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {name}, \
         namespace: shop, labels: {{kubernetes.io/service-name: web}}}}\n{rest}\n"
    )
}
