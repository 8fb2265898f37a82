//! Answers in doubt: somebody may be guessing, or a server cannot do what makes guessing hard.

use super::Forwarder;
use super::attempt::{Attempt, Exchange};
use super::judge::BADCOOKIE;
use super::message::Opt;
use super::pending::{Pending, Spelling};
use super::slab::PendingId;
use crate::reply::Failure;
use crate::transmit::{Millis, Transport};

impl Forwarder {
    /// Counts a datagram that answers nothing, and asks over TCP when there were several. An
    /// answer over UDP stays welcome.
    pub(super) fn note_mismatch(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
    ) {
        let Attempt { at, transport, .. } = exchange.attempt;
        if transport == Transport::Udp && !pending.is_connected(at) && pending.mismatched() {
            self.stats.forward_mismatch_tcp.increment();
            let attempt = Attempt {
                at,
                transport: Transport::Tcp,
                opt: Opt::Sent,
            };
            self.send(now, id, pending, attempt);
        }
    }

    /// Asks over TCP after an answer that did not repeat the case of the name: it may be a guess,
    /// or the server cannot do better.
    pub(super) fn ask_for_case(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
    ) {
        let at = exchange.attempt.at;
        self.upstreams.server_mut(exchange.server).folded_case(now);
        if pending.was_folded(at) {
            pending.spelling = Spelling::Plain;
            return;
        }
        pending.folded(at);
        if pending.is_connected(at) {
            return;
        }
        let attempt = Attempt {
            at,
            transport: Transport::Tcp,
            opt: Opt::Sent,
        };
        self.send(now, id, pending, attempt);
    }

    /// Asks again with the cookie that the server has just sent, and over TCP if that was no help.
    pub(super) fn ask_with_cookie(
        &mut self,
        now: Millis,
        id: PendingId,
        pending: &mut Pending,
        exchange: &Exchange,
    ) {
        let transport = match exchange.attempt.transport {
            Transport::Udp if pending.took_cookie() => Transport::Udp,
            Transport::Udp => Transport::Tcp,
            Transport::Tcp => {
                pending.note(Failure::Rcode(BADCOOKIE));
                return self.give_up_server(now, id, pending, exchange);
            }
        };
        self.ask_again(now, id, pending, exchange, (transport, Opt::Sent));
    }
}
