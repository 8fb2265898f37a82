//! [`Candidates`]: the addresses a key may get from a block, in order.

use super::pool::{is_edge, size_of, usable};
use core::fmt;
use core::hash::Hasher;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ipnet::IpNet;
use siphasher::sip::SipHasher24;

/// Default key of the hash that orders candidates: these sixteen ASCII octets.
///
/// It is a constant and no secret: ledgers that never met shall come to the same addresses.
/// Changing it moves no address that the ledger holds; names seen first afterwards get others.
pub const HASH_KEY: [u8; 16] = *b"callsign vip key";

/// Tries per block and usable address. Sixteen leave a chance of e^-16 to miss the last free
/// address of a block.
const TRIES_PER_ADDRESS: u128 = 16;
/// Fewest tries in a block, so that tiny ones are searched well.
const TRIES_MIN: u32 = 256;
/// Most tries in a block, so that a name never costs more than some milliseconds. It binds in blocks
/// of more than 4,096 addresses; the last few in a million of a wide block may stay unused.
const TRIES_MAX: u32 = 65_536;

/// The addresses that a key may get from one block, in order of preference.
///
/// The number `i` candidate is the first address of the block plus `h mod size`, where `h` is
/// SipHash-2-4 (64 bits, key [`HASH_KEY`]) over
///
/// ```text
/// block as text | 0 | '4' or '6' | 0 | key in lower case | 0 | i, 4 octets big endian
/// ```
///
/// for example `250.0.0.0/8`, 0, `4`, 0, `pay.example.com`, 0, 0 0 0 0. The block's first and last
/// address are left out. An address may come up more than once.
///
/// Ends after a bounded number of tries: sixteen times the size of the block, at least 256, at
/// most 65,536. What has found no free address by then goes on to the next block of the pool, and
/// after the last one the key is exhausted.
#[derive(Clone, Debug)]
pub struct Candidates {
    block: IpNet,
    size: u128,
    prefix: SipHasher24,
    next: u32,
    end: u32,
}

impl Candidates {
    /// The candidates of `key` in `block`.
    pub fn new(hash_key: &[u8; 16], block: IpNet, key: &str) -> Self {
        let block = block.trunc();
        let end = tries(block);
        Candidates {
            block,
            size: size_of(block),
            prefix: prefix(hash_key, block, key),
            next: 0,
            end,
        }
    }

    fn nth_address(&self, i: u32) -> IpAddr {
        let mut hasher = self.prefix;
        hasher.write(&i.to_be_bytes());
        let offset = u128::from(hasher.finish()) % self.size;
        match self.block.network() {
            // The offset of an IPv4 block is below 2^32.
            IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits() + offset as u32).into(),
            IpAddr::V6(first) => Ipv6Addr::from_bits(first.to_bits() + offset).into(),
        }
    }
}

impl Iterator for Candidates {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        while self.next < self.end {
            let address = self.nth_address(self.next);
            self.next += 1;
            if !is_edge(self.block, address) {
                return Some(address);
            }
        }
        None
    }
}

fn tries(block: IpNet) -> u32 {
    let wanted = usable(block).saturating_mul(TRIES_PER_ADDRESS);
    u32::try_from(wanted)
        .unwrap_or(TRIES_MAX)
        .clamp(TRIES_MIN, TRIES_MAX)
}

/// The hash over everything but `i`.
fn prefix(hash_key: &[u8; 16], block: IpNet, key: &str) -> SipHasher24 {
    let family = match block {
        IpNet::V4(_) => b"\x004\x00",
        IpNet::V6(_) => b"\x006\x00",
    };
    let mut hasher = SipHasher24::new_with_key(hash_key);
    // Writing to a hash does not fail.
    let _ = fmt::write(&mut HashText(&mut hasher), format_args!("{block}"));
    hasher.write(family);
    for octet in key.bytes() {
        hasher.write(&[octet.to_ascii_lowercase()]);
    }
    hasher.write(&[0]);
    hasher
}

/// Text on its way into a hash.
struct HashText<'a>(&'a mut SipHasher24);

