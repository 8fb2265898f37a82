//! The walk over a document: takes fields out of maps, turns text into values, and gathers every
//! fault on the way.

use super::keys::{self, KeyDoc};
use crate::problem::{Origin, Place, Problem};
use crate::yaml::{Key, Node, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a text is not the value that is wanted, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) reason: String,
    pub(crate) hint: String,
}

impl Reason {
    pub(crate) fn new(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Reason {
            reason: reason.into(),
            hint: hint.into(),
        }
    }
}

/// A value with the place and the path it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) at: Place,
    pub(crate) path: String,
    pub(crate) value: T,
}

/// A node and its path from the root of the file.
#[derive(Clone, Debug)]
pub(crate) struct Field<'n> {
    pub(crate) path: String,
    pub(crate) node: &'n Node,
}

impl<'n> Field<'n> {
    /// The root of a document.
    pub(crate) fn root(node: &'n Node) -> Self {
        Field {
            path: String::new(),
            node,
        }
    }

    fn item(&self, index: usize, node: &'n Node) -> Self {
        Field {
            path: format!("{}[{index}]", self.path),
            node,
        }
    }

    fn located<T>(&self, value: T) -> Located<T> {
        Located {
            at: self.node.at.clone(),
            path: self.path.clone(),
            value,
        }
    }
}

/// A map whose keys are all known.
pub(crate) struct Section<'n> {
    path: String,
    at: &'n Place,
    entries: &'n [(Key, Node)],
}

impl<'n> Section<'n> {
    /// The field of that canonical name, unless it is absent or holds nothing.
    pub(crate) fn field(&self, name: &str) -> Option<Field<'n>> {
        let (key, node) = self.entries.iter().find(|(key, node)| {
            keys::canonical(&key.name) == keys::canonical(name)
                && !matches!(node.value, Value::Null)
        })?;
        Some(Field {
            path: join(&self.path, &key.name),
            node,
        })
    }
}

/// The walk: the keys that are known, and what was wrong so far.
pub(crate) struct Walk {
    keys: &'static [KeyDoc],
    pub(crate) problems: Vec<Problem>,
}

impl Walk {
    pub(crate) fn new(keys: &'static [KeyDoc]) -> Self {
        Walk {
            keys,
            problems: Vec::new(),
        }
    }

    /// Reports what is wrong with a field.
    pub(crate) fn fault(&mut self, field: &Field<'_>, reason: Reason) {
        self.fault_at(field.node.at.clone(), field.path.clone(), reason);
    }

    /// Reports what is wrong at a place.
    pub(crate) fn fault_at(&mut self, at: Place, path: String, reason: Reason) {
        self.problems
            .push(Problem::error(at, path, reason.reason).with_hint(reason.hint));
    }

    /// Reports what is doubtful at a place.
    pub(crate) fn doubt_at(&mut self, at: Place, path: String, reason: Reason) {
        self.problems
            .push(Problem::warning(at, path, reason.reason).with_hint(reason.hint));
    }

