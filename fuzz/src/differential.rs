//! Any octets as a query, read here and by hickory-proto; and our replies, read by both.
//!
//! What hickory takes for a query is read the same here, or refused for a reason that
//! [`is_stricter`] names. hickory is laxer than a server should be; that a server should be
//! stricter is the RFCs' word, not ours.

use crate::message::{HEADER_LEN, question_end};
use crate::names::wire;
use crate::rules::{self, Checked};
use crate::world;
use dns_core::query::{Query, Refusal};
use dns_core::wire::edns::DnssecOk;
use dns_core::wire::{ParseError, RawRecord, Reader, Rtype};
use dns_core::{Disposition, Transport};
use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

/// Most pointers that we follow for one name.
const POINTERS_MAX: usize = 127;

/// Both read it the same.
pub(crate) fn run(data: &[u8]) {
    let mut decoder = BinDecoder::new(data);
    let theirs = Message::read(&mut decoder);
    let ours = Query::parse(data);
    if let Ok(theirs) = &theirs
        && theirs.metadata.message_type == MessageType::Query
    {
        match &ours {
            Ok(ours) => compare(ours, theirs),
            Err(refusal) => {
                let error = match refusal {
                    Refusal::Readable { error, .. } => *error,
                    Refusal::Unreadable => panic!("hickory reads a query where we read nothing"),
                };
                assert!(
                    is_stricter(error, theirs, data, decoder.index()),
                    "refused with {error}, hickory reads {theirs:?}"
                );
            }
        }
    }
    if let Ok(query) = ours {
        compare_reply(&query, data);
    }
}

/// The documented differences: what we refuse though hickory reads it, one line a reason.
fn is_stricter(error: ParseError, theirs: &Message, data: &[u8], read: usize) -> bool {
    let asked = theirs.queries.first();
    match error {
        // RFC 8906 section 3.1.4: NOTIMP for what is not implemented.
        ParseError::Opcode => theirs.metadata.op_code != OpCode::Query,
        // RFC 9619: one question.
        ParseError::QuestionCount => theirs.queries.len() != 1,
        // A server of class IN.
        ParseError::Class => asked.is_some_and(|query| query.query_class != DNSClass::IN),
        // Zone transfers are not offered.
        ParseError::Transfer => asked
            .is_some_and(|query| matches!(query.query_type, RecordType::AXFR | RecordType::IXFR)),
        // RFC 6895 section 3.1: type 0 is no question, and OPT is none (RFC 6891 section 6.1.1).
        ParseError::BadType => asked.is_some_and(|query| {
            matches!(query.query_type, RecordType::OPT | RecordType::ZERO)
                || u16::from(query.query_type) == 0
        }),
        // RFC 6891 section 6.1.3: BADVERS.
        ParseError::EdnsVersion => theirs.edns.as_ref().is_some_and(|edns| edns.version() > 0),
        // A query brings no answers.
        ParseError::UnexpectedRecords => !theirs.answers.is_empty(),
        // hickory does not look at what lies behind the last record.
        ParseError::TrailingOctets => read < data.len(),
        // RFC 6891 section 6.1: an OPT record of the root, its options inside it. hickory takes any
        // owner, and leaves out what it cannot read of options.
        ParseError::BadOpt => has_odd_opt(data),
        ParseError::Short => has_odd_opt(data),
        // A question's name has nothing to point to, and no name may point into the header or
        // through more places than it can have labels.
        ParseError::BadPointer => question_end(data).is_none() || has_odd_pointer(data),
        ParseError::BadLabel | ParseError::NameTooLong | ParseError::NotAQuery => false,
    }
}

/// Whether an OPT record has an owner, or options that run out of it.
fn has_odd_opt(data: &[u8]) -> bool {
    let mut reader = Reader::at_offset(data, question_end(data).unwrap_or(data.len()));
    core::iter::from_fn(|| reader.record().ok())
        .filter(|record| record.rtype == Rtype::OPT)
        .any(|record| {
            let mut options = &data[record.rdata_at..record.end()];
            while let Some((&[_, _, high, low], rest)) = options.split_first_chunk::<4>() {
                let len = usize::from(u16::from_be_bytes([high, low]));
                match rest.get(len..) {
                    Some(rest) => options = rest,
                    None => return true,
                }
            }
            !options.is_empty() || !record.owner.as_name().is_root()
        })
}

/// Whether some name points into the header or through too many places; every pointer of the
/// message is looked at, wherever it stands.
fn has_odd_pointer(data: &[u8]) -> bool {
    let target = |at: usize| {
        let pointer: &[u8; 2] = data.get(at..)?.first_chunk()?;
        let word = u16::from_be_bytes(*pointer);
        (word >= 0xc000).then_some(usize::from(word & 0x3fff))
    };
    (HEADER_LEN..data.len()).any(|start| {
        let mut at = start;
        let mut followed = 0;
        while let Some(next) = target(at) {
            followed += 1;
            if next < HEADER_LEN || followed > POINTERS_MAX {
                return true;
            }
            at = next;
        }
        false
    })
}

