//! Ten thousand random steps of the virtual-address ledger against what is promised of it.
//!
//! Names come, go, come back and change families; users write addresses and take them out; the
//! clock runs and is set back; the process restarts, compacts its journal, or dies in the middle
//! of a write. The pool is a `/26`, so most first candidates are taken.

#![allow(
    clippy::unwrap_used,
    reason = "a broken expectation shall fail the test"
)]

mod onlooker;
mod random;

use dns_core::vip::{
    Candidates, Family, Given, GivenBy, HASH_KEY, Ledger, Pool, PoolKind, Pools, VipConfig, VipKey,
    Want, journal,
};
use onlooker::{Memory, assert_nothing_is_shared};
use random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const SEED: u64 = 0x5eed_ca11_5197_0001;
const STEPS: usize = 10_000;
const LIVE_MIN: usize = 25;
const LIVE_MAX: usize = 50;
const PINS_MAX: usize = 5;
const QUARANTINE_SECS: u64 = 3600;
const TTL_MAX_SECS: u64 = 60;
/// Short against the quarantine, so that some addresses are always in it.
const STEP_MS_MAX: u64 = 400_000;
const BLOCKS: [(Family, &str); 2] = [
    (Family::V4, "10.9.8.0/26"),
    (Family::V6, "2001:2:0:8000::/122"),
];

type Place = (VipKey, Family);

#[test]
fn ten_thousand_random_steps_break_no_promise() {
    let mut walk = Walk::new(SEED);
    for _ in 0..STEPS {
        walk.step();
    }
    let seen = &walk.seen;
    println!("{seen:?}");
    assert!(seen.collisions >= 1_000, "{seen:?}");
    assert!(seen.half_full * 2 >= STEPS, "{seen:?}");
    assert!(
        seen.exhausted >= 100 && seen.moves >= 100 && seen.returns >= 1_000,
        "{seen:?}"
    );
    assert!(
        seen.crashes >= 500 && seen.restarts >= 200 && seen.corruptions >= 200,
        "{seen:?}"
    );
}

/// How often the walk came to what it is there for.
#[derive(Debug, Default)]
struct Seen {
    collisions: usize,
    /// Steps after which 50 to 90 % of the IPv4 block were taken.
    half_full: usize,
    exhausted: usize,
    moves: usize,
    returns: usize,
    crashes: usize,
    restarts: usize,
    corruptions: usize,
}

