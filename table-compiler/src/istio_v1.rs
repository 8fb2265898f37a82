//! The addresses that istiod's first allocator gives to service entries without any.
//!
//! That allocator keeps nothing: each istiod computes all addresses anew from its list of services
//! whenever that changes, so they can be computed here too and imported before it is left behind.
//! It was the default before Istio 1.25 (`PILOT_ENABLE_IP_AUTOALLOCATE=false` since).
//!
//! Its flaws are part of the result: a service that comes or goes moves others, and different
//! services share IPv6 addresses, which are made of two hexadecimal numbers without padding.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Slots: 256 times 254 addresses.
const SLOTS: u32 = 65_024;
/// Steps after a collision are taken from this prime.
const PRIME: u32 = 65_011;
/// Probes for a slot. The sequence wraps at 2^32 and so repeats itself seldom; a full table needs
/// more than [`SLOTS`] for the last services.
const PROBES_MAX: u32 = 1 << 20;
/// Numbers that are a multiple of this are passed over, so that no address ends in 0 or 255.
const LAST_OCTETS: u32 = 255;

/// A service that istiod's first allocator sees: without address, and of another resolution than
/// `NONE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IstioV1Service<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its host, as written.
    pub host: &'a str,
}

/// What it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IstioV1Address {
    /// In `240.240.0.0/16`; every service has its own.
    pub v4: Ipv4Addr,
    /// In `2001:2::f0f0:0/112`; several services may have the same.
    pub v6: Ipv6Addr,
}

/// The addresses of these services, which must be in istiod's order (the age of their
/// ServiceEntries, oldest first) and complete: one that is missing or in another place can move
/// others.
///
/// The answer has one place for each service, in the same order. Wildcard hosts and services
/// beyond the 65,024 have none. The same host of one namespace given twice has one address.
pub fn istio_v1_addresses(services: &[IstioV1Service<'_>]) -> Vec<Option<IstioV1Address>> {
    let keys: Vec<Option<String>> = services.iter().map(key_of).collect();
    let mut slots: Vec<Option<&str>> = vec![None; SLOTS as usize];
    for key in keys.iter().flatten().take(SLOTS as usize) {
        if let Some(slot) = free_slot(&slots, key) {
            slots[slot] = Some(key);
        }
    }
    let addresses = number(&slots);
    let address = |key: &Option<String>| addresses.get(key.as_deref()?).copied();
    keys.iter().map(address).collect()
}

fn key_of(service: &IstioV1Service<'_>) -> Option<String> {
    let is_wildcard = service.host.starts_with('*');
    (!is_wildcard).then(|| format!("{}/{}", service.namespace, service.host))
}

/// Double hashing. Probing leaves out the last slot, and istiod would probe for ever when that
/// alone is free.
fn free_slot(slots: &[Option<&str>], key: &str) -> Option<usize> {
    let hash = fnv_1a(key);
    let step = PRIME - hash % PRIME;
    let first = hash % SLOTS;
    let others = (1..PROBES_MAX).map(|i| hash.wrapping_add(i.wrapping_mul(step)) % (SLOTS - 1));
    let mut probed = std::iter::once(first)
        .chain(others)
        .map(|slot| slot as usize);
    probed.find(|&slot| slots[slot].is_none())
}

fn fnv_1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, octet| {
        (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193)
    })
}

/// Numbers the slots in order. What is passed over at an occupied slot stays passed over, which is
/// how a newcomer moves everybody behind it.
fn number<'a>(slots: &[Option<&'a str>]) -> HashMap<&'a str, IstioV1Address> {
    let mut addresses = HashMap::new();
    let mut number = 0;
    for slot in slots {
        number += 1;
        let Some(key) = slot else { continue };
        if number % LAST_OCTETS == 0 {
            number += 1;
        }
        let address = address_of(number / LAST_OCTETS, number % LAST_OCTETS);
        addresses.entry(*key).or_insert(address);
    }
    addresses
}

