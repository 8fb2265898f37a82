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
    replace_with(path, |file| file.write_all(octets))
}

/// Replaces a file whole, as [`replace`] does, by what `fill` writes into the new one.
///
/// # Errors
/// Those of the file system and of `fill`; the old file stays.
pub(crate) fn replace_with(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let written = write_new(beside, fill).and_then(|()| fs::rename(beside, path));
    if let Err(error) = written {
        // Half a file is of use to nobody, and a full disk wants the room.
        let _ = fs::remove_file(beside);
        return Err(error);
    }
    sync_folder(folder)
}

fn write_new(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = create_new(path)?;
    fill(&mut file)?;
    file.sync_all()
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
    fn a_replacement_that_fails_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"ours").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

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
