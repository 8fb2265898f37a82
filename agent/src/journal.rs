//! The ledger of virtual addresses on disk: a journal that is appended before a table is
//! published, under a lock, and written anew when it has grown long.

use crate::durable;
use crate::input_file;
use crate::status::JournalStatus;
use dns_core::vip::journal::{self, HEADER, JournalError};
use dns_core::vip::{Ledger, Record, VipConfig};
use nix::libc;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Name of the journal in the state folder.
const JOURNAL: &str = "vips.journal";
/// Largest journal read, in octets: a million names in both families need a tenth of it when it
/// is due to be written anew.
const JOURNAL_OCTETS_MAX: u64 = 4 << 30;
/// No link is followed out of the state folder, and a FIFO in it is not waited for.
const STATE_FILE_FLAGS: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;
/// Name of the file whose lock says that a process owns the state folder.
const LOCK: &str = "lock";
/// The journal is written anew when it holds this many times the records that live, so that it
/// stays proportional to the ledger.
const COMPACT_FACTOR: usize = 4;
/// ... and at least this many records, so that a small one is left alone.
const COMPACT_MIN: usize = 1_024;

/// The ledger, and the journal it is recorded in.
#[derive(Debug)]
pub struct LedgerStore {
    /// The ledger.
    pub ledger: Ledger,
    journal: Journal,
    /// The lock of the state folder, held for the life of the process.
    lock: Option<File>,
}

#[derive(Debug)]
enum Journal {
    Open(OpenJournal),
    /// Read and left as it is.
    Looked,
    Off,
    Failed(String),
}

#[derive(Debug)]
struct OpenJournal {
    folder: PathBuf,
    file: File,
    records: usize,
    /// Why the last write failed; what it should have held is written as a whole when it can be.
    fault: Option<String>,
}

impl LedgerStore {
    /// A ledger that is lost with the process, on purpose.
    pub fn in_memory(config: VipConfig) -> Self {
        LedgerStore {
            ledger: Ledger::new(config),
            journal: Journal::Off,
            lock: None,
        }
    }

    /// The ledger of a state folder for a command that only looks: nothing is written.
    pub fn look(folder: &Path, config: VipConfig) -> Self {
        let (ledger, reason) = Self::read(folder, config);
        LedgerStore {
            ledger,
            journal: reason.map_or(Journal::Looked, Journal::Failed),
            lock: None,
        }
    }

    /// Opens the journal of a state folder for writing. If that fails, what can be read of it is
    /// served from memory, and [`LedgerStore::status`] says why.
    pub fn open(folder: &Path, config: VipConfig) -> Self {
        let lock = match lock(folder) {
            Ok(lock) => lock,
            Err(reason) => return Self::unrecorded(folder, config, reason, None),
        };
        match OpenJournal::open(folder, config.clone()) {
            Ok((ledger, journal)) => LedgerStore {
                ledger,
                journal: Journal::Open(journal),
                lock: Some(lock),
            },
            Err(reason) => Self::unrecorded(folder, config, reason, Some(lock)),
        }
    }

    fn unrecorded(folder: &Path, config: VipConfig, reason: String, lock: Option<File>) -> Self {
        tracing::warn!(%reason, "virtual addresses are not recorded");
        let (ledger, _) = Self::read(folder, config);
        LedgerStore {
            ledger,
            journal: Journal::Failed(reason),
            lock,
        }
    }

    /// Whether this process, and no other, may write to the state folder.
    pub fn owns_folder(&self) -> bool {
        self.lock.is_some()
    }

    /// The ledger of a state folder; on failure an empty one, and why the journal that is there
    /// cannot be used.
    fn read(folder: &Path, config: VipConfig) -> (Ledger, Option<String>) {
        let octets = match input_file::read(&folder.join(JOURNAL), JOURNAL_OCTETS_MAX) {
            Ok((octets, _)) => octets,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return (Ledger::new(config), Some(error.to_string())),
        };
        if octets.is_empty() {
            return (Ledger::new(config), None);
        }
        match journal::replay(&octets, config.clone()) {
            Ok(replay) => (replay.ledger, None),
            Err(error) => (Ledger::new(config), Some(reason(&error))),
        }
    }

