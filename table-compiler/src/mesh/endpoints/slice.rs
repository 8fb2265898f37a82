//! EndpointSlices, read for a Service.

use crate::input::{
    Condition, EndpointSlice, Object, ObjectDoc, Service, SlicePort, UnreadyEndpoints,
};
use dns_core::{Endpoint, EndpointAddress, EndpointState, Locality};
use std::net::IpAddr;
use std::sync::Arc;

/// Port of an endpoint whose slice names none.
pub(super) const NO_PORT: u16 = 0;

/// The slice that an object is.
pub(super) fn slice_in(doc: &ObjectDoc) -> Option<&EndpointSlice> {
    match &doc.object {
        Object::EndpointSlice(slice) => Some(slice),
        _ => None,
    }
}

/// Whether an endpoint of that condition may be used.
pub(super) fn is_ready(condition: Condition, unready: UnreadyEndpoints) -> bool {
    condition == Condition::Ready || unready == UnreadyEndpoints::Published
}

pub(super) fn state_of(condition: Condition, unready: UnreadyEndpoints) -> EndpointState {
    match condition {
        _ if is_ready(condition, unready) => EndpointState::Ready,
        Condition::Terminating => EndpointState::Unavailable("terminating".into()),
        Condition::Ready | Condition::NotReady => EndpointState::Unavailable("not-ready".into()),
    }
}

/// Ports that the endpoints of a slice serve. A slice port without a number stands for the
/// Service's port of its name; a slice without ports still has endpoints.
pub(super) fn ports_of(slice: &[SlicePort], service: &Service) -> Vec<(Option<Arc<str>>, u16)> {
    if slice.is_empty() {
        return vec![(None, NO_PORT)];
    }
    let number = |port: &SlicePort| {
        let same_name = service.ports.iter().find(|other| other.name == port.name);
        port.number
            .or(same_name.map(|port| port.number))
            .unwrap_or(NO_PORT)
    };
    slice
        .iter()
        .map(|port| (port.name.clone(), number(port)))
        .collect()
}

/// Sorted by address, port and host name, each place once; of one that is there twice the ready
/// one.
pub(super) fn in_order(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    if endpoints.len() > 1 {
        endpoints.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        endpoints.dedup_by(|a, b| place(a) == place(b));
    }
    endpoints
}

/// An address in an order: by kind, then value.
pub(super) type AddressKey<'a> = (Option<IpAddr>, Option<&'a [u8]>);

pub(super) fn address_key(address: &EndpointAddress) -> AddressKey<'_> {
    match address {
        EndpointAddress::Ip(ip) => (Some(*ip), None),
        EndpointAddress::Host(host) => (None, Some(host.as_name().as_wire())),
        EndpointAddress::Unix(path) => (None, Some(path.as_bytes())),
    }
}

type Place<'a> = (AddressKey<'a>, Option<&'a str>, u16, Option<&'a str>);

fn place(endpoint: &Endpoint) -> Place<'_> {
    (
        address_key(&endpoint.address),
        endpoint.hostname.as_deref(),
        endpoint.port,
        endpoint.port_name.as_deref(),
    )
}

fn sort_key(endpoint: &Endpoint) -> (Place<'_>, bool, Option<&Locality>) {
    let is_unready = endpoint.state != EndpointState::Ready;
    (place(endpoint), is_unready, endpoint.locality.as_ref())
}
