//! Octets of an entry, in place when they are few.

use super::cost;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Octets that are kept in place: key and records of an answer of one or two addresses, which most
/// are. They come with the entry then, instead of from a place of their own that the processor has
/// to wait for.
const IN_PLACE_MAX: usize = 168;

/// Octets of an entry.
#[derive(Debug)]
pub(super) enum Block {
    InPlace([u8; IN_PLACE_MAX], u8),
    Apart(Box<[u8]>),
}

impl Block {
    /// The octets.
    #[inline]
    pub(super) fn as_octets(&self) -> &[u8] {
        match self {
            Block::InPlace(octets, len) => &octets[..usize::from(*len)],
            Block::Apart(octets) => octets,
        }
    }

    /// Octets of memory that they take besides the entry.
    pub(super) fn cost(&self) -> usize {
        match self {
            Block::InPlace(..) => 0,
            Block::Apart(octets) => cost::allocation(octets.len()),
        }
    }
}

impl From<Vec<u8>> for Block {
    fn from(octets: Vec<u8>) -> Self {
        if octets.len() > IN_PLACE_MAX {
            return Block::Apart(octets.into_boxed_slice());
        }
        let mut place = [0; IN_PLACE_MAX];
        place[..octets.len()].copy_from_slice(&octets);
        Block::InPlace(place, octets.len() as u8)
    }
}
