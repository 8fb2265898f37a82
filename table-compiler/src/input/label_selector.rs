//! Kubernetes label selectors.

use super::field::Read;
use super::yaml::Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A label selector: all of its parts must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LabelSelector {
    pub(crate) match_labels: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) match_expressions: Vec<LabelRequirement>,
}

/// An item of `matchExpressions`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelRequirement {
    pub(crate) key: Arc<str>,
    pub(crate) rule: LabelRule,
}

/// What a requirement asks of a label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LabelRule {
    In(BTreeSet<Arc<str>>),
    NotIn(BTreeSet<Arc<str>>),
    Exists,
    DoesNotExist,
}

#[derive(Clone, Copy)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

const OPERATORS: [(&str, Operator); 4] = [
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
];

impl LabelSelector {
    /// The selector of a field; an absent one is empty.
    pub(crate) fn field<'a>(section: &'a Yaml, key: &str) -> Read<'a, Self> {
        let selector = section.section(key)?;
        Ok(LabelSelector {
            match_labels: selector.text_map("matchLabels")?,
            match_expressions: selector.each("matchExpressions", requirement)?,
        })
    }

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether an object of these labels is selected. An empty selector selects nothing, as
    /// Linkerd has it.
    pub(crate) fn selects(&self, labels: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        let mut wanted = self.match_labels.iter();
        !self.is_empty()
            && wanted.all(|(key, value)| labels.get(key) == Some(value))
            && (self.match_expressions.iter()).all(|r| r.rule.holds(labels.get(&r.key)))
    }
}

impl LabelRule {
    fn holds(&self, value: Option<&Arc<str>>) -> bool {
        match self {
            LabelRule::In(values) => value.is_some_and(|value| values.contains(value)),
            LabelRule::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            LabelRule::Exists => value.is_some(),
            LabelRule::DoesNotExist => value.is_none(),
        }
    }
}

fn requirement(item: &Yaml) -> Read<'_, LabelRequirement> {
    let operator = item.required("operator", "write In, NotIn, Exists or DoesNotExist")?;
    let values = || Ok(item.texts("values")?.into_iter().collect());
    Ok(LabelRequirement {
        key: item.required_name("key", "write the name of a label")?,
        rule: match operator.word(&OPERATORS)? {
            Operator::In => LabelRule::In(values()?),
            Operator::NotIn => LabelRule::NotIn(values()?),
            Operator::Exists => LabelRule::Exists,
            Operator::DoesNotExist => LabelRule::DoesNotExist,
        },
    })
}
