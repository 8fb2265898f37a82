//! Product names: hosts of gateways and of ProductNames, and their aliases.

mod alias;

use super::pins::product_pins;
use super::service::{Provider, ports_of};
use super::{Claimed, Refusal, Resolution, Resolver, reference};
use crate::input::{
    GatewayMembers, MemberWeight, Object, OnAllDown, ProductAnswer, ProductMember, ProductName,
    ServiceMember as ServiceMemberSpec,
};
use crate::mesh::claims::Claim;
use crate::mesh::cluster::ServiceKey;
use crate::mesh::draft::{Draft, Families};
use crate::mesh::endpoints::{GatewayMember, Member, ServiceMember, Subject, leads_of};
use crate::mesh::report::{Conflict, ObjectRef};
use crate::mesh::uses::UsedService;
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{
    AddressOrigin, AnswerMode, Answers, Endpoint, EndpointState, HostAddress, HostEntry, HostKind,
    NameBuf, NameState, Port, PortTransport, VipState,
};
use std::net::IpAddr;
use std::sync::Arc;

/// Rule of a host that a ProductName names.
const NAMED: &str = "ProductName";
/// Rule of a host that gateways expose.
const EXPOSED: &str = "host of a gateway";
/// Why gateways lose the name of a Service.
const OF_SERVICE: &str = "only a ProductName leads the name of a Service elsewhere";
/// Why the younger of two ProductNames loses.
const OLDER: &str = "the older object keeps the name";

/// A product name with the objects it is made of.
struct Product<'a> {
    /// The ProductName, if there is one.
    named: Option<(Claimed<'a>, &'a ProductName)>,
    gateways: Vec<Claimed<'a>>,
}

impl<'a> Product<'a> {
    /// It without the gateways that its ProductName does not mean.
    fn with_listed_gateways(mut self, resolution: &mut Resolution) -> Self {
        let Some((seen, spec)) = self.named.filter(|(_, spec)| !spec.members.is_empty()) else {
            return self;
        };
        self.gateways.retain(|gateway| {
            let is_listed = spec.members.iter().any(|member| match member {
                ProductMember::Gateways(which) => is_meant(which, gateway),
                ProductMember::Service(_) => false,
            });
            if !is_listed {
                let refusal = Refusal::NotListed(reference(seen.claim));
                resolution.refused.push((reference(gateway.claim), refusal));
            }
            is_listed
        });
        self
    }

    /// The Services that its ProductName lists, whether or not they are there.
    fn listed_services(&self) -> impl Iterator<Item = UsedService> {
        let named = self.named.into_iter();
        named.flat_map(|(seen, spec)| {
            spec.members.iter().filter_map(move |member| match member {
                ProductMember::Service(which) => Some(service_of_member(which, seen)),
                ProductMember::Gateways(_) => None,
            })
        })
    }
}

