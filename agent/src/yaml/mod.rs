//! A YAML document as a tree of [`Node`]s that know where they stand, so that one walk can report
//! every fault with its line and column.
//!
//! Scalars stay text: what they mean is for the reader of the field to say.

mod builder;

use crate::problem::{Place, Problem};
use builder::Builder;
use std::path::Path;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it starts.
    pub at: Place,
    /// What it is.
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// Text, quoted or not, numbers and booleans included.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file, no key twice.
    Map(Vec<(Key, Node)>),
}

impl Value {
    /// The word for it in a message.
    pub fn label(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Scalar(_) => "a scalar",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// A key of a map and its place.
#[derive(Clone, Debug)]
pub struct Key {
    /// Where it starts.
    pub at: Place,
    /// Its text.
    pub name: String,
}

/// How much of a document is read.
#[derive(Clone, Copy, Debug)]
pub struct YamlLimits {
    /// Most octets.
    pub octets_max: usize,
    /// Most nodes, those that aliases repeat included: it stops documents that grow when read.
    pub nodes_max: usize,
}

/// A document and what was wrong with it that did not stop the reading: keys given twice.
#[derive(Debug)]
pub struct Document {
    /// The root; [`Value::Null`] for an empty file.
    pub root: Node,
    /// Duplicate and odd keys; the first of two is kept.
    pub problems: Vec<Problem>,
}

/// Reads the one document of a YAML or JSON text.
///
/// # Errors
/// Text that is too long, not UTF-8 or not YAML, more nodes than allowed, a second document.
pub fn parse(text: &[u8], file: &Path, limits: YamlLimits) -> Result<Document, Problem> {
    let whole = Place::of_file(file);
    if text.len() > limits.octets_max {
        let reason = format!("more than {} octets", limits.octets_max);
        return Err(Problem::error(whole, "", reason).with_hint("is this the right file?"));
    }
    let text = str::from_utf8(text).map_err(|error| not_utf8(&whole, text, error.valid_up_to()))?;
    Builder::new(whole, limits.nodes_max).build(text)
}

fn not_utf8(whole: &Place, text: &[u8], valid_up_to: usize) -> Problem {
    let valid = String::from_utf8_lossy(&text[..valid_up_to]);
    let line = valid.matches('\n').count() + 1;
    let column = valid
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    Problem::error(whole.at(line, column), "", "an octet that is not UTF-8")
        .with_hint("save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: YamlLimits = YamlLimits {
        octets_max: 1_000_000,
        nodes_max: 1_000,
    };

    fn read(text: &str) -> Result<Document, Problem> {
        parse(text.as_bytes(), Path::new("f.yaml"), LIMITS)
    }

    fn fault(text: &str) -> (u32, u32, String) {
        let problem = read(text).unwrap_err();
        (problem.at.line, problem.at.column, problem.reason)
    }

    #[test]
    fn every_node_knows_its_line_and_column() {
        let document = read("a: 1\nb:\n  - x\n  - {c: y}\n").unwrap();
        let Value::Map(entries) = document.root.value else {
            panic!("a map")
        };
        assert_eq!((entries[1].0.at.line, entries[1].0.at.column), (2, 1));
        let Value::List(items) = &entries[1].1.value else {
            panic!("a list")
        };
        assert_eq!((items[0].at.line, items[0].at.column), (3, 5));
        let Value::Map(inner) = &items[1].value else {
            panic!("a map")
        };
        assert_eq!((inner[0].1.at.line, inner[0].1.at.column), (4, 9));
    }

    #[test]
    fn an_empty_text_is_null_and_quotes_keep_null_a_text() {
        for text in ["", "# only a comment\n", "---\n", "null"] {
            assert!(
                matches!(read(text).unwrap().root.value, Value::Null),
                "{text:?}"
            );
        }
        assert!(matches!(
            read("'null'").unwrap().root.value,
            Value::Scalar(_)
        ));
    }

    #[test]
    fn a_key_given_twice_is_reported_and_the_first_is_kept() {
        let document = read("a: 1\nb: 2\na: 3\n").unwrap();
        assert_eq!(document.problems.len(), 1);
        assert_eq!(
            document.problems[0].to_string(),
            "f.yaml:3:1: a: given twice, first on line 1; keep one of them"
        );
        let Value::Map(entries) = document.root.value else {
            panic!("a map")
        };
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn aliases_repeat_their_node_at_their_own_place() {
        let document = read("a: &x [1, 2]\nb: *x\n").unwrap();
        let Value::Map(entries) = document.root.value else {
            panic!("a map")
        };
        assert_eq!((entries[1].1.at.line, entries[1].1.at.column), (2, 4));
        assert!(matches!(&entries[1].1.value, Value::List(items) if items.len() == 2));
    }

    #[test]
    fn documents_that_grow_when_read_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        assert!(fault(&text).2.starts_with("too many values"));
        assert!(
            fault(&format!("a: {}", "x".repeat(1_000_000)))
                .2
                .starts_with("more than")
        );
    }

    #[test]
    fn deep_nesting_is_refused_also_when_aliases_build_it() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(64)).is_ok());
        assert_eq!(fault(&nested(65)).2, "nested deeper than 64");
        let text = format!(
            "a: &a {}\nb: {}*a{}",
            nested(40),
            "[".repeat(40),
            "]".repeat(40)
        );
        assert_eq!(fault(&text).2, "nested deeper than 64");
    }

    #[test]
    fn broken_text_is_located() {
        assert_eq!(fault("a: [1, 2\nb: 3\n").0, 2);
        assert_eq!(fault("a: 1\n---\nb: 2\n").2, "a second document");
        let problem = parse(b"a: 1\nb: \xff\n", Path::new("f"), LIMITS).unwrap_err();
        assert_eq!((problem.at.line, problem.at.column), (2, 4));
    }
}
