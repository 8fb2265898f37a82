//! The addresses that objects give to names.

use super::entry_host::{HostAddresses, addresses_of};
use crate::input::{Object, ObjectDoc, ProductName};
use crate::mesh::claims::Role;
use crate::mesh::config::MeshConfig;
use dns_core::NameBuf;
use std::net::IpAddr;

/// The addresses that an object gives to a name that it claims in a role, with whether another
/// allocator wrote them.
pub(in crate::mesh) fn pins_of(
    name: &NameBuf,
    role: Role,
    doc: &ObjectDoc,
    config: &MeshConfig,
) -> Vec<(IpAddr, bool)> {
    let (addresses, is_allocated) = match (&doc.object, role) {
        (Object::ServiceEntry(entry), Role::Entry) => {
            match addresses_of(entry, name, config.wildcard_vips) {
                HostAddresses::Pinned(addresses) => (addresses, false),
                HostAddresses::Imported(addresses) => (addresses, true),
                HostAddresses::Endpoints | HostAddresses::Allotted | HostAddresses::None => {
                    (Vec::new(), false)
                }
            }
        }
        (Object::ProductName(product), Role::Product) => (product_pins(product), false),
        _ => (Vec::new(), false),
    };
    let pins = addresses.into_iter();
    pins.map(|address| (address, is_allocated)).collect()
}

/// The addresses that a ProductName pins.
pub(super) fn product_pins(product: &ProductName) -> Vec<IpAddr> {
    let v4 = product.vip.v4.map(IpAddr::V4);
    v4.into_iter()
        .chain(product.vip.v6.map(IpAddr::V6))
        .collect()
}
