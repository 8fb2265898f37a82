//! The resolver's octets as hickory's response: it sends nothing but what it encodes itself.

use crate::wire::Ede;
use crate::wire::edns::{UDP_PAYLOAD_MAX, UDP_PAYLOAD_MIN};
use alloc::vec::Vec;
use hickory_server::net::NetError;
use hickory_server::proto::ProtoError;
use hickory_server::proto::op::{Edns, Header, Message, Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::opt::EdnsOption;
use hickory_server::proto::serialize::binary::{BinDecodable, BinDecoder};
use hickory_server::server::{Request, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::{MessageResponseBuilder, Queries};

/// Number of the extended error option (RFC 8914 section 2).
const EDE_OPTION: u16 = 15;

/// A reply that hickory can encode.
pub(super) struct Reply {
    queries: Queries,
    message: Message,
}

impl Reply {
    /// Reads a reply of the resolver, made to fit the client in hickory's encoding.
    ///
    /// # Errors
    /// A record of a forwarded answer is not as hickory knows its type.
    pub(super) fn read(octets: &[u8], request: &Request) -> Result<Self, ProtoError> {
        let mut reply = Reply {
            queries: queries(octets)?,
            message: Message::from_vec(octets)?,
        };
        if request.protocol().is_datagram() {
            reply.limit(request.max_payload())?;
        }
        Ok(reply)
    }

    pub(super) async fn send<R: ResponseHandler>(
        self,
        request: &Request,
        mut handle: R,
    ) -> ResponseInfo {
        let Message {
            metadata,
            answers,
            authorities,
            additionals,
            edns,
            ..
        } = &self.message;
        let builder = MessageResponseBuilder::new(&self.queries, edns.as_ref());
        let response = builder.build(*metadata, answers, authorities, [], additionals);
        sent(request, handle.send_response(response).await)
    }

    /// hickory cuts a datagram at the size in the OPT record of the response, which is ours, so
    /// the client's must stand there if it is the smaller one. Where it cuts, it drops the OPT
    /// record: what is too long in its encoding is cut here.
    fn limit(&mut self, client_max: u16) -> Result<(), ProtoError> {
        let message = &mut self.message;
        let limit = match &mut message.edns {
            Some(edns) => {
                let size = edns.max_payload().min(client_max);
                edns.set_max_payload(size).max_payload()
            }
            None => UDP_PAYLOAD_MIN,
        };
        if message.to_vec()?.len() <= usize::from(limit) {
            return Ok(());
        }
        // Missing additional records are no truncation (RFC 2181 section 9).
        message.additionals = Vec::new();
        if message.to_vec()?.len() > usize::from(limit) {
            message.answers = Vec::new();
            message.authorities = Vec::new();
            message.metadata.truncation = true;
        }
        Ok(())
    }
}

/// Sends SERVFAIL for an answer that hickory cannot carry.
pub(super) async fn send_failure<R: ResponseHandler>(
    request: &Request,
    mut handle: R,
) -> ResponseInfo {
    let edns = request.edns.as_ref().map(failure_edns);
    let mut metadata = Metadata::response_from_request(&request.metadata);
    metadata.response_code = ResponseCode::ServFail;
    // Only what was forwarded can be unreadable.
    metadata.recursion_available = true;
    let builder = MessageResponseBuilder::new(&request.queries, edns.as_ref());
    let response = builder.build_no_records(metadata);
    sent(request, handle.send_response(response).await)
}

/// What hickory is told of a request that nothing was sent to.
pub(super) fn unsent(request: &Request) -> ResponseInfo {
    let mut metadata = Metadata::response_from_request(&request.metadata);
    metadata.response_code = ResponseCode::ServFail;
    let counts = Default::default();
    Header { metadata, counts }.into()
}

fn sent(request: &Request, result: Result<ResponseInfo, NetError>) -> ResponseInfo {
    // The client's connection is gone: there is nobody to tell.
    result.unwrap_or_else(|_| unsent(request))
}

/// The question section in the asker's spelling, as far as the resolver echoes it.
fn queries(octets: &[u8]) -> Result<Queries, ProtoError> {
    let mut decoder = BinDecoder::new(octets);
    let header = Header::read(&mut decoder)?;
    let count = usize::from(header.counts.queries);
    Ok(Queries::read(&mut decoder, count)?)
}

fn failure_edns(asked: &Edns) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(asked.max_payload().min(UDP_PAYLOAD_MAX));
    edns.set_dnssec_ok(asked.flags().dnssec_ok);
    let Ede(code) = Ede::OTHER;
    let option = EdnsOption::Unknown(EDE_OPTION, code.to_be_bytes().to_vec());
    edns.options_mut().insert(option);
    edns
}
