//! What is told of an [`Insight`]: snapshot, virtual addresses, generations, plans.

use super::timestamp::rfc3339;
use super::{VipFacts, VipRow, columns, one_line, vip_rows};
use crate::generations::Generation;
use crate::insight::Insight;
use dns_core::vip::{Origin, VipKey};
use dns_core::{AddressOrigin, NameBuf, VipState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use table_compiler::{Answered, ClusterObjects, NamedAnswers, Snapshot};

/// All that the tables depend on.
pub(crate) fn snapshot_of(insight: &Insight<'_>) -> Snapshot {
    let clusters = insight.clusters().into_iter();
    let clusters = clusters.map(|(id, input)| {
        let objects = ClusterObjects {
            objects: input.objects,
            stale: input.stale,
        };
        (id, objects)
    });
    Snapshot {
        now_ms: insight.now_ms,
        kind: insight.kind.clone(),
        kinds: vec![insight.kind.clone()],
        mesh: insight.compiler.config().clone(),
        clusters: clusters.collect(),
        ledger: insight.ledger.clone(),
        carried: insight.compiler.carried().clone(),
        health: insight.health.clone(),
        occupied: insight.occupied(),
    }
}

/// The virtual addresses, one row a name; of all names, or of one.
pub(crate) fn vips_of(insight: &Insight<'_>, name: Option<&str>) -> Vec<VipRow> {
    let table = &insight.status.snapshot.table;
    let mut given = BTreeSet::new();
    let mut unrecorded = BTreeSet::new();
    for entry in table.declared() {
        for address in &entry.addresses {
            let origin = match address.origin {
                AddressOrigin::Pinned => Origin::Pinned,
                AddressOrigin::Status => Origin::Status,
                AddressOrigin::Allotted if entry.vip_state == VipState::Unrecorded => {
                    unrecorded.insert(address.ip);
                    continue;
                }
                AddressOrigin::Allotted
                | AddressOrigin::Cluster
                | AddressOrigin::Endpoint
                | AddressOrigin::Pushed => continue,
            };
            // An alias shares the addresses of its name, which has the row.
            if entry.alias_of.is_none() {
                given.insert((VipKey::of_name(&entry.name), address.ip, origin));
            }
        }
    }
    let mesh = &insight.config.mesh;
    let own = mesh.clusters.get(&insight.kind.cluster);
    let waiting = insight.ledger.waiting().into_iter();
    let facts = VipFacts {
        ledger: insight.ledger,
        domain: own
            .and_then(|own| own.domain.as_ref())
            .unwrap_or(&mesh.domain),
        earlier: earlier(insight, &given),
        given,
        exhausted: waiting.map(|(key, _)| key).collect(),
        unrecorded,
    };
    let mut rows = vip_rows(&facts);
    if let Some(name) = name {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        rows.retain(|row| row.name == name || row.key.eq_ignore_ascii_case(&name));
    }
    rows
}

/// What names of given addresses were answered with before: the ledger remembers only addresses of
/// its pools.
fn earlier(
    insight: &Insight<'_>,
    given: &BTreeSet<(VipKey, IpAddr, Origin)>,
) -> BTreeMap<VipKey, Vec<IpAddr>> {
    let pools = &insight.ledger.config().pools;
    let outside = given
        .iter()
        .filter(|(_, ip, _)| pools.kind_of(*ip).is_none());
    let keys: BTreeSet<&VipKey> = outside.map(|(key, _, _)| key).collect();
    let mut earlier: BTreeMap<VipKey, Vec<IpAddr>> = BTreeMap::new();
    if keys.is_empty() {
        return earlier;
    }
    for (id, _) in insight.generations.served().skip(1) {
        let generation = insight.generations.find(&id.to_string());
        for (name, answers) in generation.into_iter().flat_map(|known| known.names) {
            let key = VipKey::of_name(&name);
            if keys.contains(&key) {
                earlier.entry(key).or_default().extend(answers.addresses);
            }
        }
    }
    earlier
}

/// What a generation answered, as a page has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GenerationPage {
    pub(crate) id: String,
    since: String,
    names: BTreeMap<String, AnsweredText>,
}

#[derive(Debug, Serialize, Deserialize)]
struct AnsweredText {
    addresses: Vec<IpAddr>,
    cname: Option<String>,
}

impl GenerationPage {
    /// The page of a generation.
    pub(crate) fn of(generation: &Generation) -> Self {
        let names = generation.names.iter().map(|(name, answers)| {
            let answered = AnsweredText {
                addresses: answers.addresses.clone(),
                cname: answers.cname.as_ref().map(ToString::to_string),
            };
            (name.to_string(), answered)
        });
        GenerationPage {
            id: generation.id.to_string(),
            since: rfc3339(generation.since_ms / 1000),
            names: names.collect(),
        }
    }

    /// What it says of names; texts that are none are left out.
    pub(crate) fn into_answers(self) -> NamedAnswers {
        let names = self.names.into_iter().filter_map(|(name, answered)| {
            let cname = answered.cname.as_deref();
            let answered = Answered {
                addresses: answered.addresses.into_iter().collect(),
                cname: cname.and_then(|cname| NameBuf::parse(cname).ok()),
            };
            Some((NameBuf::parse(&name).ok()?, answered))
        });
        names.collect()
    }
}

/// What a generation answered.
pub(crate) fn answers_of_generation(generation: &Generation) -> NamedAnswers {
    let names = generation.names.iter().map(|(name, answers)| {
        let answered = Answered {
            addresses: answers.addresses.iter().copied().collect(),
            cname: answers.cname.clone(),
        };
        (name.clone(), answered)
    });
    names.collect()
}

/// One address that a migration would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MoveRow {
    name: String,
    family: String,
    from: IpAddr,
    /// None if the pool has no address left.
    pub(crate) to: Option<IpAddr>,
}

/// What a migration to the configured pools would move.
pub(crate) fn migration_of(insight: &Insight<'_>) -> Vec<MoveRow> {
    let planned = insight.ledger.plan_migration(insight.now_ms).into_iter();
    let row = |planned: dns_core::vip::PlannedMove| MoveRow {
        name: planned.key.to_string(),
        family: planned.family.label().to_owned(),
        from: planned.from,
        to: planned.to,
    };
    planned.map(row).collect()
}

/// The moves in columns, for people.
pub(crate) fn moves_text(moves: &[MoveRow]) -> String {
    if moves.is_empty() {
        return "every address lies in its pool: there is nothing to move\n".to_owned();
    }
    let row = |planned: &MoveRow| {
        let to = planned
            .to
            .map_or_else(|| "no address left".to_owned(), |to| to.to_string());
        [
            one_line(&planned.name),
            planned.family.clone(),
            planned.from.to_string(),
            to,
        ]
    };
    let head = ["NAME", "FAMILY", "FROM", "TO"].map(str::to_owned);
    columns(
        &std::iter::once(head)
            .chain(moves.iter().map(row))
            .collect::<Vec<_>>(),
    )
}
