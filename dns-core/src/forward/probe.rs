//! Probes: questions of our own, by which a server that was silent is found again.

use super::Forwarder;
use super::attempt::Patience;
use super::fits::is_response_to;
use super::message::{Opt, write_message};
use super::upstreams::ServerId;
use super::{Event, exchange};
use crate::question::QuestionFlags;
use crate::transmit::Millis;
use crate::wire::edns::DnssecOk;
use crate::wire::{Name, Rtype};
use alloc::vec::Vec;

/// Milliseconds after the last question for a server that it is still probed.
const WANTED_MS: u64 = 60_000;

const FLAGS: QuestionFlags = QuestionFlags {
    dnssec_ok: DnssecOk::Clear,
    checking_disabled: false,
    recursion_desired: false,
};

/// The probes of one server.
#[derive(Debug, Default)]
pub(super) struct Probing {
    /// The one that is waited for.
    open: Option<Probe>,
    /// When the next is due.
    due: Option<Millis>,
    last_sent: Option<Millis>,
    wanted_at: Millis,
    sequence: u32,
}

/// A probe on its way.
#[derive(Clone, Copy, Debug)]
struct Probe {
    message_id: u16,
    sent_at: Millis,
    patience_ms: u64,
    is_announced: bool,
}

impl Probing {
    /// Whether another one will be sent.
    pub(super) fn is_wanted(&self) -> bool {
        self.due.is_some()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.open.is_none()
    }
}

impl Forwarder {
    /// Sees to it that a server that does not answer is probed, at most once in
    /// `forward_probe_ms`.
    pub(super) fn want(&mut self, now: Millis, id: ServerId) {
        let pause_ms = self.config.forward_probe_ms;
        let probing = &mut self.upstreams.server_mut(id).probe;
        probing.wanted_at = now;
        if probing.due.is_some() {
            return;
        }
        let earliest = probing.last_sent.map_or(now, |at| at.plus(pause_ms));
        let due = earliest.max(now);
        probing.due = Some(due);
        self.probe_due = Some(self.probe_due.map_or(due, |at| at.min(due)));
    }

    /// Ends the probes of a server that answers.
    pub(super) fn stop_probing(&mut self, id: ServerId) {
        let probing = &mut self.upstreams.server_mut(id).probe;
        probing.due = None;
        if let Some(probe) = probing.open.take()
            && probe.is_announced
        {
            let exchange = exchange::of_probe(id, probing.sequence);
            self.tell(Event::Close(exchange));
        }
        self.plan_probes();
    }

    /// Sends the probes that are due.
    pub(super) fn run_probes(&mut self, now: Millis) {
        if self.probe_due.is_none_or(|due| due > now) {
            return;
        }
        for id in self.upstreams.ids() {
            if self
                .upstreams
                .server(id)
                .probe
                .due
                .is_some_and(|due| due <= now)
            {
                self.probe(now, id);
            }
        }
        self.plan_probes();
    }

    /// The message of a probe that has not been sent yet.
    pub(super) fn announce_probe(
        &mut self,
        id: ServerId,
        sequence: u32,
        out: &mut Vec<u8>,
    ) -> Option<Event> {
        self.upstreams.get(id)?;
        let upstream = self.upstreams.server_mut(id);
        let probing = &mut upstream.probe;
        let probe = probing
            .open
            .as_mut()
            .filter(|_| probing.sequence == sequence)?;
        probe.is_announced = true;
        let question = (Name::ROOT.as_wire(), Rtype::NS, FLAGS);
        write_message(question, probe.message_id, 0, Opt::Omitted, &[], out);
        Some(Event::Ask {
            exchange: exchange::of_probe(id, sequence),
            server: alloc::sync::Arc::clone(&upstream.server),
            transport: upstream.server.protocol.transport(),
        })
    }

    /// Takes a message that came back for a probe. Whatever a server has to say, it lives.
    pub(super) fn handle_probe_reply(
        &mut self,
        now: Millis,
        (id, sequence): (ServerId, u32),
        message: &[u8],
    ) {
        let question = Name::ROOT.as_wire();
        match self.open_probe(id, sequence) {
            Some(probe) if is_response_to(message, question, Rtype::NS, probe.message_id) => {
                let delay_ms = now.since(probe.sent_at);
                let patience = if delay_ms <= probe.patience_ms {
                    Patience::Waiting
                } else {
                    Patience::Spent
                };
                self.answered(now, id, Some(delay_ms), patience);
                self.close_probe(id, sequence);
            }
            _ => self.stats.forward_mismatched.increment(),
        }
    }

    /// Takes word that a probe could not be sent.
    pub(super) fn handle_probe_unreachable(&mut self, now: Millis, id: ServerId, sequence: u32) {
        if self.open_probe(id, sequence).is_some() {
            self.close_probe(id, sequence);
            let transport = self.upstreams.server(id).server.protocol.transport();
            self.refused(now, id, transport);
        }
    }

    fn probe(&mut self, now: Millis, id: ServerId) {
        let retry_ms = self.config.forward_retry_ms;
        let pause_ms = self.config.forward_probe_ms.max(1);
        let silent = self.upstreams.server(id).probe.open;
        if let Some(probe) = silent {
            let sequence = self.upstreams.server(id).probe.sequence;
            self.close_probe(id, sequence);
            self.silent(now, id, probe.sent_at);
        }
        let message_id = self.random.next_u32() as u16;
        let upstream = self.upstreams.server_mut(id);
        let patience_ms = upstream.patience_ms(retry_ms);
        let probing = &mut upstream.probe;
        if now.since(probing.wanted_at) > WANTED_MS {
            probing.due = None;
            return;
        }
        probing.sequence = probing.sequence.wrapping_add(1);
        probing.last_sent = Some(now);
        probing.due = Some(now.plus(pause_ms));
        probing.open = Some(Probe {
            message_id,
            sent_at: now,
            patience_ms,
            is_announced: false,
        });
        let exchange = exchange::of_probe(id, probing.sequence);
        self.queue(exchange);
        self.stats.forward_probes.increment();
    }

    fn open_probe(&self, id: ServerId, sequence: u32) -> Option<Probe> {
        let probing = &self.upstreams.get(id)?.probe;
        probing.open.filter(|_| probing.sequence == sequence)
    }

    /// Waits no longer for a probe.
    pub(super) fn close_probe(&mut self, id: ServerId, sequence: u32) {
        if self.upstreams.get(id).is_none() {
            return;
        }
        let probing = &mut self.upstreams.server_mut(id).probe;
        let is_open = probing.sequence == sequence && probing.open.is_some();
        if is_open && probing.open.take().is_some_and(|probe| probe.is_announced) {
            let exchange = exchange::of_probe(id, sequence);
            self.tell(Event::Close(exchange));
        }
    }

    fn plan_probes(&mut self) {
        let due = |id: ServerId| self.upstreams.server(id).probe.due;
        self.probe_due = self.upstreams.ids().filter_map(due).min();
    }
}
