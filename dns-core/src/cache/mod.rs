//! The cache of forwarded answers: shared by the resolvers of a process, bounded in octets.
//!
//! ```text
//! key ─▶ keyed hash ─┬─▶ shard: a lock, a hash table, a list in order of insertion
//!                    └─▶ entry: key and records in one block, and its times
//! ```
//!
//! Of a reply its code, AD and the answer section are kept, and with a negative answer its SOA
//! record; nothing else of the authority section, and nothing of the additional section. A hit
//! takes its shard's lock shared and writes at most one mark; room is made when something is put
//! in.

mod block;
mod config;
mod cost;
mod entry;
mod hit;
mod listing;
mod shard;
mod terms;
#[cfg(test)]
mod tests;

pub use config::{CacheConfig, Caching};
pub use hit::{Freshness, Hit};
pub use listing::{EntryContent, EntryView, Filter, RecordView};

use crate::question::QuestionKey;
use crate::reply::{Failure, Reply};
use crate::sync::Lock;
use crate::transmit::Millis;
use alloc::boxed::Box;
use core::hash::BuildHasher;
use core::mem::size_of;
use entry::Entry;
use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use shard::Shard;
use terms::Verdict;

/// Most shards: with some hundred threads two of them seldom want the same.
const SHARDS_MAX: usize = 256;
/// Least octets of a shard: room for the longest message there is, beside others.
const SHARD_OCTETS_MIN: usize = 128 * 1024;
/// Longest that a failure may be kept, in seconds (RFC 9520 section 3.2).
const FAILURE_TTL_MAX_SECS: u32 = 300;

/// Answers of upstreams, each kept for its TTL and, once that is over, for when no upstream
/// answers.
#[derive(Debug)]
pub struct Cache {
    config: CacheConfig,
    hasher: SeedableRandomState,
    shards: Box<[Place]>,
    shard_octets_max: usize,
}

/// A shard away from the cache lines of others.
#[derive(Debug)]
#[repr(align(128))]
struct Place(Lock<Shard>);

/// What a cache holds and has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUsage {
    /// Octets taken, never over [`CacheConfig::octets_max`] but for an empty cache's own.
    pub octets: usize,
    /// Entries, those included that only wait to be evicted.
    pub entries: usize,
    /// Entries put in since the start.
    pub inserts: u64,
    /// Entries that had to go for others since the start.
    pub evictions: u64,
}

impl Cache {
    /// An empty cache. Keys are names that clients choose, so `seed` must not be known to them.
    pub fn new(config: CacheConfig, seed: u64) -> Self {
        let shards = (config.octets_max / SHARD_OCTETS_MIN).clamp(1, SHARDS_MAX);
        // The largest power of two in it.
        let shards = 1 << shards.ilog2();
        let shard_octets_max =
            (config.octets_max / shards).saturating_sub(Self::SHARD_OCTETS_EMPTY);
        Cache {
            hasher: SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()),
            shards: (0..shards)
                .map(|_| Place(Lock::new(Shard::new())))
                .collect(),
            shard_octets_max,
            config,
        }
    }

    const SHARD_OCTETS_EMPTY: usize = size_of::<Place>() + Shard::OCTETS_EMPTY;

    /// Limits and times.
    pub fn config(&self) -> &CacheConfig {
        &self.config
    }

    /// Shows what is kept for a question to `read`, which runs under a shared lock and should
    /// only copy: it must not call the cache.
    pub fn find<R>(
        &self,
        now: Millis,
        key: &QuestionKey,
        read: impl FnOnce(Hit<'_>) -> R,
    ) -> Option<R> {
        let octets = key.as_octets();
        let hash = self.hasher.hash_one(octets);
        let shard = self.shard(hash).read();
        let entry = shard.find(hash, octets)?;
        let mut freshness = entry.freshness(now, &self.config)?;
        if freshness == Freshness::Fresh && entry.claim_prefetch(now, self.config.prefetch_percent)
        {
            freshness = Freshness::Prefetch;
        }
        entry.mark_used();
        Some(read(Hit::new(entry, freshness, now, &self.config)))
    }

    /// Keeps an answer as long as its TTLs and `caching` say, in the place of what was kept.
    ///
    /// NOERROR with an answer to the question is kept for the smallest TTL of its records.
    /// NXDOMAIN and NODATA, also at the end of a CNAME chain, are kept by their SOA record
    /// (RFC 2308 section 5), and not without one. What has a TTL of 0 is not kept, nor is an
    /// answer with DO whose proof lies in the authority section; they end what was kept all the
    /// same, for they are newer. A truncated message and other response codes change nothing.
    pub fn keep(&self, now: Millis, key: &QuestionKey, reply: &Reply, caching: &Caching) {
        let entry = match terms::judge(key, reply, caching, &self.config) {
            Verdict::Keep(terms) => Entry::of_reply(now, key, reply, &terms),
            Verdict::Forget => None,
            Verdict::Ignore => return,
        };
        let hash = self.hasher.hash_one(key.as_octets());
        let shard = self.shard(hash);
        match entry {
            Some(entry) => {
                let octets_max = self.shard_octets_max;
                let mut shard = shard.write();
                shard.insert(now, hash, entry, octets_max, &self.config);
            }
            None if shard.read().find(hash, key.as_octets()).is_none() => {}
            None => shard.write().remove(hash),
        }
    }

    /// Keeps word that a question got no answer for [`CacheConfig::failure_ttl_secs`] (RFC 9520).
    /// It never takes the place of an answer that is fresh; over one that can still be served
    /// stale it only notes when to ask again (RFC 8767 section 5).
    pub fn keep_failure(&self, now: Millis, key: &QuestionKey, failure: Failure) {
        let hash = self.hasher.hash_one(key.as_octets());
        let shard = self.shard(hash);
        if self.note_failure(&shard.read(), now, hash, key) {
            return;
        }
        let ttl_secs = self.config.failure_ttl_secs.min(FAILURE_TTL_MAX_SECS);
        let mut shard = shard.write();
        // An answer may have come between the two locks.
        if ttl_secs > 0 && !self.note_failure(&shard, now, hash, key) {
            let entry = Entry::of_failure(now, key, failure, ttl_secs);
            shard.insert(now, hash, entry, self.shard_octets_max, &self.config);
        }
    }

    /// Notes a failure at the answer that is kept; `false` if there is none to serve.
    fn note_failure(&self, shard: &Shard, now: Millis, hash: u64, key: &QuestionKey) -> bool {
        let answer = shard
            .find(hash, key.as_octets())
            .filter(|entry| entry.failure().is_none());
        let Some(entry) = answer else {
            return false;
        };
        match entry.freshness(now, &self.config) {
            Some(Freshness::Fresh | Freshness::Prefetch) => true,
            Some(Freshness::Stale | Freshness::StaleWhileFailing) => {
                entry.note_failing(now, self.config.stale_recheck_secs);
                true
            }
            None => false,
        }
    }

    /// What it holds and has done, shard by shard.
    pub fn usage(&self) -> CacheUsage {
        let mut usage = CacheUsage::default();
        for Place(shard) in &self.shards {
            let tally = shard.read().tally();
            usage.octets += tally.octets + size_of::<Place>();
            usage.entries += tally.entries;
            usage.inserts += tally.inserts;
            usage.evictions += tally.evictions;
        }
        usage
    }

    fn shard(&self, hash: u64) -> &Lock<Shard> {
        // The hash table within takes its lowest and highest bits.
        let at = (hash >> 32) as usize & (self.shards.len() - 1);
        &self.shards[at].0
    }
}
