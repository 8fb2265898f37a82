//! Files that survive a crash: written beside, flushed, renamed into place.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file whole: after a crash it holds the old octets or the new ones. Missing folders
/// are made.
///
/// # Errors
/// Those of the file system; the old file stays.
pub(crate) fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = File::create(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// Those of the file system.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
