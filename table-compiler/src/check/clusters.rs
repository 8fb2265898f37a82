//! Clusters as a whole: whether they are seen, may be read, and trust each other.

use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::mesh::{Access, Stale};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `clusters.reachable`: every cluster's source is there and its API answers.
pub(super) fn reachable(input: &CheckInput<'_>) -> Outcome {
    let id = CheckId::ClustersReachable;
    let mut lines: BTreeMap<Arc<str>, CheckLine> = BTreeMap::new();
    for (cluster, reason) in input.lost {
        let line = CheckLine::failed(id, reason).with_hint(
            "bring its source back; if it is meant to be gone, let it go with `callsign confirm`",
        );
        lines.insert(Arc::clone(cluster), line.in_cluster(cluster));
    }
    for cluster in input.compiler.clusters() {
        if input.compiler.stale(cluster) == Some(&Stale::All) {
            lines.entry(Arc::clone(cluster)).or_insert_with(|| {
                let reason = "its source is lost or held: it is served as it was";
                CheckLine::failed(id, reason).in_cluster(cluster)
            });
        }
    }
    let health = input.health.into_iter().flat_map(|health| &health.clusters);
    for (cluster, found) in health.filter(|(_, found)| !found.is_up()) {
        lines.entry(Arc::clone(cluster)).or_insert_with(|| {
            let reason = format!("its API is {}: it is served as it was", found.api);
            CheckLine::failed(id, reason)
                .in_cluster(cluster)
                .with_hint("look at its API server, and at the credentials of who watches it")
        });
    }
    Outcome::Ran(lines.into_values().collect())
}

/// `permissions.list-watch`: nothing may not be read.
pub(super) fn permissions(input: &CheckInput<'_>) -> Outcome {
    let Some(health) = input.health else {
        return Outcome::NotRun("there is no health document, which would say what may be read");
    };
    let denied = health
        .permissions
        .iter()
        .filter(|(_, access)| **access == Access::Denied);
    let line = denied.map(|(what, _)| {
        let (verb, resource) = (&what.verb, &what.resource);
        CheckLine::failed(
            CheckId::PermissionsListWatch,
            format!("{verb} {resource} is not allowed in {}", what.cluster),
        )
        .in_cluster(&what.cluster)
        .with_hint(format!(
            "grant {verb} on {resource} to the account that watches the cluster"
        ))
    });
    Outcome::Ran(line.collect())
}

/// `identity.shared-root`: all clusters have the same trust root.
pub(super) fn shared_root(input: &CheckInput<'_>) -> Outcome {
    let roots = trust_roots(input);
    if roots.len() < 2 {
        return Outcome::Absent("fewer than two clusters say what their trust root is");
    }
    let mut clusters_by_root: BTreeMap<&Arc<str>, Vec<&str>> = BTreeMap::new();
    for (cluster, root) in &roots {
        clusters_by_root.entry(root).or_default().push(cluster);
    }
    if clusters_by_root.len() == 1 {
        return Outcome::Ran(Vec::new());
    }
    let sides = clusters_by_root.iter().map(|(root, clusters)| {
        let clusters = clusters.join(", ");
        format!("{root} ({clusters})")
    });
    let sides: Vec<_> = sides.collect();
    let reason = format!(
        "clusters have different trust roots, {}: calls between them fail",
        sides.join(" and ")
    );
    let line = CheckLine::failed(CheckId::IdentitySharedRoot, reason)
        .with_clusters(roots.into_keys())
        .with_hint("give all clusters certificates of one root; names are answered regardless");
    Outcome::Ran(vec![line])
}

/// The root of each cluster that says it: by configuration, else as it was seen.
fn trust_roots(input: &CheckInput<'_>) -> BTreeMap<Arc<str>, Arc<str>> {
    let configured = &input.compiler.config().clusters;
    let seen = input.health.map(|health| &health.trust_roots);
    let ids: BTreeSet<&Arc<str>> = input
        .compiler
        .clusters()
        .chain(configured.keys())
        .chain(seen.into_iter().flat_map(BTreeMap::keys))
        .collect();
    let root = |id: &Arc<str>| {
        let configured = configured.get(id).and_then(|c| c.trust_root.clone());
        configured.or_else(|| seen?.get(id).cloned())
    };
    ids.into_iter()
        .filter_map(|id| Some((Arc::clone(id), root(id)?)))
        .collect()
}
