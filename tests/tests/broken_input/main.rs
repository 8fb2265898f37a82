//! Inputs broken on purpose, over three hundred of them: each is told with its file and line, and
//! with the object and field where there is one, while the last good table is served.
//!
//! They are made from good ones in many ways, at places that differ from run to run of the
//! generator but not from run to run of the test. The line is known because it was broken there.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod broken;
mod config;
mod hosts;
mod name_table;
mod objects;

use broken::Broken;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tests::command::run;
use tests::{Launch, Observed};

/// Broken inputs of each kind.
const EACH: usize = 76;

#[test]
fn there_are_three_hundred_and_each_is_another() {
    let all = [
        objects::broken(EACH),
        name_table::broken(EACH),
        hosts::broken(EACH),
        config::broken(EACH),
    ];
    let mut texts: Vec<Vec<u8>> = all.concat().into_iter().map(|broken| broken.text).collect();
    texts.sort();
    texts.dedup();
    assert!(texts.len() >= 300, "{} texts", texts.len());
}

#[test]
fn broken_objects_are_told_and_the_last_good_ones_served() {
    let good = objects::good_text();
    try_all(
        "tables: [file.yaml]\n",
        "file.yaml",
        &good,
        &objects::NAMES,
        &objects::broken(EACH),
    );
}

#[test]
fn broken_name_tables_are_told_and_the_last_good_one_served() {
    let good = name_table::good_text();
    let broken = name_table::broken(EACH);
    try_all(
        "tables: [file.json]\n",
        "file.json",
        &good,
        &name_table::NAMES,
        &broken,
    );
}

#[test]
fn broken_hosts_files_are_told_and_the_last_good_one_served() {
    let good = hosts::good_text();
    try_all(
        "hosts: [file]\n",
        "file",
        &good,
        &hosts::NAMES,
        &hosts::broken(EACH),
    );
}

/// Processes that share the broken texts of a kind: each waits most of its time for the files to
/// settle.
const PROCESSES: usize = 3;

fn try_all(source: &str, file: &str, good: &str, names: &[&str], all: &[Broken]) {
    std::thread::scope(|scope| {
        for share in all.chunks(all.len().div_ceil(PROCESSES)) {
            scope.spawn(move || try_each(source, file, good, names, share));
        }
    });
}

/// Writes each broken text over the good one of a running process.
fn try_each(source: &str, file: &str, good: &str, names: &[&str], all: &[Broken]) {
    let launch = Launch::agent().unwrap();
    let config = format!("{source}zones: [mesh.test]\nupstreams: none\n");
    let config = launch.write("callsign.yaml", &config).unwrap();
    let path = launch.write(file, good).unwrap();
    let launch = launch.flag("--config", &config);
    let mut observed = Observed::start(&launch).unwrap();
    observed.until_content();
    let before = answers(&observed, names);
    assert!(
        before.values().all(|addresses| !addresses.is_empty()),
        "{before:?}"
    );
    let mut faults = Vec::new();
    for (number, broken) in all.iter().enumerate() {
        std::fs::write(&path, &broken.text).unwrap();
        observed.until_reason(&path.display().to_string());
        let reasons = observed.readiness().reasons;
        faults.extend(fault_told(&path, broken, &reasons));
        let changed = broken.changed.iter().map(|(name, addresses)| {
            (
                name.clone(),
                addresses.iter().map(|text| text.parse().unwrap()).collect(),
            )
        });
        let mut expected = before.clone();
        expected.extend(changed);
        assert_eq!(answers(&observed, names), expected, "{}", shown(broken));
        assert!(observed.readiness().is_ready(), "{}", shown(broken));
        // The command says the same; it starts a process, so not every time.
        if number % 4 == 0 {
            faults.extend(fault_of_command(&config, &path, broken));
        }
        std::fs::write(&path, good).unwrap();
        observed.until_content();
    }
    assert_eq!(answers(&observed, names), before);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn answers(observed: &Observed, names: &[&str]) -> BTreeMap<String, Vec<IpAddr>> {
    let answer = |name: &&str| ((*name).to_owned(), observed.addresses(name, "A"));
    names.iter().map(answer).collect()
}

/// What is wrong with what is told, if anything.
fn fault_told(path: &Path, broken: &Broken, reasons: &[String]) -> Option<String> {
    let place = format!("{}:{}:", path.display(), broken.line);
    let is_told = |reason: &String| {
        reason.starts_with(&place)
            && broken
                .parts
                .iter()
                .all(|part| reason.contains(part.as_str()))
    };
    let is_one = reasons.len() == 1 && is_told(&reasons[0]);
    let parts = &broken.parts;
    (!is_one).then(|| {
        format!(
            "{}: wanted {place} {parts:?}, got {reasons:#?}",
            broken.kind
        )
    })
}

/// What is wrong with what `config check -o json` says of a configuration that names the file, or
/// is it.
fn fault_of_command(config: &Path, path: &Path, broken: &Broken) -> Option<String> {
    let (config, state) = (config.to_str().unwrap(), config.with_file_name("state"));
    let state = state.to_str().unwrap();
    let ended = run([
        "config",
        "check",
        config,
        "-o",
        "json",
        "--state-dir",
        state,
    ])
    .unwrap();
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let problem = &report["problems"][0];
    let is_error = problem["severity"] == "error";
    let is_told = report["problems"]
        .as_array()
        .is_some_and(|problems| problems.len() == 1)
        && problem["file"] == path.to_str().unwrap()
        && problem["line"] == broken.line
        && problem["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty());
    let ends_so = (report["ok"] == !is_error, ended.code) == (true, Some(i32::from(is_error)));
    let is_right = is_told && ends_so;
    (!is_right).then(|| format!("{} line {}: {ended:?}", broken.kind, broken.line))
}

/// A configuration is told by the command, and by a running process that goes on with the old one.
#[test]
fn broken_configurations_are_told_and_the_one_in_force_stays() {
    let launch = Launch::bare().unwrap();
    launch.write("hosts", config::HOSTS).unwrap();
    let path: PathBuf = launch.write("callsign.yaml", &config::good_text()).unwrap();
    let launch = launch.flag("--config", &path);
    let mut callsign = Observed::start(&launch).unwrap();
    let before = answers(&callsign, &config::NAMES);
    let (mut last, mut faults) = (None, Vec::new());
    for mut broken in config::broken(EACH) {
        // The line is how this version is told from the one before.
        if last == Some(broken.line) {
            broken.text.insert(0, b'\n');
            broken.line += 1;
        }
        last = Some(broken.line);
        std::fs::write(&path, &broken.text).unwrap();
        let line = callsign.until_line(&format!("{}:", path.display()));
        let told = &line[line.find(path.to_str().unwrap()).unwrap()..];
        faults.extend(fault_told(&path, &broken, &[told.to_owned()]));
        callsign.until_line("the configuration in force stays");
        assert_eq!(
            answers(&callsign, &config::NAMES),
            before,
            "{}",
            shown(&broken)
        );
        faults.extend(fault_of_command(&path, &path, &broken));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn shown(broken: &Broken) -> String {
    format!(
        "--- {}, line {}\n{}",
        broken.kind,
        broken.line,
        String::from_utf8_lossy(&broken.text)
    )
}
