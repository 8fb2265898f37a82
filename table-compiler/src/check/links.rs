//! Links between clusters: that they can be followed, and that their credentials are of use.

use super::inputs::{is_of_link, line_of};
use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::input::{GatewayAddress, Link, ObjectDoc};
use crate::inventory::ClusterFacts;
use std::collections::BTreeSet;
use std::sync::Arc;

/// `links.valid`: every Link can be followed.
pub(super) fn valid(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    let broken = input
        .problems
        .iter()
        .filter(|(_, problem)| is_of_link(problem));
    let mut lines: Vec<CheckLine> = broken
        .map(|(cluster, problem)| line_of(CheckId::LinksValid, cluster.as_ref(), problem))
        .collect();
    let mut links = lines.len();
    for facts in clusters {
        for (doc, link) in facts.linkerd_links() {
            links += 1;
            lines.extend(faults_of(facts, doc, link));
        }
    }
    if links == 0 {
        return Outcome::Absent("there is no Link");
    }
    Outcome::Ran(lines)
}

fn faults_of(facts: &ClusterFacts<'_>, doc: &ObjectDoc, link: &Link) -> Vec<CheckLine> {
    let mut faults: Vec<(&str, String, &str)> = Vec::new();
    for address in &link.gateway_addresses {
        if let GatewayAddress::Host(host) = address
            && host.as_name().label_count() < 2
        {
            faults.push((
                "spec.gatewayAddress",
                format!("{host} is neither an address nor a full host name"),
                "write the addresses of the target's gateway, with commas between them",
            ));
        }
    }
    if !link.gateway_addresses.is_empty() && link.gateway_port.is_none() {
        faults.push((
            "spec.gatewayPort",
            "the gateway has an address and no port".to_owned(),
            "write the port that mirrored traffic goes to, 4143 unless it was changed",
        ));
    }
    if link.target_cluster_name == facts.id {
        faults.push((
            "spec.targetClusterName",
            format!("{} is linked to itself", facts.id),
            "name the other cluster",
        ));
    }
    faults
        .into_iter()
        .map(|(field, reason, hint)| {
            CheckLine::failed(CheckId::LinksValid, reason)
                .in_cluster(&facts.id)
                .with_target(&link.target_cluster_name)
                .about(&doc.id)
                .with_field(field)
                .at(doc.location().to_string())
                .with_hint(hint)
        })
        .collect()
}

/// `links.credentials`: the credentials of every link are of use. A line for each link.
pub(super) fn credentials(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    let mut links: BTreeSet<(Arc<str>, Arc<str>)> = BTreeSet::new();
    for facts in clusters {
        let targets = facts.links().targets();
        links.extend(
            targets
                .into_iter()
                .map(|target| (Arc::clone(&facts.id), target)),
        );
    }
    let known = input.health.map(|health| &health.credentials);
    links.extend(known.into_iter().flat_map(|known| known.keys().cloned()));
    if links.is_empty() {
        return Outcome::Absent("no cluster is linked to another");
    }
    let line = |(from, to): &(Arc<str>, Arc<str>)| {
        let credential = known.and_then(|known| known.get(&(Arc::clone(from), Arc::clone(to))));
        let line = match credential {
            None => CheckLine::not_run(
                CheckId::LinksCredentials,
                "the health document has no word of them",
            ),
            Some(credential) if credential.is_valid() => {
                CheckLine::passed(CheckId::LinksCredentials)
            }
            Some(credential) => CheckLine::failed(
                CheckId::LinksCredentials,
                format!(
                    "the credentials of {from} for {to} are {}",
                    credential.state
                ),
            )
            .with_hint("make the link's Secret anew with the target's tools"),
        };
        line.in_cluster(from).with_target(to)
    };
    Outcome::Ran(links.iter().map(line).collect())
}
