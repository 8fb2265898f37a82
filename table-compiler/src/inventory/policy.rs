//! NamePolicies of all clusters.

use super::ClusterFacts;
use crate::input::{ChangeRule, NamePolicy, Object};
use crate::mesh::ObjectRef;

/// Whether some NamePolicy says who may publish.
pub(crate) fn restricts_publishing(clusters: &[ClusterFacts<'_>]) -> bool {
    policies(clusters).any(|(_, policy)| !policy.publish.is_empty())
}

/// The rules of all NamePolicies about who may change, with their places:
/// `NamePolicy cluster1/teams spec.change[0]`.
pub(crate) fn change_rules<'a>(clusters: &[ClusterFacts<'a>]) -> Vec<(String, &'a ChangeRule)> {
    let mut rules = Vec::new();
    for (object, policy) in policies(clusters) {
        for (index, rule) in policy.change.iter().enumerate() {
            rules.push((format!("{object} spec.change[{index}]"), rule));
        }
    }
    rules
}

fn policies<'a>(
    clusters: &[ClusterFacts<'a>],
) -> impl Iterator<Item = (ObjectRef, &'a NamePolicy)> {
    clusters.iter().flat_map(|facts| {
        facts.docs.iter().filter_map(|doc| match &doc.object {
            Object::NamePolicy(policy) => Some((ObjectRef::of(&facts.id, &doc.id), policy)),
            _ => None,
        })
    })
}
