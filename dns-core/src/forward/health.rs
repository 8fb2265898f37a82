//! What happens to a server, told to its record and to the probes.

use super::Forwarder;
use super::attempt::{Exchange, Patience};
use super::pending::Pending;
use super::upstream::{Health, Turned};
use super::upstreams::{RouteId, ServerId};
use crate::transmit::{Millis, Transport};

impl Forwarder {
    pub(super) fn answered(
        &mut self,
        now: Millis,
        id: ServerId,
        delay_ms: Option<u64>,
        patience: Patience,
    ) {
        let upstream = self.upstreams.server_mut(id);
        upstream.answered(now, delay_ms, patience);
        if upstream.health() == Health::Up && upstream.probe.is_wanted() {
            self.stop_probing(id);
        }
    }

    pub(super) fn silent(&mut self, now: Millis, id: ServerId, sent_at: Millis) {
        let turned = self.upstreams.server_mut(id).silent(now, sent_at);
        self.turned(now, id, turned);
    }

    pub(super) fn refused(&mut self, now: Millis, id: ServerId, transport: Transport) {
        let turned = self.upstreams.server_mut(id).refused(now, transport);
        self.turned(now, id, turned);
    }

    fn turned(&mut self, now: Millis, id: ServerId, turned: Turned) {
        if turned == Turned::Worse {
            if self.upstreams.server(id).health() == Health::Down {
                self.stats.forward_servers_down.increment();
            }
            self.want(now, id);
        }
    }

    /// Sees to it that the silent servers of a route are probed while questions want them.
    pub(super) fn want_route(&mut self, now: Millis, route: RouteId) {
        for at in 0.. {
            let Some(id) = self.upstreams.server_of(route, at) else {
                return;
            };
            if self.upstreams.server(id).health() != Health::Up {
                self.want(now, id);
            }
        }
    }

    /// Whether no server of a route can be asked, all being down.
    pub(super) fn refuses_for_down(&mut self, now: Millis, route: RouteId) -> bool {
        let is_down = self.upstreams.is_down(route);
        if is_down {
            self.want_route(now, route);
        }
        is_down
    }

    /// Notes an answer.
    pub(super) fn note_answer(&mut self, now: Millis, pending: &Pending, exchange: &Exchange) {
        let server = self.upstreams.server_mut(exchange.server);
        if server.has_folded_case() && pending.has_large_letter(exchange.case) {
            server.kept_case();
        }
        let is_native = server.server.protocol.transport() == exchange.attempt.transport;
        let delay_ms = is_native.then(|| now.since(exchange.sent_at));
        self.answered(now, exchange.server, delay_ms, exchange.patience);
    }

    /// Notes that servers were asked too, and that another one was first.
    pub(super) fn note_outrun(&mut self, now: Millis, pending: &Pending) {
        for exchange in pending.exchanges() {
            let server = self.upstreams.server_mut(exchange.server);
            let is_native = server.server.protocol.transport() == exchange.attempt.transport;
            let is_waited_for = exchange.patience == Patience::Waiting;
            if is_native && is_waited_for && server.outrun(now, exchange.sent_at) {
                self.want(now, exchange.server);
            }
        }
    }

    /// Notes that a server that has no answer lives.
    pub(super) fn note_life(&mut self, now: Millis, exchange: &Exchange) {
        self.answered(now, exchange.server, None, exchange.patience);
    }
}
