//! The ledger's records as bytes, for whoever owns the disk.
//!
//! A journal is text: a header line, then one line a record, oldest first. Columns are separated
//! by one tab (shown as spaces here), lines end with one line feed:
//!
//! ```text
//! callsign-vip-ledger 1
//! 250.150.169.8  active  pay.example.com  names  allotted  1760000000000  1760000000000  697861d7
//! ```
//!
//! The columns: address, state, key, pool, origin, first seen, in this state since (both in
//! milliseconds since 1970), checksum. The checksum is CRC-32 as in gzip, in eight hexadecimal
//! digits, over the octets of the line up to the tab in front of it. States are those of
//! [`RecordState`].
//!
//! # Calling protocol
//!
//! 1. At start: [`replay`] the file; cut it to [`Replay::valid_len`]; if there is [`Damage`] other
//!    than a torn tail, keep a copy and write a [`snapshot`] in its place.
//! 2. An empty or new file begins with [`HEADER`].
//! 3. After each [`Ledger::assign`], [`Ledger::settle`], [`Ledger::merge`], [`Ledger::import`] and
//!    [`Ledger::migrate`]: [`encode`] its changes, append, sync, then publish. The changes of a
//!    merge or an import and of the settle that completes it are best appended together.
//! 4. Now and then, when the file has many more lines than the ledger has records: write a
//!    [`snapshot`] beside it, sync, rename over it.

use super::config::VipConfig;
use super::crc::crc32;
use super::key::VipKey;
use super::ledger::Ledger;
use super::pool::PoolKind;
use super::record::{Origin, Record, RecordState};
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

/// Version of the format that this code writes and reads.
pub const VERSION: u32 = 1;
/// The first line of a journal.
pub const HEADER: &[u8] = b"callsign-vip-ledger\t1\n";

const MAGIC: &str = "callsign-vip-ledger";

/// Appends the line of a record.
pub fn encode(record: &Record, out: &mut Vec<u8>) {
    let text = format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}",
        record.address,
        record.state.label(),
        record.key,
        record.pool.label(),
        record.origin.label(),
        record.first_seen_ms,
        record.changed_ms,
    );
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(format!("\t{:08x}\n", crc32(text.as_bytes())).as_bytes());
}

/// A whole journal that replays to this ledger: header and one line a record, in a fixed order.
pub fn snapshot(ledger: &Ledger) -> Vec<u8> {
    let mut out = Vec::from(HEADER);
    for record in ledger.all_records() {
        encode(record, &mut out);
    }
    out
}

/// Reads a journal.
///
/// A line that is not whole is skipped, never guessed at. What follows the last whole line is a
/// torn tail: it was never acknowledged, so nothing was published on it. A damaged line before
/// that loses what it said: its address counts as free unless another line speaks of it, and the
/// key is treated as new. Whatever is missing, no address comes to be held by two keys, because
/// the last line about an address is the only one that counts.
///
/// # Errors
/// The file is something else, or was written by a later version. Both leave the decision to the
/// owner of the disk; nothing should be written over such a file.
pub fn replay(journal: &[u8], config: VipConfig) -> Result<Replay, JournalError> {
    let mut replay = Replay {
        ledger: Ledger::new(config),
        records: 0,
        valid_len: 0,
        damage: None,
    };
    let Some(header_len) = header_len(journal)? else {
        replay.damage = (!journal.is_empty()).then_some(Damage {
            offset: 0,
            line: 1,
            skipped_lines: 0,
            cut_bytes: journal.len(),
        });
        return Ok(replay);
    };
    replay.valid_len = header_len;
    replay.read_lines(journal);
    Ok(replay)
}

/// What a journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The ledger that wrote it.
    pub ledger: Ledger,
    /// Number of whole records read; compare with [`Ledger::len`] to see whether compaction pays.
    pub records: usize,
    /// Octets up to the end of the last whole line; the file is to be cut to this length before
    /// anything is appended. Zero: the header is to be written first.
    pub valid_len: usize,
    /// What could not be read.
    pub damage: Option<Damage>,
}

impl Replay {
    fn read_lines(&mut self, journal: &[u8]) {
        let mut first_bad = None;
        let mut bad_lines = 0;
        let mut skipped_lines = 0;
        let mut offset = self.valid_len;
        for (number, line) in journal[offset..]
            .split_inclusive(|&b| b == b'\n')
            .enumerate()
        {
            match decode(line) {
                Some(record) => {
                    self.ledger.apply(record);
                    self.records += 1;
                    self.valid_len = offset + line.len();
                    skipped_lines = bad_lines;
                }
                None => {
                    bad_lines += 1;
                    // The header is line 1.
                    first_bad.get_or_insert((offset, number + 2));
                }
            }
            offset += line.len();
        }
        let cut_bytes = journal.len() - self.valid_len;
        self.damage = first_bad.map(|(offset, line)| Damage {
            offset,
            line,
            skipped_lines,
            cut_bytes,
        });
    }
}

