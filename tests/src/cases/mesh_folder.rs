//! Objects of several clusters as files, and the table that `callsign table` makes of them.

use crate::callsign::Launch;
use crate::cases::plugin::documents;
use crate::command;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

/// Pool of instances where that of names is not the usual one: no part of Istio's.
const OTHER_INSTANCES: &str = r#"["251.0.0.0/8", "2001:2:1::/50"]"#;

/// Cluster of a client whose own is not said.
pub(super) const UNNAMED_CLUSTER: &str = "here";

/// The objects of each cluster, and the client that looks at them.
#[derive(Clone, Debug, Default)]
pub(super) struct MeshFolder {
    clusters: BTreeMap<String, Vec<Value>>,
    /// The client's cluster; empty is [`UNNAMED_CLUSTER`].
    pub(super) cluster: String,
    pub(super) namespace: Option<String>,
    /// Empty is not known.
    pub(super) network: String,
    pub(super) families: Families,
    /// Pool of the names' virtual addresses, where it is not the usual one.
    pub(super) pool: Vec<String>,
}

/// Families that a client can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Families {
    #[default]
    V4,
    V6,
    Both,
}

impl Families {
    /// As written in a configuration.
    fn text(self) -> &'static str {
        match self {
            Families::V4 => "[ipv4]",
            Families::V6 => "[ipv6]",
            Families::Both => "[ipv4, ipv6]",
        }
    }

    /// Which of the two families they are, IPv4 first.
    pub(super) fn each(self) -> impl Iterator<Item = AddressFamily> {
        let (v4, v6) = match self {
            Families::V4 => (true, false),
            Families::V6 => (false, true),
            Families::Both => (true, true),
        };
        let families = [(v4, AddressFamily::V4), (v6, AddressFamily::V6)];
        families
            .into_iter()
            .filter(|(is_used, _)| *is_used)
            .map(|(_, family)| family)
    }
}

/// One of the two families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressFamily {
    V4,
    V6,
}

/// An address as it is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WantedAddress {
    /// This one.
    Is(IpAddr),
    /// Any of the pool of names.
    OfName(AddressFamily),
    /// Any of the pool of instances.
    OfInstance(AddressFamily),
}

impl WantedAddress {
    fn fits(&self, got: IpAddr) -> bool {
        match (self, got) {
            (WantedAddress::Is(wanted), got) => *wanted == got,
            (WantedAddress::OfName(AddressFamily::V4), IpAddr::V4(v4)) => v4.octets()[0] == 250,
            (WantedAddress::OfInstance(AddressFamily::V4), IpAddr::V4(v4)) => v4.octets()[0] == 251,
            (WantedAddress::OfName(AddressFamily::V6), IpAddr::V6(v6)) => {
                matches!(v6.segments(), [0x2001, 2, 0, 0x8000..0xc000, ..])
            }
            (WantedAddress::OfInstance(AddressFamily::V6), IpAddr::V6(v6)) => {
                matches!(v6.segments(), [0x2001, 2, 0, 0xc000..=0xffff, ..])
            }
            (WantedAddress::OfName(_) | WantedAddress::OfInstance(_), _) => false,
        }
    }

    /// Whether the addresses are those, in any order: answers are rotated.
    pub(super) fn all_fit(wanted: &[Self], got: &[IpAddr]) -> bool {
        let mut left = got.to_vec();
        wanted.len() == left.len()
            && wanted.iter().all(|wanted| {
                let place = left.iter().position(|got| wanted.fits(*got));
                place.map(|place| left.swap_remove(place)).is_some()
            })
    }
}

impl MeshFolder {
    /// A mesh as a client of that cluster sees it; without objects so far.
    pub(super) fn seen_from(cluster: &str) -> Self {
        MeshFolder {
            cluster: cluster_name(cluster).to_owned(),
            ..MeshFolder::default()
        }
    }

    /// Adds an object to a cluster; an empty id is the client's.
    pub(super) fn add(&mut self, cluster: &str, object: Value) {
        let cluster = self.id_of(cluster).to_owned();
        self.clusters.entry(cluster).or_default().push(object);
    }

    /// The id of a cluster as the case has it; where it has none, that of the client's.
    pub(super) fn id_of<'a>(&'a self, cluster: &'a str) -> &'a str {
        match cluster {
            "" => &self.cluster,
            cluster => cluster,
        }
    }

    /// Writes the clusters and a configuration, and gives the path of it.
    ///
    /// The client's cluster has Istio's remote secret of every other, so that it sees all services.
    pub(super) fn write(&self, launch: &Launch) -> Result<PathBuf, String> {
        let own = cluster_name(&self.cluster);
        let others: Vec<_> = self.clusters.keys().filter(|id| *id != own).collect();
        let mut clusters = self.clusters.clone();
        let objects = clusters.entry(own.to_owned()).or_default();
        if !others.is_empty() {
            objects.push(remote_secret(&others));
        }
        for objects in clusters.values_mut() {
            let namespaces = namespaces_of(objects);
            objects.extend(namespaces);
        }
        for (id, objects) in clusters {
            launch.write(&format!("clusters/{id}/objects.yaml"), &documents(objects))?;
        }
        launch.write("callsign.yaml", &self.config())
    }

