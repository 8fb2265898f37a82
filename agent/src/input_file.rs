//! Input files, read so that nothing on the path can keep us waiting or fill the memory.

use nix::libc;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Reads a regular file whole, and what the system knows of it. The null device is an empty file.
///
/// # Errors
/// Those of [`open`] and of the file system.
pub(crate) fn read(path: &Path, octets_max: u64) -> io::Result<(Vec<u8>, Metadata)> {
    let (file, metadata) = open(path, octets_max)?;
    let octets = read_open(file, &metadata, octets_max)?;
    Ok((octets, metadata))
}

/// Opens a regular file or the null device.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for anything else, such as a FIFO that nobody may ever write
/// to or a device without an end; [`io::ErrorKind::FileTooLarge`] above `octets_max` octets; those
/// of the file system.
pub(crate) fn open(path: &Path, octets_max: u64) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    // Opening a FIFO waits for its other end, unless it is told not to.
    let file = options
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() && !is_null_device(&metadata) {
        let reason = "not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    if metadata.len() > octets_max {
        return Err(too_large(octets_max));
    }
    Ok((file, metadata))
}

/// Reads an open file to its end.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] above `octets_max` octets; those of the file system.
pub(crate) fn read_open(file: File, metadata: &Metadata, octets_max: u64) -> io::Result<Vec<u8>> {
    let expected = usize::try_from(metadata.len()).unwrap_or_default();
    // One octet more than there should be: reading it finds the end.
    let mut octets = Vec::with_capacity(expected.saturating_add(1));
    // It may grow meanwhile, and files of /proc do not tell their size.
    file.take(octets_max + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > octets_max {
        return Err(too_large(octets_max));
    }
    Ok(octets)
}

fn too_large(octets_max: u64) -> io::Error {
    let reason = format!("larger than {} MiB", octets_max >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, reason)
}

fn is_null_device(metadata: &Metadata) -> bool {
    let null = std::fs::metadata("/dev/null");
    metadata.rdev() != 0 && null.is_ok_and(|null| null.rdev() == metadata.rdev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_file_and_the_null_device_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read(&path, 3).unwrap().0, b"abc");
        assert_eq!(read(Path::new("/dev/null"), 3).unwrap().0, b"");
    }

    #[test]
    fn a_fifo_that_nobody_writes_to_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let error = read(&path, 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn what_has_no_end_or_is_no_file_or_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "abcd").unwrap();
        for (path, kind) in [
            (Path::new("/dev/zero"), io::ErrorKind::InvalidInput),
            (folder.path(), io::ErrorKind::InvalidInput),
            (&path, io::ErrorKind::FileTooLarge),
        ] {
            assert_eq!(read(path, 3).unwrap_err().kind(), kind, "{path:?}");
        }
    }
}
