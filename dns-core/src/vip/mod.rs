//! Virtual addresses: which name holds which, and why.
//!
//! A name without an address of its own gets one from a [`Pool`], of each family it wants, and
//! keeps it for as long as it lives. The [`Ledger`] decides that and remembers it; it reads no
//! clock and touches no disk.
//!
//! ```text
//!  names that want addresses ─┐                            ┌─▶ addresses into the table
//!  addresses given by objects ┼─▶ Ledger::assign(now, …) ──┤
//!                        time ┘      │        ▲            └─▶ Assignment::changes ─▶ disk
//!                                    ▼        │
//!                         Candidates: keyed hash     journal::replay at start
//! ```
//!
//! The table compiler calls [`Ledger::assign`] with the complete set of the moment. The process
//! that owns the disk appends the changes to its [`journal`] before it publishes the table. A query
//! never comes here.
//!
//! # What is promised
//!
//! - Two names never hold one address. (An address that a user writes for several names is theirs
//!   to share; it is never allotted.)
//! - An address moves only when an object gives it to a name. The old one stays in
//!   [`Ledger::former_of`] for the largest TTL.
//! - From an empty ledger the same set gives the same addresses everywhere: keys are served in the
//!   order of their octets, each with its first free candidate ([`Candidates`]). Families do not
//!   depend on each other.
//! - A released address rests for the quarantine (48 hours by default, never under ten times the
//!   largest TTL), also one that an object gave. A name that comes back gets the address it had, in
//!   quarantine or later if nobody has taken it.
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
//! Records carry what a merge of two ledgers needs to decide (origin, first seen, state and since
//! when). Merging itself is not built. Tombstones are written to the journal and not kept in
//! memory or in snapshots.

mod assign;
mod candidate;
mod crc;
pub mod journal;
mod key;
mod ledger;
mod pool;
mod record;

pub use assign::{Assignment, Given, GivenBy, Move, Want};
pub use candidate::{Candidates, HASH_KEY};
pub use key::{KEY_MAX, VipKey, VipKeyError};
pub use ledger::{Ledger, QUARANTINE_SECS, QUARANTINE_TTLS, RECORDS_MAX, TTL_MAX_SECS, VipConfig};
pub use pool::{
    Family, INSTANCES_V4, INSTANCES_V6, NAMES_V4, NAMES_V6, Pool, PoolError, PoolKind, Pools,
};
pub use record::{Origin, Record, RecordState};

#[cfg(test)]
mod tests;
