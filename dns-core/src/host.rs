//! What one host answers to a question of one type in one view.

mod srv;

use crate::answer::Records;
use crate::config::ResolverConfig;
use crate::table::update::{
    AddressOrigin, Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry, HostKind, Via,
};
use crate::table::{Found, Host, HostRecord, SrvPort};
use crate::view::{AnswerMode, View};
use crate::wire::{NameBuf, Rtype};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// What a host says.
#[derive(Debug)]
pub(crate) enum Said<'t> {
    /// These records, with that TTL in seconds.
    Records(Records<'t>, u32),
    /// It is another name for that one.
    Cname(&'t NameBuf, u32),
    /// It exists and has no such record.
    NoData,
    /// This view has nothing to dial there: as if the host did not exist.
    Absent,
}

/// What `found` says to a question of that type. `rotation` picks the address to begin with.
pub(crate) fn say<'t>(
    found: Found<'t>,
    view: &View,
    rtype: Rtype,
    rotation: u32,
    config: &ResolverConfig,
) -> Said<'t> {
    let entry = match found.host {
        Host::Entry(entry) => entry,
        Host::Record(record) => return say_record(&record, view, rtype, rotation, config),
    };
    let mode = entry.answers.mode(view.answer);
    let is_there = match mode {
        AnswerMode::Vip => true,
        AnswerMode::Endpoints => can_be_dialled(entry, view),
        AnswerMode::Forward => false,
    };
    if !is_there {
        return Said::Absent;
    }
    let ttl_secs = entry.ttl_secs.unwrap_or(config.ttl_secs);
    let port = match found.port {
        Some(SrvPort::Transport) => return Said::NoData,
        Some(SrvPort::Port(port)) => Some(port),
        None => None,
    };
    match rtype {
        Rtype::ANY => Said::Records(Records::AnyHinfo, ttl_secs),
        _ if entry.answers.is_withheld => Said::NoData,
        Rtype::SRV if entry.cname.is_none() => match srv::of_host(entry, port) {
            locations if locations.is_empty() => Said::NoData,
            locations => Said::Records(Records::Srv(locations), ttl_secs),
        },
        _ if port.is_some() => Said::NoData,
        _ if entry.cname.is_some() => entry
            .cname
            .as_ref()
            .map_or(Said::NoData, |target| Said::Cname(target, ttl_secs)),
        Rtype::A | Rtype::AAAA => match mode {
            AnswerMode::Endpoints => {
                let ttl_secs = answered_ttl_secs(entry, view, config);
                dialled(entry, view, rtype, rotation, ttl_secs)
            }
            AnswerMode::Vip | AnswerMode::Forward => {
                addressed(entry.addresses.iter(), view, rtype, rotation, ttl_secs)
            }
        },
        _ => Said::NoData,
    }
}

/// What hosts files say to a question of that type: addresses that anyone may dial.
fn say_record<'t>(
    record: &HostRecord<'t>,
    view: &View,
    rtype: Rtype,
    rotation: u32,
    config: &ResolverConfig,
) -> Said<'t> {
    let ttl_secs = match view.answer {
        AnswerMode::Endpoints => config.endpoints_ttl_secs,
        AnswerMode::Vip => config.ttl_secs,
        AnswerMode::Forward => return Said::Absent,
    };
    match rtype {
        Rtype::ANY => Said::Records(Records::AnyHinfo, config.ttl_secs),
        Rtype::A | Rtype::AAAA => {
            of_family(record.addresses().collect(), rtype, rotation, ttl_secs)
        }
        _ => Said::NoData,
    }
}

/// The addresses that a client of `view` is answered with for the name of `entry`, IPv4 first.
/// Empty if it has a name instead, or none of a family the view knows; `None` if the view answers
/// as if the name did not exist.
pub fn answered_addresses(entry: &Arc<HostEntry>, view: &View) -> Option<Vec<IpAddr>> {
    const UNROTATED: u32 = 0;
    let config = ResolverConfig::default();
    let mut addresses = Vec::new();
    for rtype in [Rtype::A, Rtype::AAAA] {
        let host = Host::Entry(entry);
        let found = Found { host, port: None };
        match say(found, view, rtype, UNROTATED, &config) {
            Said::Records(Records::Addresses(said, _), _) => addresses.extend(said),
            Said::Records(..) | Said::Cname(..) | Said::NoData => {}
            Said::Absent => return None,
        }
    }
    Some(addresses)
}

/// The TTL in seconds of the addresses that a client of `view` is answered with for `entry`: its
/// own, but never longer than that of machines where it is answered with machines.
pub fn answered_ttl_secs(entry: &HostEntry, view: &View, config: &ResolverConfig) -> u32 {
    match entry.answers.mode(view.answer) {
        AnswerMode::Endpoints => {
            let of_machines = config.endpoints_ttl_secs;
            entry
                .ttl_secs
                .map_or(of_machines, |own| own.min(of_machines))
        }
        AnswerMode::Vip | AnswerMode::Forward => entry.ttl_secs.unwrap_or(config.ttl_secs),
    }
}

