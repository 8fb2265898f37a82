//! Endpoints as clients of several clusters see them.

mod links;
mod order;
mod products;
mod split_horizon;
mod transit;
mod weights;

use super::fixture::*;

use super::*;

use crate::input::OrderKey;

use crate::mesh::cluster::ClusterState;

use crate::mesh::config::{ClusterConfig, Members};

use crate::mesh::ground::Ground;

use crate::mesh::kind::ClientKind;

use dns_core::Locality;

use std::collections::BTreeMap;

use std::sync::Arc;

const REVIEWS: &str = "default/reviews";

fn net1() -> String {
    place("net1", "us-east", "us-east-a") + &network_gateway("net1", &["198.51.100.10"])
}

fn net2(gateways: &[&str]) -> String {
    place("net2", "us-west", "us-west-a") + &network_gateway("net2", gateways)
}

/// One pod of reviews in net1, three in net2.
fn split(gateways: &[&str], members: Members) -> World {
    let local = service(REVIEWS, "10.96.0.50", 9080, &["10.1.0.1"]);
    let pods = ["10.2.0.1", "10.2.0.2", "10.2.0.3"];
    let remote = service(REVIEWS, "10.112.0.50", 9080, &pods);
    let clusters = [
        ("cluster1", net1() + &local),
        ("cluster2", net2(gateways) + &remote),
    ];
    World::with(&clusters, |config| config.members = members)
}

fn equal() -> Order {
    Order::Keys(Vec::new())
}
