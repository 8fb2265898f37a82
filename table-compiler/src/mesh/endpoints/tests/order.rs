//! Which members come first.

use super::products::payments;
use super::*;

#[test]
fn clusters_in_an_order_are_ranked_so_whoever_asks() {
    let world = split(&["198.51.100.20"], Members::Service);
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let order = Order::Clusters(vec!["cluster1".into(), "cluster2".into()]);
    let seen = |from| shown(&world.leads(from, &members, &order, &[]).endpoints);
    assert_eq!(
        seen("cluster1"),
        [
            "0 10.96.0.50:9080 w1 cluster1 direct",
            "1 198.51.100.20:15443 w3 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
    assert_eq!(
        seen("cluster2"),
        [
            "0 198.51.100.10:15443 w1 cluster1 gateway reviews.default.svc.cluster.local",
            "1 10.112.0.50:9080 w3 cluster2 direct",
        ]
    );
}

#[test]
fn a_zone_that_is_shared_ranks_before_a_region() {
    let pods = |ip: &str| service(REVIEWS, "10.0.0.1", 9080, &[ip]);
    let world = World::new(&[
        ("a", place("net1", "us-east", "z1")),
        ("b", place("net1", "us-east", "z2") + &pods("10.2.0.1")),
        ("c", place("net1", "us-east", "z1") + &pods("10.3.0.1")),
    ]);
    let members = world.services(&["b", "c"], REVIEWS);
    let order = Order::Keys(vec![OrderKey::Zone, OrderKey::Region]);
    assert_eq!(
        shown(&world.leads("a", &members, &order, &[]).endpoints),
        ["0 10.3.0.1:9080 w1 c direct", "1 10.2.0.1:9080 w1 b direct",]
    );
    let elsewhere = ClientKind {
        locality: Some(Locality::parse("us-east/z2")),
        ..ClientKind::of_cluster("a")
    };
    let leads = world.leads_of_kind(&elsewhere, &members, &order, &[]);
    assert_eq!(shown(&leads.endpoints)[0], "0 10.2.0.1:9080 w1 b direct");
}

#[test]
fn the_order_of_the_objects_does_not_matter() {
    let world = payments("", "");
    let mut clusters: BTreeMap<Arc<str>, ClusterState> = BTreeMap::new();
    for (id, state) in &world.clusters {
        let docs: Vec<_> = state.objects().cloned().collect();
        let reversed = clusters
            .entry(Arc::clone(id))
            .or_insert_with(|| ClusterState::new(id));
        for doc in docs.into_iter().rev() {
            reversed.put(doc);
        }
    }
    assert_eq!(Ground::of(&clusters, &world.config), world.ground);
}
