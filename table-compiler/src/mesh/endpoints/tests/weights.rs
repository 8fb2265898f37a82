//! Weights and shares.

use super::links::exported;
use super::*;

fn weight(cluster: Option<&str>, version: &str, weight: u32) -> MemberWeight {
    let labels: BTreeMap<Arc<str>, Arc<str>> = match version {
        "" => BTreeMap::new(),
        _ => [("version".into(), version.into())].into(),
    };
    MemberWeight {
        cluster: cluster.map(Arc::from),
        labels,
        weight,
    }
}

/// v1 and v2 of reviews in cluster1, v1 to v3 in cluster2.
fn versions() -> World {
    let version = |ip: &str, version: &str| pod("default", ip, &format!("version: {version}"));
    World::new(&[
        (
            "cluster1",
            net1()
                + &service(REVIEWS, "10.96.4.4", 9080, &["10.1.0.11", "10.1.0.12"])
                + &version("10.1.0.11", "v1")
                + &version("10.1.0.12", "v2"),
        ),
        (
            "cluster2",
            net2(&["198.51.100.20", "198.51.100.21"])
                + &service(
                    REVIEWS,
                    "10.112.4.4",
                    9080,
                    &["10.2.0.11", "10.2.0.12", "10.2.0.13"],
                )
                + &version("10.2.0.11", "v1")
                + &version("10.2.0.12", "v2")
                + &version("10.2.0.13", "v3"),
        ),
    ])
}

#[test]
fn weights_put_their_members_into_one_priority_and_leave_the_others_out() {
    let world = versions();
    let weights = [
        weight(Some("cluster2"), "v3", 75),
        weight(Some("cluster1"), "v1", 15),
        weight(Some("cluster1"), "v2", 10),
    ];
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let leads = world.leads("cluster1", &members, &Order::default(), &weights);
    assert_eq!(
        shown(&leads.endpoints),
        [
            "0 198.51.100.20:15443 w75 cluster2 gateway reviews.default.svc.cluster.local",
            "0 198.51.100.21:15443 w75 cluster2 gateway reviews.default.svc.cluster.local",
            "0 10.1.0.11:9080 w30 cluster1 direct",
            "0 10.1.0.12:9080 w20 cluster1 direct",
        ]
    );
    assert_eq!(&*leads.endpoints[0].subset["version"], "v3");
}

#[test]
fn a_weight_without_labels_is_that_of_the_whole_member() {
    let world = versions();
    let weights = [
        weight(Some("cluster1"), "", 90),
        weight(Some("cluster2"), "", 10),
        weight(Some("cluster3"), "", 50),
    ];
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let seen = shown(
        &world
            .leads("cluster1", &members, &Order::default(), &weights)
            .endpoints,
    );
    assert_eq!(
        seen,
        [
            "0 10.96.4.4:9080 w90 cluster1 direct",
            "0 198.51.100.20:15443 w5 cluster2 gateway reviews.default.svc.cluster.local",
            "0 198.51.100.21:15443 w5 cluster2 gateway reviews.default.svc.cluster.local",
        ]
    );
}

#[test]
fn one_weight_over_several_clusters_is_shared_by_what_is_ready() {
    let world = versions();
    let members = world.services(&["cluster1", "cluster2"], REVIEWS);
    let weights = [weight(None, "", 10)];
    let leads = world.leads("cluster1", &members, &Order::default(), &weights);
    let weights: Vec<u32> = leads.endpoints.iter().map(|e| e.weight).collect();
    assert_eq!(weights, [4, 3, 3], "2 pods here, 3 behind two addresses");
}

#[test]
fn shares_of_members_are_their_weights() {
    let world = exported("\"true\"", "cluster.local");
    let nothing = BTreeMap::new();
    let mut members = world.services(&["west"], "default/backend");
    members.extend(world.services(&["west"], "default/backend"));
    for (member, weight) in members.iter_mut().zip([30, 0]) {
        let Member::Service(member) = member else {
            panic!("a Service")
        };
        member.share = Some(Share {
            weight,
            labels: &nothing,
        });
    }
    assert_eq!(
        world.seen("east", &members),
        ["0 34.16.55.9:4180 w30 west gateway backend.default.svc.cluster.local"]
    );
}
