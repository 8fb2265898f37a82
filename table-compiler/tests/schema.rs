//! The schemas of our own kinds say what the reader accepts, and nothing else.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use table_compiler::{ObjectKind, documents, object_from_value};

const EVERY_KIND: &str = include_str!("../src/input/fixture.yaml");

/// Our kinds, with their JSON schema and the manifest of their resource definition.
const OURS: [(ObjectKind, &str, &str); 2] = [
    (
        ObjectKind::ProductName,
        include_str!("../schema/productname.json"),
        include_str!("../../deploy/crds/productnames.names.mesh.yaml"),
    ),
    (
        ObjectKind::NamePolicy,
        include_str!("../schema/namepolicy.json"),
        include_str!("../../deploy/crds/namepolicies.names.mesh.yaml"),
    ),
];

/// The object of that kind in which every field is used.
fn full_example(kind: ObjectKind) -> Value {
    let parsed = documents("every.yaml", EVERY_KIND);
    let mut objects = parsed.objects.iter();
    let object = objects.find(|object| object.id.kind == kind);
    (*object.expect("a sample").raw).clone()
}

fn parse(schema: &str) -> Value {
    serde_json::from_str(schema).expect("a JSON schema")
}

fn crd_spec(manifest: &str) -> Value {
    let crd: Value = serde_saphyr::from_str(manifest).expect("a manifest");
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"].clone()
}

fn names(properties: &Map<String, Value>) -> BTreeSet<String> {
    properties.keys().cloned().collect()
}

/// Visits the parts of an example together with their schemas, with the JSON pointer of each.
fn walk(schema: &Value, part: &Value, pointer: &str, visit: &mut impl FnMut(&Value, &Value, &str)) {
    visit(schema, part, pointer);
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        if variant["type"] == "object" && part.is_object() {
            walk(variant, part, pointer, visit);
        }
    }
    if let Some(items) = part.as_array() {
        for (i, item) in items.iter().enumerate() {
            walk(&schema["items"], item, &format!("{pointer}/{i}"), visit);
        }
    }
    if let (Some(fields), Some(properties)) = (part.as_object(), schema["properties"].as_object()) {
        for (key, value) in fields {
            if let Some(schema) = properties.get(key) {
                walk(schema, value, &format!("{pointer}/{key}"), visit);
            }
        }
    }
}

/// The fields that the reader knows at a place, by its complaint about one that it does not.
fn known_fields(example: &Value, pointer: &str) -> BTreeSet<String> {
    let mut example = example.clone();
    let part = example.pointer_mut(pointer).expect("a part of the example");
    part["0"] = json!(7);
    let problem = object_from_value(&example, "f", 1).expect_err("an unknown field");
    let hint = problem.hint.expect("a hint");
    let list = hint.strip_prefix("write ").expect("the known fields");
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_reader_knows_the_fields_of_the_schema_and_no_others() {
    for (kind, schema, _) in OURS {
        let (schema, example) = (parse(schema), full_example(kind));
        let mut places = 0;
        walk(&schema, &example, "", &mut |schema, _, pointer| {
            if let (Some(properties), false) =
                (schema["properties"].as_object(), pointer == "/metadata")
            {
                assert_eq!(schema["additionalProperties"], json!(false), "{pointer}");
                assert_eq!(
                    names(properties),
                    known_fields(&example, pointer),
                    "{kind:?} {pointer}"
                );
                places += 1;
            }
        });
        assert!(places >= 6, "{kind:?}: {places}");
    }
}

#[test]
fn the_full_example_uses_every_field_of_the_schema_and_is_accepted() {
    for (kind, schema, _) in OURS {
        let (schema, example) = (parse(schema), full_example(kind));
        let (mut used, mut declared) = (BTreeSet::new(), BTreeSet::new());
        walk(&schema, &example, "", &mut |schema, part, pointer| {
            let place: String = pointer
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .collect::<String>();
            for name in schema["properties"].as_object().into_iter().flat_map(names) {
                declared.insert(format!("{place}/{name}"));
            }
            for name in part.as_object().into_iter().flat_map(names) {
                used.insert(format!("{place}/{name}"));
            }
        });
        declared.remove("/status");
        let unused: Vec<_> = declared.difference(&used).collect();
        assert!(unused.is_empty(), "{kind:?}: {unused:?}");
        assert!(object_from_value(&example, "f", 1).is_ok());
    }
}

#[test]
fn what_the_schema_requires_or_enumerates_the_reader_does_too() {
    for (kind, schema, _) in OURS {
        let (schema, example) = (parse(schema), full_example(kind));
        let reads = |pointer: &str, value: &Value| {
            let mut example = example.clone();
            *example.pointer_mut(pointer).expect("a part") = value.clone();
            object_from_value(&example, "f", 1).is_ok()
        };
        walk(&schema, &example, "", &mut |schema, part, pointer| {
            for word in schema["enum"].as_array().into_iter().flatten() {
                assert!(reads(pointer, word), "{kind:?} {pointer}: {word}");
                assert!(!reads(pointer, &json!("no-such-word")), "{pointer}");
            }
            for key in schema["required"].as_array().into_iter().flatten() {
                let mut part = part.clone();
                let fields = part.as_object_mut().expect("a mapping");
                fields.remove(key.as_str().expect("a name"));
                assert!(!reads(pointer, &part), "{kind:?} {pointer} without {key}");
            }
        });
    }
}

#[test]
fn the_resource_definition_has_the_fields_of_the_schema() {
    for (kind, schema, manifest) in OURS {
        let (schema, crd) = (parse(schema), crd_spec(manifest));
        let example = full_example(kind);
        let spec = &schema["properties"]["spec"];
        let mut fields = [BTreeSet::new(), BTreeSet::new()];
        for (schema, fields) in [spec, &crd].into_iter().zip(&mut fields) {
            walk(schema, &example["spec"], "", &mut |schema, _, pointer| {
                // A structural schema has no alternatives.
                if !pointer.starts_with("/failover/spill") {
                    let properties = schema["properties"].as_object();
                    fields.extend(properties.into_iter().flat_map(names).map(|name| {
                        let schema = &schema["properties"][&name];
                        (format!("{pointer}/{name}"), schema["enum"].to_string())
                    }));
                    fields.insert((pointer.to_owned(), schema["required"].to_string()));
                }
            });
        }
        assert_eq!(fields[0], fields[1], "{kind:?}");
    }
}
