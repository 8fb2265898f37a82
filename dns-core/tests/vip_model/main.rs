//! Ten thousand random steps of two ledgers of virtual addresses against what is promised of them.
//!
//! Names come, go, come back, are renamed and change families; users write addresses and take them
//! out; a cluster is lost and found; the clock runs and is set back; a process restarts, compacts
//! its journal, and dies at each of the records it writes; the two ledgers are merged. The pool is
//! a `/27`, so most first candidates are taken.

#![allow(
    clippy::unwrap_used,
    reason = "a broken expectation shall fail the test"
)]

mod onlooker;
mod random;
mod site;

use dns_core::vip::{
    Candidates, Family, Given, GivenBy, HASH_KEY, Pool, PoolKind, Pools, VipConfig, VipKey,
};
use random::Random;
use site::Site;
use std::net::IpAddr;

const SEED: u64 = 0x5eed_ca11_5197_0001;
const STEPS: usize = 10_000;
const LIVE_MIN: usize = 11;
const LIVE_MAX: usize = 22;
const PINS_MAX: usize = 3;
const QUARANTINE_SECS: u64 = 3600;
const TTL_MAX_SECS: u64 = 60;
/// Short against the quarantine, so that some addresses are always in it.
const STEP_MS_MAX: u64 = 600_000;
const BLOCKS: [(Family, &str); 2] = [
    (Family::V4, "10.9.8.0/27"),
    (Family::V6, "2001:2:0:8000::/123"),
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
        seen.exhausted >= 100 && seen.moves >= 100 && seen.returns >= 500,
        "{seen:?}"
    );
    assert!(
        seen.crashes >= 10_000 && seen.restarts >= 200 && seen.corruptions >= 200,
        "{seen:?}"
    );
    assert!(
        seen.merges >= 100 && seen.moved_by_merge >= 100 && seen.outages >= 100,
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
    merges: usize,
    moved_by_merge: usize,
    /// Steps in which a cluster was lost.
    outages: usize,
}

struct Walk {
    random: Random,
    now_ms: u64,
    names: u32,
    sites: [Site; 2],
    /// The site that takes the step.
    at: usize,
    seen: Seen,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Walk {
            random: Random(seed),
            now_ms: 1_760_000_000_000,
            names: 0,
            sites: [Site::new(), Site::new()],
            at: 0,
            seen: Seen::default(),
        }
    }

    fn site(&mut self) -> &mut Site {
        &mut self.sites[self.at]
    }

    fn step(&mut self) {
        self.now_ms += self.random.below(STEP_MS_MAX);
        self.at = self.random.below(2) as usize;
        self.change_input();
        match self.random.below(32) {
            0 => self.restart(),
            1 => self.site().compact(),
            2 => self.now_ms -= self.random.below(10 * STEP_MS_MAX),
            3 => self.survive_corruption(),
            4 => self.agree_from_empty(),
            5 if self.random.below(2) == 0 => self.merge(),
            6 => self.site().is_cluster_lost ^= true,
            _ => {}
        }
        self.assign();
    }

    fn change_input(&mut self) {
        let live = self.site().live.len();
        let pins = self.site().pins.len();
        match self.random.below(20) {
            0..=5 if live < LIVE_MAX => self.add_name(),
            6..=8 if live < LIVE_MAX => self.bring_back(),
            0..=11 if live > LIVE_MIN => self.remove_name(),
            12..=14 if live > LIVE_MIN => {
                self.remove_name();
                self.add_name();
            }
            15 => self.change_families(),
            16 | 17 if pins < PINS_MAX => self.add_pin(),
            16..=18 => self.remove_pin(),
            _ => {}
        }
    }

    /// A new name, or one that the other site has.
    fn add_name(&mut self) {
        let families = self.random.families();
        let others: Vec<_> = self.sites[1 - self.at].live.keys().cloned().collect();
        let shared = self
            .random
            .pick(&others)
            .filter(|_| self.random.below(2) == 0);
        let key = shared.unwrap_or_else(|| {
            self.names += 1;
            // The number is turned so that new names fall anywhere in the order of names.
            let key = format!("n{:08x}.example", self.names.reverse_bits());
            VipKey::parse(&key).unwrap()
        });
        self.site().live.insert(key, families);
    }

    fn bring_back(&mut self) {
        // Mostly one that left lately: its address may still be free.
        let gone = &self.sites[self.at].gone;
        let recent = gone.len().saturating_sub(10);
        if let Some(key) = self.random.pick(&gone[recent..]) {
            let families = self.random.families();
            let site = self.site();
            site.gone.retain(|gone| *gone != key);
            site.live.insert(key, families);
        }
    }

    fn remove_name(&mut self) {
        let names = self.site().free_names();
        if let Some(key) = self.random.pick(&names) {
            let site = self.site();
            site.live.remove(&key);
            site.gone.push(key);
        }
    }

    fn change_families(&mut self) {
        let names = self.site().free_names();
        if let Some(key) = self.random.pick(&names) {
            let families = self.random.families();
            self.site().live.insert(key, families);
        }
    }

    /// On an address that somebody holds, or on any; for a stranger, or for the holder itself.
    fn add_pin(&mut self) {
        let held: Vec<_> = self.site().memory.held.values().copied().collect();
        let (_, block) = BLOCKS[self.random.below(2) as usize];
        let any: Vec<_> = block_addresses(block);
        let from = if self.random.below(2) == 0 { held } else { any };
        let Some(address) = self.random.pick(&from) else {
            return;
        };
        let stranger = VipKey::parse(&format!("pin-{}.example", self.random.below(1000))).unwrap();
        let holder = self.site().ledger.key_of(address).cloned();
        let key = holder
            .filter(|_| self.random.below(4) == 0)
            .unwrap_or(stranger);
        let by = if self.random.below(2) == 0 {
            GivenBy::User
        } else {
            GivenBy::Allocator
        };
        self.site().pins.insert(address, Given { key, by });
    }

    fn remove_pin(&mut self) {
        let pins: Vec<_> = self.site().pins.keys().copied().collect();
        if let Some(address) = self.random.pick(&pins) {
            self.site().pins.remove(&address);
        }
    }

    fn restart(&mut self) {
        self.site().restart();
        self.seen.restarts += 1;
    }

    fn survive_corruption(&mut self) {
        let (random, site) = (&mut self.random, &self.sites[self.at]);
        self.seen.corruptions += usize::from(site.survive_corruption(random, self.now_ms));
    }

    fn agree_from_empty(&mut self) {
        let (random, site) = (&mut self.random, &self.sites[self.at]);
        site.agree_from_empty(random, self.now_ms);
    }

    fn assign(&mut self) {
        let site = &mut self.sites[self.at];
        self.seen.outages += usize::from(site.is_cluster_lost);
        let assignment = site.assign(&mut self.random, self.now_ms, &mut self.seen);
        site.check(&assignment, self.now_ms, &mut self.seen);
    }

    /// The site takes in the other's ledger.
    fn merge(&mut self) {
        let other = self.sites[1 - self.at].ledger.clone();
        let site = &mut self.sites[self.at];
        site.merge(&other, &mut self.random, self.now_ms, &mut self.seen);
        self.seen.merges += 1;
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
