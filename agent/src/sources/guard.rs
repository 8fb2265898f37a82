//! Holds back changes that look like an accident: a source that is gone, empty, or much smaller.

use std::time::Duration;

/// Items of a source that may go at once however small the rest is.
const LOSS_ALWAYS_ALLOWED: usize = 100;
/// How long a partial loss is held. An operator sees it in the log and on `/readyz` in that time;
/// a rollout that is meant is not held up for long.
pub(super) const PARTIAL_HOLD: Duration = Duration::from_secs(30);

/// What to do with a new content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Serve it.
    Serve,
    /// Go on serving the old one.
    Hold,
}

#[derive(Debug, Default)]
pub(super) struct Guard {
    hold: Option<Hold>,
    is_released: bool,
}

#[derive(Debug)]
struct Hold {
    reason: String,
    ends: Option<Duration>,
}

impl Guard {
    /// Judges a change from `served` items to `latest`. `elapsed` is steady time.
    pub(super) fn judge(&mut self, served: usize, latest: usize, elapsed: Duration) -> Verdict {
        let loss = served.saturating_sub(latest);
        let ends = match (served, latest) {
            (0, _) => return self.serve(),
            (_, 0) => None,
            _ if loss > LOSS_ALWAYS_ALLOWED && loss > served / 2 => {
                let running = self.hold.as_ref().and_then(|hold| hold.ends);
                Some(running.unwrap_or(elapsed + PARTIAL_HOLD))
            }
            _ => return self.serve(),
        };
        if self.is_released || ends.is_some_and(|ends| ends <= elapsed) {
            return self.serve();
        }
        let reason = match latest {
            0 => format!(
                "the source is gone or empty; its {served} items are served as they were; \
                 bring it back, or send SIGHUP if it is meant"
            ),
            _ => format!(
                "{loss} of {served} items are gone; the rest is applied {} s after the loss, \
                 or on SIGHUP",
                PARTIAL_HOLD.as_secs()
            ),
        };
        self.hold = Some(Hold { reason, ends });
        Verdict::Hold
    }

    fn serve(&mut self) -> Verdict {
        *self = Guard::default();
        Verdict::Serve
    }

    /// Lets the next judgement through.
    pub(super) fn release(&mut self) {
        self.is_released = self.hold.is_some();
    }

    /// Why something is held, if it is.
    pub(super) fn reason(&self) -> Option<&str> {
        self.hold.as_ref().map(|hold| hold.reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn an_empty_source_is_held_until_it_is_released_or_comes_back() {
        let mut guard = Guard::default();
        assert_eq!(guard.judge(5, 0, NOW), Verdict::Hold);
        assert_eq!(guard.judge(5, 0, NOW + PARTIAL_HOLD * 100), Verdict::Hold);
        guard.release();
        assert_eq!(guard.judge(5, 0, NOW), Verdict::Serve);
        assert_eq!(
            guard.judge(5, 0, NOW),
            Verdict::Hold,
            "a release is for one change"
        );
        assert_eq!(guard.judge(5, 5, NOW), Verdict::Serve);
        assert!(guard.reason().is_none());
    }

    #[test]
    fn a_loss_of_more_than_half_and_more_than_a_hundred_is_held_for_30_s() {
        let mut guard = Guard::default();
        assert_eq!(guard.judge(1000, 400, NOW), Verdict::Hold);
        assert_eq!(
            guard.judge(1000, 400, NOW + PARTIAL_HOLD / 2),
            Verdict::Hold
        );
        assert_eq!(guard.judge(1000, 400, NOW + PARTIAL_HOLD), Verdict::Serve);
        for (served, latest) in [(1000, 500), (100, 1), (150, 51), (0, 0), (5, 9)] {
            assert_eq!(Guard::default().judge(served, latest, NOW), Verdict::Serve);
        }
    }

    #[test]
    fn a_source_that_was_empty_may_stay_so() {
        let mut guard = Guard::default();
        guard.release();
        assert_eq!(guard.judge(0, 0, NOW), Verdict::Serve);
    }
}
