//! How names and addresses are hashed: seeded, since clients and files choose them.

use core::hash::{BuildHasher, Hasher};
use core::net::IpAddr;
use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// Hashes names and addresses; all parts of a table share one.
#[derive(Clone, Debug)]
pub(crate) struct NameHasher(SeedableRandomState);

impl NameHasher {
    /// `seed` must not be known to those who choose the names.
    pub(crate) fn new(seed: u64) -> Self {
        NameHasher(SeedableRandomState::with_seed(
            seed,
            SharedSeed::global_fixed(),
        ))
    }

    /// Of a name in lower case, as wire octets.
    #[inline]
    pub(crate) fn of_wire(&self, wire: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(wire);
        hasher.finish()
    }

    /// Of an address.
    pub(crate) fn of_address(&self, address: IpAddr) -> u64 {
        self.0.hash_one(address)
    }
}
