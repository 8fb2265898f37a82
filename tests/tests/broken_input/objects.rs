//! Broken files of objects.

use crate::broken::{Broken, Dice, Draft};

/// Objects in a file: two of each form.
const OBJECTS: usize = 6;
/// Names of the good file.
pub(crate) const NAMES: [&str; OBJECTS] = [
    "h0.mesh.test",
    "h1.mesh.test",
    "s2.shop.svc.cluster.local",
    "h3.mesh.test",
    "h4.mesh.test",
    "s5.shop.svc.cluster.local",
];

const BAD_IPS: [&str; 6] = [
    "10.0.0.256",
    "10.0.0",
    "nowhere",
    "2001:db8:::1",
    "10.0.0.1.2",
    "1e3",
];
const BAD_HOSTS: [&str; 5] = [
    "a..b.test",
    "a_b*.test",
    "'*.*.test'",
    "a/b.test",
    "x y.test",
];
const BAD_PORTS: [&str; 5] = ["0", "65536", "-1", "http", "1.5"];

/// The good file: its lines, and where each object begins.
fn good(dice: &mut Dice) -> (Vec<String>, Vec<(usize, usize)>) {
    let mut order: Vec<usize> = (0..OBJECTS).collect();
    dice.shuffle(&mut order);
    let (mut lines, mut starts) = (Vec::new(), Vec::new());
    for (place, number) in order.into_iter().enumerate() {
        if place > 0 {
            lines.push("---".to_owned());
        }
        lines.extend((0..dice.below(4)).map(|n| format!("# comment {n}")));
        starts.push((number, lines.len()));
        lines.extend(object(number).lines().map(str::to_owned));
    }
    (lines, starts)
}

/// The good file as a text.
pub(crate) fn good_text() -> String {
    good(&mut Dice::new(0)).0.join("\n") + "\n"
}

fn is_service(number: usize) -> bool {
    number % 3 == 2
}

/// Every third is a Service, every other ServiceEntry has no address of its own.
fn object(number: usize) -> String {
    if is_service(number) {
        return format!(
            "\
apiVersion: v1
kind: Service
metadata:
  name: s{number}
  namespace: shop
spec:
  type: ClusterIP
  clusterIP: 10.96.0.{number}
  ports:
  - name: http
    port: 80
    protocol: TCP"
        );
    }
    let addresses = if number.is_multiple_of(3) {
        format!("\n  - 10.0.{number}.1")
    } else {
        " []".to_owned()
    };
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: e{number}
  namespace: shop
  creationTimestamp: \"2026-05-20T08:00:00Z\"
spec:
  hosts:
  - h{number}.mesh.test
  exportTo: [\"*\"]
  resolution: STATIC
  ports:
  - number: 80
    name: http
    protocol: HTTP
  endpoints:
  - address: 192.0.2.10
    weight: 10
  addresses:{addresses}"
    )
}

/// A line of a ServiceEntry or Service, what stands there instead, the line of that which is
/// told, and the field; an empty field is a fault of the whole file.
struct Mutation {
    kind: &'static str,
    object: &'static str,
    line: &'static str,
    with: &'static [&'static str],
    told: isize,
    field: &'static str,
}

const fn mutation(
    kind: &'static str,
    object: &'static str,
    line: &'static str,
    with: &'static [&'static str],
    told: isize,
    field: &'static str,
) -> Mutation {
    Mutation {
        kind,
        object,
        line,
        with,
        told,
        field,
    }
}

