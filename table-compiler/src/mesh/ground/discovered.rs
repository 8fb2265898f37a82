//! [`Discovered`]: what is known about the gateway at an address.

use super::facts::ClusterGround;
use dns_core::EndpointAddress;
use dns_core::NameBuf;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What is known about the gateway at an address.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct Discovered {
    pub(in crate::mesh) cluster: Arc<str>,
    pub(in crate::mesh) network: Option<Arc<str>>,
    pub(in crate::mesh) mesh_port: Option<u16>,
    /// `.svc.<domain>` of its cluster.
    pub(in crate::mesh) service_suffix: Arc<str>,
}

/// The gateways of all clusters by where they are reached. Of several at one address a network's
/// comes before a product's and that before a Link's, then the cluster of the smaller id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DiscoveredGateways {
    by_address: BTreeMap<IpAddr, Arc<Discovered>>,
    by_host: BTreeMap<NameBuf, Arc<Discovered>>,
}

impl DiscoveredGateways {
    pub(super) fn of(clusters: &BTreeMap<Arc<str>, ClusterGround>) -> Self {
        let mut gateways = DiscoveredGateways::default();
        for (id, ground) in clusters {
            for gateway in &ground.network_gateways {
                let owner = owner_of(clusters, id, &gateway.network);
                gateways.add(&gateway.addresses, || Discovered {
                    cluster: Arc::clone(owner),
                    network: Some(Arc::clone(&gateway.network)),
                    mesh_port: gateway.port,
                    service_suffix: Arc::clone(&clusters[owner].service_suffix),
                });
            }
        }
        for (id, ground) in clusters {
            for gateway in ground.product_gateways.values() {
                gateways.add(&gateway.addresses, || Discovered {
                    cluster: Arc::clone(id),
                    network: gateway.network.clone().or_else(|| ground.network.clone()),
                    mesh_port: gateway.mesh_port,
                    service_suffix: Arc::clone(&ground.service_suffix),
                });
            }
        }
        for ground in clusters.values() {
            for link in &ground.links {
                let target = clusters
                    .iter()
                    .find(|(id, to)| to.is_called(id, &link.target));
                let Some((id, to)) = target else { continue };
                gateways.add(&link.addresses, || Discovered {
                    cluster: Arc::clone(id),
                    network: to.network.clone(),
                    mesh_port: link.port,
                    service_suffix: Arc::clone(&link.service_suffix),
                });
            }
        }
        gateways
    }

    pub(super) fn at(&self, address: &EndpointAddress) -> Option<&Discovered> {
        match address {
            EndpointAddress::Ip(ip) => self.by_address.get(ip).map(Arc::as_ref),
            EndpointAddress::Host(host) => self.by_host.get(host).map(Arc::as_ref),
            EndpointAddress::Unix(_) => None,
        }
    }

    fn add(&mut self, addresses: &[EndpointAddress], gateway: impl FnOnce() -> Discovered) {
        if addresses.is_empty() {
            return;
        }
        let gateway = Arc::new(gateway());
        let shared = || Arc::clone(&gateway);
        for address in addresses {
            match address {
                EndpointAddress::Ip(ip) => {
                    self.by_address.entry(*ip).or_insert_with(shared);
                }
                EndpointAddress::Host(host) => {
                    self.by_host.entry(host.clone()).or_insert_with(shared);
                }
                EndpointAddress::Unix(_) => {}
            }
        }
    }
}

/// The cluster that a gateway leads to: the one that has it if that is in the gateway's network,
/// else the first that is; a gateway may be written down in another cluster than its own.
fn owner_of<'a>(
    clusters: &'a BTreeMap<Arc<str>, ClusterGround>,
    holder: &'a Arc<str>,
    network: &Arc<str>,
) -> &'a Arc<str> {
    let is_in = |ground: &ClusterGround| ground.network.as_ref() == Some(network);
    if clusters.get(holder).is_some_and(is_in) {
        return holder;
    }
    let mut others = clusters.iter();
    others
        .find(|(_, ground)| is_in(ground))
        .map_or(holder, |(id, _)| id)
}