    /// Writes changes down; when it returns they are on disk, or [`LedgerStore::status`] says why
    /// not.
    pub fn record(&mut self, changes: &[Record]) {
        let Journal::Open(open) = &mut self.journal else {
            return;
        };
        if changes.is_empty() {
            return;
        }
        let written = match open.fault {
            Some(_) => open.compact(&self.ledger),
            None => open.append(changes, &self.ledger),
        };
        open.note(written);
    }

    /// Whether an address that the ledger holds is on disk; `changes` are what it decided since.
    pub fn is_recorded(&self, address: IpAddr, changes: &[Record]) -> bool {
        match &self.journal {
            Journal::Open(open) => open.fault.is_none(),
            Journal::Looked => changes.iter().all(|record| record.address != address),
            Journal::Off | Journal::Failed(_) => false,
        }
    }

    /// Where addresses are recorded.
    pub fn status(&self) -> JournalStatus {
        match &self.journal {
            Journal::Open(open) => match &open.fault {
                None => JournalStatus::Written(open.folder.clone()),
                Some(reason) => JournalStatus::Failed(reason.clone()),
            },
            Journal::Off | Journal::Looked => JournalStatus::Off,
            Journal::Failed(reason) => JournalStatus::Failed(reason.clone()),
        }
    }

    /// Tries again to write what could not be written, once the disk may be well. A journal that
    /// could not be opened is left alone until the next start: it may hold what we do not know.
    pub fn retry(&mut self) {
        if let Journal::Open(open) = &mut self.journal
            && open.fault.is_some()
        {
            let written = open.compact(&self.ledger);
            open.note(written);
        }
    }
}

impl OpenJournal {
    fn open(folder: &Path, config: VipConfig) -> Result<(Ledger, Self), String> {
        let at = |error: io::Error| format!("{}: {error}", folder.display());
        let path = folder.join(JOURNAL);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .custom_flags(STATE_FILE_FLAGS)
            .open(&path)
            .map_err(at)?;
        let mut octets = Vec::new();
        file.read_to_end(&mut octets).map_err(at)?;
        if octets.is_empty() {
            file.write_all(HEADER)
                .and_then(|()| file.sync_all())
                .map_err(at)?;
            durable::sync_folder(folder).map_err(at)?;
            octets.extend_from_slice(HEADER);
        }
        let replay = journal::replay(&octets, config)
            .map_err(|error| format!("{}: {}", path.display(), reason(&error)))?;
        let folder = folder.to_owned();
        let records = replay.records;
        let mut open = OpenJournal {
            folder,
            file,
            records,
            fault: None,
        };
        if let Some(damage) = &replay.damage {
            open.mend(&path, &octets, damage, &replay.ledger)
                .map_err(at)?;
        }
        Ok((replay.ledger, open))
    }

    fn note(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) if self.fault.take().is_some() => {
                tracing::info!("virtual addresses are recorded again");
            }
            Ok(()) => {}
            Err(error) => {
                let reason = format!("{}: {error}", self.folder.join(JOURNAL).display());
                if self.fault.as_ref() != Some(&reason) {
                    tracing::warn!(%reason, "virtual addresses are not recorded");
                }
                self.fault = Some(reason);
            }
        }
    }

    /// A torn last line is what a crash leaves: it is cut. Other damage is kept aside for people,
    /// and the journal is written anew.
    fn mend(
        &mut self,
        path: &Path,
        octets: &[u8],
        damage: &journal::Damage,
        ledger: &Ledger,
    ) -> io::Result<()> {
        if !damage.is_torn_tail() {
            let aside = path.with_extension("journal.damaged");
            tracing::warn!(line = damage.line, kept = %aside.display(), "the journal of virtual \
                addresses was damaged; whole lines were read");
            durable::replace(&aside, octets)?;
        }
        self.compact(ledger)
    }

    fn append(&mut self, changes: &[Record], ledger: &Ledger) -> io::Result<()> {
        if self.records + changes.len() > COMPACT_MIN.max(ledger.len() * COMPACT_FACTOR) {
            return self.compact(ledger);
        }
        let mut octets = Vec::new();
        for record in changes {
            journal::encode(record, &mut octets);
        }
        let end = self.file.seek(SeekFrom::End(0))?;
        let written = self
            .file
            .write_all(&octets)
            .and_then(|()| self.file.sync_data());
        if written.is_err() {
            // Half a line in the middle would be damage; at the end it is cut at the next start.
            let _ = self.file.set_len(end);
        }
        self.records += changes.len();
        written
    }

    fn compact(&mut self, ledger: &Ledger) -> io::Result<()> {
        let path = self.folder.join(JOURNAL);
        durable::replace(&path, &journal::snapshot(ledger))?;
        self.file = OpenOptions::new().append(true).open(&path)?;
        self.records = ledger.len();
        Ok(())
    }
}

