//! The pod-address file of a node agent: which address is which client.
//!
//! A YAML (or JSON) list with one map per address. `ip` is required; the other keys are those of
//! `views.networks` in the configuration and mean the same. What an entry leaves open comes from
//! the top of the configuration.
//!
//! ```yaml
//! - {ip: 10.1.2.3, namespace: shop}
//! - {ip: 10.1.2.4, namespace: bank, proxy: false}
//! - ip: 2001:db8::5
//!   namespace: shop
//!   families: [ipv4, ipv6]
//!   network: net1
//!   domain: cluster.local
//!   search: []
//!   preferred_namespace: gateway
//!   answer: endpoints
//! ```
//!
//! A bad entry loses only itself; a file that is no such list is bad as a whole. An empty file
//! has no pods.

use crate::config::ViewSpec;
use crate::config::walk::{Field, Reason, Walk};
use crate::config::{KeyDoc, values, view_spec};
use crate::problem::Problem;
use crate::yaml::{self, Value, YamlLimits};
use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;

/// Longest pod-address file in octets: 16 MiB. A node has a few hundred pods; this is room for
/// every pod of a large cluster.
pub const PODS_OCTETS_MAX: usize = 16 << 20;
/// Most values in a pod-address file, about ten for each of 200,000 pods.
const PODS_NODES_MAX: usize = 2_000_000;

const fn key(path: &'static str, kind: &'static str, text: &'static str) -> KeyDoc {
    KeyDoc {
        path,
        kind,
        default: "from the configuration",
        text,
    }
}

/// Every key of a pod-address file.
#[rustfmt::skip]
pub const POD_KEYS: &[KeyDoc] = &[
    KeyDoc { path: "[].ip", kind: "IP address", default: "required", text: "Address of the pod." },
    key("[].namespace", "Kubernetes namespace", "Its namespace."),
    key("[].domain", "DNS name", "Its cluster domain."),
    key("[].search", "list of DNS names", "Its search domains."),
    key("[].families", "list of ipv4, ipv6", "Families it can use."),
    key("[].network", "name", "Its network."),
    key("[].preferred_namespace", "Kubernetes namespace", "Whose variant of a host it prefers."),
    key("[].answer", "vip, endpoints or forward", "What it is answered with."),
    key("[].proxy", "true or false", "Whether it has a proxy; without one the default of `answer` is endpoints."),
];

/// The pods of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodsFile {
    /// Addresses and their views, no address twice.
    pub pods: Vec<(IpAddr, ViewSpec)>,
    /// Addresses whose entries are left out for what is wrong with the rest of them.
    pub broken: Vec<IpAddr>,
    /// What is wrong with the entries that are left out.
    pub problems: Vec<Problem>,
}

impl PodsFile {
    /// Reads the text of a file; `file` is its name in problems.
    ///
    /// # Errors
    /// Text that is no YAML or no list.
    pub fn parse(text: &[u8], file: &Path) -> Result<PodsFile, Problem> {
        let limits = YamlLimits {
            octets_max: PODS_OCTETS_MAX,
            nodes_max: PODS_NODES_MAX,
        };
        let document = yaml::parse(text, file, limits)?;
        if let Value::Scalar(_) | Value::Map(_) = document.root.value {
            let reason = format!("{} where a list is wanted", document.root.value.label());
            return Err(Problem::error(document.root.at, "", reason)
                .with_hint("write `- ip: ADDR` entries"));
        }
        let mut walk = Walk::new(POD_KEYS);
        let mut file = PodsFile::default();
        let mut seen = HashSet::new();
        for item in walk.items(&Field::root(&document.root)) {
            read_pod(&mut walk, &item, &mut seen, &mut file);
        }
        let mut problems = walk.problems;
        problems.extend(document.problems);
        problems.sort_by_key(|problem| (problem.at.line, problem.at.column));
        Ok(PodsFile { problems, ..file })
    }

