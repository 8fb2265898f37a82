//! The JSON of a name table, with the place of every value kept.

use crate::source_text::{Lines, narrow};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON error inside `part`, a slice of the text.
pub(super) struct Fault<'a> {
    part: &'a str,
    error: serde_json::Error,
}

impl Fault<'_> {
    pub(super) fn place(&self, lines: &Lines<'_>) -> (u32, u32) {
        let (line, column) = lines.place(self.part);
        let inner_column = narrow(self.error.column().max(1));
        match narrow(self.error.line()) {
            0 | 1 => (line, column + inner_column - 1),
            inner_line => (line + inner_line - 1, inner_column),
        }
    }

    /// The library's text names the place within the part, which says nothing about the file.
    pub(super) fn reason(&self) -> String {
        let text = self.error.to_string();
        let place = format!(
            " at line {} column {}",
            self.error.line(),
            self.error.column()
        );
        text.strip_suffix(&place).unwrap_or(&text).to_owned()
    }
}

/// A host of the table with the values of its entry.
pub(super) struct Host<'a> {
    pub(super) name: String,
    pub(super) info: Info<'a>,
    /// The entry as written.
    pub(super) at: &'a str,
}

#[derive(Deserialize)]
pub(super) struct Info<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub(super) ips: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(super) registry: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(super) shortname: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(super) namespace: String,
    #[serde(default, alias = "altHosts", deserialize_with = "null_as_default")]
    pub(super) alt_hosts: Vec<String>,
}

/// In protojson null stands for the default of its field.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The hosts of a table, in the order of the text.
pub(super) fn hosts_of(text: &str) -> Result<Vec<Host<'_>>, Fault<'_>> {
    let top: Members<'_> = part_of(text)?;
    let table = match top.0.iter().find(|(key, _)| key == "table") {
        Some((_, table)) => members_of_table(table.get())?.unwrap_or(top),
        None => top,
    };
    table
        .0
        .into_iter()
        .map(|(name, info)| {
            Ok(Host {
                name,
                info: part_of(info.get())?,
                at: info.get(),
            })
        })
        .collect()
}

/// Fields of an entry, in both spellings of protojson.
const INFO_FIELDS: [&str; 6] = [
    "ips",
    "registry",
    "shortname",
    "namespace",
    "altHosts",
    "alt_hosts",
];

/// Members of the `table` of a whole NameTable. `None` if `table` is itself a host of a bare
/// map: it then has a field of an entry, whose value is no object as a host's would be.
fn members_of_table(table: &str) -> Result<Option<Members<'_>>, Fault<'_>> {
    if table == "null" {
        return Ok(Some(Members::default()));
    }
    let members: Members<'_> = part_of(table)?;
    let is_host = members
        .0
        .iter()
        .any(|(key, value)| INFO_FIELDS.contains(&key.as_str()) && !value.get().starts_with('{'));
    Ok((!is_host).then_some(members))
}

fn part_of<'a, T: Deserialize<'a>>(part: &'a str) -> Result<T, Fault<'a>> {
    serde_json::from_str(part).map_err(|error| Fault { part, error })
}

/// Members of a JSON object in the order of the text, with their values as written.
#[derive(Default)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
