//! Endpoints of one Service as its cluster has them: [`pods_of`].

use super::slice::{NO_PORT, in_order, ports_of, slice_in, state_of};
use super::workload::workloads_of;
use super::{ServiceMember, Share};
use crate::input::{
    Object, ObjectDoc, ObjectId, ObjectKind, Pod, Service, ServiceAddressing, SliceEndpoint,
};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use crate::mesh::gateways::is_subset;
use crate::mesh::ground::ClusterGround;
use crate::mesh::mesh_view::Mesh;
use dns_core::{Endpoint, EndpointAddress, Locality};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Every endpoint of a Service, by address, port and host name: those of its EndpointSlices, with
/// the labels and network of their pods, and the workloads outside of Kubernetes that it selects.
pub(in crate::mesh) fn pods_of(
    mesh: &Mesh<'_>,
    cluster: &Arc<str>,
    doc: &ObjectDoc,
    service: &Service,
) -> Vec<Endpoint> {
    let (Some(ground), Some(state)) = (
        mesh.ground.clusters.get(cluster),
        mesh.clusters.get(cluster),
    ) else {
        return Vec::new();
    };
    let place = ClusterPlace {
        id: cluster,
        ground,
        state,
    };
    let mut endpoints = Vec::new();
    for slice in state
        .slices_of(&ServiceKey::of(&doc.id))
        .filter_map(|doc| slice_in(doc))
    {
        let ports = ports_of(&slice.ports, service);
        for endpoint in &slice.endpoints {
            for address in &endpoint.addresses {
                let template = place.template(doc, service, endpoint, address);
                endpoints.extend(ports.iter().map(|(name, port)| Endpoint {
                    port: *port,
                    port_name: name.clone(),
                    ..template.clone()
                }));
            }
        }
    }
    if ground.workload_namespaces.contains(&doc.id.namespace) {
        endpoints.extend(workloads_of(&place, doc, service));
    }
    in_order(endpoints)
}

impl ServiceMember<'_> {
    /// Its endpoints, of the instance and the labels that are meant.
    pub(super) fn pods(&self, mesh: &Mesh<'_>, share: Option<&Share<'_>>) -> Vec<Endpoint> {
        let mut endpoints = pods_of(mesh, self.cluster, self.doc, self.service);
        if let Some(hostname) = self.instance {
            endpoints.retain(|endpoint| endpoint.hostname.as_ref() == Some(hostname));
        }
        if let Some(share) = share {
            endpoints.retain(|endpoint| is_subset(share.labels, &endpoint.subset));
        }
        if let Some(number) = self.port {
            retain_port(&mut endpoints, self.service, number);
        }
        endpoints
    }
}

/// Keeps the endpoints that serve a port of the Service, where slices say which they do.
fn retain_port(endpoints: &mut Vec<Endpoint>, service: &Service, number: u16) {
    let mut ports = service.ports.iter();
    let Some(port) = ports.find(|port| port.number == number) else {
        return;
    };
    endpoints.retain(|endpoint| endpoint.port == NO_PORT || endpoint.port_name == port.name);
}

/// A cluster, for what runs in it.
pub(super) struct ClusterPlace<'a> {
    pub(super) id: &'a Arc<str>,
    pub(super) ground: &'a ClusterGround,
    pub(super) state: &'a ClusterState,
}

impl ClusterPlace<'_> {
    fn template(
        &self,
        doc: &ObjectDoc,
        service: &Service,
        endpoint: &SliceEndpoint,
        address: &EndpointAddress,
    ) -> Endpoint {
        let pod = endpoint
            .pod
            .as_ref()
            .and_then(|name| self.pod(&doc.id.namespace, name));
        let hostname = endpoint.hostname.as_ref();
        let network = pod.and_then(Pod::network);
        Endpoint {
            hostname: hostname
                .or_else(|| own_hostname(pod?, doc))
                .cloned()
                .or_else(|| name_of_address(service, address)),
            cluster: Some(Arc::clone(self.id)),
            network: network.or_else(|| self.ground.network_of(address)).cloned(),
            locality: self.locality(endpoint.node.as_ref(), endpoint.zone.as_ref()),
            subset: pod.map_or_else(BTreeMap::new, |pod| pod.metadata.labels.clone()),
            state: state_of(endpoint.condition, service.unready),
            ..Endpoint::new(address.clone(), NO_PORT)
        }
    }

    fn pod(&self, namespace: &Arc<str>, name: &Arc<str>) -> Option<&Pod> {
        let doc = self.state.object(&ObjectId {
            kind: ObjectKind::Pod,
            namespace: Arc::clone(namespace),
            name: Arc::clone(name),
        })?;
        match &doc.object {
            Object::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// Place of an endpoint: its node's, else the zone it names itself, else where all of the
    /// cluster is.
    pub(super) fn locality(
        &self,
        node: Option<&Arc<str>>,
        zone: Option<&Arc<str>>,
    ) -> Option<Locality> {
        let mut locality = node.and_then(|node| self.node(node)).unwrap_or_default();
        if let (true, Some(zone)) = (locality.zone.is_empty(), zone) {
            locality.zone = Arc::clone(zone);
        }
        let common = &self.ground.locality;
        if locality.region.is_empty() {
            locality.region = Arc::clone(&common.region);
            if locality.zone.is_empty() {
                locality.zone = Arc::clone(&common.zone);
            }
        }
        (locality != Locality::default()).then_some(locality)
    }

    fn node(&self, name: &Arc<str>) -> Option<Locality> {
        let doc = self.state.object(&ObjectId {
            kind: ObjectKind::Node,
            namespace: Arc::default(),
            name: Arc::clone(name),
        })?;
        match &doc.object {
            Object::Node(node) => Some(node.locality()),
            _ => None,
        }
    }
}

/// Host name of a pod below the Service of its `subdomain`.
fn own_hostname<'a>(pod: &'a Pod, service: &ObjectDoc) -> Option<&'a Arc<str>> {
    let subdomain = pod.subdomain.as_ref()?;
    (*subdomain == service.id.name).then_some(pod.hostname.as_ref()?)
}

/// Every endpoint of a headless Service has a name: one without gets it from its address, as
/// Kubernetes' DNS servers do it.
fn name_of_address(service: &Service, address: &EndpointAddress) -> Option<Arc<str>> {
    match (&service.addressing, address) {
        (ServiceAddressing::Headless, EndpointAddress::Ip(ip)) => Some(dashed(*ip).into()),
        _ => None,
    }
}

/// An address as a label: `10-3-0-1`, `2001-db8--1`. A label does not begin or end with a
/// hyphen (RFC 1123 section 2.1), so a zero goes there.
pub(super) fn dashed(ip: IpAddr) -> String {
    let mut label = ip.to_string().replace(['.', ':'], "-");
    if label.starts_with('-') {
        label.insert(0, '0');
    }
    if label.ends_with('-') {
        label.push('0');
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_made_of_an_address_is_a_valid_one() {
        for (ip, label) in [
            ("10.3.0.1", "10-3-0-1"),
            ("2001:db8::1", "2001-db8--1"),
            ("2001:db8::", "2001-db8--0"),
            ("::1", "0--1"),
        ] {
            assert_eq!(dashed(ip.parse().unwrap()), label);
        }
    }
}
