//! [`Ledger::assign`]: the one decision of the ledger.

use super::candidate::Candidates;
use super::key::VipKey;
use super::ledger::Ledger;
use super::pool::{Family, PoolKind, is_edge, usable};
use super::record::{Origin, Record, RecordState};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// A wish for one address: of one key, in one family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Who wants it.
    pub key: VipKey,
    /// The family.
    pub family: Family,
    /// Where it shall come from. A key that wants from both pools is served from the names'.
    pub pool: PoolKind,
}

/// Why an address is not the ledger's to allot: an object gives it to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The name; the oldest if several share the address.
    pub key: VipKey,
    /// Who wrote it.
    pub by: GivenBy,
}

/// Who wrote an address into an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBy {
    /// A user: `spec.addresses`, `ProductName.vip`.
    User,
    /// Another allocator: `status.addresses`.
    Allocator,
}

impl GivenBy {
    fn origin(self) -> Origin {
        match self {
            GivenBy::User => Origin::Pinned,
            GivenBy::Allocator => Origin::Imported,
        }
    }
}

/// What one call of [`Ledger::assign`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Records that changed, in the order to append them to the journal. They belong on disk
    /// before any answer carries an address of theirs.
    pub changes: Vec<Record>,
    /// Wants that no pool could serve, in order. They are tried again with the next call.
    pub exhausted: Vec<(VipKey, Family)>,
    /// Names that lost their address to an object and live on.
    pub moves: Vec<Move>,
    /// Addresses allotted to keys that had none to come back to.
    pub allotted: usize,
    /// How many of them were not the key's first candidate.
    pub collisions: usize,
}

/// A name that lost its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The name.
    pub key: VipKey,
    /// The address it lost.
    pub from: IpAddr,
    /// The one it has instead; `None` if its pool is exhausted.
    pub to: Option<IpAddr>,
}

type Wants = BTreeMap<(VipKey, Family), PoolKind>;
type GivenAddresses = BTreeMap<IpAddr, Given>;

impl Ledger {
    /// Brings the ledger in line with the names of the moment.
    ///
    /// `wants` is the complete set of wishes, in any order, duplicates allowed; `given` is every
    /// address that an object gives to a name. `now_ms` is wall-clock time in milliseconds since
    /// 1970.
    ///
    /// In this order: given addresses are taken from whoever was allotted them; keys that have an
    /// address keep it; keys that had one come back to it if nobody else has it; addresses that
    /// nobody wants any more are released; what is still missing is allotted in the order of the
    /// keys, first free candidate first. Nothing else moves an address.
    ///
    /// The caller appends [`Assignment::changes`] to its journal before it publishes. A name whose
    /// source is lost or in grace is still wanted: leaving it out is what releases its address.
    pub fn assign(
        &mut self,
        now_ms: u64,
        wants: impl IntoIterator<Item = Want>,
        given: &GivenAddresses,
    ) -> Assignment {
        let wants = complete(wants);
        let mut turn = Turn {
            ledger: self,
            now_ms,
            outcome: Assignment::default(),
        };
        turn.place_given(given, &wants);
        turn.take_back(&wants, given);
        turn.release_unwanted(&wants, given);
        turn.allot_missing(&wants);
        turn.forget();
        turn.finish()
    }
}

fn complete(wants: impl IntoIterator<Item = Want>) -> Wants {
    let mut complete = Wants::new();
    for want in wants {
        let pool = complete.entry((want.key, want.family)).or_insert(want.pool);
        *pool = want.pool.min(*pool);
    }
    complete
}

/// One call of [`Ledger::assign`] under way.
struct Turn<'a> {
    ledger: &'a mut Ledger,
    now_ms: u64,
    outcome: Assignment,
}

