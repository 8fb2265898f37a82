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

    /// Whether the key holds the address because the ledger says so: allotted by it, or imported.
    pub fn is_allotted(&self) -> bool {
        self.state == RecordState::Active && !self.origin.is_object()
    }

    /// Whether the key holds the address because an object says so.
    pub(super) fn is_given(&self) -> bool {
        self.state == RecordState::Active && self.origin.is_object()
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
    /// Two ledgers that were merged gave it to two keys, or gave the key two addresses, and the
    /// other claim is better. The next call settles it.
    Contested,
    /// The pair is over. Kept for a quarantine, so that an older copy of the ledger does not bring
    /// it back in a merge.
    Tombstone,
    /// Nothing is known about the pair any more. Only in journals.
    Forgotten,
}

impl RecordState {
    /// All states.
    pub const ALL: [RecordState; 6] = [
        RecordState::Active,
        RecordState::Released,
        RecordState::Moved,
        RecordState::Contested,
        RecordState::Tombstone,
        RecordState::Forgotten,
    ];

    /// Fixed text for output and the journal.
    pub fn label(self) -> &'static str {
        match self {
            RecordState::Active => "active",
            RecordState::Released => "released",
            RecordState::Moved => "moved",
            RecordState::Contested => "contested",
            RecordState::Tombstone => "tombstone",
            RecordState::Forgotten => "forgotten",
        }
    }
}

/// How a key came by an address. The order is precedence, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A user wrote it (`spec.addresses`, `ProductName.vip`).
    Pinned,
    /// Another allocator wrote it into an object (`status.addresses`).
    Status,
    /// An operator brought it from the map of another system ([`super::Ledger::import`]). It is
    /// the key's whether or not an object wants it.
    Imported,
    /// The ledger allotted it.
    Allotted,
}

impl Origin {
    /// All origins.
    pub const ALL: [Origin; 4] = [
        Origin::Pinned,
        Origin::Status,
        Origin::Imported,
        Origin::Allotted,
    ];

    /// Fixed text for output and the journal.
    pub fn label(self) -> &'static str {
        match self {
            Origin::Pinned => "pinned",
            Origin::Status => "status",
            Origin::Imported => "imported",
            Origin::Allotted => "allotted",
        }
    }

    /// Whether an object says it, and stops saying it when it goes.
    pub(super) fn is_object(self) -> bool {
        match self {
            Origin::Pinned | Origin::Status => true,
            Origin::Imported | Origin::Allotted => false,
        }
    }
}
