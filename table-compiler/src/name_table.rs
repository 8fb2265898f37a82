//! Name tables as istiod prints them: protojson of `istio.networking.nds.v1.NameTable`.

use crate::entry_order::by_name_and_rank;
use crate::host_addresses::keep_first_of_each;
use crate::input::{HostPattern, Problem, Scope, dns_name};
use crate::problem_list::ProblemList;
use crate::source_text::{Lines, without_byte_order_mark};
use dns_core::{AddressOrigin, HostAddress, HostEntry, HostKind, NameBuf, Source};
use foldhash::fast::FixedState;
use json::{Host, Info, hosts_of};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

mod json;

/// Registry of hosts that are Kubernetes Services; compared exactly, as Istio does.
const KUBERNETES_REGISTRY: &str = "Kubernetes";

/// What was found in a name table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameTableFile {
    /// The entries, by name. Empty if a problem is of scope `File`.
    pub entries: Vec<HostEntry>,
    /// What is wrong: one of scope `File` if the text is no name table, else warnings about
    /// entries and addresses that are left out (scope `Field`), past a hundred one that says how
    /// many more.
    pub problems: Vec<Problem>,
}

/// Reads a name table in JSON: `{"table": {HOST: INFO}}`, or the map of hosts alone.
///
/// `domain` is the cluster's, normally `cluster.local`; only hosts below it have aliases
/// (`altHosts`). `file` names the file in problems and sources and is not opened. A host
/// without any usable address does not exist.
pub fn name_table(domain: &NameBuf, file: &str, text: &str) -> NameTableFile {
    let text = without_byte_order_mark(text);
    let file: Arc<str> = file.into();
    let lines = Lines::new(text);
    let mut reader = NameTableReader {
        domain,
        file: &file,
        lines: &lines,
        entries: Vec::new(),
        problems: ProblemList::default(),
    };
    match hosts_of(text) {
        Ok(hosts) => reader.read_hosts(hosts),
        Err(fault) => {
            let (line, column) = fault.place(&lines);
            let hint = "it should be a NameTable as istiod prints it";
            reader
                .problems
                .add(|| Problem::new(&file, line, column, fault.reason()).with_hint(hint));
        }
    }
    reader.entries.sort_by(by_name_and_rank);
    NameTableFile {
        entries: reader.entries,
        problems: reader.problems.finish(&file, "problems are not shown"),
    }
}

struct NameTableReader<'a> {
    domain: &'a NameBuf,
    file: &'a Arc<str>,
    lines: &'a Lines<'a>,
    entries: Vec<HostEntry>,
    problems: ProblemList,
}