/// What could not be read of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where the first damaged line begins, in octets.
    pub offset: usize,
    /// Its number; the header is line 1.
    pub line: usize,
    /// Damaged lines with whole ones after them. Not zero: the file was altered, not torn.
    pub skipped_lines: usize,
    /// Octets after the last whole line.
    pub cut_bytes: usize,
}

impl Damage {
    /// Whether a write that was cut short explains it all.
    pub fn is_torn_tail(&self) -> bool {
        self.skipped_lines == 0
    }
}

/// Why a file cannot be read as a journal at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// Its first line is not a journal's.
    NotAJournal,
    /// It was written in a later format, of this version.
    LaterVersion(u32),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::NotAJournal => f.write_str("the first line is not that of a VIP ledger"),
            JournalError::LaterVersion(version) => {
                write!(
                    f,
                    "written in format {version}; this program reads up to {VERSION}"
                )
            }
        }
    }
}

impl core::error::Error for JournalError {}

/// Length of the header, or `None` if the file ends before it does.
fn header_len(journal: &[u8]) -> Result<Option<usize>, JournalError> {
    if journal.starts_with(HEADER) {
        return Ok(Some(HEADER.len()));
    }
    if HEADER.starts_with(journal) {
        return Ok(None);
    }
    let line = journal.split(|&b| b == b'\n').next().unwrap_or_default();
    let version = core::str::from_utf8(line)
        .ok()
        .and_then(|line| line.strip_prefix(MAGIC)?.strip_prefix('\t'))
        .and_then(|version| version.split('\t').next()?.parse().ok());
    match version {
        Some(version) if version > VERSION => Err(JournalError::LaterVersion(version)),
        _ => Err(JournalError::NotAJournal),
    }
}

/// The record of a line with its line feed, or `None` if it is not whole.
fn decode(line: &[u8]) -> Option<Record> {
    let line = core::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (text, checksum) = line.rsplit_once('\t')?;
    if checksum != format!("{:08x}", crc32(text.as_bytes())) {
        return None;
    }
    let mut columns = text.split('\t');
    let record = Record {
        address: columns.next()?.parse().ok()?,
        state: labelled(columns.next()?, RecordState::ALL, RecordState::label)?,
        key: VipKey::parse(columns.next()?).ok()?,
        pool: labelled(columns.next()?, PoolKind::ALL, PoolKind::label)?,
        origin: labelled(columns.next()?, Origin::ALL, Origin::label)?,
        first_seen_ms: columns.next()?.parse().ok()?,
        changed_ms: columns.next()?.parse().ok()?,
    };
    columns.next().is_none().then_some(record)
}

