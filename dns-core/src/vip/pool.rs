//! [`Pool`]: the address blocks that virtual addresses are allotted from.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Default IPv4 block for names.
///
/// Wide, so that two ledgers that never met agree (among 10,000 names three colliding pairs are
/// to be expected), and apart from Istio's `240.240.0.0/16`.
pub const NAMES_V4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(250, 0, 0, 0), 8);
/// Default IPv6 block for names: the third quarter of `2001:2::/48` (RFC 5180), whose low
/// addresses Istio allots from.
pub const NAMES_V6: Ipv6Net =
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 2, 0, 0x8000, 0, 0, 0, 0), 50);
/// Default IPv4 block for instances.
pub const INSTANCES_V4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(251, 0, 0, 0), 8);
/// Default IPv6 block for instances: the last quarter of `2001:2::/48`.
pub const INSTANCES_V6: Ipv6Net =
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 2, 0, 0xc000, 0, 0, 0, 0), 50);

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both, IPv4 first.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Family::V4 => "v4",
            Family::V6 => "v6",
        }
    }

    fn of_net(net: IpNet) -> Self {
        match net {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }
}

/// Which of the two pools an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PoolKind {
    /// Names.
    Names,
    /// Instances of headless services: apart, so that a large one cannot eat the names' addresses.
    Instances,
}

impl PoolKind {
    /// Both.
    pub const ALL: [PoolKind; 2] = [PoolKind::Names, PoolKind::Instances];

    /// Fixed text for output, metrics and the journal.
    pub fn label(self) -> &'static str {
        match self {
            PoolKind::Names => "names",
            PoolKind::Instances => "instances",
        }
    }
}

/// Blocks of addresses, tried in the order given.
///
/// The first and the last address of a block are never allotted, whatever its size; the smallest
/// blocks with something in between are `/30` and `/126`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    v4: Vec<IpNet>,
    v6: Vec<IpNet>,
}

impl Pool {
    /// A pool of these blocks; host bits are cleared. A family may have none: nothing can then be
    /// allotted in it, and names that want it are exhausted.
    ///
    /// # Errors
    /// A block without usable address (`/31`, `/32`, `/127`, `/128`), or two that overlap.
    pub fn new(blocks: impl IntoIterator<Item = IpNet>) -> Result<Self, PoolError> {
        let mut pool = Pool {
            v4: Vec::new(),
            v6: Vec::new(),
        };
        for block in blocks {
            let block = block.trunc();
            if usable(block) == 0 {
                return Err(PoolError::NoUsableAddress(block));
            }
            if let Some(other) = pool.overlapping(block) {
                return Err(PoolError::Overlap(other, block));
            }
            match block {
                IpNet::V4(_) => pool.v4.push(block),
                IpNet::V6(_) => pool.v6.push(block),
            }
        }
        Ok(pool)
    }

    /// The default pool of a kind: [`NAMES_V4`] and [`NAMES_V6`], or [`INSTANCES_V4`] and
    /// [`INSTANCES_V6`].
    pub fn default_for(kind: PoolKind) -> Self {
        let (v4, v6) = match kind {
            PoolKind::Names => (NAMES_V4, NAMES_V6),
            PoolKind::Instances => (INSTANCES_V4, INSTANCES_V6),
        };
        Pool {
            v4: Vec::from([v4.into()]),
            v6: Vec::from([v6.into()]),
        }
    }

    /// Its blocks of a family, in order.
    pub fn blocks(&self, family: Family) -> &[IpNet] {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// Whether an address lies in one of its blocks.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.block_of(address).is_some()
    }

    /// Whether an address can be allotted: in a block and neither its first nor its last address.
    pub fn is_usable(&self, address: IpAddr) -> bool {
        self.block_of(address)
            .is_some_and(|block| !is_edge(block, address))
    }

    /// Number of addresses of a family that can be allotted; stops at `u128::MAX`.
    pub fn size(&self, family: Family) -> u128 {
        self.blocks(family)
            .iter()
            .fold(0, |sum, &block| sum.saturating_add(usable(block)))
    }

    fn block_of(&self, address: IpAddr) -> Option<IpNet> {
        self.blocks(Family::of(address))
            .iter()
            .copied()
            .find(|block| block.contains(&address))
    }

    fn overlapping(&self, block: IpNet) -> Option<IpNet> {
        let mut others = self.blocks(Family::of_net(block)).iter().copied();
        others.find(|other| other.contains(&block) || block.contains(other))
    }
}

/// The pool of the names and the pool of the instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pools {
    names: Pool,
    instances: Pool,
}

