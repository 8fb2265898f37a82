//! Networks: who is in which, and whether addresses mean one thing in each.

use super::{CheckId, CheckLine, Outcome};
use crate::input::{Object, ServiceAddressing};
use crate::inventory::ClusterFacts;
use dns_core::EndpointAddress;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

const LABEL_HINT: &str = "label the mesh root namespace with topology.istio.io/network";

/// `networks.labelled`: every cluster has a network, or none has.
pub(super) fn labelled(clusters: &[ClusterFacts<'_>]) -> Outcome {
    let without = clusters.iter().filter(|facts| facts.network.is_none());
    let without: Vec<Arc<str>> = without.map(|facts| Arc::clone(&facts.id)).collect();
    if clusters.len() < 2 {
        return Outcome::Absent("there is one cluster");
    }
    if without.is_empty() || without.len() == clusters.len() {
        return Outcome::Ran(Vec::new());
    }
    let reason = "other clusters have a network and these have none: their addresses are treated \
                  as reachable from everywhere";
    let line = CheckLine::failed(CheckId::NetworksLabelled, reason)
        .with_clusters(without)
        .with_hint(LABEL_HINT);
    Outcome::Ran(vec![line])
}

/// `networks.single`: all clusters are in one network.
pub(super) fn single(clusters: &[ClusterFacts<'_>]) -> Outcome {
    let networks: BTreeSet<_> = clusters.iter().map(|facts| &facts.network).collect();
    let network = networks.first().copied().cloned().flatten();
    let is_single = networks.len() == 1 && (network.is_some() || !is_linked_by_gateways(clusters));
    if clusters.len() < 2 || !is_single {
        return Outcome::Absent("clusters are in several networks, or there is one cluster");
    }
    let note = match &network {
        Some(network) => format!("all clusters are in the network {network}"),
        None => "no cluster names a network: all are treated as one".to_owned(),
    };
    let mut line = CheckLine::passed(CheckId::NetworksSingle)
        .with_clusters(clusters.iter().map(|facts| Arc::clone(&facts.id)))
        .with_note(format!("{note}, where their addresses must differ"));
    line.network = network;
    Outcome::Ran(vec![line])
}

/// `networks.overlap`: clusters of one network have no addresses in common.
pub(super) fn overlap(clusters: &[ClusterFacts<'_>]) -> Outcome {
    if clusters.len() < 2 {
        return Outcome::Absent("there is one cluster");
    }
    let addresses: Vec<_> = clusters.iter().map(Addresses::of).collect();
    let mut lines = Vec::new();
    for (index, one) in clusters.iter().enumerate() {
        for (other_index, other) in clusters.iter().enumerate().skip(index + 1) {
            if !is_one_network(one, other) {
                continue;
            }
            let shared = addresses[index].shared_with(&addresses[other_index]);
            let Some(example) = shared.first() else {
                continue;
            };
            let reason = match shared.len() {
                1 => example.clone(),
                count => format!("{example}, and {} more", count - 1),
            };
            let mut line = CheckLine::failed(CheckId::NetworksOverlap, reason)
                .with_clusters([Arc::clone(&one.id), Arc::clone(&other.id)])
                .with_hint("give each cluster ranges of its own, or a network of its own");
            line.network = one.network.clone().or_else(|| other.network.clone());
            lines.push(line);
        }
    }
    Outcome::Ran(lines)
}

/// Whether an address of one can mean something in the other: equal networks, or both unknown with
/// nothing between them that says otherwise.
fn is_one_network(one: &ClusterFacts<'_>, other: &ClusterFacts<'_>) -> bool {
    match (&one.network, &other.network) {
        (Some(one), Some(other)) => one == other,
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => !has_gateway_link(one, other) && !has_gateway_link(other, one),
    }
}

/// A Link by way of a gateway says that there is no flat network.
fn has_gateway_link(from: &ClusterFacts<'_>, to: &ClusterFacts<'_>) -> bool {
    from.linkerd_links()
        .any(|(_, link)| link.target_cluster_name == to.id && link.gateway_port.is_some())
}

fn is_linked_by_gateways(clusters: &[ClusterFacts<'_>]) -> bool {
    clusters.iter().any(|from| {
        let mut others = clusters.iter();
        others.any(|to| has_gateway_link(from, to))
    })
}

/// Addresses that a cluster gives to its own.
struct Addresses {
    /// What has it, by address.
    single: BTreeMap<IpAddr, String>,
    /// Nodes' ranges of pod addresses.
    ranges: Vec<(IpNet, String)>,
}

impl Addresses {
    fn of(facts: &ClusterFacts<'_>) -> Self {
        let mut addresses = Addresses {
            single: BTreeMap::new(),
            ranges: Vec::new(),
        };
        for doc in &facts.docs {
            let owner = || format!("{} of {}", doc.id, facts.id);
            match &doc.object {
                Object::Service(service) => {
                    if let ServiceAddressing::Cluster(ips) = &service.addressing {
                        addresses.single.extend(ips.iter().map(|ip| (*ip, owner())));
                    }
                }
                Object::EndpointSlice(slice) if slice.source_cluster.is_none() => {
                    let endpoints = slice.endpoints.iter().flat_map(|e| &e.addresses);
                    for address in endpoints {
                        if let EndpointAddress::Ip(ip) = address {
                            addresses.single.entry(*ip).or_insert_with(owner);
                        }
                    }
                }
                Object::Node(node) => {
                    let ranges = node.pod_cidrs.iter().map(|range| (*range, owner()));
                    addresses.ranges.extend(ranges);
                }
                _ => {}
            }
        }
        addresses
    }

    fn shared_with(&self, other: &Addresses) -> Vec<String> {
        let mut shared = Vec::new();
        for (range, owner) in &self.ranges {
            for (other_range, other_owner) in &other.ranges {
                if range.contains(other_range) || other_range.contains(range) {
                    shared.push(format!(
                        "{range} ({owner}) overlaps {other_range} ({other_owner})"
                    ));
                }
            }
        }
        for (ip, owner) in &self.single {
            if let Some(other_owner) = other.single.get(ip) {
                shared.push(format!("{ip} is {owner} and {other_owner}"));
            }
        }
        shared
    }
}
