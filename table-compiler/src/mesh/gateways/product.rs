//! [`ProductGateway`]: hosts that a gateway exposes, and what is behind them.

use super::{bound_route, istio, kubernetes, virtual_service};
use crate::input::{Gateway, KubernetesGateway, Object, ObjectDoc, ObjectId, ObjectKind};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use dns_core::{EndpointAddress, NameBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Label that keeps the hosts of a gateway, or of all gateways of a namespace, unpublished.
const PUBLISH_LABEL: &str = "names.mesh/publish";

/// Labels of the namespaces of a cluster.
type Namespaces = BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>;

/// A gateway with the hosts it exposes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mesh) struct ProductGateway {
    pub(in crate::mesh) source: ObjectId,
    pub(in crate::mesh) created_secs: Option<u64>,
    /// Without wildcards: those it names, and those that routes name below its wildcards.
    pub(in crate::mesh) hosts: BTreeSet<NameBuf>,
    /// Why its hosts are no products.
    pub(in crate::mesh) withheld: Option<Withheld>,
    /// Where it is reached; none if that is not known yet.
    pub(in crate::mesh) addresses: Vec<EndpointAddress>,
    /// Port for clients of the mesh.
    pub(in crate::mesh) mesh_port: Option<u16>,
    /// Port for everybody else.
    pub(in crate::mesh) outside_port: Option<u16>,
    /// Network it is in, if that is said of it.
    pub(in crate::mesh) network: Option<Arc<str>>,
    /// The Services behind each host, where that is known.
    pub(in crate::mesh) routes: BTreeMap<NameBuf, Vec<ServiceRoute>>,
}

/// A Service behind a host, with its share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mesh) struct ServiceRoute {
    pub(in crate::mesh) service: ServiceKey,
    pub(in crate::mesh) port: Option<u16>,
    pub(in crate::mesh) weight: u32,
}

/// Which label keeps hosts unpublished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mesh) enum Withheld {
    /// The gateway's own.
    Gateway,
    /// Its namespace's.
    Namespace,
}

impl Withheld {
    /// As the end of a sentence that begins with the gateway.
    pub(in crate::mesh) fn reason(self) -> &'static str {
        match self {
            Withheld::Gateway => "is labelled names.mesh/publish: \"false\"",
            Withheld::Namespace => "is in a namespace labelled names.mesh/publish: \"false\"",
        }
    }
}

/// The gateways of a cluster that expose hosts, by identity.
pub(in crate::mesh) fn product_gateways(
    state: &ClusterState,
    namespaces: &Namespaces,
) -> BTreeMap<ObjectId, ProductGateway> {
    let istio = istio::IstioGateways::of(state);
    let bound = virtual_service::BoundServices::of(state);
    let routes = bound_route::BoundRoutes::of(state);
    let kinds = [ObjectKind::Gateway, ObjectKind::KubernetesGateway];
    let docs = kinds.into_iter().flat_map(|kind| state.of_kind(kind));
    docs.filter_map(|doc| {
        let gateway = match &doc.object {
            Object::Gateway(gateway) => of_istio(&istio, &bound, doc, gateway),
            Object::KubernetesGateway(gateway) => of_kubernetes(state, &routes, doc, gateway),
            _ => return None,
        };
        let gateway = ProductGateway {
            withheld: withheld(doc, namespaces),
            ..gateway
        };
        (!gateway.hosts.is_empty()).then(|| (doc.id.clone(), gateway))
    })
    .collect()
}

fn of_istio(
    istio: &istio::IstioGateways<'_>,
    services: &virtual_service::BoundServices<'_>,
    doc: &ObjectDoc,
    gateway: &Gateway,
) -> ProductGateway {
    let patterns: Vec<_> = istio::patterns(gateway).collect();
    let bound = services.hosts_of(&doc.id, &patterns);
    let place = istio.place(&doc.id.namespace, gateway);
    ProductGateway {
        hosts: bound.hosts,
        routes: bound.routes,
        addresses: place.addresses,
        outside_port: istio::outside_port(gateway, place.mesh_port),
        mesh_port: place.mesh_port,
        network: place.network,
        ..ProductGateway::new(doc)
    }
}

fn of_kubernetes(
    state: &ClusterState,
    routes: &bound_route::BoundRoutes<'_>,
    doc: &ObjectDoc,
    gateway: &KubernetesGateway,
) -> ProductGateway {
    let bound = routes.hosts_of(&doc.id, gateway);
    let mesh_port = kubernetes::passthrough_port(gateway);
    ProductGateway {
        hosts: bound.hosts,
        routes: bound.routes,
        addresses: kubernetes::outside_of_gateway(state, &doc.id, gateway),
        mesh_port,
        outside_port: kubernetes::outside_port(gateway, mesh_port),
        network: gateway.network().cloned(),
        ..ProductGateway::new(doc)
    }
}

impl ProductGateway {
    fn new(doc: &ObjectDoc) -> Self {
        ProductGateway {
            source: doc.id.clone(),
            created_secs: doc.created_secs(),
            hosts: BTreeSet::new(),
            withheld: None,
            addresses: Vec::new(),
            mesh_port: None,
            outside_port: None,
            network: None,
            routes: BTreeMap::new(),
        }
    }
}

/// Hosts of a gateway with the Services behind them.
#[derive(Debug, Default)]
pub(super) struct BoundHosts {
    pub(super) hosts: BTreeSet<NameBuf>,
    pub(super) routes: BTreeMap<NameBuf, Vec<ServiceRoute>>,
}

impl BoundHosts {
    /// Adds what is behind a host. Of several objects that say it the first counts.
    pub(super) fn bind(&mut self, host: &NameBuf, routes: Vec<ServiceRoute>) {
        self.hosts.insert(host.clone());
        if !routes.is_empty() {
            self.routes.entry(host.clone()).or_insert(routes);
        }
    }

    pub(super) fn without_routes(&self) -> Vec<NameBuf> {
        let hosts = self.hosts.iter();
        hosts
            .filter(|host| !self.routes.contains_key(*host))
            .cloned()
            .collect()
    }
}

/// One route per Service and port, with the sum of the weights; those of weight 0 get nothing.
pub(super) fn joined(routes: impl Iterator<Item = ServiceRoute>) -> Vec<ServiceRoute> {
    let mut joined: Vec<ServiceRoute> = Vec::new();
    for route in routes.filter(|route| route.weight > 0) {
        let known = joined
            .iter_mut()
            .find(|known| known.service == route.service && known.port == route.port);
        match known {
            Some(known) => known.weight = known.weight.saturating_add(route.weight),
            None => joined.push(route),
        }
    }
    joined
}

fn withheld(doc: &ObjectDoc, namespaces: &Namespaces) -> Option<Withheld> {
    let refuses = |labels: &BTreeMap<Arc<str>, Arc<str>>| {
        labels
            .get(PUBLISH_LABEL)
            .is_some_and(|value| value.eq_ignore_ascii_case("false"))
    };
    if refuses(&doc.object.metadata().labels) {
        return Some(Withheld::Gateway);
    }
    let namespace = namespaces.get(&doc.id.namespace)?;
    refuses(namespace).then_some(Withheld::Namespace)
}
