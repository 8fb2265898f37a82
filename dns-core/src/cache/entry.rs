//! What is kept for one question: its key and records in one block, and its times.

use super::block::Block;
use super::config::CacheConfig;
use super::cost;
use super::hit::Freshness;
use super::terms::Terms;
use crate::question::{KeyParts, QuestionKey};
use crate::reply::{Failure, Reply, rdata};
use crate::transmit::Millis;
use crate::wire::{Class, Header, RawRecord, Rcode, Reader};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Octets of the place of one TTL.
const PLACE_LEN: usize = 2;
/// Octets of a record between its TTL and its data, the TTL included.
const TTL_TO_RDATA_LEN: usize = 6;
/// Shortest stretch in front of its end in which an answer is fetched again: a share of a short
/// TTL is less than the time an upstream takes.
const PREFETCH_MIN_MS: u64 = 1_000;

/// What is kept for one question.
#[derive(Debug)]
pub(super) struct Entry {
    /// The key, then the place of each TTL among the records, then the records.
    block: Block,
    kept_at: Millis,
    ttl_secs: u32,
    /// Until when upstreams are not asked again, in seconds from `kept_at`.
    failing_until_secs: AtomicU32,
    key_len: u16,
    content: Content,
    used: AtomicBool,
    prefetched: AtomicBool,
}

/// What is known.
#[derive(Clone, Copy, Debug)]
enum Content {
    Answer(Counts),
    Failure(Failure),
}

/// What of a header is kept.
#[derive(Clone, Copy, Debug)]
struct Counts {
    rcode: Rcode,
    is_authentic: bool,
    answers: u16,
    has_soa: bool,
}

/// The records of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records<'e> {
    /// Response code, AD, and the counts of answer and authority section.
    pub(super) header: Header,
    /// The records as they lie behind the question.
    pub(super) octets: &'e [u8],
    places: &'e [u8],
}

impl Entry {
    /// What `terms` lets keep of a reply; `None` if it is longer than a message can be.
    pub(super) fn of_reply(
        now: Millis,
        key: &QuestionKey,
        reply: &Reply,
        terms: &Terms,
    ) -> Option<Self> {
        let counts = Counts {
            rcode: reply.header().rcode(),
            is_authentic: reply.header().authentic_data(),
            answers: reply.header().ancount,
            has_soa: terms.soa.is_some(),
        };
        let question_end = reply.question_end();
        let answers = &reply.message()[question_end..terms.answers_end];
        let soa = match &terms.soa {
            Some(soa) => Some(Reader::at_offset(reply.message(), soa.at).record().ok()?),
            None => None,
        };
        let soa_len = soa.as_ref().map_or(0, |soa| soa.end() - soa.start);
        let records_len = answers.len() + soa_len;
        let mut block = BlockWriter::start(key, counts.records(), records_len);
        block.octets.extend_from_slice(answers);
        for record in reply.answers() {
            let ttl_secs = record.ttl_secs.min(terms.record_ttl_max_secs);
            block.set_ttl(record.rdata_at - TTL_TO_RDATA_LEN - question_end, ttl_secs)?;
        }
        if let (Some(record), Some(soa)) = (soa, &terms.soa) {
            let at = block.append_soa(reply, &record, terms.answers_end);
            block.set_ttl(at, soa.ttl_secs)?;
        }
        let content = Content::Answer(counts);
        Some(Self::new(now, key, block.octets, terms.ttl_secs, content))
    }

    /// Word that there was no answer.
    pub(super) fn of_failure(
        now: Millis,
        key: &QuestionKey,
        failure: Failure,
        ttl_secs: u32,
    ) -> Self {
        let block = key.as_octets().to_vec();
        Self::new(now, key, block, ttl_secs, Content::Failure(failure))
    }

    fn new(
        now: Millis,
        key: &QuestionKey,
        block: Vec<u8>,
        ttl_secs: u32,
        content: Content,
    ) -> Self {
        Entry {
            block: block.into(),
            kept_at: now,
            ttl_secs,
            failing_until_secs: AtomicU32::new(0),
            key_len: key.as_octets().len() as u16,
            content,
            used: AtomicBool::new(false),
            prefetched: AtomicBool::new(false),
        }
    }

    /// The key, as [`QuestionKey::as_octets`].
    pub(super) fn key(&self) -> &[u8] {
        &self.block.as_octets()[..usize::from(self.key_len)]
    }

