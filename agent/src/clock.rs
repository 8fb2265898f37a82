//! Wall-clock time that does not jump while the process is up.

use std::time::{Duration, Instant, SystemTime};

/// The wall clock at the start of the process, carried on by a steady clock: a clock that is set
/// while we are up neither shortens a quarantine nor makes an address look older than it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    start_ms: u64,
    steady: Instant,
}

impl WallClock {
    /// Reads both clocks. A wall clock before 1970 counts as 1970.
    pub(crate) fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let start_ms = since_1970.map_or(0, |since| since.as_millis() as u64);
        WallClock {
            start_ms,
            steady: Instant::now(),
        }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        self.start_ms + self.elapsed().as_millis() as u64
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.steady.elapsed()
    }
}
