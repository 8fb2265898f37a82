//! When the workers shall end: one word that any thread writes and all workers read.

use dns_core::Millis;
use std::sync::atomic::{AtomicU64, Ordering};

const NOT_WANTED: u64 = u64::MAX;

/// The time at which everything ends.
#[derive(Debug)]
pub(crate) struct Drain(AtomicU64);

impl Default for Drain {
    fn default() -> Self {
        Drain(AtomicU64::new(NOT_WANTED))
    }
}

impl Drain {
    /// Wants the end at `deadline` at the latest. Wanted a second time it is now.
    pub(crate) fn request(&self, deadline: Millis) {
        let first = Millis(deadline.0.min(NOT_WANTED - 1)).0;
        let asked =
            self.0
                .compare_exchange(NOT_WANTED, first, Ordering::Release, Ordering::Relaxed);
        if asked.is_err() {
            self.0.store(0, Ordering::Release);
        }
    }

    /// The deadline, if the end is wanted.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        let deadline = self.0.load(Ordering::Acquire);
        (deadline != NOT_WANTED).then_some(Millis(deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_sets_the_deadline_and_the_second_ends_at_once() {
        let drain = Drain::default();
        assert_eq!(drain.deadline(), None);
        drain.request(Millis(5_000));
        assert_eq!(drain.deadline(), Some(Millis(5_000)));
        drain.request(Millis(9_000));
        assert_eq!(drain.deadline(), Some(Millis(0)));
    }
}
