//! Broken configurations.

use crate::broken::{Broken, Dice, Draft};

/// Sections in any order; the first is what a mutation may replace as a whole.
const SECTIONS: &[&str] = &[
    "listen: [127.0.0.1:0]",
    "families: [ipv4, ipv6]",
    "zones: [mesh.test]",
    "hosts: [hosts]",
    "upstreams: none",
    "namespace: shop",
    "ttl: 20",
    "state_dir: none",
    "vips:\n  quarantine: 72h\n  pools:\n    names: [250.1.0.0/16]",
    "forward:\n  budget: 3s\n  routes:\n  - suffix: corp.test\n    upstreams: [192.0.2.53]",
    "limits:\n  tcp_idle: 20s",
    "log_level: info",
];

/// Names that the configuration serves.
pub(crate) const NAMES: [&str; 2] = ["a.mesh.test", "b.mesh.test"];
/// The hosts file that it names.
pub(crate) const HOSTS: &str = "10.3.0.1 a.mesh.test\n10.3.0.2 b.mesh.test\n";

fn good(dice: &mut Dice) -> Vec<String> {
    let mut sections: Vec<&str> = SECTIONS.to_vec();
    dice.shuffle(&mut sections);
    let mut lines = Vec::new();
    for section in sections {
        lines.extend((0..dice.below(3)).map(|n| format!("# comment {n}")));
        lines.extend(section.lines().map(str::to_owned));
    }
    lines
}

/// The good configuration as a text.
pub(crate) fn good_text() -> String {
    good(&mut Dice::new(0)).join("\n") + "\n"
}

/// A line that begins so, what stands there instead, the line of that which is told, and a part
/// of the message: the field or key and, where there is one, the nearest key.
type Mutation = (
    &'static str,
    &'static str,
    &'static [&'static str],
    isize,
    &'static str,
);

/// The next line that is no comment; at the end of the file the opening bracket itself.
const NEXT: isize = isize::MAX;

