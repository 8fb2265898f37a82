//! Network gateways: Services labelled with the network they lead into.

use super::Options;
use crate::input::Service;
use dns_core::{EndpointAddress, NameBuf};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Port of Istio's east-west gateways that passes TLS through by SNI.
const MESH_PORT: u16 = 15443;

/// A gateway as the endpoints behind it need it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gateway {
    pub(super) network: Arc<str>,
    pub(super) cluster: Option<Arc<str>>,
    /// Domain of the cluster's names.
    pub(super) domain: NameBuf,
    pub(super) mesh_port: Option<u16>,
}

/// The gateways, by where they are reached.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    by_address: BTreeMap<IpAddr, Arc<Gateway>>,
    by_host: BTreeMap<NameBuf, Arc<Gateway>>,
}

impl Gateways {
    /// Adds the Service if it is a gateway. Of two at one address the first added stays.
    pub(super) fn add(&mut self, options: &Options, service: &Service) {
        let Some(network) = service.gateway_network() else {
            return;
        };
        let gateway = Arc::new(Gateway {
            network: Arc::clone(network),
            cluster: options.cluster.clone(),
            domain: options.domain.clone(),
            mesh_port: mesh_port(service),
        });
        let has_ingress =
            !service.load_balancer_ips.is_empty() || !service.load_balancer_hosts.is_empty();
        let addresses = if has_ingress {
            &service.load_balancer_ips
        } else {
            &service.external_ips
        };
        for &address in addresses {
            self.by_address
                .entry(address)
                .or_insert_with(|| Arc::clone(&gateway));
        }
        for host in &service.load_balancer_hosts {
            self.by_host
                .entry(host.clone())
                .or_insert_with(|| Arc::clone(&gateway));
        }
    }

    /// The gateway at an endpoint's address.
    pub(super) fn at(&self, address: &EndpointAddress) -> Option<&Gateway> {
        match address {
            EndpointAddress::Ip(ip) => self.by_address.get(ip).map(Arc::as_ref),
            EndpointAddress::Host(host) => self.by_host.get(host).map(Arc::as_ref),
            EndpointAddress::Unix(_) => None,
        }
    }
}

fn mesh_port(service: &Service) -> Option<u16> {
    let has_mesh_port = service.ports.iter().any(|port| port.number == MESH_PORT);
    service.gateway_port.or(has_mesh_port.then_some(MESH_PORT))
}
