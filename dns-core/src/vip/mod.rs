//! Virtual addresses: which name holds which, and why.
//!
//! A name without an address of its own gets one from a [`Pool`], of each family it wants, and
//! keeps it for as long as it lives. The [`Ledger`] decides that and remembers it; it reads no
//! clock and touches no disk.
//!
//! ```text
//!  names that want addresses ─┐                            ┌─▶ addresses into the table
//!  addresses given by objects ┼─▶ assign │ settle ─────────┤
//!                        time ┘      │        ▲            └─▶ Assignment::changes ─▶ disk
//!                                    ▼        │
//!                         Candidates: keyed hash     journal::replay at start
//! ```
//!
//! The table compiler calls [`Ledger::assign`] with the complete set when it has compiled
//! everything, and [`Ledger::settle`] with what is different when one object has changed: that
//! costs no more than the change. A sequence of one gives the same ledger as the same sequence of
//! the other. The process that owns the disk appends the changes to its [`journal`] before it
//! publishes the table. A query never comes here.
//!
//! # What is promised
//!
//! - Two names never hold one address. (An address that a user writes for several names is theirs
//!   to share; it is never allotted.)
//! - An address moves only when an object gives it to a name, when it is imported for another or
//!   the name for it ([`Ledger::import`]), when the operator has it moved to its pool
//!   ([`Ledger::migrate`]), or when two ledgers that allotted apart are merged. The old one stays in
//!   [`Ledger::former_of`] for the largest TTL.
//! - From an empty ledger the same set gives the same addresses everywhere: keys are served in the
//!   order of their octets, each with its first free candidate ([`Candidates`]). Families do not
//!   depend on each other.
//! - A released address rests for the quarantine (48 hours by default, never under ten times the
//!   largest TTL), also one that an object gave. A name that comes back gets the address it had, in
//!   quarantine or later if nobody has taken it.
//! - An imported address is its name's whether or not an object wants it.
//! - A full pool leaves everybody as they are. New names get nothing, are reported, and are served
//!   by a later call when an address has become free. The ledger sees it by counting, without
//!   trying candidates.
//!
//! # The clock
//!
//! Quarantine is measured on the wall clock, because it outlives the process. A clock that is set
//! back makes it longer by as much. A clock that leaps ahead makes it shorter by as much, and the
//! ledger cannot tell a leap from a long sleep: a caller that has a steady clock too should not let
//! `now_ms` run ahead of it while it is up.
//!
//! # Merging
//!
//! [`Ledger::merge`] joins the records of two ledgers and derives who holds what from the joined
//! set; that part is commutative, associative and idempotent. The next call of `assign` or `settle`
//! gives those who lost their address another: one that came before the second of two merges is a
//! fact to that. Pairs that are over stay as tombstones for a
//! quarantine, so that an older copy of a ledger does not bring them back.

mod apply;
mod assign;
mod candidate;
mod config;
mod crc;
mod demand;
mod import;
pub mod journal;
mod key;
mod ledger;
mod merge;
mod migrate;
mod occupancy;
mod past;
mod pool;
mod record;
mod turn;

pub use assign::{Assignment, Move};
pub use candidate::{Candidates, HASH_KEY};
pub use config::{QUARANTINE_SECS, QUARANTINE_TTLS, RECORDS_MAX, TTL_MAX_SECS, VipConfig};
pub use demand::{Change, Given, GivenBy, Want};
pub use import::{ImportConflict, ImportOutcome, ImportRefusal, ImportedAddress};
pub use key::{KEY_MAX, VipKey, VipKeyError};
pub use ledger::Ledger;
pub use merge::MergeOutcome;
pub use migrate::PlannedMove;
pub use pool::{
    Family, INSTANCES_V4, INSTANCES_V6, NAMES_V4, NAMES_V6, Pool, PoolError, PoolKind, Pools,
};
pub use record::{Origin, Record, RecordState};

#[cfg(test)]
mod tests;