    /// The table as `callsign table` prints it in that form.
    pub(super) fn table(&self, form: &str) -> Result<Value, String> {
        let launch = Launch::agent()?;
        let config = self.write(&launch)?;
        let config = config.to_string_lossy().into_owned();
        let ended = command::run(["table", "--config", &config, "-o", form])?;
        serde_json::from_str(&ended.stdout).map_err(|error| {
            let code = ended
                .code
                .map_or("a signal".to_owned(), |code| code.to_string());
            let said = ended.stderr.trim_end();
            format!("callsign table ended with {code} and no table: {error}; {said}")
        })
    }

    fn config(&self) -> String {
        let mut text = format!(
            "clusters: clusters\ncluster: {}\nfamilies: {}\nstate_dir: none\nupstreams: none\n",
            cluster_name(&self.cluster),
            self.families.text(),
        );
        let mut line = |key: &str, value: &str| {
            if !value.is_empty() {
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{key}: {value}");
            }
        };
        line("namespace", self.namespace.as_deref().unwrap_or_default());
        line("network", &self.network);
        if !self.pool.is_empty() {
            let pool = json!(self.pool);
            let pools = format!("{{names: {pool}, instances: {OTHER_INSTANCES}}}");
            line("vips", &format!("{{pools: {pools}}}"));
        }
        text
    }
}

fn cluster_name(id: &str) -> &str {
    match id {
        "" => UNNAMED_CLUSTER,
        id => id,
    }
}

/// Istio's secret with a kubeconfig of each of these clusters.
fn remote_secret(clusters: &[&String]) -> Value {
    let kubeconfigs = clusters.iter().map(|id| ((*id).clone(), json!("")));
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "istio-remote-secret",
            "namespace": "istio-system",
            "labels": {"istio/multiCluster": "true"},
        },
        "stringData": Value::Object(kubeconfigs.collect()),
    })
}

/// A Namespace for each that an object is in and that is not there itself.
fn namespaces_of(objects: &[Value]) -> Vec<Value> {
    let is_namespace = |object: &&Value| object["kind"] == "Namespace";
    let there: BTreeSet<_> = objects
        .iter()
        .filter(is_namespace)
        .filter_map(|object| object["metadata"]["name"].as_str())
        .collect();
    let used: BTreeSet<_> = objects
        .iter()
        .filter_map(|object| object["metadata"]["namespace"].as_str())
        .filter(|name| !there.contains(name))
        .collect();
    let namespace =
        |name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    used.into_iter().map(namespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_cluster_is_linked_to_every_other() {
        let launch = Launch::agent().unwrap();
        let mut mesh = MeshFolder::seen_from("");
        let service = json!({"kind": "Service", "metadata": {"namespace": "a", "name": "s"}});
        mesh.add("c2", service);
        let config = mesh.write(&launch).unwrap();
        let config = std::fs::read_to_string(config).unwrap();
        assert!(config.contains("\ncluster: here\n"), "{config}");
        let objects = |id: &str| {
            let path = launch.folder().join(format!("clusters/{id}/objects.yaml"));
            std::fs::read_to_string(path).unwrap()
        };
        assert!(
            objects("here").contains("\"c2\": \"\""),
            "{}",
            objects("here")
        );
        assert!(objects("c2").contains("\"Namespace\""), "{}", objects("c2"));
    }

    #[test]
    fn addresses_of_a_pool_fit_it_and_no_other() {
        use AddressFamily::{V4, V6};
        for (wanted, fitting, others) in [
            (
                WantedAddress::OfName(V4),
                "250.1.2.3",
                ["251.1.2.3", "2001:2:0:8000::1"],
            ),
            (
                WantedAddress::OfName(V6),
                "2001:2:0:bfff::1",
                ["2001:2:0:c000::1", "250.1.2.3"],
            ),
            (
                WantedAddress::OfInstance(V6),
                "2001:2:0:ffff::1",
                ["2001:2:1:c000::1", "::1"],
            ),
        ] {
            assert!(wanted.fits(fitting.parse().unwrap()), "{fitting}");
            for other in others {
                assert!(!wanted.fits(other.parse().unwrap()), "{other}");
            }
        }
        let two = [
            WantedAddress::OfName(V4),
            WantedAddress::Is([10, 0, 0, 1].into()),
        ];
        let got = |texts: &[&str]| {
            texts
                .iter()
                .map(|ip| ip.parse().unwrap())
                .collect::<Vec<_>>()
        };
        assert!(WantedAddress::all_fit(
            &two,
            &got(&["10.0.0.1", "250.0.0.1"])
        ));
        assert!(!WantedAddress::all_fit(
            &two,
            &got(&["10.0.0.1", "10.0.0.1"])
        ));
        assert!(!WantedAddress::all_fit(&two, &got(&["10.0.0.1"])));
    }
}
