//! How far a member is from a client, in the order of a name.

use crate::input::{Order, OrderKey};
use crate::mesh::relation::Relation;
use dns_core::Locality;
use std::sync::Arc;

/// What an endpoint may share with a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub(super) relation: &'a Relation,
    pub(super) cluster: &'a Arc<str>,
    pub(super) network: Option<&'a Arc<str>>,
    pub(super) locality: Option<&'a Locality>,
}

/// Position of the first key that it shares, or of its cluster; past the end for one that shares
/// none.
pub(super) fn rank(order: &Order, standing: &Standing<'_>) -> usize {
    let (position, count) = match order {
        Order::Keys(keys) => (
            keys.iter().position(|key| shares(*key, standing)),
            keys.len(),
        ),
        Order::Clusters(ids) => (ids.iter().position(|id| id == standing.cluster), ids.len()),
    };
    position.unwrap_or(count)
}

fn shares(key: OrderKey, standing: &Standing<'_>) -> bool {
    let relation = standing.relation;
    match key {
        OrderKey::Cluster => relation.is_own,
        OrderKey::Network => relation.is_same_network(standing.network),
        OrderKey::Region => standing
            .locality
            .is_some_and(|place| relation.is_same_region(place)),
        OrderKey::Zone => standing
            .locality
            .is_some_and(|place| relation.is_same_zone(place)),
    }
}
