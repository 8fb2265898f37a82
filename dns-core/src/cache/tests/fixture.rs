//! Messages of an upstream, askers, and what they are told.

use crate::cache::Caching;
use crate::cache::{Cache, CacheConfig, Freshness};
use crate::query::Query;
use crate::question::Question;
use crate::question::{QuestionFlags, QuestionKey};
use crate::reply::Reply;
use crate::transmit::{Millis, Transport};
use crate::wire::edns::DnssecOk;
use crate::wire::header::HEADER_LEN;
use crate::wire::{Edns, FoldedName, Header, NameBuf, Rcode, Reader, Rtype};
use alloc::vec::Vec;

pub(super) const START: Millis = Millis(1_000_000);

pub(super) fn after(secs: u64) -> Millis {
    START.plus(secs * 1_000)
}

pub(super) fn cache() -> Cache {
    Cache::new(CacheConfig::default(), 7)
}

pub(super) fn cache_with(change: impl FnOnce(&mut CacheConfig)) -> Cache {
    let mut config = CacheConfig::default();
    change(&mut config);
    Cache::new(config, 7)
}

pub(super) fn question(name: &str, rtype: Rtype) -> Question {
    Question {
        name: FoldedName::of(NameBuf::parse(name).unwrap().as_name()),
        rtype,
        dnssec_ok: DnssecOk::Clear,
        checking_disabled: false,
        recursion_desired: true,
    }
}

pub(super) fn key_of(question: &Question, group: u64) -> QuestionKey {
    let flags = QuestionFlags {
        dnssec_ok: question.dnssec_ok,
        checking_disabled: question.checking_disabled,
        recursion_desired: question.recursion_desired,
    };
    QuestionKey::new(question.name.as_name(), question.rtype, flags, group)
}

pub(super) fn key(name: &str, rtype: Rtype) -> QuestionKey {
    key_of(&question(name, rtype), 1)
}

#[derive(Clone, Debug)]
pub(super) struct Rr {
    owner: NameBuf,
    rtype: Rtype,
    ttl_secs: u32,
    rdata: Vec<u8>,
}

pub(super) fn rr(owner: &str, rtype: Rtype, ttl_secs: u32, rdata: &[u8]) -> Rr {
    Rr {
        owner: NameBuf::parse(owner).unwrap(),
        rtype,
        ttl_secs,
        rdata: rdata.to_vec(),
    }
}

pub(super) fn a(owner: &str, ttl_secs: u32) -> Rr {
    rr(owner, Rtype::A, ttl_secs, &[192, 0, 2, 1])
}

pub(super) fn cname(owner: &str, ttl_secs: u32, target: &str) -> Rr {
    let target = NameBuf::parse(target).unwrap();
    rr(owner, Rtype::CNAME, ttl_secs, target.as_name().as_wire())
}

pub(super) fn ns(owner: &str, ttl_secs: u32) -> Rr {
    rr(owner, Rtype::NS, ttl_secs, b"\x02ns\xc0\x0c")
}

pub(super) fn soa(owner: &str, ttl_secs: u32, minimum_secs: u32) -> Rr {
    // Names that point to the question show whether they are kept readable.
    let mut rdata = b"\x02ns\xc0\x0c\x04host\xc0\x0c".to_vec();
    for number in [1, 2, 3, 4, minimum_secs] {
        rdata.extend_from_slice(&u32::to_be_bytes(number));
    }
    rr(owner, Rtype::SOA, ttl_secs, &rdata)
}

/// A message of an upstream.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) question: Question,
    pub(super) header: Header,
    pub(super) answers: Vec<Rr>,
    pub(super) authorities: Vec<Rr>,
    pub(super) additionals: Vec<Rr>,
}

pub(super) fn noerror(question: &Question, answers: &[Rr]) -> Message {
    Message {
        question: question.clone(),
        header: Header::default().reply(),
        answers: answers.to_vec(),
        authorities: Vec::new(),
        additionals: Vec::new(),
    }
}

pub(super) fn nxdomain(question: &Question, authorities: &[Rr]) -> Message {
    let message = noerror(question, &[]);
    Message {
        header: message.header.with_rcode(Rcode::NXDOMAIN),
        authorities: authorities.to_vec(),
        ..message
    }
}

pub(super) fn nodata(question: &Question, authorities: &[Rr]) -> Message {
    Message {
        authorities: authorities.to_vec(),
        ..noerror(question, &[])
    }
}

