//! [`Relation`]: how clients of one kind see one cluster.

use super::config::Discovery;
use super::ground::LinkKey;
use dns_core::Locality;
use std::sync::Arc;

/// How clients see one cluster. All that the resolution of a name may know of a client: two kinds
/// of clients with equal relations to the clusters of a name are served the same entries of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Relation {
    /// Whether it is the client's own.
    pub(super) is_own: bool,
    /// Which of its names are seen; the client's own cluster is seen whole.
    pub(super) discovery: Discovery,
    /// Whether the client is served its ServiceEntries.
    pub(super) is_config_source: bool,
    /// Network of the client where that is one of the cluster's networks or neither is known;
    /// `None` where all of the cluster is in other networks.
    pub(super) network: Option<NetworkView>,
    /// Region of the client where the cluster has endpoints or gateways in it.
    pub(super) region: Option<Arc<str>>,
    /// Zone of the client where the cluster has endpoints in it.
    pub(super) zone: Option<Arc<str>>,
    /// Cluster whose gateways lead there, where it cannot be reached itself.
    pub(super) transit: Option<Arc<str>>,
    /// The Linkerd Link that leads there.
    pub(super) link: Option<LinkKey>,
    /// Whether the client's cluster has the same domain.
    pub(super) is_same_domain: bool,
}

/// The client's network as seen with a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum NetworkView {
    /// The client's is not known, so that everything is in it.
    Unknown,
    /// This one, which some of the cluster is in.
    Known(Arc<str>),
}

impl Relation {
    /// Whether the client can reach an address of that network of the cluster by itself: networks
    /// are the same when equal or when either is not known.
    pub(super) fn is_same_network(&self, network: Option<&Arc<str>>) -> bool {
        match (&self.network, network) {
            (_, None) | (Some(NetworkView::Unknown), _) => true,
            (Some(NetworkView::Known(own)), Some(network)) => own == network,
            (None, Some(_)) => false,
        }
    }

    /// Whether a place shares the client's region.
    pub(super) fn is_same_region(&self, locality: &Locality) -> bool {
        self.region
            .as_ref()
            .is_some_and(|own| *own == locality.region)
    }

    /// Whether a place shares the client's region and zone.
    pub(super) fn is_same_zone(&self, locality: &Locality) -> bool {
        self.is_same_region(locality) && self.zone.as_ref().is_some_and(|own| *own == locality.zone)
    }
}
