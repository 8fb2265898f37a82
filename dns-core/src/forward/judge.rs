//! What a message from upstream means for the question it came for.

use super::failure::Failure;
use super::pending::Exchange;
use super::question::{Opt, Question};
use super::reply::{Defect, Reply, matching_header};
use crate::stats::Stats;
use crate::transmit::Transport;
use crate::wire::Rcode;

/// The name that a DNAME made is too long (RFC 6672 section 2.2): an answer, not a failure.
const YXDOMAIN: Rcode = Rcode(6);

/// What a message from upstream means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It answers nothing that was asked. Anyone can send such a datagram, so nothing follows
    /// from it.
    Ignore,
    /// It is the answer.
    Answer(Reply),
    /// The answer is too long for UDP.
    Truncated(Reply),
    /// The server failed on a query with an OPT record.
    RefusedOpt(Failure),
    /// This server has no usable answer.
    Failed(Failure),
}

impl Verdict {
    /// Counts the message.
    pub(super) fn count(&self, stats: &Stats) {
        match self {
            Verdict::Ignore | Verdict::Failed(Failure::BadResponse(Defect::Mismatch)) => {
                stats.forward_mismatched.increment();
            }
            Verdict::RefusedOpt(_) | Verdict::Failed(_) => stats.forward_bad.increment(),
            Verdict::Answer(_) | Verdict::Truncated(_) => {}
        }
    }
}

/// Judges a message that came back on the socket of `exchange`.
pub(super) fn judge(question: &Question, exchange: &Exchange, message: &[u8]) -> Verdict {
    let transport = exchange.attempt.transport;
    let Some(header) = matching_header(message, question, exchange.message_id) else {
        return match transport {
            Transport::Udp => Verdict::Ignore,
            Transport::Tcp => Verdict::Failed(Failure::BadResponse(Defect::Mismatch)),
        };
    };
    match (header.rcode(), exchange.attempt.opt) {
        (rcode @ (Rcode::FORMERR | Rcode::NOTIMP), Opt::Sent) => {
            return Verdict::RefusedOpt(Failure::Rcode(rcode));
        }
        (rcode, _) if !is_answer(rcode) => return Verdict::Failed(Failure::Rcode(rcode)),
        _ => {}
    }
    let checked = Reply::check(message, question);
    if header.is_truncated() && transport == Transport::Udp {
        // It may be cut inside a record; header and question still say "ask over TCP".
        let cut = |_| Reply::without_records(message, header, question);
        return Verdict::Truncated(checked.unwrap_or_else(cut));
    }
    match checked {
        Ok(reply) if is_answer(reply.rcode()) => Verdict::Answer(reply),
        Ok(reply) => Verdict::Failed(Failure::Rcode(reply.rcode())),
        Err(defect) => Verdict::Failed(Failure::BadResponse(defect)),
    }
}

/// Whether a response code is word about the name rather than about the server.
fn is_answer(rcode: Rcode) -> bool {
    matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN | YXDOMAIN)
}
