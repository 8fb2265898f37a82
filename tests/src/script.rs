//! What a fake DNS server says: a pure function from a query to a reply.

use dns_core::Transport;
use hickory_proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, PTR, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};
use std::collections::BTreeMap;

/// Largest datagram of a server that knows no better (RFC 1035 section 4.2.1).
const PLAIN_UDP_SIZE: u16 = 512;

/// Payload size that the server advertises itself.
const ADVERTISED_UDP_SIZE: u16 = 1232;

/// What a server says.
#[derive(Clone, Debug)]
pub enum Script {
    /// Answers by name.
    Names(Names),
    /// Nothing, ever.
    Silent,
    /// This code to every query.
    Always(ResponseCode),
}

/// Answers by name.
#[derive(Clone, Debug)]
pub struct Names {
    /// Code for names that are not listed.
    pub default_rcode: ResponseCode,
    /// What is said about a name, by its lower-case text with the final dot.
    pub names: BTreeMap<String, Spoken>,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            default_rcode: ResponseCode::NXDomain,
            names: BTreeMap::new(),
        }
    }
}

/// What is said about one name.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// Code.
    pub rcode: ResponseCode,
    /// Records: those of the type asked for and CNAMEs are sent. The owner is the name asked for
    /// where `None`.
    pub answers: Vec<(Option<Name>, u32, RData)>,
    /// Additional records, sent along with any answer.
    pub additionals: Vec<Record>,
    /// How the reply is made to fit.
    pub fit: Fit,
    /// TC set in every reply.
    pub truncated: bool,
}

impl Default for Spoken {
    fn default() -> Self {
        Spoken {
            rcode: ResponseCode::NoError,
            answers: Vec::new(),
            additionals: Vec::new(),
            fit: Fit::Proper,
            truncated: false,
        }
    }
}

/// How a reply is made to fit the asker's limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Over UDP without the records when they do not fit, with TC; over TCP whole.
    #[default]
    Proper,
    /// Whole in one datagram, whatever the limit; TC clear.
    Oversize,
    /// Cut at the last record that fits, with TC, over TCP as over UDP. Names are written in full,
    /// so that 64 addresses do not fit in 1,232 octets.
    CutAlways,
}

impl Script {
    /// The reply to a query, or silence.
    pub fn reply(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let query = Message::from_vec(query).ok()?;
        let mut reply = Message::response(query.metadata.id, OpCode::Query);
        reply.metadata.recursion_desired = query.metadata.recursion_desired;
        reply.metadata.recursion_available = true;
        reply.add_queries(query.queries.iter().cloned());
        if query.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(ADVERTISED_UDP_SIZE);
            reply.set_edns(edns);
        }
        match self {
            Script::Silent => None,
            Script::Always(rcode) => {
                reply.metadata.response_code = *rcode;
                reply.to_vec().ok()
            }
            Script::Names(names) => names.reply(&query, reply, transport),
        }
    }
}

impl Names {
    fn reply(&self, query: &Message, mut reply: Message, transport: Transport) -> Option<Vec<u8>> {
        let question = query.queries.first()?;
        let limit = query.edns.as_ref().map_or(PLAIN_UDP_SIZE, |edns| {
            edns.max_payload().max(PLAIN_UDP_SIZE)
        });
        let Some(spoken) = self
            .names
            .get(&question.name.to_ascii().to_ascii_lowercase())
        else {
            reply.metadata.response_code = self.default_rcode;
            return reply.to_vec().ok();
        };
        reply.metadata.response_code = spoken.rcode;
        reply.metadata.truncation = spoken.truncated;
        for (owner, ttl, data) in &spoken.answers {
            let rtype = data.record_type();
            if rtype == question.query_type || rtype == RecordType::CNAME {
                let owner = owner.clone().unwrap_or_else(|| question.name.clone());
                reply.add_answer(Record::from_rdata(owner, *ttl, data.clone()));
            }
        }
        if !reply.answers.is_empty() {
            reply.add_additionals(spoken.additionals.iter().cloned());
        }
        spoken.fit.bytes(reply, usize::from(limit), transport)
    }
}

