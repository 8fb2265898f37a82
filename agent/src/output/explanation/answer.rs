//! [`Answer`]: what the engine says.

use dns_core::{
    Client, Disposition, Millis, NameBuf, Random, Resolver, ResolverConfig, Snapshot, Transport,
};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// What a client is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) result: AnswerResult,
    /// Addresses, IPv4 first.
    pub(super) addresses: Vec<IpAddr>,
    /// Targets of CNAME records, in order.
    pub(super) cnames: Vec<String>,
    /// The lowest TTL in seconds.
    pub(super) ttl_secs: Option<u32>,
}

/// What comes of the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AnswerResult {
    /// There are addresses, or an alias.
    Answered,
    /// The name exists and has no address of any family.
    NoData,
    /// The name does not exist, in a zone of ours.
    NxDomain,
    /// An upstream is asked.
    Forwarded,
    /// Nobody is asked: there is no upstream for it.
    Refused,
    /// There is no table to answer from, or something failed.
    #[default]
    Failed,
}

impl AnswerResult {
    /// Fixed text for output.
    pub(super) fn label(self) -> &'static str {
        match self {
            AnswerResult::Answered => "answered",
            AnswerResult::NoData => "nodata",
            AnswerResult::NxDomain => "nxdomain",
            AnswerResult::Forwarded => "forwarded",
            AnswerResult::Refused => "refused",
            AnswerResult::Failed => "failed",
        }
    }
}

/// Ids of forwarded questions; none is sent.
struct NoRandom;

impl Random for NoRandom {
    fn next_u32(&mut self) -> u32 {
        0
    }
}

const A: u16 = 1;
const AAAA: u16 = 28;

impl Answer {
    /// What a client of the only view of `snapshot` is answered when it asks for both families.
    pub(super) fn of(name: &NameBuf, snapshot: &Arc<Snapshot>, config: &ResolverConfig) -> Self {
        let v4 = ask(name, A, snapshot, config);
        let v6 = ask(name, AAAA, snapshot, config);
        v4.joined_with(v6)
    }

    fn joined_with(mut self, other: Answer) -> Self {
        self.addresses.extend(other.addresses);
        if self.cnames.is_empty() {
            self.cnames = other.cnames;
        }
        self.ttl_secs = match (self.ttl_secs, other.ttl_secs) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if other.result == AnswerResult::Answered {
            self.result = AnswerResult::Answered;
        }
        self
    }

    fn of_reply(octets: &[u8]) -> Self {
        let Ok(message) = Message::from_vec(octets) else {
            return Answer::default();
        };
        let mut answer = Answer {
            ttl_secs: message.answers.iter().map(|record| record.ttl).min(),
            ..Answer::default()
        };
        for record in &message.answers {
            match &record.data {
                RData::A(address) => answer.addresses.push(address.0.into()),
                RData::AAAA(address) => answer.addresses.push(address.0.into()),
                RData::CNAME(target) => answer.cnames.push(target.0.to_ascii()),
                _ => {}
            }
        }
        answer.result = match message.metadata.response_code {
            ResponseCode::NoError if message.answers.is_empty() => AnswerResult::NoData,
            ResponseCode::NoError => AnswerResult::Answered,
            ResponseCode::NXDomain => AnswerResult::NxDomain,
            ResponseCode::Refused => AnswerResult::Refused,
            _ => AnswerResult::Failed,
        };
        answer
    }
}

fn ask(name: &NameBuf, rtype: u16, snapshot: &Arc<Snapshot>, config: &ResolverConfig) -> Answer {
    let mut resolver = Resolver::new(config.clone(), Arc::clone(snapshot), Box::new(NoRandom));
    let client = Client {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        // Nothing is cut.
        transport: Transport::Tcp,
        token: 0,
    };
    let mut reply = Vec::new();
    match resolver.handle_query(Millis(0), client, &query(name, rtype), &mut reply) {
        Disposition::Answered => Answer::of_reply(&reply),
        Disposition::Pending => Answer {
            result: AnswerResult::Forwarded,
            ..Answer::default()
        },
        Disposition::Dropped => Answer::default(),
    }
}

/// One question, with recursion desired (RFC 1035 section 4.1).
fn query(name: &NameBuf, rtype: u16) -> Vec<u8> {
    let mut message = b"\0\0\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    message.extend_from_slice(name.as_name().as_wire());
    message.extend_from_slice(&rtype.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message
}
