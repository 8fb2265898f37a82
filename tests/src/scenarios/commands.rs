//! Commands of the binary: what a scenario writes, as flags that there are, and what they print.

use super::bindings::Bindings;
use super::expect::CliExpect;
use super::json::{elements, matches};
use super::live::Live;
use super::place::Mode;
use crate::command::{Ended, run};
use serde_json::Value;
use std::ffi::OsString;
use std::path::PathBuf;

/// Commands that can be run.
const KNOWN: [&str; 11] = [
    "check", "compile", "confirm", "diff", "explain", "exports", "services", "snapshot", "table",
    "vips", "config",
];

/// A command of a step, with what it looks at.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// Name and flags as they are written, files by their full path.
    words: Vec<OsString>,
    /// Cluster whose clients it speaks of.
    pub(super) cluster: String,
    data: Data,
}

/// What a command looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    /// The files of the mesh and the state of its agent.
    Files,
    /// A running agent.
    Agent,
    /// What its flags say.
    OwnFlags,
}

impl Command {
    /// Reads a command of a scenario. `cluster` is the one it speaks of where it names none.
    pub(super) fn read(written: &[String], cluster: &str, live: &Live) -> Result<Self, String> {
        let (program, rest) = written.split_first().ok_or("command: it is empty")?;
        let name = rest.first().map_or("", String::as_str);
        if program != "callsign" || !KNOWN.contains(&name) {
            return Err(format!("command: {} is not known", written.join(" ")));
        }
        let mut command = Command {
            words: vec![name.into()],
            cluster: cluster.to_owned(),
            data: Data::Files,
        };
        let file = |name: &String| live.folder().join(name).into_os_string();
        let mut words = rest[1..].iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("command: {word} needs a value"))
            };
            match (name, word.as_str()) {
                (_, "--cluster") => command.cluster = value()?.clone(),
                (_, "--agent") => {
                    let agent = value()?;
                    let cluster = agent.split_once('.').map(|(_, cluster)| cluster);
                    command.cluster = cluster
                        .ok_or("command: --agent is AGENT.CLUSTER")?
                        .to_owned();
                    command.data = Data::Agent;
                }
                ("compile", "--from") => {
                    command.words.extend(["--from".into(), file(value()?)]);
                    command.data = Data::OwnFlags;
                }
                ("explain", "--from") => {
                    let from = value()?;
                    command.cluster = from.split('/').next().unwrap_or(cluster).to_owned();
                    command.words.extend(["--from".into(), from.into()]);
                }
                (_, "--out") => command.words.extend(["--out".into(), file(value()?)]),
                (_, word) => command.words.push(word.into()),
            }
        }
        Ok(command)
    }

    /// Runs it. `state` is the state folder that it looks at.
    pub(super) fn run(&self, live: &mut Live, mode: Mode, state: PathBuf) -> Result<Ended, String> {
        let mut words = self.words.clone();
        let mut flag = |name: &str, value: OsString| words.extend([name.into(), value]);
        match self.data {
            Data::OwnFlags => {}
            Data::Agent => {
                let admin = live.agent(&self.cluster, mode)?.admin();
                flag("--admin", admin.to_string().into());
            }
            Data::Files => {
                flag("--config", live.config_of(&self.cluster, mode).into());
                flag("--clusters", live.clusters().into());
                flag("--cluster", self.cluster.clone().into());
                flag("--state-dir", state.into());
            }
        }
        run(words)
    }

    /// The command as it is run, for reports.
    pub(super) fn shown(&self) -> String {
        let words: Vec<_> = self
            .words
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        format!("callsign {}", words.join(" "))
    }
}

/// What a command printed as JSON.
pub(super) fn json_of(ended: &Ended) -> Result<Value, String> {
    serde_json::from_str(&ended.stdout).map_err(|error| {
        let (stdout, stderr) = (ended.stdout.trim(), ended.stderr.trim());
        format!("no JSON: {error}; it printed {stdout:?} and {stderr:?}")
    })
}

/// What differs from what was expected of a command; nothing if it is as expected.
pub(super) fn differences(
    expect: &CliExpect,
    ended: &Ended,
    bindings: &mut Bindings,
) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    if let Some(exit) = expect.exit
        && ended.code != Some(exit)
    {
        let (stdout, stderr) = (ended.stdout.trim(), ended.stderr.trim());
        found.push(format!(
            "exit: expected {exit}, got {:?}; it printed {stdout} {stderr}",
            ended.code
        ));
    }
    if is_json_wanted(expect) {
        match json_of(ended) {
            Ok(json) => found.extend(of_json(expect, &json, bindings)),
            Err(error) => found.push(error),
        }
    }
    found.extend(of_rows(expect, &ended.stdout, bindings));
    Ok(found)
}

fn is_json_wanted(expect: &CliExpect) -> bool {
    expect.json.is_some()
        || expect.json_all.is_some()
        || expect.count.is_some()
        || expect.failed_ids.is_some()
        || !expect.json_contains.is_empty()
        || !expect.json_not_contains.is_empty()
}

fn of_json(expect: &CliExpect, json: &Value, bindings: &mut Bindings) -> Vec<String> {
    let mut found = Vec::new();
    let all = elements(json);
    if let Some(expected) = &expect.json
        && !matches(expected, json, bindings)
    {
        found.push(format!("json: expected {expected}, got {json}"));
    }
    for expected in &expect.json_contains {
        if !all.iter().any(|got| matches(expected, got, bindings)) {
            found.push(format!("json_contains: expected {expected}, got {json}"));
        }
    }
    for expected in &expect.json_not_contains {
        if all.iter().any(|got| matches(expected, got, bindings)) {
            found.push(format!("json_not_contains: there is {expected}"));
        }
    }
    if let Some(expected) = &expect.json_all {
        for got in all.iter().filter(|got| !matches(expected, got, bindings)) {
            found.push(format!("json_all: expected {expected}, got {got}"));
        }
    }
    if let Some(count) = expect.count
        && count != all.len()
    {
        found.push(format!("count: expected {count}, got {}", all.len()));
    }
    if let Some(ids) = &expect.failed_ids {
        let failed = all
            .iter()
            .filter(|element| element["ok"] == Value::Bool(false));
        let mut got: Vec<&str> = failed
            .filter_map(|element| element["id"].as_str())
            .collect();
        got.sort_unstable();
        got.dedup();
        let mut wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        if got != wanted {
            let failed: Vec<_> = all
                .iter()
                .filter(|e| e["ok"] == Value::Bool(false))
                .collect();
            found.push(format!("failed_ids: expected {wanted:?}, got {failed:?}"));
        }
    }
    found
}

fn of_rows(expect: &CliExpect, stdout: &str, bindings: &mut Bindings) -> Vec<String> {
    let mut found = Vec::new();
    let lines: Vec<Vec<&str>> = stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    if let Some(columns) = &expect.table_columns
        && lines.first().is_none_or(|first| first != columns)
    {
        found.push(format!(
            "table_columns: expected {columns:?}, got {:?}",
            lines.first()
        ));
    }
    for row in &expect.rows {
        let is_row = |line: &Vec<&str>, bindings: &mut Bindings| {
            line.len() == row.len()
                && row
                    .iter()
                    .zip(line)
                    .all(|(cell, got)| bindings.matches(cell, got))
        };
        if !lines.iter().any(|line| is_row(line, bindings)) {
            found.push(format!("rows: expected {row:?}, got {lines:?}"));
        }
    }
    found
}
