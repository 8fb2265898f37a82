//! Names of Services below the domain of the clients' cluster.

use super::{Claimed, Resolver, known, reference};
use crate::input::Object;
use crate::input::{EndpointSlice, ObjectDoc, Service, ServiceAddressing, ServicePort};
use crate::mesh::cluster::ServiceKey;
use crate::mesh::draft::{Draft, Families};
use crate::mesh::endpoints::{Leads, Member, ServiceMember, Subject, leads_of, pods_of};
use crate::mesh::mesh_view::Mesh;
use crate::mesh::report::ObjectRef;
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{
    AddressOrigin, Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry, HostKind,
    NameBuf, NameState, Port, Visibility,
};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Rule of a Service of the clients' own cluster.
const OWN: &str = "Service of the own cluster";
/// Rule of a Service that only other clusters have.
const REMOTE: &str = "Service of another cluster";
/// Rule of one endpoint of a headless Service.
const INSTANCE: &str = "endpoint of a Service";

/// A Service that a name stands for, in one cluster.
#[derive(Clone, Copy)]
pub(super) struct Provider<'a> {
    pub(super) seen: Claimed<'a>,
    pub(super) service: &'a Service,
    pub(super) is_own: bool,
}

impl<'a> Provider<'a> {
    pub(super) fn cluster(&self) -> &'a Arc<str> {
        &self.seen.claim.cluster
    }

    pub(super) fn doc(&self) -> &'a Arc<ObjectDoc> {
        self.seen.doc
    }

    pub(super) fn key(&self) -> ServiceKey {
        ServiceKey::of(&self.seen.doc.id)
    }

    pub(super) fn source(&self) -> ObjectRef {
        reference(self.seen.claim)
    }

    /// It as a member of a name.
    pub(super) fn member(&self, mesh: &Mesh<'a>) -> ServiceMember<'a> {
        ServiceMember::new(mesh, self.cluster(), self.doc(), self.service)
    }

    /// Its endpoints; those of a headless one have names.
    fn pods(&self, mesh: &Mesh<'a>) -> Vec<Endpoint> {
        pods_of(mesh, self.cluster(), self.doc(), self.service)
    }
}

