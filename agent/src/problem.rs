//! [`Problem`]: one fault of an input, where it is and what to do about it.

use crate::output::one_line;
use serde::{Serialize, Serializer};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// One fault of an input. Printed on one line as `FILE:LINE:COLUMN: field: reason; hint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it is.
    #[serde(flatten)]
    pub at: Place,
    /// Path of the field, for example `views.networks[0].cidr`. Empty when the whole file is
    /// meant.
    pub field: String,
    /// What is wrong.
    pub reason: String,
    /// What to do about it. Empty when the reason says it.
    pub hint: String,
    /// Whether it stops the process from starting.
    pub severity: Severity,
    /// The same as the compiler has it, with object and field apart, if it is of an object.
    #[serde(skip)]
    pub(crate) found: Option<Arc<table_compiler::Problem>>,
}

impl Problem {
    /// A problem that makes its input bad.
    pub fn error(at: Place, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Problem {
            at,
            field: field.into(),
            reason: reason.into(),
            hint: String::new(),
            severity: Severity::Error,
            found: None,
        }
    }

    /// A problem that leaves its input usable.
    pub fn warning(at: Place, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Problem {
            severity: Severity::Warning,
            ..Problem::error(at, field, reason)
        }
    }

    /// The same with word of what to do.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Problem {
            hint: hint.into(),
            ..self
        }
    }

    /// Whether it is an [`Severity::Error`].
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = match self.severity {
            Severity::Warning => "warning: ",
            Severity::Error => "",
        };
        let field_end = if self.field.is_empty() { "" } else { ": " };
        let hint_start = if self.hint.is_empty() { "" } else { "; " };
        let Problem {
            at,
            field,
            reason,
            hint,
            ..
        } = self;
        let text = format!("{at}: {warning}{field}{field_end}{reason}{hint_start}{hint}");
        // Whoever names a file must not write lines of the log.
        f.write_str(&one_line(&text))
    }
}

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input, or the part of it, is not used.
    Error,
    /// It is used, and does probably not what was meant.
    Warning,
}

/// A place in an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The input.
    #[serde(rename = "file")]
    pub origin: Origin,
    /// Line, from 1; 0 when there is none to name.
    pub line: u32,
    /// Column in characters, from 1; 0 when there is none to name.
    pub column: u32,
}

impl Place {
    /// A file as a whole.
    pub fn of_file(file: &Path) -> Self {
        Place {
            origin: Origin::File(file.into()),
            line: 0,
            column: 0,
        }
    }

    /// The command line.
    pub fn command_line() -> Self {
        Place {
            origin: Origin::CommandLine,
            line: 0,
            column: 0,
        }
    }

    /// A line and column of the same input, both from 1.
    #[must_use]
    pub fn at(&self, line: usize, column: usize) -> Self {
        let clamp = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            origin: self.origin.clone(),
            line: clamp(line),
            column: clamp(column),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(f)?;
        match (self.line, self.column) {
            (0, _) => Ok(()),
            (line, 0) => write!(f, ":{line}"),
            (line, column) => write!(f, ":{line}:{column}"),
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(Arc<Path>),
    /// Flags of the command.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(file) => file.display().fmt(f),
            Origin::CommandLine => f.write_str("command line"),
        }
    }
}

/// The path of the file, or null for the command line.
impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Origin::File(file) => serializer.collect_str(&file.display()),
            Origin::CommandLine => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prints_its_place_field_reason_and_hint() {
        let at = Place::of_file(Path::new("a.yaml")).at(3, 5);
        let problem = Problem::error(at, "listen[0]", "no port").with_hint("write ADDR:PORT");
        assert_eq!(
            problem.to_string(),
            "a.yaml:3:5: listen[0]: no port; write ADDR:PORT"
        );
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["file"], "a.yaml");
        assert_eq!((&json["line"], &json["column"]), (&3.into(), &5.into()));
        assert_eq!(json["severity"], "error");
    }

    #[test]
    fn a_problem_stays_on_one_line_whatever_its_file_is_called() {
        let at = Place::of_file(Path::new("a\nERROR \x1b[31mb.yaml"));
        let problem = Problem::error(at, "", "broken\r");
        assert_eq!(problem.to_string(), "a?ERROR ?[31mb.yaml: broken?");
    }

    #[test]
    fn a_place_without_line_prints_the_input_alone() {
        let problem = Problem::warning(Place::command_line(), "zone", "odd");
        assert_eq!(problem.to_string(), "command line: warning: zone: odd");
    }
}
