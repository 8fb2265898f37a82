//! [`ClientKind`]: clients that are served one table.

use dns_core::Locality;
use std::sync::Arc;

/// Clients that are served one table. Which of its entries a client sees by its namespace, the
/// table decides when it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientKind {
    /// Cluster they run in.
    pub cluster: Arc<str>,
    /// Their network; `None` is their cluster's.
    pub network: Option<Arc<str>>,
    /// Where they are; `None` is where their cluster is, as far as its nodes agree.
    pub locality: Option<Locality>,
}

impl ClientKind {
    /// The clients of a cluster.
    pub fn of_cluster(cluster: &str) -> Self {
        ClientKind {
            cluster: cluster.into(),
            network: None,
            locality: None,
        }
    }
}
