//! From what a process or a command knows to what the checks look at.

use super::Looked;
use crate::insight::Insight;
use crate::problem::{Origin, Problem};
use crate::status::{Freshness, JournalStatus, Status};
use std::collections::BTreeSet;
use std::sync::Arc;
use table_compiler::{CheckId, CheckInput, CheckLine, Scope, ServingProcess, check};

/// A problem of the compiler's kind, with its cluster.
type InCluster = (Option<Arc<str>>, table_compiler::Problem);

/// The lines of these checks, of all if there are none.
pub(super) fn lines(insight: &Insight<'_>, looked: Looked, ids: &[CheckId]) -> Vec<CheckLine> {
    let process = match looked {
        Looked::Files => None,
        Looked::Process => Some(serving(&insight.status)),
    };
    let input = CheckInput {
        compiler: insight.compiler,
        ledger: insight.ledger,
        problems: &problems(insight),
        lost: &lost(&insight.status),
        health: insight.config.health.as_ref().map(|_| insight.health),
        process: process.as_ref(),
    };
    check(&input, ids)
}

/// What is wrong with sources and small files; what the compiler found it tells itself.
fn problems(insight: &Insight<'_>) -> Vec<InCluster> {
    let of_compiler: BTreeSet<String> = insight
        .compiler
        .problems()
        .map(|(_, problem)| problem.to_string())
        .collect();
    let sources = insight.status.sources.iter();
    let of_sources = sources.flat_map(|source| {
        let problems = source.problems.iter();
        problems.map(|problem| (source.cluster.clone(), as_found(problem)))
    });
    let others = insight.status.problems.iter();
    let of_files = others.filter(|problem| problem.found.is_some());
    let of_files = of_files
        .map(|problem| (None, as_found(problem)))
        .filter(|(_, problem)| !of_compiler.contains(&problem.to_string()));
    let unready = insight.status.unready.iter();
    let unready = unready.map(|reason| (None, unready_problem(reason)));
    of_sources.chain(of_files).chain(unready).collect()
}

/// A reason why the process would not be ready, as a problem.
fn unready_problem(reason: &str) -> table_compiler::Problem {
    table_compiler::Problem {
        file: "clusters".into(),
        line: 0,
        column: 0,
        object: None,
        field: None,
        reason: reason.to_owned(),
        hint: None,
        scope: Scope::File,
    }
}

/// A problem as the compiler would tell it.
fn as_found(problem: &Problem) -> table_compiler::Problem {
    if let Some(found) = &problem.found {
        return table_compiler::Problem::clone(found);
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    table_compiler::Problem {
        file: match &problem.at.origin {
            Origin::File(file) => file.display().to_string().into(),
            Origin::CommandLine => "command line".into(),
        },
        line: problem.at.line,
        column: problem.at.column,
        object: None,
        field: text(&problem.field),
        reason: problem.reason.clone(),
        hint: text(&problem.hint),
        scope: if problem.is_error() {
            Scope::File
        } else {
            Scope::Field
        },
    }
}

/// Clusters whose source is gone or held.
fn lost(status: &Status) -> Vec<(Arc<str>, String)> {
    let sources = status.sources.iter();
    sources
        .filter_map(|source| {
            let reason = match &source.freshness {
                Freshness::Held(reason) => reason.clone(),
                Freshness::Missing => "its source has never been read".to_owned(),
                Freshness::Fresh | Freshness::Frozen | Freshness::Incomplete => return None,
            };
            Some((source.cluster.clone()?, reason))
        })
        .collect()
}

/// What a process says of itself.
fn serving(status: &Status) -> ServingProcess {
    let stale = status.sources.iter().filter_map(|source| {
        let path = source.path.display();
        match &source.freshness {
            Freshness::Held(reason) => Some(format!("{path}: held: {reason}")),
            Freshness::Frozen => Some(format!("{path}: partly served as it was before")),
            Freshness::Fresh | Freshness::Incomplete | Freshness::Missing => None,
        }
    });
    ServingProcess {
        stale: stale.collect(),
        not_ready: status.reasons(),
        journal: match &status.journal {
            JournalStatus::Failed(reason) => Some(reason.clone()),
            JournalStatus::Written(_) | JournalStatus::Off => None,
        },
    }
}