struct Walk {
    random: Random,
    now_ms: u64,
    names: u32,
    live: BTreeMap<VipKey, Vec<Family>>,
    gone: Vec<VipKey>,
    pins: BTreeMap<IpAddr, Given>,
    ledger: Ledger,
    journal: Vec<u8>,
    memory: Memory,
    seen: Seen,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Walk {
            random: Random(seed),
            now_ms: 1_760_000_000_000,
            names: 0,
            live: BTreeMap::new(),
            gone: Vec::new(),
            pins: BTreeMap::new(),
            ledger: Ledger::new(config()),
            journal: journal::HEADER.to_vec(),
            memory: Memory::default(),
            seen: Seen::default(),
        }
    }

    fn step(&mut self) {
        self.now_ms += self.random.below(STEP_MS_MAX);
        self.change_input();
        match self.random.below(32) {
            0 => self.restart(),
            1 => self.journal = journal::snapshot(&self.ledger),
            2 => self.now_ms -= self.random.below(10 * STEP_MS_MAX),
            3 => self.survive_corruption(),
            4 => self.agree_from_empty(),
            _ => {}
        }
        self.assign();
    }

    fn change_input(&mut self) {
        match self.random.below(20) {
            0..=5 if self.live.len() < LIVE_MAX => self.add_name(),
            6..=8 if self.live.len() < LIVE_MAX => self.bring_back(),
            0..=11 if self.live.len() > LIVE_MIN => self.remove_name(),
            12..=14 if self.live.len() > LIVE_MIN => {
                self.remove_name();
                self.add_name();
            }
            15 => self.change_families(),
            16 | 17 if self.pins.len() < PINS_MAX => self.add_pin(),
            16..=18 => self.remove_pin(),
            _ => {}
        }
    }

    fn add_name(&mut self) {
        self.names += 1;
        // The number is turned so that new names fall anywhere in the order of names.
        let key = format!("n{:08x}.example", self.names.reverse_bits());
        let families = self.random.families();
        self.live.insert(VipKey::parse(&key).unwrap(), families);
    }

    fn bring_back(&mut self) {
        // Mostly one that left lately: its address may still be free.
        let recent = self.gone.len().saturating_sub(10);
        if let Some(key) = self.random.pick(&self.gone[recent..]) {
            self.gone.retain(|gone| *gone != key);
            let families = self.random.families();
            self.live.insert(key, families);
        }
    }

    fn remove_name(&mut self) {
        let names: Vec<_> = self.live.keys().cloned().collect();
        let key = self.random.pick(&names).unwrap();
        self.live.remove(&key);
        self.gone.push(key);
    }

    fn change_families(&mut self) {
        let names: Vec<_> = self.live.keys().cloned().collect();
        if let Some(key) = self.random.pick(&names) {
            let families = self.random.families();
            self.live.insert(key, families);
        }
    }

    /// On an address that somebody holds, or on any; for a stranger, or for the holder itself.
    fn add_pin(&mut self) {
        let held: Vec<_> = self.memory.held.values().copied().collect();
        let (_, block) = BLOCKS[self.random.below(2) as usize];
        let any: Vec<_> = block_addresses(block);
        let from = if self.random.below(2) == 0 { held } else { any };
        let Some(address) = self.random.pick(&from) else {
            return;
        };
        let stranger = VipKey::parse(&format!("pin-{}.example", self.random.below(1000))).unwrap();
        let holder = self.ledger.key_of(address).cloned();
        let key = holder
            .filter(|_| self.random.below(4) == 0)
            .unwrap_or(stranger);
        let by = if self.random.below(2) == 0 {
            GivenBy::User
        } else {
            GivenBy::Allocator
        };
        self.pins.insert(address, Given { key, by });
    }

    fn remove_pin(&mut self) {
        let pins: Vec<_> = self.pins.keys().copied().collect();
        if let Some(address) = self.random.pick(&pins) {
            self.pins.remove(&address);
        }
    }

    fn restart(&mut self) {
        let replay = journal::replay(&self.journal, config()).unwrap();
        assert_eq!(
            (replay.damage, replay.valid_len),
            (None, self.journal.len())
        );
        assert_eq!(replay.ledger, self.ledger);
        self.ledger = replay.ledger;
        self.seen.restarts += 1;
    }

    /// A journal that is cut or altered anywhere may forget, and never gives one address twice.
    fn survive_corruption(&mut self) {
        let mut bytes = self.journal.clone();
        let records = (bytes.len() - journal::HEADER.len()) as u64;
        if records == 0 {
            return;
        }
        let at = journal::HEADER.len() + self.random.below(records) as usize;
        if self.random.below(2) == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << self.random.below(8);
        }
        let replay = journal::replay(&bytes, config()).unwrap();
        assert!(replay.damage.is_some() || replay.valid_len == at);
        let mut ledger = replay.ledger;
        ledger.assign(self.now_ms, self.wants(), &self.pins);
        assert_nothing_is_shared(&self.addresses(&ledger), &self.pins);
        self.seen.corruptions += 1;
    }

    /// Ledgers that start with nothing agree with each other and with the plain rule.
    fn agree_from_empty(&mut self) {
        let mut ledger = Ledger::new(config());
        ledger.assign(self.now_ms, self.wants(), &self.pins);
        let addresses = self.addresses(&ledger);
        let mut other = Ledger::new(config());
        other.assign(self.now_ms + 77, self.wants(), &self.pins);
        assert_eq!(self.addresses(&other), addresses);

        let mut taken: BTreeSet<IpAddr> = self.pins.keys().copied().collect();
        for place in self.places() {
            let expected = candidates(&place).find(|address| !taken.contains(address));
            assert_eq!(addresses.get(&place).copied(), expected);
            taken.extend(expected);
        }
    }

    fn assign(&mut self) {
        let before = self.ledger.clone();
        let (first, second) = (self.wants(), self.wants());
        let assignment = self.ledger.assign(self.now_ms, first, &self.pins);

        let mut reordered = before;
        assert_eq!(
            reordered.assign(self.now_ms, second, &self.pins),
            assignment
        );
        assert_eq!(reordered, self.ledger);

        let published = self.journal.len();
        for record in &assignment.changes {
            journal::encode(record, &mut self.journal);
        }
        if self.random.below(16) == 0 {
            self.die_while_writing(published);
        }
        self.seen.collisions += assignment.collisions;
        self.seen.exhausted += assignment.exhausted.len();
        self.seen.moves += assignment.moves.len();
        self.check(&assignment);
    }

    /// The process dies with part of the last changes on disk, and starts again.
    fn die_while_writing(&mut self, published: usize) {
        let unpublished = (self.journal.len() - published) as u64;
        self.journal
            .truncate(published + self.random.below(unpublished + 1) as usize);
        let replay = journal::replay(&self.journal, config()).unwrap();
        assert!(replay.valid_len >= published);
        assert!(replay.damage.is_none_or(|damage| damage.is_torn_tail()));
        self.journal.truncate(replay.valid_len);
        let mut ledger = replay.ledger;
        let assignment = ledger.assign(self.now_ms, self.wants(), &self.pins);
        for record in &assignment.changes {
            journal::encode(record, &mut self.journal);
        }
        assert_eq!(ledger, self.ledger, "as if it had not died");
        self.ledger = ledger;
        self.seen.crashes += 1;
    }

    /// The wishes of the moment, in random order.
    fn wants(&mut self) -> Vec<Want> {
        let mut wants: Vec<_> = self
            .places()
            .into_iter()
            .map(|(key, family)| Want {
                key,
                family,
                pool: PoolKind::Names,
            })
            .collect();
        self.random.shuffle(&mut wants);
        wants
    }

    fn places(&self) -> Vec<Place> {
        let places = |(key, families): (&VipKey, &Vec<Family>)| -> Vec<Place> {
            families
                .iter()
                .map(|&family| (key.clone(), family))
                .collect()
        };
        self.live.iter().flat_map(places).collect()
    }

    fn addresses(&self, ledger: &Ledger) -> BTreeMap<Place, IpAddr> {
        let address = |place: Place| Some((place.clone(), ledger.address_of(&place.0, place.1)?));
        self.places().into_iter().filter_map(address).collect()
    }
}

fn config() -> VipConfig {
    let names = Pool::new(BLOCKS.map(|(_, block)| block.parse().unwrap())).unwrap();
    let pools = Pools::new(names, Pool::default_for(PoolKind::Instances)).unwrap();
    VipConfig {
        pools,
        quarantine_secs: QUARANTINE_SECS,
        ttl_max_secs: TTL_MAX_SECS,
        ..VipConfig::default()
    }
}

fn candidates(place: &Place) -> Candidates {
    let (_, block) = BLOCKS
        .iter()
        .find(|(family, _)| *family == place.1)
        .unwrap();
    Candidates::new(&HASH_KEY, block.parse().unwrap(), place.0.as_str())
}

/// Every address of a block but its first and last.
fn block_addresses(block: &str) -> Vec<IpAddr> {
    let block: ipnet::IpNet = block.parse().unwrap();
    let edges = [block.network(), block.broadcast()];
    block
        .hosts()
        .filter(|address| !edges.contains(address))
        .collect()
}
