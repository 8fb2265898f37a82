//! What the tests of the readers share: an object of every kind.

use super::document::{documents, object_from_value};
use super::object::{Object, ObjectDoc};
use super::object_kind::ObjectKind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const EVERY_KIND: &str = include_str!("fixture.yaml");

/// The first sample of that kind.
pub(super) fn sample(kind: ObjectKind) -> ObjectDoc {
    let parsed = documents("every.yaml", EVERY_KIND);
    assert_eq!(parsed.problems, []);
    let mut objects = parsed.objects.into_iter();
    objects.find(|object| object.id.kind == kind).unwrap()
}

/// The typed form of a kind's first sample.
pub(super) fn typed(kind: ObjectKind) -> Object {
    sample(kind).object
}

/// Field and reason of the problem that the sample has with that value at a JSON pointer.
pub(super) fn problem_with(kind: ObjectKind, pointer: &str, value: Value) -> (String, String) {
    let sample = sample(kind);
    let mut raw = (*sample.raw).clone();
    put(&mut raw, pointer, value);
    let problem = object_from_value(&raw, "every.yaml", 1).unwrap_err();
    assert_eq!(problem.object.as_ref(), Some(&sample.id), "{problem}");
    (problem.field.unwrap_or_default(), problem.reason)
}

/// Checks field and reason for each value at its pointer.
pub(super) fn check_problems(kind: ObjectKind, cases: &[(&str, Value, &str, &str)]) {
    for (pointer, value, field, reason) in cases {
        let (found, why) = problem_with(kind, pointer, value.clone());
        assert_eq!((&*found, &*why), (*field, *reason), "{kind:?} {pointer}");
    }
}

/// Puts a value at a JSON pointer whose last part may be missing.
fn put(raw: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match raw.pointer_mut(parent).unwrap() {
        Value::Object(fields) => {
            fields.insert(key.replace("~1", "/"), value);
        }
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        other => panic!("{pointer} is below {other}"),
    }
}

pub(super) fn text_map<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<Arc<str>, Arc<str>> {
    entries
        .map(|(key, value)| (key.into(), value.into()))
        .into()
}

#[test]
fn every_kind_has_a_sample_that_survives_its_raw_form() {
    let parsed = documents("every.yaml", EVERY_KIND);
    assert_eq!(parsed.problems, []);
    assert!(parsed.skipped.is_empty(), "{:?}", parsed.skipped);
    for object in &parsed.objects {
        let again = object_from_value(&object.raw, &object.file, object.line);
        assert_eq!(again.as_ref(), Ok(object));
    }
    for kind in ObjectKind::ALL {
        assert!(parsed.objects.iter().any(|o| o.id.kind == kind), "{kind:?}");
    }
}
