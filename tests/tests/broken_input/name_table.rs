//! Broken name tables.

use crate::broken::{Broken, Dice, Draft};

const HOSTS: usize = 6;
/// Names of the good table.
pub(crate) const NAMES: [&str; HOSTS + 1] = [
    "h0.mesh.test",
    "h1.mesh.test",
    "h2.mesh.test",
    "h3.mesh.test",
    "h4.mesh.test",
    "h5.mesh.test",
    "extra.mesh.test",
];

/// Lines of one host.
const HOST_LINES: usize = 9;

/// The good table: its lines, and where each host begins.
fn good(dice: &mut Dice) -> (Vec<String>, Vec<(usize, usize)>) {
    let mut order: Vec<usize> = (0..HOSTS).collect();
    dice.shuffle(&mut order);
    let mut lines = vec![String::new(); dice.below(4)];
    lines.extend(["{", "  \"table\": {"].map(str::to_owned));
    let mut starts = Vec::new();
    for number in order {
        starts.push((number, lines.len()));
        lines.extend(host(number).lines().map(str::to_owned));
        lines.extend(vec![String::new(); dice.below(2)]);
    }
    // The last one is alone on its line and has no comma behind it.
    lines.push("    \"extra.mesh.test\": {\"ips\": [\"10.1.9.9\"]}".to_owned());
    lines.extend(["  }", "}"].map(str::to_owned));
    (lines, starts)
}

/// The good table as a text.
pub(crate) fn good_text() -> String {
    good(&mut Dice::new(0)).0.join("\n") + "\n"
}

fn host(number: usize) -> String {
    format!(
        "    \"h{number}.mesh.test\": {{
      \"ips\": [
        \"10.1.{number}.1\",
        \"10.1.{number}.2\"
      ],
      \"registry\": \"External\",
      \"shortname\": \"\",
      \"namespace\": \"shop\"
    }},"
    )
}

/// A mutation: the line of a host that it begins at, the lines that go, what stands there
/// instead, the line of that which is told, and a part of the message.
type Mutation = (
    &'static str,
    usize,
    usize,
    &'static [&'static str],
    isize,
    &'static str,
);

/// What freezes the file. A comma that is missing is told where the next value begins.
#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    ("missing comma", 5, 1, &["      \"registry\": \"External\""], 1, "expected"),
    ("missing comma in a list", 2, 1, &["        \"10.1.0.1\""], 1, "expected"),
    ("comma too many", 3, 1, &["        \"10.1.0.2\","], 1, "expected value"),
    ("missing colon", 5, 1, &["      \"registry\" \"External\","], 0, "expected `:`"),
    ("missing quote of a key", 5, 1, &["      registry\": \"External\","], 0, "key must be a string"),
    ("single quotes", 5, 1, &["      'registry': \"External\","], 0, "key must be a string"),
    ("a bad escape", 5, 1, &["      \"registry\": \"Ext\\xernal\","], 0, "escape"),
    ("a tab in a string", 5, 1, &["      \"registry\": \"Ext\ternal\","], 0, "control character"),
    ("a word", 5, 1, &["      \"registry\": External,"], 0, "expected"),
    ("a number with a zero in front", 5, 1, &["      \"registry\": 007,"], 0, "number"),
    ("a comment", 5, 1, &["      // by hand", "      \"registry\": \"External\","], 0, "key must be a string"),
    ("a bracket of the other kind", 4, 1, &["      },"], 0, "expected"),
    ("duplicate key", 5, 1, &["      \"registry\": \"External\",", "      \"registry\": \"Kubernetes\","], 1, "duplicate field `registry`"),
    ("wrong type of the addresses", 1, 4, &["      \"ips\": \"10.1.0.1\","], 0, "invalid type: string"),
    ("wrong type of the addresses", 1, 4, &["      \"ips\": {\"a\": 1},"], 0, "invalid type: map"),
    ("wrong type of the registry", 5, 1, &["      \"registry\": 7,"], 0, "invalid type: integer"),
    ("wrong type of the namespace", 7, 1, &["      \"namespace\": [\"shop\"]"], 0, "invalid type: sequence"),
    ("wrong type of the aliases", 5, 1, &["      \"altHosts\": \"a.mesh.test\","], 0, "invalid type: string"),
    ("wrong type of a host", 0, HOST_LINES, &["    \"h.mesh.test\": 7,"], 0, "invalid type: integer"),
    ("wrong type of a host", 0, HOST_LINES, &["    \"h.mesh.test\": [\"10.1.0.1\"],"], 0, "invalid"),
    ("text behind the end", HOST_LINES, 0, &["    \"more\": {}}}}"], 0, "trailing characters"),
];

const BAD_IPS: [&str; 6] = [
    "\"10.1.0.256\"",
    "\"10.1.0\"",
    "\"here\"",
    "7",
    "\"\"",
    "null",
];
const BAD_HOSTS: [&str; 4] = ["a..b.test", "a b.test", "*.*.test", "a/b.test"];

/// That many broken tables, every mutation in turn.
pub(crate) fn broken(count: usize) -> Vec<Broken> {
    let mut dice = Dice::new(2);
    (0..count)
        .map(|turn| one(&mut dice, turn % (MUTATIONS.len() + 5)))
        .collect()
}

fn one(dice: &mut Dice, turn: usize) -> Broken {
    let (lines, starts) = good(dice);
    let (number, start) = *dice.one(&starts);
    let draft = |line: usize| Draft {
        at: start + line,
        lines: lines.clone(),
    };
    if let Some((kind, line, replaced, with, told, part)) = MUTATIONS.get(turn) {
        return draft(*line)
            .broken(kind, *replaced, with, *told)
            .with(*part);
    }
    match turn - MUTATIONS.len() {
        0 => draft(dice.below(HOST_LINES)).not_utf8(),
        1 => draft(2).cut("        \"10.".len()),
        2 => {
            // The entry loses that address alone.
            let bad = dice.one(&BAD_IPS);
            let broken = draft(3).broken("bad IP", 1, &[&format!("        {bad}")], 0);
            Broken {
                changed: vec![(
                    format!("h{number}.mesh.test"),
                    vec![format!("10.1.{number}.1")],
                )],
                ..broken.with(format!(
                    "warning: {bad} of \"h{number}.mesh.test\" is not an IP address"
                ))
            }
        }
        3 => {
            let bad = dice.one(&BAD_HOSTS);
            let line = format!("    \"{bad}\": {{\"ips\": [\"10.1.9.1\"]}},");
            draft(0)
                .broken("bad host name", 0, &[&line], 0)
                .with(format!("warning: \"{bad}\" "))
        }
        _ => {
            let line = "    \"EXTRA.mesh.test\": {\"ips\": [\"10.1.9.9\"]},";
            let broken = draft(0).broken("a host twice", 0, &[line], 0);
            let extra = broken.text.split(|octet| *octet == b'\n').count();
            // The smaller key counts; the other one is told, near the end of the table.
            Broken {
                line: extra - 3,
                ..broken
            }
            .with("is the same host as \"EXTRA.mesh.test\"")
        }
    }
}
