//! Endpoints of a gateway that exposes a host.

use super::draft::Drafts;
use super::entrance::{Behind, Door};
use super::rank::Standing;
use super::service::known;
use super::{GatewayMember, ServiceMember, Share};
use crate::input::ServiceAddressing;

impl Drafts<'_> {
    /// In the client's cluster the Services behind the gateway, else the gateway.
    pub(super) fn add_gateway(&mut self, member: &GatewayMember<'_>, share: Option<&Share<'_>>) {
        let (Some(relation), Some(ground)) = (
            self.relations.get(member.cluster),
            self.mesh.ground.clusters.get(member.cluster),
        ) else {
            return;
        };
        let network = member.gateway.network.as_ref().or(ground.network.as_ref());
        if relation.is_own && self.add_behind(member, share) {
            return;
        }
        let behind = Behind {
            standing: Standing {
                relation,
                cluster: member.cluster,
                network,
                locality: known(&ground.locality),
            },
            authority: member.authority(),
            identity: None,
            transit: relation.transit.as_ref(),
            subset: share.map(|share| share.labels),
            readiness: member.readiness(),
            failure_threshold: None,
        };
        match &relation.transit {
            Some(transit) => self.add_doors_of_transit(&behind, transit),
            None => {
                let gateway = member.gateway;
                let ports = (gateway.mesh_port, gateway.outside_port);
                self.add_doors(&behind, Door::all(&gateway.addresses, ports.0, ports.1));
            }
        }
    }

    /// Adds the Services behind a gateway by their shares, and says whether there are any.
    fn add_behind(&mut self, member: &GatewayMember<'_>, share: Option<&Share<'_>>) -> bool {
        let behind = member.behind.iter().flatten();
        let services: Vec<_> = behind
            .filter_map(|routed| Some((routed.route.weight, routed.member.as_ref()?)))
            .filter(|(_, service)| is_inside(service))
            .collect();
        for (weight, service) in &services {
            let start = self.len();
            self.add_service(service, share);
            if services.len() > 1 {
                self.share_out(start, *weight);
            }
        }
        !services.is_empty()
    }
}

fn is_inside(member: &ServiceMember<'_>) -> bool {
    match member.service.addressing {
        ServiceAddressing::Cluster(_) | ServiceAddressing::Headless => true,
        ServiceAddressing::External(_) => false,
    }
}
