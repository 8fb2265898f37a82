//! Hosts and Services that VirtualServices bind to a Gateway of Istio.

use super::pattern::exact;
use super::product::{BoundHosts, ServiceRoute, joined};
use crate::input::{
    NamePattern, Object, ObjectDoc, ObjectId, ObjectKind, RouteDestination, RuleScope,
    VirtualService,
};
use crate::mesh::cluster::ClusterState;
use crate::mesh::service_name::service_of_host;
use dns_core::NameBuf;
use std::collections::BTreeMap;

/// The VirtualServices of a cluster by the Gateways they are bound to, oldest first.
pub(super) struct BoundServices<'a> {
    by_gateway: BTreeMap<(&'a str, &'a str), Vec<(&'a ObjectDoc, &'a VirtualService)>>,
}

impl<'a> BoundServices<'a> {
    pub(super) fn of(state: &'a ClusterState) -> Self {
        let docs = state.of_kind(ObjectKind::VirtualService);
        let mut services: Vec<_> = docs
            .filter_map(|doc| match &doc.object {
                Object::VirtualService(service) => Some((&**doc, service)),
                _ => None,
            })
            .collect();
        services.sort_by_key(|(doc, _)| doc.created_secs().unwrap_or(u64::MAX));
        let mut by_gateway: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (doc, service) in services {
            for name in &service.gateways {
                let key = gateway_of(name, &doc.id.namespace);
                by_gateway.entry(key).or_default().push((doc, service));
            }
        }
        BoundServices { by_gateway }
    }

    /// The explicit hosts of a Gateway: those of its servers, and those of its VirtualServices
    /// that its servers cover. An exact host of a VirtualService comes before a wildcard.
    pub(super) fn hosts_of(&self, gateway: &ObjectId, patterns: &[&NamePattern]) -> BoundHosts {
        let key = (&*gateway.namespace, &*gateway.name);
        let services = self.by_gateway.get(&key).map_or(&[][..], Vec::as_slice);
        let mut bound = BoundHosts::default();
        for host in patterns.iter().filter_map(|pattern| exact(pattern)) {
            bound.bind(host, Vec::new());
        }
        let wildcards: Vec<_> = patterns.iter().filter(|p| exact(p).is_none()).collect();
        for (doc, service) in services {
            for host in service.hosts.iter().filter_map(exact) {
                let is_covered = || wildcards.iter().any(|p| p.matches(host.as_name()));
                if bound.hosts.contains(host) || is_covered() {
                    bound.bind(host, routes_of(doc, service, host));
                }
            }
        }
        for (doc, service) in services {
            for own in service.hosts.iter().filter(|own| exact(own).is_none()) {
                for host in bound.without_routes() {
                    if own.matches(host.as_name()) {
                        bound.bind(&host, routes_of(doc, service, &host));
                    }
                }
            }
        }
        bound
    }
}

/// Namespace and name of the Gateway that an object means by `namespace/name`, or by `name` in its
/// own namespace.
fn gateway_of<'a>(name: &'a str, own: &'a str) -> (&'a str, &'a str) {
    name.split_once('/').unwrap_or((own, name))
}

/// Where the host's traffic goes: by the first route that takes all of it, else by all.
fn routes_of(doc: &ObjectDoc, service: &VirtualService, host: &NameBuf) -> Vec<ServiceRoute> {
    let routes = service.routes.iter().filter(|route| {
        route.sni_hosts.is_empty()
            || route
                .sni_hosts
                .iter()
                .any(|sni| sni.matches(host.as_name()))
    });
    let whole = routes.clone().find(|route| route.scope == RuleScope::All);
    let destinations: Vec<&RouteDestination> = match whole {
        Some(route) => route.destinations.iter().collect(),
        None => routes.flat_map(|route| &route.destinations).collect(),
    };
    joined(destinations.into_iter().filter_map(|destination| {
        Some(ServiceRoute {
            service: service_of_host(&destination.host, &doc.id.namespace)?,
            port: destination.port,
            weight: destination.weight,
        })
    }))
}