#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    // What is not YAML. What is not closed is told where the text does not go on with it.
    ("bad indentation", "  quarantine:", &["   quarantine: 72h"], 1, ""),
    ("unclosed quote", "log_level:", &["log_level: \"info"], 1, ""),
    ("unclosed bracket", "zones:", &["zones: ['mesh.test'"], NEXT, ""),
    ("unclosed brace", "limits:", &["limits: {tcp_idle: '20s'"], NEXT, ""),
    ("bracket without its other", "zones:", &["zones: ]"], 0, ""),
    ("tab as indentation", "  tcp_idle:", &["\ttcp_idle: 20s"], 0, ""),
    ("two colons", "namespace:", &["namespace: shop: bank"], 0, ""),
    ("reserved character", "namespace:", &["namespace: @shop"], 0, ""),
    ("unknown alias", "namespace:", &["namespace: *shop"], 0, ""),
    ("a second document", "namespace:", &["namespace: shop", "---", "domain: a.test"], 1, "a second document"),
    // Keys.
    ("unknown key", "namespace:", &["namespaces: shop"], 0, "namespaces: unknown key; did you mean `namespace`?"),
    ("unknown key", "zones:", &["zoens: [mesh.test]"], 0, "zoens: unknown key; did you mean `zones`?"),
    ("unknown key", "ttl:", &["TTL: 20"], 0, "TTL: unknown key; did you mean `ttl`?"),
    ("unknown key", "  quarantine:", &["  quarantene: 72h"], 0, "vips.quarantene: unknown key; did you mean `quarantine`?"),
    ("unknown key", "    names:", &["    name: [250.1.0.0/16]"], 0, "vips.pools.name: unknown key; did you mean `names`?"),
    ("unknown key", "  - suffix:", &["  - sufix: a.test", "    suffix: corp.test"], 0, "forward.routes[0].sufix: unknown key; did you mean `suffix`?"),
    ("unknown key", "  budget:", &["  bugdet: 3s"], 0, "forward.bugdet: unknown key; did you mean `budget`?"),
    ("unknown key", "  tcp_idle:", &["  tcp_idel: 20s"], 0, "limits.tcp_idel: unknown key; did you mean `tcp_idle`?"),
    ("misplaced key", "ttl:", &["quarantine: 72h"], 0, "quarantine: unknown key; `quarantine` belongs under `vips`"),
    ("duplicate key", "ttl:", &["ttl: 20", "ttl: 30"], 1, "ttl: given twice"),
    ("duplicate key", "  tcp_idle:", &["  tcp_idle: 20s", "  tcp_idle: 30s"], 1, "tcp_idle: given twice"),
    ("two spellings of a key", "zones:", &["zones: [mesh.test]", "zone: other.test"], 1, "given twice under its two spellings"),
    ("missing field", "  - suffix:", &["  - upstreams: [192.0.2.53]"], 0, "forward.routes[0].suffix: missing"),
    ("missing field", "    upstreams:", &["    strategy: parallel"], -1, "forward.routes[0].upstreams: missing"),
    // Types.
    ("wrong type", "limits:", &["limits: 5"], 0, "limits: a scalar where a map is wanted"),
    ("wrong type", "ttl:", &["ttl: [20]"], 0, "ttl: a list where one value is wanted"),
    ("wrong type", "namespace:", &["namespace: {a: b}"], 0, "namespace: a map where one value is wanted"),
    ("wrong type", "ttl:", &["ttl: soon"], 0, "ttl: `soon`"),
    ("wrong type", "ttl:", &["workers: two"], 0, "workers: `two` is not a number"),
    ("wrong type", "ttl:", &["no_cache: yes"], 0, "no_cache: `yes` is neither true nor false"),
    // Values.
    ("bad IP", "listen:", &["listen: [127.0.0.256:0]"], 0, "listen[0]: `127.0.0.256:0`"),
    ("bad IP", "upstreams:", &["upstreams: [192.0.2.1, 192.0.2]"], 0, "upstreams[1]: `192.0.2`"),
    ("bad IP", "    upstreams:", &["    upstreams: [10.0.0.300]"], 0, "forward.routes[0].upstreams[0]: `10.0.0.300`"),
    ("bad port", "listen:", &["listen: [127.0.0.1:65536]"], 0, "listen[0]: `127.0.0.1:65536`"),
    ("bad port", "upstreams:", &["upstreams: [192.0.2.1:http]"], 0, "upstreams[0]: `192.0.2.1:http`"),
    ("bad port", "listen:", &["listen: [127.0.0.1]"], 0, "listen[0]: `127.0.0.1` has no port"),
    ("bad host name", "zones:", &["zones: [mesh.test, a..b]"], 0, "zones[1]: `a..b` is not a DNS name"),
    ("bad host name", "  - suffix:", &["  - suffix: '*.corp.test'"], 0, "forward.routes[0].suffix: `*.corp.test`"),
    ("bad host name", "namespace:", &["namespace: Shop"], 0, "namespace: `Shop` is not a namespace"),
    ("bad CIDR", "    names:", &["    names: [250.1.0.0/33]"], 0, "vips.pools.names[0]: `250.1.0.0/33`"),
    ("bad CIDR", "ttl:", &["views:", "  networks:", "  - cidr: 10.0.0.0/33"], 2, "views.networks[0].cidr: "),
    ("bad time", "  budget:", &["  budget: 3"], 0, "forward.budget: `3` is not a duration"),
    ("out of bounds", "  budget:", &["  budget: 2h"], 0, "forward.budget: 2h is too long"),
    ("out of bounds", "ttl:", &["workers: 0"], 0, "workers: 0 is too small"),
    ("unknown word", "families:", &["families: [ipv4, ipv5]"], 0, "families[1]: `ipv5` is not known"),
    ("unknown word", "ttl:", &["answer: vips"], 0, "answer: `vips` is not known"),
    ("unknown word", "log_level:", &["log_level: loud"], 0, "log_level: `loud`"),
];

/// What stands for two lines.
const WHOLE: [&str; 3] = [
    "limits: 5",
    "limits: {tcp_idle: '20s'",
    "  - upstreams: [192.0.2.53]",
];

/// That many broken configurations, every mutation in turn.
pub(crate) fn broken(count: usize) -> Vec<Broken> {
    let mut dice = Dice::new(4);
    (0..count)
        .map(|turn| one(&mut dice, turn % (MUTATIONS.len() + 2)))
        .collect()
}

fn one(dice: &mut Dice, turn: usize) -> Broken {
    let lines = good(dice);
    let Some((kind, line, with, told, part)) = MUTATIONS.get(turn) else {
        let at = dice.below(lines.len());
        let draft = Draft { at, lines };
        if turn == MUTATIONS.len() {
            return draft.not_utf8();
        }
        let at = draft
            .lines
            .iter()
            .position(|line| line.starts_with("zones:"))
            .unwrap();
        return Draft { at, ..draft }.cut("zones: [mesh".len());
    };
    let at = lines
        .iter()
        .position(|text| text.starts_with(line))
        .unwrap();
    let replaced = if WHOLE.contains(&with[0]) { 2 } else { 1 };
    let told = match *told {
        NEXT => next_line(&lines, at + replaced).map_or(0, |next| next + 1),
        told => told,
    };
    Draft { at, lines }
        .broken(kind, replaced, with, told)
        .with(*part)
}

/// How many comments stand before the next line that is none, if there is one.
fn next_line(lines: &[String], from: usize) -> Option<isize> {
    let comments = lines[from..]
        .iter()
        .position(|line| !line.starts_with('#'))?;
    isize::try_from(comments).ok()
}