fn compare(ours: &Query, theirs: &Message) {
    let [asked] = &theirs.queries[..] else {
        panic!("we read one question, hickory {}", theirs.queries.len());
    };
    assert_eq!(ours.name.as_wire(), wire(&asked.name), "name");
    assert_eq!(ours.rtype.0, u16::from(asked.query_type), "type");
    assert_eq!(asked.query_class, DNSClass::IN);
    let (header, metadata) = (ours.header, &theirs.metadata);
    assert_eq!(header.id, metadata.id);
    assert_eq!(metadata.op_code, OpCode::Query);
    assert_eq!(header.recursion_desired(), metadata.recursion_desired);
    assert_eq!(header.checking_disabled(), metadata.checking_disabled);
    assert_eq!(header.authentic_data(), metadata.authentic_data);
    assert_eq!(ours.edns.is_some(), theirs.edns.is_some(), "EDNS");
    if let (Some(ours), Some(theirs)) = (ours.edns, &theirs.edns) {
        // RFC 6891 section 6.2.3: sizes under 512 count as 512.
        assert_eq!(ours.payload_size, theirs.max_payload().max(512));
        assert_eq!(ours.version, theirs.version());
        assert_eq!(ours.dnssec_ok, theirs.flags().dnssec_ok);
    }
    let set = ours.dnssec_ok() == DnssecOk::Set;
    assert_eq!(
        set,
        theirs
            .edns
            .as_ref()
            .is_some_and(|edns| edns.flags().dnssec_ok)
    );
}

/// What we say from the table reads the same to hickory, and is what the table has.
fn compare_reply(query: &Query, data: &[u8]) {
    let mut out = Vec::new();
    let client = world::client(Transport::Tcp);
    let disposition = world::resolver().handle_query(world::START, client, data, &mut out);
    if disposition != Disposition::Answered {
        return;
    }
    let ours = rules::check_reply(query, Transport::Tcp, &out);
    let theirs = Message::from_vec(&out).expect("hickory reads what we write");
    assert_eq!(theirs.metadata.id, query.header.id);
    assert_eq!(u16::from(theirs.metadata.response_code), rcode(&ours));
    assert_eq!(
        theirs.metadata.authoritative,
        ours.header.is_authoritative()
    );
    assert_eq!(theirs.metadata.truncation, ours.header.is_truncated());
    for (ours, theirs) in [
        (&ours.answers, &theirs.answers),
        (&ours.authorities, &theirs.authorities),
        (&ours.additionals, &theirs.additionals),
    ] {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            compare_record(&out, ours, theirs);
        }
    }
    check_addresses(query, &theirs);
}

fn rcode(ours: &Checked) -> u16 {
    let upper = ours.edns.map_or(0, |edns| u16::from(edns.extended_rcode));
    upper << 4 | ours.header.rcode().0
}

fn compare_record(message: &[u8], ours: &RawRecord, theirs: &Record) {
    assert_eq!(ours.owner.as_wire(), wire(&theirs.name));
    assert_eq!(ours.rtype.0, u16::from(theirs.record_type()));
    assert_eq!(ours.class.0, u16::from(theirs.dns_class));
    assert_eq!(ours.ttl_secs, theirs.ttl);
    let data = &message[ours.rdata_at..ours.end()];
    let mut reader = Reader::at_offset(message, ours.rdata_at);
    let mut same_name = |theirs: &Name| {
        assert_eq!(reader.name().unwrap().as_wire(), wire(theirs));
    };
    match &theirs.data {
        RData::A(a) => assert_eq!(data, a.0.octets()),
        RData::AAAA(aaaa) => assert_eq!(data, aaaa.0.octets()),
        RData::CNAME(target) => same_name(&target.0),
        RData::PTR(target) => same_name(&target.0),
        RData::SOA(soa) => {
            same_name(&soa.mname);
            same_name(&soa.rname);
            assert_eq!(reader.u32(), Ok(soa.serial));
        }
        RData::SRV(srv) => {
            let words = [reader.u16(), reader.u16(), reader.u16()];
            assert_eq!(words, [Ok(srv.priority), Ok(srv.weight), Ok(srv.port)]);
            assert_eq!(reader.name().unwrap().as_wire(), wire(&srv.target));
        }
        RData::TXT(txt) => {
            let texts = txt.txt_data.iter();
            let octets: Vec<u8> = texts
                .flat_map(|text| core::iter::once(text.len() as u8).chain(text.iter().copied()))
                .collect();
            assert_eq!(data, octets);
        }
        RData::HINFO(hinfo) => assert_eq!(data[1..=hinfo.cpu.len()], *hinfo.cpu),
        other => panic!("the table says {other:?}"),
    }
}

/// A name of the table has its addresses, each once, whatever the spelling of the question.
fn check_addresses(query: &Query, reply: &Message) {
    let name = query.name.as_name().to_string();
    let Some(addresses) = world::addresses(&name) else {
        return;
    };
    let is_of = |text: &&str| match query.rtype {
        Rtype::A => !text.contains(':'),
        Rtype::AAAA => text.contains(':'),
        _ => false,
    };
    if !matches!(query.rtype, Rtype::A | Rtype::AAAA) {
        return;
    }
    let mut expected: Vec<_> = addresses
        .iter()
        .filter(|text| is_of(text))
        .copied()
        .collect();
    let mut said: Vec<_> = reply
        .answers
        .iter()
        .map(|record| record.data.to_string())
        .collect();
    expected.sort_unstable();
    said.sort_unstable();
    assert_eq!(said, expected, "{name}");
}
