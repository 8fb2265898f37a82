//! [`Fingerprint`]: which version of a file something was read from.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// What tells one version of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    device: u64,
    inode: u64,
    octets: u64,
    modified_ns: i128,
    changed_ns: i128,
}

impl Fingerprint {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let nanoseconds = |secs: i64, ns: i64| i128::from(secs) * 1_000_000_000 + i128::from(ns);
        Fingerprint {
            device: metadata.dev(),
            inode: metadata.ino(),
            octets: metadata.size(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether the other is a copy of this file that was given its time of modification.
    pub(super) fn has_copy(&self, other: &Fingerprint) -> bool {
        (self.octets, self.modified_ns) == (other.octets, other.modified_ns)
    }
}
