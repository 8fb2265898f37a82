//! A running process: whether it serves what it should.

use super::{CheckId, CheckInput, CheckLine, Outcome, ServingProcess};

const NO_PROCESS: &str = "files are looked at, not a process; use --admin";

/// `agent.table-fresh`: what the process serves is what its inputs say.
pub(super) fn table_fresh(input: &CheckInput<'_>) -> Outcome {
    of_process(input, |process| {
        let hint = "see which source is held or broken; the table from before is served meanwhile";
        let lines = process.stale.iter();
        lines
            .map(|reason| CheckLine::failed(CheckId::AgentTableFresh, reason).with_hint(hint))
            .collect()
    })
}

/// `agent.answers`: the process answers from a whole table.
pub(super) fn answers(input: &CheckInput<'_>) -> Outcome {
    of_process(input, |process| {
        let lines = process.not_ready.iter();
        lines
            .map(|reason| CheckLine::failed(CheckId::AgentAnswers, reason))
            .collect()
    })
}

/// `agent.journal`: the process records virtual addresses.
pub(super) fn journal(input: &CheckInput<'_>) -> Outcome {
    of_process(input, |process| {
        let hint = "make the state folder writable; addresses are lost with the process until then";
        let lines = process.journal.iter();
        lines
            .map(|reason| CheckLine::failed(CheckId::AgentJournal, reason).with_hint(hint))
            .collect()
    })
}

fn of_process(
    input: &CheckInput<'_>,
    lines: impl FnOnce(&ServingProcess) -> Vec<CheckLine>,
) -> Outcome {
    match input.process {
        None => Outcome::Absent(NO_PROCESS),
        Some(process) => Outcome::Ran(lines(process)),
    }
}
