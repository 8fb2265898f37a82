//! The runner of scenarios: what is not so fails, and so does what it does not understand.

use serde_json::{Value, json};
use tests::scenarios::{Outcome, StepVerdict, check, run_scenario};

/// A scenario that needs no process.
fn scenario() -> Value {
    json!({
        "id": "own-01",
        "title": "A service of the own cluster",
        "levels": ["compiler"],
        "given": {
            "clusters": [{"id": "c1", "region": "r1", "zone": "r1-a", "network": "n1"}],
            "authoritative_zones": ["global"],
            "services": [{"cluster": "c1", "namespace": "default", "name": "reviews",
                "cluster_ip": "10.96.0.50", "ports": [{"name": "http", "port": 9080}], "ready": 1}],
        },
        "query": {"from": {"cluster": "c1", "namespace": "default"}, "qname": "reviews.",
            "qtype": "A"},
        "expect": {"dns": {"rcode": "NOERROR", "aa": true, "forwarded": false,
            "answers": [{"type": "A", "data": "10.96.0.50", "ttl_max": 30}]}},
        "then": [
            {"query": {"from": {"cluster": "c1", "namespace": "default"}, "qname": "x.global.",
                "qtype": "A"},
             "expect": {"dns": {"rcode": "NXDOMAIN", "answers": [], "authority_soa": "global.",
                "negative_ttl_max": 10}, "upstream_queries": 0}},
            {"query": {"from": {"cluster": "c1", "namespace": "default"},
                "table": "reviews.default.svc.cluster.local"},
             "expect": {"table": {"vips": ["10.96.0.50"]}}},
        ],
    })
}

/// What the first step that does not hold says; nothing if all hold.
fn failure(scenario: &Value) -> Option<String> {
    match run_scenario(scenario).outcome {
        Outcome::Unreadable(reason) => Some(reason),
        Outcome::Waits(part) => Some(format!("waits for {part}")),
        Outcome::OtherFile => Some("no scenario".to_owned()),
        Outcome::Steps(steps) => steps.into_iter().find_map(|step| match step {
            StepVerdict::Failed(what) => Some(what),
            StepVerdict::Held | StepVerdict::Waits(_) => None,
        }),
    }
}

/// The scenario with a value at a place.
fn with(pointer: &str, value: Value) -> Value {
    let mut scenario = scenario();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let parent = scenario.pointer_mut(parent).expect("the place is there");
    match parent {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        parent => parent[key] = value,
    }
    scenario
}

#[test]
fn a_changed_expectation_fails_and_tells_what_came() {
    for (pointer, value, told) in [
        (
            "/expect/dns/answers/0/data",
            json!("10.96.0.51"),
            "10.96.0.50",
        ),
        ("/expect/dns/answers/0/ttl_max", json!(29), "ttl <= 29"),
        ("/expect/dns/answers", json!([]), "10.96.0.50"),
        ("/expect/dns/rcode", json!("NXDOMAIN"), "got NOERROR"),
        ("/expect/dns/aa", json!(false), "got true"),
        ("/expect/dns/forwarded", json!(true), "got false"),
        (
            "/expect/must_not_answer",
            json!(["10.96.0.50"]),
            "is answered",
        ),
        (
            "/then/0/expect/dns/authority_soa",
            json!("local."),
            "got global.",
        ),
        ("/then/0/expect/upstream_queries", json!(1), "got 0"),
        (
            "/then/1/expect/table/vips",
            json!(["10.96.0.51"]),
            "10.96.0.50",
        ),
        ("/then/1/expect/table", Value::Null, "expected no entry"),
        (
            "/then/1/query/table",
            json!("ratings.default.svc.cluster.local"),
            "there is no",
        ),
    ] {
        let told_of = failure(&with(pointer, value)).unwrap_or_default();
        assert!(told_of.contains(told), "{pointer}: {told_of}");
    }
}

#[test]
fn what_an_expectation_has_no_meaning_for_fails_it() {
    for (pointer, value) in [
        ("/expect/cli", json!({"exit": 0})),
        ("/expect/table", Value::Null),
        ("/expect/share", json!({"10.0.0.1:80": [0.0, 1.0]})),
        ("/then/1/expect/upstream_queries", json!(0)),
        ("/given/services/0/cluster", json!("c9")),
        ("/query", json!({"invariant": "every name is short"})),
        ("/query", json!({"command": ["callsign", "dance"]})),
        (
            "/then/0",
            json!({"query": {"objects": "c1"},
            "expect": {"invariants": ["nothing has changed"]}}),
        ),
    ] {
        assert!(failure(&with(pointer, value)).is_some(), "{pointer}");
    }
}

#[test]
fn an_unknown_key_anywhere_fails() {
    let file = include_str!("../cases/seed-scenarios.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let mut tried = 0;
    for scenario in file["scenarios"].as_array().unwrap() {
        assert_eq!(check(scenario), Ok(()), "{}", scenario["id"]);
        for pointer in objects(scenario, String::new()) {
            let mut surprised = scenario.clone();
            let object = surprised.pointer_mut(&pointer).unwrap();
            object["surprise"] = json!(1);
            assert!(check(&surprised).is_err(), "{} {pointer}", scenario["id"]);
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// What is compared with JSON that commands print: its keys are theirs.
const OPEN: [&str; 4] = ["/json", "/json_contains", "/json_not_contains", "/json_all"];

/// Places of all objects with fixed keys.
fn objects(value: &Value, place: String) -> Vec<String> {
    let is_port_map = place.contains("/endpoints/") && place.ends_with("/ports");
    if is_port_map || OPEN.iter().any(|open| place.ends_with(open)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            found.push(place.clone());
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                found.extend(objects(value, format!("{place}/{key}")));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                found.extend(objects(item, format!("{place}/{index}")));
            }
        }
        _ => {}
    }
    found
}
