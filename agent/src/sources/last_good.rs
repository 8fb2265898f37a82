//! Last good contents in the state folder: a file a source, replaced whole.

use super::content::StoredContent;
use crate::{durable, input_file};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Version of the form below; another one is not read.
const VERSION: u32 = 1;
/// Largest stored source read, in octets: objects of eight files of the largest size.
const STORED_OCTETS_MAX: u64 = 4 << 30;

/// What a source held when it was last good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastGood {
    /// The path of the source.
    pub path: PathBuf,
    /// Its files.
    pub files: Vec<StoredFile>,
}

/// One file of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its path.
    pub path: PathBuf,
    /// What it held.
    pub content: StoredContent,
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    version: u32,
    source: T,
}

/// Why a stored source cannot be used.
#[derive(Debug)]
pub enum RestoreError {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is not what we wrote.
    Damaged(serde_json::Error),
    /// A later version wrote it.
    LaterVersion(u32),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::Unreadable(error) => write!(f, "cannot be read: {error}"),
            RestoreError::Damaged(error) => write!(f, "is damaged: {error}"),
            RestoreError::LaterVersion(version) => {
                write!(
                    f,
                    "is of version {version}; this program reads version {VERSION}"
                )
            }
        }
    }
}

impl std::error::Error for RestoreError {}

impl LastGood {
    /// Where a source is kept: by its absolute path, so that a relative one means what it says.
    pub fn file_of(state_dir: &Path, source: &Path) -> PathBuf {
        use std::hash::Hasher;
        let source = std::path::absolute(source).unwrap_or_else(|_| source.to_owned());
        let mut hasher = siphasher::sip::SipHasher24::new();
        hasher.write(source.as_os_str().as_encoded_bytes());
        state_dir
            .join("sources")
            .join(format!("{:016x}.json", hasher.finish()))
    }

    /// Reads what was kept of a source; `None` if nothing was.
    ///
    /// # Errors
    /// When the file is there and cannot be used.
    pub fn load(state_dir: &Path, source: &Path) -> Result<Option<Self>, RestoreError> {
        let kept = Self::file_of(state_dir, source);
        let text = match input_file::read(&kept, STORED_OCTETS_MAX) {
            Ok((text, _)) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RestoreError::Unreadable(error)),
        };
        let header: Stored<serde::de::IgnoredAny> =
            serde_json::from_slice(&text).map_err(RestoreError::Damaged)?;
        if header.version != VERSION {
            return Err(RestoreError::LaterVersion(header.version));
        }
        let stored: Stored<LastGood> =
            serde_json::from_slice(&text).map_err(RestoreError::Damaged)?;
        Ok(Some(stored.source))
    }

    /// Forgets what was kept of a source.
    ///
    /// # Errors
    /// Those of the file system; nothing kept is none.
    pub fn remove(state_dir: &Path, source: &Path) -> io::Result<()> {
        match std::fs::remove_file(Self::file_of(state_dir, source)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Keeps it, in place of what was kept.
    ///
    /// # Errors
    /// When the folder cannot be written; what was kept stays.
    pub fn save(&self, state_dir: &Path) -> io::Result<()> {
        let stored = Stored {
            version: VERSION,
            source: self,
        };
        let text = serde_json::to_vec(&stored).map_err(io::Error::other)?;
        durable::replace(&Self::file_of(state_dir, &self.path), &text)
    }
}
