//! [`GroundChange`]: which names a change of the ground concerns.

use super::facts::ClusterGround;
use crate::mesh::gateways::ProductGateway;
use dns_core::NameBuf;
use std::collections::{BTreeMap, BTreeSet};

/// Which names a change of the ground concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mesh) enum GroundChange {
    None,
    /// These: gateways expose them, or what is behind them, is different.
    Hosts(BTreeSet<NameBuf>),
    All,
}

/// What a change of one cluster concerns.
pub(super) fn between(
    before: Option<&ClusterGround>,
    after: Option<&ClusterGround>,
) -> GroundChange {
    match (before, after) {
        (None, None) => GroundChange::None,
        (Some(before), Some(after)) if before == after => GroundChange::None,
        (Some(before), Some(after)) if differs_in_hosts_alone(before, after) => {
            GroundChange::Hosts(touched_hosts(before, after))
        }
        _ => GroundChange::All,
    }
}

/// Whether all but the hosts of gateways is the same. Addresses and ports of gateways concern
/// every ServiceEntry, and whether there are any, how a cluster is seen.
fn differs_in_hosts_alone(before: &ClusterGround, after: &ClusterGround) -> bool {
    let bare = |ground: &ClusterGround| ClusterGround {
        product_gateways: BTreeMap::new(),
        ..ground.clone()
    };
    let places = |ground: &ClusterGround| -> Vec<_> {
        let gateways = ground.product_gateways.values();
        gateways
            .map(|g| (g.addresses.clone(), g.mesh_port, g.network.clone()))
            .collect()
    };
    before.product_gateways.is_empty() == after.product_gateways.is_empty()
        && places(before) == places(after)
        && bare(before) == bare(after)
}

fn touched_hosts(before: &ClusterGround, after: &ClusterGround) -> BTreeSet<NameBuf> {
    let hosts = |gateway: Option<&ProductGateway>| {
        gateway.map_or_else(BTreeSet::new, |gateway| gateway.hosts.clone())
    };
    let mut touched = BTreeSet::new();
    let ids = before
        .product_gateways
        .keys()
        .chain(after.product_gateways.keys());
    for id in ids {
        let (old, new) = (
            before.product_gateways.get(id),
            after.product_gateways.get(id),
        );
        if old != new {
            touched.extend(hosts(old));
            touched.extend(hosts(new));
        }
    }
    touched
}