/// `IP`, `HOST` and `PORT` stand for bad ones.
#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    // What is not YAML, or has no identity: the file is frozen. What is not closed is told where
    // the next line does not go on with it.
    mutation("bad indentation", "entry", "  resolution:", &[" resolution: STATIC"], 0, ""),
    mutation("bad indentation", "service", "  clusterIP:", &["   clusterIP: 10.96.0.9"], 0, ""),
    mutation("unclosed quote", "entry", "    protocol:", &["    protocol: \"HTTP"], 1, ""),
    mutation("unclosed quote", "service", "  name:", &["  name: 's2"], 1, ""),
    mutation("unclosed bracket", "entry", "  exportTo:", &["  exportTo: [\"*\""], 1, ""),
    mutation("unclosed brace", "service", "  namespace:", &["  labels: {a: b"], 1, ""),
    mutation("bracket without its other", "entry", "  exportTo:", &["  exportTo: ]"], 0, ""),
    mutation("tab as indentation", "entry", "  resolution:", &["\tresolution: STATIC"], 0, ""),
    mutation("tab as indentation", "service", "  type:", &["\ttype: ClusterIP"], 0, ""),
    mutation("two colons", "entry", "  resolution:", &["  resolution: STATIC: DNS"], 0, ""),
    mutation("reserved character", "service", "  clusterIP:", &["  clusterIP: @home"], 0, ""),
    mutation("unknown alias", "entry", "  resolution:", &["  resolution: *none"], 0, ""),
    mutation("duplicate key", "entry", "  resolution:", &["  resolution: STATIC", "  resolution: DNS"], 1, ""),
    mutation("duplicate key", "service", "  type:", &["  type: ClusterIP", "  type: NodePort"], 1, ""),
    mutation("item in a map", "service", "  type:", &["  - ClusterIP"], 1, ""),
    mutation("no name", "entry", "  name:", &["  label: x"], 0, "metadata.name"),
    mutation("name of a wrong type", "service", "  name:", &["  name: [s2]"], 0, "metadata.name"),
    mutation("bad name", "service", "  name:", &["  name: s.2"], 0, "metadata.name"),
    mutation("bad namespace", "entry", "  namespace:", &["  namespace: a b"], 0, "metadata.namespace"),
    mutation("no kind", "entry", "kind:", &["kin: ServiceEntry"], -1, "kind"),
    mutation("kind of a wrong type", "service", "kind:", &["kind: 7"], 0, "kind"),
    // What does not fit its field: the object is frozen.
    mutation("bad host name", "entry", "  - h", &["  - HOST"], 0, "spec.hosts[0]"),
    mutation("bad IP", "entry", "  addresses:", &["  addresses:", "  - 10.3.3.3", "  - IP"], 2, "spec.addresses[1]"),
    mutation("bad IP", "entry", "  - address:", &["  - address: IP"], 0, "spec.endpoints[0].address"),
    mutation("bad IP", "service", "  clusterIP:", &["  clusterIP: IP"], 0, "spec.clusterIP"),
    mutation("bad port", "entry", "  - number:", &["  - number: PORT"], 0, "spec.ports[0].number"),
    mutation("bad port", "service", "    port:", &["    port: PORT"], 0, "spec.ports[0].port"),
    mutation("missing field", "entry", "  - number:", &["  - target: 80"], 0, "spec.ports[0].number"),
    mutation("missing field", "service", "    port:", &["    target: 80"], -1, "spec.ports[0].port"),
    mutation("missing field", "entry", "  - address:", &["  - network: ''"], 0, "spec.endpoints[0].address"),
    mutation("wrong type", "entry", "  ports:", &["  ports: {}", "  ignored:"], 0, "spec.ports"),
    mutation("wrong type", "service", "  ports:", &["  ports: many", "  ignored:"], 0, "spec.ports"),
    mutation("wrong type", "entry", "    weight:", &["    weight: heavy"], 0, "spec.endpoints[0].weight"),
    mutation("wrong type", "service", "  type:", &["  publishNotReadyAddresses: 'yes'"], 0, "spec.publishNotReadyAddresses"),
    mutation("unknown word", "entry", "  resolution:", &["  resolution: STATICALLY"], 0, "spec.resolution"),
    mutation("unknown word", "service", "  type:", &["  type: Headless"], 0, "spec.type"),
    mutation("unknown word", "service", "    protocol:", &["    protocol: QUIC"], 0, "spec.ports[0].protocol"),
    mutation("bad timestamp", "entry", "  creationTimestamp:", &["  creationTimestamp: yesterday"], 0, "metadata.creationTimestamp"),
    mutation("bad exportTo", "entry", "  exportTo:", &["  exportTo:", "  - '*'", "  - a b"], 2, "spec.exportTo[1]"),
];

/// That many broken files, every mutation in turn.
pub(crate) fn broken(count: usize) -> Vec<Broken> {
    let mut dice = Dice::new(1);
    (0..count)
        .map(|turn| one(&mut dice, turn % (MUTATIONS.len() + 2)))
        .collect()
}

fn one(dice: &mut Dice, turn: usize) -> Broken {
    let (lines, starts) = good(dice);
    let Some(mutation) = MUTATIONS.get(turn) else {
        let at = dice.below(lines.len());
        let draft = Draft { at, lines };
        return if turn == MUTATIONS.len() {
            draft.not_utf8()
        } else {
            cut(dice, draft, &starts)
        };
    };
    let of_kind: Vec<(usize, usize)> = starts
        .into_iter()
        .filter(|(number, _)| is_service(*number) == (mutation.object == "service"))
        .collect();
    let (number, start) = *dice.one(&of_kind);
    let offset = lines[start..]
        .iter()
        .position(|line| line.starts_with(mutation.line));
    let bad = [
        (" IP", *dice.one(&BAD_IPS)),
        (" HOST", *dice.one(&BAD_HOSTS)),
        (" PORT", *dice.one(&BAD_PORTS)),
    ];
    let with: Vec<String> = mutation
        .with
        .iter()
        .map(|line| {
            match bad
                .iter()
                .find_map(|(word, bad)| Some((line.strip_suffix(word)?, bad)))
            {
                Some((start, bad)) => format!("{start} {bad}"),
                None => (*line).to_owned(),
            }
        })
        .collect();
    let with: Vec<&str> = with.iter().map(String::as_str).collect();
    let draft = Draft {
        at: start + offset.unwrap(),
        lines,
    };
    let broken = draft.broken(mutation.kind, 1, &with, mutation.told);
    if !mutation.field.starts_with("spec.") && mutation.kind != "bad timestamp" {
        return broken.with(mutation.field);
    }
    let object = if is_service(number) {
        format!("Service shop/s{number}")
    } else {
        format!("ServiceEntry shop/e{number}")
    };
    broken.with(format!("{object}: {}: ", mutation.field))
}

/// In the middle of an open bracket.
fn cut(dice: &mut Dice, draft: Draft, starts: &[(usize, usize)]) -> Broken {
    let entries: Vec<_> = starts
        .iter()
        .filter(|(number, _)| !is_service(*number))
        .collect();
    let (_, start) = **dice.one(&entries);
    let offset = draft.lines[start..]
        .iter()
        .position(|line| line.starts_with("  exportTo:"));
    let draft = Draft {
        at: start + offset.unwrap(),
        ..draft
    };
    draft.cut("  exportTo: [\"".len() + dice.below(2))
}