    /// What the key says.
    pub(super) fn key_parts(&self) -> KeyParts<'_> {
        KeyParts::of(self.key()).expect("an entry starts with the key it was made for")
    }

    /// Octets it takes of the memory, the table it is found by not included.
    pub(super) fn octets(&self) -> usize {
        cost::NODE + self.block.cost()
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        match self.content {
            Content::Answer(_) => None,
            Content::Failure(failure) => Some(failure),
        }
    }

    /// The records, if it is an answer.
    pub(super) fn records(&self) -> Option<Records<'_>> {
        let Content::Answer(counts) = self.content else {
            return None;
        };
        let behind_key = &self.block.as_octets()[usize::from(self.key_len)..];
        let (places, octets) = behind_key.split_at(counts.records() * PLACE_LEN);
        let header = Header {
            ancount: counts.answers,
            nscount: u16::from(counts.has_soa),
            ..Header::default().with_rcode(counts.rcode)
        };
        Some(Records {
            header: if counts.is_authentic {
                header.with_authentic_data()
            } else {
                header
            },
            octets,
            places,
        })
    }

    /// Whole seconds since it was kept.
    pub(super) fn age_secs(&self, now: Millis) -> u32 {
        u32::try_from(now.since(self.kept_at) / 1_000).unwrap_or(u32::MAX)
    }

    /// Seconds of its TTL that are left; negative when it is over.
    pub(super) fn left_secs(&self, now: Millis) -> i64 {
        i64::from(self.ttl_secs) - i64::from(self.age_secs(now))
    }

    /// What it is good for; `None` if for nothing any more. Never gives
    /// [`Freshness::Prefetch`].
    pub(super) fn freshness(&self, now: Millis, config: &CacheConfig) -> Option<Freshness> {
        let age_ms = now.since(self.kept_at);
        let ttl_ms = millis(self.ttl_secs);
        if age_ms < ttl_ms {
            return Some(Freshness::Fresh);
        }
        let is_kept = age_ms < ttl_ms + millis(config.stale_max_secs);
        if !is_kept || self.failure().is_some() {
            return None;
        }
        let is_failing = self.age_secs(now) < self.failing_until_secs.load(Ordering::Relaxed);
        Some(if is_failing {
            Freshness::StaleWhileFailing
        } else {
            Freshness::Stale
        })
    }

    /// Takes the one right to fetch a popular answer again before it ends, if it is time.
    pub(super) fn claim_prefetch(&self, now: Millis, percent: u8) -> bool {
        if percent == 0 || self.failure().is_some() || !self.is_used() {
            return false;
        }
        let ttl_ms = millis(self.ttl_secs);
        let left_ms = ttl_ms.saturating_sub(now.since(self.kept_at));
        let stretch_ms = (ttl_ms * u64::from(percent) / 100).max(PREFETCH_MIN_MS);
        left_ms < stretch_ms
            && self
                .prefetched
                .compare_exchange(false, true, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Notes that upstreams failed: it serves stale for so long without asking them.
    pub(super) fn note_failing(&self, now: Millis, recheck_secs: u32) {
        let until = self.age_secs(now).saturating_add(recheck_secs);
        self.failing_until_secs.store(until, Ordering::Relaxed);
    }

    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Notes that it was asked for. Writes only what changes, so that a popular entry stays in
    /// the caches of all cores.
    pub(super) fn mark_used(&self) {
        if !self.is_used() {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets that it was asked for; gives whether it was.
    pub(super) fn take_used(&self) -> bool {
        let used = self.is_used();
        self.used.store(false, Ordering::Relaxed);
        used
    }
}

impl Counts {
    fn records(self) -> usize {
        usize::from(self.answers) + usize::from(self.has_soa)
    }
}

impl Records<'_> {
    /// Places of the TTLs in `octets`.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let (places, _) = self.places.as_chunks::<PLACE_LEN>();
        places
            .iter()
            .map(|place| usize::from(u16::from_be_bytes(*place)))
    }

    /// Where the record ends whose TTL is at that place.
    pub(super) fn end_of(&self, place: usize) -> usize {
        let len_at = place + 4;
        let rdata_len = u16::from_be_bytes([self.octets[len_at], self.octets[len_at + 1]]);
        place + TTL_TO_RDATA_LEN + usize::from(rdata_len)
    }
}

fn millis(secs: u32) -> u64 {
    u64::from(secs) * 1_000
}

/// The block of an entry being written.
struct BlockWriter {
    octets: Vec<u8>,
    /// Where the place of the next TTL goes.
    place_at: usize,
    records_at: usize,
}

impl BlockWriter {
    /// A block with room for so many places, and with capacity for records of that length.
    fn start(key: &QuestionKey, places: usize, records_len: usize) -> Self {
        let key = key.as_octets();
        let records_at = key.len() + places * PLACE_LEN;
        let mut octets = Vec::with_capacity(records_at + records_len);
        octets.extend_from_slice(key);
        octets.resize(records_at, 0);
        BlockWriter {
            octets,
            place_at: key.len(),
            records_at,
        }
    }

    /// Writes a TTL at a place among the records and remembers the place; `None` if it lies too
    /// far behind.
    fn set_ttl(&mut self, place: usize, ttl_secs: u32) -> Option<()> {
        let at = self.records_at + place;
        self.octets[at..at + 4].copy_from_slice(&ttl_secs.to_be_bytes());
        let place = u16::try_from(place).ok()?.to_be_bytes();
        self.octets[self.place_at..self.place_at + PLACE_LEN].copy_from_slice(&place);
        self.place_at += PLACE_LEN;
        Some(())
    }

    /// Appends a SOA record to the answers and gives the place of its TTL. Right behind the
    /// answers it keeps its octets, for its pointers lead back; behind other records its names
    /// are written out.
    fn append_soa(&mut self, reply: &Reply, soa: &RawRecord, answers_end: usize) -> usize {
        let message = reply.message();
        let octets = &mut self.octets;
        let start = octets.len() - self.records_at;
        if soa.start == answers_end {
            octets.extend_from_slice(&message[soa.start..soa.end()]);
            return start + (soa.rdata_at - TTL_TO_RDATA_LEN - soa.start);
        }
        octets.extend_from_slice(soa.owner.as_wire());
        octets.extend_from_slice(&soa.rtype.0.to_be_bytes());
        octets.extend_from_slice(&Class::IN.0.to_be_bytes());
        let ttl_at = octets.len();
        octets.extend_from_slice(&[0; TTL_TO_RDATA_LEN]);
        rdata::expand(message, soa, octets);
        let rdata_len = (octets.len() - ttl_at - TTL_TO_RDATA_LEN) as u16;
        octets[ttl_at + 4..ttl_at + TTL_TO_RDATA_LEN].copy_from_slice(&rdata_len.to_be_bytes());
        ttl_at - self.records_at
    }
}