impl NameTableReader<'_> {
    /// Hosts are read in the order of their keys: of two that differ only in case or in the
    /// trailing dot, the smaller key counts.
    fn read_hosts(&mut self, mut hosts: Vec<Host<'_>>) {
        hosts.sort_by(|a, b| a.name.cmp(&b.name));
        let mut seen: HashMap<NameBuf, String, FixedState> = HashMap::default();
        for host in hosts {
            let Some(name) = self.host_name(&host) else {
                continue;
            };
            if let Some(first) = seen.get(&name) {
                let reason = format!(
                    "{:?} is the same host as {first:?}, which is used",
                    host.name
                );
                self.warn(host.at, reason);
                continue;
            }
            self.add(&host, name.clone());
            seen.insert(name, host.name);
        }
    }

    fn host_name(&mut self, host: &Host<'_>) -> Option<NameBuf> {
        if host.info.registry == KUBERNETES_REGISTRY && host.name.ends_with('.') {
            self.warn(
                host.at,
                format!(
                    "{:?} of Kubernetes ends in a dot and is left out",
                    host.name
                ),
            );
            return None;
        }
        match dns_name(&host.name, HostPattern::WildcardAllowed) {
            Ok(name) => Some(name),
            Err(reason) => {
                self.warn(host.at, format!("{:?} {reason} and is left out", host.name));
                None
            }
        }
    }

    fn add(&mut self, host: &Host<'_>, name: NameBuf) {
        let addresses = self.addresses_of(host);
        if addresses.is_empty() {
            if host.info.ips.is_empty() {
                let reason = format!(
                    "{:?} has no `ips` and does not exist for queries",
                    host.name
                );
                self.warn(host.at, reason);
            }
            return;
        }
        let entry = self.entry_of(host, name, addresses);
        if entry.name.as_name().ends_with(self.domain.as_name()) {
            self.add_aliases(host, &entry);
        }
        self.entries.push(entry);
    }

    fn entry_of(&self, host: &Host<'_>, name: NameBuf, addresses: Vec<HostAddress>) -> HostEntry {
        let info = &host.info;
        let is_kubernetes = info.registry == KUBERNETES_REGISTRY;
        let namespace = (!info.namespace.is_empty()).then(|| Arc::from(info.namespace.as_str()));
        let line = self.lines.line_of(host.at);
        let source = Source {
            kind: "NameTable".into(),
            namespace: namespace.clone(),
            name: host.name.as_str().into(),
            location: Some(format!("{}:{line}", self.file).into()),
            ..Source::default()
        };
        HostEntry {
            namespace,
            addresses,
            short_names: is_kubernetes && !info.shortname.is_empty(),
            canonical: is_kubernetes,
            ..HostEntry::new(name, kind_of(info), source)
        }
    }

    fn addresses_of(&mut self, host: &Host<'_>) -> Vec<HostAddress> {
        let mut addresses: Vec<HostAddress> = Vec::with_capacity(host.info.ips.len());
        for raw in &host.info.ips {
            let text: Option<String> = serde_json::from_str(raw.get()).ok();
            match text.and_then(|text| text.parse::<IpAddr>().ok()) {
                Some(ip) => addresses.push(HostAddress::new(ip, AddressOrigin::Pushed)),
                None => {
                    self.warn(
                        raw.get(),
                        format!("{} of {:?} is not an IP address", raw.get(), host.name),
                    );
                }
            }
        }
        keep_first_of_each(&mut addresses);
        addresses
    }

    fn add_aliases(&mut self, host: &Host<'_>, target: &HostEntry) {
        for alias in &host.info.alt_hosts {
            match dns_name(alias, HostPattern::Exact) {
                Ok(name) => self.entries.push(HostEntry {
                    name,
                    kind: HostKind::Alias,
                    alias_of: Some(target.name.clone()),
                    short_names: false,
                    ..target.clone()
                }),
                Err(reason) => self.warn(host.at, format!("alias {alias:?} {reason}")),
            }
        }
    }

    fn warn(&mut self, at: &str, reason: String) {
        self.problems.add(|| {
            let (line, column) = self.lines.place(at);
            Problem::new(self.file, line, column, reason).with_scope(Scope::Field)
        });
    }
}