/// Makes the folder if need be, and takes its lock.
fn lock(folder: &Path) -> Result<File, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(LOCK);
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .custom_flags(STATE_FILE_FLAGS)
        .write(true)
        .open(&path)
        .map_err(|error| fail(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(fail(
            &"another process writes to this state folder; give each its own",
        )),
        Err(TryLockError::Error(error)) => Err(fail(&error)),
    }
}

fn reason(error: &JournalError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::NameBuf;
    use dns_core::vip::{Family, PoolKind, VipKey, Want};
    use std::collections::BTreeMap;

    fn key(name: &str) -> VipKey {
        VipKey::of_name(&NameBuf::parse(name).unwrap())
    }

    fn allot(store: &mut LedgerStore, names: &[&str]) {
        let wants = names.iter().map(|name| Want {
            key: key(name),
            family: Family::V4,
            pool: PoolKind::Names,
        });
        let assignment = store.ledger.assign(1_000, wants, &BTreeMap::new());
        store.record(&assignment.changes);
    }

    #[test]
    fn what_was_recorded_is_there_after_a_restart_and_after_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a.example.com", "b.example.com"];
        let mut store = LedgerStore::open(folder.path(), VipConfig::default());
        allot(&mut store, &names);
        let held = names.map(|name| store.ledger.address_of(&key(name), Family::V4));
        assert!(held.iter().all(Option::is_some));
        drop(store);
        let journal = folder.path().join(JOURNAL);
        let mut torn = std::fs::read(&journal).unwrap();
        torn.extend_from_slice(b"half a li");
        std::fs::write(&journal, torn).unwrap();
        let store = LedgerStore::open(folder.path(), VipConfig::default());
        assert_eq!(
            names.map(|name| store.ledger.address_of(&key(name), Family::V4)),
            held
        );
        assert!(matches!(store.status(), JournalStatus::Written(_)));
    }

    #[test]
    fn a_second_process_reads_the_ledger_and_does_not_write() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = LedgerStore::open(folder.path(), VipConfig::default());
        allot(&mut first, &["a.example.com"]);
        let second = LedgerStore::open(folder.path(), VipConfig::default());
        assert!(matches!(second.status(), JournalStatus::Failed(_)));
        assert!(first.owns_folder() && !second.owns_folder());
        let address =
            |store: &LedgerStore| store.ledger.address_of(&key("a.example.com"), Family::V4);
        assert_eq!(address(&second), address(&first));
    }

    #[test]
    fn a_file_that_is_no_journal_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join(JOURNAL);
        std::fs::write(&journal, "something else\n").unwrap();
        let store = LedgerStore::open(folder.path(), VipConfig::default());
        assert!(matches!(store.status(), JournalStatus::Failed(_)));
        assert_eq!(
            std::fs::read_to_string(&journal).unwrap(),
            "something else\n"
        );
        assert!(store.owns_folder(), "the rest of the folder is still ours");
    }

    #[test]
    fn a_long_journal_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = LedgerStore::open(folder.path(), VipConfig::default());
        for round in 0..COMPACT_MIN {
            let names: &[&str] = if round % 2 == 0 {
                &["a.example.com"]
            } else {
                &[]
            };
            allot(&mut store, names);
        }
        let lines = std::fs::read_to_string(folder.path().join(JOURNAL))
            .unwrap()
            .lines()
            .count();
        assert!(lines <= COMPACT_MIN + 1, "{lines} lines for one name");
    }
}
