//! [`Held`]: a change that is held back, and what it concerns.

use crate::generations::GenerationId;
use crate::sources::Source;
use dns_core::HostEntry;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A change that is held back until somebody confirms it; by default there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// What would be served if it were not; `None` if nothing is held.
    pub generation: Option<GenerationId>,
    /// Files that are served as they were.
    files: BTreeSet<PathBuf>,
}

impl Held {
    /// What is held back of these sources.
    pub(crate) fn of(sources: &[Source], generation: Option<GenerationId>) -> Self {
        let files = sources.iter().flat_map(Source::held_files);
        Held {
            generation,
            files: files.map(Path::to_owned).collect(),
        }
    }

    /// Whether an entry comes from a source that is held.
    pub fn is_of(&self, entry: &HostEntry) -> bool {
        if self.files.is_empty() {
            return false;
        }
        let location = entry.source.location.as_deref().unwrap_or_default();
        let file = location.rsplit_once(':').map_or(location, |(file, _)| file);
        self.files.contains(Path::new(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::host;
    use dns_core::HostKind;

    #[test]
    fn an_entry_is_held_with_the_file_that_it_comes_from() {
        let entry = host("a.example.com", HostKind::External);
        assert!(!Held::default().is_of(&entry));
        let of = |file: &str| Held {
            generation: None,
            files: BTreeSet::from([file.into()]),
        };
        assert!(of("objects.yaml").is_of(&entry));
        assert!(!of("other.yaml").is_of(&entry));
    }
}
