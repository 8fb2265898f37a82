//! [`KnownClusters`]: which clusters a mesh had, in the state folder, so that one whose folder is
//! gone at a start is missed.

use crate::config::StateDir;
use crate::sources::is_cluster_id;
use crate::{durable, input_file};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File in the state folder.
const FILE: &str = "clusters.json";
/// Version of its form; another one is not read.
const VERSION: u32 = 1;
/// Longest file read, in octets: a thousand ids take a fifteenth.
const OCTETS_MAX: u64 = 1 << 20;

/// Which clusters one folder had.
#[derive(Debug, Default)]
pub(crate) struct KnownClusters {
    dir: PathBuf,
    ids: BTreeSet<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    dir: PathBuf,
    ids: BTreeSet<String>,
}

impl KnownClusters {
    /// Turns to another folder, with the clusters that the state folder knows of it.
    pub(crate) fn turn_to(&mut self, dir: &Path, state_dir: &StateDir) {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        if self.dir == dir {
            return;
        }
        let ids = match state_dir {
            StateDir::Path(folder) => load(folder, &dir).unwrap_or_else(|error| {
                tracing::warn!(%error, "the clusters known from before are not used");
                BTreeSet::new()
            }),
            StateDir::None => BTreeSet::new(),
        };
        *self = KnownClusters { dir, ids };
    }

    /// The clusters that the state folder knows.
    pub(crate) fn ids(&self) -> &BTreeSet<Arc<str>> {
        &self.ids
    }

    /// Keeps the clusters of the moment.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub(crate) fn keep(&mut self, state_dir: &Path, ids: BTreeSet<Arc<str>>) -> io::Result<()> {
        if self.ids == ids {
            return Ok(());
        }
        let stored = Stored {
            version: VERSION,
            dir: self.dir.clone(),
            ids: ids.iter().map(ToString::to_string).collect(),
        };
        let text = serde_json::to_vec(&stored).map_err(io::Error::other)?;
        durable::replace(&state_dir.join(FILE), &text)?;
        self.ids = ids;
        Ok(())
    }
}

/// The clusters that were kept of that folder; none if another one was served then.
fn load(state_dir: &Path, dir: &Path) -> io::Result<BTreeSet<Arc<str>>> {
    let text = match input_file::read(&state_dir.join(FILE), OCTETS_MAX) {
        Ok((text, _)) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let stored: Stored = serde_json::from_slice(&text)?;
    if stored.version != VERSION || stored.dir != dir {
        return Ok(BTreeSet::new());
    }
    let ids = stored.ids.iter().filter(|id| is_cluster_id(id));
    Ok(ids.map(|id| Arc::from(id.as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clusters_of_one_folder_are_known_after_a_restart_and_of_no_other() {
        let state = tempfile::tempdir().unwrap();
        let state_dir = StateDir::Path(state.path().to_owned());
        let mut known = KnownClusters::default();
        known.turn_to(Path::new("/clusters"), &state_dir);
        assert!(known.ids().is_empty());
        let ids = BTreeSet::from(["east".into(), "west".into()]);
        known.keep(state.path(), ids.clone()).unwrap();
        let mut again = KnownClusters::default();
        again.turn_to(Path::new("/clusters"), &state_dir);
        assert_eq!(*again.ids(), ids);
        again.turn_to(Path::new("/others"), &state_dir);
        assert!(again.ids().is_empty());
        again.turn_to(Path::new("/clusters"), &StateDir::None);
        assert!(again.ids().is_empty(), "nothing was kept on purpose");
    }
}
