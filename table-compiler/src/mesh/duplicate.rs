//! Two objects of one identity: one of them counts.

use crate::input::{ObjectDoc, Problem, Scope};

/// The objects to use, sorted by identity.
pub(super) fn without_duplicates<'a>(
    objects: &'a [ObjectDoc],
    problems: &mut Vec<Problem>,
) -> Vec<&'a ObjectDoc> {
    let mut sorted: Vec<&ObjectDoc> = objects.iter().collect();
    sorted.sort_by_key(|doc| {
        (
            &doc.id,
            doc.created_secs().unwrap_or(u64::MAX),
            &doc.file,
            doc.line,
        )
    });
    let mut used: Vec<&ObjectDoc> = Vec::with_capacity(sorted.len());
    for doc in sorted {
        match used.last().filter(|last| last.id == doc.id) {
            Some(first) => problems.push(duplicate_problem(first, doc)),
            None => used.push(doc),
        }
    }
    used
}

fn duplicate_problem(used: &ObjectDoc, unused: &ObjectDoc) -> Problem {
    let reason = format!(
        "is a second object of this name; the one at {} is used",
        used.location()
    );
    Problem::new(&unused.file, unused.line, 0, reason)
        .with_object(&unused.id)
        .with_hint("remove one of them")
        .with_scope(Scope::Field)
}
