//! Which clusters a folder has: one folder each, named by the id of the cluster.

use super::listing::is_input;
use crate::problem::{Place, Problem};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Most clusters read from one folder: ten times what large meshes have. It bounds the series of
/// metrics, too.
pub const CLUSTERS_MAX: usize = 1_000;
/// Longest id of a cluster, a DNS label: it is part of names.
const ID_MAX: usize = 63;

/// What was found in the folder.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ClusterFolders {
    /// Ids of the clusters, in order.
    pub(crate) ids: BTreeSet<Arc<str>>,
    /// What does not belong there.
    pub(crate) problems: Vec<Problem>,
}

impl ClusterFolders {
    /// Looks into the folder. Names that begin with a dot are left out: a mounted ConfigMap keeps
    /// its versions under such. Of too many clusters those in `kept` stay.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub(crate) fn look(dir: &Path, kept: &BTreeSet<Arc<str>>) -> Result<Self, Box<Problem>> {
        let unreadable = |error: std::io::Error| {
            let reason = format!("cannot be read: {error}");
            let problem = Problem::error(Place::of_file(dir), "clusters", reason);
            Box::new(problem.with_hint("make it a folder with one folder of objects per cluster"))
        };
        let mut found = ClusterFolders::default();
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name());
        }
        names.sort();
        for name in &names {
            if !name.as_encoded_bytes().starts_with(b".") {
                found.take(&dir.join(name), name.to_str());
            }
        }
        found.limit(dir, kept);
        Ok(found)
    }

    fn take(&mut self, path: &Path, name: Option<&str>) {
        let fault = |reason: &str, hint: &str| {
            Problem::error(Place::of_file(path), "clusters", reason).with_hint(hint)
        };
        if !path.is_dir() {
            if is_input(path) {
                let hint = "move it into the folder of its cluster";
                self.problems
                    .push(fault("belongs to no cluster and is not read", hint));
            }
            return;
        }
        let Some(id) = name.filter(|name| is_cluster_id(name)) else {
            let hint = "name the folder by the cluster's id: 63 letters, digits, `-` and `_` at \
                        most, a letter or digit first and last";
            self.problems
                .push(fault("is not named like a cluster and is not read", hint));
            return;
        };
        if let Some(other) = self.ids.iter().find(|known| known.eq_ignore_ascii_case(id)) {
            let reason =
                format!("differs from {other} by the case of letters only and is not read");
            self.problems
                .push(fault(&reason, "names make no such difference; rename one"));
            return;
        }
        self.ids.insert(id.into());
    }

    fn limit(&mut self, dir: &Path, kept: &BTreeSet<Arc<str>>) {
        let all = self.ids.len();
        let mut others: Vec<_> = self.ids.difference(kept).cloned().collect();
        while self.ids.len() > CLUSTERS_MAX
            && let Some(last) = others.pop()
        {
            self.ids.remove(&last);
        }
        if self.ids.len() < all {
            let reason = format!(
                "has {all} clusters; {} of them are not read: {CLUSTERS_MAX} are the most",
                all - self.ids.len()
            );
            self.problems
                .push(Problem::error(Place::of_file(dir), "clusters", reason));
        }
    }
}

/// Whether a text can be the id of a cluster: a label of a name.
pub(crate) fn is_cluster_id(text: &str) -> bool {
    let is_edge = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut octets = text.bytes();
    text.len() <= ID_MAX
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().last())
        && octets.all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(found: &ClusterFolders) -> Vec<&str> {
        found.ids.iter().map(|id| &**id).collect()
    }

    #[test]
    fn every_folder_is_a_cluster_and_what_is_none_is_told() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "west",
            "Kubernetes",
            "east_1",
            ".git",
            "not a label",
            "WEST",
        ] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        for name in ["stray.yaml", "README.md", ".hidden.yaml"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let found = ClusterFolders::look(dir.path(), &BTreeSet::new()).unwrap();
        assert_eq!(ids(&found), ["Kubernetes", "WEST", "east_1"]);
        let told: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].contains("not a label: clusters: is not named like a cluster"));
        assert!(told[1].contains("stray.yaml: clusters: belongs to no cluster"));
        assert!(told[2].contains("west: clusters: differs from WEST by the case"));
    }

    #[test]
    fn a_folder_that_is_gone_or_a_file_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let none = BTreeSet::new();
        std::fs::write(dir.path().join("file"), "").unwrap();
        for name in ["gone", "file"] {
            let problem = ClusterFolders::look(&dir.path().join(name), &none).unwrap_err();
            assert!(problem.to_string().contains("cannot be read"), "{problem}");
        }
    }

    #[test]
    fn of_too_many_clusters_those_that_are_known_stay() {
        let numbered = |number: usize| -> Arc<str> { format!("c{number:04}").into() };
        let mut found = ClusterFolders {
            ids: (0..CLUSTERS_MAX + 5).map(numbered).collect(),
            problems: Vec::new(),
        };
        let last = numbered(CLUSTERS_MAX + 4);
        found.limit(Path::new("clusters"), &BTreeSet::from([Arc::clone(&last)]));
        assert_eq!(found.ids.len(), CLUSTERS_MAX);
        assert!(found.ids.contains(&last) && found.ids.contains(&numbered(0)));
        assert!(
            found.problems[0]
                .to_string()
                .contains("5 of them are not read")
        );
    }
}
