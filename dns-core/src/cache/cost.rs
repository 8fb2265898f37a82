//! What memory an entry really takes: allocations are rounded up, and a hash table is never full.

use super::entry::Entry;
use core::mem::size_of;

/// Octets that an allocator keeps in front of each allocation, as glibc's malloc does.
const ALLOCATION_HEAD: usize = 8;
/// Allocations are multiples of it.
const ALLOCATION_STEP: usize = 16;
/// The smallest allocation.
const ALLOCATION_MIN: usize = 32;
/// From here on an allocation is of whole pages.
const PAGES_FROM: usize = 128 * 1024;
const PAGE: usize = 4_096;

/// Octets of a slot of the hash table: two pointers and a control octet.
const SLOT: usize = 2 * size_of::<usize>() + 1;
/// Control octets behind the last slot, repeated from the first.
const TABLE_TAIL: usize = 16;
/// The table doubles when slots of what was removed fill it, though half of it would do.
const TABLE_SLACK: usize = 2;

/// Octets of an entry in the list of a shard: hash, entry and two neighbours.
pub(super) const NODE: usize = allocation(size_of::<(u64, Entry, usize, usize)>());

/// Octets that an allocation of `len` takes.
pub(super) const fn allocation(len: usize) -> usize {
    let octets = (len + ALLOCATION_HEAD).next_multiple_of(ALLOCATION_STEP);
    if octets >= PAGES_FROM {
        return octets.next_multiple_of(PAGE);
    }
    if octets < ALLOCATION_MIN {
        ALLOCATION_MIN
    } else {
        octets
    }
}

/// Most octets of a hash table that never had more than `len` entries.
pub(super) fn table(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    // A table is filled to seven eighths.
    let slots = (len * 8).div_ceil(7).next_power_of_two().max(16) * TABLE_SLACK;
    allocation(slots * SLOT + TABLE_TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_rounded_as_the_allocator_does() {
        for (len, octets) in [(0, 32), (24, 32), (25, 48), (40, 48), (41, 64)] {
            assert_eq!(allocation(len), octets, "{len}");
        }
        assert_eq!(allocation(200_000) % 4_096, 0);
    }

    #[test]
    fn a_table_has_room_for_more_than_its_entries() {
        for len in [1, 7, 14, 15, 448, 449, 1_000] {
            let slots = table(len) / SLOT;
            assert!(slots * 7 / 8 >= len, "{len}");
            assert!(slots <= 8 * len.max(8), "{len}");
        }
    }
}