impl Fit {
    fn bytes(self, mut reply: Message, limit: usize, transport: Transport) -> Option<Vec<u8>> {
        match self {
            Fit::Oversize => reply.to_vec().ok(),
            Fit::Proper => {
                let bytes = reply.to_vec().ok()?;
                if transport == Transport::Tcp || bytes.len() <= limit {
                    return Some(bytes);
                }
                reply.answers.clear();
                reply.additionals.clear();
                reply.metadata.truncation = true;
                reply.to_vec().ok()
            }
            Fit::CutAlways => {
                let mut bytes = uncompressed(&reply)?;
                while bytes.len() > limit && reply.answers.pop().is_some() {
                    reply.metadata.truncation = true;
                    bytes = uncompressed(&reply)?;
                }
                Some(bytes)
            }
        }
    }
}

fn uncompressed(message: &Message) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = BinEncoder::new(&mut bytes);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    message.emit(&mut encoder).ok()?;
    Some(bytes)
}

/// A server that has one address for one name, which has its final dot.
pub fn one_address(name: &str) -> Script {
    let answer = (None, 30, RData::A(A::new(198, 51, 100, 7)));
    let spoken = Spoken {
        answers: vec![answer],
        ..Spoken::default()
    };
    let names = BTreeMap::from([(name.to_owned(), spoken)]);
    Script::Names(Names {
        names,
        ..Names::default()
    })
}

/// Record data from its presentation form.
///
/// # Errors
/// When the type is not one that scripts speak, or the text does not parse.
pub fn record_data(rtype: &str, text: &str) -> Result<RData, String> {
    let bad = |what: &dyn std::fmt::Display| format!("{rtype} {text}: {what}");
    let name = || Name::from_ascii(text).map_err(|error| bad(&error));
    Ok(match rtype {
        "A" => RData::A(A(text.parse().map_err(|error| bad(&error))?)),
        "AAAA" => RData::AAAA(AAAA(text.parse().map_err(|error| bad(&error))?)),
        "CNAME" => RData::CNAME(CNAME(name()?)),
        "NS" => RData::NS(NS(name()?)),
        "PTR" => RData::PTR(PTR(name()?)),
        "TXT" => RData::TXT(TXT::new(vec![text.trim_matches('"').to_owned()])),
        _ => return Err(format!("a script cannot speak {rtype}")),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::Question;

    /// A server that gives `giant.` that many addresses.
    pub(crate) fn addresses(count: u8, fit: Fit) -> Script {
        let answers = (0..count)
            .map(|last| (None, 30, RData::A(A::new(240, 0, 0, last))))
            .collect();
        let spoken = Spoken {
            answers,
            fit,
            ..Spoken::default()
        };
        let names = BTreeMap::from([("giant.".to_owned(), spoken)]);
        Script::Names(Names {
            names,
            ..Names::default()
        })
    }

    fn reply(script: &Script, size: Option<u16>, transport: Transport) -> Message {
        let mut question = Question::new("giant.", "A").unwrap();
        question.edns_udp_size = size;
        let bytes = script
            .reply(&question.to_bytes().unwrap(), transport)
            .unwrap();
        Message::from_vec(&bytes).unwrap()
    }

    #[test]
    fn a_proper_server_truncates_over_udp_only() {
        let script = addresses(64, Fit::Proper);
        assert!(reply(&script, None, Transport::Udp).metadata.truncation);
        assert_eq!(reply(&script, None, Transport::Tcp).answers.len(), 64);
    }

    #[test]
    fn an_oversize_datagram_is_whole() {
        let got = reply(&addresses(64, Fit::Oversize), None, Transport::Udp);
        assert_eq!((got.answers.len(), got.metadata.truncation), (64, false));
    }

    #[test]
    fn a_server_that_always_cuts_cuts_64_addresses_at_1232_octets_over_tcp() {
        let got = reply(&addresses(64, Fit::CutAlways), Some(1232), Transport::Tcp);
        assert!(got.metadata.truncation && got.answers.len() < 64 && got.answers.len() > 40);
    }
}
