//! The cache of a running process, as its users see it: asked once, shown, flushed.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, RecordType};
use std::collections::BTreeMap;
use tests::command::{Ended, run};
use tests::script::{Names, Spoken};
use tests::{Launch, Observed, Script, Upstream};

const WEB: &str = "web.example.com.";
const API: &str = "api.web.example.com.";
const OTHER: &str = "other.test.";

/// A server that has an address for each of three names, and a process that asks it.
fn world(launch: Launch) -> (Upstream, Observed) {
    let spoken = |last| Spoken {
        answers: vec![(None, 300, RData::A(A::new(192, 0, 2, last)))],
        ..Spoken::default()
    };
    let names = [(WEB, 1), (API, 2), (OTHER, 3)];
    let names = names.map(|(name, last)| (name.to_owned(), spoken(last)));
    let script = Script::Names(Names {
        names: BTreeMap::from(names),
        ..Names::default()
    });
    let upstream = Upstream::start(script).unwrap();
    let launch = launch.flag("--upstream", upstream.address().to_string());
    let observed = Observed::start(&launch).unwrap();
    (upstream, observed)
}

fn asked(upstream: &Upstream, name: &str) -> usize {
    upstream.asked(&Name::from_ascii(name).unwrap(), RecordType::A)
}

fn ask_all(observed: &Observed) {
    for name in [WEB, API, OTHER] {
        assert_eq!(observed.addresses(name, "A").len(), 1, "{name}");
    }
}

/// Runs `callsign cache` on that process.
fn cache(observed: &Observed, arguments: &[&str]) -> Ended {
    let admin = observed.admin().to_string();
    let arguments = [&["cache"], arguments, &["--admin", &admin]].concat();
    run(arguments).unwrap()
}

/// The names in the first column, without the headings.
fn listed(observed: &Observed, arguments: &[&str]) -> Vec<String> {
    let ended = cache(observed, &[&["list"], arguments].concat());
    let rows = ended.stdout.lines().skip(1);
    rows.filter_map(|row| row.split(' ').next().map(str::to_owned))
        .collect()
}

#[test]
fn an_answer_is_asked_for_once_and_shown_with_its_records() {
    let (upstream, observed) = world(Launch::agent().unwrap());
    ask_all(&observed);
    ask_all(&observed);
    assert_eq!([WEB, API, OTHER].map(|name| asked(&upstream, name)), [1; 3]);

    let all = ["web.example.com", "api.web.example.com", "other.test"];
    assert_eq!(listed(&observed, &[]), all);
    assert_eq!(listed(&observed, &["--suffix", "example.com"]), all[..2]);
    assert!(listed(&observed, &["--type", "AAAA"]).is_empty());
    let one = cache(&observed, &["list", "--limit", "1"]);
    assert_eq!((one.code, one.stdout.lines().count()), (Some(0), 2));
    assert!(one.stderr.contains("there are more"), "{}", one.stderr);
    let none = cache(&observed, &["list", "example.com"]);
    assert_eq!(none.code, Some(1));

    let dump = cache(&observed, &["dump", "web.example.com"]);
    assert_eq!(dump.code, Some(0));
    let lines: Vec<&str> = dump.stdout.lines().collect();
    assert!(lines[0].starts_with("; web.example.com A: fresh, NOERROR, "));
    assert!(lines[0].ends_with(", group ."), "{}", lines[0]);
    assert!(lines[1].starts_with("web.example.com. "), "{}", lines[1]);
    assert!(lines[1].ends_with(" IN A 192.0.2.1"), "{}", lines[1]);
}

#[test]
fn what_is_flushed_by_name_or_suffix_is_asked_for_again_and_nothing_else() {
    let (upstream, observed) = world(Launch::agent().unwrap());
    ask_all(&observed);
    let counts = || [WEB, API, OTHER].map(|name| asked(&upstream, name));

    let flushed = cache(&observed, &["flush", "web.example.com"]);
    assert_eq!(
        (flushed.code, flushed.stdout.as_str()),
        (Some(0), "flushed 1 entry\n")
    );
    ask_all(&observed);
    assert_eq!(counts(), [2, 1, 1]);

    let flushed = cache(
        &observed,
        &["flush", "--suffix", "example.com", "-o", "json"],
    );
    assert_eq!(flushed.stdout, "{\n  \"flushed\": 2\n}\n");
    ask_all(&observed);
    assert_eq!(counts(), [3, 2, 1]);
}

#[test]
fn without_a_cache_every_question_is_asked_and_the_command_says_so() {
    let (upstream, observed) = world(Launch::agent().unwrap().switch("--no-cache"));
    ask_all(&observed);
    ask_all(&observed);
    assert_eq!(asked(&upstream, WEB), 2);
    let ended = cache(&observed, &["list"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("the cache is off"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_command_that_reaches_no_process_says_what_to_do() {
    let ended = run(["cache", "list"]).unwrap();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--admin 127.0.0.1:15054"));
    let ended = run(["cache", "flush", "--admin", "127.0.0.1:1"]).unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("is a process running with --admin"),
        "{}",
        ended.stderr
    );
}
