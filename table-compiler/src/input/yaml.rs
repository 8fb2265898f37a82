//! A YAML document as a tree in which every value knows its position.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::Spanned;
use std::fmt;

/// A place in a text: line and column in characters, from 1; 0 if unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Yaml {
    pub(crate) at: Position,
    pub(crate) value: YamlValue,
}

/// What a YAML value can be once anchors, merges and tags are resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum YamlValue {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// The tree of a JSON value; every part of it claims to stand at `at`.
    pub(crate) fn from_json(value: &serde_json::Value, at: Position) -> Self {
        use serde_json::Value;
        let value = match value {
            Value::Null => YamlValue::Null,
            Value::Bool(flag) => YamlValue::Bool(*flag),
            Value::Number(number) => YamlValue::Number(number.clone()),
            Value::String(text) => YamlValue::Text(text.clone()),
            Value::Array(items) => {
                YamlValue::List(items.iter().map(|item| Self::from_json(item, at)).collect())
            }
            Value::Object(fields) => YamlValue::Map(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::from_json(value, at)))
                    .collect(),
            ),
        };
        Yaml { at, value }
    }

    /// Moves the tree down by some lines, for a text that began further down in its file.
    pub(crate) fn shift(&mut self, lines: u32) {
        self.at.line += lines;
        match &mut self.value {
            YamlValue::List(items) => items.iter_mut().for_each(|item| item.shift(lines)),
            YamlValue::Map(fields) => fields.iter_mut().for_each(|(_, value)| value.shift(lines)),
            YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => {}
        }
    }

    /// The value without positions.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.value {
            YamlValue::Null => Value::Null,
            YamlValue::Bool(flag) => Value::Bool(*flag),
            YamlValue::Number(number) => Value::Number(number.clone()),
            YamlValue::Text(text) => Value::String(text.clone()),
            YamlValue::List(items) => Value::Array(items.iter().map(Yaml::to_json).collect()),
            YamlValue::Map(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<YamlValue>::deserialize(deserializer)?;
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let at = Position {
            line: narrow(spanned.referenced.line()),
            column: narrow(spanned.referenced.column()),
        };
        Ok(Yaml {
            at,
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = YamlValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_none<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<YamlValue, D::Error> {
        YamlValue::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<YamlValue, E> {
        Ok(YamlValue::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<YamlValue, E> {
        Ok(YamlValue::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<YamlValue, E> {
        Ok(YamlValue::Number(number.into()))
    }

    /// Too long for a JSON number: kept as the text it was.
    fn visit_u128<E>(self, number: u128) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<YamlValue, E> {
        Ok(Number::from_f64(number).map_or(YamlValue::Null, YamlValue::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(text))
    }

    fn visit_bytes<E>(self, octets: &[u8]) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(
            String::from_utf8_lossy(octets).into_owned(),
        ))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<YamlValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(YamlValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<YamlValue, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            fields.push((key, access.next_value()?));
        }
        Ok(YamlValue::Map(fields))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<YamlValue, D::Error> {
        YamlValue::deserialize(inner)
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<YamlValue, A::Error> {
        Err(de::Error::custom(
            "a tag of an application's own is not understood",
        ))
    }
}
