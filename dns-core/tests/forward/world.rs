//! Servers with delays, losses and moods around a rig, in virtual time.

use crate::messages::{self, RD};
use crate::rig::{Asked, Rig};
use dns_core::ExchangeId;
use dns_core::reply::Outcome;
use dns_core::wire::Rtype;
use std::collections::{BTreeMap, BTreeSet};

/// A small generator with a fixed seed: every run is the same.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    /// Whether something of that chance in 1,000 happens.
    pub(crate) fn per_mille(&mut self, chance: usize) -> bool {
        self.below(1_000) < chance
    }
}

/// What a server does about a message.
pub(crate) enum Act {
    /// Nothing.
    Silence,
    /// Answers after so many milliseconds.
    Answer(u64, Vec<u8>),
    /// Its port is closed.
    Closed,
}

type Mood = Box<dyn FnMut(&Asked, &mut Dice) -> Act>;

/// How a question ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) asked_at: u64,
    pub(crate) took_ms: u64,
    pub(crate) is_good: bool,
}

pub(crate) struct World {
    pub(crate) rig: Rig,
    pub(crate) ended: Vec<Ended>,
    moods: BTreeMap<u16, Mood>,
    wire: BTreeSet<(u64, u64, ExchangeId, Option<Vec<u8>>)>,
    dice: Dice,
    asked_at: BTreeMap<u64, u64>,
    sequence: u64,
    seen: [usize; 2],
}

impl World {
    pub(crate) fn new(rig: Rig, seed: u64) -> Self {
        World {
            rig,
            ended: Vec::new(),
            moods: BTreeMap::new(),
            wire: BTreeSet::new(),
            dice: Dice(seed),
            asked_at: BTreeMap::new(),
            sequence: 0,
            seen: [0; 2],
        }
    }

    /// The server of that port does what `mood` says.
    pub(crate) fn server(
        mut self,
        port: u16,
        mood: impl FnMut(&Asked, &mut Dice) -> Act + 'static,
    ) -> Self {
        self.moods.insert(port, Box::new(mood));
        self
    }

    /// Asks now.
    pub(crate) fn ask(&mut self, name: &str) {
        self.sequence += 1;
        let token = self.sequence;
        self.rig.client.token = token;
        let query = messages::query(token as u16, RD, name, Rtype::A, b"");
        self.asked_at.insert(token, self.rig.now);
        if !self.rig.ask_query(query) {
            self.asked_at.remove(&token);
            let is_good = self.rig.said.pop().is_some_and(|said| said[3] & 15 == 0);
            self.ended.push(Ended {
                asked_at: self.rig.now,
                took_ms: 0,
                is_good,
            });
        }
        self.carry();
    }

    /// Asks for a name of its own every so many milliseconds up to that time.
    pub(crate) fn ask_steadily(&mut self, every_ms: u64, until: u64) {
        while self.rig.now < until {
            self.ask(&format!("n{}.example", self.sequence));
            self.run_to(self.rig.now + every_ms);
        }
    }

    /// Asks so many names, each when the one before has ended.
    pub(crate) fn ask_one_by_one(&mut self, count: usize) {
        for _ in 0..count {
            let before = self.ended.len();
            self.ask(&format!("n{}.example", self.sequence));
            while self.ended.len() == before {
                let at = self.next().expect("a question in flight has a timeout");
                self.run_to(at);
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn run_to(&mut self, to: u64) {
        while let Some(at) = self.next().filter(|at| *at <= to) {
            self.rig.advance_to(at);
            self.carry();
            while let Some(parcel) = self.wire.first().filter(|parcel| parcel.0 <= at).cloned() {
                self.wire.remove(&parcel);
                match parcel.3 {
                    Some(message) => self.rig.deliver(parcel.2, &message),
                    None => self.rig.fail(parcel.2),
                }
                self.carry();
            }
        }
        self.rig.advance_to(to);
        self.carry();
    }

    /// Questions asked from that time on.
    pub(crate) fn since(&self, from: u64) -> Vec<Ended> {
        let mut ended = self.ended.clone();
        ended.retain(|ended| ended.asked_at >= from);
        ended
    }

    fn next(&self) -> Option<u64> {
        let parcel = self.wire.first().map(|parcel| parcel.0);
        let timeout = self.rig.forwarder.poll_timeout().map(|at| at.0);
        parcel.into_iter().chain(timeout).min()
    }

    /// Takes messages to servers, and notes what has ended.
    fn carry(&mut self) {
        let fresh: Vec<Asked> = [&self.rig.asked, &self.rig.probes]
            .into_iter()
            .zip(self.seen)
            .flat_map(|(messages, seen)| messages[seen..].to_vec())
            .collect();
        self.seen = [self.rig.asked.len(), self.rig.probes.len()];
        for asked in fresh {
            let mood = self.moods.get_mut(&asked.port).expect("a known server");
            let (delay_ms, message) = match mood(&asked, &mut self.dice) {
                Act::Silence => continue,
                Act::Answer(delay_ms, message) => (delay_ms, Some(message)),
                Act::Closed => (0, None),
            };
            self.sequence += 1;
            let at = self.rig.now + delay_ms;
            self.wire
                .insert((at, self.sequence, asked.exchange, message));
        }
        for done in self.rig.done.drain(..) {
            let asked_at = self.asked_at.remove(&done.waiter.client.token).unwrap();
            self.ended.push(Ended {
                asked_at,
                took_ms: done.at - asked_at,
                is_good: matches!(done.outcome, Outcome::Reply(_)),
            });
        }
    }
}

/// A good answer after so many milliseconds.
pub(crate) fn good(asked: &Asked, delay_ms: u64) -> Act {
    Act::Answer(delay_ms, messages::answer(&asked.message))
}

/// The share of questions that got an answer, in 10,000.
pub(crate) fn answered(ended: &[Ended]) -> usize {
    let good = ended.iter().filter(|ended| ended.is_good).count();
    good * 10_000 / ended.len()
}

/// The time within which that many of 1,000 questions ended, in milliseconds.
pub(crate) fn within(ended: &[Ended], per_mille: usize) -> u64 {
    let mut times: Vec<u64> = ended.iter().map(|ended| ended.took_ms).collect();
    times.sort_unstable();
    times[times.len() * per_mille / 1_000]
}
