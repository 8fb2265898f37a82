//! [`Retired`]: snapshots that were replaced, until nobody answers from them.

use dns_core::Snapshot;
use std::sync::Arc;

/// Snapshots that were replaced. Each is freed here when no worker holds it any more: the table of
/// a million names takes tens of milliseconds to free, in which a worker would answer nobody.
///
/// There are at most as many as holders: a worker holds one at a time, and so does an admin page.
#[derive(Debug, Default)]
pub(crate) struct Retired(Vec<Arc<Snapshot>>);

impl Retired {
    /// Adds one that was replaced.
    pub(crate) fn add(&mut self, snapshot: Arc<Snapshot>) {
        self.0.push(snapshot);
    }

    /// Frees those that nobody holds.
    pub(crate) fn free(&mut self) {
        // What only we hold, nobody can come to hold.
        self.0.retain(|snapshot| Arc::strong_count(snapshot) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::snapshot;

    #[test]
    fn a_snapshot_is_freed_when_its_last_holder_has_let_it_go() {
        let mut retired = Retired::default();
        let held = Arc::new(snapshot(Vec::new()));
        let freed = Arc::downgrade(&held);
        retired.add(Arc::clone(&held));
        retired.free();
        drop(held);
        assert!(
            freed.upgrade().is_some(),
            "the last holder does not free it"
        );
        retired.free();
        assert!(freed.upgrade().is_none());
    }
}
