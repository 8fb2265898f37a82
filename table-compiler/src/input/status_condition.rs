//! Conditions in the status of objects.

use super::field::Read;
use super::yaml::Yaml;
use std::sync::Arc;

/// An item of `status.conditions`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StatusCondition {
    /// Its `type`, as in `Conflict`.
    pub(crate) name: Arc<str>,
    pub(crate) state: ConditionState,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) message: Option<Arc<str>>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConditionState {
    True,
    False,
    Unknown,
}

const STATES: [(&str, ConditionState); 3] = [
    ("True", ConditionState::True),
    ("False", ConditionState::False),
    ("Unknown", ConditionState::Unknown),
];

impl StatusCondition {
    /// Those of an object.
    pub(crate) fn all(root: &Yaml) -> Read<'_, Vec<Self>> {
        root.section("status")?.each("conditions", Self::read)
    }

    fn read(item: &Yaml) -> Read<'_, Self> {
        Ok(StatusCondition {
            name: item.required_name("type", "write the name of a condition")?,
            state: item
                .word_field("status", &STATES)?
                .unwrap_or(ConditionState::Unknown),
            reason: item.name_field("reason")?,
            message: item.name_field("message")?,
        })
    }
}
