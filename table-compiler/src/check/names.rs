//! Names: that nobody else claims them, and that every exported service has one.

use super::line::playing;
use super::{CheckId, CheckInput, CheckLine, Outcome};
use crate::inventory::{ClusterFacts, export_names};

/// `names.conflicts`: no two objects claim one name.
pub(super) fn conflicts(input: &CheckInput<'_>) -> Outcome {
    let conflicts = input.compiler.conflicts();
    let lines = conflicts.iter().map(|conflict| {
        let mut line = CheckLine::failed(
            CheckId::NamesConflicts,
            format!(
                "{} has the name, {} claims it too",
                conflict.kept, conflict.shadowed
            ),
        )
        .named(&conflict.name)
        .in_cluster(&conflict.shadowed.cluster)
        .with_objects([
            playing(&conflict.kept, "kept"),
            playing(&conflict.shadowed, "shadowed"),
        ])
        .with_hint("rename one, delete one, or let a NamePolicy say who may publish the name");
        line.rule = Some(conflict.rule.to_owned());
        line
    });
    Outcome::Ran(lines.collect())
}

/// `templates.valid`: every exported service has a name by every template.
pub(super) fn templates(input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    let mut lines = Vec::new();
    let mut names = 0;
    for target in clusters {
        let consumer = clusters.iter().find(|facts| facts.id != target.id);
        let Some(consumer) = consumer else {
            break;
        };
        for (doc, service) in target.services() {
            for name in export_names(input.compiler, &consumer.id, target, doc, service) {
                names += 1;
                let Err(text) = name else {
                    continue;
                };
                let reason =
                    format!("{text} is not a name: a label has at most 63 characters, a name 253");
                let line = CheckLine::failed(CheckId::TemplatesValid, reason)
                    .in_cluster(&target.id)
                    .about(&doc.id)
                    .named(text)
                    .at(doc.location().to_string())
                    .with_hint(
                        "shorten the template in name_templates, or the name of the service",
                    );
                lines.push(line);
            }
        }
    }
    if names == 0 {
        return Outcome::Absent("no service is exported");
    }
    Outcome::Ran(lines)
}
