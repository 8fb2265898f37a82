//! [`Ledger::merge`]: two ledgers become one.

use super::apply::rank;
use super::demand::Place;
use super::key::VipKey;
use super::ledger::{Ledger, Standing};
use super::past::pair_of;
use super::record::{Record, RecordState};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::IpAddr;

/// What [`Ledger::merge`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeOutcome {
    /// Records that changed, in the order to append them to the journal.
    pub changes: Vec<Record>,
    /// Claims that another one beats, of both ledgers: the next [`Ledger::settle`] ends them.
    pub contested: Vec<(VipKey, IpAddr)>,
}

/// Records by what they are about.
type Joined = BTreeMap<(IpAddr, VipKey), Record>;

impl Ledger {
    /// Takes in what another ledger knows.
    ///
    /// Records are the unit. Of two records about the same key and address the later one stands,
    /// with the earlier first sight. Then every claim to an address is served in this order:
    /// pinned, then written by another allocator, then imported, then the earlier first seen, then
    /// the smaller key, then the smaller address. A claim fails when its address is taken, or when
    /// it is allotted and its key has a better one in that family. It is kept as
    /// [`RecordState::Contested`].
    ///
    /// No time enters, nobody is allotted anything, and no record is dropped: who holds what is a
    /// function of the joined records. So merging is commutative, associative and idempotent, in
    /// records, holders and contested claims alike.
    ///
    /// # Calling protocol
    /// The next [`Ledger::assign`] or [`Ledger::settle`] ends what is contested: a name that lost
    /// its address gets the next free candidate, in the order of the keys, and the old address
    /// leads back to it for the largest TTL ([`Ledger::former_of`]). That is the same for
    /// `a.merge(b)` and `b.merge(a)` too, but not for merges with such calls in between: an address
    /// allotted between two merges is a fact for the second. Publish nothing between the two.
    ///
    /// Names and given addresses of the other ledger count as wanted until [`Ledger::assign`] says
    /// what is. Clocks decide what is later and earlier, so those of the two should agree. An older
    /// copy of a ledger brings nothing back that ended less than a quarantine ago.
    pub fn merge(&mut self, other: &Ledger) -> MergeOutcome {
        self.adopt();
        let mut joined = Joined::new();
        for record in self.all_records().chain(other.all_records()) {
            join(&mut joined, record);
        }
        let changes = self.differing(resolved(joined));
        let overruled = changes
            .iter()
            .filter_map(|record| self.overruled_by(record));
        let overruled: Vec<Record> = overruled.collect();
        self.demand.overruled.extend(overruled);
        for record in &changes {
            self.apply(record.clone());
        }
        self.want_all_of(other);
        self.disturb();
        let contested = self.past.contested().map(pair_of).collect();
        MergeOutcome { changes, contested }
    }

    /// What of the resolved records is not here, or not in the same place, in an order in which
    /// [`Ledger::apply`] makes them so: who ends, who held last, who holds.
    fn differing(&self, resolved: Resolved) -> Vec<Record> {
        let mut changes: Vec<Record> = resolved.past.into_values().collect();
        changes.retain(|record| self.past.get(&pair_of(record)) != Some(record));
        let holders = resolved.holders.into_values();
        changes.extend(holders.filter(|record| self.record(record.address) != Some(record)));
        changes.sort_by(|a, b| order(a).cmp(&order(b)));
        changes
    }

    /// What was allotted here and is not any more by what the other ledger knows.
    fn overruled_by(&self, record: &Record) -> Option<Record> {
        let is_over = !record.is_allotted() && record.state != RecordState::Contested;
        let held = self.record(record.address)?;
        (is_over && held.is_allotted() && held.key == record.key).then(|| held.clone())
    }

    fn want_all_of(&mut self, other: &Ledger) {
        if other.standing != Standing::Untold {
            for (place, &pool) in &other.demand.wanted {
                self.demand.want(place, pool);
            }
        }
        self.adopt_claims();
    }
}

/// Records in their places.
#[derive(Default)]
struct Resolved {
    holders: BTreeMap<IpAddr, Record>,
    past: BTreeMap<(VipKey, IpAddr), Record>,
}

/// Takes a record into the joined set. A contested claim is a claim: who loses is settled anew.
fn join(joined: &mut Joined, record: &Record) {
    let mut record = record.clone();
    if record.state == RecordState::Contested {
        record.state = RecordState::Active;
    }
    let about = (record.address, record.key.clone());
    match joined.get_mut(&about) {
        None => {
            joined.insert(about, record);
        }
        Some(known) => {
            let first_seen_ms = known.first_seen_ms.min(record.first_seen_ms);
            if standing(&record) > standing(known) {
                *known = record;
            }
            known.first_seen_ms = first_seen_ms;
        }
    }
}

/// Of two records about the same key and address the greater one stands. A total order on all but
/// the first sight.
fn standing(record: &Record) -> impl Ord + use<> {
    let life = Reverse(record.state);
    (
        record.changed_ms,
        life,
        Reverse(record.origin),
        Reverse(record.pool),
    )
}

/// Who holds what: a function of the joined records alone.
fn resolved(joined: Joined) -> Resolved {
    let mut resolved = Resolved::default();
    let (mut claims, rest): (Vec<Record>, Vec<Record>) = joined
        .into_values()
        .partition(|record| record.state == RecordState::Active);
    claims.sort_unstable_by(|a, b| precedence(a).cmp(&precedence(b)));
    let mut served: BTreeSet<Place> = BTreeSet::new();
    for claim in claims {
        let place = (claim.key.clone(), claim.family());
        let is_allotted = claim.is_allotted();
        if resolved.holders.contains_key(&claim.address) || (is_allotted && served.contains(&place))
        {
            let state = RecordState::Contested;
            resolved.shelve(Record { state, ..claim });
            continue;
        }
        if is_allotted {
            served.insert(place);
        }
        resolved.holders.insert(claim.address, claim);
    }
    for record in rest {
        if record.state == RecordState::Released {
            resolved.place_release(record);
        } else {
            resolved.shelve(record);
        }
    }
    resolved
}

impl Resolved {
    fn shelve(&mut self, record: Record) {
        self.past.insert(pair_of(&record), record);
    }

    /// The last release of an address that nobody holds says who had it.
    fn place_release(&mut self, record: Record) {
        match self.holders.get_mut(&record.address) {
            None => {
                self.holders.insert(record.address, record);
            }
            Some(held) if held.state == RecordState::Released && rank(held) < rank(&record) => {
                let lesser = core::mem::replace(held, record);
                self.shelve(lesser);
            }
            Some(_) => self.shelve(record),
        }
    }
}

/// Order in which claims are served.
fn precedence(claim: &Record) -> impl Ord + '_ {
    (
        claim.origin,
        claim.first_seen_ms,
        claim.key.as_str(),
        claim.address,
    )
}

/// Order in which records are to be applied.
fn order(record: &Record) -> impl Ord + '_ {
    let step = match record.state {
        RecordState::Moved
        | RecordState::Contested
        | RecordState::Tombstone
        | RecordState::Forgotten => 0,
        RecordState::Released => 1,
        RecordState::Active => 2,
    };
    (step, rank(record), record.address)
}
