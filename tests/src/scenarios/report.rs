//! What became of the scenarios.

use std::fmt;

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepVerdict {
    /// It holds.
    Held,
    /// It waits for that part.
    Waits(&'static str),
    /// It does not hold: what was expected and what came.
    Failed(String),
}

/// What became of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its steps, in order; after a failure there are no more.
    Steps(Vec<StepVerdict>),
    /// It waits for that part as a whole.
    Waits(&'static str),
    /// It cannot be read or begun; why.
    Unreadable(String),
    /// It is no scenario: a file of another format.
    OtherFile,
}

/// One scenario of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioLine {
    /// Its id, or the name of the file.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl ScenarioLine {
    /// Whether it does not hold.
    pub fn is_failure(&self) -> bool {
        match &self.outcome {
            Outcome::Steps(steps) => steps
                .iter()
                .any(|step| matches!(step, StepVerdict::Failed(_))),
            Outcome::Unreadable(_) => true,
            Outcome::Waits(_) | Outcome::OtherFile => false,
        }
    }

    fn held(&self) -> usize {
        match &self.outcome {
            Outcome::Steps(steps) => steps
                .iter()
                .filter(|step| **step == StepVerdict::Held)
                .count(),
            _ => 0,
        }
    }

    fn waiting(&self) -> usize {
        match &self.outcome {
            Outcome::Steps(steps) => {
                let waits = |step: &&StepVerdict| matches!(step, StepVerdict::Waits(_));
                steps.iter().filter(waits).count()
            }
            _ => 0,
        }
    }
}

/// A line for each step that waits or fails, then one for the scenario.
impl fmt::Display for ScenarioLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        let steps = match &self.outcome {
            Outcome::Waits(part) => return write!(f, "wait {id}: {part}"),
            Outcome::Unreadable(reason) => return write!(f, "FAIL {id}: {reason}"),
            Outcome::OtherFile => {
                return write!(f, "skip {id} (a file of no format that is known here)");
            }
            Outcome::Steps(steps) => steps,
        };
        for (number, step) in steps.iter().enumerate() {
            match step {
                StepVerdict::Held => {}
                StepVerdict::Waits(part) => writeln!(f, "wait {id} step {number}: {part}")?,
                StepVerdict::Failed(what) => return write!(f, "FAIL {id} step {number}: {what}"),
            }
        }
        match (self.held(), self.waiting()) {
            (0, _) => write!(f, "wait {id}: every step does"),
            (_, 0) => write!(f, "ok {id}"),
            (held, waiting) => write!(f, "ok {id} ({held} of {} steps)", held + waiting),
        }
    }
}

/// A whole run, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The scenarios.
    pub lines: Vec<ScenarioLine>,
}

impl Report {
    /// The scenarios that do not hold.
    pub fn failures(&self) -> impl Iterator<Item = &ScenarioLine> {
        self.lines.iter().filter(|line| line.is_failure())
    }
}

/// The sum.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failures().count();
        let held: Vec<_> = self
            .lines
            .iter()
            .filter(|line| !line.is_failure() && line.held() > 0)
            .collect();
        let others = self
            .lines
            .iter()
            .filter(|line| line.outcome == Outcome::OtherFile);
        let others = others.count();
        let waiting = self.lines.len() - failed - held.len() - others;
        let steps: usize = self.lines.iter().map(ScenarioLine::held).sum();
        let steps_waiting: usize = self.lines.iter().map(ScenarioLine::waiting).sum();
        write!(
            f,
            "scenarios: {} ok, {failed} failed, {waiting} waiting; steps: {steps} ok, \
             {steps_waiting} waiting; other files: {others}",
            held.len()
        )
    }
}