    /// The file with the last good entry of each address whose present one is broken.
    #[must_use]
    pub fn frozen_by(mut self, before: &PodsFile) -> Self {
        let broken: HashSet<IpAddr> = self.broken.iter().copied().collect();
        let kept = before.pods.iter().filter(|(ip, _)| broken.contains(ip));
        self.pods.extend(kept.cloned());
        self
    }
}

/// Adds the pod of an entry to `file`, or its address to the broken ones.
fn read_pod(
    walk: &mut Walk,
    item: &Field<'_>,
    seen: &mut HashSet<IpAddr>,
    file: &mut PodsFile,
) -> Option<()> {
    let problems_before = walk.problems.len();
    let section = walk.section(item)?;
    let field = walk.required(&section, "ip");
    let spec = view_spec::read(walk, &section);
    let field = field?;
    let ip = walk.scalar(&field, values::ip)?.to_canonical();
    if !seen.insert(ip) {
        let reason = format!("{ip} has an entry already");
        walk.fault(&field, Reason::new(reason, "the first one counts"));
    } else if walk.problems.len() > problems_before {
        file.broken.push(ip);
    } else {
        file.pods.push((ip, spec));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Proxy;

    fn read(text: &str) -> PodsFile {
        PodsFile::parse(text.as_bytes(), Path::new("pods.yaml")).unwrap()
    }

    #[test]
    fn entries_are_addresses_and_views() {
        let file = read("- {ip: 10.1.2.3, namespace: shop, proxy: false}\n- ip: ::ffff:10.1.2.4\n");
        assert!(file.problems.is_empty());
        assert_eq!(file.pods[0].0.to_string(), "10.1.2.3");
        assert_eq!(file.pods[0].1.namespace.as_deref(), Some("shop"));
        assert_eq!(file.pods[0].1.proxy, Some(Proxy::Absent));
        assert_eq!(file.pods[1].0.to_string(), "10.1.2.4");
        let json = read(r#"[{"ip": "10.1.2.3", "families": ["ipv6"]}]"#);
        assert_eq!(json.pods.len(), 1);
        assert_eq!(read("").pods.len(), 0);
    }

    #[test]
    fn a_broken_entry_keeps_its_last_good_form() {
        let before = read("- {ip: 10.1.2.3, namespace: shop}\n- {ip: 10.1.2.4}\n");
        let text = "- {ip: 10.1.2.3, namespce: shop}\n- {ip: 10.1.2.5, families: [ip]}\n";
        let after = read(text).frozen_by(&before);
        assert_eq!(after.pods, before.pods[..1]);
        assert_eq!(after.problems.len(), 2);
    }

    #[test]
    fn a_bad_entry_loses_only_itself() {
        let text = "- {ip: 10.1.2.3}\n- {ip: nonsense}\n- {namespace: a}\n- {ip: 10.1.2.5, namespce: a}\n\
                    - {ip: 10.1.2.3}\n- text\n- {ip: 10.1.2.6, answer: maybe}\n- {ip: 10.1.2.7}\n";
        let file = read(text);
        let kept: Vec<String> = file.pods.iter().map(|(ip, _)| ip.to_string()).collect();
        assert_eq!(kept, ["10.1.2.3", "10.1.2.7"]);
        let problems: Vec<String> = file.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 6);
        assert!(problems[0].starts_with("pods.yaml:2:8: [1].ip: `nonsense` is not an IP address"));
        assert!(problems[1].starts_with("pods.yaml:3:3: [2].ip: missing"));
        assert!(problems[2].contains("did you mean `namespace`?"));
        assert!(problems[3].starts_with("pods.yaml:5:8: [4].ip: 10.1.2.3 has an entry already"));
    }

    #[test]
    fn a_file_that_is_no_list_is_bad_as_a_whole() {
        for text in ["ip: 10.1.2.3", "text", "[{ip: 10.1.2.3}"] {
            assert!(
                PodsFile::parse(text.as_bytes(), Path::new("p")).is_err(),
                "{text}"
            );
        }
    }
}
