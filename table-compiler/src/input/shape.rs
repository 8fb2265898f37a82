//! A [`Yaml`] tree as the types of `k8s-openapi`: what does not fit them is named with its place,
//! in the words of the other readers.

use super::field::{Invalid, Read};
use super::yaml::{Yaml, YamlValue};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Reads an object as a Kubernetes type. Fields that the type does not have are passed over, and
/// so is the metadata, which has a reader of its own.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(root: &'a Yaml) -> Read<'a, T> {
    T::deserialize(WithoutMetadata(root)).map_err(|fault| fault.at(root))
}

/// Reads a part of an object as a Kubernetes type.
pub(crate) fn read_part<'a, T: Deserialize<'a>>(part: &'a Yaml) -> Read<'a, T> {
    T::deserialize(Part(part)).map_err(|fault| fault.at(part))
}

/// A text of a Kubernetes type, with the empty one as absent.
pub(crate) fn name(text: Option<String>) -> Option<Arc<str>> {
    text.filter(|text| !text.is_empty()).map(Arc::from)
}

/// A map of a Kubernetes type.
pub(crate) fn text_map(map: Option<BTreeMap<String, String>>) -> BTreeMap<Arc<str>, Arc<str>> {
    let map = map.unwrap_or_default().into_iter();
    map.map(|(key, value)| (key.into(), value.into())).collect()
}

/// An object to read from.
#[derive(Clone, Copy)]
struct WithoutMetadata<'a>(&'a Yaml);

/// A part of the tree to read from.
#[derive(Clone, Copy)]
struct Part<'a>(&'a Yaml);

/// Why a part does not fit; without a place until it has come out of the innermost part.
#[derive(Debug)]
enum Fault<'a> {
    Placed(Invalid<'a>),
    Unplaced(String),
    /// It is not what the type expects.
    IsNot(String),
}

impl<'a> Fault<'a> {
    fn at(self, part: &'a Yaml) -> Invalid<'a> {
        match self {
            Fault::Placed(invalid) => invalid,
            Fault::Unplaced(reason) => Invalid::new(part, reason, ""),
            Fault::IsNot(what) if what == "IntOrString" => part.is_not("a number or a string"),
            Fault::IsNot(what) => part.is_not(&what),
        }
    }
}

impl<'a> From<Invalid<'a>> for Fault<'a> {
    fn from(invalid: Invalid<'a>) -> Self {
        Fault::Placed(invalid)
    }
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Placed(invalid) => f.write_str(invalid.reason()),
            Fault::Unplaced(reason) => f.write_str(reason),
            Fault::IsNot(what) => write!(f, "is not {what}"),
        }
    }
}

impl std::error::Error for Fault<'_> {}

impl de::Error for Fault<'_> {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Fault::Unplaced(reason.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Fault::IsNot(expected.to_string())
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Fault::IsNot(expected.to_string())
    }
}

impl<'a> Part<'a> {
    fn list<V: Visitor<'a>>(self, items: &'a [Yaml], visitor: V) -> Result<V::Value, Fault<'a>> {
        visitor.visit_seq(Items(items.iter()))
    }

    fn map<V: Visitor<'a>>(
        self,
        fields: &'a [(String, Yaml)],
        visitor: V,
    ) -> Result<V::Value, Fault<'a>> {
        visitor.visit_map(Fields {
            rest: fields.iter(),
            passed_over: None,
            value: self.0,
        })
    }

    fn any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        match &self.0.value {
            YamlValue::Null => visitor.visit_unit(),
            YamlValue::Bool(flag) => visitor.visit_bool(*flag),
            YamlValue::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            YamlValue::Text(text) => visitor.visit_borrowed_str(text),
            YamlValue::List(items) => self.list(items, visitor),
            YamlValue::Map(fields) => self.map(fields, visitor),
        }
    }

    fn placed<T>(self, outcome: Result<T, Fault<'a>>) -> Result<T, Fault<'a>> {
        outcome.map_err(|fault| Fault::Placed(fault.at(self.0)))
    }

    fn whole_number(self) -> Result<i64, Fault<'a>> {
        let number = match &self.0.value {
            YamlValue::Number(number) => number.as_i64(),
            _ => None,
        };
        Ok(number.ok_or_else(|| self.0.is_not("a whole number"))?)
    }
}

