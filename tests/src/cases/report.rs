//! What became of the cases.

use std::collections::BTreeMap;
use std::fmt;

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds as it stands.
    Held,
    /// It holds with another expectation than the file's; the reason.
    HeldOverridden(String),
    /// It does not apply; the reason.
    Skipped(String),
    /// It does not hold: what was expected and what came.
    Failed(String),
}

/// One case of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    /// Suite it belongs to.
    pub suite: String,
    /// Its id, as in `istio-agent/k8s-fqdn`.
    pub id: String,
    /// What became of it.
    pub verdict: Verdict,
}

impl fmt::Display for CaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        match &self.verdict {
            Verdict::Held => write!(f, "ok {id}"),
            Verdict::HeldOverridden(reason) => write!(f, "ok {id} (overridden: {reason})"),
            Verdict::Skipped(reason) => write!(f, "skip {id} ({reason})"),
            Verdict::Failed(what) => write!(f, "FAIL {id} {what}"),
        }
    }
}

/// A whole run, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    lines: Vec<CaseLine>,
}

impl Report {
    /// Adds a case.
    pub fn push(&mut self, line: CaseLine) {
        self.lines.push(line);
    }

    /// All cases.
    pub fn lines(&self) -> &[CaseLine] {
        &self.lines
    }

    /// The cases that do not hold.
    pub fn failures(&self) -> impl Iterator<Item = &CaseLine> {
        self.lines
            .iter()
            .filter(|line| matches!(line.verdict, Verdict::Failed(_)))
    }

    fn counts(&self) -> BTreeMap<&str, [usize; 4]> {
        let mut counts = BTreeMap::<&str, [usize; 4]>::new();
        for line in &self.lines {
            let column = match line.verdict {
                Verdict::Held => 0,
                Verdict::HeldOverridden(_) => 1,
                Verdict::Skipped(_) => 2,
                Verdict::Failed(_) => 3,
            };
            counts.entry(&line.suite).or_default()[column] += 1;
        }
        counts
    }
}

impl fmt::Display for Report {
    /// One line a suite, then the sum.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sum = [0; 4];
        for (suite, counts) in self.counts() {
            writeln!(f, "{suite:24} {}", counts_text(counts))?;
            for (total, count) in sum.iter_mut().zip(counts) {
                *total += count;
            }
        }
        write!(f, "{:24} {}", "cases", counts_text(sum))
    }
}

fn counts_text([held, overridden, skipped, failed]: [usize; 4]) -> String {
    format!("{held:4} ok {overridden:4} ok (overridden) {skipped:4} skipped {failed:4} failed")
}
