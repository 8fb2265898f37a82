//! Control messages that tell which address of this machine a datagram is for, or is to leave
//! from: `IP_PKTINFO`, and `IPV6_PKTINFO` (RFC 3542 section 6.1).

use nix::libc;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Octets of a header, which ends where the data begins.
const HEADER_OCTETS: usize = size_of::<libc::cmsghdr>();

/// Octets of room: one message of the larger kind, filled up as the kernel does.
const ROOM_OCTETS: usize =
    (HEADER_OCTETS + size_of::<libc::in6_pktinfo>()).next_multiple_of(size_of::<usize>());

/// The address of this machine that a datagram was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocalAddress {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; the number of the interface if it is valid on that one only, else 0.
    V6(Ipv6Addr, u32),
}

/// Room for a control message, and how much of it is used.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(super) struct Control {
    pub(super) octets: [u8; ROOM_OCTETS],
    pub(super) length: usize,
}

impl Control {
    /// No message.
    pub(super) const NONE: Self = Control {
        octets: [0; ROOM_OCTETS],
        length: 0,
    };

    /// The message that has a datagram leave from that address.
    pub(super) fn leaving_from(address: LocalAddress) -> Self {
        match address {
            LocalAddress::V4(ip) => {
                // Interface, source, destination; the kernel wants the source alone.
                let mut data = [0; size_of::<libc::in_pktinfo>()];
                data[4..8].copy_from_slice(&ip.octets());
                Self::with(libc::IPPROTO_IP, libc::IP_PKTINFO, &data)
            }
            LocalAddress::V6(ip, interface) => {
                let mut data = [0; size_of::<libc::in6_pktinfo>()];
                data[..16].copy_from_slice(&ip.octets());
                data[16..].copy_from_slice(&interface.to_ne_bytes());
                Self::with(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &data)
            }
        }
    }

    /// The address that a datagram was meant for, as the kernel has told.
    pub(super) fn local_address(&self) -> Option<LocalAddress> {
        let mut rest = self.octets.get(..self.length)?;
        while let Some((header, after)) = rest.split_at_checked(HEADER_OCTETS) {
            let (length, kind) = header.split_at_checked(size_of::<usize>())?;
            let length = usize::from_ne_bytes(length.try_into().ok()?);
            let (level, kind) = kind.split_at_checked(4)?;
            let level = i32::from_ne_bytes(level.try_into().ok()?);
            let kind = i32::from_ne_bytes(kind.get(..4)?.try_into().ok()?);
            let data = after.get(..length.checked_sub(HEADER_OCTETS)?)?;
            if let Some(address) = packet_address(level, kind, data) {
                return Some(address);
            }
            let next = length.checked_next_multiple_of(size_of::<usize>())?;
            rest = rest.get(next..).unwrap_or_default();
        }
        None
    }

    fn with(level: i32, kind: i32, data: &[u8]) -> Self {
        let length = HEADER_OCTETS + data.len();
        let mut control = Control::NONE;
        let (size, kinds) = control.octets.split_at_mut(size_of::<usize>());
        size.copy_from_slice(&length.to_ne_bytes());
        kinds[..4].copy_from_slice(&level.to_ne_bytes());
        kinds[4..8].copy_from_slice(&kind.to_ne_bytes());
        control.octets[HEADER_OCTETS..length].copy_from_slice(data);
        control.length = length.next_multiple_of(size_of::<usize>());
        control
    }
}

/// The address in a packet information, unless nobody can answer from it.
fn packet_address(level: i32, kind: i32, data: &[u8]) -> Option<LocalAddress> {
    match (level, kind) {
        (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
            let source: [u8; 4] = data.get(4..8)?.try_into().ok()?;
            Some(LocalAddress::V4(Ipv4Addr::from(source)))
        }
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
            let ip: [u8; 16] = data.get(..16)?.try_into().ok()?;
            let interface = u32::from_ne_bytes(data.get(16..20)?.try_into().ok()?);
            let ip = Ipv6Addr::from(ip);
            let interface = if ip.is_unicast_link_local() {
                interface
            } else {
                0
            };
            (!ip.is_multicast()).then_some(LocalAddress::V6(ip, interface))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for address in [
            LocalAddress::V4(Ipv4Addr::new(192, 0, 2, 1)),
            LocalAddress::V6("2001:db8::1".parse().unwrap(), 0),
            LocalAddress::V6("fe80::1".parse().unwrap(), 3),
        ] {
            assert_eq!(
                Control::leaving_from(address).local_address(),
                Some(address)
            );
        }
    }

    #[test]
    fn an_interface_matters_for_link_local_addresses_only() {
        let told = Control::leaving_from(LocalAddress::V6("2001:db8::1".parse().unwrap(), 3));
        let expected = LocalAddress::V6("2001:db8::1".parse().unwrap(), 0);
        assert_eq!(told.local_address(), Some(expected));
    }

    #[test]
    fn nobody_answers_from_a_group() {
        let group = LocalAddress::V6("ff02::1".parse().unwrap(), 3);
        assert_eq!(Control::leaving_from(group).local_address(), None);
    }

    #[test]
    fn any_length_and_any_claim_of_it_are_survived() {
        let whole = Control::leaving_from(LocalAddress::V6("2001:db8::1".parse().unwrap(), 3));
        for length in 0..=ROOM_OCTETS + 1 {
            let cut = Control { length, ..whole };
            let is_whole = (HEADER_OCTETS + 20..=ROOM_OCTETS).contains(&length);
            assert_eq!(cut.local_address().is_some(), is_whole, "{length}");
        }
        for claim in (0..100).chain([usize::MAX - 7, usize::MAX]) {
            let mut lying = whole;
            lying.octets[..size_of::<usize>()].copy_from_slice(&claim.to_ne_bytes());
            lying.local_address();
        }
    }
}
