//! An upstream message that was checked whole: what is in a [`Reply`] can be passed on.

mod belongs;
mod compose;
mod failure;
pub(crate) mod rdata;
pub(crate) mod relay;
mod spelling;

pub use compose::compose;
pub use failure::Failure;
pub use relay::relay;

use crate::question::Question;
use crate::wire::header::HEADER_LEN;
use crate::wire::writer::Fit;
use crate::wire::{Class, Edns, Header, ParseError, RawRecord, Rcode, Reader, Rtype};
use alloc::sync::Arc;
use alloc::vec::Vec;
use belongs::answers_belong;
use core::ops::Range;
use spelling::leans_on_ttl;

/// Longest TTL passed on, in seconds: a day, so that a mistake upstream does not outlive it.
const TTL_MAX_SECS: u32 = 86_400;
/// Largest TTL there is; above it, it counts as 0 (RFC 2181 section 8).
const TTL_VALID_MAX: u32 = i32::MAX as u32;

/// A checked upstream message: every record lies inside it and has the form of its type, every
/// answer belongs to the question, and TTLs are at most a day.
#[derive(Clone, Debug)]
pub struct Reply {
    message: Vec<u8>,
    header: Header,
    rcode: Rcode,
    question_end: usize,
    /// Where the records end that may be passed on: before the OPT record.
    end: usize,
    /// Additional records in front of the OPT record.
    additional: u16,
    /// Where the options of the OPT record lie.
    options: Range<usize>,
}

/// How a forwarded question ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With an answer.
    Reply(Arc<Reply>),
    /// Without.
    Failed(Failure),
}

/// Why a message that answers our question cannot be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It cannot be read.
    Malformed(ParseError),
    /// A record of a class other than IN.
    Class,
    /// A record whose data has not the form of its type.
    Rdata,
    /// More than one OPT record, or one out of place.
    Opt,
    /// An answer for a name that was not asked for.
    Owner,
    /// It answers another question, over a connection that carried only ours.
    Mismatch,
}

impl Defect {
    /// Fixed text for metrics and logs.
    pub fn label(self) -> &'static str {
        match self {
            Defect::Malformed(error) => error.label(),
            Defect::Class => "class",
            Defect::Rdata => "rdata",
            Defect::Opt => "opt",
            Defect::Owner => "owner",
            Defect::Mismatch => "mismatch",
        }
    }
}

impl From<ParseError> for Defect {
    fn from(error: ParseError) -> Self {
        Defect::Malformed(error)
    }
}

impl Default for Reply {
    fn default() -> Self {
        Reply {
            message: Vec::new(),
            header: Header::default(),
            rcode: Rcode::NOERROR,
            question_end: HEADER_LEN,
            end: HEADER_LEN,
            additional: 0,
            options: 0..0,
        }
    }
}

/// Where the question section of a message ends that asks for `name`.
pub(crate) fn question_end(name: &[u8]) -> usize {
    HEADER_LEN + name.len() + 4
}