    /// The map that a field holds. Unknown keys in it are faults.
    pub(crate) fn section<'n>(&mut self, field: &Field<'n>) -> Option<Section<'n>> {
        let entries: &[(Key, Node)] = match &field.node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            other => {
                let hint = match &*field.path {
                    "" => String::from("write `key: value` lines"),
                    path => format!("write keys below `{path}:`"),
                };
                self.fault(
                    field,
                    Reason::new(format!("{} where a map is wanted", other.label()), hint),
                );
                return None;
            }
        };
        self.check_keys(&field.path, entries);
        Some(Section {
            path: field.path.clone(),
            at: &field.node.at,
            entries,
        })
    }

    fn check_keys(&mut self, path: &str, entries: &[(Key, Node)]) {
        let parent = pattern(path);
        for (index, (key, _)) in entries.iter().enumerate() {
            let name = keys::canonical(&key.name);
            if !keys::children(self.keys, &parent).any(|known| known == name) {
                let hint = keys::hint_for(self.keys, &parent, &key.name);
                self.fault_at(
                    key.at.clone(),
                    join(path, &key.name),
                    Reason::new("unknown key", hint),
                );
            } else if entries[..index]
                .iter()
                .any(|(other, _)| keys::canonical(&other.name) == name)
            {
                let reason = format!("`{name}` given twice under its two spellings");
                self.fault_at(
                    key.at.clone(),
                    join(path, &key.name),
                    Reason::new(reason, "keep one of them"),
                );
            }
        }
    }

    /// A field that has to be there.
    pub(crate) fn required<'n>(&mut self, section: &Section<'n>, name: &str) -> Option<Field<'n>> {
        let field = section.field(name);
        if field.is_none() {
            let reason = Reason::new("missing", format!("write `{name}:` here"));
            self.fault_at(section.at.clone(), join(&section.path, name), reason);
        }
        field
    }

    /// The value of a scalar field.
    pub(crate) fn scalar<T>(
        &mut self,
        field: &Field<'_>,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        let parsed = match &field.node.value {
            Value::Scalar(text) => parse(text),
            other => Err(Reason::new(
                format!("{} where one value is wanted", other.label()),
                "write a single value",
            )),
        };
        parsed.map_err(|reason| self.fault(field, reason)).ok()
    }

    /// The value of a scalar field that may be absent.
    pub(crate) fn optional<T>(
        &mut self,
        field: Option<Field<'_>>,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        self.scalar(&field?, parse)
    }

    /// The values of a list; a single scalar is a list of one. Bad items are reported and left
    /// out.
    pub(crate) fn list<T>(
        &mut self,
        field: &Field<'_>,
        mut parse: impl FnMut(&str) -> Result<T, Reason>,
    ) -> Vec<Located<T>> {
        self.items(field)
            .into_iter()
            .filter_map(|item| {
                self.scalar(&item, &mut parse)
                    .map(|value| item.located(value))
            })
            .collect()
    }

    /// The fields of a list; anything else is a list of one.
    pub(crate) fn items<'n>(&mut self, field: &Field<'n>) -> Vec<Field<'n>> {
        match &field.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| field.item(index, node))
                .collect(),
            Value::Null => Vec::new(),
            Value::Scalar(_) | Value::Map(_) => vec![field.clone()],
        }
    }

    /// The fields of a map whose keys are ids, each with its key. Bad ids are reported and left out.
    pub(crate) fn named<'n>(
        &mut self,
        field: &Field<'n>,
        id: impl Fn(&str) -> Result<Arc<str>, Reason>,
    ) -> Vec<(Arc<str>, Field<'n>)> {
        let Value::Map(entries) = &field.node.value else {
            let reason = format!("{} where a map is wanted", field.node.value.label());
            let hint = format!("write ids with their keys below `{}:`", field.path);
            self.fault(field, Reason::new(reason, hint));
            return Vec::new();
        };
        let mut named = Vec::new();
        for (key, node) in entries {
            match id(&key.name) {
                Ok(id) => {
                    let path = format!("{}[{id}]", field.path);
                    named.push((id, Field { path, node }));
                }
                Err(reason) => self.fault_at(key.at.clone(), field.path.clone(), reason),
            }
        }
        named
    }

    /// A path; a relative one in a file starts from the folder of that file.
    pub(crate) fn path(&mut self, field: &Field<'_>) -> Option<PathBuf> {
        let base = folder_of(&field.node.at);
        self.scalar(field, |text| {
            if text.is_empty() {
                return Err(Reason::new(
                    "an empty path",
                    "write a path or leave the key out",
                ));
            }
            Ok(base.join(text))
        })
    }

    /// Paths, as [`Walk::path`] reads them.
    pub(crate) fn paths(&mut self, field: Option<Field<'_>>) -> Vec<PathBuf> {
        let Some(field) = field else {
            return Vec::new();
        };
        self.items(&field)
            .iter()
            .filter_map(|item| self.path(item))
            .collect()
    }
}

fn folder_of(at: &Place) -> PathBuf {
    match &at.origin {
        Origin::File(file) => file.parent().map(Path::to_path_buf).unwrap_or_default(),
        Origin::CommandLine => PathBuf::new(),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The path with the numbers and ids in brackets left out.
fn pattern(path: &str) -> String {
    let mut parts = path.split('[');
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        pattern.push('[');
        pattern.push_str(part.find(']').map_or(part, |end| &part[end..]));
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_path_without_numbers_and_ids() {
        assert_eq!(pattern("views.networks[12].cidr"), "views.networks[].cidr");
        assert_eq!(
            pattern("mesh.clusters[east].domain"),
            "mesh.clusters[].domain"
        );
        assert_eq!(pattern(""), "");
    }
}
