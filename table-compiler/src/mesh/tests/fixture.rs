//! What the tests of the compiler share.

use crate::input::{ObjectDoc, Problem, documents};
use crate::mesh::{ClientKind, Compiler, MeshConfig, Stale};
use dns_core::vip::{Ledger, Pool, Pools, VipConfig};
use dns_core::{HostEntry, HostKind, NameBuf};

/// The cluster that the objects are of.
const CLUSTER: &str = "cluster1";
/// Wall-clock time of all compilations, in milliseconds since 1970.
pub(super) const NOW_MS: u64 = 1_700_000_000_000;

/// What the clients of a cluster are served.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Compiled {
    pub(super) entries: Vec<HostEntry>,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn config() -> MeshConfig {
    MeshConfig::new(NameBuf::parse("cluster.local").unwrap())
}

/// A ledger that has nothing to allot: entries show what they want.
pub(super) fn poor_ledger() -> Ledger {
    let empty = || Pool::new([]).unwrap();
    let pools = Pools::new(empty(), empty()).unwrap();
    Ledger::new(VipConfig {
        pools,
        ..VipConfig::default()
    })
}

/// Compiles a file that must be without faults.
pub(super) fn compiled(yaml: &str) -> Compiled {
    compiled_with(config(), yaml)
}

pub(super) fn compiled_with(config: MeshConfig, yaml: &str) -> Compiled {
    let parsed = documents("mesh.yaml", yaml);
    assert_eq!(parsed.problems, []);
    compile_in(config, &parsed.objects)
}

/// Compiles objects of one cluster.
pub(super) fn compile(objects: &[ObjectDoc]) -> Compiled {
    compile_in(config(), objects)
}

pub(super) fn compile_in(config: MeshConfig, objects: &[ObjectDoc]) -> Compiled {
    let mut compiler = Compiler::new(config);
    compiler.set_cluster(&CLUSTER.into(), objects, Stale::None);
    compiler.compile(&mut poor_ledger(), NOW_MS);
    let table = compiler.table(&ClientKind::of_cluster(CLUSTER)).unwrap();
    Compiled {
        entries: table.entries().map(|entry| (**entry).clone()).collect(),
        problems: compiler
            .problems()
            .map(|(_, problem)| problem.clone())
            .collect(),
    }
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
