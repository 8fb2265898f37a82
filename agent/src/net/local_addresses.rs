//! Addresses of this machine by small numbers.

use super::batch::LocalAddress;
use std::collections::HashMap;

/// Most addresses of this machine remembered per worker for answers that come later. Far more
/// than machines have; past it such an answer leaves from the address that the kernel picks.
const LOCAL_ADDRESSES_MAX: usize = 4_096;

/// Addresses of this machine by numbers from 1, which fit in a client's token.
#[derive(Debug, Default)]
pub(crate) struct LocalAddresses {
    known: Vec<LocalAddress>,
    numbers: HashMap<LocalAddress, u32>,
    latest: Option<(LocalAddress, u32)>,
}

impl LocalAddresses {
    /// The number of an address; 0 if there are too many.
    pub(crate) fn number(&mut self, address: LocalAddress) -> u32 {
        // Nearly every datagram is for the address that the one before was for.
        if let Some((_, number)) = self.latest.filter(|(latest, _)| *latest == address) {
            return number;
        }
        let number = self.numbers.get(&address).copied();
        let number = number.unwrap_or_else(|| self.add(address));
        self.latest = Some((address, number));
        number
    }

    /// The address of that number.
    pub(crate) fn address(&self, number: u32) -> Option<LocalAddress> {
        self.known.get((number as usize).checked_sub(1)?).copied()
    }

    fn add(&mut self, address: LocalAddress) -> u32 {
        if self.known.len() >= LOCAL_ADDRESSES_MAX {
            return 0;
        }
        self.known.push(address);
        let number = self.known.len() as u32;
        self.numbers.insert(address, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> LocalAddress {
        LocalAddress::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn a_number_leads_back_to_its_address() {
        let mut locals = LocalAddresses::default();
        let numbers = [7, 8, 7, 7, 9, 8].map(|n| locals.number(address(n)));
        assert_eq!(numbers, [1, 2, 1, 1, 3, 2]);
        assert_eq!(locals.address(2), Some(address(8)));
        assert_eq!(locals.address(0), None);
        assert_eq!(locals.address(4), None);
    }

    #[test]
    fn past_the_bound_addresses_have_no_number() {
        let mut locals = LocalAddresses::default();
        for n in 0..LOCAL_ADDRESSES_MAX as u32 {
            assert_eq!(locals.number(address(n)), n + 1);
        }
        assert_eq!(locals.number(address(u32::MAX)), 0);
        assert_eq!(locals.number(address(0)), 1);
    }
}
