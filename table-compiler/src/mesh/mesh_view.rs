//! [`Mesh`] and [`MeshView`]: what the resolution of a name may look at.

use super::cluster::ClusterState;
use super::config::MeshConfig;
use super::ground::Ground;
use super::health::Health;
use super::relation::Relation;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The mesh as it is for all clients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mesh<'a> {
    pub(super) config: &'a MeshConfig,
    pub(super) clusters: &'a BTreeMap<Arc<str>, ClusterState>,
    pub(super) ground: &'a Ground,
    pub(super) health: &'a Health,
    /// Wall-clock time in milliseconds since 1970.
    #[expect(dead_code, reason = "no rule of endpoints counts time yet")]
    pub(super) now_ms: u64,
}

/// The mesh as clients of one class see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeshView<'a> {
    pub(super) mesh: Mesh<'a>,
    /// How they see each cluster, by id.
    pub(super) relations: &'a BTreeMap<Arc<str>, Relation>,
}
