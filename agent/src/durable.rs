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
    let mut file = create_new(Path::new(&beside))?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

/// A new file in place of one that a crash may have left. What is there is never written to: a
/// link would lead out of the folder.
fn create_new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::create_new(path),
    }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// Those of the file system.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_left_beside_the_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("f"), folder.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join("f.new")).unwrap();
        replace(&path, b"ours").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(fs::read(&path).unwrap(), b"ours");
        assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
    }
}
