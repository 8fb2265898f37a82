//! Which files a path stands for.

use super::SourceKind;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// Most files read from one folder: a mounted volume with a wrong path shall not be read whole.
pub(super) const FILES_MAX: usize = 10_000;

/// The path itself, or the YAML and JSON files directly in it, in order of their names. Names
/// that begin with a dot are left out: a mounted ConfigMap keeps its versions under such. Hosts
/// files have no extension to be told by, so a folder of them is a file that cannot be read.
pub(super) fn files_of(path: &Path, kind: SourceKind) -> io::Result<Vec<PathBuf>> {
    match (std::fs::metadata(path)?.is_dir(), kind) {
        (true, SourceKind::Table | SourceKind::Cluster) => {}
        (false, SourceKind::Cluster) => return Err(io::ErrorKind::NotADirectory.into()),
        (_, SourceKind::Hosts) | (false, SourceKind::Table) => return Ok(vec![path.to_owned()]),
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if is_input(&file) && may_be_read(&file) {
            files.push(file);
        }
        if files.len() > FILES_MAX {
            let reason = format!("holds more than {FILES_MAX} files");
            return Err(io::Error::other(reason));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether it is a file, or what it is cannot be told: reading it says why then, and its last good
/// content stays. Only a file that is not there has been removed.
fn may_be_read(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) => metadata.is_file(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Whether a file is one to read, by its name.
pub(super) fn is_input(path: &Path) -> bool {
    let is_hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().and_then(OsStr::to_str);
    !is_hidden && extension.is_some_and(|e| ["yaml", "yml", "json"].contains(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_that_cannot_be_looked_at_is_not_taken_for_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("good.yaml"), "").unwrap();
        std::fs::create_dir(at("folder.yaml")).unwrap();
        symlink(at("loop.yaml"), at("loop.yaml")).unwrap();
        symlink(at("nowhere"), at("dangling.yaml")).unwrap();
        let files = files_of(folder.path(), SourceKind::Table).unwrap();
        assert_eq!(files, [at("good.yaml"), at("loop.yaml")]);
    }

    #[test]
    fn a_folder_is_no_hosts_file_and_is_left_for_the_reader_to_report() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), "").unwrap();
        let files = files_of(folder.path(), SourceKind::Hosts).unwrap();
        assert_eq!(files, [folder.path()]);
        let gone = folder.path().join("gone");
        assert!(files_of(&gone, SourceKind::Hosts).is_err());
    }
}