impl Reply {
    /// Checks a message that matches `question`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(message: &[u8], question: &Question) -> Result<Self, Defect> {
        let mut reply = Reply::default();
        reply.fill(message, question.name.as_name().as_wire())?;
        Ok(reply)
    }

    /// Makes it the checked copy of a message that matches the question for `name`.
    pub(crate) fn fill(&mut self, message: &[u8], name: &[u8]) -> Result<(), Defect> {
        let header = Header::parse(message).ok_or(ParseError::Short)?;
        self.begin(message, header, name);
        if self.check_records(name)? == Owners::Other && !answers_belong(self, name) {
            return Err(Defect::Owner);
        }
        if leans_on_ttl(message, self.question_end) {
            return Err(ParseError::BadPointer.into());
        }
        Ok(())
    }

    /// Makes it only header and question of a message that matches the question for `name`; it
    /// answers nothing, and its TC bit says to ask otherwise.
    pub(crate) fn fill_without_records(&mut self, message: &[u8], header: Header, name: &[u8]) {
        let header = Header {
            ancount: 0,
            nscount: 0,
            arcount: 0,
            ..header
        };
        let end = question_end(name);
        self.begin(message.get(..end).unwrap_or(message), header, name);
    }

    fn begin(&mut self, message: &[u8], header: Header, name: &[u8]) {
        self.message.clear();
        self.message.extend_from_slice(message);
        self.header = header;
        self.rcode = header.rcode();
        self.question_end = question_end(name);
        self.end = self.question_end;
        self.additional = 0;
        self.options = 0..0;
    }

    /// A message of records that were checked before, without additional records.
    pub(crate) fn of_checked(message: Vec<u8>, header: Header, question_end: usize) -> Self {
        Reply {
            header,
            rcode: header.rcode(),
            question_end,
            end: message.len(),
            additional: 0,
            options: 0..0,
            message,
        }
    }

    /// Offset behind the question section.
    pub(crate) fn question_end(&self) -> usize {
        self.question_end
    }

    /// The options of the upstream's OPT record, empty without one.
    pub(crate) fn options(&self) -> &[u8] {
        &self.message[self.options.clone()]
    }

    /// Octets that it keeps room for.
    pub(crate) fn capacity(&self) -> usize {
        self.message.capacity()
    }

    /// Header as received.
    pub fn header(&self) -> Header {
        self.header
    }

    /// Response code, with the upper bits of the upstream's OPT record.
    pub fn rcode(&self) -> Rcode {
        self.rcode
    }

    /// The message, with TTLs corrected.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Records of the answer section.
    pub fn answers(&self) -> impl Iterator<Item = RawRecord> + '_ {
        self.records().take(usize::from(self.header.ancount))
    }

    /// Records of the authority section.
    pub fn authorities(&self) -> impl Iterator<Item = RawRecord> + '_ {
        let answers = usize::from(self.header.ancount);
        self.records()
            .skip(answers)
            .take(usize::from(self.header.nscount))
    }

    /// All records that may be passed on, in order.
    fn records(&self) -> impl Iterator<Item = RawRecord> + '_ {
        let mut reader = Reader::at_offset(&self.message[..self.end], self.question_end);
        core::iter::from_fn(move || reader.record().ok())
    }

    /// The longest run of records from the start that ends within `limit` octets of the message.
    /// Additional records go first, then authority, then answers from the end.
    pub(crate) fn part_within(&self, limit: usize) -> Part {
        let Header {
            ancount, nscount, ..
        } = self.header;
        if self.end <= limit {
            let arcount = self.additional;
            return Part {
                start: self.question_end,
                end: self.end,
                ancount,
                nscount,
                arcount,
                fit: Fit::Whole,
            };
        }
        let mut end = self.question_end;
        let mut kept = 0u16;
        for record in self.records().take_while(|record| record.end() <= limit) {
            end = record.end();
            kept += 1;
        }
        let answers = kept.min(ancount);
        let authorities = (kept - answers).min(nscount);
        let is_whole = answers == ancount && authorities == nscount;
        Part {
            start: self.question_end,
            end,
            ancount: answers,
            nscount: authorities,
            arcount: kept - answers - authorities,
            fit: if is_whole { Fit::Whole } else { Fit::Cut },
        }
    }

    /// Walks all records, corrects TTLs and finds the OPT record. Gives whose records the answers
    /// are.
    fn check_records(&mut self, name: &[u8]) -> Result<Owners, Defect> {
        let mut at = self.question_end;
        let mut owners = Owners::Asked;
        let answers = u32::from(self.header.ancount);
        for index in 0..answers + u32::from(self.header.nscount) {
            let row = Row::read(&self.message, at, name)?;
            if row.rtype == Rtype::OPT {
                return Err(Defect::Opt);
            }
            if index < answers && row.owner != Owners::Asked {
                owners = Owners::Other;
            }
            self.check_record(&row)?;
            at = row.end();
        }
        self.end = at;
        let mut opt_seen = false;
        for _ in 0..self.header.arcount {
            let row = Row::read(&self.message, at, name)?;
            if row.rtype != Rtype::OPT {
                self.check_record(&row)?;
            } else if opt_seen || self.message[at] != 0 {
                return Err(Defect::Opt);
            } else {
                opt_seen = true;
                let edns = Edns::from_record(row.class.0, row.ttl_secs);
                self.rcode = Rcode(u16::from(edns.extended_rcode) << 4 | self.rcode.0);
                self.options = row.rdata_at..row.end();
            }
            at = row.end();
            if !opt_seen {
                self.end = at;
                self.additional += 1;
            }
        }
        if at == self.message.len() {
            Ok(owners)
        } else {
            Err(ParseError::TrailingOctets.into())
        }
    }

    fn check_record(&mut self, row: &Row) -> Result<(), Defect> {
        if row.class != Class::IN {
            return Err(Defect::Class);
        }
        if !rdata::is_well_formed(&self.message, row.rtype, row.rdata_at..row.end()) {
            return Err(Defect::Rdata);
        }
        if row.ttl_secs > TTL_MAX_SECS {
            let ttl_secs = if row.ttl_secs > TTL_VALID_MAX {
                0
            } else {
                TTL_MAX_SECS
            };
            // The TTL lies in front of the two octets of length.
            let ttl_at = row.rdata_at - 6;
            self.message[ttl_at..ttl_at + 4].copy_from_slice(&ttl_secs.to_be_bytes());
        }
        Ok(())
    }
}

