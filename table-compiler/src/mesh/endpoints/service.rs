//! Endpoints of a Service that is a member of a name.

use super::backing::{Backing, Group, Readiness};
use super::draft::Drafts;
use super::entrance::{Behind, Door};
use super::rank::Standing;
use super::reason::Reason;
use super::slice::NO_PORT;
use super::{Member, ServiceMember, Share};
use crate::input::ServiceAddressing;
use crate::mesh::config::Members;
use crate::mesh::ground::{ClusterGround, GroundLink, LinkMode};
use crate::mesh::relation::Relation;
use dns_core::{Endpoint, EndpointAddress, EndpointState, Locality};
use std::net::IpAddr;
use std::sync::Arc;

/// A member with what is known about its cluster.
struct Seen<'a> {
    member: &'a ServiceMember<'a>,
    share: Option<&'a Share<'a>>,
    relation: &'a Relation,
    ground: &'a ClusterGround,
}

impl Drafts<'_> {
    /// Adds the endpoints of a member, those with the labels of the share.
    pub(super) fn add(&mut self, member: &Member<'_>, share: Option<&Share<'_>>) {
        match member {
            Member::Service(member) => self.add_service(member, share),
            Member::Gateway(member) => self.add_gateway(member, share),
        }
    }

    /// Its own address in the client's cluster, its pods in the client's network, else gateways.
    pub(super) fn add_service(&mut self, member: &ServiceMember<'_>, share: Option<&Share<'_>>) {
        let (Some(relation), Some(ground)) = (
            self.relations.get(member.cluster),
            self.mesh.ground.clusters.get(member.cluster),
        ) else {
            return;
        };
        let share = share.filter(|share| !share.labels.is_empty());
        let seen = Seen {
            member,
            share,
            relation,
            ground,
        };
        if let Some(ip) = self.cluster_address(&seen) {
            return self.add_cluster_address(&seen, ip);
        }
        let narrowed = share.map(|_| self.narrowed(&seen));
        let backing = narrowed.as_ref().unwrap_or(&member.backing);
        let link = relation.link.as_ref();
        let link = link.and_then(|key| self.mesh.ground.link(key));
        match link.and_then(|link| Some((link, link.mode(member.service)?))) {
            Some((link, LinkMode::Gateway)) => self.add_link(&seen, backing, link),
            Some((_, LinkMode::Discovery)) => self.add_pods(&seen, Reach::All),
            None => self.add_by_network(&seen, backing),
        }
    }

    /// Address of the Service itself, where that is what a local member is.
    fn cluster_address(&self, seen: &Seen<'_>) -> Option<IpAddr> {
        let is_local = seen.relation.is_own
            && seen.relation.is_same_network(seen.ground.network.as_ref())
            && self.mesh.config.members == Members::Service;
        let is_whole = seen.share.is_none() && seen.member.instance.is_none();
        match &seen.member.service.addressing {
            ServiceAddressing::Cluster(addresses) if is_local && is_whole => {
                addresses.first().copied()
            }
            _ => None,
        }
    }

    fn add_cluster_address(&mut self, seen: &Seen<'_>, ip: IpAddr) {
        let readiness = seen.member.readiness();
        let standing = seen.standing(seen.ground.network.as_ref(), known(&seen.ground.locality));
        let template = Endpoint {
            cluster: Some(Arc::clone(seen.member.cluster)),
            network: standing.network.cloned(),
            locality: standing.locality.cloned(),
            weight: readiness.ready.max(1),
            state: if readiness.ready > 0 {
                EndpointState::Ready
            } else {
                Reason::NoReadyEndpoints.state()
            },
            ..Endpoint::new(EndpointAddress::Ip(ip), NO_PORT)
        };
        let ports = seen.member.service.ports.iter();
        let mut meant = ports
            .filter(|port| seen.member.port.is_none_or(|number| number == port.number))
            .peekable();
        if meant.peek().is_none() {
            let port = seen.member.port.unwrap_or(NO_PORT);
            self.push(
                Endpoint {
                    port,
                    ..template.clone()
                },
                &standing,
            );
        }
        for port in meant {
            let endpoint = Endpoint {
                port: port.number,
                port_name: port.name.clone(),
                ..template.clone()
            };
            self.push(endpoint, &standing);
        }
    }

    /// What is ready of the pods with the labels that are meant.
    fn narrowed(&self, seen: &Seen<'_>) -> Backing {
        let mut backing = Backing::of_endpoints(&seen.member.pods(self.mesh, seen.share));
        if backing.groups.is_empty() {
            backing.groups.push(Group {
                network: seen.ground.network.clone(),
                readiness: Readiness::default(),
            });
        }
        backing
    }

    fn add_link(&mut self, seen: &Seen<'_>, backing: &Backing, link: &GroundLink) {
        let behind = Behind {
            identity: link.identity.as_ref(),
            failure_threshold: link.failure_threshold,
            authority: seen.member.authority(&link.service_suffix),
            ..seen.behind(seen.ground.network.as_ref(), backing.readiness())
        };
        let doors = Door::all(&link.addresses, link.port, link.probe_port);
        self.add_doors(&behind, doors);
    }

    fn add_by_network(&mut self, seen: &Seen<'_>, backing: &Backing) {
        if let Some(transit) = &seen.relation.transit {
            return self.add_transit(seen, backing, transit);
        }
        let is_near = |group: &&Group| seen.relation.is_same_network(group.network.as_ref());
        if backing.groups.iter().any(|group| is_near(&group)) {
            self.add_pods(seen, Reach::Network);
        }
        for group in backing.groups.iter().filter(|group| !is_near(group)) {
            let Some(network) = &group.network else {
                continue;
            };
            let behind = seen.behind(Some(network), group.readiness);
            match self.mesh.ground.entrances(network, seen.member.cluster) {
                Some(entrances) => self.add_doors(&behind, entrances.iter().map(Door::of)),
                None => self.add_no_door(&behind, Reason::NoGateway(network)),
            }
        }
    }

    fn add_transit(&mut self, seen: &Seen<'_>, backing: &Backing, transit: &Arc<str>) {
        let behind = Behind {
            transit: Some(transit),
            ..seen.behind(seen.ground.network.as_ref(), backing.readiness())
        };
        self.add_doors_of_transit(&behind, transit);
    }

    /// Adds the gateways of the cluster on the way.
    pub(super) fn add_doors_of_transit(&mut self, behind: &Behind<'_>, transit: &Arc<str>) {
        match self.mesh.ground.entrances_of_cluster(transit) {
            Some(entrances) => self.add_doors(behind, entrances.iter().map(Door::of)),
            None => self.add_no_door(behind, Reason::NoGateway(transit)),
        }
    }

    /// Adds the pods themselves.
    fn add_pods(&mut self, seen: &Seen<'_>, reach: Reach) {
        let start = self.len();
        for endpoint in seen.member.pods(self.mesh, seen.share) {
            let is_reached = match reach {
                Reach::All => true,
                Reach::Network => seen.relation.is_same_network(endpoint.network.as_ref()),
            };
            if is_reached {
                let network = endpoint.network.clone();
                let locality = endpoint.locality.clone();
                let standing = seen.standing(network.as_ref(), locality.as_ref());
                self.push(endpoint, &standing);
            }
        }
        if self.len() == start {
            let network = seen.ground.network.as_ref();
            let standing = seen.standing(network, known(&seen.ground.locality));
            let endpoint = Endpoint {
                cluster: Some(Arc::clone(seen.member.cluster)),
                network: network.cloned(),
                state: Reason::NoReadyEndpoints.state(),
                ..Endpoint::new(EndpointAddress::Host(self.name.clone()), NO_PORT)
            };
            self.push(endpoint, &standing);
        }
    }
}

/// Which pods are reached by their own addresses.
#[derive(Clone, Copy)]
enum Reach {
    /// All: the link says so.
    All,
    /// Those of the client's network.
    Network,
}

impl<'a> Seen<'a> {
    fn standing(
        &self,
        network: Option<&'a Arc<str>>,
        locality: Option<&'a Locality>,
    ) -> Standing<'a> {
        Standing {
            relation: self.relation,
            cluster: self.member.cluster,
            network,
            locality,
        }
    }

    fn behind(&self, network: Option<&'a Arc<str>>, readiness: Readiness) -> Behind<'a> {
        Behind {
            standing: self.standing(network, known(&self.ground.locality)),
            authority: self.member.authority(&self.ground.service_suffix),
            identity: None,
            transit: None,
            subset: self.share.map(|share| share.labels),
            readiness: Some(readiness),
            failure_threshold: None,
        }
    }
}

/// A place, where anything is known about it.
pub(super) fn known(locality: &Locality) -> Option<&Locality> {
    (!locality.region.is_empty() || !locality.zone.is_empty()).then_some(locality)
}
