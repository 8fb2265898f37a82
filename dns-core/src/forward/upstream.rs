//! What is known of an upstream server: whether it answers, how fast, and what it can do.

use super::attempt::Patience;
use super::cookie::{Cookie, CookieJar};
use crate::server::Server;
use crate::transmit::{Millis, Transport};
use alloc::sync::Arc;

/// Shortest wait for an answer before the question is sent again, in milliseconds: an answer out
/// of a resolver's cache takes less almost anywhere, and eight tries fit in the default budget.
const RETRY_FLOOR_MS: u64 = 200;
/// A server that was silent for less is not down, in milliseconds: links fail over in that time.
const SILENCE_MIN_MS: u64 = 1_000;
/// Refused messages in a row after which a server is down: one may be a race with its restart.
const REFUSED_MAX: u32 = 2;
/// Share of messages lost, in 1/256, and how many in a row must be lost before that server counts
/// as down: by chance it happens once in about a million messages. A server that nothing is known
/// of gets one question.
const STREAKS: [(u32, u32); 6] = [(8, 4), (26, 6), (64, 10), (90, 14), (128, 20), (256, 24)];
const STREAK_UNKNOWN: u32 = 8;
/// Most losses in a row that change the share of messages lost.
const STREAK_COUNTED: u32 = 32;
/// Milliseconds for which a server that does not repeat the case of names is not asked to.
const CASE_OFF_MS: u64 = 600_000;
/// Answers in another case, without one in the right case between, after which that is so.
const CASE_FOLDS_MAX: u8 = 3;
/// Parts of a millisecond that times are smoothed in.
const UNITS: u64 = 64;

/// Whether a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    /// It does.
    Up,
    /// It did not of late: it is asked when nobody else is left.
    Suspect,
    /// It has not for long: it is not asked, only probed.
    Down,
}

/// An upstream server. Only silence and a closed port speak against it: what a spoofer can send
/// never changes anything here for the worse.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) server: Arc<Server>,
    pub(super) cookies: CookieJar,
    pub(super) probe: super::probe::Probing,
    /// Routes that name it.
    pub(super) routes: u32,
    health: Health,
    /// Messages in a row that were not answered.
    streak: u32,
    /// When the first of them was sent.
    silent_since: Option<Millis>,
    refused_at: Option<Millis>,
    answered_at: Option<Millis>,
    /// Share of messages lost, in 1/65536.
    loss: u32,
    delay: Option<Delay>,
    case_folds: u8,
    case_off_until: Option<Millis>,
}

/// Times of answers in 1/64 ms.
#[derive(Clone, Copy, Debug)]
struct Delay {
    smoothed: u64,
    deviation: u64,
    p95: u64,
}

/// What became of a server's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// Nothing.
    Not,
    /// It answers no longer.
    Worse,
    /// It answers again.
    Better,
}

impl Upstream {
    pub(super) fn new(server: Arc<Server>, cookie: Cookie) -> Self {
        Upstream {
            server,
            cookies: CookieJar::new(cookie),
            probe: Default::default(),
            routes: 0,
            health: Health::Up,
            streak: 0,
            silent_since: None,
            refused_at: None,
            answered_at: None,
            loss: 0,
            delay: None,
            case_folds: 0,
            case_off_until: None,
        }
    }

    pub(super) fn health(&self) -> Health {
        self.health
    }

    /// Notes an answer, with its delay if that says how fast the server is, and whether it was
    /// waited for that long.
    pub(super) fn answered(
        &mut self,
        now: Millis,
        delay_ms: Option<u64>,
        patience: Patience,
    ) -> Turned {
        for _ in 0..self.streak.min(STREAK_COUNTED) {
            self.note_loss(u32::from(u16::MAX));
        }
        self.note_loss(0);
        self.streak = 0;
        self.silent_since = None;
        self.refused_at = None;
        self.answered_at = Some(now);
        if let Some(delay_ms) = delay_ms {
            self.note_delay(delay_ms);
        }
        let health = match (patience, self.health) {
            (Patience::Waiting, _) | (Patience::Spent, Health::Up) => Health::Up,
            (Patience::Spent, Health::Suspect | Health::Down) => Health::Suspect,
        };
        self.turn(health)
    }

