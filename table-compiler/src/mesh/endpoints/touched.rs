//! Services that a change of a Pod or Node touches.

use super::slice::slice_in;
use crate::input::{ObjectKind, SliceEndpoint};
use crate::mesh::cluster::{ClusterState, ServiceKey, service_of_slice};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The Services with that Pod among their endpoints. Costs a look at the namespace's slices.
pub(in crate::mesh) fn services_of_pod(
    state: &ClusterState,
    namespace: &str,
    pod: &Arc<str>,
) -> BTreeSet<ServiceKey> {
    let slices = state.in_namespace(ObjectKind::EndpointSlice, namespace);
    slices
        .filter(|doc| has(doc, |endpoint| endpoint.pod.as_ref() == Some(pod)))
        .filter_map(|doc| service_of_slice(doc))
        .collect()
}

/// The Services with endpoints on that Node. Costs a look at all slices.
pub(in crate::mesh) fn services_of_node(
    state: &ClusterState,
    node: &Arc<str>,
) -> BTreeSet<ServiceKey> {
    let slices = state.of_kind(ObjectKind::EndpointSlice);
    slices
        .filter(|doc| has(doc, |endpoint| endpoint.node.as_ref() == Some(node)))
        .filter_map(|doc| service_of_slice(doc))
        .collect()
}

fn has(doc: &crate::input::ObjectDoc, is_meant: impl Fn(&SliceEndpoint) -> bool) -> bool {
    slice_in(doc).is_some_and(|slice| slice.endpoints.iter().any(is_meant))
}
