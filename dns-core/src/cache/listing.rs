//! What is in the cache, for people: list, dump and flush.

use super::entry::{Entry, Records};
use super::hit::Hit;
use super::{Cache, Place};
use crate::question::QuestionFlags;
use crate::reply::{Failure, Reply, rdata};
use crate::transmit::Millis;
use crate::wire::{NameBuf, RawRecord, Rcode, Rtype};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Which entries are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All.
    All,
    /// Those of that name, whatever the type.
    Name(NameBuf),
    /// Those of that name and of all names below it.
    Suffix(NameBuf),
    /// Those of that type that another filter takes.
    OfType(Rtype, Box<Filter>),
}

/// An entry of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// Name asked for, in lower case.
    pub name: NameBuf,
    /// Type asked for.
    pub rtype: Rtype,
    /// Flags of the question.
    pub flags: QuestionFlags,
    /// The group of servers that was asked.
    pub group: u64,
    /// What is known.
    pub content: EntryContent,
    /// Seconds that are left of its TTL; negative when it is stale.
    pub left_secs: i64,
    /// Octets it takes, the hash table not included.
    pub octets: usize,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryContent {
    /// An answer.
    Answer {
        /// Its response code.
        rcode: Rcode,
        /// Its answers, and its SOA record if it is negative.
        records: Vec<RecordView>,
    },
    /// There was no answer.
    Failure(Failure),
}

/// A record of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Owner, in lower case.
    pub owner: NameBuf,
    /// Type.
    pub rtype: Rtype,
    /// TTL in seconds that would go out.
    pub ttl_secs: u32,
    /// Data, names in it written out.
    pub rdata: Vec<u8>,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        let name = entry.key_parts().name;
        match self {
            Filter::All => true,
            Filter::Name(wanted) => name == wanted.as_name(),
            Filter::Suffix(suffix) => name.ends_with(suffix.as_name()),
            Filter::OfType(rtype, names) => entry.key_parts().rtype == *rtype && names.takes(entry),
        }
    }
}

impl Cache {
    /// The entries that `filter` takes and that may still be served, at most `limit`, in no order.
    /// It looks at all entries, one shard at a time, so what changes meanwhile may be missed.
    pub fn entries(&self, now: Millis, filter: &Filter, limit: usize) -> Vec<EntryView> {
        let mut views = Vec::new();
        for Place(shard) in &self.shards {
            let shard = shard.read();
            let room = limit - views.len();
            let wanted = shard
                .entries()
                .filter(|entry| filter.takes(entry))
                .filter_map(|entry| self.view(now, entry));
            views.extend(wanted.take(room));
        }
        views
    }

    /// Removes the entries that `filter` takes and gives how many. It looks at all entries, one
    /// shard at a time.
    pub fn flush(&self, filter: &Filter) -> usize {
        let shards = self.shards.iter();
        shards
            .map(|Place(shard)| shard.write().remove_where(|entry| filter.takes(entry)))
            .sum()
    }

    fn view(&self, now: Millis, entry: &Entry) -> Option<EntryView> {
        let freshness = entry.freshness(now, &self.config)?;
        let key = entry.key_parts();
        let content = match (entry.failure(), entry.records()) {
            (Some(failure), _) => EntryContent::Failure(failure),
            (None, records) => {
                let reply = Hit::new(entry, freshness, now, &self.config).to_reply()?;
                answer(&reply, records?)
            }
        };
        Some(EntryView {
            name: key.name.to_lower(),
            rtype: key.rtype,
            flags: key.flags,
            group: key.group,
            content,
            left_secs: entry.left_secs(now),
            octets: entry.octets(),
        })
    }
}

fn answer(reply: &Reply, records: Records<'_>) -> EntryContent {
    EntryContent::Answer {
        rcode: records.header.rcode(),
        records: reply
            .answers()
            .chain(reply.authorities())
            .map(|record| record_view(reply, &record))
            .collect(),
    }
}

fn record_view(reply: &Reply, record: &RawRecord) -> RecordView {
    let mut data = Vec::new();
    rdata::expand(reply.message(), record, &mut data);
    RecordView {
        owner: record.owner.as_name().to_lower(),
        rtype: record.rtype,
        ttl_secs: record.ttl_secs,
        rdata: data,
    }
}
