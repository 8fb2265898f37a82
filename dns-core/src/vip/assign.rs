//! [`Ledger::assign`] and [`Ledger::settle`]: what decides who gets which address.

use super::demand::{Change, Demand, Given, Touched, Want, missing_in};
use super::key::VipKey;
use super::ledger::{Ledger, Standing};
use super::pool::Family;
use super::record::{Record, RecordState};
use super::turn::Turn;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// What one call of [`Ledger::assign`] or [`Ledger::settle`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Records that changed, in the order to append them to the journal. They belong on disk
    /// before any answer carries an address of theirs.
    pub changes: Vec<Record>,
    /// Wants that no pool could serve, in order. They are tried again with every later call. After
    /// [`Ledger::assign`] these are all that wait; after [`Ledger::settle`] those that this call
    /// left without address, and [`Ledger::waiting`] has all.
    pub exhausted: Vec<(VipKey, Family)>,
    /// Names that lost their address and live on.
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

impl Ledger {
    /// Brings the ledger in line with the names of the moment.
    ///
    /// `wants` is the complete set of wishes, in any order, duplicates allowed; `given` is every
    /// address that an object gives to a name. `now_ms` is wall-clock time in milliseconds since
    /// 1970. It is [`Ledger::settle`] with whatever differs from the call before.
    ///
    /// The caller appends [`Assignment::changes`] to its journal before it publishes. A name whose
    /// source is lost or in grace is still wanted: leaving it out is what releases its address.
    pub fn assign(
        &mut self,
        now_ms: u64,
        wants: impl IntoIterator<Item = Want>,
        given: &BTreeMap<IpAddr, Given>,
    ) -> Assignment {
        self.adopt();
        let touched = self.demand.replace(wants, given);
        let mut assignment = self.run(now_ms, touched);
        assignment.exhausted = self.waiting();
        assignment
    }

    /// Brings the ledger in line with a change of the names. The work is in proportion to the
    /// change, times the logarithm of the ledger's size.
    ///
    /// In this order: given addresses are taken from whoever was allotted them; keys that have an
    /// address keep it; keys that had one come back to it if nobody else has it; addresses that
    /// nobody wants any more are released; what is still missing is allotted in the order of the
    /// keys, first free candidate first. Nothing else moves an address.
    ///
    /// The first call after a replay, [`Ledger::merge`], [`Ledger::import`] or
    /// [`Ledger::reconfigure`] looks at the whole ledger. After a replay the names have to be told
    /// with [`Ledger::assign`], unless nothing may be released.
    ///
    /// Names that wait while their pool has room are tried with every call. That happens only in
    /// blocks of more than 4,096 addresses that are all but full ([`super::Candidates`]).
    pub fn settle(&mut self, now_ms: u64, change: &Change) -> Assignment {
        self.adopt();
        let touched = self.demand.take(change);
        self.run(now_ms, touched)
    }

    fn run(&mut self, now_ms: u64, mut touched: Touched) -> Assignment {
        if self.standing != Standing::Settled {
            self.touch_all(&mut touched);
        }
        self.standing = Standing::Settled;
        Turn::new(self, now_ms).run(touched)
    }

    /// Takes what the ledger holds as wanted and given, if nobody said what is.
    pub(super) fn adopt(&mut self) {
        if self.standing != Standing::Untold {
            return;
        }
        self.demand = Demand::default();
        self.adopt_claims();
        self.standing = Standing::Disturbed;
    }

    /// Takes every claim in the records as wanted, or as given, besides what is known to be.
    pub(super) fn adopt_claims(&mut self) {
        let contested = self.past.contested();
        let claims = self.holders.values().chain(contested);
        for record in claims.filter(|record| record.state != RecordState::Released) {
            if !record.origin.is_object() {
                let place = (record.key.clone(), record.family());
                self.demand.want(&place, record.pool);
            }
        }
        for address in &self.given {
            if let Some(given) = self.holders.get(address).and_then(Given::of_record) {
                self.demand.given.entry(*address).or_insert(given);
            }
        }
    }

    /// Everything that is wanted without having an address, and everything given.
    fn touch_all(&self, touched: &mut Touched) {
        for (address, given) in &self.demand.given {
            touched.given.insert(*address, given.clone());
        }
        let gone = self.given.iter();
        let gone = gone.filter(|address| !self.demand.given.contains_key(address));
        touched.ungiven.extend(gone);
        let missing = missing_in(&self.demand.wanted, &self.allotted);
        touched.wanted = missing
            .map(|(place, pool)| (place.clone(), *pool))
            .collect();
    }
}
