//! [`VipConfig`]: how a ledger allots.

use super::candidate::HASH_KEY;
use super::pool::Pools;

/// Default quarantine of a released address: 48 hours, in seconds. Clients that keep an address
/// far beyond its TTL (JVMs, connection pools) are usually restarted within it.
pub const QUARANTINE_SECS: u64 = 48 * 3600;
/// The quarantine is never shorter than this many times the largest TTL.
pub const QUARANTINE_TTLS: u64 = 10;
/// Default of the largest TTL in seconds: an hour.
pub const TTL_MAX_SECS: u64 = 3600;
/// Default number of records kept: a million, a few hundred megabytes. Beyond it the ledger forgets who had
/// the addresses that are free, longest free first. Held addresses and those in quarantine are
/// kept in any case.
pub const RECORDS_MAX: usize = 1_000_000;

/// How a ledger allots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VipConfig {
    /// Where addresses come from. A change moves nothing: names seen first afterwards get theirs
    /// from the new pools.
    pub pools: Pools,
    /// Key of the hash that orders candidates; default [`HASH_KEY`]. A change moves nothing.
    pub hash_key: [u8; 16],
    /// How long a released address rests, in seconds; default [`QUARANTINE_SECS`]. Raised to
    /// [`QUARANTINE_TTLS`] times `ttl_max_secs` if shorter.
    pub quarantine_secs: u64,
    /// The largest TTL served, in seconds; default [`TTL_MAX_SECS`]. An address that a name lost
    /// to another leads back to it for as long.
    pub ttl_max_secs: u64,
    /// Records kept; default [`RECORDS_MAX`].
    pub records_max: usize,
}

impl VipConfig {
    /// The quarantine in force, in milliseconds.
    pub fn quarantine_ms(&self) -> u64 {
        let least_secs = self.ttl_max_secs.saturating_mul(QUARANTINE_TTLS);
        self.quarantine_secs.max(least_secs).saturating_mul(1000)
    }

    /// How long an address still leads back to the name that lost it, in milliseconds.
    pub fn former_ms(&self) -> u64 {
        self.ttl_max_secs.saturating_mul(1000)
    }
}

impl Default for VipConfig {
    fn default() -> Self {
        VipConfig {
            pools: Pools::default(),
            hash_key: HASH_KEY,
            quarantine_secs: QUARANTINE_SECS,
            ttl_max_secs: TTL_MAX_SECS,
            records_max: RECORDS_MAX,
        }
    }
}
