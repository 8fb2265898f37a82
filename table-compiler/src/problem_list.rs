//! The problems of one file, as many as somebody reads.

use crate::input::{Problem, Scope};
use std::sync::Arc;

/// Problems reported of one file: one that is something else has a problem on every line, and
/// nobody reads past the first screen.
pub(crate) const PROBLEMS_MAX: usize = 100;

/// The problems of one file.
#[derive(Debug, Default)]
pub(crate) struct ProblemList {
    problems: Vec<Problem>,
    unreported: usize,
}

impl ProblemList {
    /// Adds a problem, or counts it if the list is full: finding its place in a long line costs,
    /// so that it is made only if it is shown.
    pub(crate) fn add(&mut self, problem: impl FnOnce() -> Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem());
        } else {
            self.unreported += 1;
        }
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems; behind a full list one that says how many more there are, as in
    /// "7 more lines are left out".
    pub(crate) fn finish(mut self, file: &Arc<str>, more: &str) -> Vec<Problem> {
        if self.unreported > 0 {
            let reason = format!("{} more {more}", self.unreported);
            self.problems
                .push(Problem::new(file, 0, 0, reason).with_scope(Scope::Field));
        }
        self.problems
    }
}
