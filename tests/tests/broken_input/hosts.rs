//! Broken hosts files.

use crate::broken::{Broken, Dice, Draft};

/// Names of the good file.
pub(crate) const NAMES: [&str; 8] = [
    "h0.mesh.test",
    "h1.mesh.test",
    "h2.mesh.test",
    "h3.mesh.test",
    "h4.mesh.test",
    "h5.mesh.test",
    "alias-0.mesh.test",
    "alias-5.mesh.test",
];

fn good(dice: &mut Dice) -> Vec<String> {
    let mut lines: Vec<String> = (0..6)
        .map(|n| format!("10.2.{n}.1\th{n}.mesh.test alias-{n}.mesh.test # host {n}"))
        .collect();
    lines.extend((0..dice.below(8)).map(|n| format!("# comment {n}")));
    lines.extend(vec![String::new(); dice.below(3)]);
    dice.shuffle(&mut lines);
    lines
}

/// The good file as a text.
pub(crate) fn good_text() -> String {
    good(&mut Dice::new(0)).join("\n") + "\n"
}

/// A line and the piece of it that is told.
#[rustfmt::skip]
const LINES: &[(&str, &str, &str)] = &[
    ("bad IP", "10.2.0.256 bad.mesh.test", "\"10.2.0.256\" is not an IP address"),
    ("bad IP", "10.2.0 bad.mesh.test", "\"10.2.0\" is not an IP address"),
    ("bad IP", "2001:db8:::1 bad.mesh.test", "\"2001:db8:::1\" is not an IP address"),
    ("a port", "10.2.0.1:80 bad.mesh.test", "\"10.2.0.1:80\" is not an IP address"),
    ("a prefix", "10.2.0.0/24 bad.mesh.test", "\"10.2.0.0/24\" is not an IP address"),
    ("a scope", "fe80::1%eth0 bad.mesh.test", "scope cannot be answered"),
    ("missing address", "bad.mesh.test other.mesh.test", "\"bad.mesh.test\" is not an IP address"),
    ("missing name", "10.2.7.1", "has no name"),
    ("missing name", "\t10.2.7.1  # h9.mesh.test", "has no name"),
    ("bad host name", "10.2.7.1 good.mesh.test a..b.test", "\"a..b.test\""),
    ("bad host name", "10.2.7.1 *.mesh.test", "\"*.mesh.test\" is a wildcard"),
    ("bad host name", "10.2.7.1 a/b.mesh.test", "\"a/b.mesh.test\""),
    ("bad host name", "10.2.7.1 b\u{fc}cher.mesh.test", "b\u{fc}cher.mesh.test"),
    ("bad host name", "10.2.7.1 .", "\".\""),
    ("bad label", "10.2.7.1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", "aaa.test"),
    ("unclosed quote", "\"10.2.7.1 bad.mesh.test", "is not an IP address"),
    ("commas", "10.2.7.1,bad.mesh.test", "is not an IP address"),
    ("another format", "address=/bad.mesh.test/10.2.7.1", "is not an IP address"),
    ("a key of YAML", "bad.mesh.test: 10.2.7.1", "is not an IP address"),
    ("two addresses in one word", "10.2.7.1;10.2.7.2 bad.mesh.test", "is not an IP address"),
];

/// That many broken files, every mutation in turn.
pub(crate) fn broken(count: usize) -> Vec<Broken> {
    let mut dice = Dice::new(3);
    (0..count)
        .map(|turn| one(&mut dice, turn % (LINES.len() + 2)))
        .collect()
}

fn one(dice: &mut Dice, turn: usize) -> Broken {
    let mut lines = good(dice);
    // In the comments of the good lines it would do no harm.
    if turn == LINES.len() {
        lines.insert(0, "10.2.7.1 bad.mesh.test".to_owned());
        let draft = Draft { at: 0, lines };
        return draft.not_utf8();
    }
    let draft = Draft {
        at: dice.below(lines.len()),
        lines,
    };
    match LINES.get(turn) {
        Some((kind, line, part)) => draft.broken(kind, 0, &[line], 0).with(*part),
        // Between an address and its name.
        None => {
            let at = draft
                .lines
                .iter()
                .rposition(|line| line.starts_with("10.2."))
                .unwrap();
            let draft = Draft { at, ..draft };
            draft.cut("10.2.0.1".len()).with("has no name")
        }
    }
}
