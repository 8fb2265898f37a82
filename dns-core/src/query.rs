//! One checked question with the facts needed to reply.

use crate::transmit::Transport;
use crate::wire::edns::{DnssecOk, UDP_PAYLOAD_MAX, UDP_PAYLOAD_MIN};
use crate::wire::header::HEADER_LEN;
use crate::wire::{Class, Edns, FoldedName, Header, Opcode, ParseError, Reader, Rtype};

/// Octets of the longest question: a name, a type and a class.
const QUESTION_MAX: usize = 255 + 4;

/// A checked query of one question in class IN.
#[derive(Clone, Debug)]
pub struct Query {
    /// Header as received.
    pub header: Header,
    /// Name asked for, in lower case.
    pub name: FoldedName,
    /// Type asked for.
    pub rtype: Rtype,
    /// What its OPT record says, if it has one.
    pub edns: Option<Edns>,
    question: [u8; QUESTION_MAX],
    question_len: u16,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Everything we do not answer; [`ParseError::reaction`] says what to do about it.
    pub fn parse(message: &[u8]) -> Result<Self, Refusal> {
        let header = Header::parse(message).ok_or(Refusal::Unreadable)?;
        if header.is_response() {
            return Err(Refusal::Unreadable);
        }
        let refuse = |error| Refusal::Readable {
            header,
            error,
            edns: None,
            question_end: None,
        };
        if header.opcode() != Opcode::QUERY {
            return Err(refuse(ParseError::Opcode));
        }
        if header.qdcount != 1 {
            return Err(refuse(ParseError::QuestionCount));
        }
        let mut reader = Reader::after_header(message);
        let (name, rtype, class) = question(&mut reader).map_err(refuse)?;
        let question_end = reader.offset();
        let refuse = |error, edns| Refusal::Readable {
            header,
            error,
            edns,
            question_end: Some(question_end),
        };
        if question_end - HEADER_LEN != name.as_wire().len() + 4 {
            // The question's name was compressed; there is nothing before it to point to.
            return Err(refuse(ParseError::BadPointer, None));
        }
        let edns = additional(header, &mut reader).map_err(|error| refuse(error, None))?;
        if edns.is_some_and(|edns| edns.version > 0) {
            return Err(refuse(ParseError::EdnsVersion, edns));
        }
        check_question(rtype, class).map_err(|error| refuse(error, edns))?;
        let mut question = [0; QUESTION_MAX];
        let octets = &message[HEADER_LEN..question_end];
        question[..octets.len()].copy_from_slice(octets);
        let question_len = octets.len() as u16;
        Ok(Query {
            header,
            name,
            rtype,
            edns,
            question,
            question_len,
        })
    }

    /// The question section as received, in the asker's spelling.
    pub fn question(&self) -> &[u8] {
        &self.question[..usize::from(self.question_len)]
    }

    /// The name asked for as wire octets in the asker's spelling.
    pub fn spelling(&self) -> &[u8] {
        &self.question()[..self.name.as_wire().len()]
    }

    /// What a reply needs to know of it.
    pub fn asker(&self) -> Asker<'_> {
        Asker {
            header: self.header,
            question: self.question(),
            edns: self.edns,
        }
    }

    /// The DO bit.
    pub fn dnssec_ok(&self) -> DnssecOk {
        self.asker().dnssec_ok()
    }

    /// Octets that a reply may take; see [`Asker::reply_limit`].
    pub fn reply_limit(&self, transport: Transport) -> usize {
        self.asker().reply_limit(transport)
    }
}

/// What a reply needs to know of its query.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'q> {
    /// Header as received.
    pub header: Header,
    /// The question section as received, in the asker's spelling.
    pub question: &'q [u8],
    /// What its OPT record says, if it has one.
    pub edns: Option<Edns>,
}

