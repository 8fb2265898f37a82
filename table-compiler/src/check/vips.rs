//! Virtual addresses: pools that are free and large enough, pins that tell hosts apart.

use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::input::{EntryAddress, GatewayAddress, Object, ObjectDoc, ServiceAddressing};
use crate::inventory::ClusterFacts;
use crate::mesh::{ClientKind, ObjectRef};
use dns_core::vip::{Family, PoolKind};
use dns_core::{EndpointAddress, VipState};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// `vips.pools-overlap`: no pool holds an address that something else has.
pub(super) fn pools_overlap(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    let pools = &input.ledger.config().pools;
    let blocks: Vec<(PoolKind, IpNet)> = PoolKind::ALL
        .into_iter()
        .flat_map(|kind| {
            let blocks = Family::ALL
                .into_iter()
                .flat_map(move |f| pools.of(kind).blocks(f));
            blocks.map(move |block| (kind, *block))
        })
        .collect();
    let mut lines: BTreeMap<(IpNet, Arc<str>), CheckLine> = BTreeMap::new();
    for facts in clusters {
        for doc in &facts.docs {
            for range in ranges_of(doc) {
                let held = blocks
                    .iter()
                    .find(|(_, block)| block.contains(&range) || range.contains(block));
                let Some((kind, block)) = held else {
                    continue;
                };
                let key = (*block, Arc::clone(&facts.id));
                lines.entry(key).or_insert_with(|| {
                    let reason = format!(
                        "{block}, a pool of {}, holds {} of {}",
                        kind.label(),
                        shown(range),
                        doc.id
                    );
                    CheckLine::failed(CheckId::VipsPoolsOverlap, reason)
                        .in_cluster(&facts.id)
                        .about(&doc.id)
                        .at(doc.location().to_string())
                        .with_hint("choose another block in vips.pools; `callsign vips migrate --plan` says what moves")
                });
            }
        }
    }
    Outcome::Ran(lines.into_values().collect())
}

fn shown(range: IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() {
        range.addr().to_string()
    } else {
        range.to_string()
    }
}

/// The addresses that an object of Kubernetes has or hands out.
fn ranges_of(doc: &ObjectDoc) -> Vec<IpNet> {
    let mut ranges: Vec<IpNet> = Vec::new();
    let mut add = |ip: &IpAddr| ranges.push(IpNet::from(*ip));
    match &doc.object {
        Object::Node(node) => {
            node.internal_ips.iter().for_each(&mut add);
            node.external_ips.iter().for_each(&mut add);
            ranges.extend(&node.pod_cidrs);
        }
        Object::Pod(pod) => pod.ips.iter().for_each(add),
        Object::Service(service) => {
            if let ServiceAddressing::Cluster(ips) = &service.addressing {
                ips.iter().for_each(&mut add);
            }
            service.load_balancer_ips.iter().for_each(&mut add);
            service.external_ips.iter().for_each(add);
        }
        Object::EndpointSlice(slice) => {
            for address in slice.endpoints.iter().flat_map(|e| &e.addresses) {
                if let EndpointAddress::Ip(ip) = address {
                    add(ip);
                }
            }
        }
        Object::Link(link) => {
            for address in &link.gateway_addresses {
                if let GatewayAddress::Ip(ip) = address {
                    add(ip);
                }
            }
        }
        _ => {}
    }
    ranges
}

/// A host that is pinned to an address.
struct Pinned {
    host: String,
    object: String,
    ports: BTreeSet<u16>,
    cluster: Arc<str>,
}

/// `vips.shared-pins`: no two hosts are pinned to one address and port.
pub(super) fn shared_pins(clusters: &[ClusterFacts<'_>]) -> Outcome {
    let mut pins: BTreeMap<IpAddr, Vec<Pinned>> = BTreeMap::new();
    for facts in clusters {
        for doc in &facts.docs {
            add_pins(&facts.id, doc, &mut pins);
        }
    }
    Outcome::Ran(
        pins.iter()
            .filter_map(|(ip, pinned)| shared_line(*ip, pinned))
            .collect(),
    )
}

fn add_pins(cluster: &Arc<str>, doc: &ObjectDoc, pins: &mut BTreeMap<IpAddr, Vec<Pinned>>) {
    let (hosts, addresses, ports): (Vec<String>, Vec<IpAddr>, BTreeSet<u16>) = match &doc.object {
        Object::ServiceEntry(entry) => {
            let hosts = entry.hosts.iter().map(ToString::to_string);
            let addresses = entry.addresses.iter().filter_map(|address| match address {
                EntryAddress::Host(ip) => Some(*ip),
                EntryAddress::Network => None,
            });
            let ports = entry.ports.iter().map(|port| port.number);
            (hosts.collect(), addresses.collect(), ports.collect())
        }
        Object::ProductName(product) => {
            let hosts = product.hosts.iter().take(1).map(ToString::to_string);
            let v4 = product.vip.v4.map(IpAddr::V4);
            let v6 = product.vip.v6.map(IpAddr::V6);
            let addresses = v4.into_iter().chain(v6);
            (hosts.collect(), addresses.collect(), BTreeSet::new())
        }
        _ => return,
    };
    for ip in addresses {
        for host in &hosts {
            pins.entry(ip).or_default().push(Pinned {
                host: host.clone(),
                object: ObjectRef::of(cluster, &doc.id).to_string(),
                ports: ports.clone(),
                cluster: Arc::clone(cluster),
            });
        }
    }
}

/// Hosts that share an address are told apart by port: wrong only where they share that too. Those
/// of one object are meant to be one place.
fn shared_line(ip: IpAddr, pinned: &[Pinned]) -> Option<CheckLine> {
    let (one, other) = pinned.iter().enumerate().find_map(|(index, one)| {
        let mut later = pinned[index + 1..].iter();
        let other = later.find(|other| is_ambiguous(one, other))?;
        Some((one, other))
    })?;
    let clusters: BTreeSet<_> = pinned.iter().map(|pin| Arc::clone(&pin.cluster)).collect();
    let objects: BTreeSet<String> = pinned.iter().map(|pin| pin.object.clone()).collect();
    let reason = format!(
        "{ip} is pinned for {} and for {}: a proxy cannot tell them apart",
        one.host, other.host
    );
    let line = CheckLine::failed(CheckId::VipsSharedPins, reason)
        .with_clusters(clusters)
        .with_objects(objects)
        .with_hint("give each host an address of its own, or none at all: one is allotted then");
    Some(line)
}

fn is_ambiguous(one: &Pinned, other: &Pinned) -> bool {
    let has_port_in_common =
        one.ports.is_empty() || other.ports.is_empty() || !one.ports.is_disjoint(&other.ports);
    one.host != other.host && one.object != other.object && has_port_in_common
}

/// `vips.exhausted`: no name found its pool full.
pub(super) fn exhausted(input: &CheckInput<'_>) -> Outcome {
    let mut names = BTreeSet::new();
    for cluster in input.compiler.clusters() {
        let table = input.compiler.table(&ClientKind::of_cluster(cluster));
        let entries = table.into_iter().flat_map(|table| table.entries());
        let exhausted = entries.filter(|entry| entry.vip_state == VipState::Exhausted);
        names.extend(exhausted.map(|entry| entry.name.clone()));
    }
    let Some(first) = names.first() else {
        return Outcome::Ran(Vec::new());
    };
    let reason = format!(
        "{} names found their pool full, {first} among them",
        names.len()
    );
    let line = CheckLine::failed(CheckId::VipsExhausted, reason)
        .named(first)
        .with_hint("add a block to vips.pools");
    Outcome::Ran(vec![line])
}
