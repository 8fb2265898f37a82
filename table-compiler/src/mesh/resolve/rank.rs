//! Which entries of a name count, and which lose.

use super::{Refusal, Resolution};
use crate::entry_order::by_name_and_rank;
use crate::mesh::draft::Draft;
use crate::mesh::policy::overlaps;
use crate::mesh::report::{Conflict, ObjectRef};
use dns_core::{HostKind, NameBuf, Visibility};

/// Sorts the entries, best first, drops those that nobody can see for a better one, and reports
/// who loses to whom.
pub(super) fn settle(name: &NameBuf, resolution: &mut Resolution) {
    resolution
        .drafts
        .sort_by(|a, b| by_name_and_rank(&a.entry, &b.entry));
    for i in 1..resolution.drafts.len() {
        let (better, rest) = resolution.drafts.split_at(i);
        let loser = &rest[0];
        let winner = better.iter().find(|winner| beats(winner, loser));
        if let Some(winner) = winner {
            let rule = rule(winner, loser);
            let (Some(kept), Some(shadowed)) = (winner.sources.first(), loser.sources.first())
            else {
                continue;
            };
            resolution.conflicts.push(Conflict {
                name: name.clone(),
                kept: kept.clone(),
                shadowed: shadowed.clone(),
                rule,
            });
            resolution
                .refused
                .push((shadowed.clone(), shadow(kept, rule)));
        }
    }
    drop_unseen(resolution);
}

/// Whether some clients would be answered from the loser if it were not for the winner.
fn beats(winner: &Draft, loser: &Draft) -> bool {
    winner.will_answer()
        && overlaps(&winner.entry.visibility, &loser.entry.visibility)
        && winner.sources.first() != loser.sources.first()
}

fn shadow(by: &ObjectRef, rule: &'static str) -> Refusal {
    let by = by.clone();
    Refusal::Shadowed { by, rule }
}

fn rule(winner: &Draft, loser: &Draft) -> &'static str {
    if winner.entry.kind == loser.entry.kind {
        return "the older object keeps the name";
    }
    match winner.entry.kind {
        HostKind::Service | HostKind::Headless | HostKind::Instance => {
            "a Service keeps its own name"
        }
        HostKind::Product => "a product name beats other claims of it",
        HostKind::External => "a ServiceEntry beats names made of others",
        HostKind::Mirror | HostKind::Alias => "a mirror beats an alias",
    }
}

/// An entry that all clients would be answered from leaves nothing to those of lower kinds. Those
/// of its own kind stay: clients see the one of their own namespace first.
fn drop_unseen(resolution: &mut Resolution) {
    let for_all = resolution
        .drafts
        .iter()
        .find(|draft| draft.will_answer() && draft.entry.visibility == Visibility::Everyone);
    let Some(kind) = for_all.map(|draft| rank_of(draft.entry.kind)) else {
        return;
    };
    resolution
        .drafts
        .retain(|draft| rank_of(draft.entry.kind) <= kind);
}

/// Kinds of Services stand for one kind of owner.
fn rank_of(kind: HostKind) -> HostKind {
    match kind {
        HostKind::Service | HostKind::Headless | HostKind::Instance => HostKind::Service,
        HostKind::Product | HostKind::External | HostKind::Mirror | HostKind::Alias => kind,
    }
}