impl Asker<'_> {
    /// The DO bit.
    pub fn dnssec_ok(&self) -> DnssecOk {
        self.edns.is_some_and(|edns| edns.dnssec_ok).into()
    }

    /// Octets that a reply may take: 65,535 over TCP; over UDP what the client says, never over
    /// 1232 (RFC 9715), and 512 without EDNS (RFC 1035 section 4.2.1).
    pub fn reply_limit(&self, transport: Transport) -> usize {
        reply_limit(transport, self.edns)
    }
}

/// See [`Asker::reply_limit`].
#[inline]
pub(crate) fn reply_limit(transport: Transport, edns: Option<Edns>) -> usize {
    match (transport, edns) {
        (Transport::Tcp, _) => usize::from(u16::MAX),
        (Transport::Udp, Some(edns)) => usize::from(edns.payload_size.min(UDP_PAYLOAD_MAX)),
        (Transport::Udp, None) => usize::from(UDP_PAYLOAD_MIN),
    }
}

/// A message that is not answered from its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No header, or a response: there is nobody to reply to.
    Unreadable,
    /// There is a header to reply to.
    Readable {
        /// The header.
        header: Header,
        /// What is wrong.
        error: ParseError,
        /// The OPT record, if the message could be read that far.
        edns: Option<Edns>,
        /// Where the question ends, if it could be read; it is echoed.
        question_end: Option<usize>,
    },
}

fn question(reader: &mut Reader<'_>) -> Result<(FoldedName, Rtype, Class), ParseError> {
    Ok((reader.name()?, Rtype(reader.u16()?), Class(reader.u16()?)))
}

/// Reads the sections behind the question. Only IXFR brings a record in its authority section
/// (RFC 1995 section 3), and transfers are refused later on. An OPT record belongs in the
/// additional section alone (RFC 6891 section 6.1.1).
fn additional(header: Header, reader: &mut Reader<'_>) -> Result<Option<Edns>, ParseError> {
    for _ in 0..u32::from(header.ancount) + u32::from(header.nscount) {
        if reader.record()?.rtype == Rtype::OPT {
            return Err(ParseError::BadOpt);
        }
    }
    let mut edns = None;
    for _ in 0..header.arcount {
        let record = reader.record()?;
        if record.rtype != Rtype::OPT {
            continue;
        }
        if edns.is_some() || !record.owner.as_name().is_root() {
            return Err(ParseError::BadOpt);
        }
        check_options(reader, record.rdata_at, record.rdata_len)?;
        edns = Some(Edns::from_record(record.class.0, record.ttl_secs));
    }
    if !reader.is_at_end() {
        return Err(ParseError::TrailingOctets);
    }
    if header.ancount > 0 {
        return Err(ParseError::UnexpectedRecords);
    }
    Ok(edns)
}

/// Walks the options of an OPT record: each must lie inside it.
fn check_options(reader: &Reader<'_>, at: usize, len: usize) -> Result<(), ParseError> {
    let mut options = reader.clone().seek(at);
    let end = at + len;
    while options.offset() < end {
        options.u16()?;
        let option_len = usize::from(options.u16()?);
        if options.offset() + option_len > end {
            return Err(ParseError::BadOpt);
        }
        options.octets(option_len)?;
    }
    if options.offset() == end {
        Ok(())
    } else {
        Err(ParseError::BadOpt)
    }
}

