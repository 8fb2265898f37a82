//! [`Occupancy`]: how full each block is, without counting.

use super::pool::{Family, PoolKind, Pools, is_edge, usable};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::net::IpAddr;
use ipnet::IpNet;

/// What is known about the addresses of each block, kept up with every record.
#[derive(Clone, Debug)]
pub(super) struct Occupancy {
    blocks: Vec<Block>,
    /// Released addresses that no block can allot, by the time of the release.
    elsewhere: BTreeSet<(u64, IpAddr)>,
}

#[derive(Clone, Debug)]
struct Block {
    pool: PoolKind,
    net: IpNet,
    /// Addresses that somebody holds or held.
    known: u128,
    /// The released ones among them, by the time of the release.
    released: BTreeSet<(u64, IpAddr)>,
}

impl Occupancy {
    pub(super) fn new(pools: &Pools) -> Self {
        let mut blocks = Vec::new();
        for pool in PoolKind::ALL {
            for family in Family::ALL {
                let nets = pools.of(pool).blocks(family).iter();
                blocks.extend(nets.map(|&net| Block {
                    pool,
                    net,
                    known: 0,
                    released: BTreeSet::new(),
                }));
            }
        }
        Occupancy {
            blocks,
            elsewhere: BTreeSet::new(),
        }
    }

    /// Notes that an address has a holder, or had one until `released_ms`.
    pub(super) fn add(&mut self, address: IpAddr, released_ms: Option<u64>) {
        let release = released_ms.map(|since_ms| (since_ms, address));
        match self.block_mut(address) {
            Some(block) => {
                block.known += 1;
                block.released.extend(release);
            }
            None => self.elsewhere.extend(release),
        }
    }

    /// Takes back what [`Occupancy::add`] noted.
    pub(super) fn remove(&mut self, address: IpAddr, released_ms: Option<u64>) {
        let release = released_ms.map(|since_ms| (since_ms, address));
        match self.block_mut(address) {
            Some(block) => {
                block.known = block.known.saturating_sub(1);
                release.map(|release| block.released.remove(&release));
            }
            None => {
                release.map(|release| self.elsewhere.remove(&release));
            }
        }
    }

    /// The blocks of a pool that have an address for a new key, in order, each with whether it
    /// has. Addresses released at `free_until_ms` or earlier are free.
    pub(super) fn room(
        &self,
        pool: PoolKind,
        family: Family,
        free_until_ms: Option<u64>,
    ) -> impl Iterator<Item = (IpNet, Room)> {
        let blocks = self.blocks.iter();
        blocks
            .filter(move |block| block.pool == pool && Family::of(block.net.network()) == family)
            .map(move |block| (block.net, block.room(free_until_ms)))
    }

    /// The address that was released first, and when.
    pub(super) fn oldest_release(&self) -> Option<(u64, IpAddr)> {
        let in_blocks = self
            .blocks
            .iter()
            .filter_map(|block| block.released.first());
        in_blocks.chain(self.elsewhere.first()).min().copied()
    }

    fn block_mut(&mut self, address: IpAddr) -> Option<&mut Block> {
        let mut blocks = self.blocks.iter_mut();
        blocks.find(|block| block.net.contains(&address) && !is_edge(block.net, address))
    }
}

impl Block {
    fn room(&self, free_until_ms: Option<u64>) -> Room {
        let oldest = self.released.first().map(|(since_ms, _)| *since_ms);
        let is_rested = oldest.is_some_and(|since_ms| Some(since_ms) <= free_until_ms);
        if self.known < usable(self.net) || is_rested {
            Room::Some
        } else {
            Room::None
        }
    }
}

/// Whether a block has an address for a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// At least one.
    Some,
    /// Every address is held or rests.
    None,
}
