//! Which names of a cluster clients see.

use super::Client;
use crate::mesh::config::{Discovery, LinkConfig, MeshConfig};
use crate::mesh::ground::ClusterGround;
use std::sync::Arc;

/// What is configured for that pair of clusters, else for all, else what the objects suggest.
pub(super) fn discovery_of(
    client: &Client<'_>,
    id: &Arc<str>,
    cluster: &ClusterGround,
    config: &MeshConfig,
) -> Discovery {
    if id == client.id {
        return Discovery::AllServices;
    }
    let mut links = config.links.iter();
    links
        .find(|link| is_about(link, client.id, id))
        .map(|link| link.discovery)
        .or(config.discovery)
        .unwrap_or_else(|| suggested(client, id, cluster))
}

fn is_about(link: &LinkConfig, from: &Arc<str>, to: &Arc<str>) -> bool {
    link.from.as_ref().is_none_or(|own| own == from)
        && link.to.as_ref().is_none_or(|target| target == to)
}

fn suggested(client: &Client<'_>, id: &Arc<str>, cluster: &ClusterGround) -> Discovery {
    let has_secret = client.cluster.is_some_and(|own| {
        let mut secrets = own.remote_secrets.iter();
        secrets.any(|name| cluster.is_called(id, name))
    });
    let has_link = client.cluster.is_some_and(|own| {
        let mut links = own.links.iter();
        links.any(|link| cluster.is_called(id, &link.target))
    });
    if has_secret {
        Discovery::AllServices
    } else if has_link {
        Discovery::Exported
    } else if !cluster.product_gateways.is_empty() {
        Discovery::GatewaysOnly
    } else {
        Discovery::ConfigOnly
    }
}
