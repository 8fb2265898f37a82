//! [`Draft`]: an entry before the ledger has given it addresses.

use super::report::ObjectRef;
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{HostEntry, VipWanted};

/// An entry before the ledger has given it addresses.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The entry with the addresses that are known. It is large and handed on often.
    pub(super) entry: Box<HostEntry>,
    /// Virtual addresses that it takes, in the order of its addresses.
    pub(super) wants: Vec<VipWant>,
    /// Which rule made it.
    pub(super) rule: &'static str,
    /// Objects it is made of, the owner first.
    pub(super) sources: Vec<ObjectRef>,
}

/// A virtual address that an entry takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VipWant {
    pub(super) key: VipKey,
    pub(super) pool: PoolKind,
    pub(super) families: Families,
}

/// Families that an address is wanted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Families {
    pub(super) v4: bool,
    pub(super) v6: bool,
}

impl Families {
    pub(super) const BOTH: Families = Families { v4: true, v6: true };
}

impl Draft {
    /// A draft of an entry that has all its addresses.
    pub(super) fn new(entry: HostEntry, rule: &'static str, sources: Vec<ObjectRef>) -> Self {
        Draft {
            entry: Box::new(entry),
            wants: Vec::new(),
            rule,
            sources,
        }
    }

    /// Has it take the address of that key, too.
    pub(super) fn want(&mut self, key: VipKey, pool: PoolKind, families: Families) {
        let wanted = self.entry.vip_wanted;
        self.entry.vip_wanted = VipWanted {
            v4: wanted.v4 || families.v4,
            v6: wanted.v6 || families.v6,
        };
        self.wants.push(VipWant {
            key,
            pool,
            families,
        });
    }

    /// Whether it will answer anything once it has its addresses.
    pub(super) fn will_answer(&self) -> bool {
        self.entry.is_answerable() || !self.wants.is_empty()
    }
}