impl fmt::Write for HashText<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_siphash_2_4_as_its_authors_publish_it() {
        let key: [u8; 16] = core::array::from_fn(|i| i as u8);
        let input: [u8; 15] = core::array::from_fn(|i| i as u8);
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(&input);
        assert_eq!(hasher.finish(), 0xa129_ca61_49be_45e5);
    }

    /// Frozen: a change of any of these moves the addresses of every installation.
    const VECTORS: [(&str, &str, u32, &str); 20] = [
        ("250.0.0.0/8", "pay.example.com", 0, "250.150.169.8"),
        ("250.0.0.0/8", "pay.example.com", 1, "250.217.134.141"),
        ("250.0.0.0/8", "pay.example.com", 255, "250.165.24.116"),
        ("250.0.0.0/8", "pay.example.com", 256, "250.4.116.215"),
        ("250.0.0.0/8", "pay.example.com", 65535, "250.146.158.170"),
        (
            "2001:2:0:8000::/50",
            "pay.example.com",
            0,
            "2001:2:0:8000:21c6:4208:ce7d:6c62",
        ),
        (
            "2001:2:0:8000::/50",
            "pay.example.com",
            1,
            "2001:2:0:8000:ea65:9138:48cc:f8a0",
        ),
        ("250.0.0.0/8", "a", 0, "250.212.154.129"),
        (
            "2001:2:0:8000::/50",
            "a",
            0,
            "2001:2:0:8000:2153:f4ea:5ed2:c872",
        ),
        ("250.0.0.0/8", "reviews.bookinfo.global", 0, "250.55.4.203"),
        (
            "2001:2:0:8000::/50",
            "reviews.bookinfo.global",
            0,
            "2001:2:0:8000:4196:95e:a893:e86c",
        ),
        ("250.0.0.0/8", "*.example.com", 0, "250.105.29.109"),
        ("250.0.0.0/8", "xn--bcher-kva.example", 0, "250.60.100.113"),
        ("251.0.0.0/8", "db-0.db.shop@east", 0, "251.215.55.179"),
        (
            "2001:2:0:c000::/50",
            "db-0.db.shop@east",
            0,
            "2001:2:0:c000:bf4a:ed4c:3531:af18",
        ),
        ("251.0.0.0/8", "db-0.db.shop@west", 0, "251.98.26.62"),
        ("240.240.0.0/16", "pay.example.com", 0, "240.240.71.104"),
        (
            "2001:2::/48",
            "pay.example.com",
            0,
            "2001:2::c49b:5624:5aa5:cde2",
        ),
        ("10.9.8.0/26", "pay.example.com", 0, "10.9.8.60"),
        ("10.9.8.0/26", "pay.example.com", 3, "10.9.8.29"),
    ];

    #[test]
    fn the_candidate_order_is_frozen() {
        for (block, key, i, expected) in VECTORS {
            let candidates = Candidates::new(&HASH_KEY, block.parse().unwrap(), key);
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(candidates.nth_address(i), expected, "{block} {key} {i}");
        }
    }

    #[test]
    fn case_and_host_bits_do_not_matter() {
        let first = |block: &str, key| {
            Candidates::new(&HASH_KEY, block.parse().unwrap(), key)
                .next()
                .unwrap()
        };
        assert_eq!(
            first("250.1.2.3/8", "Pay.Example.com"),
            first("250.0.0.0/8", "pay.example.com")
        );
    }

    #[test]
    fn the_edges_of_a_block_never_come_up_and_the_rest_all_do() {
        let block: IpNet = "10.0.0.0/28".parse().unwrap();
        let seen: alloc::collections::BTreeSet<_> =
            Candidates::new(&HASH_KEY, block, "a").collect();
        let all: alloc::collections::BTreeSet<_> = block.hosts().collect();
        assert_eq!(seen, all);
    }

    #[test]
    fn tries_are_bounded_by_the_size_of_the_block() {
        let tries = |text: &str| tries(text.parse().unwrap());
        assert_eq!(tries("10.0.0.0/30"), 256);
        assert_eq!(tries("10.0.0.0/24"), 254 * 16);
        assert_eq!(tries("10.0.0.0/8"), 65_536);
        assert_eq!(tries("::/0"), 65_536);
    }
}