    /// Notes that a message sent at `sent_at` was not answered in time.
    pub(super) fn silent(&mut self, now: Millis, sent_at: Millis) -> Turned {
        if self.answered_at.is_some_and(|at| at > sent_at) {
            // It has answered others since: this message was lost, or is a hard one.
            self.note_loss(u32::from(u16::MAX));
            return Turned::Not;
        }
        self.streak += 1;
        let since = *self.silent_since.get_or_insert(sent_at);
        let is_down = self.streak >= self.streak_max() && now.since(since) >= SILENCE_MIN_MS;
        self.turn(if is_down {
            Health::Down
        } else {
            self.health.max(Health::Suspect)
        })
    }

    /// Notes that another server was first with the answer to a message sent at `sent_at`. How much
    /// longer it would have taken is not known; gives whether it took longer than usual, so that
    /// it is worth a probe.
    pub(super) fn outrun(&mut self, now: Millis, sent_at: Millis) -> bool {
        let waited_ms = now.since(sent_at);
        let has_answered = self.answered_at.is_some_and(|at| at > sent_at);
        let usual_ms = self
            .delay
            .map_or(RETRY_FLOOR_MS, |delay| delay.p95 / UNITS + 1);
        if has_answered || waited_ms <= usual_ms {
            return false;
        }
        self.note_delay(2 * waited_ms);
        true
    }

    /// Notes that it could not be reached. Of what happens at one moment one counts: a socket
    /// fails for all that it carries.
    ///
    /// A stream is refused as well when the server closes it, which it may do for one question
    /// that it does not like: that makes it suspect and never down.
    pub(super) fn refused(&mut self, now: Millis, transport: Transport) -> Turned {
        if transport == Transport::Tcp {
            return self.turn(self.health.max(Health::Suspect));
        }
        if self.refused_at == Some(now) {
            return Turned::Not;
        }
        self.refused_at = Some(now);
        self.streak += 1;
        self.silent_since.get_or_insert(now);
        self.turn(if self.streak >= REFUSED_MAX {
            Health::Down
        } else {
            self.health.max(Health::Suspect)
        })
    }

    /// Milliseconds to wait for an answer, at most `most_ms`.
    pub(super) fn patience_ms(&self, most_ms: u64) -> u64 {
        self.delay.map_or(most_ms, |delay| {
            let wait = (delay.smoothed + 4 * delay.deviation).div_ceil(UNITS);
            wait.max(RETRY_FLOOR_MS).min(most_ms)
        })
    }

    /// Milliseconds within which 95 of 100 answers come, at least 1 and at most `most_ms`.
    pub(super) fn hedge_ms(&self, most_ms: u64) -> u64 {
        self.delay.map_or(most_ms, |delay| {
            (delay.p95 / UNITS + 1).clamp(1, most_ms.max(1))
        })
    }

    /// How fast it answers; one that was never asked is tried first.
    pub(super) fn delay(&self) -> u64 {
        self.delay.map_or(0, |delay| delay.smoothed)
    }

    /// When it answered last.
    pub(super) fn answered_at(&self) -> Option<Millis> {
        self.answered_at
    }

    /// Whether it is believed to repeat the case of names.
    pub(super) fn keeps_case(&self, now: Millis) -> bool {
        self.case_off_until.is_none_or(|until| until <= now)
    }

    /// Notes an answer in another case than was asked in.
    pub(super) fn folded_case(&mut self, now: Millis) {
        self.case_folds += 1;
        if self.case_folds >= CASE_FOLDS_MAX {
            self.case_folds = 0;
            self.case_off_until = Some(now.plus(CASE_OFF_MS));
        }
    }

    /// Whether it has answered in another case of late.
    pub(super) fn has_folded_case(&self) -> bool {
        self.case_folds > 0
    }

    /// Notes an answer in the case that was asked in.
    pub(super) fn kept_case(&mut self) {
        self.case_folds = 0;
    }

    fn turn(&mut self, health: Health) -> Turned {
        let before = core::mem::replace(&mut self.health, health);
        match health.cmp(&before) {
            core::cmp::Ordering::Less => Turned::Better,
            core::cmp::Ordering::Equal => Turned::Not,
            core::cmp::Ordering::Greater => Turned::Worse,
        }
    }

    fn streak_max(&self) -> u32 {
        if self.answered_at.is_none() {
            return STREAK_UNKNOWN;
        }
        let lost = self.loss >> 8;
        let row = STREAKS.iter().find(|(share, _)| lost <= *share);
        row.map_or(STREAK_COUNTED, |(_, streak)| *streak)
    }

    fn note_loss(&mut self, sample: u32) {
        self.loss = (self.loss * 31 + sample) / 32;
    }

