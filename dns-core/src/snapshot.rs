//! All that a resolver consults, published whole.

use crate::answer::Recursion;
use crate::forward::ForwardPolicy;
use crate::table::NameTable;
use crate::view::Views;
use crate::wire::{Name, NameBuf};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// All that a resolver consults, published whole.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The table.
    pub table: Arc<NameTable>,
    /// Views by client.
    pub views: Views,
    /// Zones we are the authority for: what the table does not have there does not exist.
    pub zones: Vec<NameBuf>,
    /// Where the rest goes.
    pub forward: ForwardPolicy,
}

impl Snapshot {
    /// The apex of the longest of our zones that `name` is in.
    pub(crate) fn zone_of(&self, name: Name<'_>) -> Option<&NameBuf> {
        let zones = self
            .zones
            .iter()
            .filter(|zone| name.ends_with(zone.as_name()));
        zones.max_by_key(|zone| zone.as_name().label_count())
    }

    pub(crate) fn recursion(&self) -> Recursion {
        if self.forward.is_forwarding() {
            Recursion::Available
        } else {
            Recursion::Unavailable
        }
    }
}
