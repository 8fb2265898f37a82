//! The health document: what probes and watches found out, as a YAML file.
//!
//! ```text
//! text ─▶ Yaml ─▶ sections ─▶ Health, and a Problem for whatever does not fit
//! ```

mod items;

use crate::input::{Invalid, Position, Problem, Read, Scope, Yaml, YamlValue, yaml_documents};
use crate::mesh::Health;
use crate::problem_list::ProblemList;
use items::{cluster, credential, gateway, permission, trust_root};
use std::sync::Arc;

/// What a health document says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthFile {
    /// What it says, without the items that do not fit.
    pub health: Health,
    /// What is wrong: with a problem of [`Scope::File`] the text is no YAML and says nothing; with
    /// one of [`Scope::Field`] an item is left out, or a key is unknown.
    pub problems: Vec<Problem>,
}

const SECTIONS: &[&str] = &[
    "gateways",
    "clusters",
    "credentials",
    "permissions",
    "trust",
];

/// Reads a health document, as `docs/health.md` describes it.
///
/// `file` names the file in problems and is not opened. An empty text says nothing.
pub fn health_document(file: &str, text: &str) -> HealthFile {
    let mut reader = Reader::new(file);
    let (documents, faults) = yaml_documents(text);
    for fault in faults {
        reader.report(fault.at, fault.reason, Scope::File);
    }
    let mut health = Health::default();
    if !reader.problems.is_empty() {
        return reader.finish(health);
    }
    for document in &documents {
        if document.value != YamlValue::Null {
            reader.read(document, &mut health);
        }
    }
    for gateway in health.gateways.values_mut() {
        gateway.probes.sort_by_key(|probe| probe.at_ms);
    }
    reader.finish(health)
}

struct Reader {
    file: Arc<str>,
    problems: ProblemList,
}

impl Reader {
    fn new(file: &str) -> Self {
        Reader {
            file: file.into(),
            problems: ProblemList::default(),
        }
    }

    fn finish(self, health: Health) -> HealthFile {
        HealthFile {
            health,
            problems: self.problems.finish(&self.file, "problems"),
        }
    }

    fn report(&mut self, at: Position, reason: String, scope: Scope) {
        let file = &self.file;
        self.problems
            .add(|| Problem::new(file, at.line, at.column, reason).with_scope(scope));
    }

    fn read(&mut self, root: &Yaml, health: &mut Health) {
        if let Err(invalid) = self.known_keys(root, root, SECTIONS) {
            return self.refuse(root, &invalid);
        }
        self.section(root, "gateways", gateway, |(place, mut found)| {
            let known = health.gateways.entry(place).or_default();
            known.probes.append(&mut found.probes);
            known.cluster = found.cluster.or_else(|| known.cluster.take());
            known.failure_threshold = found.failure_threshold.or(known.failure_threshold);
        });
        self.section(root, "clusters", cluster, |(id, found)| {
            health.clusters.insert(id, found);
        });
        self.section(root, "credentials", credential, |(ends, found)| {
            health.credentials.insert(ends, found);
        });
        self.section(root, "permissions", permission, |(what, access)| {
            health.permissions.insert(what, access);
        });
        self.section(root, "trust", trust_root, |(cluster, root)| {
            health.trust_roots.insert(cluster, root);
        });
    }

