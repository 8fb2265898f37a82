//! Addresses of one host.

use dns_core::HostAddress;
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::net::IpAddr;

/// Leaves each address once, where it stood first. A host may have a hundred thousand.
pub(crate) fn keep_first_of_each(addresses: &mut Vec<HostAddress>) {
    if addresses.len() < 2 {
        return;
    }
    let mut known: HashSet<IpAddr, FixedState> = HashSet::default();
    addresses.retain(|address| known.insert(address.ip));
}
