//! Which objects the ground is made of.

use crate::input::{Object, ObjectDoc, Service, ServiceType};

/// Whether the ground may depend on this form of an object. A change concerns the ground if the
/// form before or the form after does.
pub(in crate::mesh) fn concerns_ground(doc: &ObjectDoc) -> bool {
    match &doc.object {
        Object::Service(service) => is_reached_from_outside(service),
        Object::Pod(pod) => pod.network().is_some(),
        Object::Namespace(_)
        | Object::Node(_)
        | Object::Secret(_)
        | Object::MeshConfigMap(_)
        | Object::WorkloadEntry(_)
        | Object::ExternalWorkload(_)
        | Object::Gateway(_)
        | Object::KubernetesGateway(_)
        | Object::VirtualService(_)
        | Object::Route(_)
        | Object::ClusterProperty(_)
        | Object::Link(_) => true,
        Object::EndpointSlice(_)
        | Object::ServiceEntry(_)
        | Object::DestinationRule(_)
        | Object::Sidecar(_)
        | Object::TrafficSplit(_)
        | Object::ServiceExport(_)
        | Object::ServiceImport(_)
        | Object::ClusterProfile(_)
        | Object::ProductName(_)
        | Object::NamePolicy(_) => false,
    }
}

fn is_reached_from_outside(service: &Service) -> bool {
    let is_offered = match service.kind {
        ServiceType::LoadBalancer | ServiceType::NodePort => true,
        ServiceType::ClusterIp | ServiceType::ExternalName => false,
    };
    is_offered
        || !service.external_ips.is_empty()
        || !service.load_balancer_ips.is_empty()
        || !service.load_balancer_hosts.is_empty()
        || service.gateway_network().is_some()
}
