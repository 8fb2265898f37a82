//! A worker: one thread, one resolver, its own sockets, and the only loop of the data plane.
//!
//! ```text
//! wait ─▶ note what is ready ─▶ newest snapshot ─▶ feed the resolver ─▶ drain it ─▶ send
//! ```

use crate::drain::Drain;
use crate::engine::Engine;
use crate::net::{
    EventSource, Exchanges, ListenerSet, NetLimits, NetStats, Received, TcpFront, UdpFront,
    UpstreamTls,
};
use arc_swap::{ArcSwap, Cache};
use dns_core::{Client, ExchangeId, Millis, Resolver, Server, Snapshot, Transmit, Transport};
use mio::{Events, Poll, Waker};
use nix::errno::Errno;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events taken from the poll at a time; further ones come with the next turn.
const EVENTS_MAX: usize = 1_024;

/// Most batches taken from a UDP socket before everybody else has their turn: half a millisecond's
/// work. Asking the poll after each of them would be one more system call a batch.
const UDP_BATCHES_MAX: usize = 8;

/// Most rounds of receiving what is queued when shutting down. With the batches it is 8,192
/// datagrams a socket, more than its buffer holds; a flood shall not keep us up.
const DRAIN_ROUNDS_MAX: usize = 32;

/// What a worker is made of.
pub(crate) struct WorkerParts {
    /// Where it waits.
    pub(crate) poll: WorkerPoll,
    /// Its listening sockets.
    pub(crate) listeners: ListenerSet,
    /// Its resolver.
    pub(crate) resolver: Resolver,
    /// What its resolver answers from.
    pub(crate) snapshots: Arc<ArcSwap<Snapshot>>,
    /// Limits of its sockets.
    pub(crate) limits: NetLimits,
    /// Most upstream sockets open at a time.
    pub(crate) exchanges_max: usize,
    /// Whom it trusts to name upstream servers that are spoken to over TLS, if any are.
    pub(crate) upstream_tls: Option<UpstreamTls>,
    /// Counters of its sockets.
    pub(crate) stats: Arc<NetStats>,
    /// Tells when to end.
    pub(crate) drain: Arc<Drain>,
    /// Wakes each worker, by number.
    pub(crate) wakers: Arc<[Waker]>,
    /// Where time starts, the same for all workers.
    pub(crate) clock: Clock,
}

/// Where a worker waits.
pub(crate) struct WorkerPoll(Poll);

impl WorkerPoll {
    /// A place to wait, and what ends the wait.
    ///
    /// # Errors
    ///
    /// The system has no more descriptors.
    pub(crate) fn new() -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), EventSource::Waker.token())?;
        Ok((WorkerPoll(poll), waker))
    }
}

/// The time as the resolver wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// A clock that starts at 0.
    pub(crate) fn start() -> Self {
        Clock(Instant::now())
    }

    /// Milliseconds since the start.
    pub(crate) fn now(self) -> Millis {
        Millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// Serves clients until it is told to stop.
pub(crate) struct Worker {
    poll: Poll,
    events: Events,
    clock: Clock,
    now: Millis,
    engine: Engine,
    snapshots: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
    installed: Arc<Snapshot>,
    udp: UdpFront,
    tcp: TcpFront,
    exchanges: Exchanges,
    scratch: Vec<u8>,
    drain: Arc<Drain>,
    wakers: Arc<[Waker]>,
    phase: Phase,
}

/// What a worker is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It serves whoever comes.
    Serving,
    /// It answers what it has taken, until then at the latest.
    Draining(Millis),
    /// It has nothing more to do.
    Done,
}

impl Worker {
    /// A worker that is ready to run.
    ///
    /// # Errors
    ///
    /// The system has no more descriptors.
    pub(crate) fn new(parts: WorkerParts) -> io::Result<Self> {
        let WorkerPoll(poll) = parts.poll;
        let registry = poll.registry();
        let stats = parts.stats;
        let udp = UdpFront::new(parts.listeners.udp, registry, Arc::clone(&stats))?;
        let (listeners, limits) = (parts.listeners.tcp, parts.limits);
        let tcp = TcpFront::new(listeners, registry.try_clone()?, limits, Arc::clone(&stats))?;
        let exchanges = Exchanges::new(
            registry.try_clone()?,
            parts.exchanges_max,
            stats,
            parts.upstream_tls,
        )?;
        let mut worker = Worker {
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            clock: parts.clock,
            now: parts.clock.now(),
            engine: Engine::new(parts.resolver),
            installed: parts.snapshots.load_full(),
            snapshots: Cache::new(parts.snapshots),
            udp,
            tcp,
            exchanges,
            scratch: Vec::new(),
            drain: parts.drain,
            wakers: parts.wakers,
            phase: Phase::Serving,
        };
        worker
            .engine
            .resolver()
            .install(Arc::clone(&worker.installed));
        Ok(worker)
    }

