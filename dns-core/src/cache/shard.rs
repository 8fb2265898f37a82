//! A part of the cache behind a lock of its own.

use super::config::CacheConfig;
use super::cost;
use super::entry::Entry;
use crate::transmit::Millis;
use core::hash::{BuildHasherDefault, Hasher};
use lru::LruCache;

/// Most entries that one insert passes over because they were asked for since they were last
/// looked at. It bounds the work of an insert when all entries are popular.
const SECOND_CHANCES_MAX: usize = 8;

/// A part of the cache. Entries are found by the hash of their key; of two keys with one hash the
/// later takes the place.
///
/// The list is not in order of use but of insertion: a hit only marks its entry. An insert that
/// needs room takes from the end of the list, where a marked entry loses its mark and goes to the
/// front instead.
#[derive(Debug)]
pub(super) struct Shard {
    entries: LruCache<u64, Entry, BuildHasherDefault<HashIsKey>>,
    octets: usize,
    /// Most entries there have been: the hash table never shrinks.
    len_max: usize,
    inserts: u64,
    evictions: u64,
}

/// What a shard has counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) entries: usize,
    pub(super) octets: usize,
    pub(super) inserts: u64,
    pub(super) evictions: u64,
}

impl Shard {
    /// Octets of a shard without entries: the two ends of its list.
    pub(super) const OCTETS_EMPTY: usize = 2 * cost::NODE;

    pub(super) fn new() -> Self {
        Shard {
            entries: Self::no_entries(),
            octets: 0,
            len_max: 0,
            inserts: 0,
            evictions: 0,
        }
    }

    fn no_entries() -> LruCache<u64, Entry, BuildHasherDefault<HashIsKey>> {
        LruCache::unbounded_with_hasher(BuildHasherDefault::default())
    }

    pub(super) fn find(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        self.entries.peek(&hash).filter(|entry| entry.key() == key)
    }

    /// Puts an entry in the place of the one with its hash, if there is one, and makes room for
    /// it; one that takes more than `octets_max` alone is not kept.
    pub(super) fn insert(
        &mut self,
        now: Millis,
        hash: u64,
        entry: Entry,
        octets_max: usize,
        config: &CacheConfig,
    ) {
        self.remove(hash);
        let octets = entry.octets();
        if octets + cost::table(self.len_max.max(1)) > octets_max {
            return;
        }
        self.make_room(now, octets, octets_max, config);
        self.octets += octets;
        self.inserts += 1;
        self.entries.put(hash, entry);
        self.len_max = self.len_max.max(self.entries.len());
    }

    /// Evicts until an entry of that size fits.
    fn make_room(&mut self, now: Millis, octets: usize, octets_max: usize, config: &CacheConfig) {
        let mut chances = SECOND_CHANCES_MAX;
        while self.octets_with(octets) > octets_max {
            let Some((&hash, last)) = self.entries.peek_lru() else {
                return;
            };
            let is_over = last.freshness(now, config).is_none();
            if chances > 0 && !is_over && last.take_used() {
                chances -= 1;
                self.entries.promote(&hash);
                continue;
            }
            self.remove(hash);
            self.evictions += 1;
        }
    }

    /// Octets there would be with one entry more.
    fn octets_with(&self, octets: usize) -> usize {
        let len_max = self.len_max.max(self.entries.len() + 1);
        self.octets + octets + cost::table(len_max)
    }

    pub(super) fn remove(&mut self, hash: u64) {
        if let Some(entry) = self.entries.pop(&hash) {
            self.octets -= entry.octets();
        }
    }

    /// Removes the entries that `goes` names and gives how many.
    pub(super) fn remove_where(&mut self, mut goes: impl FnMut(&Entry) -> bool) -> usize {
        let before = self.entries.len();
        let octets = &mut self.octets;
        self.entries.retain(|_, entry| {
            let stays = !goes(entry);
            if !stays {
                *octets -= entry.octets();
            }
            stays
        });
        if self.entries.is_empty() {
            // The only way to give the hash table back.
            self.entries = Self::no_entries();
            self.len_max = 0;
        }
        before - self.entries.len()
    }

    /// All entries, the ones put in last first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            entries: self.entries.len(),
            octets: self.octets + cost::table(self.len_max) + Self::OCTETS_EMPTY,
            inserts: self.inserts,
            evictions: self.evictions,
        }
    }
}

/// A hasher of keys that are hashes.
#[derive(Clone, Copy, Debug, Default)]
struct HashIsKey(u64);

impl Hasher for HashIsKey {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