    /// Reads the items of a section; one that does not fit is left out.
    fn section<'y, T>(
        &mut self,
        root: &'y Yaml,
        key: &str,
        item_of: fn(&mut Reader, &'y Yaml, &'y Yaml) -> Read<'y, T>,
        mut take: impl FnMut(T),
    ) {
        let items = match root.list(key) {
            Ok(items) => items,
            Err(invalid) => return self.refuse(root, &invalid),
        };
        for item in items {
            match item_of(self, root, item) {
                Ok(found) => take(found),
                Err(invalid) => self.refuse(root, &invalid),
            }
        }
    }

    fn refuse(&mut self, root: &Yaml, invalid: &Invalid<'_>) {
        let file = &self.file;
        self.problems.add(|| {
            let at = invalid.at();
            let reason = invalid.reason().to_owned();
            let problem = Problem::new(file, at.line, at.column, reason);
            let problem = problem.with_hint(invalid.hint()).with_scope(Scope::Field);
            match invalid.path(root) {
                Some(path) => problem.with_field(path),
                None => problem,
            }
        });
    }

    /// Reports the keys of a mapping that are none of `known`; the others are read.
    fn known_keys<'y>(&mut self, root: &Yaml, map: &'y Yaml, known: &[&str]) -> Read<'y, ()> {
        for (key, value) in map.entries()? {
            if known.contains(&key.as_str()) {
                continue;
            }
            let file = &self.file;
            self.problems.add(|| {
                let unknown = Invalid::new(value, "is an unknown key".to_owned(), "");
                let at = value.at;
                let problem = Problem::new(file, at.line, at.column, unknown.reason().to_owned());
                problem
                    .with_field(unknown.path(root).unwrap_or_else(|| key.clone()))
                    .with_hint(&format!("the keys here are {}", known.join(", ")))
                    .with_scope(Scope::Field)
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Access, GatewayState, Permission};

    /// The example of `docs/health.md`.
    fn example() -> &'static str {
        const PAGE: &str = include_str!("../../../docs/health.md");
        let (_, rest) = PAGE.split_once("```yaml\n").unwrap();
        rest.split_once("```").unwrap().0
    }

    fn problems(text: &str) -> Vec<String> {
        let found = health_document("health.yaml", text);
        found.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_example_of_the_page_is_read_whole() {
        let HealthFile { health, problems } = health_document("health.yaml", example());
        assert_eq!(problems, []);
        let state = |ip: &str, port| health.gateway_state(ip.parse().unwrap(), port);
        assert_eq!(
            state("34.16.55.9", 4180),
            GatewayState::Alive { latency_ms: 12 }
        );
        assert_eq!(state("34.16.55.77", 4180), GatewayState::Dead);
        assert!(health.clusters["west"].is_up());
        assert_eq!(&*health.clusters["north"].api, "unauthorized");
        assert_eq!(health.clusters["north"].since_ms, 1_767_261_600_000);
        let ends = ("east".into(), "north".into());
        assert_eq!(&*health.credentials[&ends].state, "expired");
        let watched = Permission {
            cluster: "west".into(),
            verb: "watch".into(),
            resource: "endpointslices".into(),
        };
        assert_eq!(health.permissions[&watched], Access::Denied);
        assert_eq!(health.trust_roots.len(), 2);
    }

    #[test]
    fn probes_are_put_in_order_of_their_times() {
        let text = "\
gateways:
- address: 192.0.2.1
  port: 4180
  probes:
  - {at: 2026-01-01T10:00:09Z, ok: false}
  - {at: 2026-01-01T10:00:06Z, ok: false}
  - {at: 2026-01-01T10:00:00Z, ok: true, rtt_ms: 5}
- address: 192.0.2.1
  port: 4180
  probes: [{at: 2026-01-01T10:00:03Z, ok: false}]
";
        let health = health_document("h", text).health;
        let state = health.gateway_state("192.0.2.1".parse().unwrap(), 4180);
        assert_eq!(state, GatewayState::Dead);
    }

    #[test]
    fn unknown_keys_are_named_with_those_that_there_are() {
        assert_eq!(
            problems("gatways: []\nclusters: [{id: a, api: up, sinse: 2026-01-01T10:00:00Z}]\n"),
            [
                "health.yaml:1:10: gatways: is an unknown key; the keys here are gateways, \
                 clusters, credentials, permissions, trust",
                "health.yaml:2:36: clusters[0].sinse: is an unknown key; the keys here are id, \
                 api, since",
            ]
        );
    }

    #[test]
    fn an_item_that_does_not_fit_is_left_out_and_the_others_are_read() {
        let cases = [
            (
                "gateways: [{address: a.example, port: 1}]",
                "gateways[0].address",
            ),
            (
                "gateways: [{address: 192.0.2.1, port: 0}]",
                "gateways[0].port",
            ),
            (
                "gateways: [{address: 192.0.2.1, port: 1, probes: [{at: noon, ok: false}]}]",
                "gateways[0].probes[0].at",
            ),
            (
                "gateways: [{address: 192.0.2.1, port: 1, probes: [{at: 2026-01-01T10:00:00Z, ok: true}]}]",
                "gateways[0].probes[0].rtt_ms",
            ),
            (
                "gateways: [{address: 192.0.2.1, port: 1, failure_threshold: 0}]",
                "gateways[0].failure_threshold",
            ),
            ("clusters: [{api: up}]", "clusters[0].id"),
            (
                "credentials: [{from: a, state: valid}]",
                "credentials[0].to",
            ),
            (
                "permissions: [{cluster: a, verb: list, resource: b}]",
                "permissions[0].allowed",
            ),
            ("trust: [{cluster: a}]", "trust[0].root"),
            ("trust: a", "trust"),
        ];
        for (text, field) in cases {
            let text = format!("{text}\n---\nclusters: [{{id: west, api: down}}]\n");
            let found = health_document("h", &text);
            assert_eq!(found.problems.len(), 1, "{text}: {:?}", found.problems);
            assert_eq!(found.problems[0].field.as_deref(), Some(field), "{text}");
            assert_eq!(found.problems[0].scope, Scope::Field);
            assert!(found.health.clusters.contains_key("west"), "{text}");
        }
    }

    #[test]
    fn what_is_no_yaml_says_nothing() {
        let found = health_document("h", "clusters: [{id: a, api: up\n");
        assert_eq!(found.problems[0].scope, Scope::File);
        assert_eq!(found.health, Health::default());
        assert_eq!(health_document("h", ""), HealthFile::default());
    }
}
