//! [`Backing`]: how many endpoints of a Service are ready, by network.

use super::pods::pods_of;
use super::slice::{address_key, is_ready, slice_in};
use crate::input::{EndpointSlice, ObjectDoc, Service};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use crate::mesh::mesh_view::Mesh;
use dns_core::{Endpoint, EndpointAddress, EndpointState};
use std::net::IpAddr;
use std::sync::Arc;

/// How many endpoints there are and may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::mesh) struct Readiness {
    pub(in crate::mesh) ready: u32,
    pub(in crate::mesh) total: u32,
}

impl Readiness {
    /// Both together.
    pub(super) fn and(self, other: Readiness) -> Self {
        Readiness {
            ready: self.ready.saturating_add(other.ready),
            total: self.total.saturating_add(other.total),
        }
    }
}

/// How many endpoints of a Service are ready, by network; one group at least.
#[derive(Debug)]
pub(super) struct Backing {
    pub(super) groups: Vec<Group>,
}

/// Endpoints in one network.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) network: Option<Arc<str>>,
    pub(super) readiness: Readiness,
}

impl Backing {
    pub(super) fn of(
        mesh: &Mesh<'_>,
        cluster: &Arc<str>,
        doc: &ObjectDoc,
        service: &Service,
    ) -> Self {
        let (Some(ground), Some(state)) = (
            mesh.ground.clusters.get(cluster),
            mesh.clusters.get(cluster),
        ) else {
            return Backing { groups: Vec::new() };
        };
        let is_simple =
            ground.is_one_network() && !ground.workload_namespaces.contains(&doc.id.namespace);
        let group = |readiness| Group {
            network: ground.network.clone(),
            readiness,
        };
        if is_simple {
            return Backing {
                groups: vec![group(counted(state, doc, service))],
            };
        }
        let mut backing = Backing::of_endpoints(&pods_of(mesh, cluster, doc, service));
        if backing.groups.is_empty() {
            backing.groups.push(group(Readiness::default()));
        }
        backing
    }

    pub(super) fn of_endpoints(endpoints: &[Endpoint]) -> Self {
        let mut networks: Vec<&Option<Arc<str>>> = endpoints.iter().map(|e| &e.network).collect();
        networks.sort();
        networks.dedup();
        let group = |network: &Option<Arc<str>>| {
            let here = endpoints.iter().filter(|e| e.network == *network);
            let seen = here.map(|e| (&e.address, e.state == EndpointState::Ready));
            Group {
                network: network.clone(),
                readiness: distinct(seen.collect()),
            }
        };
        Backing {
            groups: networks.into_iter().map(group).collect(),
        }
    }

    pub(super) fn readiness(&self) -> Readiness {
        let groups = self.groups.iter().map(|group| group.readiness);
        groups.fold(Readiness::default(), Readiness::and)
    }
}

/// Counts the endpoints in the slices of a Service.
fn counted(state: &ClusterState, doc: &ObjectDoc, service: &Service) -> Readiness {
    let key = ServiceKey::of(&doc.id);
    let mut slices = state.slices_of(&key).filter_map(|doc| slice_in(doc));
    let Some(first) = slices.next() else {
        return Readiness::default();
    };
    let mut seen = Vec::with_capacity(first.endpoints.len());
    for slice in std::iter::once(first).chain(slices) {
        see(&mut seen, slice, service);
    }
    distinct(seen)
}

fn see<'a>(
    seen: &mut Vec<(&'a EndpointAddress, bool)>,
    slice: &'a EndpointSlice,
    service: &Service,
) {
    for endpoint in &slice.endpoints {
        let is_ready = is_ready(endpoint.condition, service.unready);
        seen.extend(endpoint.addresses.iter().map(|address| (address, is_ready)));
    }
}

/// Counts addresses, each once and ready if it is so anywhere. A pod with addresses of both
/// families is in two slices, so that the family with more counts.
fn distinct(mut seen: Vec<(&EndpointAddress, bool)>) -> Readiness {
    if let [(_, is_ready)] = *seen {
        return Readiness {
            ready: u32::from(is_ready),
            total: 1,
        };
    }
    seen.sort_by(|(a, is_a_ready), (b, is_b_ready)| {
        let ready_first = is_b_ready.cmp(is_a_ready);
        address_key(a).cmp(&address_key(b)).then(ready_first)
    });
    seen.dedup_by(|a, b| a.0 == b.0);
    let count = |is_family: fn(&EndpointAddress) -> bool| {
        let mut readiness = Readiness::default();
        for (_, is_ready) in seen.iter().filter(|(address, _)| is_family(address)) {
            readiness.total += 1;
            readiness.ready += u32::from(*is_ready);
        }
        readiness
    };
    let families = [
        count(|address| matches!(address, EndpointAddress::Ip(IpAddr::V4(_)))),
        count(|address| matches!(address, EndpointAddress::Ip(IpAddr::V6(_)))),
        count(|address| !matches!(address, EndpointAddress::Ip(_))),
    ];
    let most = families
        .iter()
        .max_by_key(|family| (family.ready, family.total));
    most.copied().unwrap_or_default()
}
