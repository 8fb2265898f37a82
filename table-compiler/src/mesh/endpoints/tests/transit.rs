//! Clusters that others lead to.

use super::*;

fn reachable_via(via: &[(&str, &str)]) -> World {
    let far = place("net4", "us-west", "us-west-c")
        + &product_gateway("pay-gw", "172.31.4.4", "pay.example.com", GATEWAY_PORTS)
        + &service(REVIEWS, "10.144.0.1", 9080, &["10.4.0.1"]);
    let clusters = [
        ("cluster1", net1()),
        ("cluster2", net2(&["198.51.100.20"])),
        ("cluster4", far),
    ];
    World::with(&clusters, |config| {
        for (cluster, via) in via {
            let said = ClusterConfig {
                reachable_via: Some((*via).into()),
                ..ClusterConfig::default()
            };
            config.clusters.insert((*cluster).into(), said);
        }
    })
}

#[test]
fn a_cluster_behind_another_is_entered_through_that_ones_gateway() {
    let world = reachable_via(&[("cluster4", "cluster2")]);
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members),
        ["0 198.51.100.20:15443 w1 cluster4 gateway pay.example.com transit cluster2"]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        ["0 172.31.4.4:15443 w1 cluster4 gateway pay.example.com"]
    );
    assert_eq!(
        world.seen("cluster1", &world.services(&["cluster4"], REVIEWS)),
        [
            "0 198.51.100.20:15443 w1 cluster4 gateway reviews.default.svc.cluster.local transit cluster2"
        ]
    );
    let leads = world.leads("cluster1", &members, &Order::default(), &[]);
    assert_eq!(leads.dialled, [] as [IpAddr; 0]);
}

#[test]
fn a_cluster_behind_one_without_gateways_is_not_reached() {
    let world = reachable_via(&[("cluster4", "cluster9")]);
    assert_eq!(
        world.seen("cluster1", &world.gateways("pay.example.com")),
        [
            "no-gateway(cluster9) asked.example:0 w1 cluster4 gateway pay.example.com transit cluster9"
        ]
    );
}