    fn note_delay(&mut self, delay_ms: u64) {
        let sample = delay_ms.saturating_mul(UNITS);
        let Some(delay) = &mut self.delay else {
            self.delay = Some(Delay {
                smoothed: sample,
                deviation: sample / 2,
                p95: sample,
            });
            return;
        };
        delay.deviation = (3 * delay.deviation + delay.smoothed.abs_diff(sample)) / 4;
        delay.smoothed = if sample < delay.smoothed / 2 {
            // It has recovered: believe it soon.
            (delay.smoothed + 3 * sample) / 4
        } else {
            (7 * delay.smoothed + sample) / 8
        };
        // Nineteen small steps down weigh as much as one up.
        let step = delay.p95 / 256 + 1;
        delay.p95 = if sample > delay.p95 {
            (delay.p95 + 19 * step).min(sample)
        } else {
            delay.p95.saturating_sub(step).max(sample)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::SocketAddr;

    fn upstream() -> Upstream {
        let address = SocketAddr::from(([192, 0, 2, 1], 53));
        Upstream::new(Arc::new(Server::plain(address)), [0; 8])
    }

    #[test]
    fn one_silence_makes_a_suspect_and_an_answer_in_time_clears_it() {
        let mut server = upstream();
        assert_eq!(server.silent(Millis(400), Millis(0)), Turned::Worse);
        assert_eq!(server.health(), Health::Suspect);
        assert_eq!(
            server.answered(Millis(500), Some(500), Patience::Spent),
            Turned::Not
        );
        assert_eq!(
            server.answered(Millis(600), Some(9), Patience::Waiting),
            Turned::Better
        );
        assert_eq!(server.health(), Health::Up);
    }

    #[test]
    fn a_server_that_always_answered_is_down_after_four_messages_and_a_second() {
        let mut server = upstream();
        server.answered(Millis(0), Some(1), Patience::Waiting);
        for sent in [0, 200, 400, 600] {
            server.silent(Millis(sent + 200), Millis(sent));
        }
        assert_eq!(server.health(), Health::Suspect, "not yet a second");
        server.silent(Millis(1_000), Millis(800));
        assert_eq!(server.health(), Health::Down);
        assert_eq!(
            server.answered(Millis(3_000), Some(1_000), Patience::Spent),
            Turned::Better
        );
        assert_eq!(server.health(), Health::Suspect, "it lives, but slowly");
    }

    #[test]
    fn a_lossy_server_needs_a_longer_silence() {
        let mut server = upstream();
        let mut now = 0;
        for _ in 0..100 {
            server.silent(Millis(now + 200), Millis(now));
            server.answered(Millis(now + 201), Some(1), Patience::Waiting);
            now += 400;
        }
        for _ in 0..19 {
            server.silent(Millis(now + 200), Millis(now));
            now += 200;
        }
        assert_eq!(server.health(), Health::Suspect);
        server.silent(Millis(now + 200), Millis(now));
        assert_eq!(server.health(), Health::Down);
    }

    #[test]
    fn silence_after_which_others_were_answered_speaks_against_nobody() {
        let mut server = upstream();
        server.answered(Millis(300), Some(1), Patience::Waiting);
        for _ in 0..100 {
            assert_eq!(server.silent(Millis(400), Millis(0)), Turned::Not);
        }
        assert_eq!(server.health(), Health::Up);
    }

    #[test]
    fn patience_follows_the_delay_within_bounds() {
        let mut server = upstream();
        assert_eq!(server.patience_ms(400), 400);
        server.answered(Millis(0), Some(3), Patience::Waiting);
        assert_eq!(server.patience_ms(400), RETRY_FLOOR_MS);
        assert_eq!(server.patience_ms(50), 50);
        for _ in 0..20 {
            server.answered(Millis(0), Some(600), Patience::Spent);
        }
        assert_eq!(server.patience_ms(400), 400);
    }

    #[test]
    fn the_hedge_waits_for_95_of_100_answers() {
        let mut server = upstream();
        for turn in 0..2_000u64 {
            server.answered(Millis(turn), Some(turn % 100), Patience::Waiting);
        }
        let hedge = server.hedge_ms(400);
        assert!((85..=100).contains(&hedge), "{hedge}");
    }

    #[test]
    fn a_recovered_server_is_believed_within_a_few_answers() {
        let mut server = upstream();
        for _ in 0..50 {
            server.answered(Millis(0), Some(500), Patience::Spent);
        }
        for _ in 0..5 {
            server.answered(Millis(0), Some(1), Patience::Waiting);
        }
        assert!(server.delay() < 5 * UNITS, "{}", server.delay());
    }
}
