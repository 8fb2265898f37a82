//! A file of scenarios as it is written. Every key is known; another one fails its scenario.

use super::change::Change;
use super::expect::Expect;
use super::given::Given;
use super::query::Query;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// A file of scenarios.
pub(super) struct Document {
    scenarios: Vec<Value>,
}

impl Document {
    /// Reads a file; `None` if it is of another format: this one has scenarios, and says of its
    /// version that it is 1.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
        let root: Value = serde_json::from_str(&text).map_err(|error| fail(&error))?;
        let Some(scenarios) = root["scenarios"].as_array() else {
            return Ok(None);
        };
        if root["version"] != 1 {
            return Ok(None);
        }
        Ok(Some(Document {
            scenarios: scenarios.clone(),
        }))
    }

    pub(super) fn into_scenarios(self) -> Vec<Value> {
        self.scenarios
    }
}

/// The id of a scenario, whether or not the rest of it can be read.
pub(super) fn id_of(scenario: &Value) -> String {
    scenario["id"].as_str().unwrap_or("?").to_owned()
}

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) id: String,
    #[serde(rename = "seed")]
    pub(super) _seed: Option<Value>,
    #[serde(rename = "seed_system")]
    pub(super) _seed_system: Option<String>,
    #[serde(rename = "ref")]
    pub(super) _rows: Option<String>,
    #[serde(rename = "title")]
    pub(super) _title: Option<String>,
    #[serde(rename = "source")]
    pub(super) _source: Option<String>,
    #[serde(rename = "note")]
    pub(super) _note: Option<String>,
    pub(super) levels: Vec<Level>,
    pub(super) given: Given,
    pub(super) query: Option<Query>,
    pub(super) expect: Option<Expect>,
    #[serde(default)]
    pub(super) then: Vec<Step>,
}

/// At what a scenario looks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Objects to tables.
    Compiler,
    /// A table and a question to an answer.
    Core,
    /// Behaviour of processes.
    Agent,
    /// Output of commands.
    Cli,
    /// Several processes and networks together.
    E2e,
}

/// One step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) change: Option<Change>,
    pub(super) query: Option<Query>,
    pub(super) expect: Option<Expect>,
    /// How often it is done; once.
    pub(super) repeat: Option<usize>,
    /// Whether the change is undone afterwards.
    #[serde(default)]
    pub(super) reset: bool,
    #[serde(rename = "note")]
    pub(super) _note: Option<String>,
}

impl Scenario {
    /// Reads one.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        read(value)
    }

    /// All steps in order; the first is the one beside `given`.
    pub(super) fn steps(&self) -> Vec<Step> {
        let first = Step {
            query: self.query.clone(),
            expect: self.expect.clone(),
            ..Step::default()
        };
        let mut steps = vec![first];
        steps.extend(self.then.iter().cloned());
        steps
    }

    pub(super) fn has_level(&self, level: Level) -> bool {
        self.levels.contains(&level)
    }
}

/// Reads a value into a type that knows all its keys; the error says where it fails.
pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| error.to_string())
}
