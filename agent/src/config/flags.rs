//! Flags as nodes of the document: they replace what the file says under the same name, and are
//! read by the same walk.

use super::keys::canonical;
use crate::cli::AgentFlags;
use crate::problem::Place;
use crate::yaml::{Key, Node, Value};

/// The document with the flags laid over it. A root that is no map is left for the walk to report.
pub(crate) fn overlay(root: Node, flags: &AgentFlags) -> Node {
    let mut given = nodes(flags);
    match root.value {
        Value::Map(mut entries) => {
            entries.retain(|(key, _)| !given.iter().any(|(flag, _)| same(flag, key)));
            entries.append(&mut given);
            Node {
                value: Value::Map(entries),
                ..root
            }
        }
        Value::Null => Node {
            value: Value::Map(given),
            ..root
        },
        _ => root,
    }
}

fn same(flag: &Key, key: &Key) -> bool {
    canonical(&flag.name) == canonical(&key.name)
}

fn nodes(flags: &AgentFlags) -> Vec<(Key, Node)> {
    let lists = [
        ("listen", &flags.listen),
        ("table", &flags.table),
        ("hosts", &flags.hosts),
        ("upstream", &flags.upstream),
        ("search", &flags.search),
        ("zone", &flags.zone),
    ];
    let scalars = [
        ("clusters", &flags.clusters),
        ("cluster", &flags.cluster),
        ("namespace", &flags.namespace),
        ("domain", &flags.domain),
        ("state_dir", &flags.state_dir),
        ("workers", &flags.workers),
        ("admin", &flags.admin),
        ("log_level", &flags.log_level),
        ("log_format", &flags.log_format),
    ];
    let no_cache = flags.no_cache.then(|| entry("no_cache", scalar("true")));
    let lists = lists.into_iter().filter(|(_, texts)| !texts.is_empty());
    let lists = lists.map(|(name, texts)| {
        entry(
            name,
            Value::List(texts.iter().map(|text| node(scalar(text))).collect()),
        )
    });
    let scalars = scalars
        .into_iter()
        .filter_map(|(name, text)| text.as_deref().map(|text| entry(name, scalar(text))));
    lists.chain(scalars).chain(no_cache).collect()
}

fn entry(name: &str, value: Value) -> (Key, Node) {
    (
        Key {
            at: Place::command_line(),
            name: name.to_owned(),
        },
        node(value),
    )
}

fn node(value: Value) -> Node {
    Node {
        at: Place::command_line(),
        value,
    }
}

fn scalar(text: &str) -> Value {
    Value::Scalar(text.to_owned())
}