impl Pools {
    /// The two pools.
    ///
    /// # Errors
    /// [`PoolError::Overlap`] when a block of one overlaps a block of the other.
    pub fn new(names: Pool, instances: Pool) -> Result<Self, PoolError> {
        for &block in instances.v4.iter().chain(&instances.v6) {
            if let Some(other) = names.overlapping(block) {
                return Err(PoolError::Overlap(other, block));
            }
        }
        Ok(Pools { names, instances })
    }

    /// The pool of a kind.
    pub fn of(&self, kind: PoolKind) -> &Pool {
        match kind {
            PoolKind::Names => &self.names,
            PoolKind::Instances => &self.instances,
        }
    }

    /// The pool that an address lies in.
    pub fn kind_of(&self, address: IpAddr) -> Option<PoolKind> {
        PoolKind::ALL
            .into_iter()
            .find(|&kind| self.of(kind).contains(address))
    }
}

impl Default for Pools {
    fn default() -> Self {
        let [names, instances] = PoolKind::ALL.map(Pool::default_for);
        Pools { names, instances }
    }
}

/// Why blocks do not make a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// The block has nothing between its first and its last address.
    NoUsableAddress(IpNet),
    /// Two blocks share addresses.
    Overlap(IpNet, IpNet),
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PoolError::NoUsableAddress(block) => {
                write!(f, "{block} has no address between its first and its last")
            }
            PoolError::Overlap(first, second) => write!(f, "{second} overlaps {first}"),
        }
    }
}

impl core::error::Error for PoolError {}

/// Number of addresses in a block; stops at `u128::MAX` for `::/0`.
pub(super) fn size_of(block: IpNet) -> u128 {
    let host_bits = u32::from(block.max_prefix_len() - block.prefix_len());
    1u128.checked_shl(host_bits).unwrap_or(u128::MAX)
}

/// Number of addresses in a block that can be allotted.
pub(super) fn usable(block: IpNet) -> u128 {
    size_of(block).saturating_sub(2)
}

/// Whether an address is the first or the last of its block.
pub(super) fn is_edge(block: IpNet, address: IpAddr) -> bool {
    address == block.network() || address == block.broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_default_blocks_are_the_documented_ones_and_apart() {
        let pools = Pools::default();
        let text = |kind, family| pools.of(kind).blocks(family)[0];
        assert_eq!(text(PoolKind::Names, Family::V4), net("250.0.0.0/8"));
        assert_eq!(text(PoolKind::Names, Family::V6), net("2001:2:0:8000::/50"));
        assert_eq!(text(PoolKind::Instances, Family::V4), net("251.0.0.0/8"));
        assert_eq!(
            text(PoolKind::Instances, Family::V6),
            net("2001:2:0:c000::/50")
        );
        assert!(Pools::new(pools.names.clone(), pools.instances.clone()).is_ok());
        assert_eq!(pools.kind_of(ip("240.240.0.1")), None);
        assert_eq!(pools.kind_of(ip("2001:2::1")), None);
    }

    #[test]
    fn only_the_first_and_the_last_address_of_a_block_are_left_out() {
        let pool = Pool::new([net("10.0.0.0/30"), net("10.0.1.0/24")]).unwrap();
        assert_eq!(pool.size(Family::V4), 2 + 254);
        assert_eq!(pool.size(Family::V6), 0);
        assert!(pool.contains(ip("10.0.0.3")) && !pool.is_usable(ip("10.0.0.3")));
        assert!(pool.is_usable(ip("10.0.0.2")) && !pool.is_usable(ip("10.0.0.4")));
        assert!(!pool.is_usable(ip("10.0.1.0")) && !pool.is_usable(ip("10.0.1.255")));
    }

    #[test]
    fn a_block_without_usable_address_is_refused() {
        for block in [
            "10.0.0.0/31",
            "10.0.0.1/32",
            "2001:2::/127",
            "2001:2::1/128",
        ] {
            assert_eq!(
                Pool::new([net(block)]),
                Err(PoolError::NoUsableAddress(net(block)))
            );
        }
    }

    #[test]
    fn blocks_that_overlap_are_refused_inside_a_pool_and_between_pools() {
        let (wide, narrow) = (net("10.0.0.0/8"), net("10.1.0.0/16"));
        assert_eq!(
            Pool::new([wide, narrow]),
            Err(PoolError::Overlap(wide, narrow))
        );
        let (names, instances) = (Pool::new([narrow]).unwrap(), Pool::new([wide]).unwrap());
        assert_eq!(
            Pools::new(names, instances),
            Err(PoolError::Overlap(narrow, wide))
        );
    }

    #[test]
    fn the_whole_of_ipv6_does_not_overflow() {
        let pool = Pool::new([net("::/0")]).unwrap();
        assert_eq!(pool.size(Family::V6), u128::MAX - 2);
    }
}
