//! Hosts and Services that HTTPRoutes, TLSRoutes and GRPCRoutes bind to a Gateway of the Gateway
//! API.

use super::pattern::{common, exact};
use super::product::{BoundHosts, ServiceRoute, joined};
use crate::input::{
    BackendRef, KubernetesGateway, Listener, Object, ObjectDoc, ObjectId, ObjectKind, ParentRef,
    Route, RuleScope,
};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use dns_core::NameBuf;
use std::collections::BTreeMap;
use std::sync::Arc;

const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";
const GATEWAY_KIND: &str = "Gateway";
const SERVICE_KIND: &str = "Service";
const ROUTE_KINDS: [ObjectKind; 3] = [
    ObjectKind::HttpRoute,
    ObjectKind::TlsRoute,
    ObjectKind::GrpcRoute,
];

/// The routes of a cluster by the Gateways they are attached to, oldest first.
pub(super) struct BoundRoutes<'a> {
    by_gateway: BTreeMap<(&'a str, &'a str), Vec<BoundRoute<'a>>>,
}

struct BoundRoute<'a> {
    doc: &'a ObjectDoc,
    route: &'a Route,
    parent: &'a ParentRef,
}

impl<'a> BoundRoutes<'a> {
    pub(super) fn of(state: &'a ClusterState) -> Self {
        let mut by_gateway: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (doc, route) in routes(state) {
            for parent in route.parent_refs.iter().filter(|p| is_gateway(p)) {
                let namespace = parent.namespace.as_ref().unwrap_or(&doc.id.namespace);
                let bound = BoundRoute { doc, route, parent };
                let key = (&**namespace, &*parent.name);
                by_gateway.entry(key).or_default().push(bound);
            }
        }
        BoundRoutes { by_gateway }
    }

    /// The explicit hosts of a Gateway: those of its listeners, and those of its routes that its
    /// listeners cover.
    pub(super) fn hosts_of(&self, id: &ObjectId, gateway: &KubernetesGateway) -> BoundHosts {
        let mut bound = BoundHosts::default();
        for host in gateway.listeners.iter().filter_map(|l| exact(&l.hostname)) {
            bound.bind(host, Vec::new());
        }
        let key = (&*id.namespace, &*id.name);
        for route in self.by_gateway.get(&key).into_iter().flatten() {
            let routes = routes_of(route.doc, route.route);
            let listeners = gateway.listeners.iter();
            for listener in listeners.filter(|l| is_section(route.parent, l)) {
                for host in hosts(route.route, listener) {
                    bound.bind(host, routes.clone());
                }
            }
        }
        bound
    }
}

/// The routes of a cluster, oldest first.
fn routes(state: &ClusterState) -> Vec<(&ObjectDoc, &Route)> {
    let docs = ROUTE_KINDS.into_iter().flat_map(|kind| state.of_kind(kind));
    let mut routes: Vec<_> = docs
        .filter_map(|doc| match &doc.object {
            Object::Route(route) => Some((&**doc, route)),
            _ => None,
        })
        .collect();
    routes.sort_by_key(|(doc, _)| doc.created_secs().unwrap_or(u64::MAX));
    routes
}

fn is_gateway(parent: &ParentRef) -> bool {
    *parent.group == *GATEWAY_GROUP && *parent.kind == *GATEWAY_KIND
}

fn is_section(parent: &ParentRef, listener: &Listener) -> bool {
    parent
        .section_name
        .as_ref()
        .is_none_or(|name| *name == listener.name)
        && parent.port.is_none_or(|port| port == listener.port)
}

fn hosts<'a>(route: &'a Route, listener: &'a Listener) -> Vec<&'a NameBuf> {
    if route.hostnames.is_empty() {
        return exact(&listener.hostname).into_iter().collect();
    }
    let hostnames = route.hostnames.iter();
    hostnames
        .filter_map(|hostname| common(&listener.hostname, hostname))
        .collect()
}

/// Where the traffic goes: by the first rule that takes all of it, else by all rules.
fn routes_of(doc: &ObjectDoc, route: &Route) -> Vec<ServiceRoute> {
    let whole = route.rules.iter().find(|rule| rule.scope == RuleScope::All);
    let backends: Vec<&BackendRef> = match whole {
        Some(rule) => rule.backends.iter().collect(),
        None => route.rules.iter().flat_map(|rule| &rule.backends).collect(),
    };
    joined(
        backends
            .into_iter()
            .filter(|backend| backend.group.is_empty() && *backend.kind == *SERVICE_KIND)
            .map(|backend| {
                let namespace = backend.namespace.as_ref().unwrap_or(&doc.id.namespace);
                ServiceRoute {
                    service: ServiceKey {
                        namespace: Arc::clone(namespace),
                        name: Arc::clone(&backend.name),
                    },
                    port: backend.port,
                    weight: backend.weight,
                }
            }),
    )
}
