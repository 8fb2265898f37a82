//! Where connections to a name lead, for one class of clients: [`leads_of`].
//!
//! ```text
//! members of the name ─▶ drafts: own pods and addresses, gateways of others ─▶ ranks, weights ─▶ endpoints
//! ```

mod backing;
mod dialled;
mod draft;
mod entrance;
mod entry;
mod imported;
mod member;
mod pods;
mod probe;
mod product;
mod rank;
mod reason;
mod service;
mod share;
mod slice;
mod touched;
mod workload;

#[cfg(test)]
mod entry_tests;
#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod tests;

pub(super) use entry::entry_endpoints;
pub(super) use imported::imported_endpoints;
pub(super) use member::{GatewayMember, Member, ServiceMember, Share};
pub(super) use pods::pods_of;
pub(super) use touched::{services_of_node, services_of_pod};

use super::mesh_view::MeshView;
use crate::input::{MemberWeight, Order};
use dns_core::{Endpoint, NameBuf};
use draft::Drafts;
use std::net::IpAddr;

/// A name to find endpoints for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) name: &'a NameBuf,
    /// What serves it. Where nothing else decides, endpoints keep the order of the members.
    pub(super) members: &'a [Member<'a>],
    pub(super) order: &'a Order,
    /// Weights by cluster and labels. With any, or with a [`Share`] of a member, all endpoints are
    /// in one priority, and members without weight are left out.
    pub(super) weights: &'a [MemberWeight],
}

/// Where connections to a name lead.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Leads {
    /// Usable or not, best first; priorities count from 0 without gaps among the usable ones.
    pub(super) endpoints: Vec<Endpoint>,
    /// What clients without a proxy dial: the best usable gateways of the name's host.
    pub(super) dialled: Vec<IpAddr>,
}

/// Where connections of a class of clients to a name lead.
pub(super) fn leads_of(view: &MeshView<'_>, subject: &Subject<'_>) -> Leads {
    let mut drafts = Drafts::new(view, subject);
    let has_shares = subject
        .members
        .iter()
        .any(|member| member.share().is_some());
    if !subject.weights.is_empty() {
        share::add_weighted(&mut drafts, subject);
    } else if has_shares {
        share::add_shared(&mut drafts, subject);
    } else {
        for member in subject.members {
            drafts.add(member, None);
        }
    }
    Leads {
        endpoints: drafts.into_endpoints(),
        dialled: dialled::dialled(view, subject),
    }
}