impl Turn<'_> {
    fn commit(&mut self, record: Record) {
        self.ledger.apply(record.clone());
        self.outcome.changes.push(record);
    }

    /// Gives every address of an object to its name. Addresses outside the pools are no concern
    /// of the ledger.
    fn place_given(&mut self, given: &GivenAddresses, wants: &Wants) {
        for (&address, claim) in given {
            let Some(pool) = self.ledger.pool_of(address) else {
                continue;
            };
            let origin = claim.by.origin();
            let prior = self.ledger.record(address).cloned();
            let mut first_seen_ms = self.now_ms;
            if let Some(prior) = prior {
                if prior.key == claim.key && prior.origin == origin && prior.is_given() {
                    continue;
                }
                if prior.key == claim.key {
                    first_seen_ms = prior.first_seen_ms;
                }
                self.note_loss(prior, claim, wants);
            }
            self.commit(Record {
                address,
                key: claim.key.clone(),
                pool,
                state: RecordState::Active,
                origin,
                first_seen_ms,
                changed_ms: self.now_ms,
            });
        }
    }

    /// Notes that an allotted address goes to an object. It keeps leading back to a name that
    /// lives on; a name that gets its own address as a gift has no need of that.
    fn note_loss(&mut self, prior: Record, claim: &Given, wants: &Wants) {
        let is_wanted = wants.contains_key(&(prior.key.clone(), prior.family()));
        if !prior.is_allotted() || !is_wanted {
            return;
        }
        let (key, from) = (prior.key.clone(), prior.address);
        if prior.key != claim.key {
            self.commit(Record {
                state: RecordState::Moved,
                changed_ms: self.now_ms,
                ..prior
            });
        }
        self.outcome.moves.push(Move {
            key,
            from,
            to: None,
        });
    }

    /// Lets keys without address come back to one they had.
    fn take_back(&mut self, wants: &Wants, given: &GivenAddresses) {
        let gone = self.no_longer_given(given);
        let ungiven = gone
            .into_iter()
            .map(|r| ((r.key.clone(), r.family()), r.address))
            .collect();
        for (place, &pool) in wants {
            if self.ledger.allotted.contains_key(place) {
                continue;
            }
            let earlier = self.earlier_address(place, pool, &ungiven);
            if let Some(record) = earlier
                .and_then(|address| self.ledger.record(address))
                .cloned()
            {
                self.commit(Record {
                    pool,
                    state: RecordState::Active,
                    origin: Origin::Allotted,
                    changed_ms: self.now_ms,
                    ..record
                });
            }
        }
    }

    /// The address that an object gave the key until now, else the one it released last. It must
    /// be one that its pool could allot.
    fn earlier_address(
        &self,
        place: &(VipKey, Family),
        pool: PoolKind,
        ungiven: &BTreeMap<(VipKey, Family), IpAddr>,
    ) -> Option<IpAddr> {
        let blocks = self.ledger.config().pools.of(pool);
        let mut earlier = ungiven
            .get(place)
            .copied()
            .into_iter()
            .chain(self.ledger.released_of(place));
        earlier.find(|&address| blocks.is_usable(address))
    }

    fn no_longer_given(&self, given: &GivenAddresses) -> Vec<Record> {
        let gone = self
            .ledger
            .given
            .iter()
            .filter(|address| !given.contains_key(address));
        gone.filter_map(|&address| self.ledger.record(address))
            .cloned()
            .collect()
    }

    fn release_unwanted(&mut self, wants: &Wants, given: &GivenAddresses) {
        let allotted = self.ledger.allotted.iter();
        let unwanted = allotted.filter(|(place, _)| !wants.contains_key(place));
        let mut released: Vec<Record> = unwanted
            .filter_map(|(_, &address)| self.ledger.record(address))
            .cloned()
            .collect();
        released.append(&mut self.no_longer_given(given));
        for record in released {
            let changed_ms = self.now_ms;
            self.commit(Record {
                state: RecordState::Released,
                changed_ms,
                ..record
            });
        }
    }

    fn allot_missing(&mut self, wants: &Wants) {
        let mut free = BTreeMap::new();
        for ((key, family), &pool) in wants {
            if self.ledger.address_of(key, *family).is_some() {
                continue;
            }
            let free = free
                .entry((pool, *family))
                .or_insert_with(|| free_by_block(self.ledger, pool, *family, self.now_ms));
            match self.find_free(key, *family, pool, free) {
                Some(found) => self.allot(key, pool, found),
                None => self.outcome.exhausted.push((key.clone(), *family)),
            }
        }
    }

    /// The first free candidate; its block then has one free address less. A full block is known
    /// by its count and costs no try.
    fn find_free(
        &self,
        key: &VipKey,
        family: Family,
        pool: PoolKind,
        free: &mut [u128],
    ) -> Option<Found> {
        let config = self.ledger.config();
        let mut rank = Rank::First;
        for (&block, free) in config.pools.of(pool).blocks(family).iter().zip(free) {
            if *free > 0 {
                for address in Candidates::new(&config.hash_key, block, key.as_str()) {
                    if !self.ledger.is_taken(address, self.now_ms) {
                        *free -= 1;
                        return Some(Found { address, rank });
                    }
                    rank = Rank::Later;
                }
            }
            rank = Rank::Later;
        }
        None
    }

    fn allot(&mut self, key: &VipKey, pool: PoolKind, found: Found) {
        self.outcome.allotted += 1;
        if found.rank == Rank::Later {
            self.outcome.collisions += 1;
        }
        self.commit(Record {
            address: found.address,
            key: key.clone(),
            pool,
            state: RecordState::Active,
            origin: Origin::Allotted,
            first_seen_ms: self.now_ms,
            changed_ms: self.now_ms,
        });
    }

    /// Drops what has served its time: former addresses, and above the limit the oldest releases
    /// that are out of quarantine.
    fn forget(&mut self) {
        let expired = self
            .ledger
            .former
            .values()
            .filter(|r| !self.ledger.is_former(r, self.now_ms));
        let mut forgotten: Vec<Record> = expired.cloned().collect();
        forgotten.append(&mut self.surplus());
        for record in forgotten {
            let changed_ms = self.now_ms;
            self.commit(Record {
                state: RecordState::Tombstone,
                changed_ms,
                ..record
            });
        }
    }

    /// Free records above the limit. A sixteenth more than needed, so that the search for them is
    /// rare.
    fn surplus(&self) -> Vec<Record> {
        let records_max = self.ledger.config().records_max;
        if self.ledger.holders.len() <= records_max {
            return Vec::new();
        }
        let surplus = self.ledger.holders.len() - (records_max - records_max / 16);
        let free = self
            .ledger
            .holders
            .values()
            .filter(|r| !self.ledger.holds(r, self.now_ms));
        let mut free: Vec<Record> = free.cloned().collect();
        free.sort_unstable_by_key(|record| (record.changed_ms, record.address));
        free.truncate(surplus);
        free
    }

    fn finish(mut self) -> Assignment {
        for lost in &mut self.outcome.moves {
            lost.to = self.ledger.address_of(&lost.key, Family::of(lost.from));
        }
        self.outcome
    }
}

/// An address for a key.
struct Found {
    address: IpAddr,
    rank: Rank,
}

/// Whether an address is the key's first candidate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    First,
    Later,
}

/// Free addresses of each block of a pool.
fn free_by_block(ledger: &Ledger, pool: PoolKind, family: Family, now_ms: u64) -> Vec<u128> {
    let free = |block: &ipnet::IpNet| {
        let inside = ledger.holders.range(block.network()..=block.broadcast());
        let taken = inside.filter(|&(&address, record)| {
            !is_edge(*block, address) && ledger.holds(record, now_ms)
        });
        usable(*block).saturating_sub(taken.count() as u128)
    };
    ledger
        .config()
        .pools
        .of(pool)
        .blocks(family)
        .iter()
        .map(free)
        .collect()
}
