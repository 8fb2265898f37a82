//! Which questions are in flight in the process, who asks them, and who waits for the same.

use super::Claim;
use crate::question::QuestionKey;
use crate::sync::Lock;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Shards of the marks, each behind a lock of its own. A power of two.
const SHARDS: usize = 64;
/// Most marks of a shard, 65,536 in all: sixteen resolvers with all the questions that one may
/// have waiting by default.
const SHARD_MARKS_MAX: usize = 1_024;
/// Most resolvers that join a question.
pub(super) const JOINED_MAX: usize = 255;

/// A question in flight.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) key: Box<[u8]>,
    /// The resolver that asks.
    owner: usize,
    /// The resolvers that wait for what comes of it.
    pub(super) joined: Vec<usize>,
}

/// All questions in flight.
#[derive(Debug)]
pub(super) struct Marks {
    hasher: SeedableRandomState,
    shards: Box<[Place]>,
}

/// A shard away from the cache lines of others.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place(Lock<HashTable<Mark>>);

impl Marks {
    pub(super) fn new(seed: u64) -> Self {
        Marks {
            hasher: SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()),
            shards: (0..SHARDS).map(|_| Place::default()).collect(),
        }
    }

    pub(super) fn claim(&self, resolver: usize, key: &QuestionKey) -> Claim {
        let octets = key.as_octets();
        let hash = self.hasher.hash_one(octets);
        let mut shard = self.shard(hash).write();
        let is_full = shard.len() >= SHARD_MARKS_MAX;
        let rehash = |mark: &Mark| self.hasher.hash_one(&*mark.key);
        match shard.entry(hash, |mark| *mark.key == *octets, rehash) {
            Entry::Occupied(mut mark) => mark.get_mut().join(resolver),
            Entry::Vacant(_) if is_full => Claim::Own,
            Entry::Vacant(place) => {
                place.insert(Mark {
                    key: octets.into(),
                    owner: resolver,
                    joined: Vec::new(),
                });
                Claim::Own
            }
        }
    }

    /// Takes the mark of a question away, if that resolver owns it.
    pub(super) fn take(&self, resolver: usize, key: &QuestionKey) -> Option<Mark> {
        let octets = key.as_octets();
        let hash = self.hasher.hash_one(octets);
        let mut shard = self.shard(hash).write();
        let found = shard.find_entry(hash, |mark| mark.owner == resolver && *mark.key == *octets);
        Some(found.ok()?.remove().0)
    }

    pub(super) fn leave(&self, resolver: usize, key: &QuestionKey) {
        let octets = key.as_octets();
        let hash = self.hasher.hash_one(octets);
        let mut shard = self.shard(hash).write();
        if let Some(mark) = shard.find_mut(hash, |mark| *mark.key == *octets) {
            mark.leave(resolver);
        }
    }

    /// Takes away all marks that a resolver owns, and the resolver from those of others.
    pub(super) fn take_all(&self, resolver: usize) -> Vec<Mark> {
        let mut taken = Vec::new();
        for Place(shard) in &self.shards {
            let mut shard = shard.write();
            taken.extend(shard.extract_if(|mark| {
                mark.leave(resolver);
                mark.owner == resolver
            }));
        }
        taken
    }

    fn shard(&self, hash: u64) -> &Lock<HashTable<Mark>> {
        // The hash table within takes the lowest and highest bits.
        &self.shards[(hash >> 32) as usize & (SHARDS - 1)].0
    }
}

impl Mark {
    fn join(&mut self, resolver: usize) -> Claim {
        if self.owner == resolver {
            return Claim::Own;
        }
        if self.joined.contains(&resolver) {
            return Claim::Joined;
        }
        if self.joined.len() >= JOINED_MAX {
            return Claim::Own;
        }
        self.joined.push(resolver);
        Claim::Joined
    }

    fn leave(&mut self, resolver: usize) {
        self.joined.retain(|joined| *joined != resolver);
    }
}
