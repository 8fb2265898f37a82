//! Endpoints of a ServiceEntry host: [`entry_endpoints`].

use super::pods::ClusterPlace;
use super::probe::is_dead;
use super::reason::Reason;
use super::slice::in_order;
use super::workload::selected;
use crate::input::{EntryEndpoint, ObjectDoc, Resolution, ServiceEntry, ServicePort};
use crate::mesh::ground::Discovered;
use crate::mesh::mesh_view::Mesh;
use dns_core::{Endpoint, EndpointAddress, EndpointState, NameBuf, Via};
use std::sync::Arc;

/// Last label of the names that stand for a service of another cluster.
const GLOBAL_LABEL: &[u8] = b"global";
/// Port of an endpoint of an entry without ports, and of a unix socket.
const NO_PORT: u16 = 0;

/// The endpoints that an entry of a cluster gives its host, the same for all clients: one per
/// port, in the order written. With a selector they are the workloads it selects. A host that DNS
/// resolves and that names no endpoint is its own.
pub(in crate::mesh) fn entry_endpoints(
    mesh: &Mesh<'_>,
    cluster: &Arc<str>,
    doc: &ObjectDoc,
    entry: &ServiceEntry,
    host: &NameBuf,
) -> Vec<Endpoint> {
    if entry.endpoints.is_empty() && entry.workload_selector.is_some() {
        return selected_endpoints(mesh, cluster, doc, entry);
    }
    let own = own_endpoint(entry, host);
    let mut endpoints = Vec::with_capacity(entry.endpoints.len() * entry.ports.len());
    for endpoint in entry.endpoints.iter().chain(&own) {
        let Some(address) = &endpoint.address else {
            continue;
        };
        let target = Target {
            mesh,
            address,
            endpoint,
            gateway: mesh.ground.gateway_at(address),
            host,
        };
        if entry.ports.is_empty() {
            endpoints.push(target.endpoint(entry, None));
        }
        let ports = entry.ports.iter();
        endpoints.extend(ports.map(|port| target.endpoint(entry, Some(port))));
    }
    endpoints
}

fn selected_endpoints(
    mesh: &Mesh<'_>,
    cluster: &Arc<str>,
    doc: &ObjectDoc,
    entry: &ServiceEntry,
) -> Vec<Endpoint> {
    let (Some(ground), Some(state), Some(selector)) = (
        mesh.ground.clusters.get(cluster),
        mesh.clusters.get(cluster),
        &entry.workload_selector,
    ) else {
        return Vec::new();
    };
    let place = ClusterPlace {
        id: cluster,
        ground,
        state,
    };
    let mut endpoints = selected(&place, &doc.id.namespace, selector, &entry.ports);
    for endpoint in &mut endpoints {
        endpoint.identity = entry.subject_alt_names.clone();
    }
    in_order(endpoints)
}

fn own_endpoint(entry: &ServiceEntry, host: &NameBuf) -> Option<EntryEndpoint> {
    let resolves = matches!(
        entry.resolution,
        Resolution::Dns | Resolution::DnsRoundRobin
    );
    let has_others = !entry.endpoints.is_empty() || entry.workload_selector.is_some();
    (resolves && !has_others && !host.as_name().is_wildcard())
        .then(|| EntryEndpoint::at(EndpointAddress::Host(host.clone())))
}

/// An endpoint as written, with what its address says about it.
struct Target<'a> {
    mesh: &'a Mesh<'a>,
    address: &'a EndpointAddress,
    endpoint: &'a EntryEndpoint,
    gateway: Option<&'a Discovered>,
    host: &'a NameBuf,
}

impl Target<'_> {
    fn endpoint(&self, entry: &ServiceEntry, port: Option<&ServicePort>) -> Endpoint {
        let (number, state) = self.port(port);
        let gateway = self.gateway;
        Endpoint {
            port_name: port.and_then(|port| port.name.clone()),
            cluster: gateway.map(|gateway| Arc::clone(&gateway.cluster)),
            network: match gateway {
                Some(gateway) => gateway.network.clone(),
                None => self.endpoint.network.clone(),
            },
            locality: self.endpoint.locality.clone(),
            subset: self.endpoint.labels.clone(),
            via: gateway.map_or(Via::Direct, |_| Via::Gateway),
            weight: self.endpoint.weight,
            state,
            authority: gateway.and_then(|gateway| authority(self.host, gateway)),
            identity: entry.subject_alt_names.clone(),
            ..Endpoint::new(self.address.clone(), number)
        }
    }

    /// What the user wrote for the port; for a `.global` name behind a gateway that says
    /// nothing, the gateway's mesh port, as the service's own port is not open there.
    fn port(&self, port: Option<&ServicePort>) -> (u16, EndpointState) {
        let Some(port) = port else {
            return (NO_PORT, EndpointState::Ready);
        };
        if matches!(self.address, EndpointAddress::Unix(_)) {
            return (NO_PORT, EndpointState::Ready);
        }
        let name = port.name.as_ref();
        let mapped = name.and_then(|name| self.endpoint.ports.get(name)).copied();
        let Some(gateway) = self.gateway else {
            let number = mapped.or(port.target).unwrap_or(port.number);
            return (number, EndpointState::Ready);
        };
        let of_gateway = is_global(self.host).then_some(gateway.mesh_port);
        match mapped
            .or(port.target)
            .or(of_gateway.unwrap_or(Some(port.number)))
        {
            None => (port.number, Reason::NoMeshPort.state()),
            Some(number) => (number, self.state_at(number)),
        }
    }

    fn state_at(&self, port: u16) -> EndpointState {
        if is_dead(self.mesh.health, self.address, [Some(port), None], None) {
            return Reason::ProbeFailed.state();
        }
        EndpointState::Ready
    }
}

fn is_global(host: &NameBuf) -> bool {
    host.as_name().label_count() == 3
        && host.as_name().labels().last() == Some(GLOBAL_LABEL)
        && !host.as_name().is_wildcard()
}

/// Name that the service `a.b.global` has in the cluster behind the gateway.
fn authority(host: &NameBuf, gateway: &Discovered) -> Option<Arc<str>> {
    let mut labels = is_global(host).then(|| host.as_name().labels())?;
    let name = std::str::from_utf8(labels.next()?).ok()?;
    let namespace = std::str::from_utf8(labels.next()?).ok()?;
    Some(format!("{name}.{namespace}{}", gateway.service_suffix).into())
}