impl<'a> Resolver<'a> {
    /// The Services of claims, the own cluster's first, then the older.
    pub(super) fn providers(&self, seen: &[Claimed<'a>]) -> Vec<Provider<'a>> {
        let mut providers: Vec<Provider<'a>> = seen
            .iter()
            .filter_map(|seen| match &seen.doc.object {
                Object::Service(service) => Some(Provider {
                    seen: *seen,
                    service,
                    is_own: self.is_own(&seen.claim.cluster),
                }),
                _ => None,
            })
            .collect();
        providers.sort_by_key(|provider| {
            let created = provider.service.metadata.created_secs;
            (
                !provider.is_own,
                created.unwrap_or(u64::MAX),
                provider.cluster(),
            )
        });
        providers
    }

    fn is_own(&self, cluster: &Arc<str>) -> bool {
        let relation = self.view.relations.get(cluster);
        relation.is_some_and(|relation| relation.is_own)
    }

    /// The entry of a Service: its own addresses in its own cluster, virtual ones elsewhere.
    pub(super) fn service(&self, name: &NameBuf, seen: &[Claimed<'a>]) -> Option<Draft> {
        let providers = self.providers(seen);
        let first = *providers.first()?;
        let rule = if first.is_own { OWN } else { REMOTE };
        let mut draft = self.provided(name, &providers, rule);
        draft.entry.short_names = true;
        draft.entry.canonical = true;
        match &first.service.addressing {
            ServiceAddressing::External(target) => draft.entry.cname = Some(target.clone()),
            ServiceAddressing::Headless => self.add_pods(&mut draft, &providers),
            ServiceAddressing::Cluster(addresses) => {
                self.lead(&mut draft, &providers);
                if first.is_own {
                    draft.entry.addresses = with_origin(addresses, AddressOrigin::Cluster);
                } else {
                    draft.want(VipKey::of_name(name), PoolKind::Names, Families::BOTH);
                }
            }
        }
        Some(draft)
    }

    /// What all names of Services have in common. Ports of several clusters are united: by name,
    /// then by protocol and number, the first one's first.
    pub(super) fn provided(
        &self,
        name: &NameBuf,
        providers: &[Provider<'a>],
        rule: &'static str,
    ) -> Draft {
        let first = &providers[0];
        let visibility = &first.service.metadata.export_to;
        let namespace = &first.doc().id.namespace;
        let entry = HostEntry {
            namespace: Some(Arc::clone(namespace)),
            ports: ports_of(
                providers
                    .iter()
                    .map(|provider| provider.service.ports.as_slice()),
            ),
            visibility: visibility
                .namespaces(namespace)
                .map_or(Visibility::Everyone, Visibility::Namespaces),
            created_secs: first.service.metadata.created_secs,
            state: if providers
                .iter()
                .any(|provider| self.is_stale(provider.seen))
            {
                NameState::Stale
            } else {
                NameState::Live
            },
            ..HostEntry::new(name.clone(), HostKind::Service, self.source_of(first.seen))
        };
        let sources = providers.iter().map(Provider::source).collect();
        Draft::new(entry, rule, sources)
    }

    /// Has the entry lead to its Services.
    pub(super) fn lead(&self, draft: &mut Draft, providers: &[Provider<'a>]) {
        let members: Vec<Member<'a>> = providers
            .iter()
            .map(|provider| Member::Service(provider.member(&self.view.mesh)))
            .collect();
        let leads = self.leads(&draft.entry.name, &members);
        draft.entry.endpoints = leads.endpoints;
        draft.entry.dialled = leads.dialled;
    }

    /// Where members lead in the order that is configured.
    fn leads(&self, name: &NameBuf, members: &[Member<'_>]) -> Leads {
        let subject = Subject {
            name,
            members,
            order: &self.view.mesh.config.order,
            weights: &[],
        };
        leads_of(&self.view, &subject)
    }

    /// Has a headless entry answer its ready pods: those in reach by their own addresses, others
    /// by virtual ones of their own.
    pub(super) fn add_pods(&self, draft: &mut Draft, providers: &[Provider<'a>]) {
        draft.entry.kind = HostKind::Headless;
        for provider in providers
            .iter()
            .filter(|provider| is_headless(provider.service))
        {
            self.add_ports_of_slices(&mut draft.entry.ports, provider);
            let pods = provider.pods(&self.view.mesh);
            self.add_pods_of(draft, provider, pods);
        }
    }

    /// Adds pods of one cluster to an entry: their addresses, and where they lead.
    fn add_pods_of(&self, draft: &mut Draft, provider: &Provider<'a>, pods: Vec<Endpoint>) {
        let relation = self.view.relations.get(provider.cluster());
        let (near, far): (Vec<Endpoint>, Vec<Endpoint>) = pods.into_iter().partition(|pod| {
            relation.is_some_and(|relation| relation.is_same_network(pod.network.as_ref()))
        });
        for pod in &near {
            if let Some(address) = ready_address(pod)
                && !draft.entry.addresses.contains(&address)
            {
                draft.entry.addresses.push(address);
            }
        }
        draft.entry.endpoints.extend(near);
        let ready = far.iter().filter(|pod| ready_address(pod).is_some());
        let hostnames: BTreeSet<&Arc<str>> =
            ready.filter_map(|pod| pod.hostname.as_ref()).collect();
        for hostname in hostnames {
            self.add_instance(draft, provider, hostname);
        }
    }

    /// Adds an instance that clients reach through a gateway: its virtual address, and the gateway.
    fn add_instance(&self, draft: &mut Draft, provider: &Provider<'a>, hostname: &Arc<str>) {
        let Some(key) = instance_key(provider, hostname) else {
            return;
        };
        let member = ServiceMember::instance(
            &self.view.mesh,
            provider.cluster(),
            provider.doc(),
            provider.service,
            hostname,
        );
        let leads = self.leads(&draft.entry.name, &[Member::Service(member)]);
        for endpoint in leads.endpoints {
            draft.entry.endpoints.push(Endpoint {
                hostname: Some(Arc::clone(hostname)),
                ..endpoint
            });
        }
        draft.want(key, PoolKind::Instances, Families::BOTH);
    }

    /// The Service's ports and those that only its slices name: a headless Service need not
    /// declare any, and its SRV records come from the endpoints.
    fn add_ports_of_slices(&self, ports: &mut Vec<Port>, provider: &Provider<'a>) {
        let Some(cluster) = self.view.mesh.clusters.get(provider.cluster()) else {
            return;
        };
        let key = provider.key();
        let slices = cluster.slices_of(&key);
        for slice in slices.filter_map(|doc| slice_of(doc)) {
            for port in &slice.ports {
                let Some(number) = port.number else { continue };
                let is_known =
                    |known: &Port| known.name == port.name && known.transport == port.transport;
                if !ports.iter().any(is_known) {
                    ports.push(Port {
                        name: port.name.clone(),
                        number,
                        transport: port.transport,
                        app_protocol: port.app_protocol.clone(),
                    });
                }
            }
        }
    }

    /// The entry of the endpoints of one host name: those of the first cluster that has any.
    pub(super) fn instance(&self, name: &NameBuf, seen: &[Claimed<'a>]) -> Option<Draft> {
        let hostname = std::str::from_utf8(name.as_name().first_label()?).ok()?;
        self.providers(seen)
            .iter()
            .find_map(|provider| self.instance_of(name, hostname, provider))
    }

    /// The entry of the endpoints of that host name in one cluster.
    pub(super) fn instance_of(
        &self,
        name: &NameBuf,
        hostname: &str,
        provider: &Provider<'a>,
    ) -> Option<Draft> {
        let mut draft = self.provided(name, &[*provider], INSTANCE);
        draft.entry.kind = HostKind::Instance;
        draft.entry.short_names = true;
        draft.entry.canonical = true;
        let mut pods = provider.pods(&self.view.mesh);
        pods.retain(|pod| {
            pod.hostname.as_deref() == Some(hostname) && pod.state == EndpointState::Ready
        });
        self.add_pods_of(&mut draft, provider, pods);
        draft.will_answer().then_some(draft)
    }
}

fn is_headless(service: &Service) -> bool {
    service.addressing == ServiceAddressing::Headless
}

/// The key of an instance's virtual address.
fn instance_key(provider: &Provider<'_>, hostname: &str) -> Option<VipKey> {
    let id = &provider.doc().id;
    let cluster = known(provider.cluster())?;
    VipKey::of_instance(hostname, &id.name, &id.namespace, &cluster).ok()
}

/// The address of a pod that is ready.
pub(super) fn ready_address(pod: &Endpoint) -> Option<HostAddress> {
    match (&pod.state, &pod.address) {
        (EndpointState::Ready, EndpointAddress::Ip(ip)) => Some(HostAddress {
            network: pod.network.clone(),
            ..HostAddress::new(*ip, AddressOrigin::Endpoint)
        }),
        _ => None,
    }
}

fn slice_of(doc: &ObjectDoc) -> Option<&EndpointSlice> {
    match &doc.object {
        Object::EndpointSlice(slice) => Some(slice),
        _ => None,
    }
}

/// Each address once, as written.
pub(super) fn with_origin(ips: &[IpAddr], origin: AddressOrigin) -> Vec<HostAddress> {
    let mut addresses = Vec::with_capacity(ips.len());
    for ip in ips {
        let address = HostAddress::new(*ip, origin);
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Ports of several objects: by name, then by protocol and number, the first one's first.
pub(super) fn ports_of<'p>(lists: impl Iterator<Item = &'p [ServicePort]>) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for port in lists.flatten() {
        let is_known = ports.iter().any(|known| {
            let is_same = known.transport == port.transport && known.number == port.number;
            is_same || (known.name.is_some() && known.name == port.name)
        });
        if !is_known {
            ports.push(Port {
                name: port.name.clone(),
                number: port.number,
                transport: port.transport,
                app_protocol: port.app_protocol.clone(),
            });
        }
    }
    ports
}
