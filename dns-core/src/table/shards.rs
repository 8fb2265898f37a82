//! A hash set in shards: immutable once shared, changed by copying one path.
//!
//! ```text
//! root ─▶ 64 pages ─▶ 64 shards each ─▶ a small hash table of Arc<T>
//! ```
//!
//! A clone costs one reference count. A change copies the root, one page and one shard, each only
//! if it is shared: a few KiB in a set of a million.

use super::hasher::NameHasher;
use alloc::sync::Arc;
use core::array;
use hashbrown::HashTable;

/// Pages of a root and shards of a page: 4,096 shards hold 244 items each at a million.
const FAN_OUT: usize = 64;

/// A value that is found by a key it contains.
pub(super) trait Keyed {
    /// The key.
    type Key: Eq + ?Sized;
    /// The key of this value.
    fn key(&self) -> &Self::Key;
    /// The hash of a key.
    fn hash(key: &Self::Key, hasher: &NameHasher) -> u64;
}

type Shard<T> = HashTable<Arc<T>>;
/// Arrays rather than vectors: a lookup follows one pointer less a level.
type Page<T> = [Arc<Shard<T>>; FAN_OUT];

/// The set.
#[derive(Debug)]
pub(super) struct Shards<T> {
    root: Arc<[Arc<Page<T>>; FAN_OUT]>,
    hasher: NameHasher,
}

impl<T> Clone for Shards<T> {
    fn clone(&self) -> Self {
        Shards {
            root: Arc::clone(&self.root),
            hasher: self.hasher.clone(),
        }
    }
}

impl<T: Keyed> Shards<T> {
    /// An empty set.
    pub(super) fn new(hasher: NameHasher) -> Self {
        let shard: Arc<Shard<T>> = Arc::new(HashTable::new());
        let page: Arc<Page<T>> = Arc::new(array::from_fn(|_| Arc::clone(&shard)));
        Shards {
            root: Arc::new(array::from_fn(|_| Arc::clone(&page))),
            hasher,
        }
    }

    pub(super) fn find(&self, key: &T::Key) -> Option<&Arc<T>> {
        self.find_hashed(key, T::hash(key, &self.hasher))
    }

    /// The item of a key whose hash is known.
    #[inline(always)]
    pub(super) fn find_hashed(&self, key: &T::Key, hash: u64) -> Option<&Arc<T>> {
        let (page, shard) = place_of(hash);
        self.root[page][shard].find(hash, |item| item.key() == key)
    }

    /// Puts `item` in the place of the one with its key, if there is one.
    pub(super) fn insert(&mut self, item: Arc<T>) {
        let hasher = self.hasher.clone();
        let hash = T::hash(item.key(), &hasher);
        let shard = self.shard_mut(hash);
        match shard.find_mut(hash, |present| present.key() == item.key()) {
            Some(slot) => *slot = item,
            None => {
                shard.insert_unique(hash, item, |item| T::hash(item.key(), &hasher));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &T::Key) {
        let hash = T::hash(key, &self.hasher);
        if self.find(key).is_none() {
            return;
        }
        if let Ok(entry) = self
            .shard_mut(hash)
            .find_entry(hash, |item| item.key() == key)
        {
            entry.remove();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.root
            .iter()
            .flat_map(|page| page.iter())
            .flat_map(|shard| shard.iter())
    }

    fn shard_mut(&mut self, hash: u64) -> &mut Shard<T> {
        let (page, shard) = place_of(hash);
        let page = &mut Arc::make_mut(&mut self.root)[page];
        Arc::make_mut(&mut Arc::make_mut(page)[shard])
    }
}

/// Page and shard by bits that the hash tables do not use: they take the lowest and the top seven.
fn place_of(hash: u64) -> (usize, usize) {
    let place = (hash >> 40) as usize;
    (place % FAN_OUT, place / FAN_OUT % FAN_OUT)
}
