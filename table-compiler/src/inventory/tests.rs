//! Lists of services and exports over three clusters.

use super::*;
use crate::input::documents;
use crate::mesh::{Compiler, MeshConfig, Stale};
use dns_core::NameBuf;
use dns_core::vip::{Ledger, VipConfig};
use std::sync::Arc;

const NOW_MS: u64 = 1_700_000_000_000;

fn mesh(clusters: &[(&str, &str)]) -> (Compiler, Ledger) {
    let mut compiler = Compiler::new(MeshConfig::new(NameBuf::parse("cluster.local").unwrap()));
    for (id, text) in clusters {
        let parsed = documents(&format!("{id}.yaml"), text);
        assert_eq!(parsed.problems, []);
        compiler.set_cluster(&Arc::from(*id), &parsed.objects, Stale::None);
    }
    let mut ledger = Ledger::new(VipConfig::default());
    compiler.compile(&mut ledger, NOW_MS);
    (compiler, ledger)
}

/// A Service with one pod a version, of which the last may not be ready.
fn service(name: &str, labels: &str, versions: &[&str], last_is_ready: bool) -> String {
    let mut text = format!(
        "---\napiVersion: v1\nkind: Service\n\
         metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}\n\
         spec: {{clusterIP: 10.0.0.9, ports: [{{name: http, port: 80}}]}}\n"
    );
    let mut endpoints = Vec::new();
    for (at, version) in versions.iter().enumerate() {
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\n\
             metadata: {{name: {name}-{at}, namespace: shop, labels: {{version: {version}}}}}\n\
             status: {{podIP: 10.1.0.{at}}}\n"
        );
        let ready = at + 1 < versions.len() || last_is_ready;
        endpoints.push(format!(
            "{{addresses: [10.1.0.{at}], conditions: {{ready: {ready}}}, \
             targetRef: {{kind: Pod, name: {name}-{at}}}}}"
        ));
    }
    text += &format!(
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
         metadata: {{name: {name}-x, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}\n\
         addressType: IPv4\nports: [{{name: http, port: 80}}]\nendpoints: [{}]\n",
        endpoints.join(", ")
    );
    text
}

const EXPORTED: &str = "mirror.linkerd.io/exported: 'true'";

fn link(target: &str) -> String {
    format!(
        "---\napiVersion: multicluster.linkerd.io/v1alpha2\nkind: Link\n\
         metadata: {{name: {target}, namespace: linkerd-multicluster}}\n\
         spec: {{targetClusterName: {target}, targetClusterDomain: cluster.local, \
         gatewayAddress: 34.16.55.9, gatewayPort: '4180', \
         selector: {{matchLabels: {{mirror.linkerd.io/exported: 'true'}}}}}}\n"
    )
}

#[test]
fn a_service_is_one_row_over_the_clusters_that_have_it() {
    let (compiler, ledger) = mesh(&[
        ("cluster1", &service("reviews", "", &["v1", "v2"], true)),
        (
            "cluster2",
            &service("reviews", EXPORTED, &["v3", "v1", "v1"], false),
        ),
    ]);
    let rows = services(&compiler, &ledger);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.ready(), row.total(), row.is_exported()), (4, 5, true));
    let versions: Vec<Vec<&str>> = row
        .clusters
        .iter()
        .map(|cluster| cluster.versions.iter().map(|version| &**version).collect())
        .collect();
    assert_eq!(versions, [vec!["v1", "v2"], vec!["v1", "v3"]]);
    assert_eq!(
        row.clusters.iter().map(|c| c.exported).collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn an_exported_service_is_listed_with_its_mirror_and_what_is_missing() {
    let east = link("west") + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n";
    let west = service("cart", EXPORTED, &["v1"], true) + &service("own", "", &["v1"], true);
    let (compiler, _) = mesh(&[("east", &east), ("west", &west)]);
    let rows = exports(&compiler, "east", NOW_MS);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(&*rows[0].target, "west");
    assert_eq!(rows[0].service, "shop/cart");
    assert_eq!(rows[0].name, "cart-west.shop.svc.cluster.local");
    assert_eq!(rows[0].reason, ExportReason::Mirrored);
    assert_eq!(
        rows[0].note.as_deref(),
        Some("namespace shop absent in east")
    );
    assert_eq!(exports(&compiler, "west", NOW_MS), []);
    assert_eq!(exports(&compiler, "nowhere", NOW_MS), []);
}

#[test]
fn an_export_that_is_not_served_says_why() {
    let west = service("cart", EXPORTED, &["v1"], true);
    let reason_with = |east: &str| {
        let (compiler, _) = mesh(&[("east", east), ("west", &west)]);
        let rows = exports(&compiler, "east", NOW_MS);
        (rows[0].reason, rows[0].note.clone().unwrap_or_default())
    };
    let (reason, note) = reason_with(&service("other", "", &["v1"], true));
    assert_eq!(reason, ExportReason::NoLink, "{note}");
    let (reason, note) = reason_with(&(link("west") + &service("cart-west", "", &["v1"], true)));
    assert_eq!(reason, ExportReason::Shadowed);
    assert_eq!(note, "Service east/shop/cart-west has the name");
    let policy = "---\napiVersion: names.mesh/v1alpha1\nkind: NamePolicy\nmetadata: {name: teams}\n\
         spec: {publish: [{hosts: ['*.shop.svc.cluster.local'], from: [{cluster: east, namespace: shop}]}]}\n";
    let (reason, note) = reason_with(&(link("west") + policy));
    assert_eq!(reason, ExportReason::Withheld);
    assert_eq!(note, "by NamePolicy east/teams spec.publish[0]");
}

#[test]
fn every_way_to_export_has_its_row() {
    let east = link("west").replace("{mirror.linkerd.io/exported: 'true'}", "{tier: shared}");
    let west = link("east")
        + &service("selected", "tier: shared", &["v1"], true)
        + &service(
            "member",
            "mirror.linkerd.io/federated: member",
            &["v1"],
            true,
        )
        + &service("flat", "", &["v1"], true).replacen(
            "labels: {}",
            "annotations: {service.cilium.io/global: 'true'}",
            1,
        );
    let (compiler, ledger) = mesh(&[("east", &east), ("west", &west)]);
    let rows = exports(&compiler, "east", NOW_MS);
    let told: Vec<_> = rows
        .iter()
        .map(|row| (&*row.name, row.is_served()))
        .collect();
    assert_eq!(
        told,
        [
            ("flat.shop.svc.cluster.local", true),
            ("member-federated.shop.svc.cluster.local", true),
            ("selected-west.shop.svc.cluster.local", true),
        ]
    );
    let mut services = services(&compiler, &ledger).into_iter();
    assert!(services.all(|row| row.is_exported()));
}
