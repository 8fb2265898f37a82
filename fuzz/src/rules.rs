//! What holds for every reply that a client gets, whatever was asked and whatever an upstream
//! said.

use crate::message::HEADER_LEN;
use dns_core::Transport;
use dns_core::query::{Query, Refusal};
use dns_core::wire::edns::{Edns, OPT_LEN};
use dns_core::wire::{Header, RawRecord, Reader, Rtype};
use hickory_proto::op::Message;

/// Octets of our OPT record with an extended error.
const OPT_MAX: usize = OPT_LEN + 6;

/// A reply whose form was checked.
#[derive(Debug)]
pub struct Checked {
    /// Its header.
    pub header: Header,
    /// Records of the answer section.
    pub answers: Vec<RawRecord>,
    /// Records of the authority section.
    pub authorities: Vec<RawRecord>,
    /// Records of the additional section but OPT.
    pub additionals: Vec<RawRecord>,
    /// The OPT record.
    pub edns: Option<Edns>,
}

impl Checked {
    /// All records but OPT.
    pub fn records(&self) -> impl Iterator<Item = &RawRecord> {
        let sections = [&self.answers, &self.authorities, &self.additionals];
        sections.into_iter().flatten()
    }
}

/// Checks the reply to a query that can be read.
pub fn check_reply(query: &Query, transport: Transport, reply: &[u8]) -> Checked {
    let checked = read(reply);
    let header = checked.header;
    assert!(
        reply.len() <= query.reply_limit(transport),
        "a reply of {} octets is over the client's limit of {}",
        reply.len(),
        query.reply_limit(transport)
    );
    check_header(query.header, header);
    assert_eq!(header.qdcount, 1, "the question is echoed");
    let end = HEADER_LEN + query.question().len();
    assert_eq!(
        reply.get(HEADER_LEN..end),
        Some(query.question()),
        "the question is echoed octet by octet"
    );
    assert_eq!(
        checked.edns.is_some(),
        query.edns.is_some(),
        "OPT is answered with OPT and nothing else is (RFC 6891 section 7)"
    );
    assert!(
        checked.edns.is_none_or(|edns| edns.version == 0),
        "our EDNS is version 0"
    );
    checked
}

/// Checks what a message that is not answered from its question gets.
pub fn check_refusal(refusal: Refusal, message: &[u8], reply: &[u8]) {
    let Refusal::Readable {
        header: asked,
        error,
        question_end,
        ..
    } = refusal
    else {
        panic!("nobody to reply to, and yet a reply");
    };
    let checked = read(reply);
    check_header(asked, checked.header);
    let question = question_end.map_or(&[][..], |end| &message[HEADER_LEN..end]);
    let end = HEADER_LEN + question.len();
    assert_eq!(&reply[HEADER_LEN..end], question, "{error}");
    assert!(reply.len() <= end + OPT_MAX, "a refusal has no records");
    assert_eq!(checked.records().count(), 0, "a refusal has no records");
    assert!(
        checked.header.rcode().0 != 0 || checked.edns.is_some_and(|edns| edns.extended_rcode != 0)
    );
}

fn check_header(asked: Header, header: Header) {
    assert!(header.is_response());
    assert_eq!(header.id, asked.id, "the id is the asker's");
    assert_eq!(header.opcode(), asked.opcode());
    assert_eq!(header.recursion_desired(), asked.recursion_desired());
    assert_eq!(header.checking_disabled(), asked.checking_disabled());
}

/// Reads a message to its last octet, and has hickory read it too.
fn read(reply: &[u8]) -> Checked {
    let header = Header::parse(reply).expect("a reply has a header");
    let mut reader = Reader::after_header(reply);
    for _ in 0..header.qdcount {
        reader.name().expect("the question has a name");
        reader.u32().expect("the question has type and class");
    }
    let mut section = |count: u16| -> Vec<RawRecord> {
        let record = |_| reader.record().expect("the header counts the records");
        (0..count).map(record).collect()
    };
    let (answers, authorities) = (section(header.ancount), section(header.nscount));
    let mut additionals = section(header.arcount);
    assert!(reader.is_at_end(), "octets behind the last record");
    let mut edns = None;
    additionals.retain(|record| {
        if record.rtype != Rtype::OPT {
            return true;
        }
        assert!(edns.is_none(), "two OPT records");
        assert!(record.owner.as_name().is_root());
        edns = Some(Edns::from_record(record.class.0, record.ttl_secs));
        false
    });
    let checked = Checked {
        header,
        answers,
        authorities,
        additionals,
        edns,
    };
    check_with_hickory(&checked, reply);
    checked
}

/// hickory reads every reply, but for data of types that are passed on unread (RFC 3597): a client
/// that knows such a type judges it itself.
fn check_with_hickory(checked: &Checked, reply: &[u8]) {
    if let Err(error) = Message::from_vec(reply) {
        let is_unread = checked.records().any(is_passed_unread);
        assert!(is_unread, "hickory cannot read the reply: {error}");
    }
}

/// Whether the data of a record is not looked at on its way through, or, for HINFO, only for
/// strings and not for how many.
pub fn is_passed_unread(record: &RawRecord) -> bool {
    const SIMPLE: [Rtype; 9] = [
        Rtype::A,
        Rtype::AAAA,
        Rtype::NS,
        Rtype::CNAME,
        Rtype::SOA,
        Rtype::PTR,
        Rtype::MX,
        Rtype::TXT,
        Rtype::SRV,
    ];
    !SIMPLE.contains(&record.rtype)
}
