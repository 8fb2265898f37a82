//! An answer found in the cache, on its way to whoever asked.

use super::config::CacheConfig;
use super::entry::{Entry, Records};
use crate::query::Asker;
use crate::reply::{Failure, Part, Reply, relay};
use crate::transmit::{Millis, Transport};
use crate::wire::header::HEADER_LEN;
use crate::wire::writer::Fit;
use crate::wire::{Class, Ede, Header, Rcode};
use alloc::vec::Vec;

/// What is kept for a question.
#[derive(Debug)]
pub struct Hit<'c> {
    entry: &'c Entry,
    freshness: Freshness,
    ttl: Ttl,
}

/// What may be done with what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is the answer.
    Fresh,
    /// It is the answer, and the finder shall ask again in time: it is popular and about to end.
    /// Said once to one finder.
    Prefetch,
    /// Its TTL is over: an upstream must be asked first.
    Stale,
    /// Its TTL is over and upstreams have failed of late: it is the answer for the moment.
    StaleWhileFailing,
}

impl Freshness {
    /// Whether the TTL is over.
    pub fn is_stale(self) -> bool {
        match self {
            Freshness::Fresh | Freshness::Prefetch => false,
            Freshness::Stale | Freshness::StaleWhileFailing => true,
        }
    }
}

/// The TTLs that go out.
#[derive(Clone, Copy, Debug)]
enum Ttl {
    /// Those kept, so many seconds later.
    Aged(u32),
    /// The same for all.
    Fixed(u32),
}

impl Ttl {
    fn after(self, kept_secs: u32) -> u32 {
        match self {
            Ttl::Aged(age_secs) => kept_secs.saturating_sub(age_secs),
            Ttl::Fixed(secs) => secs,
        }
    }
}

impl<'c> Hit<'c> {
    pub(super) fn new(
        entry: &'c Entry,
        freshness: Freshness,
        now: Millis,
        config: &CacheConfig,
    ) -> Self {
        let ttl = if freshness.is_stale() {
            Ttl::Fixed(config.stale_ttl_secs)
        } else {
            Ttl::Aged(entry.age_secs(now))
        };
        Hit {
            entry,
            freshness,
            ttl,
        }
    }

    /// What may be done with it. A failure is always fresh.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The failure, if that is what is kept.
    pub fn failure(&self) -> Option<Failure> {
        self.entry.failure()
    }

    /// The response code that [`Hit::relay`] writes.
    pub fn rcode(&self) -> Rcode {
        match self.entry.records() {
            Some(records) => records.header.rcode(),
            None => Rcode::SERVFAIL,
        }
    }

    /// Appends the answer to `asker`, TTLs counted down; a stale one has the stale TTL and the
    /// extended error 3 (RFC 8767 section 5, RFC 8914 section 4.4). A failure is SERVFAIL with
    /// its extended error. AA is clear, for a cache is no authority (RFC 1034 section 6.2.1). A
    /// reply too long for the asker ends behind the last record that fits, with TC. Gives whether
    /// all fitted.
    pub fn relay(&self, asker: Asker<'_>, transport: Transport, out: &mut Vec<u8>) -> Fit {
        let opt = relay::opt_for(asker, self.ede());
        let Some(records) = self.entry.records() else {
            let header = Header::default().with_rcode(Rcode::SERVFAIL);
            return relay::write(asker, header, &Part::NOTHING, &[], opt, out);
        };
        let room = relay::room(asker, transport, opt.as_ref());
        let part = part_within(
            &records,
            room.saturating_sub(HEADER_LEN + asker.question.len()),
        );
        let start = out.len() + HEADER_LEN + asker.question.len();
        let octets = &records.octets[..part.end];
        let fit = relay::write(asker, self.header(&records), &part, octets, opt, out);
        self.write_ttls(&records, &mut out[start..start + part.end]);
        fit
    }

    /// The answer as a reply with TTLs as [`Hit::relay`] would give them; `None` for a failure.
    pub fn to_reply(&self) -> Option<Reply> {
        let records = self.entry.records()?;
        let header = Header {
            qdcount: 1,
            ..self.header(&records)
        };
        let key = self.entry.key_parts();
        let mut message = header.to_wire().to_vec();
        message.extend_from_slice(key.name.as_wire());
        message.extend_from_slice(&key.rtype.0.to_be_bytes());
        message.extend_from_slice(&Class::IN.0.to_be_bytes());
        let question_end = message.len();
        message.extend_from_slice(records.octets);
        self.write_ttls(&records, &mut message[question_end..]);
        Some(Reply::of_checked(message, header, question_end))
    }

    fn ede(&self) -> Option<Ede> {
        match self.failure() {
            Some(failure) => Some(failure.ede()),
            None => self.freshness.is_stale().then_some(Ede::STALE_ANSWER),
        }
    }

    /// What the upstream's header said. AD ends with the TTL: signatures may have run out since.
    fn header(&self, records: &Records<'_>) -> Header {
        let kept = records.header;
        let header = Header {
            ancount: kept.ancount,
            nscount: kept.nscount,
            ..Header::default().reply().with_rcode(kept.rcode())
        };
        if kept.authentic_data() && !self.freshness.is_stale() {
            header.with_authentic_data()
        } else {
            header
        }
    }

    /// Writes the TTLs of the records that `octets` has.
    fn write_ttls(&self, records: &Records<'_>, octets: &mut [u8]) {
        for place in records.places() {
            let Some(slot) = octets.get_mut(place..).and_then(<[u8]>::first_chunk_mut) else {
                return;
            };
            *slot = self.ttl.after(u32::from_be_bytes(*slot)).to_be_bytes();
        }
    }
}

/// The longest run of records from the first that takes at most `room` octets.
fn part_within(records: &Records<'_>, room: usize) -> Part {
    let Header {
        ancount, nscount, ..
    } = records.header;
    let whole = Part {
        start: 0,
        end: records.octets.len(),
        ancount,
        nscount,
        arcount: 0,
        fit: Fit::Whole,
    };
    if whole.end <= room {
        return whole;
    }
    let ends = records.places().map(|place| records.end_of(place));
    let (kept, end) = ends
        .take_while(|end| *end <= room)
        .fold((0u16, 0), |(kept, _), end| (kept + 1, end));
    Part {
        end,
        ancount: kept.min(ancount),
        nscount: kept.saturating_sub(ancount),
        fit: Fit::Cut,
        ..whole
    }
}