    /// Turns until it is told to stop.
    ///
    /// # Errors
    ///
    /// The poll fails, which it never does for reasons that pass.
    pub(crate) fn run(mut self) -> io::Result<()> {
        while self.phase != Phase::Done {
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> io::Result<()> {
        self.wait()?;
        self.look_around();
        self.note_events();
        self.engine.handle_mail(self.now);
        self.engine.handle_time(self.now);
        self.transmit();
        self.begin_drain();
        self.serve_datagrams();
        self.receive_replies();
        self.transmit();
        self.tcp.accept(self.now);
        self.tcp.serve(self.now, &mut self.engine);
        self.transmit();
        self.tcp.expire(self.now);
        self.finish_drain();
        Ok(())
    }

    /// Waits for an event or the next deadline; not at all if something is left to do.
    fn wait(&mut self) -> io::Result<()> {
        let is_busy =
            self.udp.has_backlog() || self.tcp.has_backlog() || self.exchanges.has_backlog();
        let timeout = if is_busy {
            Some(Duration::ZERO)
        } else {
            self.next_deadline()
                .map(|due| Duration::from_millis(due.since(self.now)))
        };
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            result => result,
        }
    }

    fn next_deadline(&self) -> Option<Millis> {
        let drained = match self.phase {
            Phase::Draining(deadline) => Some(deadline),
            Phase::Serving | Phase::Done => None,
        };
        [
            self.engine.poll_timeout(),
            self.tcp.next_deadline(),
            self.exchanges.next_deadline(),
            drained,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Reads the clock and takes the newest snapshot.
    fn look_around(&mut self) {
        self.now = self.clock.now();
        let newest = self.snapshots.load();
        if !Arc::ptr_eq(newest, &self.installed) {
            self.installed = Arc::clone(newest);
            self.engine.resolver().install(Arc::clone(&self.installed));
        }
    }

    fn note_events(&mut self) {
        for event in &self.events {
            match EventSource::of(event.token()) {
                EventSource::Waker => {}
                EventSource::Udp(number) => self.udp.mark_readable(number),
                EventSource::Listener(number) => self.tcp.mark_acceptable(number),
                EventSource::Connection(slot) => self.tcp.mark_ready(slot, event),
                EventSource::Exchange(slot) => self.exchanges.mark_ready(slot),
            }
        }
    }

    /// Receives batches from every UDP socket that has any, and answers them.
    fn serve_datagrams(&mut self) {
        for socket in 0..self.udp.len() {
            for _ in 0..UDP_BATCHES_MAX {
                if !self.udp.is_readable(socket) {
                    break;
                }
                self.udp.serve(socket, self.now, &mut self.engine);
                self.transmit();
                if self.udp.is_readable(socket) {
                    self.look_around();
                }
            }
        }
    }

    /// Hands what upstream servers say to the resolver.
    fn receive_replies(&mut self) {
        let (now, engine) = (self.now, &mut self.engine);
        self.exchanges.serve(now, |received| match received {
            Received::Reply(exchange, message) => engine.handle_reply(now, exchange, message),
            Received::Mismatch(exchange) => engine.resolver().handle_mismatch(now, exchange),
            Received::Unreachable(exchange) => engine.handle_unreachable(now, exchange),
        });
    }

    /// Does what the resolver wants done and sends what is in the outbox.
    fn transmit(&mut self) {
        loop {
            self.scratch.clear();
            let Some(transmit) = self.engine.poll_transmit(&mut self.scratch) else {
                break;
            };
            match transmit {
                Transmit::Answer(client) => self.answer(client),
                Transmit::Ask {
                    exchange,
                    server,
                    transport,
                } => self.ask(exchange, &server, transport),
                Transmit::Close(exchange) => self.exchanges.close(self.now, exchange),
                Transmit::Wake(worker) => self.wake(worker),
            }
        }
        self.exchanges.flush();
        self.udp.send();
    }

    /// Sends what is in scratch to a server. Clients that only keep connections open must not take
    /// the descriptors that this needs.
    fn ask(&mut self, exchange: ExchangeId, server: &Arc<Server>, transport: Transport) {
        let (now, message) = (self.now, &self.scratch);
        let mut opened = self
            .exchanges
            .open(now, exchange, server, transport, message);
        if opened.as_ref().is_err_and(is_out_of_descriptors) && self.tcp.make_room() {
            opened = self
                .exchanges
                .open(now, exchange, server, transport, message);
        }
        if opened.is_err() {
            self.engine.handle_unsent(now, exchange);
        }
    }

    fn answer(&mut self, client: Client) {
        match client.transport {
            Transport::Tcp => self.tcp.answer(self.now, client.token, &self.scratch),
            Transport::Udp => self.udp.answer(client, &self.scratch),
        }
    }

    fn wake(&self, worker: usize) {
        if let Some(waker) = self.wakers.get(worker) {
            // One that cannot be woken has ended.
            let _ = waker.wake();
        }
    }

    /// Takes in for the last time once shutdown is wanted.
    fn begin_drain(&mut self) {
        let Some(deadline) = self.drain.deadline() else {
            return;
        };
        let is_first = self.phase == Phase::Serving;
        self.phase = Phase::Draining(deadline);
        if !is_first || deadline <= self.now {
            return;
        }
        self.udp.mark_all_readable();
        for _ in 0..DRAIN_ROUNDS_MAX {
            if !self.udp.has_backlog() {
                break;
            }
            self.serve_datagrams();
        }
        self.udp.stop_receiving();
        self.tcp.drain(self.now, &mut self.engine);
        self.transmit();
    }

    fn finish_drain(&mut self) {
        let Phase::Draining(deadline) = self.phase else {
            return;
        };
        let is_settled = self.engine.pending() == 0 && self.tcp.is_settled();
        if is_settled || deadline <= self.now {
            self.phase = Phase::Done;
        }
    }
}

/// Whether the process or the system has no more file descriptors.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(code, Some(Errno::EMFILE | Errno::ENFILE))
}