impl<'a> Resolver<'a> {
    /// Adds the entry of a product. On the name of a Service it does not replace the Service's
    /// entry: the address stays, and where it leads is the product's.
    pub(super) fn add_product(
        &self,
        name: &NameBuf,
        seen: &[Claimed<'a>],
        services: &[Claimed<'a>],
        resolution: &mut Resolution,
    ) {
        let Some(product) = self.product_of(name, seen, resolution) else {
            return;
        };
        let product = product.with_listed_gateways(resolution);
        if product.named.is_none() && give_way(name, &product.gateways, resolution) {
            return;
        }
        let providers = self.providers(services);
        let draft = self.product_draft(name, &product, &providers, resolution);
        let of_service = resolution
            .drafts
            .iter_mut()
            .find(|draft| matches!(draft.entry.kind, HostKind::Service | HostKind::Headless));
        match of_service {
            Some(service) => {
                service.entry.endpoints = draft.entry.endpoints;
                service.entry.dialled = draft.entry.dialled;
                service.entry.answers = draft.entry.answers;
                service.entry.ttl_secs = draft.entry.ttl_secs;
                service.sources.extend(draft.sources);
            }
            None => resolution.drafts.push(draft),
        }
    }

    /// The objects of a product name. Of several ProductNames the oldest has it.
    fn product_of(
        &self,
        name: &NameBuf,
        seen: &[Claimed<'a>],
        resolution: &mut Resolution,
    ) -> Option<Product<'a>> {
        let mut named: Vec<(Claimed<'a>, &'a ProductName)> = Vec::new();
        let mut gateways = Vec::new();
        for seen in seen {
            match &seen.doc.object {
                Object::ProductName(product) => named.push((*seen, product)),
                _ => gateways.push(*seen),
            }
        }
        named.sort_by_key(|(seen, _)| age(*seen));
        gateways.sort_by_key(|seen| age(*seen));
        let first = named.first().copied();
        for (loser, _) in named.iter().skip(1) {
            let (Some((winner, _)), shadowed) = (first, reference(loser.claim)) else {
                continue;
            };
            let kept = reference(winner.claim);
            resolution.conflicts.push(Conflict {
                name: name.clone(),
                kept: kept.clone(),
                shadowed: shadowed.clone(),
                rule: OLDER,
            });
            let refusal = Refusal::Shadowed {
                by: kept,
                rule: OLDER,
            };
            resolution.refused.push((shadowed, refusal));
        }
        (first.is_some() || !gateways.is_empty()).then_some(Product {
            named: first,
            gateways,
        })
    }

    fn product_draft(
        &self,
        name: &NameBuf,
        product: &Product<'a>,
        providers: &[Provider<'a>],
        resolution: &mut Resolution,
    ) -> Draft {
        let spec = product.named.map(|(_, spec)| spec);
        let members = self.members(name, product, providers);
        let no_weights: &[MemberWeight] = &[];
        let subject = Subject {
            name,
            order: spec
                .and_then(|spec| spec.order.as_ref())
                .unwrap_or(&self.view.mesh.config.order),
            weights: spec.map_or(no_weights, |spec| spec.weights.as_slice()),
            members: &members,
        };
        resolution.uses.extend(members.iter().flat_map(uses_of));
        resolution.uses.extend(product.listed_services());
        let leads = leads_of(&self.view, &subject);
        let owner = product
            .named
            .map(|(seen, _)| seen)
            .or(product.gateways.first().copied());
        let sources: Vec<ObjectRef> = (product.named.iter().map(|(seen, _)| seen))
            .chain(&product.gateways)
            .map(|seen| reference(seen.claim))
            .collect();
        let all = product
            .named
            .iter()
            .map(|(seen, _)| seen)
            .chain(&product.gateways);
        let is_stale = all.into_iter().any(|seen| self.is_stale(*seen));
        let entry = HostEntry {
            namespace: owner.map(|seen| Arc::clone(&seen.doc.id.namespace)),
            ports: product_ports(&members),
            answers: answers(spec, &leads.endpoints),
            endpoints: leads.endpoints,
            dialled: leads.dialled,
            ttl_secs: spec.and_then(|spec| spec.ttl_secs),
            short_names: self.is_service_name(name),
            created_secs: owner.and_then(|seen| seen.doc.created_secs()),
            state: if is_stale {
                NameState::Stale
            } else {
                NameState::Live
            },
            ..HostEntry::new(
                name.clone(),
                HostKind::Product,
                owner.map(|seen| self.source_of(seen)).unwrap_or_default(),
            )
        };
        let rule = if spec.is_some() { NAMED } else { EXPOSED };
        let mut draft = Draft::new(entry, rule, sources);
        take_addresses(&mut draft, name, spec);
        draft
    }

    /// The members that the ProductName lists; every gateway of the host if it lists none, and the
    /// Services of the name if there is no gateway either.
    fn members(
        &self,
        host: &NameBuf,
        product: &Product<'a>,
        providers: &[Provider<'a>],
    ) -> Vec<Member<'a>> {
        let listed = product
            .named
            .map_or(&[][..], |(_, spec)| spec.members.as_slice());
        let mut members = Vec::new();
        for member in listed {
            match member {
                ProductMember::Gateways(which) => {
                    let chosen = product.gateways.iter().filter(|seen| is_meant(which, seen));
                    members.extend(chosen.filter_map(|seen| self.gateway_member(host, seen)));
                }
                ProductMember::Service(which) => {
                    let owner = product.named.map(|(seen, _)| seen);
                    members.extend(self.service_member(which, owner));
                }
            }
        }
        if listed.is_empty() {
            let gateways = product.gateways.iter();
            members.extend(gateways.filter_map(|seen| self.gateway_member(host, seen)));
            if members.is_empty() {
                let services = providers
                    .iter()
                    .map(|provider| provider.member(&self.view.mesh));
                members.extend(services.map(Member::Service));
            }
        }
        members
    }

    fn gateway_member(&self, host: &NameBuf, seen: &Claimed<'a>) -> Option<Member<'a>> {
        let ground = self.view.mesh.ground.clusters.get(&seen.claim.cluster)?;
        let gateway = ground.product_gateways.get(&seen.claim.object)?;
        let host = gateway.hosts.get(host)?;
        let member = GatewayMember::new(&self.view.mesh, &seen.claim.cluster, gateway, host);
        Some(Member::Gateway(member))
    }

    fn service_member(
        &self,
        which: &'a ServiceMemberSpec,
        owner: Option<Claimed<'a>>,
    ) -> Option<Member<'a>> {
        let (id, key) = service_of_member(which, owner?);
        let (cluster, state) = self.view.mesh.clusters.get_key_value(&id)?;
        let doc = state.service(&key)?;
        match &doc.object {
            Object::Service(service) => {
                let mut member = ServiceMember::new(&self.view.mesh, cluster, doc, service);
                member.port = which.port;
                Some(Member::Service(member))
            }
            _ => None,
        }
    }
}

/// The addresses of a product: pinned in the families that its ProductName pins, allotted in the
/// others.
fn take_addresses(draft: &mut Draft, name: &NameBuf, spec: Option<&ProductName>) {
    let pins = spec.map(product_pins).unwrap_or_default();
    for pin in &pins {
        let address = HostAddress::new(*pin, AddressOrigin::Pinned);
        draft.entry.addresses.push(address);
        draft.entry.vip_state = VipState::Pinned;
    }
    let families = Families {
        v4: !pins.iter().any(IpAddr::is_ipv4),
        v6: !pins.iter().any(IpAddr::is_ipv6),
    };
    if families.v4 || families.v6 {
        draft.want(VipKey::of_name(name), PoolKind::Names, families);
    }
}

/// Whether gateways leave a name to the Service that has it, and are told so: only a ProductName
/// says where the name of a Service leads.
fn give_way(name: &NameBuf, gateways: &[Claimed<'_>], resolution: &mut Resolution) -> bool {
    let is_service =
        |draft: &&Draft| matches!(draft.entry.kind, HostKind::Service | HostKind::Headless);
    let service = resolution.drafts.iter().find(is_service);
    let Some(kept) = service.and_then(|draft| draft.sources.first()).cloned() else {
        return false;
    };
    for gateway in gateways {
        let shadowed = reference(gateway.claim);
        resolution.conflicts.push(Conflict {
            name: name.clone(),
            kept: kept.clone(),
            shadowed: shadowed.clone(),
            rule: OF_SERVICE,
        });
        let refusal = Refusal::Shadowed {
            by: kept.clone(),
            rule: OF_SERVICE,
        };
        resolution.refused.push((shadowed, refusal));
    }
    true
}

/// What clients are answered with; nothing where the owner wants it so while all members are down.
fn answers(spec: Option<&ProductName>, endpoints: &[Endpoint]) -> Answers {
    let Some(spec) = spec else {
        return Answers::default();
    };
    let is_down = !endpoints.iter().any(|e| e.state == EndpointState::Ready);
    Answers {
        is_withheld: is_down && spec.failover.on_all_down == OnAllDown::NoData,
        ..answers_of(spec)
    }
}

fn answers_of(spec: &ProductName) -> Answers {
    let mode = |answer: Option<ProductAnswer>| {
        answer.map(|answer| match answer {
            ProductAnswer::Vip => AnswerMode::Vip,
            ProductAnswer::Endpoints => AnswerMode::Endpoints,
            ProductAnswer::Forward => AnswerMode::Forward,
        })
    };
    Answers {
        mesh: mode(spec.answers.mesh),
        no_proxy: mode(spec.answers.no_proxy),
        outside: mode(spec.answers.outside),
        is_withheld: false,
    }
}

/// Ports of the member services; of gateways alone the port that they have outside.
fn product_ports(members: &[Member<'_>]) -> Vec<Port> {
    let of_services = members.iter().filter_map(|member| match member {
        Member::Service(member) => Some(member.service.ports.as_slice()),
        Member::Gateway(_) => None,
    });
    let mut ports = ports_of(of_services);
    if ports.is_empty() {
        let outside = members.iter().find_map(|member| match member {
            Member::Gateway(member) => member.gateway.outside_port,
            Member::Service(_) => None,
        });
        ports.extend(outside.map(|number| Port {
            name: None,
            number,
            transport: PortTransport::Tcp,
            app_protocol: None,
        }));
    }
    ports
}

/// The Service that a ProductName means by a member: of its own cluster and namespace unless it
/// says another.
fn service_of_member(which: &ServiceMemberSpec, owner: Claimed<'_>) -> UsedService {
    let cluster = which.cluster.as_ref().unwrap_or(&owner.claim.cluster);
    let namespace = which.namespace.as_ref().unwrap_or(&owner.doc.id.namespace);
    let key = ServiceKey {
        namespace: Arc::clone(namespace),
        name: Arc::clone(&which.name),
    };
    (Arc::clone(cluster), key)
}

/// The Services behind a member.
fn uses_of(member: &Member<'_>) -> Vec<UsedService> {
    match member {
        Member::Service(member) => {
            let key = ServiceKey::of(&member.doc.id);
            vec![(Arc::clone(member.cluster), key)]
        }
        Member::Gateway(member) => {
            let routes = member.gateway.routes.get(member.host).into_iter().flatten();
            let used = routes.map(|route| (Arc::clone(member.cluster), route.service.clone()));
            used.collect()
        }
    }
}

fn is_meant(which: &GatewayMembers, seen: &Claimed<'_>) -> bool {
    let is = |wanted: &Option<Arc<str>>, text: &Arc<str>| {
        wanted.as_ref().is_none_or(|wanted| wanted == text)
    };
    is(&which.cluster, &seen.claim.cluster)
        && is(&which.namespace, &seen.doc.id.namespace)
        && is(&which.name, &seen.doc.id.name)
}

/// The older first; without a time the youngest, then by cluster, namespace and name.
fn age<'a>(seen: Claimed<'a>) -> (u64, &'a Claim) {
    (seen.doc.created_secs().unwrap_or(u64::MAX), seen.claim)
}
