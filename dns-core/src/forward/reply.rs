//! An upstream message that was checked whole: what is in a [`Reply`] can be passed on.

use super::question::Question;
use super::rdata;
use crate::wire::writer::Fit;
use crate::wire::{
    Class, Edns, FoldedName, Header, Opcode, ParseError, RawRecord, Rcode, Reader, Rtype,
};
use alloc::vec::Vec;

/// Longest TTL passed on, in seconds: a day, so that a mistake upstream does not outlive it.
const TTL_MAX_SECS: u32 = 86_400;
/// Largest TTL there is; above it, it counts as 0 (RFC 2181 section 8).
const TTL_VALID_MAX: u32 = i32::MAX as u32;
/// Most CNAMEs followed from the question; what lies behind them is not believed.
const CHAIN_MAX: usize = 16;

/// A checked upstream message: every record lies inside it and has the form of its type, every
/// answer belongs to the question, and TTLs are at most a day.
#[derive(Debug)]
pub struct Reply {
    message: Vec<u8>,
    header: Header,
    rcode: Rcode,
    question_end: usize,
    /// Where the records end that may be passed on: before the OPT record.
    end: usize,
    /// Additional records in front of the OPT record.
    additional: u16,
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

/// The header of `message` if it is a response to `question` sent with that id
/// (RFC 5452 section 9.1).
pub(super) fn matching_header(message: &[u8], question: &Question, id: u16) -> Option<Header> {
    let header = Header::parse(message)?;
    let is_ours = message.len() <= usize::from(u16::MAX)
        && header.id == id
        && header.is_response()
        && header.opcode() == Opcode::QUERY
        && header.qdcount == 1;
    let mut reader = Reader::after_header(message);
    let same = reader.name().ok()? == question.name
        && reader.u16() == Ok(question.rtype.0)
        && reader.u16() == Ok(Class::IN.0)
        && reader.offset() == question.end();
    (is_ours && same).then_some(header)
}

impl Reply {
    /// Checks a message that matches `question`.
    pub(crate) fn check(message: &[u8], question: &Question) -> Result<Self, Defect> {
        let header = Header::parse(message).ok_or(ParseError::Short)?;
        let mut reply = Reply {
            message: message.to_vec(),
            header,
            rcode: header.rcode(),
            question_end: question.end(),
            end: question.end(),
            additional: 0,
        };
        reply.check_records(message)?;
        if !answers_belong(&reply, &question.name) {
            return Err(Defect::Owner);
        }
        Ok(reply)
    }

    /// Only header and question of a message that matches `question`; it answers nothing, and
    /// its TC bit says to ask otherwise.
    pub(super) fn without_records(message: &[u8], header: Header, question: &Question) -> Self {
        let end = question.end();
        Reply {
            message: message.get(..end).unwrap_or(message).to_vec(),
            header: Header {
                ancount: 0,
                nscount: 0,
                arcount: 0,
                ..header
            },
            rcode: header.rcode(),
            question_end: end,
            end,
            additional: 0,
        }
    }

    /// A message of records that were checked before, without additional records.
    pub(crate) fn of_checked(message: Vec<u8>, header: Header, question_end: usize) -> Self {
        Reply {
            header,
            rcode: header.rcode(),
            question_end,
            end: message.len(),
            additional: 0,
            message,
        }
    }

    /// Offset behind the question section.
    pub(crate) fn question_end(&self) -> usize {
        self.question_end
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
    pub(super) fn part_within(&self, limit: usize) -> Part {
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

    /// Walks all records of `message`, corrects TTLs in the copy and finds the OPT record.
    fn check_records(&mut self, message: &[u8]) -> Result<(), Defect> {
        let mut reader = Reader::at_offset(message, self.question_end);
        for _ in 0..u32::from(self.header.ancount) + u32::from(self.header.nscount) {
            let record = reader.record()?;
            if record.rtype == Rtype::OPT {
                return Err(Defect::Opt);
            }
            self.check_record(message, &record)?;
            self.end = record.end();
        }
        let mut opt_seen = false;
        for _ in 0..self.header.arcount {
            let record = reader.record()?;
            if record.rtype != Rtype::OPT {
                self.check_record(message, &record)?;
            } else if opt_seen || !record.owner.as_name().is_root() {
                return Err(Defect::Opt);
            } else {
                opt_seen = true;
                let edns = Edns::from_record(record.class.0, record.ttl_secs);
                self.rcode = Rcode(u16::from(edns.extended_rcode) << 4 | self.rcode.0);
            }
            if !opt_seen {
                self.end = record.end();
                self.additional += 1;
            }
        }
        if reader.is_at_end() {
            Ok(())
        } else {
            Err(ParseError::TrailingOctets.into())
        }
    }

    fn check_record(&mut self, message: &[u8], record: &RawRecord) -> Result<(), Defect> {
        if record.class != Class::IN {
            return Err(Defect::Class);
        }
        if !rdata::is_well_formed(message, record) {
            return Err(Defect::Rdata);
        }
        let ttl_secs = match record.ttl_secs {
            ttl if ttl > TTL_VALID_MAX => 0,
            ttl => ttl.min(TTL_MAX_SECS),
        };
        // The TTL lies in front of the two octets of length.
        let ttl_at = record.rdata_at - 6;
        self.message[ttl_at..ttl_at + 4].copy_from_slice(&ttl_secs.to_be_bytes());
        Ok(())
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

/// Whether every answer is for a name on the CNAME chain from the question, or is a DNAME above
/// one (RFC 6672 section 3.1).
fn answers_belong(reply: &Reply, asked: &FoldedName) -> bool {
    if reply.answers().all(|record| record.owner == *asked) {
        return true;
    }
    let chain = cname_chain(reply, asked);
    reply.answers().all(|record| {
        chain.contains(&record.owner)
            || speaks_of_dname(reply, &record)
                && chain
                    .iter()
                    .any(|name| name.as_name().ends_with(record.owner.as_name()))
    })
}

/// The names that CNAMEs lead to from `asked`, itself the first, whatever the order of records.
fn cname_chain(reply: &Reply, asked: &FoldedName) -> Vec<FoldedName> {
    let mut chain = alloc::vec![*asked];
    loop {
        let before = chain.len();
        for record in reply
            .answers()
            .filter(|record| record.rtype == Rtype::CNAME)
        {
            if chain.last() != Some(&record.owner) {
                continue;
            }
            let target = Reader::at_offset(reply.message(), record.rdata_at).name();
            chain.extend(target.ok().filter(|target| !chain.contains(target)));
            if chain.len() > CHAIN_MAX {
                return chain;
            }
        }
        if chain.len() == before {
            return chain;
        }
    }
}

/// Whether a record is a DNAME or the signature of one.
fn speaks_of_dname(reply: &Reply, record: &RawRecord) -> bool {
    let covered = &reply.message()[record.rdata_at..record.end()];
    record.rtype == Rtype::DNAME
        || record.rtype == Rtype::RRSIG && covered.starts_with(&Rtype::DNAME.0.to_be_bytes())
}