impl Message {
    pub(super) fn reply(&self) -> Reply {
        let question = &self.question;
        let header = Header {
            qdcount: 1,
            ancount: self.answers.len() as u16,
            nscount: self.authorities.len() as u16,
            arcount: self.additionals.len() as u16,
            ..self.header
        };
        let mut octets = header.to_wire().to_vec();
        octets.extend_from_slice(question.name.as_wire());
        octets.extend_from_slice(&question.rtype.0.to_be_bytes());
        octets.extend_from_slice(&[0, 1]);
        let sections = [&self.answers, &self.authorities, &self.additionals];
        for record in sections.into_iter().flatten() {
            if record.owner.as_name() == question.name.as_name() {
                octets.extend_from_slice(&[0xc0, HEADER_LEN as u8]);
            } else {
                octets.extend_from_slice(record.owner.as_name().as_wire());
            }
            octets.extend_from_slice(&record.rtype.0.to_be_bytes());
            octets.extend_from_slice(&[0, 1]);
            octets.extend_from_slice(&record.ttl_secs.to_be_bytes());
            octets.extend_from_slice(&(record.rdata.len() as u16).to_be_bytes());
            octets.extend_from_slice(&record.rdata);
        }
        Reply::check(&octets, question).unwrap()
    }
}

pub(super) fn keep(cache: &Cache, now: Millis, message: &Message) {
    keep_as(cache, now, message, &Caching::default());
}

pub(super) fn keep_as(cache: &Cache, now: Millis, message: &Message, caching: &Caching) {
    let key = key_of(&message.question, 1);
    cache.keep(now, &key, &message.reply(), caching);
}

/// A query that asks `question`, with the name in capitals.
pub(super) fn query(question: &Question, edns: Option<Edns>, flags: Header) -> Query {
    let header = Header {
        id: 0x1234,
        qdcount: 1,
        arcount: u16::from(edns.is_some()),
        ..flags
    };
    let mut octets = header.to_wire().to_vec();
    octets.extend(question.name.as_wire().to_ascii_uppercase());
    octets.extend_from_slice(&question.rtype.0.to_be_bytes());
    octets.extend_from_slice(&[0, 1]);
    if let Some(edns) = edns {
        let opt = Edns::opt_record(edns.dnssec_ok.into(), 0, None);
        let at = octets.len();
        octets.extend_from_slice(opt.as_wire());
        octets[at + 3..at + 5].copy_from_slice(&edns.payload_size.to_be_bytes());
    }
    Query::parse(&octets).unwrap()
}

pub(super) fn edns(payload_size: u16) -> Option<Edns> {
    Some(Edns {
        payload_size,
        version: 0,
        extended_rcode: 0,
        dnssec_ok: false,
    })
}

/// What an asker over UDP with EDNS is told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) freshness: Freshness,
    pub(super) octets: Vec<u8>,
    pub(super) header: Header,
    pub(super) records: Vec<(Rtype, u32)>,
    pub(super) ede: Option<u16>,
}

pub(super) fn ask(cache: &Cache, now: Millis, question: &Question) -> Option<Told> {
    ask_as(
        cache,
        now,
        question,
        &query(question, edns(1232), Header::default()),
    )
}

pub(super) fn ask_as(
    cache: &Cache,
    now: Millis,
    question: &Question,
    query: &Query,
) -> Option<Told> {
    cache.find(now, &key_of(question, 1), |hit| {
        let mut octets = b"before".to_vec();
        hit.relay(query.asker(), Transport::Udp, &mut octets);
        assert!(octets.starts_with(b"before"));
        told(hit.freshness(), octets.split_off(6))
    })
}

fn told(freshness: Freshness, octets: Vec<u8>) -> Told {
    let header = Header::parse(&octets).unwrap();
    let mut reader = Reader::after_header(&octets);
    reader.name().unwrap();
    reader.octets(4).unwrap();
    let mut records = Vec::new();
    let mut ede = None;
    for _ in 0..header.ancount + header.nscount + header.arcount {
        let record = reader.record().unwrap();
        if record.rtype != Rtype::OPT {
            records.push((record.rtype, record.ttl_secs));
        } else if record.rdata_len == 6 {
            let code = &octets[record.end() - 2..record.end()];
            ede = Some(u16::from_be_bytes([code[0], code[1]]));
        }
    }
    assert!(reader.is_at_end());
    Told {
        freshness,
        header,
        records,
        ede,
        octets,
    }
}
