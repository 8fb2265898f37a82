//! [`TableCase`]: a case of a suite that compares tables instead of asking a question.

use serde::Deserialize;
use serde_json::Value;

/// A case that gives a state and expects a table of it. Every key of a case is known here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableCase<Given, Expect> {
    #[serde(rename = "suite")]
    _suite: String,
    pub(super) name: String,
    #[serde(rename = "origin")]
    _origin: String,
    #[serde(rename = "class")]
    _class: String,
    pub(super) given: Given,
    pub(super) expect: Expect,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}
