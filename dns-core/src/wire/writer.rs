//! Builds a reply: header, question, records, OPT; cut at a limit with TC.
//!
//! Calling order: [`Writer::start`], any number of records section by section, [`Writer::finish`].
//! Names that equal the question's name are written as a pointer to it; a name that ends in an
//! earlier owner is not compressed further.

use super::edns::OptRecord;
use super::header::{HEADER_LEN, Header};
use super::name::Name;
use super::record::{Class, Rtype};
use alloc::vec::Vec;

/// Pointer to the question's name (RFC 1035 section 4.1.4).
const QUESTION_POINTER: [u8; 2] = [0xc0, HEADER_LEN as u8];

/// The section a record goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Answer.
    Answer,
    /// Authority.
    Authority,
}

/// A reply being appended to a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    header: Header,
    limit: usize,
    truncated: bool,
}

impl<'a> Writer<'a> {
    /// Starts a reply behind what `out` holds: `header`, and `question` as its octets. The reply,
    /// its OPT included, will take at most `limit` octets.
    pub fn start(out: &'a mut Vec<u8>, header: Header, question: &[u8], limit: usize) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        out.extend_from_slice(question);
        let qdcount = u16::from(!question.is_empty());
        let header = Header {
            qdcount,
            ancount: 0,
            nscount: 0,
            arcount: 0,
            ..header
        };
        Writer {
            out,
            start,
            header,
            limit,
            truncated: false,
        }
    }

    /// Keeps `octets` of the limit free for the OPT record.
    pub fn reserve(&mut self, octets: usize) {
        self.limit = self.limit.saturating_sub(octets);
    }

    /// Appends a record. `rdata` writes its data. A record that does not fit is left out, TC is
    /// set, and so is every later one.
    pub fn record(
        &mut self,
        section: Section,
        owner: Owner<'_>,
        rtype: Rtype,
        ttl_secs: u32,
        rdata: impl FnOnce(&mut Vec<u8>),
    ) {
        if self.truncated {
            return;
        }
        let before = self.out.len();
        match owner {
            Owner::Question => self.out.extend_from_slice(&QUESTION_POINTER),
            Owner::Name(name) => self.out.extend_from_slice(name.as_wire()),
            Owner::At(offset) => self.out.extend_from_slice(&(0xc000 | offset).to_be_bytes()),
        }
        self.out.extend_from_slice(&rtype.0.to_be_bytes());
        self.out.extend_from_slice(&Class::IN.0.to_be_bytes());
        self.out.extend_from_slice(&ttl_secs.to_be_bytes());
        let len_at = self.out.len();
        self.out.extend_from_slice(&[0; 2]);
        rdata(self.out);
        let rdata_len = self.out.len() - len_at - 2;
        self.out[len_at..len_at + 2].copy_from_slice(&(rdata_len as u16).to_be_bytes());
        if self.out.len() - self.start > self.limit {
            self.out.truncate(before);
            self.truncated = true;
            return;
        }
        match section {
            Section::Answer => self.header.ancount += 1,
            Section::Authority => self.header.nscount += 1,
        }
    }

    /// Octets from the start of the reply to where the next one will be written.
    pub fn offset(&self) -> usize {
        self.out.len() - self.start
    }

    /// Appends the OPT record, if any, and writes the header. Gives whether all records fitted.
    pub fn finish(mut self, opt: Option<OptRecord>) -> Fit {
        if let Some(opt) = opt {
            self.out.extend_from_slice(opt.as_wire());
            self.header.arcount += 1;
        }
        if self.truncated {
            self.header = self.header.with_truncated();
        }
        self.out[self.start..self.start + HEADER_LEN].copy_from_slice(&self.header.to_wire());
        if self.truncated { Fit::Cut } else { Fit::Whole }
    }
}

/// Whether the records of a reply fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// All did.
    Whole,
    /// Some were left out and TC is set.
    Cut,
}

/// The owner of a record being written.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// The name that was asked for, in the asker's spelling.
    Question,
    /// Another name.
    Name(Name<'a>),
    /// The name at that offset of the reply.
    At(u16),
}

impl<'a> Owner<'a> {
    /// The name at that offset, which is `name`: a pointer if one can reach there (RFC 1035
    /// section 4.1.4 leaves it 14 bits), else the name.
    pub fn at(offset: usize, name: Name<'a>) -> Self {
        match u16::try_from(offset) {
            Ok(offset) if offset < 0x4000 => Owner::At(offset),
            _ => Owner::Name(name),
        }
    }
}
