//! Socket addresses as the kernel writes them: `sockaddr_in` and `sockaddr_in6` of Linux.

use nix::libc;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Octets of the larger of the two.
const MAX_OCTETS: usize = size_of::<libc::sockaddr_in6>();

/// An address with its length; length zero is no address.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawAddress {
    pub(super) octets: [u8; MAX_OCTETS],
    pub(super) length: u32,
}

impl RawAddress {
    /// No address.
    pub(super) const NONE: Self = RawAddress {
        octets: [0; MAX_OCTETS],
        length: 0,
    };

    /// The address that the kernel has written, if it is one of the internet.
    #[inline]
    pub(super) fn socket_address(&self) -> Option<SocketAddr> {
        let octets = &self.octets;
        let family = u16::from_ne_bytes(array(octets, 0));
        let port = u16::from_be_bytes(array(octets, 2));
        let length = self.length as usize;
        match i32::from(family) {
            libc::AF_INET if length >= size_of::<libc::sockaddr_in>() => {
                let ip = Ipv4Addr::from(array::<4>(octets, 4));
                Some(SocketAddr::V4(SocketAddrV4::new(ip, port)))
            }
            libc::AF_INET6 if length >= MAX_OCTETS => {
                let flow = u32::from_ne_bytes(array(octets, 4));
                let ip = Ipv6Addr::from(array::<16>(octets, 8));
                let scope = u32::from_ne_bytes(array(octets, 24));
                Some(SocketAddr::V6(SocketAddrV6::new(ip, port, flow, scope)))
            }
            _ => None,
        }
    }
}

impl From<SocketAddr> for RawAddress {
    #[inline]
    fn from(address: SocketAddr) -> Self {
        let mut raw = RawAddress::NONE;
        let octets = &mut raw.octets;
        octets[2..4].copy_from_slice(&address.port().to_be_bytes());
        let family = match address {
            SocketAddr::V4(v4) => {
                octets[4..8].copy_from_slice(&v4.ip().octets());
                raw.length = size_of::<libc::sockaddr_in>() as u32;
                libc::AF_INET
            }
            SocketAddr::V6(v6) => {
                octets[4..8].copy_from_slice(&v6.flowinfo().to_ne_bytes());
                octets[8..24].copy_from_slice(&v6.ip().octets());
                octets[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
                raw.length = MAX_OCTETS as u32;
                libc::AF_INET6
            }
        };
        raw.octets[..2].copy_from_slice(&(family as u16).to_ne_bytes());
        raw
    }
}

/// The `N` octets from `start` on, which must be there.
#[inline]
fn array<const N: usize>(octets: &[u8; MAX_OCTETS], start: usize) -> [u8; N] {
    std::array::from_fn(|at| octets[start + at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_the_way_there_and_back() {
        for text in ["192.0.2.1:53", "0.0.0.0:0", "[2001:db8::1]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(RawAddress::from(address).socket_address(), Some(address));
        }
        let scoped = SocketAddrV6::new("fe80::1".parse().unwrap(), 53, 7, 3);
        let raw = RawAddress::from(SocketAddr::V6(scoped));
        assert_eq!(raw.socket_address(), Some(SocketAddr::V6(scoped)));
    }

    #[test]
    fn an_address_that_is_absent_or_cut_is_none() {
        assert_eq!(RawAddress::NONE.socket_address(), None);
        let mut cut = RawAddress::from(SocketAddr::from(([192, 0, 2, 1], 53)));
        cut.length -= 1;
        assert_eq!(cut.socket_address(), None);
    }
}
