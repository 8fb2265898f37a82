//! The runner of the cases itself: a wrong expectation and an unknown key fail, and say so.

use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tests::cases::{Report, Verdict, committed_folder, run};

/// A case that runs without a process, one that runs with one, and one of the other format.
const IN_PROCESS: (&str, &str) = ("istio-dns-cases.json", "ztunnel-lookup/k8s-fqdn");
const WITH_PROCESS: (&str, &str) = ("istio-dns-cases.json", "istio-agent/external-host-exact");
const KUBERNETES: (&str, &str) = ("k8s-dns-cases.json", "k8s-spec/04");
/// Cases about tables of many clusters, and what in each is changed to what.
const TABLES: [(&str, &str, &str); 4] = [
    (
        "istio-server-nametable/cluster-ip-of-own-cluster-chosen",
        "/expect/name_table/table/web.testns.svc.cluster.local/ips/0",
        "10.2.0.2",
    ),
    (
        "istio-server-addresses/auto-v4",
        "/expect/addresses/0",
        "240.240.0.2",
    ),
    (
        "istio-autoalloc-v1/dns-allocated",
        "/expect/addresses/0/v4",
        "240.240.227.82",
    ),
    (
        "istio-autoalloc-v2/status-addresses-become-service-addresses",
        "/expect/services/1/auto_v4",
        "240.240.0.3",
    ),
];

/// Runs a copy of one committed case after `change` was made to it.
fn run_changed((file, id): (&str, &str), change: impl FnOnce(&mut Value)) -> Report {
    let text = std::fs::read_to_string(committed_folder().join(file)).expect("a committed file");
    let mut document: Value = serde_json::from_str(&text).expect("a committed file is JSON");
    let cases = document["cases"].as_array().expect("a list of cases");
    let mut case = cases
        .iter()
        .find(|case| id_of(case) == id)
        .expect("a committed case")
        .clone();
    change(&mut case);
    document["cases"] = json!([case]);
    let folder = TempDir::new().expect("a temporary folder");
    write(folder.path(), &document);
    run(folder.path(), None).expect("a folder of cases")
}

fn id_of(case: &Value) -> String {
    let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
    if case["id"].is_string() {
        text("id")
    } else {
        format!("{}/{}", text("suite"), text("name"))
    }
}

fn write(folder: &Path, document: &Value) {
    std::fs::write(folder.join("some.json"), document.to_string()).expect("a file of cases");
}

fn only_failure(report: &Report) -> String {
    let failures: Vec<_> = report.failures().map(ToString::to_string).collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures[0].clone()
}

fn assert_holds(case: (&str, &str)) {
    let report = run_changed(case, |_| {});
    assert_eq!(report.lines().len(), 1);
    assert_eq!(
        report.lines()[0].verdict,
        Verdict::Held,
        "{}",
        report.lines()[0]
    );
}

fn assert_changed_address_fails(case: (&str, &str), changed: &str, right: &str) {
    let report = run_changed(case, |case| {
        case["expect"]["answers"][0]["data"] = json!(changed)
    });
    let failure = only_failure(&report);
    assert!(
        failure.starts_with(&format!("FAIL {} ", case.1)),
        "{failure}"
    );
    assert!(
        failure.contains(changed) && failure.contains(right),
        "{failure}"
    );
}

#[test]
fn a_copy_of_a_case_in_another_folder_holds() {
    assert_holds(IN_PROCESS);
}

#[test]
fn a_copy_of_a_case_for_the_process_holds() {
    assert_holds(WITH_PROCESS);
    assert_holds(KUBERNETES);
}

#[test]
fn a_changed_expectation_fails_and_names_what_was_expected_and_what_came() {
    assert_changed_address_fails(IN_PROCESS, "9.9.9.8", "9.9.9.9");
}

#[test]
fn a_changed_expectation_of_the_process_fails() {
    assert_changed_address_fails(WITH_PROCESS, "1.1.1.2", "1.1.1.1");
    assert_changed_address_fails(KUBERNETES, "2001:db8::2", "2001:db8::1");
}

#[test]
fn a_changed_table_fails() {
    for (id, pointer, changed) in TABLES {
        let case = (IN_PROCESS.0, id);
        let failure = only_failure(&run_changed(case, |case| {
            *case.pointer_mut(pointer).expect("a part of the case") = json!(changed);
        }));
        assert!(
            failure.contains("expected") && failure.contains(changed),
            "{failure}"
        );
        for parent in ["", "/given", "/expect"] {
            let failure = only_failure(&run_changed(case, |case| {
                case.pointer_mut(parent).expect("a part of the case")["foo"] = json!(1);
            }));
            assert!(failure.contains("unknown key"), "{parent}: {failure}");
        }
    }
}

#[test]
fn a_changed_code_flag_origin_or_count_fails() {
    for (key, value) in [
        ("rcode", json!("NXDOMAIN")),
        ("aa", json!(false)),
        ("ra", json!(false)),
        ("tc", json!(true)),
        ("source", json!("upstream")),
        ("answers_count", json!(2)),
        ("answers", json!([])),
    ] {
        let report = run_changed(IN_PROCESS, |case| case["expect"][key] = value);
        assert!(only_failure(&report).contains("expected"), "{key}");
    }
}

#[test]
fn an_unknown_key_anywhere_in_a_case_fails_it() {
    for (pointer, expected) in [
        ("", "unknown key foo"),
        ("/given", "unknown key given.foo"),
        ("/query", "unknown key query.foo"),
        ("/expect", "unknown key expect.foo"),
        ("/expect/answers/0", "foo"),
    ] {
        for case in [IN_PROCESS, WITH_PROCESS, KUBERNETES] {
            let report = run_changed(case, |case| {
                case.pointer_mut(pointer).expect("a part of the case")["foo"] = json!(1);
            });
            let failure = only_failure(&report);
            assert!(failure.contains(expected), "{pointer}: {failure}");
            assert!(failure.contains("unknown key"), "{pointer}: {failure}");
        }
    }
}

#[test]
fn an_unknown_key_of_a_fixture_fails_its_cases() {
    let text = std::fs::read_to_string(committed_folder().join(IN_PROCESS.0)).expect("a file");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    document["fixtures"]["ztunnel_states"]["zt-basic"]["services"][0]["foo"] = json!(1);
    let folder = TempDir::new().expect("a temporary folder");
    write(folder.path(), &document);
    let report = run(folder.path(), Some(IN_PROCESS.1)).expect("a folder of cases");
    assert!(only_failure(&report).contains("unknown key given.state.services[0].foo"));
}

#[test]
fn a_file_of_another_format_and_an_empty_folder_are_errors() {
    let folder = TempDir::new().expect("a temporary folder");
    assert!(run(folder.path(), None).is_err());
    write(folder.path(), &json!({"format": "other/1", "cases": []}));
    let error = run(folder.path(), None).expect_err("an unknown format");
    assert!(error.contains("no file of a format"), "{error}");
}
