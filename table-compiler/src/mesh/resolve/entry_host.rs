//! Hosts of ServiceEntries.

use super::service::{ports_of, with_origin};
use super::{Claimed, Resolver, reference};
use crate::input::{EntryAddress, Object, Resolution, ServiceEntry};
use crate::mesh::WildcardVips;
use crate::mesh::draft::{Draft, Families};
use crate::mesh::endpoints::entry_endpoints;
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{
    AddressOrigin, Endpoint, EndpointAddress, HostAddress, HostEntry, HostKind, NameBuf, NameState,
    VipState, Visibility,
};
use std::net::IpAddr;

/// Rule of a host of a ServiceEntry.
const RULE: &str = "host of a ServiceEntry";

/// Where the addresses of a host come from.
#[derive(Debug, PartialEq)]
pub(super) enum HostAddresses {
    /// `spec.addresses`.
    Pinned(Vec<IpAddr>),
    /// `status.addresses` of the host.
    Imported(Vec<IpAddr>),
    /// Its endpoints: it has resolution NONE.
    Endpoints,
    /// The ledger.
    Allotted,
    /// Nowhere.
    None,
}

impl<'a> Resolver<'a> {
    /// The entry of a host of a ServiceEntry.
    pub(super) fn entry_host(&self, host: &NameBuf, seen: Claimed<'a>) -> Option<Draft> {
        let Object::ServiceEntry(service_entry) = &seen.doc.object else {
            return None;
        };
        let namespace = &seen.doc.id.namespace;
        let endpoints = entry_endpoints(
            &self.view.mesh,
            &seen.claim.cluster,
            seen.doc,
            service_entry,
            host,
        );
        let entry = HostEntry {
            namespace: Some(std::sync::Arc::clone(namespace)),
            ports: ports_of([service_entry.ports.as_slice()].into_iter()),
            short_names: self.is_service_name(host),
            visibility: service_entry
                .export_to
                .namespaces(namespace)
                .map_or(Visibility::Everyone, Visibility::Namespaces),
            created_secs: service_entry.metadata.created_secs,
            state: if self.is_stale(seen) {
                NameState::Stale
            } else {
                NameState::Live
            },
            ..HostEntry::new(host.clone(), HostKind::External, self.source_of(seen))
        };
        let mut draft = Draft::new(entry, RULE, vec![reference(seen.claim)]);
        match addresses_of(service_entry, host, self.view.mesh.config.wildcard_vips) {
            HostAddresses::Pinned(ips) => {
                draft.entry.addresses = with_origin(&ips, AddressOrigin::Pinned);
                draft.entry.vip_state = VipState::Pinned;
            }
            HostAddresses::Imported(ips) => {
                draft.entry.addresses = with_origin(&ips, AddressOrigin::Status);
                draft.entry.vip_state = VipState::Imported;
            }
            HostAddresses::Endpoints => {
                draft.entry.addresses = self.addresses_in_reach(&seen, &endpoints);
            }
            HostAddresses::Allotted => {
                draft.want(VipKey::of_name(host), PoolKind::Names, Families::BOTH);
            }
            HostAddresses::None => {}
        }
        draft.entry.endpoints = endpoints;
        Some(draft)
    }

    /// Addresses of the endpoints that can be reached from the clients' network.
    fn addresses_in_reach(&self, seen: &Claimed<'a>, endpoints: &[Endpoint]) -> Vec<HostAddress> {
        let relation = self.view.relations.get(&seen.claim.cluster);
        let mut addresses: Vec<HostAddress> = Vec::new();
        for endpoint in endpoints {
            let EndpointAddress::Ip(ip) = endpoint.address else {
                continue;
            };
            let is_reached = relation
                .is_some_and(|relation| relation.is_same_network(endpoint.network.as_ref()));
            let address = HostAddress {
                network: endpoint.network.clone(),
                ..HostAddress::new(ip, AddressOrigin::Endpoint)
            };
            if is_reached && addresses.iter().all(|known| known.ip != ip) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Whether the host is of the form `<name>.<namespace>.svc.<domain>` of the clients' cluster.
    pub(super) fn is_service_name(&self, host: &NameBuf) -> bool {
        let Some(domain) = self.domain.child("svc").ok() else {
            return false;
        };
        let (name, domain) = (host.as_name(), domain.as_name());
        name.ends_with(domain)
            && name.label_count() == domain.label_count() + 2
            && !name.is_wildcard()
    }
}

/// Where the addresses of a host of a ServiceEntry come from: `spec.addresses`, else
/// `status.addresses` of that host, else the ledger.
pub(super) fn addresses_of(
    entry: &ServiceEntry,
    host: &NameBuf,
    wildcard_vips: WildcardVips,
) -> HostAddresses {
    let pinned: Vec<IpAddr> = entry.addresses.iter().filter_map(host_address).collect();
    if !pinned.is_empty() {
        return HostAddresses::Pinned(pinned);
    }
    if entry.resolution == Resolution::None {
        return HostAddresses::Endpoints;
    }
    if !entry.addresses.is_empty() || entry.refuses_automatic_addresses() {
        return HostAddresses::None;
    }
    let imported: Vec<IpAddr> = entry
        .status_addresses
        .iter()
        .filter(|(name, _)| name.as_ref() == Some(host))
        .filter_map(|(_, value)| value.parse().ok())
        .collect();
    if !imported.is_empty() {
        return HostAddresses::Imported(imported);
    }
    let is_allotted = !host.as_name().is_wildcard()
        || entry.resolution == Resolution::DynamicDns
        || wildcard_vips == WildcardVips::On;
    if is_allotted {
        HostAddresses::Allotted
    } else {
        HostAddresses::None
    }
}

fn host_address(address: &EntryAddress) -> Option<IpAddr> {
    match address {
        EntryAddress::Host(ip) => Some(*ip),
        EntryAddress::Network => None,
    }
}