/// Pods of headless services have `<pod>.<service>` as their short name.
fn kind_of(info: &Info<'_>) -> HostKind {
    match info.registry.as_str() {
        KUBERNETES_REGISTRY if info.shortname.contains('.') => HostKind::Instance,
        KUBERNETES_REGISTRY => HostKind::Service,
        _ => HostKind::External,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> NameTableFile {
        name_table(&NameBuf::parse("cluster.local").unwrap(), "t.json", text)
    }

    fn only(text: &str) -> HostEntry {
        let read = read(text);
        assert_eq!(read.problems, []);
        assert_eq!(read.entries.len(), 1, "{text}");
        read.entries[0].clone()
    }

    fn ips(entry: &HostEntry) -> Vec<String> {
        entry
            .addresses
            .iter()
            .map(|address| address.ip.to_string())
            .collect()
    }

    #[test]
    fn a_host_without_ips_is_told_and_does_not_exist() {
        let read = read(r#"{"table": {"a.example": {"ipss": ["192.0.2.1"]}}}"#);
        assert!(read.entries.is_empty());
        assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
        assert!(read.problems[0].to_string().contains("has no `ips`"));
    }

    #[test]
    fn a_kubernetes_host_is_a_service_with_short_names() {
        let entry = only(
            r#"{"table": {"Web.shop.svc.cluster.local": {"ips": ["10.0.0.2", "10.0.0.1", "::ffff:1.2.3.4"],
                "registry": "Kubernetes", "shortname": "web", "namespace": "shop", "new": [1]}}}"#,
        );
        assert_eq!(entry.name.to_string(), "web.shop.svc.cluster.local");
        assert_eq!(ips(&entry), ["10.0.0.2", "10.0.0.1", "::ffff:1.2.3.4"]);
        assert!(entry.addresses[2].ip.is_ipv6());
        assert_eq!(entry.addresses[0].origin, AddressOrigin::Pushed);
        assert_eq!((entry.kind, entry.short_names), (HostKind::Service, true));
        assert_eq!(entry.namespace.as_deref(), Some("shop"));
        assert_eq!(entry.source.location.as_deref(), Some("t.json:1"));
    }

    #[test]
    fn the_bare_map_is_a_table_too_even_with_a_host_called_table() {
        assert_eq!(
            only(r#"{"a.example": {"ips": ["192.0.2.1"]}}"#)
                .name
                .to_string(),
            "a.example"
        );
        assert_eq!(
            only(r#"{"table": {"ips": ["192.0.2.1"]}}"#)
                .name
                .to_string(),
            "table"
        );
        assert_eq!(
            only(r#"{"table": {"table": {"ips": ["192.0.2.1"]}}}"#)
                .name
                .to_string(),
            "table"
        );
    }

    #[test]
    fn a_host_that_is_no_object_makes_the_table_bad_and_not_empty() {
        for bad in ["7", "[\"192.0.2.1\"]", "\"192.0.2.1\"", "null"] {
            let text = format!(
                "{{\"table\": {{\"a.example\": {{\"ips\": [\"192.0.2.1\"]}},\n\"b.example\": {bad}}}}}"
            );
            let problems = read(&text).problems;
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(
                (problems[0].line, problems[0].scope),
                (2, Scope::File),
                "{text}"
            );
        }
    }

    #[test]
    fn an_empty_table_is_fine() {
        for text in ["{}", r#"{"table": {}}"#, r#"{"table": null}"#, "\u{feff}{}"] {
            assert_eq!(read(text), NameTableFile::default(), "{text}");
        }
    }

    #[test]
    fn a_pod_of_a_headless_service_is_an_instance() {
        let entry = only(
            r#"{"db-0.db.shop.svc.cluster.local": {"ips": ["10.3.0.1"], "registry": "Kubernetes", "shortname": "db-0.db", "namespace": "shop"}}"#,
        );
        assert_eq!((entry.kind, entry.short_names), (HostKind::Instance, true));
    }

    #[test]
    fn other_registries_are_external_and_have_no_short_names() {
        for registry in ["External", "", "kubernetes"] {
            let entry = only(&format!(
                r#"{{"a.example": {{"ips": ["192.0.2.1"], "registry": "{registry}", "shortname": "a", "namespace": "n"}}}}"#
            ));
            assert_eq!(
                (entry.kind, entry.short_names),
                (HostKind::External, false),
                "{registry}"
            );
        }
        let bare = only(
            r#"{"a.example": {"ips": ["192.0.2.1"], "registry": "Kubernetes", "shortname": null}}"#,
        );
        assert_eq!((bare.kind, bare.short_names), (HostKind::Service, false));
    }

    #[test]
    fn a_trailing_dot_is_fine_for_external_hosts_only() {
        assert_eq!(
            only(r#"{"a.example.": {"ips": ["192.0.2.1"]}}"#)
                .name
                .to_string(),
            "a.example"
        );
        let read = read(r#"{"a.example.": {"ips": ["192.0.2.1"], "registry": "Kubernetes"}}"#);
        assert_eq!(read.entries, []);
        assert_eq!(read.problems[0].scope, Scope::Field);
    }

    #[test]
    fn aliases_copy_the_addresses_of_hosts_below_the_domain() {
        let text = |host: &str| {
            format!(
                r#"{{"{host}": {{"ips": ["10.0.0.1"], "registry": "Kubernetes", "shortname": "a", "namespace": "n",
                "altHosts": ["A.n.svc.clusterset.local", "a..b"]}}}}"#
            )
        };
        let found = read(&text("a.n.svc.cluster.local"));
        let alias = &found.entries[1];
        assert_eq!(alias.name.to_string(), "a.n.svc.clusterset.local");
        assert_eq!((alias.kind, alias.short_names), (HostKind::Alias, false));
        assert_eq!(
            alias.alias_of,
            Some(NameBuf::parse("a.n.svc.cluster.local").unwrap())
        );
        assert_eq!(ips(alias), ["10.0.0.1"]);
        assert_eq!(found.problems.len(), 1);
        assert_eq!(read(&text("a.n.svc.cluster.remote")).entries.len(), 1);
    }

    #[test]
    fn an_unparsable_address_is_lost_alone_and_its_place_is_named() {
        let read = read("{\n  \"a.example\": {\"ips\": [\"192.0.2.1\",\n    \"1.2.3\", 7]}\n}");
        assert_eq!(ips(&read.entries[0]), ["192.0.2.1"]);
        let shown: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "t.json:3:5: \"1.2.3\" of \"a.example\" is not an IP address",
                "t.json:3:14: 7 of \"a.example\" is not an IP address",
            ]
        );
        assert!(
            read.problems
                .iter()
                .all(|problem| problem.scope == Scope::Field)
        );
    }

    #[test]
    fn a_table_of_bad_addresses_is_reported_in_a_hundred_problems_and_a_count() {
        let ips = vec!["7"; 1000].join(",");
        let read = read(&format!(r#"{{"a.example": {{"ips": [{ips}]}}}}"#));
        assert_eq!(read.problems.len(), 101);
        let last = &read.problems[100];
        assert_eq!(last.reason, "900 more problems are not shown");
        assert_eq!(last.scope, Scope::Field);
    }

    #[test]
    fn a_host_without_usable_address_does_not_exist() {
        assert_eq!(
            read(r#"{"a.example": {"ips": ["10.0.0.0/8"]}, "b.example": {}}"#).entries,
            []
        );
    }

    #[test]
    fn a_bad_host_name_loses_its_entry() {
        let read = read(r#"{"a..b": {"ips": ["192.0.2.1"]}, "*.c": {"ips": ["192.0.2.1"]}}"#);
        assert_eq!(read.entries.len(), 1);
        assert_eq!(
            read.problems[0].to_string(),
            "t.json:1:10: \"a..b\" has an empty label and is left out"
        );
    }

    #[test]
    fn of_two_spellings_of_a_host_the_smaller_key_counts() {
        for text in [
            r#"{"a.example": {"ips": ["192.0.2.2"]}, "A.example": {"ips": ["192.0.2.1"]}, "a.example.": {"ips": ["192.0.2.3"]}}"#,
            r#"{"a.example.": {"ips": ["192.0.2.3"]}, "A.example": {"ips": ["192.0.2.1"]}, "a.example": {"ips": ["192.0.2.2"]}}"#,
        ] {
            let read = read(text);
            assert_eq!(read.entries.len(), 1);
            assert_eq!(ips(&read.entries[0]), ["192.0.2.1"]);
            assert_eq!(read.problems.len(), 2);
        }
    }

    #[test]
    fn text_that_is_no_name_table_freezes_the_file_and_says_where() {
        for (text, place) in [
            ("", (1, 1)),
            ("[]", (1, 1)),
            ("{\n\"a\": }", (2, 6)),
            ("{\n\"a\":\n {\"ips\": 7}}", (3, 10)),
            ("{\"table\": {\"a\": {\n\"registry\": 1}}}", (2, 13)),
            ("{} x", (1, 4)),
            ("{\"a\": {}", (1, 8)),
        ] {
            let read = read(text);
            assert_eq!(read.entries, [], "{text}");
            assert_eq!(read.problems.len(), 1, "{text}");
            let problem = &read.problems[0];
            assert_eq!((problem.line, problem.column), place, "{problem}");
            assert_eq!(problem.scope, Scope::File);
        }
    }
}
