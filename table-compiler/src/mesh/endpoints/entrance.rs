//! Endpoints that are addresses of gateways.

use super::backing::Readiness;
use super::draft::Drafts;
use super::probe::is_dead;
use super::rank::Standing;
use super::reason::Reason;
use crate::mesh::ground::Entrance;
use dns_core::{Endpoint, EndpointAddress, EndpointState, Locality, Via};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Port of a gateway that has none for the mesh.
const NO_PORT: u16 = 0;

/// What is meant behind a gateway.
#[derive(Debug)]
pub(super) struct Behind<'a> {
    pub(super) standing: Standing<'a>,
    pub(super) authority: Arc<str>,
    pub(super) identity: Option<&'a Arc<str>>,
    /// Cluster that is crossed on the way.
    pub(super) transit: Option<&'a Arc<str>>,
    /// Labels of the pods that are meant.
    pub(super) subset: Option<&'a BTreeMap<Arc<str>, Arc<str>>>,
    /// `None` if nothing is known about it.
    pub(super) readiness: Option<Readiness>,
    /// Consecutive failures that make the gateway dead, where that is said.
    pub(super) failure_threshold: Option<u32>,
}

/// An address of a gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door<'a> {
    /// `None` if it is not known yet.
    pub(super) address: Option<&'a EndpointAddress>,
    pub(super) port: Option<u16>,
    /// Another port that may have been probed.
    pub(super) probe_port: Option<u16>,
    pub(super) locality: Option<&'a Locality>,
}

impl<'a> Door<'a> {
    pub(super) fn of(entrance: &'a Entrance) -> Self {
        Door {
            address: entrance.address.as_ref(),
            port: entrance.port,
            probe_port: None,
            locality: entrance.locality.as_ref(),
        }
    }

    /// The addresses of a gateway, or the one that is not known yet.
    pub(super) fn all(
        addresses: &'a [EndpointAddress],
        port: Option<u16>,
        probe_port: Option<u16>,
    ) -> impl Iterator<Item = Door<'a>> {
        let unknown = addresses.is_empty().then_some(None);
        let known = addresses.iter().map(Some);
        known.chain(unknown).map(move |address| Door {
            address,
            port,
            probe_port,
            locality: None,
        })
    }
}

impl Drafts<'_> {
    /// Adds the addresses of gateways; the usable ones share the weight of what is behind them.
    pub(super) fn add_doors<'d>(
        &mut self,
        behind: &Behind<'_>,
        doors: impl Iterator<Item = Door<'d>>,
    ) {
        let start = self.len();
        for door in doors {
            self.add_door(behind, &door);
        }
        self.divide(start);
    }

    fn add_door(&mut self, behind: &Behind<'_>, door: &Door<'_>) {
        let state = match self.fault(behind, door) {
            Some(reason) => reason.state(),
            None => EndpointState::Ready,
        };
        let standing = Standing {
            locality: door.locality.or(behind.standing.locality),
            ..behind.standing
        };
        let address = match door.address {
            Some(address) => address.clone(),
            None => EndpointAddress::Host(self.name.clone()),
        };
        let endpoint = behind.endpoint(&standing, address, door.port.unwrap_or(NO_PORT), state);
        self.push(endpoint, &standing);
    }

    /// Adds a stand-in for gateways that there are none of.
    pub(super) fn add_no_door(&mut self, behind: &Behind<'_>, reason: Reason<'_>) {
        let address = EndpointAddress::Host(self.name.clone());
        let endpoint = behind.endpoint(&behind.standing, address, NO_PORT, reason.state());
        self.push(endpoint, &behind.standing);
    }

    fn fault(&self, behind: &Behind<'_>, door: &Door<'_>) -> Option<Reason<'static>> {
        let Some(address) = door.address else {
            return Some(Reason::Unresolved);
        };
        if door.port.is_none() {
            return Some(Reason::NoMeshPort);
        }
        let ports = [door.port, door.probe_port];
        if is_dead(self.mesh.health, address, ports, behind.failure_threshold) {
            return Some(Reason::ProbeFailed);
        }
        let is_empty = behind
            .readiness
            .is_some_and(|readiness| readiness.ready == 0);
        is_empty.then_some(Reason::NoReadyEndpoints)
    }
}

impl Behind<'_> {
    fn endpoint(
        &self,
        standing: &Standing<'_>,
        address: EndpointAddress,
        port: u16,
        state: EndpointState,
    ) -> Endpoint {
        Endpoint {
            cluster: Some(Arc::clone(standing.cluster)),
            network: standing.network.cloned(),
            locality: standing.locality.cloned(),
            subset: self.subset.cloned().unwrap_or_default(),
            via: Via::Gateway,
            weight: self.readiness.map_or(1, |readiness| readiness.ready.max(1)),
            state,
            authority: Some(Arc::clone(&self.authority)),
            identity: self.identity.into_iter().cloned().collect(),
            transit: self.transit.cloned(),
            ..Endpoint::new(address, port)
        }
    }
}
