//! [`CheckLine`]: one finding.

use super::CheckId;
use crate::mesh::ObjectRef;
use std::fmt::Display;
use std::sync::Arc;

/// One finding of a check. What does not apply to it is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckLine {
    /// The check.
    pub id: CheckId,
    /// Whether it passes.
    pub verdict: Verdict,
    /// The cluster that it is about.
    pub cluster: Option<Arc<str>>,
    /// The other cluster of a link.
    pub target: Option<Arc<str>>,
    /// The network.
    pub network: Option<Arc<str>>,
    /// The clusters, if it is about several.
    pub clusters: Vec<Arc<str>>,
    /// The name.
    pub name: Option<String>,
    /// The object, as in `Gateway payments/pay-gw`.
    pub object: Option<String>,
    /// The objects with their parts, if it is about several.
    pub objects: Vec<String>,
    /// Path of the field, as in `spec.servers[0].hosts`.
    pub field: Option<String>,
    /// File and line.
    pub location: Option<String>,
    /// Who did it.
    pub subject: Option<Arc<str>>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// What is wrong, or why it was not run.
    pub reason: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What is worth knowing and not wrong.
    pub note: Option<String>,
}

/// Whether a check passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It fails.
    Failed,
    /// It passes.
    Passed,
    /// It was not run.
    NotRun,
}

impl CheckLine {
    fn new(id: CheckId, verdict: Verdict) -> Self {
        CheckLine {
            id,
            verdict,
            cluster: None,
            target: None,
            network: None,
            clusters: Vec::new(),
            name: None,
            object: None,
            objects: Vec::new(),
            field: None,
            location: None,
            subject: None,
            rule: None,
            reason: None,
            hint: None,
            note: None,
        }
    }

    pub(super) fn passed(id: CheckId) -> Self {
        CheckLine::new(id, Verdict::Passed)
    }

    pub(super) fn failed(id: CheckId, reason: impl Display) -> Self {
        CheckLine {
            reason: Some(reason.to_string()),
            ..CheckLine::new(id, Verdict::Failed)
        }
    }

    pub(super) fn not_run(id: CheckId, reason: impl Display) -> Self {
        CheckLine {
            reason: Some(reason.to_string()),
            ..CheckLine::new(id, Verdict::NotRun)
        }
    }

    pub(super) fn in_cluster(mut self, cluster: &Arc<str>) -> Self {
        self.cluster = Some(Arc::clone(cluster));
        self
    }

    pub(super) fn with_target(mut self, target: &Arc<str>) -> Self {
        self.target = Some(Arc::clone(target));
        self
    }

    pub(super) fn with_clusters(mut self, clusters: impl IntoIterator<Item = Arc<str>>) -> Self {
        self.clusters = clusters.into_iter().collect();
        self
    }

    pub(super) fn about(mut self, object: impl Display) -> Self {
        self.object = Some(object.to_string());
        self
    }

    pub(super) fn with_objects(mut self, objects: impl IntoIterator<Item = String>) -> Self {
        self.objects = objects.into_iter().collect();
        self
    }

    pub(super) fn named(mut self, name: impl Display) -> Self {
        self.name = Some(name.to_string());
        self
    }

    pub(super) fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(super) fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// An object with the part that it plays, as in `Service east/shop/cart (kept)`.
pub(super) fn playing(object: &ObjectRef, part: &str) -> String {
    format!("{object} ({part})")
}
