//! Which files a path stands for.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// Most files read from one folder: a mounted volume with a wrong path shall not be read whole.
pub(super) const FILES_MAX: usize = 10_000;

/// The path itself, or the YAML and JSON files directly in it, in order of their names. Names
/// that begin with a dot are left out: a mounted ConfigMap keeps its versions under such.
pub(super) fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if is_input(&file) && std::fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
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

fn is_input(path: &Path) -> bool {
    let is_hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().and_then(OsStr::to_str);
    !is_hidden && extension.is_some_and(|e| ["yaml", "yml", "json"].contains(&e))
}
