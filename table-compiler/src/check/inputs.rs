//! `inputs.valid`: every input is read whole.

use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::input::{ObjectKind, Problem, Scope};
use std::sync::Arc;

pub(super) fn valid(input: &CheckInput<'_>) -> Outcome {
    let of_sources = input
        .problems
        .iter()
        .map(|(c, problem)| (c.as_ref(), problem));
    let of_compiler = input.compiler.problems().map(|(c, p)| (Some(c), p));
    let problems = of_sources.chain(of_compiler);
    let lines = problems
        .filter(|(_, problem)| !is_of_link(problem))
        .map(|(cluster, problem)| line_of(CheckId::InputsValid, cluster, problem));
    Outcome::Ran(lines.collect())
}

/// Whether `links.valid` tells it.
pub(super) fn is_of_link(problem: &Problem) -> bool {
    let object = problem.object.as_ref();
    object.is_some_and(|object| object.kind == ObjectKind::Link)
}

/// A problem that leaves out a part of an object is worth knowing; one that freezes an object or a
/// file is wrong.
pub(super) fn line_of(id: CheckId, cluster: Option<&Arc<str>>, problem: &Problem) -> CheckLine {
    let mut line = match problem.scope {
        Scope::Field => CheckLine::passed(id).with_note(&*problem.reason),
        Scope::Object | Scope::File => CheckLine::failed(id, &problem.reason),
    };
    line.cluster = cluster.cloned();
    line.object = problem.object.as_ref().map(ToString::to_string);
    line.field.clone_from(&problem.field);
    line.hint.clone_from(&problem.hint);
    line.location = Some(match (problem.line, problem.column) {
        (0, _) => problem.file.to_string(),
        (line, 0) => format!("{}:{line}", problem.file),
        (line, column) => format!("{}:{line}:{column}", problem.file),
    });
    line
}
