//! [`Record`]: one line of the ledger.

use super::key::VipKey;
use super::pool::{Family, PoolKind};
use core::net::IpAddr;

/// What the ledger knows about one address and one key.
///
/// A record is whole: the last one about an address says all there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The address.
    pub address: IpAddr,
    /// Who holds it or held it.
    pub key: VipKey,
    /// The pool it was allotted from, or lies in.
    pub pool: PoolKind,
    /// What is the case with it.
    pub state: RecordState,
    /// How the key came by it.
    pub origin: Origin,
    /// When the key first held the address, in milliseconds since 1970.
    pub first_seen_ms: u64,
    /// Since when it is in this state, in milliseconds since 1970.
    pub changed_ms: u64,
}

impl Record {
    /// The family of the address.
    pub fn family(&self) -> Family {
        Family::of(self.address)
    }

    /// When the address was released, if it is.
    pub fn released_at_ms(&self) -> Option<u64> {
        (self.state == RecordState::Released).then_some(self.changed_ms)
    }

    /// Whether the key holds the address because the ledger allotted it.
    pub fn is_allotted(&self) -> bool {
        self.state == RecordState::Active && self.origin == Origin::Allotted
    }

    /// Whether the key holds the address because an object says so.
    pub(super) fn is_given(&self) -> bool {
        self.state == RecordState::Active && self.origin != Origin::Allotted
    }
}

/// What is the case with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordState {
    /// The key holds it.
    Active,
    /// The key held it. In quarantine nobody else gets it; afterwards it is free, and still the
    /// key's if it comes back first.
    Released,
    /// The key lost it to another and holds a different one; for a while it still leads back to
    /// the key.
    Moved,
    /// Nothing is known about the pair any more. Only in journals.
    Tombstone,
}

impl RecordState {
    /// All states.
    pub const ALL: [RecordState; 4] = [
        RecordState::Active,
        RecordState::Released,
        RecordState::Moved,
        RecordState::Tombstone,
    ];

    /// Fixed text for output and the journal.
    pub fn label(self) -> &'static str {
        match self {
            RecordState::Active => "active",
            RecordState::Released => "released",
            RecordState::Moved => "moved",
            RecordState::Tombstone => "tombstone",
        }
    }
}

/// How a key came by an address. The order is precedence, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A user wrote it (`spec.addresses`, `ProductName.vip`).
    Pinned,
    /// Another allocator wrote it (`status.addresses`).
    Imported,
    /// The ledger allotted it.
    Allotted,
}

impl Origin {
    /// All origins.
    pub const ALL: [Origin; 3] = [Origin::Pinned, Origin::Imported, Origin::Allotted];

    /// Fixed text for output and the journal.
    pub fn label(self) -> &'static str {
        match self {
            Origin::Pinned => "pinned",
            Origin::Imported => "imported",
            Origin::Allotted => "allotted",
        }
    }
}
