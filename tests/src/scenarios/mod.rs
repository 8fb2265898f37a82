//! Scenarios: meshes of several clusters as data, with steps that change them and look at answers,
//! tables and the output of commands.
//!
//! ```text
//! file ──▶ Scenario ──▶ World ──▶ manifest, settings (YAML) ──▶ Lab: parser, compiler, resolver
//!                         ▲                             └────▶ Live: agents and commands
//!          Step ── change ┘
//!               ── query ──▶ look ──▶ answer, entry, commands, invariants ──▶ verdict
//! ```
//!
//! Each key of the format has its field in a type; another key fails its scenario. What waits for
//! a part of the product that is still to come is decided by what a step uses (`waits`).

mod answer;
mod apply;
mod bindings;
mod change;
mod commands;
mod compared;
mod document;
mod entry;
mod expect;
mod explained;
mod given;
mod invariants;
mod json;
mod lab;
mod live;
mod look;
mod manifest;
mod mesh_config;
mod place;
mod product;
mod query;
mod report;
mod session;
mod settings;
mod upstream;
mod waits;
mod workload;
mod world;
mod yaml;

pub use report::{Outcome, Report, ScenarioLine, StepVerdict};

use document::{Document, Scenario, id_of};
use serde_json::Value;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Times that a scenario is tried whose steps have a time to hold in: the machine may be busy.
const TIMED_TRIES: usize = 3;

/// Most scenarios at a time: each may have an agent for every cluster.
const THREADS_MAX: usize = 4;

/// Runs every `*.json` of `folder` that holds scenarios, in order of file name. With a filter, only
/// the scenarios whose id contains it. `told` is given the lines in order, each as soon as it is known.
///
/// # Errors
/// When the folder or a file cannot be read, or no file holds scenarios; a scenario that cannot be
/// read is a failure of that scenario.
pub fn run(
    folder: &Path,
    filter: Option<&str>,
    told: impl FnMut(&ScenarioLine),
) -> Result<Report, String> {
    let mut others = Vec::new();
    let mut scenarios = Vec::new();
    let mut documents = 0;
    for path in files(folder)? {
        match Document::read(&path)? {
            Some(document) => {
                documents += 1;
                scenarios.extend(document.into_scenarios());
            }
            None => others.push(other_file(&path)),
        }
    }
    if documents == 0 {
        return Err(format!("{}: no file of scenarios", folder.display()));
    }
    let is_wanted = |scenario: &Value| filter.is_none_or(|part| id_of(scenario).contains(part));
    scenarios.retain(is_wanted);
    let lines = run_all(&scenarios, others, told);
    Ok(Report { lines })
}

/// Runs scenarios on as many threads as there are cores, and tells of them in their order.
fn run_all(
    scenarios: &[Value],
    others: Vec<ScenarioLine>,
    mut told: impl FnMut(&ScenarioLine),
) -> Vec<ScenarioLine> {
    others.iter().for_each(&mut told);
    let mut lines = others;
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.min(THREADS_MAX) {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody is left to tell only when the run itself has ended.
                    let _ = sender.send(run_scenario(scenario));
                }
            });
        }
        drop(sender);
        let mut early: Vec<ScenarioLine> = Vec::new();
        let mut ids = scenarios.iter().map(id_of).peekable();
        for line in results {
            early.push(line);
            while let Some(at) = early.iter().position(|line| Some(&line.id) == ids.peek()) {
                let line = early.remove(at);
                ids.next();
                told(&line);
                lines.push(line);
            }
        }
    });
    lines
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn other_file(path: &Path) -> ScenarioLine {
    let name = path.file_name().unwrap_or_default();
    ScenarioLine {
        id: name.to_string_lossy().into_owned(),
        outcome: Outcome::OtherFile,
    }
}

/// Whether a scenario can be read.
///
/// # Errors
/// The key that is not known, or what does not fit, and where.
pub fn check(value: &Value) -> Result<(), String> {
    Scenario::read(value).map(|_| ())
}

/// Runs one scenario.
pub fn run_scenario(value: &Value) -> ScenarioLine {
    let id = id_of(value);
    let scenario = match Scenario::read(value) {
        Ok(scenario) => scenario,
        Err(reason) => {
            let outcome = Outcome::Unreadable(reason);
            return ScenarioLine { id, outcome };
        }
    };
    if let Some(part) = waits::of_scenario(&scenario) {
        let outcome = Outcome::Waits(part);
        return ScenarioLine { id, outcome };
    }
    let is_timed = scenario.steps().iter().any(|step| {
        step.expect
            .as_ref()
            .is_some_and(|expect| expect.within_ms.is_some())
    });
    let tries = if is_timed { TIMED_TRIES } else { 1 };
    let mut line = tried(&scenario);
    for _ in 1..tries {
        if line.is_failure() {
            line = tried(&scenario);
        }
    }
    line
}

fn tried(scenario: &Scenario) -> ScenarioLine {
    let outcome = match session::run(scenario) {
        Ok(steps) => Outcome::Steps(steps),
        Err(reason) => Outcome::Unreadable(reason),
    };
    ScenarioLine {
        id: scenario.id.clone(),
        outcome,
    }
}