impl<'a> Deserializer<'a> for Part<'a> {
    type Error = Fault<'a>;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        self.placed(self.any(visitor))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        match self.0.value {
            YamlValue::Null => self.placed(visitor.visit_none()),
            _ => self.placed(visitor.visit_some(self)),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        match self.0.value {
            YamlValue::Bool(flag) => self.placed(visitor.visit_bool(flag)),
            _ => Err(self.0.is_not("true or false").into()),
        }
    }

    fn deserialize_i32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        let number = i32::try_from(self.whole_number()?)
            .map_err(|_| self.0.is_not("a whole number of 32 bits"))?;
        self.placed(visitor.visit_i32(number))
    }

    fn deserialize_i64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        let number = self.whole_number()?;
        self.placed(visitor.visit_i64(number))
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        let text = self.0.text()?;
        self.placed(visitor.visit_borrowed_str(text))
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        match &self.0.value {
            YamlValue::List(items) => self.placed(self.list(items, visitor)),
            _ => Err(self.0.is_not("a list").into()),
        }
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        let fields = self.0.entries()?;
        self.placed(self.map(fields, visitor))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault<'a>> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault<'a>> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier
    }
}

impl<'a> Deserializer<'a> for WithoutMetadata<'a> {
    type Error = Fault<'a>;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault<'a>> {
        visitor.visit_map(Fields {
            rest: self.0.entries()?.iter(),
            passed_over: Some("metadata"),
            value: self.0,
        })
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Yaml>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Fault<'a>;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault<'a>> {
        let item = self.0.next();
        item.map(|item| seed.deserialize(Part(item))).transpose()
    }
}

struct Fields<'a> {
    rest: std::slice::Iter<'a, (String, Yaml)>,
    passed_over: Option<&'static str>,
    value: &'a Yaml,
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Fault<'a>;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault<'a>> {
        let passed_over = self.passed_over;
        let next = (self.rest).find(|(key, _)| Some(key.as_str()) != passed_over);
        let Some((key, value)) = next else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault<'a>> {
        seed.deserialize(Part(self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::yaml::Position;
    use k8s_openapi::api::core::v1 as k8s;
    use serde_json::{Value, json};

    fn tree(value: &Value) -> Yaml {
        Yaml::from_json(value, Position { line: 7, column: 3 })
    }

    #[test]
    fn a_tree_is_read_as_a_kubernetes_type_and_the_rest_passed_over() {
        let tree = tree(&json!({
            "apiVersion": "v1", "kind": "Service", "metadata": 7, "more": [1],
            "spec": {"ports": [{"port": 80, "targetPort": "http"}], "clusterIP": null},
        }));
        let service: k8s::Service = read_object(&tree).unwrap();
        let spec = service.spec.unwrap();
        assert_eq!(spec.ports.unwrap()[0].port, 80);
        assert_eq!(spec.cluster_ip, None);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        for (spec, path, reason) in [
            (json!(7), "spec", "7 is not a mapping"),
            (json!({"ports": 7}), "spec.ports", "7 is not a list"),
            (json!({"type": 7}), "spec.type", "7 is not a string"),
            (
                json!({"ports": [{"port": "a"}]}),
                "spec.ports[0].port",
                "\"a\" is not a whole number",
            ),
            (
                json!({"ports": [{"port": 5_000_000_000_u64}]}),
                "spec.ports[0].port",
                "5000000000 is not a whole number of 32 bits",
            ),
            (
                json!({"ports": [{"targetPort": true}]}),
                "spec.ports[0].targetPort",
                "true is not a number or a string",
            ),
            (
                json!({"publishNotReadyAddresses": "no"}),
                "spec.publishNotReadyAddresses",
                "\"no\" is not true or false",
            ),
            (
                json!({"selector": {"a": 1}}),
                "spec.selector.a",
                "1 is not a string",
            ),
        ] {
            let tree = tree(&json!({"spec": spec}));
            let invalid = read_object::<k8s::Service>(&tree).unwrap_err();
            assert_eq!(invalid.path(&tree).as_deref(), Some(path));
            assert_eq!(invalid.reason(), reason);
            assert_eq!(invalid.at().line, 7);
        }
    }
}
