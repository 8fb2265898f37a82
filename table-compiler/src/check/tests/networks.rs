//! Networks and their gateways.

use super::*;

#[test]
fn a_cluster_without_network_beside_others_is_told_how_to_have_one() {
    let mesh = Mesh::with_west_where("labels: {topology.istio.io/network: west}", "labels: {}");
    let failed = mesh.failed();
    let line = failed
        .iter()
        .find(|line| line.id == CheckId::NetworksLabelled);
    let line = line.unwrap();
    assert_eq!(names(&line.clusters), ["west"]);
    assert_eq!(
        line.hint.as_deref(),
        Some("label the mesh root namespace with topology.istio.io/network")
    );
}

#[test]
fn addresses_of_one_network_may_not_overlap_and_those_of_two_may() {
    let overlapping = ("10.112.3.3", "10.96.3.3");
    let mesh = Mesh::with_west_where(overlapping.0, overlapping.1);
    assert!(
        mesh.failed()
            .iter()
            .all(|line| line.id != CheckId::NetworksOverlap)
    );
    let mut mesh = Mesh::with_west_where("network: west", "network: east");
    mesh.west = mesh.west.replace(overlapping.0, overlapping.1);
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::NetworksOverlap);
    assert_eq!(names(&line.clusters), ["east", "west"]);
    assert_eq!(line.network.as_deref(), Some("east"));
}

#[test]
fn one_network_of_all_is_a_note() {
    let mesh = Mesh::with_west_where("network: west", "network: east");
    let lines = mesh.check(&[CheckId::NetworksSingle]);
    assert_eq!(lines[0].verdict, Verdict::Passed);
    assert!(lines[0].note.as_ref().unwrap().contains("network east"));
}

#[test]
fn a_network_that_is_looked_into_needs_a_gateway_and_a_port_there() {
    let mut mesh = Mesh::sound();
    mesh.config.discovery = Some(crate::mesh::Discovery::AllServices);
    mesh.east = mesh
        .east
        .split("---\napiVersion: multicluster")
        .next()
        .unwrap()
        .to_owned();
    mesh.east = mesh
        .east
        .replace("metadata: {name: web, ", "metadata: {name: own, ");
    mesh.west = mesh
        .west
        .replace(", labels: {mirror.linkerd.io/exported: 'true'}", "");
    let failed = mesh.failed();
    let lines: Vec<_> = failed
        .iter()
        .filter(|line| line.network.as_deref() == Some("west"))
        .collect();
    assert_eq!(lines.len(), 1, "{failed:#?}");
    assert_eq!(lines[0].id, CheckId::GatewaysPresent);
    assert_eq!(
        lines[0].hint.as_deref(),
        Some("expose port 15443 on a Service labelled topology.istio.io/network=west")
    );
    assert!(
        failed
            .iter()
            .all(|line| line.id == CheckId::GatewaysPresent)
    );
}
