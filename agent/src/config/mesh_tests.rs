//! The mesh section: what it comes to, and loops in it.

use super::tests::{FULL, config, problems_of};
use super::*;
use dns_core::Locality;
use table_compiler::{ClusterConfig, Discovery, LinkConfig, Members, Order, OrderKey};

#[test]
fn the_mesh_is_taken_key_by_key() {
    let config = config(FULL);
    assert_eq!(config.health, Some("/etc/health.yaml".into()));
    let mesh = config.mesh;
    assert_eq!(mesh.domain.to_string(), "mesh.local");
    assert_eq!(mesh.clusterset_domain.to_string(), "set.local");
    assert_eq!(&*mesh.root_namespace, "mesh-system");
    assert_eq!(mesh.discovery, Some(Discovery::Exported));
    let link = |from: Option<&str>, to: Option<&str>, discovery| LinkConfig {
        from: from.map(Arc::from),
        to: to.map(Arc::from),
        discovery,
    };
    let links = [
        link(Some("east"), Some("west"), Discovery::AllServices),
        link(None, None, Discovery::ConfigOnly),
    ];
    assert_eq!(mesh.links, links);
    let keys = vec![OrderKey::Cluster, OrderKey::Region];
    assert_eq!(mesh.order, Order::Keys(keys));
    assert_eq!(mesh.members, Members::Pods);
    assert_eq!(
        mesh.name_templates[0].as_str(),
        "{{svc}}.{{ns}}.{{cluster}}.corp.example"
    );
    assert_eq!(mesh.name_grace_secs, 600);
    assert_eq!(mesh.wildcard_vips, table_compiler::WildcardVips::On);
    let west = ClusterConfig {
        domain: NameBuf::parse("west.local").ok(),
        network: Some("net2".into()),
        locality: Some(Locality::parse("us-west/a")),
        reachable_via: Some("hub".into()),
        served_by: Some("east".into()),
        trust_root: Some("ab12".into()),
    };
    assert_eq!(mesh.clusters["west"], west);
    assert_eq!(mesh.clusters["zone"].network.as_deref(), Some("net3"));
    assert_eq!(&*mesh.networks["net3"], "west");
}

#[test]
fn an_order_is_keys_or_clusters_or_none() {
    for (text, order) in [
        ("[zone]", Order::Keys(vec![OrderKey::Zone])),
        ("none", Order::Keys(Vec::new())),
        (
            "[east, west]",
            Order::Clusters(vec!["east".into(), "west".into()]),
        ),
    ] {
        assert_eq!(
            config(&format!("mesh: {{order: {text}}}\n")).mesh.order,
            order,
            "{text}"
        );
    }
}

#[test]
fn ways_that_lead_in_circles_are_refused_where_they_are_written() {
    let text = "mesh:
  clusters:
    a: {reachable_via: net-b}
    b: {reachable_via: a}
    c: {reachable_via: a}
  networks:
    net-b: {reachable_via: b}
";
    let problems = problems_of(text);
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(
        problems[0]
            .contains(":3:24: mesh.clusters[a].reachable_via: leads back to a: a, net-b, b, a")
    );
    assert!(
        problems[1]
            .contains(":4:24: mesh.clusters[b].reachable_via: leads back to b: b, a, net-b, b")
    );
    assert!(problems[2].contains(":7:28: mesh.networks[net-b].reachable_via: leads back to net-b"));
}
