//! Workloads that are selected by their labels: pods, WorkloadEntries, ExternalWorkloads.

use super::pods::ClusterPlace;
use super::slice::{NO_PORT, state_of};
use crate::input::{
    EntryEndpoint, ExternalWorkload, Object, ObjectDoc, ObjectKind, Pod, Service, ServicePort,
    UnreadyEndpoints,
};
use crate::mesh::gateways::is_subset;
use dns_core::{Endpoint, EndpointAddress};
use std::collections::BTreeMap;
use std::sync::Arc;

type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// The workloads outside of Kubernetes that a Service selects; one without a selector selects
/// none.
pub(super) fn workloads_of(
    place: &ClusterPlace<'_>,
    doc: &ObjectDoc,
    service: &Service,
) -> Vec<Endpoint> {
    if service.selector.is_empty() {
        return Vec::new();
    }
    let kinds = [ObjectKind::WorkloadEntry, ObjectKind::ExternalWorkload];
    let docs = kinds
        .into_iter()
        .flat_map(|kind| place.state.in_namespace(kind, &doc.id.namespace));
    docs.flat_map(|workload| match &workload.object {
        Object::WorkloadEntry(entry) => {
            place.entry_endpoints(&entry.endpoint, &service.selector, &service.ports)
        }
        Object::ExternalWorkload(external) => place.external_endpoints(external, service),
        _ => Vec::new(),
    })
    .collect()
}

/// The pods and workloads of a namespace with those labels, one endpoint per port.
pub(super) fn selected(
    place: &ClusterPlace<'_>,
    namespace: &str,
    selector: &Labels,
    ports: &[ServicePort],
) -> Vec<Endpoint> {
    let kinds = [ObjectKind::WorkloadEntry, ObjectKind::Pod];
    let docs = kinds
        .into_iter()
        .flat_map(|kind| place.state.in_namespace(kind, namespace));
    docs.flat_map(|workload| match &workload.object {
        Object::WorkloadEntry(entry) => place.entry_endpoints(&entry.endpoint, selector, ports),
        Object::Pod(pod) => place.pod_endpoints(pod, selector, ports),
        _ => Vec::new(),
    })
    .collect()
}

impl ClusterPlace<'_> {
    fn entry_endpoints(
        &self,
        entry: &EntryEndpoint,
        selector: &Labels,
        ports: &[ServicePort],
    ) -> Vec<Endpoint> {
        let Some(address) = &entry.address else {
            return Vec::new();
        };
        if !is_subset(selector, &entry.labels) {
            return Vec::new();
        }
        let network = entry.network.as_ref();
        let template = Endpoint {
            network: network.or_else(|| self.ground.network_of(address)).cloned(),
            locality: entry.locality.clone().or_else(|| self.locality(None, None)),
            weight: entry.weight,
            ..self.template_at(address, &entry.labels)
        };
        let number = |port: &ServicePort| {
            let named = port.name.as_ref().and_then(|name| entry.ports.get(name));
            named.copied().or(port.target).unwrap_or(port.number)
        };
        per_port(&template, ports, number)
    }

    fn pod_endpoints(&self, pod: &Pod, selector: &Labels, ports: &[ServicePort]) -> Vec<Endpoint> {
        let labels = &pod.metadata.labels;
        if !is_subset(selector, labels) {
            return Vec::new();
        }
        let number = |port: &ServicePort| port.target.unwrap_or(port.number);
        let templates = pod.ips.iter().map(|ip| {
            let address = EndpointAddress::Ip(*ip);
            Endpoint {
                network: pod
                    .network()
                    .or_else(|| self.ground.network_of(&address))
                    .cloned(),
                locality: self.locality(pod.node.as_ref(), None),
                ..self.template_at(&address, labels)
            }
        });
        templates
            .flat_map(|template| per_port(&template, ports, number))
            .collect()
    }

    fn external_endpoints(&self, workload: &ExternalWorkload, service: &Service) -> Vec<Endpoint> {
        let labels = &workload.metadata.labels;
        if !is_subset(&service.selector, labels) {
            return Vec::new();
        }
        let number = |port: &ServicePort| {
            let mut own = workload.ports.iter();
            let own = own
                .find(|own| own.name == port.name)
                .and_then(|own| own.number);
            port.target.or(own).unwrap_or(port.number)
        };
        let templates = workload.ips.iter().map(|ip| {
            let address = EndpointAddress::Ip(*ip);
            Endpoint {
                network: self.ground.network_of(&address).cloned(),
                locality: self.locality(None, None),
                identity: workload.identity.iter().cloned().collect(),
                state: state_of(workload.condition, UnreadyEndpoints::Hidden),
                ..self.template_at(&address, labels)
            }
        });
        templates
            .flat_map(|template| per_port(&template, &service.ports, number))
            .collect()
    }

    fn template_at(&self, address: &EndpointAddress, labels: &Labels) -> Endpoint {
        Endpoint {
            cluster: Some(Arc::clone(self.id)),
            subset: labels.clone(),
            ..Endpoint::new(address.clone(), NO_PORT)
        }
    }
}

fn per_port(
    template: &Endpoint,
    ports: &[ServicePort],
    number: impl Fn(&ServicePort) -> u16,
) -> Vec<Endpoint> {
    if ports.is_empty() {
        return vec![template.clone()];
    }
    let endpoint = |port: &ServicePort| Endpoint {
        port: number(port),
        port_name: port.name.clone(),
        ..template.clone()
    };
    ports.iter().map(endpoint).collect()
}