/// The two numbers are below 256: there are 65,024 slots and at most 256 more are passed over.
fn address_of(third: u32, fourth: u32) -> IstioV1Address {
    let digits_of_fourth = if fourth < 16 { 4 } else { 8 };
    let tail = (third << digits_of_fourth) | fourth;
    IstioV1Address {
        v4: Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(240, 240, 0, 0)) | third << 8 | fourth),
        v6: Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0xf0f0, tail as u16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn addresses(services: &[(&str, &str)]) -> Vec<Option<IstioV1Address>> {
        let services: Vec<_> = services
            .iter()
            .map(|&(namespace, host)| IstioV1Service { namespace, host })
            .collect();
        istio_v1_addresses(&services)
    }

    fn v4(services: &[(&str, &str)]) -> Vec<String> {
        let addresses = addresses(services).into_iter().flatten();
        addresses.map(|address| address.v4.to_string()).collect()
    }

    #[test]
    fn addresses_are_those_that_istiod_gives() {
        let foo = addresses(&[("", "foo.com")])[0].unwrap();
        let expected = ("240.240.227.81".to_owned(), "2001:2::f0f0:e351".to_owned());
        assert_eq!((foo.v4.to_string(), foo.v6.to_string()), expected);
        let io = addresses(&[("default", "istio.io")])[0].unwrap();
        assert_eq!(
            (io.v4.to_string(), io.v6.to_string()),
            ("240.240.122.168".into(), "2001:2::f0f0:7aa8".into())
        );
        let nine = ["a", "c", "e", "g", "i", "k", "l", "n", "o"].map(|name| format!("{name}.com"));
        let nine: Vec<_> = nine.iter().map(|host| ("", host.as_str())).collect();
        assert_eq!(
            v4(&nine),
            [
                "240.240.109.8",
                "240.240.234.51",
                "240.240.85.60",
                "240.240.23.172",
                "240.240.15.2",
                "240.240.160.161",
                "240.240.42.96",
                "240.240.121.61",
                "240.240.122.71"
            ]
        );
    }

    #[test]
    fn hosts_of_a_namespace_have_the_addresses_of_istiods_name_table() {
        let hosts = ["random-1.host.example", "random-3.host.example"];
        let services = hosts.map(|host| ("ns2", host));
        assert_eq!(v4(&services), ["240.240.116.21", "240.240.81.100"]);
    }

    #[test]
    fn a_host_given_twice_has_one_address_and_another_than_given_once() {
        let twice = v4(&[("default", "istio.io"), ("default", "istio.io")]);
        assert_eq!(twice, ["240.240.91.120", "240.240.91.120"]);
    }

    #[test]
    fn a_newcomer_moves_others() {
        let moved = v4(&[("", "foo.com"), ("", "shift1327.example.com")]);
        assert_eq!(moved, ["240.240.227.82", "240.240.5.1"]);
    }

    #[test]
    fn different_services_share_an_ipv6_address() {
        let pair = addresses(&[
            ("default", "svc335.example.com"),
            ("default", "svc1177.example.com"),
        ]);
        let [a, b] = [pair[0].unwrap(), pair[1].unwrap()];
        assert_ne!(a.v4, b.v4);
        assert_eq!(
            (a.v6, b.v6.to_string()),
            (b.v6, "2001:2::f0f0:526".to_owned())
        );
    }

    #[test]
    fn a_wildcard_has_none() {
        assert_eq!(addresses(&[("", "*.foo.com")]), [None]);
    }

    #[test]
    fn every_slot_is_used_once() {
        let hosts: Vec<String> = (0..SLOTS).map(|i| format!("foo{i}.com")).collect();
        let services: Vec<_> = hosts.iter().map(|host| ("", host.as_str())).collect();
        let addresses = addresses(&services);
        let v4: HashSet<Ipv4Addr> = addresses.iter().flatten().map(|a| a.v4).collect();
        let v6: HashSet<Ipv6Addr> = addresses.iter().flatten().map(|a| a.v6).collect();
        assert_eq!((v4.len(), v6.len()), (65_024, 61_440));
        assert_eq!(
            addresses[65_023].unwrap().v4,
            Ipv4Addr::new(240, 240, 10, 222)
        );
        assert!(v4.iter().all(|ip| !matches!(ip.octets()[3], 0 | 255)));
    }
}
