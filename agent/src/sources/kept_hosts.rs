//! Last good hosts files in the state folder: a copy of the file with its time of modification.
//!
//! A copy costs no memory, whatever the file's size, and one that still has the file's size and
//! time need be neither written nor read again.

use super::file::{FILE_OCTETS_MAX, hosts_text};
use super::fingerprint::Fingerprint;
use super::last_good::LastGood;
use crate::{durable, input_file};
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// What became of keeping a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// It is kept.
    Done,
    /// It has changed since it was read: what it is now is kept when that is served.
    Overtaken,
}

/// Keeps the version of a hosts file that `read` is of.
///
/// # Errors
/// When the folder cannot be written or the file not be read; what was kept stays.
pub(super) fn keep(state_dir: &Path, source: &Path, read: &Fingerprint) -> io::Result<Keeping> {
    let kept = file_of(state_dir, source);
    let now = std::fs::metadata(&kept).ok();
    if now.is_some_and(|kept| read.has_copy(&Fingerprint::of(&kept))) {
        return Ok(Keeping::Done);
    }
    let (file, metadata) = input_file::open(source, FILE_OCTETS_MAX)?;
    if Fingerprint::of(&metadata) != *read {
        return Ok(Keeping::Overtaken);
    }
    durable::replace_with(&kept, |copy| fill(copy, file, &metadata))?;
    Ok(Keeping::Done)
}

fn fill(copy: &mut File, mut file: File, metadata: &Metadata) -> io::Result<()> {
    io::copy(&mut file, copy)?;
    if Fingerprint::of(&file.metadata()?) != Fingerprint::of(metadata) {
        return Err(io::Error::other("it changed while it was copied"));
    }
    copy.set_modified(metadata.modified()?)
}

/// Keeps that a hosts file has nothing in it.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn keep_none(state_dir: &Path, source: &Path) -> io::Result<()> {
    durable::replace(&file_of(state_dir, source), &[])
}

/// What was kept of a hosts file, if anything was and the file itself does not say the same.
///
/// # Errors
/// When the copy is there and cannot be read.
pub(super) fn load(state_dir: &Path, source: &Path) -> io::Result<Option<String>> {
    let kept = file_of(state_dir, source);
    let (file, metadata) = match input_file::open(&kept, FILE_OCTETS_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    if let Ok((_, present)) = input_file::open(source, FILE_OCTETS_MAX)
        && Fingerprint::of(&present).has_copy(&Fingerprint::of(&metadata))
    {
        return Ok(None);
    }
    let octets = input_file::read_open(file, &metadata, FILE_OCTETS_MAX)?;
    Ok(Some(hosts_text(octets)))
}

/// Where a hosts file is kept.
pub(super) fn file_of(state_dir: &Path, source: &Path) -> PathBuf {
    LastGood::file_of(state_dir, source).with_extension("hosts")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World(tempfile::TempDir);

    impl World {
        fn new(text: &str) -> Self {
            let world = World(tempfile::tempdir().unwrap());
            world.write(text);
            world
        }

        fn source(&self) -> PathBuf {
            self.0.path().join("hosts")
        }

        fn write(&self, text: &str) {
            std::fs::write(self.source(), text).unwrap();
        }

        fn keep(&self, read: &Fingerprint) -> Keeping {
            keep(self.0.path(), &self.source(), read).unwrap()
        }

        fn load(&self) -> Option<String> {
            load(self.0.path(), &self.source()).unwrap()
        }

        fn fingerprint(&self) -> Fingerprint {
            Fingerprint::of(&std::fs::metadata(self.source()).unwrap())
        }
    }

    #[test]
    fn a_kept_file_with_octets_that_are_not_utf8_is_given_back() {
        let world = World::new("");
        std::fs::write(world.source(), b"192.0.2.1 a # caf\xe9\n").unwrap();
        assert_eq!(world.keep(&world.fingerprint()), Keeping::Done);
        world.write("other\n");
        assert_eq!(world.load().unwrap(), "192.0.2.1 a # caf\u{fffd}\n");
    }

    #[test]
    fn a_kept_file_is_given_back_when_the_file_says_something_else_or_is_gone() {
        let world = World::new("192.0.2.1 a\n");
        assert_eq!(world.load(), None);
        assert_eq!(world.keep(&world.fingerprint()), Keeping::Done);
        assert_eq!(world.load(), None, "the file says the same");
        world.write("other\n");
        assert_eq!(world.load().unwrap(), "192.0.2.1 a\n");
        std::fs::remove_file(world.source()).unwrap();
        assert_eq!(world.load().unwrap(), "192.0.2.1 a\n");
        keep_none(world.0.path(), &world.source()).unwrap();
        assert_eq!(world.load().unwrap(), "");
    }

    #[test]
    fn a_file_that_has_changed_since_it_was_read_is_not_kept() {
        let world = World::new("192.0.2.1 a\n");
        let read = world.fingerprint();
        assert_eq!(world.keep(&read), Keeping::Done);
        world.write("192.0.2.1 a b\n");
        let now = world.fingerprint();
        std::fs::remove_file(file_of(world.0.path(), &world.source())).unwrap();
        assert_eq!(world.keep(&read), Keeping::Overtaken);
        assert_eq!(world.load(), None);
        assert_eq!(world.keep(&now), Keeping::Done);
    }

    #[test]
    fn a_file_that_is_kept_is_not_written_again() {
        let world = World::new("192.0.2.1 a\n");
        let kept = file_of(world.0.path(), &world.source());
        world.keep(&world.fingerprint());
        let version = || Fingerprint::of(&std::fs::metadata(&kept).unwrap());
        let before = version();
        world.keep(&world.fingerprint());
        assert_eq!(version(), before);
    }
}
