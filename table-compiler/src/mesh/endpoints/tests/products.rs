//! Products and their gateways.

use super::*;

/// Three clusters with a gateway of pay.example.com in the first two.
pub(super) fn payments(first: &str, second: &str) -> World {
    payments_of(&["10.1.0.1"], &["10.2.0.1"], first, second)
}

fn payments_of(one: &[&str], two: &[&str], first: &str, second: &str) -> World {
    let cluster = |place: String, gateway: &str, ip: &str, pods: &[&str], rest: &str| {
        place
            + &service("payments/pay-api", ip, 443, pods)
            + &product_gateway("pay-gw", gateway, "pay.example.com", GATEWAY_PORTS)
            + &bound("pay-gw", "pay.example.com", "pay-api", 443)
            + rest
    };
    World::new(&[
        (
            "cluster1",
            cluster(net1(), "203.0.113.11", "10.96.7.7", one, first),
        ),
        (
            "cluster2",
            cluster(net2(&[]), "203.0.113.12", "10.112.7.7", two, second),
        ),
        ("cluster3", place("net3", "us-west", "us-west-b")),
    ])
}

#[test]
fn a_product_is_its_own_service_first_and_then_the_gateways_of_others() {
    let world = payments("", "");
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "0 10.96.7.7:443 w1 cluster1 direct",
            "1 203.0.113.12:15443 w1 cluster2 gateway pay.example.com",
        ]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        [
            "0 10.112.7.7:443 w1 cluster2 direct",
            "1 203.0.113.11:15443 w1 cluster1 gateway pay.example.com",
        ]
    );
}

#[test]
fn a_gateway_of_the_clients_region_comes_before_one_of_another() {
    let world = payments("", "");
    assert_eq!(
        world.seen("cluster3", &world.gateways("pay.example.com")),
        [
            "0 203.0.113.12:15443 w1 cluster2 gateway pay.example.com",
            "1 203.0.113.11:15443 w1 cluster1 gateway pay.example.com",
        ]
    );
}

#[test]
fn a_gateway_with_nothing_ready_behind_it_is_left_out_everywhere() {
    let world = payments_of(&[], &["10.2.0.1"], "", "");
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members),
        [
            "no-ready-endpoints 10.96.7.7:443 w1 cluster1 direct",
            "0 203.0.113.12:15443 w1 cluster2 gateway pay.example.com",
        ]
    );
    assert_eq!(
        world.seen("cluster2", &members),
        [
            "0 10.112.7.7:443 w1 cluster2 direct",
            "no-ready-endpoints 203.0.113.11:15443 w1 cluster1 gateway pay.example.com",
        ]
    );
}

#[test]
fn a_dead_gateway_is_left_out_for_others_but_not_for_its_own_cluster() {
    let world = payments("", "").probed("203.0.113.12", 15443, "---");
    let members = world.gateways("pay.example.com");
    assert_eq!(
        world.seen("cluster1", &members)[1],
        "probe-failed 203.0.113.12:15443 w1 cluster2 gateway pay.example.com"
    );
    assert_eq!(
        world.seen("cluster2", &members)[0],
        "0 10.112.7.7:443 w1 cluster2 direct"
    );
}

#[test]
fn a_gateway_of_unknown_routes_counts_as_ready() {
    let gateway = product_gateway("gw", "203.0.113.22", "cart.example.com", GATEWAY_PORTS);
    let world = World::new(&[("cluster1", net1()), ("cluster2", net2(&[]) + &gateway)]);
    let members = world.gateways("cart.example.com");
    for from in ["cluster1", "cluster2"] {
        assert_eq!(
            world.seen(from, &members),
            ["0 203.0.113.22:15443 w1 cluster2 gateway cart.example.com"]
        );
    }
}

#[test]
fn a_product_gateway_without_a_port_for_the_mesh_is_left_out() {
    let gateway = product_gateway("gw", "203.0.113.22", "cart.example.com", "{port: 443}");
    let world = World::new(&[("cluster1", net1()), ("cluster2", net2(&[]) + &gateway)]);
    assert_eq!(
        world.seen("cluster1", &world.gateways("cart.example.com")),
        ["no-mesh-port 203.0.113.22:0 w1 cluster2 gateway cart.example.com"]
    );
}

#[test]
fn a_client_without_a_proxy_dials_the_best_usable_gateway() {
    let dialled = |world: &World, from| -> Vec<String> {
        let members = world.gateways("pay.example.com");
        let leads = world.leads(from, &members, &Order::default(), &[]);
        leads.dialled.iter().map(ToString::to_string).collect()
    };
    let world = payments("", "");
    assert_eq!(dialled(&world, "cluster1"), ["203.0.113.11"]);
    assert_eq!(dialled(&world, "cluster3"), ["203.0.113.12"]);
    let world = world.probed("203.0.113.11", 443, "---");
    assert_eq!(dialled(&world, "cluster1"), ["203.0.113.12"]);
    let world = payments_of(&[], &[], "", "");
    assert_eq!(dialled(&world, "cluster1"), [""; 0]);
}
