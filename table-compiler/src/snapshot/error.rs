//! [`SnapshotError`]: why a text is no snapshot.

use super::VERSION;
use std::fmt;

/// Why a text is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// Another version of the format.
    Version(u64),
    /// A field that is missing, unknown, or does not hold what it should.
    Field {
        /// Its path, as in `clusters.cluster1.objects[3]`; empty for the whole.
        field: String,
        /// What is wrong.
        reason: String,
    },
}

impl SnapshotError {
    pub(super) fn field(field: &str, reason: impl fmt::Display) -> Self {
        SnapshotError::Field {
            field: field.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::Version(version) => write!(
                f,
                "version: is {version}; this program reads snapshots of version {VERSION}"
            ),
            SnapshotError::Field { field, reason } if field.is_empty() => f.write_str(reason),
            SnapshotError::Field { field, reason } => write!(f, "{field}: {reason}"),
        }
    }
}

impl std::error::Error for SnapshotError {}
