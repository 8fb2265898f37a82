//! Any octets as a client's query.

use crate::rules::{Checked, check_refusal, check_reply};
use crate::{message, world};
use dns_core::query::Query;
use dns_core::wire::{Header, Rcode, Rtype};
use dns_core::{Disposition, Resolver, Transmit, Transport};

/// Every query gets one sound reply, or none if nobody can be replied to; asked again it gets the
/// same records.
pub(crate) fn run(data: &[u8]) {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut resolver = world::resolver();
        let mut out = b"kept".to_vec();
        let client = world::client(transport);
        let disposition = resolver.handle_query(world::START, client, data, &mut out);
        assert_eq!(&out[..4], b"kept", "what was in the buffer stays");
        let said = &out[4..];
        match Query::parse(data) {
            Ok(query) => {
                let first = outcome(&mut resolver, &query, transport, disposition, said);
                ask_again(&mut resolver, &query, data, transport, &first);
            }
            Err(refusal) => match disposition {
                Disposition::Dropped => assert!(said.is_empty()),
                Disposition::Answered => check_refusal(refusal, data, said),
                Disposition::Pending => panic!("forwarded though it cannot be read"),
            },
        }
        assert!(
            resolver.poll_transmit(&mut out).is_none(),
            "nothing is left to do"
        );
    }
}

/// The reply to a query, for which the upstream is asked if need be.
fn outcome(
    resolver: &mut Resolver,
    query: &Query,
    transport: Transport,
    disposition: Disposition,
    said: &[u8],
) -> Checked {
    match disposition {
        Disposition::Answered => check_reply(query, transport, said),
        Disposition::Pending => {
            assert!(said.is_empty(), "an answer and a promise of one");
            check_reply(query, transport, &forwarded(resolver))
        }
        Disposition::Dropped => panic!("a sound query is answered"),
    }
}

fn ask_again(
    resolver: &mut Resolver,
    query: &Query,
    data: &[u8],
    transport: Transport,
    first: &Checked,
) {
    let mut out = Vec::new();
    let client = world::client(transport);
    let disposition = resolver.handle_query(world::START, client, data, &mut out);
    let second = outcome(resolver, query, transport, disposition, &out);
    assert_eq!(first.header.flags, second.header.flags);
    let summary = |checked: &Checked| {
        let mut records: Vec<_> = checked
            .records()
            .map(|record| {
                (
                    record.owner.as_wire().to_vec(),
                    record.rtype.0,
                    record.rdata_len,
                )
            })
            .collect();
        records.sort();
        records
    };
    if !first.header.is_truncated() {
        assert_eq!(summary(first), summary(&second), "asked twice");
    }
}

/// Plays the upstream until the client is answered.
fn forwarded(resolver: &mut Resolver) -> Vec<u8> {
    let mut answer = None;
    let mut out = Vec::new();
    while let Some(transmit) = poll(resolver, &mut out) {
        match transmit {
            Transmit::Ask { exchange, .. } => {
                resolver.handle_reply(world::START, exchange, &upstream(&out));
            }
            Transmit::Answer(_) => {
                assert!(answer.is_none(), "one answer to one query");
                answer = Some(out.clone());
            }
            Transmit::Close(_) | Transmit::Wake(_) => {}
        }
    }
    answer.expect("the upstream answered, so the client is answered")
}

fn poll(resolver: &mut Resolver, out: &mut Vec<u8>) -> Option<Transmit> {
    out.clear();
    resolver.poll_transmit(out)
}

/// An address for questions for one, and that there is nothing for others.
fn upstream(asked: &[u8]) -> Vec<u8> {
    const POINTER_TO_QUESTION: &[u8] = &[0xc0, 12];
    let header = Header::parse(asked).expect("what is sent upstream has a header");
    assert!(!header.is_response());
    assert_eq!(header.qdcount, 1);
    let end = message::question_end(asked).expect("what is sent upstream has a question");
    let is_address = asked[end - 4..][..2] == Rtype::A.0.to_be_bytes();
    let rcode = if is_address {
        Rcode::NOERROR
    } else {
        Rcode::NXDOMAIN
    };
    let flags = message::RESPONSE | rcode.0;
    let counts = if is_address {
        [1, 1, 0, 0]
    } else {
        [1, 0, 1, 0]
    };
    let mut reply = message::header(header.id, flags, counts);
    reply.extend_from_slice(&asked[message::HEADER_LEN..end]);
    if is_address {
        reply.extend(message::record(
            POINTER_TO_QUESTION,
            Rtype::A,
            60,
            &[198, 51, 100, 1],
        ));
    } else {
        let numbers = [1, 7_200, 900, 86_400, 60];
        let mut soa = vec![0, 0];
        soa.extend(numbers.into_iter().flat_map(u32::to_be_bytes));
        reply.extend(message::record(&[0], Rtype::SOA, 60, &soa));
    }
    reply
}