/// Whose records the answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owners {
    /// Of the name that was asked for.
    Asked,
    /// Of another one, or of several.
    Other,
}

/// A record without a copy of its owner.
struct Row {
    owner: Owners,
    rtype: Rtype,
    class: Class,
    ttl_secs: u32,
    rdata_at: usize,
    rdata_len: usize,
}

impl Row {
    /// Octets between a record's owner and its data: type, class, TTL, length.
    const FIXED_LEN: usize = 10;
    /// A pointer to the question, the owner of most answers (RFC 1035 section 4.1.4).
    const ASKED: [u8; 2] = [0xc0, HEADER_LEN as u8];

    fn read(message: &[u8], at: usize, name: &[u8]) -> Result<Self, ParseError> {
        let (owner, at) = if message.get(at..at + 2) == Some(&Self::ASKED) {
            (Owners::Asked, at + 2)
        } else {
            let mut reader = Reader::at_offset(message, at);
            let is_asked = reader.name()?.as_wire() == name;
            let owner = if is_asked {
                Owners::Asked
            } else {
                Owners::Other
            };
            (owner, reader.offset())
        };
        let fixed = message.get(at..).and_then(<[u8]>::first_chunk);
        let fixed: &[u8; Self::FIXED_LEN] = fixed.ok_or(ParseError::Short)?;
        let [t0, t1, c0, c1, s0, s1, s2, s3, l0, l1] = *fixed;
        let row = Row {
            owner,
            rtype: Rtype(u16::from_be_bytes([t0, t1])),
            class: Class(u16::from_be_bytes([c0, c1])),
            ttl_secs: u32::from_be_bytes([s0, s1, s2, s3]),
            rdata_at: at + Self::FIXED_LEN,
            rdata_len: usize::from(u16::from_be_bytes([l0, l1])),
        };
        if row.end() > message.len() {
            return Err(ParseError::Short);
        }
        Ok(row)
    }

    fn end(&self) -> usize {
        self.rdata_at + self.rdata_len
    }
}

/// A run of records of a [`Reply`], from the first on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) ancount: u16,
    pub(crate) nscount: u16,
    pub(crate) arcount: u16,
    /// Whether it has all answers and authorities.
    pub(crate) fit: Fit,
}

impl Part {
    /// No record of a message that has none.
    pub(crate) const NOTHING: Part = Part {
        start: 0,
        end: 0,
        ancount: 0,
        nscount: 0,
        arcount: 0,
        fit: Fit::Whole,
    };
}
