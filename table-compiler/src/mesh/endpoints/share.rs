//! Members with weights: all in one priority.

use super::draft::Drafts;
use super::{Share, Subject};

/// Adds the members that the weights of the name match, in the order of the weights.
pub(super) fn add_weighted(drafts: &mut Drafts<'_>, subject: &Subject<'_>) {
    let weights = subject.weights.iter().enumerate();
    for (seat, weight) in weights.filter(|(_, weight)| weight.weight > 0) {
        drafts.take_seat(seat);
        let start = drafts.len();
        let share = Share {
            weight: weight.weight,
            labels: &weight.labels,
        };
        for member in subject.members {
            let cluster = weight.cluster.as_ref();
            if cluster.is_none_or(|cluster| cluster == member.cluster()) {
                drafts.add(member, Some(&share));
            }
        }
        drafts.share_out(start, weight.weight);
    }
}

/// Adds the members that have a share, in their order.
pub(super) fn add_shared(drafts: &mut Drafts<'_>, subject: &Subject<'_>) {
    for (seat, member) in subject.members.iter().enumerate() {
        let Some(share) = member.share().filter(|share| share.weight > 0) else {
            continue;
        };
        drafts.take_seat(seat);
        let start = drafts.len();
        drafts.add(member, Some(&share));
        drafts.share_out(start, share.weight);
    }
}
