//! What is wrong with an input, where, and what becomes of it.

use super::object::ObjectId;
use std::fmt;
use std::sync::Arc;

/// Something wrong in an input file.
///
/// Its text is `FILE:LINE:COLUMN: OBJECT: FIELD: REASON; HINT`, without the parts that are not
/// known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// Line, from 1; 0 if unknown.
    pub line: u32,
    /// Column in characters, from 1; 0 if unknown.
    pub column: u32,
    /// The object it is in.
    pub object: Option<ObjectId>,
    /// Path of the field, as in `spec.endpoints[0].address`.
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// How much of the input it makes unusable.
    pub scope: Scope,
}

/// How much of an input a [`Problem`] makes unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The named part alone is left out; nothing is served from last good data. A warning.
    Field,
    /// The object; serve its last good form.
    Object,
    /// The whole file; serve its last good objects.
    File,
}

impl Scope {
    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Scope::Field => "field",
            Scope::Object => "object",
            Scope::File => "file",
        }
    }
}

impl Problem {
    /// A problem at a place in a file, of no known object or field.
    pub(crate) fn new(file: &Arc<str>, line: u32, column: u32, reason: String) -> Self {
        Problem {
            file: Arc::clone(file),
            line,
            column,
            object: None,
            field: None,
            reason,
            hint: None,
            scope: Scope::File,
        }
    }

    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        self.hint = (!hint.is_empty()).then(|| hint.to_owned());
        self
    }

    pub(crate) fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    pub(crate) fn with_object(mut self, object: &ObjectId) -> Self {
        self.object = Some(object.clone());
        self
    }

    pub(crate) fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        f.write_str(": ")?;
        if let Some(object) = &self.object {
            write!(f, "{object}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.reason)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ObjectKind;

    #[test]
    fn the_text_names_place_object_field_reason_and_remedy() {
        let id = ObjectId::new(ObjectKind::ServiceEntry, "default", "pay");
        let problem = Problem::new(&"a.yaml".into(), 7, 5, "\"a..b\" has an empty label".into())
            .with_object(&id)
            .with_field("spec.hosts[1]")
            .with_hint("write a DNS name or *.suffix");
        assert_eq!(
            problem.to_string(),
            "a.yaml:7:5: ServiceEntry default/pay: spec.hosts[1]: \"a..b\" has an empty label; \
             write a DNS name or *.suffix"
        );
    }

    #[test]
    fn unknown_parts_are_left_out_of_the_text() {
        let problem = Problem::new(&"a.yaml".into(), 0, 0, "is empty".into());
        assert_eq!(problem.to_string(), "a.yaml: is empty");
    }
}
