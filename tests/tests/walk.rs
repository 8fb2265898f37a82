//! The walk over three clusters that the README tells: `examples/multicluster/walk.sh` does it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use tests::walk::{Step, Walk, step, steps_of};

const README: &str = include_str!("../../README.md");
/// The chapter that tells of the walk.
const CHAPTER: &str = "## Many clusters\n";

/// What every client in every cluster is answered, all the time.
const ANSWER: &str = "pay.example.com.\t30\tIN\tA\t250.150.169.8\n";
/// Gateways of the product, as other clusters reach them.
const GATEWAYS: [&str; 3] = [
    "203.0.113.11:15443",
    "203.0.113.12:15443",
    "203.0.113.13:15443",
];

/// The lines of a step's output that have this in them.
fn lines<'s>(step: &'s Step, part: &str) -> Vec<&'s str> {
    let lines = step.output.lines();
    lines.filter(|line| line.contains(part)).collect()
}

/// The gateways that the output of a step names.
fn gateways(step: &Step) -> Vec<&'static str> {
    let named = GATEWAYS.into_iter();
    named
        .filter(|gateway| !lines(step, gateway).is_empty())
        .collect()
}

fn says(step: &Step, words: &[&str]) {
    for word in words {
        assert!(step.output.contains(word), "{word:?} in {step:#?}");
    }
}

/// The README tells of one run in this order, so one test goes through it in that order.
#[test]
fn three_clusters_share_a_name_whatever_happens_to_one_of_them() {
    let walk = Walk::run().unwrap();
    one_address_everywhere(&walk);
    a_lost_cluster_is_held(&walk);
    a_third_cluster_joins(&walk);
    a_conflict_changes_no_answer(&walk);
    a_cluster_is_let_go(&walk);
    the_readme_tells_of_it(&walk);
}

fn one_address_everywhere(walk: &Walk) {
    let asked = walk
        .steps
        .iter()
        .filter(|step| step.command.contains("callsign query"));
    let asked: Vec<&Step> = asked.collect();
    assert_eq!(
        asked.len(),
        13,
        "from each cluster four times, and after a restart"
    );
    for step in asked {
        assert_eq!(step.output.trim(), ANSWER.trim(), "{}", step.command);
    }
    let own = step(&walk.steps, "--from cluster1/shop");
    says(
        own,
        &[
            "answer: 250.150.169.8",
            "rule: host of a gateway",
            "10.96.7.7:443",
        ],
    );
    assert_eq!(gateways(own), GATEWAYS[1..2]);
    let elsewhere = step(&walk.steps, "--from cluster3/shop");
    assert_eq!(gateways(elsewhere), GATEWAYS[..2]);
}

fn a_lost_cluster_is_held(walk: &Walk) {
    let lost = walk.after("mv clusters/cluster1 lost");
    if let Some(ready) = lost.iter().find(|step| step.command.contains("/readyz")) {
        says(ready, &["ok\n", "clusters/cluster1: held: ", "or confirm "]);
    }
    let table = step(lost, "callsign table");
    assert_eq!(lines(table, "stale").len(), 1);
    says(table, &["pay.example.com", "stale,allotted"]);
    says(step(lost, "diff current held"), &["vips_changed 0"]);
    let restarted = walk.after("kill ");
    let check = step(restarted, "check --id clusters.reachable");
    assert_eq!(check.code, 1);
    says(
        check,
        &["FAILED", "cluster1", "the source is gone or empty"],
    );
    let back = walk.after("mv lost clusters/cluster1");
    let check = step(back, "check --id clusters.reachable");
    assert_eq!((check.code, lines(check, "FAILED").len()), (0, 0));
}

fn a_third_cluster_joins(walk: &Walk) {
    let joined = walk.after("cp -r later/cluster3 clusters/");
    let own = step(joined, "--from cluster1/shop");
    assert_eq!(gateways(own), GATEWAYS[1..]);
    says(own, &["Gateway cluster3/payments/pay-gw"]);
    let diff = step(joined, "diff --generations previous,current");
    says(diff, &["names_added 0  names_removed 0  vips_changed 0"]);
}

fn a_conflict_changes_no_answer(walk: &Walk) {
    let made = walk.after("cp later/conflict.yaml");
    let check = step(made, "check --id names.conflicts");
    assert_eq!(check.code, 1);
    let fault = "Gateway cluster1/payments/pay-gw has the name, \
                 ServiceEntry cluster2/marketing/pay-too claims it too";
    says(check, &["FAILED", fault]);
    let explained = step(made, "--from cluster2/marketing");
    let rejected = "rejected:\n  ServiceEntry cluster2/marketing/pay-too is shadowed by \
                    Gateway cluster1/payments/pay-gw";
    says(explained, &["answer: 250.150.169.8", rejected]);
}

fn a_cluster_is_let_go(walk: &Walk) {
    let gone = walk.after("mv clusters/cluster3 gone");
    let confirmed = step(gone, "callsign confirm held");
    assert_eq!(confirmed.code, 0);
    says(confirmed, &["is served"]);
    assert_eq!(gateways(step(gone, "--from cluster1/shop")), GATEWAYS[1..2]);
    let vips = step(gone, "callsign vips");
    assert_eq!(lines(vips, "250.150.169.8").len(), 1);
    says(vips, &["pay.example.com", "allotted"]);
}

/// Every line that the README shows was printed, but for ids of tables and times.
fn the_readme_tells_of_it(walk: &Walk) {
    let chapter = README.split_once(CHAPTER).unwrap().1;
    let chapter = chapter.split_once("\n## ").unwrap().0;
    let shown = chapter.lines().filter_map(|line| line.strip_prefix("    "));
    let shown = steps_of(&shown.collect::<Vec<_>>().join("\n"));
    assert!(shown.len() >= 15, "{shown:#?}");
    let printed = |step: &Step| -> Vec<String> { step.output.lines().map(masked).collect() };
    let all: Vec<String> = walk.steps.iter().flat_map(printed).collect();
    for told in &shown {
        let command = told.command.split(" | ").next().unwrap();
        let is_taken = walk
            .steps
            .iter()
            .any(|step| step.command.starts_with("curl"));
        if command.starts_with("curl") && !is_taken {
            continue;
        }
        for line in printed(told) {
            assert!(all.contains(&line), "nothing printed {line:?}");
        }
    }
}

/// A line without what is different in every run.
fn masked(line: &str) -> String {
    let is_id = |word: &str| word.len() == 16 && word.bytes().all(|c| c.is_ascii_hexdigit());
    let is_time = |word: &str| word.len() == 20 && word.ends_with('Z');
    let words = line.split(' ').map(|word| match word {
        word if is_id(word) => "ID",
        word if is_time(word) => "TIME",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