fn check_question(rtype: Rtype, class: Class) -> Result<(), ParseError> {
    if class != Class::IN {
        return Err(ParseError::Class);
    }
    match rtype {
        Rtype(0) | Rtype::OPT => Err(ParseError::BadType),
        Rtype::AXFR | Rtype::IXFR => Err(ParseError::Transfer),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn query(flags: u16, counts: [u16; 4], body: &[u8]) -> Vec<u8> {
        let [qdcount, ancount, nscount, arcount] = counts;
        let header = Header {
            id: 7,
            flags,
            qdcount,
            ancount,
            nscount,
            arcount,
        };
        [&header.to_wire()[..], body].concat()
    }

    fn error_of(message: &[u8]) -> ParseError {
        match Query::parse(message) {
            Err(Refusal::Readable { error, .. }) => error,
            other => panic!("{other:?}"),
        }
    }

    const QUESTION: &[u8] = b"\x01A\x01b\0\0\x01\0\x01";
    const OPT: &[u8] = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0";

    #[test]
    fn a_plain_query_is_read_with_its_spelling() {
        let query = Query::parse(&query(0x0100, [1, 0, 0, 0], QUESTION)).unwrap();
        assert_eq!(query.name.as_wire(), b"\x01a\x01b\0");
        assert_eq!(query.spelling(), b"\x01A\x01b\0");
        assert_eq!(query.rtype, Rtype::A);
        assert_eq!(query.reply_limit(Transport::Udp), 512);
    }

    #[test]
    fn edns_is_read_and_its_size_is_kept_between_512_and_1232() {
        for (size, limit) in [(0u16, 512), (600, 600), (1232, 1232), (65535, 1232)] {
            let mut opt = OPT.to_vec();
            opt[3..5].copy_from_slice(&size.to_be_bytes());
            let message = query(0, [1, 0, 0, 1], &[QUESTION, &opt].concat());
            let query = Query::parse(&message).unwrap();
            assert_eq!(query.reply_limit(Transport::Udp), limit);
            assert_eq!(query.dnssec_ok(), DnssecOk::Set);
        }
    }

    #[test]
    fn responses_and_messages_without_a_header_are_not_replied_to() {
        let response = query(0x8000, [1, 0, 0, 0], QUESTION);
        for message in [&response[..], &response[..11], b""] {
            assert_eq!(Query::parse(message).unwrap_err(), Refusal::Unreadable);
        }
    }

    #[test]
    fn each_fault_has_its_own_name() {
        let twice = [QUESTION, OPT, OPT].concat();
        let version_one = [QUESTION, b"\0\0\x29\x04\xd0\0\x01\0\0\0\0"].concat();
        let cut_option = [QUESTION, b"\0\0\x29\x04\xd0\0\0\0\0\0\x04\0\x0a\0\x08"].concat();
        let chaos = b"\x01A\x01b\0\0\x01\0\x03";
        for (message, error) in [
            (query(0x7800, [1, 0, 0, 0], QUESTION), ParseError::Opcode),
            (query(0, [0, 0, 0, 0], b""), ParseError::QuestionCount),
            (
                query(0, [2, 0, 0, 0], &[QUESTION, QUESTION].concat()),
                ParseError::QuestionCount,
            ),
            (query(0, [1, 0, 0, 0], b""), ParseError::Short),
            (
                query(0, [1, 0, 0, 0], b"\xc0\x0c\0\x01\0\x01"),
                ParseError::BadPointer,
            ),
            (
                query(0, [1, 0, 0, 0], &[QUESTION, b"x"].concat()),
                ParseError::TrailingOctets,
            ),
            (query(0, [1, 0, 0, 2], &twice), ParseError::BadOpt),
            (query(0, [1, 0, 1, 1], &twice), ParseError::BadOpt),
            (
                query(0, [1, 0, 1, 0], &[QUESTION, OPT].concat()),
                ParseError::BadOpt,
            ),
            (query(0, [1, 0, 0, 1], &cut_option), ParseError::BadOpt),
            (
                query(0, [1, 0, 0, 1], &version_one),
                ParseError::EdnsVersion,
            ),
            (query(0, [1, 0, 0, 0], chaos), ParseError::Class),
            (
                query(0, [1, 0, 0, 0], b"\x01A\0\0\xfc\0\x01"),
                ParseError::Transfer,
            ),
            (
                query(0, [1, 0, 0, 0], b"\x01A\0\0\x29\0\x01"),
                ParseError::BadType,
            ),
        ] {
            assert_eq!(error_of(&message), error);
        }
    }
}
