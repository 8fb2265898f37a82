//! What a message from upstream means for the question it came for.

use super::attempt::Exchange;
use super::cookie::{CookieJar, Shown};
use super::fits::{Fits, find_opt, fits};
use super::message::Opt;
use super::pending::Pending;
use crate::reply::Failure;
use crate::reply::{Defect, Reply};
use crate::stats::Stats;
use crate::transmit::Transport;
use crate::wire::{Header, Rcode};

/// The name that a DNAME made is too long (RFC 6672 section 2.2): an answer, not a failure.
const YXDOMAIN: Rcode = Rcode(6);
/// The server wants another cookie (RFC 7873 section 8).
pub(super) const BADCOOKIE: Rcode = Rcode(23);

/// What a message from upstream means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answers nothing that was asked. Anyone can send such a datagram, so nothing against the
    /// server follows from it.
    Mismatch,
    /// It lacks the cookie that the server is known to send: the same.
    NoCookie,
    /// It is the answer but for the case of the name.
    Folded,
    /// It is the answer.
    Answer,
    /// The answer is too long for UDP.
    Truncated,
    /// The server failed on a query with an OPT record.
    RefusedOpt(Failure),
    /// The server wants another cookie.
    BadCookie,
    /// This server has no usable answer.
    Failed(Failure),
}

impl Verdict {
    /// Counts the message.
    pub(super) fn count(self, stats: &Stats) {
        match self {
            Verdict::Mismatch | Verdict::Failed(Failure::BadResponse(Defect::Mismatch)) => {
                stats.forward_mismatched.increment();
            }
            Verdict::NoCookie => {
                stats.forward_mismatched.increment();
                stats.forward_cookie_missing.increment();
            }
            Verdict::Folded => stats.forward_case_folded.increment(),
            Verdict::BadCookie => stats.forward_bad_cookie.increment(),
            Verdict::RefusedOpt(_) | Verdict::Failed(_) => stats.forward_bad.increment(),
            Verdict::Answer | Verdict::Truncated => {}
        }
    }
}

/// Judges a message that came back for `exchange`. With an answer `reply` is its checked copy.
/// Codes of `failover` are failures besides those that are no word about the name.
pub(super) fn judge(
    pending: &Pending,
    exchange: &Exchange,
    failover: &[Rcode],
    jar: Option<&mut CookieJar>,
    message: &[u8],
    reply: &mut Reply,
) -> Verdict {
    let transport = exchange.attempt.transport;
    let (name, rtype) = (pending.name(), pending.rtype);
    let header = match fits(message, name, rtype, exchange.message_id, exchange.case) {
        Fits::Whole(header) => header,
        Fits::Folded => return Verdict::Folded,
        Fits::Not if transport == Transport::Udp => return Verdict::Mismatch,
        Fits::Not => return Verdict::Failed(Failure::BadResponse(Defect::Mismatch)),
    };
    if is_word(header.rcode()) {
        judge_answer((header, name), exchange, failover, jar, message, reply)
    } else {
        judge_failure((header, name), exchange, failover, jar, message, reply)
    }
}

fn judge_answer(
    (header, name): (Header, &[u8]),
    exchange: &Exchange,
    failover: &[Rcode],
    jar: Option<&mut CookieJar>,
    message: &[u8],
    reply: &mut Reply,
) -> Verdict {
    let transport = exchange.attempt.transport;
    let checked = reply.fill(message, name);
    if !has_cookie(jar, exchange, || match checked {
        Ok(()) => Some(reply.options()),
        Err(_) => find_opt(message, name).map(|(_, options)| &message[options]),
    }) {
        return Verdict::NoCookie;
    }
    if header.is_truncated() && transport == Transport::Udp {
        if checked.is_err() {
            // It may be cut inside a record; header and question still say "ask over TCP".
            reply.fill_without_records(message, header, name);
        }
        return Verdict::Truncated;
    }
    match checked {
        Ok(()) if fails(reply.rcode(), failover) => Verdict::Failed(Failure::Rcode(reply.rcode())),
        Ok(()) => Verdict::Answer,
        Err(defect) => Verdict::Failed(Failure::BadResponse(defect)),
    }
}

fn judge_failure(
    (header, name): (Header, &[u8]),
    exchange: &Exchange,
    failover: &[Rcode],
    jar: Option<&mut CookieJar>,
    message: &[u8],
    reply: &mut Reply,
) -> Verdict {
    let opt = find_opt(message, name);
    let options = opt.as_ref().map(|(_, options)| &message[options.clone()]);
    if !has_cookie(jar, exchange, || options) {
        return Verdict::NoCookie;
    }
    let extended = opt.as_ref().map_or(0, |(edns, _)| edns.extended_rcode);
    let rcode = Rcode(u16::from(extended) << 4 | header.rcode().0);
    match (rcode, exchange.attempt.opt) {
        (BADCOOKIE, Opt::Sent) => Verdict::BadCookie,
        (Rcode::FORMERR | Rcode::NOTIMP, Opt::Sent) => Verdict::RefusedOpt(Failure::Rcode(rcode)),
        _ if !fails(rcode, failover) && reply.fill(message, name).is_ok() => Verdict::Answer,
        _ => Verdict::Failed(Failure::Rcode(rcode)),
    }
}

/// Whether a message may be believed as far as cookies go: over UDP a server that once sent one
/// must send it always (RFC 7873 section 5.3). Over TCP nobody can guess, and a server that sends
/// none any more is not expected to.
fn has_cookie<'m>(
    jar: Option<&mut CookieJar>,
    exchange: &Exchange,
    options: impl FnOnce() -> Option<&'m [u8]>,
) -> bool {
    let Some(jar) = jar.filter(|_| exchange.attempt.opt == Opt::Sent) else {
        return true;
    };
    let was_learnt = jar.is_learnt();
    let shown = jar.read(options().unwrap_or_default());
    match (shown, exchange.attempt.transport) {
        (Shown::Ours, _) => true,
        (Shown::Nothing, Transport::Tcp) => {
            jar.forget();
            true
        }
        (Shown::Wrong, Transport::Tcp) => true,
        (Shown::Nothing, Transport::Udp) if was_learnt => {
            jar.miss();
            false
        }
        (Shown::Nothing | Shown::Wrong, Transport::Udp) => !was_learnt,
    }
}

/// Whether the next server is asked after a response code.
fn fails(rcode: Rcode, failover: &[Rcode]) -> bool {
    let is_optional = [
        Rcode::SERVFAIL,
        Rcode::REFUSED,
        Rcode::NOTIMP,
        Rcode::FORMERR,
    ]
    .contains(&rcode);
    failover.contains(&rcode) || !(is_word(rcode) || is_optional)
}

/// Whether a response code is word about the name rather than about the server.
pub(super) fn is_word(rcode: Rcode) -> bool {
    matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN | YXDOMAIN)
}
