//! [`Member`]: what serves a name in one cluster.

use super::backing::{Backing, Readiness};
use crate::input::{Object, ObjectDoc, Service, ServiceAddressing};
use crate::mesh::cluster::ServiceKey;
use crate::mesh::gateways::{ProductGateway, ServiceRoute};
use crate::mesh::mesh_view::Mesh;
use crate::mesh::service_name::service_text;
use dns_core::NameBuf;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What serves a name in one cluster. Make it once for a name: it counts what is ready, which is
/// the same for all clients.
#[derive(Debug)]
pub(in crate::mesh) enum Member<'a> {
    /// A Service.
    Service(ServiceMember<'a>),
    /// A gateway that exposes a host.
    Gateway(GatewayMember<'a>),
}

/// A share of the traffic that a member has, by a TrafficSplit or a VirtualService.
#[derive(Clone, Copy, Debug)]
pub(in crate::mesh) struct Share<'a> {
    pub(in crate::mesh) weight: u32,
    /// Pods that have it; all if empty.
    pub(in crate::mesh) labels: &'a BTreeMap<Arc<str>, Arc<str>>,
}

/// A Service of a cluster.
#[derive(Debug)]
pub(in crate::mesh) struct ServiceMember<'a> {
    pub(in crate::mesh) cluster: &'a Arc<str>,
    pub(in crate::mesh) doc: &'a ObjectDoc,
    pub(in crate::mesh) service: &'a Service,
    /// The one port that is meant; all if none.
    pub(in crate::mesh) port: Option<u16>,
    pub(in crate::mesh) share: Option<Share<'a>>,
    /// The one instance that is meant.
    pub(super) instance: Option<&'a Arc<str>>,
    pub(super) backing: Backing,
    authority: OnceCell<Arc<str>>,
}

/// A gateway of a cluster with one of its hosts.
#[derive(Debug)]
pub(in crate::mesh) struct GatewayMember<'a> {
    pub(in crate::mesh) cluster: &'a Arc<str>,
    pub(in crate::mesh) gateway: &'a ProductGateway,
    pub(in crate::mesh) host: &'a NameBuf,
    pub(in crate::mesh) share: Option<Share<'a>>,
    /// What is behind it; `None` if no route says so.
    pub(super) behind: Option<Vec<Routed<'a>>>,
    authority: OnceCell<Arc<str>>,
}

/// A Service behind a gateway.
#[derive(Debug)]
pub(super) struct Routed<'a> {
    pub(super) route: &'a ServiceRoute,
    /// `None` if the cluster has no such Service.
    pub(super) member: Option<ServiceMember<'a>>,
}

impl<'a> ServiceMember<'a> {
    /// A Service with all of its ports and pods.
    pub(in crate::mesh) fn new(
        mesh: &Mesh<'a>,
        cluster: &'a Arc<str>,
        doc: &'a ObjectDoc,
        service: &'a Service,
    ) -> Self {
        ServiceMember {
            cluster,
            doc,
            service,
            port: None,
            share: None,
            instance: None,
            backing: Backing::of(mesh, cluster, doc, service),
            authority: OnceCell::new(),
        }
    }

    /// The endpoints of a Service that have that host name.
    pub(in crate::mesh) fn instance(
        mesh: &Mesh<'a>,
        cluster: &'a Arc<str>,
        doc: &'a ObjectDoc,
        service: &'a Service,
        hostname: &'a Arc<str>,
    ) -> Self {
        let mut member = ServiceMember::new(mesh, cluster, doc, service);
        member.instance = Some(hostname);
        member.backing = Backing::of_endpoints(&member.pods(mesh, None));
        member
    }

    /// What is ready.
    pub(in crate::mesh) fn readiness(&self) -> Readiness {
        self.backing.readiness()
    }

    /// Name by which gateways know it: `<service>.<namespace>.svc.<domain>`, below the host name of
    /// an instance.
    pub(super) fn authority(&self, suffix: &str) -> Arc<str> {
        match self.authority.get() {
            // Another Link may call the cluster's domain otherwise.
            Some(known) if !known.ends_with(suffix) => self.made_authority(suffix),
            Some(known) => Arc::clone(known),
            None => Arc::clone(self.authority.get_or_init(|| self.made_authority(suffix))),
        }
    }

    fn made_authority(&self, suffix: &str) -> Arc<str> {
        let name = service_text(&ServiceKey::of(&self.doc.id), suffix);
        match self.instance {
            Some(hostname) => format!("{hostname}.{name}").into(),
            None => name.into(),
        }
    }
}

impl<'a> GatewayMember<'a> {
    /// A gateway with one of its hosts.
    pub(in crate::mesh) fn new(
        mesh: &Mesh<'a>,
        cluster: &'a Arc<str>,
        gateway: &'a ProductGateway,
        host: &'a NameBuf,
    ) -> Self {
        let routes = gateway.routes.get(host);
        GatewayMember {
            cluster,
            gateway,
            host,
            share: None,
            behind: routes.map(|routes| {
                let routed = routes.iter().map(|route| Routed::new(mesh, cluster, route));
                routed.collect()
            }),
            authority: OnceCell::new(),
        }
    }

    /// What is ready behind it; `None` if it is not known what is behind it.
    pub(in crate::mesh) fn readiness(&self) -> Option<Readiness> {
        let behind = self.behind.as_ref()?;
        let mut sum = Readiness::default();
        for routed in behind {
            sum = sum.and(routed.readiness()?);
        }
        Some(sum)
    }

    pub(super) fn authority(&self) -> Arc<str> {
        let make = || self.host.to_string().into();
        Arc::clone(self.authority.get_or_init(make))
    }
}

impl<'a> Routed<'a> {
    fn new(mesh: &Mesh<'a>, cluster: &'a Arc<str>, route: &'a ServiceRoute) -> Self {
        let doc = mesh
            .clusters
            .get(cluster)
            .and_then(|state| state.service(&route.service));
        let member = doc.and_then(|doc| match &doc.object {
            Object::Service(service) => Some(ServiceMember {
                port: route.port,
                ..ServiceMember::new(mesh, cluster, doc, service)
            }),
            _ => None,
        });
        Routed { route, member }
    }

    /// What is ready; nothing of a Service that is not there. `None` for one that is outside.
    pub(super) fn readiness(&self) -> Option<Readiness> {
        let Some(member) = &self.member else {
            return Some(Readiness::default());
        };
        match member.service.addressing {
            ServiceAddressing::External(_) => None,
            ServiceAddressing::Cluster(_) | ServiceAddressing::Headless => Some(member.readiness()),
        }
    }
}

impl<'a> Member<'a> {
    pub(in crate::mesh) fn cluster(&self) -> &'a Arc<str> {
        match self {
            Member::Service(member) => member.cluster,
            Member::Gateway(member) => member.cluster,
        }
    }

    pub(super) fn share(&self) -> Option<Share<'a>> {
        match self {
            Member::Service(member) => member.share,
            Member::Gateway(member) => member.share,
        }
    }
}