fn labelled<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    label: impl Fn(T) -> &'static str,
) -> Option<T> {
    all.into_iter().find(|&value| label(value) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::IpAddr;

    fn record(address: &str, key: &str, state: RecordState, changed_ms: u64) -> Record {
        let address: IpAddr = address.parse().unwrap();
        Record {
            address,
            key: VipKey::parse(key).unwrap(),
            pool: PoolKind::Names,
            state,
            origin: Origin::Allotted,
            first_seen_ms: 5,
            changed_ms,
        }
    }

    fn journal_of(records: &[Record]) -> Vec<u8> {
        let mut journal = Vec::from(HEADER);
        records
            .iter()
            .for_each(|record| encode(record, &mut journal));
        journal
    }

    fn read(journal: &[u8]) -> Replay {
        replay(journal, VipConfig::default()).unwrap()
    }

    fn sample() -> Vec<Record> {
        let mut pinned = record("2001:2:0:8000::7", "b.example", RecordState::Active, 6);
        pinned.origin = Origin::Pinned;
        Vec::from([
            record("250.0.0.1", "a.example", RecordState::Active, 5),
            pinned,
            record("250.0.0.1", "a.example", RecordState::Moved, 7),
            record("250.0.0.1", "c.example", RecordState::Active, 7),
            record("250.0.0.9", "a.example", RecordState::Active, 7),
            record("250.0.0.9", "a.example", RecordState::Released, 8),
            record("250.0.0.8", "db-0.db.ns@east", RecordState::Active, 9),
        ])
    }

    #[test]
    fn the_format_is_frozen() {
        let journal = journal_of(&[record("250.0.0.1", "a.example", RecordState::Active, 6)]);
        let expected = "callsign-vip-ledger\t1\n\
                        250.0.0.1\tactive\ta.example\tnames\tallotted\t5\t6\t3f1fc0e9\n";
        assert_eq!(core::str::from_utf8(&journal), Ok(expected));
    }

    #[test]
    fn a_snapshot_replays_to_the_same_ledger() {
        let first = read(&journal_of(&sample()));
        assert_eq!((first.records, first.damage), (7, None));
        assert_eq!(first.ledger.len(), 5);
        let second = read(&snapshot(&first.ledger));
        assert_eq!(second.ledger, first.ledger);
        assert_eq!(second.records, 5);
    }

    #[test]
    fn a_journal_cut_anywhere_replays_to_its_whole_lines() {
        let records = sample();
        let journal = journal_of(&records);
        for cut in 0..=journal.len() {
            let torn = read(&journal[..cut]);
            assert!(torn.valid_len <= cut);
            assert_eq!(torn.damage.is_some(), torn.valid_len != cut, "cut at {cut}");
            if let Some(damage) = torn.damage {
                assert!(damage.is_torn_tail());
                assert_eq!(
                    (damage.offset, damage.cut_bytes),
                    (torn.valid_len, cut - torn.valid_len)
                );
            }
            let whole = read(&journal_of(&records[..torn.records]));
            assert_eq!(torn.ledger, whole.ledger, "cut at {cut}");
            assert!(torn.valid_len == 0 || torn.valid_len == whole.valid_len);
        }
    }

    #[test]
    fn an_altered_octet_costs_its_line_and_no_more() {
        let records = sample();
        let journal = journal_of(&records);
        for at in HEADER.len()..journal.len() {
            let mut altered = journal.clone();
            altered[at] ^= 0x04;
            let read = read(&altered);
            let damage = read.damage.expect("an alteration is seen");
            assert!(
                damage.offset <= at && read.records >= records.len() - 2,
                "altered at {at}"
            );
            assert!(journal[damage.offset..at].iter().all(|&b| b != b'\n'));
        }
    }

    #[test]
    fn damage_in_the_middle_is_skipped_and_reported_with_its_place() {
        let mut journal = journal_of(&sample());
        let second = journal
            .iter()
            .skip(HEADER.len())
            .position(|&b| b == b'\n')
            .unwrap();
        let offset = HEADER.len() + second + 1;
        journal[offset] = 0xff;
        let read = read(&journal);
        let expected = Damage {
            offset,
            line: 3,
            skipped_lines: 1,
            cut_bytes: 0,
        };
        assert_eq!((read.damage, read.records), (Some(expected), 6));
        assert_eq!(read.valid_len, journal.len());
        assert!(!expected.is_torn_tail());
    }

    #[test]
    fn a_lost_release_does_not_leave_an_address_with_two_keys() {
        let read = read(&journal_of(&[
            record("250.0.0.1", "a.example", RecordState::Active, 5),
            record("250.0.0.1", "b.example", RecordState::Active, 9),
            record("250.0.0.2", "b.example", RecordState::Active, 10),
        ]));
        let key = |text| VipKey::parse(text).unwrap();
        let family = crate::vip::Family::V4;
        assert_eq!(read.ledger.address_of(&key("a.example"), family), None);
        assert_eq!(read.ledger.key_of([250, 0, 0, 1].into()), None);
        assert_eq!(
            read.ledger.address_of(&key("b.example"), family),
            Some([250, 0, 0, 2].into())
        );
        let earlier = read.ledger.record([250, 0, 0, 1].into()).unwrap();
        assert_eq!(earlier.released_at_ms(), Some(10));
    }

    #[test]
    fn a_later_version_and_another_file_are_refused() {
        let refused = |text: &[u8]| replay(text, VipConfig::default()).unwrap_err();
        let later = b"callsign-vip-ledger\t2\tanything\nwhat ever\n";
        assert_eq!(refused(later), JournalError::LaterVersion(2));
        assert_eq!(
            refused(b"callsign-vip-ledger\t12\n"),
            JournalError::LaterVersion(12)
        );
        assert_eq!(
            refused(b"callsign-vip-ledger\t0\n"),
            JournalError::NotAJournal
        );
        assert_eq!(refused(b"# /etc/hosts\n"), JournalError::NotAJournal);
    }
}
