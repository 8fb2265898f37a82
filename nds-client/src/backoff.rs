//! [`Backoff`]: how long to wait before the next attempt to connect.

use std::time::Duration;

/// Upper bound of the delay before the first retry: a control plane that restarts is back in less.
pub const DELAY_FIRST: Duration = Duration::from_millis(100);
/// Upper bound of every delay: what xDS clients commonly use, so that a thousand waiting clients
/// make well under a hundred attempts a second.
pub const DELAY_MAX: Duration = Duration::from_secs(30);

/// Exponential backoff with full jitter: a delay is uniform between nothing and a bound that
/// doubles with every failed attempt, so that clients cut off together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
}

impl Default for Backoff {
    /// From [`DELAY_FIRST`] to [`DELAY_MAX`].
    fn default() -> Self {
        Backoff::new(DELAY_FIRST, DELAY_MAX)
    }
}

impl Backoff {
    /// Bounds of the delay before the first retry and before any; `max` wins if it is the smaller.
    pub fn new(first: Duration, max: Duration) -> Self {
        Backoff {
            first: first.min(max),
            max,
        }
    }

    /// The delay after `attempt` failures in a row, 0 being the first. The caller counts them and
    /// starts again from 0 once a stream has brought a table.
    ///
    /// `seed` must differ between processes; equal seeds give equal delays.
    pub fn delay(&self, attempt: u32, seed: u64) -> Duration {
        let bound = u64::try_from(self.bound(attempt).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(fraction_of(bound, mixed(seed, attempt)))
    }

    /// The largest delay after `attempt` failures in a row.
    pub fn bound(&self, attempt: u32) -> Duration {
        let factor = 1u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.max)
    }
}

/// `bound` times `random / 2^64`: uniform from 0 to `bound`, without the bias of a remainder.
fn fraction_of(bound: u64, random: u64) -> u64 {
    let product = u128::from(bound) * u128::from(random);
    (product >> 64) as u64
}

/// A number for that seed and attempt: one step of SplitMix64 (Steele, Lea, Flood 2014), which
/// spreads neighbouring seeds over the whole range.
fn mixed(seed: u64, attempt: u32) -> u64 {
    const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
    let steps = u64::from(attempt).wrapping_add(1);
    let state = finalised(seed).wrapping_add(GOLDEN_GAMMA.wrapping_mul(steps));
    finalised(state)
}

fn finalised(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: u64 = 10_000;

    #[test]
    fn the_bound_doubles_up_to_the_maximum_and_stays() {
        let bounds: Vec<_> = [0, 1, 2, 8, 9, 31, 32, u32::MAX]
            .map(|attempt| Backoff::default().bound(attempt).as_millis())
            .to_vec();
        assert_eq!(
            bounds,
            [100, 200, 400, 25_600, 30_000, 30_000, 30_000, 30_000]
        );
    }

    #[test]
    fn no_delay_is_above_its_bound() {
        let backoff = Backoff::default();
        for attempt in 0..64 {
            for seed in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
                assert!(backoff.delay(attempt, seed) <= backoff.bound(attempt));
            }
        }
    }

    #[test]
    fn the_same_attempt_and_seed_give_the_same_delay() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(7, 42), backoff.delay(7, 42));
        assert_ne!(backoff.delay(7, 42), backoff.delay(7, 43));
        assert_ne!(backoff.delay(10, 42), backoff.delay(11, 42));
    }

    #[test]
    fn delays_of_neighbouring_seeds_are_spread_evenly_from_nothing_to_the_bound() {
        for attempt in [0, 5, 40] {
            let mut tenths = [0; 10];
            let bound = Backoff::default().bound(attempt).as_nanos();
            for seed in 0..SEEDS {
                let delay = Backoff::default().delay(attempt, seed).as_nanos();
                tenths[(delay * 10 / bound) as usize] += 1;
            }
            // A thousand are expected in each; 150 is five standard deviations.
            assert!(
                tenths.iter().all(|count| (850..=1150).contains(count)),
                "{tenths:?}"
            );
        }
    }

    #[test]
    fn a_maximum_below_the_first_bound_wins() {
        let backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!(backoff.bound(0), Duration::from_secs(1));
    }

    #[test]
    fn without_a_bound_there_is_no_delay() {
        assert_eq!(
            Backoff::new(Duration::ZERO, DELAY_MAX).delay(20, 3),
            Duration::ZERO
        );
    }
}
