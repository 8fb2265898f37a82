//! [`Builder`]: the events of the YAML parser become a tree, within bounds.

use super::{Document, Key, Node, Value};
use crate::problem::{Place, Problem};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use std::collections::HashMap;

/// Deepest nesting, with that of aliases: 64, far more than any key has. Trees are walked and
/// freed by recursion.
const DEPTH_MAX: usize = 64;

/// A collection that is being read.
enum Open {
    List {
        at: Place,
        anchor: usize,
        items: Vec<Node>,
    },
    Map {
        at: Place,
        anchor: usize,
        entries: Vec<(Key, Node)>,
        key: Option<PendingKey>,
    },
}

/// A key that waits for its value.
enum PendingKey {
    Kept(Key),
    /// A duplicate, or a key that is no scalar: reported, its value is dropped.
    Dropped,
}

/// Takes the events of a parser and makes the tree.
pub(super) struct Builder {
    whole: Place,
    nodes_left: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    problems: Vec<Problem>,
}

impl Builder {
    pub(super) fn new(whole: Place, nodes_max: usize) -> Self {
        Builder {
            whole,
            nodes_left: nodes_max,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            problems: Vec::new(),
        }
    }

    pub(super) fn build(mut self, text: &str) -> Result<Document, Problem> {
        for next in Parser::new_from_str(text) {
            let (event, span) = next.map_err(|error| self.not_yaml(&error))?;
            let at = self.place_of(span);
            self.take(event, at)?;
        }
        let empty = Node {
            at: self.whole.at(1, 1),
            value: Value::Null,
        };
        Ok(Document {
            root: self.root.unwrap_or(empty),
            problems: self.problems,
        })
    }

    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Problem::error(at, "", "a second document")
                    .with_hint("keep one document in the file"))
            }
            Event::Scalar(text, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if is_null {
                    Value::Null
                } else {
                    Value::Scalar(text.into_owned())
                };
                self.put(Node { at, value }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.check_depth(1, &at)?;
                self.open.push(Open::List {
                    at,
                    anchor,
                    items: Vec::new(),
                });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.check_depth(1, &at)?;
                self.open.push(Open::Map {
                    at,
                    anchor,
                    entries: Vec::new(),
                    key: None,
                });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.repeat(anchor, at),
            _ => Ok(()),
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        match self.open.pop() {
            Some(Open::List { at, anchor, items }) => self.put(
                Node {
                    at,
                    value: Value::List(items),
                },
                anchor,
            ),
            Some(Open::Map {
                at,
                anchor,
                entries,
                ..
            }) => self.put(
                Node {
                    at,
                    value: Value::Map(entries),
                },
                anchor,
            ),
            None => Ok(()),
        }
    }

    /// An alias stands for its node, seen at the place of the alias.
    fn repeat(&mut self, anchor: usize, at: Place) -> Result<(), Problem> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Problem::error(at, "", "an alias inside its own anchor"));
        };
        self.check_depth(depth(node), &at)?;
        self.spend(count(node), &at)?;
        let value = self.anchors[&anchor].value.clone();
        self.put(Node { at, value }, 0)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        self.spend(1, &node.at)?;
        if anchor != 0 {
            self.spend(count(&node), &node.at)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(pending_key(node, entries, &mut self.problems)),
                Some(PendingKey::Kept(name)) => entries.push((name, node)),
                Some(PendingKey::Dropped) => {}
            },
        }
        Ok(())
    }

    fn check_depth(&self, more: usize, at: &Place) -> Result<(), Problem> {
        if self.open.len() + more <= DEPTH_MAX {
            return Ok(());
        }
        let reason = format!("nested deeper than {DEPTH_MAX}");
        Err(Problem::error(at.clone(), "", reason).with_hint("is this the right file?"))
    }

    fn spend(&mut self, nodes: usize, at: &Place) -> Result<(), Problem> {
        self.nodes_left = self.nodes_left.checked_sub(nodes).ok_or_else(|| {
            Problem::error(
                at.clone(),
                "",
                "too many values, those repeated by aliases included",
            )
            .with_hint("is this the right file?")
        })?;
        Ok(())
    }

    fn place_of(&self, span: Span) -> Place {
        self.whole.at(span.start.line(), span.start.col() + 1)
    }

    fn not_yaml(&self, error: &ScanError) -> Problem {
        let mark = error.marker();
        let reason = format!("not YAML: {}", error.info());
        Problem::error(self.whole.at(mark.line(), mark.col() + 1), "", reason)
    }
}

fn pending_key(node: Node, entries: &[(Key, Node)], problems: &mut Vec<Problem>) -> PendingKey {
    let name = match node.value {
        Value::Scalar(name) => name,
        Value::Null => String::from("null"),
        Value::List(_) | Value::Map(_) => {
            let reason = format!("{} as a key", node.value.label());
            problems.push(Problem::error(node.at, "", reason).with_hint("keys are words"));
            return PendingKey::Dropped;
        }
    };
    if let Some((first, _)) = entries.iter().find(|(key, _)| key.name == name) {
        let reason = format!("given twice, first on line {}", first.at.line);
        problems.push(Problem::error(node.at, name, reason).with_hint("keep one of them"));
        return PendingKey::Dropped;
    }
    PendingKey::Kept(Key { at: node.at, name })
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar(_) => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, node)| depth(node))
                .max()
                .unwrap_or(0)
        }
    }
}

fn count(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, node)| 1 + count(node))
                .sum::<usize>()
        }
    }
}