/// The virtual addresses of `entry` that clients of `view` may be answered with: those of its
/// network and of its families.
pub fn virtual_addresses(entry: &HostEntry, view: &View) -> Vec<IpAddr> {
    let addresses = entry.addresses.iter();
    let seen = addresses.filter(|address| address.origin.is_virtual() && is_seen(address, view));
    seen.map(|address| address.ip).collect()
}

/// The addresses that the view may see.
fn addressed<'t>(
    addresses: impl Iterator<Item = &'t HostAddress>,
    view: &View,
    rtype: Rtype,
    rotation: u32,
    ttl_secs: u32,
) -> Said<'static> {
    let seen = addresses.filter(|address| is_seen(address, view));
    of_family(
        seen.map(|address| address.ip).collect(),
        rtype,
        rotation,
        ttl_secs,
    )
}

/// Whether a client without a proxy has anything to dial there, or a name to follow. Where it has
/// not, no type has an answer: a name does not exist for A and exist for MX (RFC 8020).
fn can_be_dialled(entry: &HostEntry, view: &View) -> bool {
    entry.cname.is_some()
        || !entry.dialled.is_empty()
        || entry.addresses.iter().any(is_real)
        || dialled_endpoints(entry, view).next().is_some()
}

/// Addresses that can be dialled without a proxy: those that the entry names for it, else its
/// endpoints, the own cluster's first; else what a user, a cluster or a control plane wrote.
fn dialled(
    entry: &HostEntry,
    view: &View,
    rtype: Rtype,
    rotation: u32,
    ttl_secs: u32,
) -> Said<'static> {
    let best_first = match entry.dialled.as_slice() {
        [] => endpoint_addresses(entry, view),
        dialled => dialled.to_vec(),
    };
    if !best_first.is_empty() {
        const UNROTATED: u32 = 0;
        return of_family(best_first, rtype, UNROTATED, ttl_secs);
    }
    let real = entry.addresses.iter().filter(|address| is_real(address));
    addressed(real, view, rtype, rotation, ttl_secs)
}

/// Whether it is more than a virtual address that only a proxy understands.
fn is_real(address: &HostAddress) -> bool {
    !matches!(
        address.origin,
        AddressOrigin::Allotted | AddressOrigin::Status
    )
}

fn endpoint_addresses(entry: &HostEntry, view: &View) -> Vec<IpAddr> {
    let is_own = |endpoint: &Endpoint| view.cluster.is_some() && endpoint.cluster == view.cluster;
    let own = dialled_endpoints(entry, view).filter(|(_, endpoint)| is_own(endpoint));
    let others = dialled_endpoints(entry, view).filter(|(_, endpoint)| !is_own(endpoint));
    let mut known: HashSet<IpAddr, FixedState> = HashSet::default();
    own.chain(others)
        .map(|(ip, _)| ip)
        .filter(|ip| known.insert(*ip))
        .collect()
}

/// The endpoints that are answered in place of the addresses of `entry`: ready, and not in another
/// network that no gateway leads to.
fn dialled_endpoints<'e>(
    entry: &'e HostEntry,
    view: &'e View,
) -> impl Iterator<Item = (IpAddr, &'e Endpoint)> {
    // Addresses taken from endpoints are those that can be reached already.
    let is_chosen = |address: &HostAddress| address.origin == AddressOrigin::Endpoint;
    let endpoints = match entry.kind {
        _ if entry.addresses.iter().any(is_chosen) => &[][..],
        HostKind::Product | HostKind::External | HostKind::Mirror | HostKind::Alias => {
            &entry.endpoints
        }
        // One of other clusters has no address of its own that could be dialled.
        HostKind::Service if !entry.addresses.iter().any(is_real) => &entry.endpoints,
        HostKind::Service | HostKind::Headless | HostKind::Instance => &[],
    };
    endpoints.iter().filter_map(|endpoint| {
        let is_ready = endpoint.state == EndpointState::Ready;
        let is_reached =
            endpoint.via == Via::Gateway || is_same_network(&endpoint.network, &view.network);
        match endpoint.address {
            EndpointAddress::Ip(ip) if is_ready && is_reached => Some((ip, endpoint)),
            _ => None,
        }
    })
}

/// Two networks are the same when they are equal or when either is not known.
fn is_same_network(theirs: &Option<Arc<str>>, ours: &Option<Arc<str>>) -> bool {
    match (theirs, ours) {
        (Some(theirs), Some(ours)) => theirs == ours || theirs.is_empty() || ours.is_empty(),
        (None, _) | (_, None) => true,
    }
}

fn is_seen(address: &HostAddress, view: &View) -> bool {
    let same_network = is_same_network(&address.network, &view.network);
    same_network && (!address.origin.is_subject_to_families() || view.families.has(address.ip))
}

fn of_family(
    mut addresses: Vec<IpAddr>,
    rtype: Rtype,
    rotation: u32,
    ttl_secs: u32,
) -> Said<'static> {
    addresses.retain(|address| address.is_ipv4() == (rtype == Rtype::A));
    if addresses.is_empty() {
        return Said::NoData;
    }
    Said::Records(Records::Addresses(addresses, rotation), ttl_secs)
}
