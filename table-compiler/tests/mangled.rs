//! Damaged inputs are reported, never fatal.

use dns_core::vip::{Ledger, VipConfig};
use dns_core::{HostEntry, NameBuf};
use serde_json::{Value, json};
use table_compiler::{
    ClientKind, Compiler, MeshConfig, ObjectDoc, Problem, Scope, Stale, documents, hosts_file,
    merge, name_table, object_from_value,
};

const MESH: &str = include_str!("../src/mesh/tests/fixture.yaml");
const EVERY_KIND: &str = include_str!("../src/input/fixture.yaml");
const NAME_TABLE: &str = r#"{"table": {
  "web.shop.svc.cluster.local": {"ips": ["10.96.0.7"], "registry": "Kubernetes", "shortname": "web", "namespace": "shop", "altHosts": ["web.example"]},
  "www.example.com": {"ips": ["192.0.2.1", "2001:db8::1"], "registry": "External"}
}}"#;
const HOSTS: &str =
    "127.0.0.1 localhost # here\n::1 localhost ip6-localhost\n192.0.2.7 a.example b\n";

/// Characters that mean something in one of the formats, or nothing in any.
const ODD: &[char] = &[
    '{',
    '}',
    '[',
    ']',
    ':',
    '-',
    '"',
    '\'',
    '*',
    '&',
    '!',
    '%',
    '#',
    '\t',
    '\n',
    '\0',
    '\u{feff}',
    'é',
    '9',
    ' ',
    '|',
    '\\',
    '\u{1F600}',
];

#[test]
fn no_damage_to_an_input_makes_a_reader_panic() {
    let mut seed = 1;
    for round in 0..100 {
        for text in [MESH, EVERY_KIND, NAME_TABLE, HOSTS] {
            let damaged = damage(text, 1 + round % 9, &mut seed);
            read_every_way(&damaged);
        }
    }
}

#[test]
fn no_value_of_a_field_makes_a_reader_panic() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("*"),
        json!("a/b/c"),
        json!("\u{e9}.\0"),
        json!([]),
        json!([[]]),
        json!([null]),
        json!({}),
        json!({"": {"": null}}),
    ];
    for object in documents("f", EVERY_KIND).objects {
        for pointer in pointers(&object.raw, "") {
            for value in &odd {
                let mut raw = (*object.raw).clone();
                *raw.pointer_mut(&pointer).expect("a part of the object") = value.clone();
                if let Err(problem) = object_from_value(&raw, "f", 1) {
                    assert!(!problem.reason.is_empty(), "{pointer}");
                }
            }
        }
    }
}

/// JSON pointers of all parts of a value.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    let mut found = vec![at.to_owned()];
    match value {
        Value::Object(fields) => found.extend(fields.iter().flat_map(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            pointers(value, &format!("{at}/{key}"))
        })),
        Value::Array(items) => found.extend(
            (items.iter().enumerate()).flat_map(|(i, value)| pointers(value, &format!("{at}/{i}"))),
        ),
        _ => {}
    }
    found
}

#[test]
fn text_cut_anywhere_is_read_up_to_there_or_reported() {
    let domain = domain();
    for end in (0..NAME_TABLE.len()).filter(|&end| NAME_TABLE.is_char_boundary(end)) {
        let read = name_table(&domain, "f", &NAME_TABLE[..end]);
        assert!(
            read.problems
                .iter()
                .any(|problem| problem.scope == Scope::File),
            "{end}"
        );
        assert!(read.entries.is_empty());
    }
    for (text, step) in [(MESH, 13), (EVERY_KIND, 131)] {
        for end in (0..text.len()).step_by(step) {
            let parsed = documents("f", &text[..end]);
            check_places(&text[..end], &parsed.problems);
        }
    }
}

fn read_every_way(text: &str) {
    let parsed = documents("f", text);
    check_places(text, &parsed.problems);
    for object in &parsed.objects {
        let again = object_from_value(&object.raw, &object.file, object.line);
        assert_eq!(again.as_ref(), Ok(object));
    }
    let entries = compiled(&parsed.objects);
    let table = name_table(&domain(), "f", text);
    check_places(text, &table.problems);
    let hosts = hosts_file("f", text);
    check_places(text, &hosts.problems);
    assert!(hosts.names <= hosts.list.len());
    let merged = merge(entries, vec![table.entries]);
    assert!(merged.is_sorted_by_key(|entry| &entry.name));
}

/// The entries that clients of the only cluster are served.
fn compiled(objects: &[ObjectDoc]) -> Vec<HostEntry> {
    let mut compiler = Compiler::new(MeshConfig::new(domain()));
    compiler.set_cluster(&"c1".into(), objects, Stale::None);
    let mut ledger = Ledger::new(VipConfig::default());
    compiler.compile(&mut ledger, 0);
    let table = compiler.table(&ClientKind::of_cluster("c1"));
    let entries = table.expect("it is compiled for").entries();
    entries.map(|entry| HostEntry::clone(entry)).collect()
}

/// Every problem names a line that the file has, or none.
fn check_places(text: &str, problems: &[Problem]) {
    let lines = text.split('\n').count() as u32;
    for problem in problems {
        assert!(problem.line <= lines, "{problem}");
        assert!(problem.to_string().starts_with("f:"), "{problem}");
        assert!(!problem.reason.is_empty());
    }
}

fn damage(text: &str, times: usize, seed: &mut u64) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..times {
        let at = random(seed, characters.len());
        match random(seed, 5) {
            0 => characters[at] = ODD[random(seed, ODD.len())],
            1 => characters.insert(at, ODD[random(seed, ODD.len())]),
            2 => drop(characters.remove(at)),
            3 => characters.truncate(at.max(1)),
            _ => {
                let end = (at + random(seed, 40)).min(characters.len());
                let copy = characters[at..end].to_vec();
                characters.splice(at..at, copy);
            }
        }
        if characters.is_empty() {
            characters.push('{');
        }
    }
    characters.into_iter().collect()
}

/// A number below `bound` from a linear congruential generator (Knuth, MMIX).
fn random(seed: &mut u64, bound: usize) -> usize {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % bound
}

fn domain() -> NameBuf {
    NameBuf::parse("cluster.local").expect("a fixed valid name")
}
