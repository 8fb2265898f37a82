//! The resolver behind a lock, with the waiters, sockets and clock that it needs.

use super::exchange::Exchange;
use crate::resolver::Resolver;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use crate::transmit::Disposition;
use crate::transmit::{Client, ExchangeId, Millis, Transmit, Transport};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

/// Owns the resolver. The lock is held for one input and what comes of it, never across an await.
/// Its tasks know it by a weak reference and are aborted when it is dropped.
pub(super) struct Driver {
    started: Instant,
    stats: Arc<Stats>,
    wake: Arc<Notify>,
    state: Mutex<State>,
}

struct State {
    resolver: Resolver,
    waiters: BTreeMap<u64, oneshot::Sender<Vec<u8>>>,
    last_token: u64,
    exchanges: BTreeMap<ExchangeId, AbortHandle>,
    timer: Option<AbortHandle>,
    due: Option<Millis>,
    tasks: JoinSet<()>,
}

/// What became of a query at once.
enum Asked<'d> {
    Answered(Vec<u8>),
    Pending(Waiter<'d>),
    Dropped,
}

/// A request that waits for its answer. Its place is given back however the wait ends.
struct Waiter<'d> {
    driver: &'d Driver,
    token: u64,
    answer: oneshot::Receiver<Vec<u8>>,
}

impl Driver {
    pub(super) fn new(resolver: Resolver) -> Self {
        Driver {
            started: Instant::now(),
            stats: Arc::clone(resolver.stats()),
            wake: Arc::default(),
            state: Mutex::new(State {
                resolver,
                waiters: BTreeMap::new(),
                last_token: 0,
                exchanges: BTreeMap::new(),
                timer: None,
                due: None,
                tasks: JoinSet::new(),
            }),
        }
    }

    /// The reply to a query, or `None` if it gets none. Dropping the future gives up the wait.
    pub(super) async fn answer(
        self: &Arc<Self>,
        address: SocketAddr,
        transport: Transport,
        message: &[u8],
    ) -> Option<Vec<u8>> {
        match self.ask(address, transport, message) {
            Asked::Answered(octets) => Some(octets),
            Asked::Pending(mut waiter) => (&mut waiter.answer).await.ok(),
            Asked::Dropped => None,
        }
    }

    /// Takes a message that came back on the socket of that exchange.
    pub(super) fn handle_reply(self: &Arc<Self>, exchange: ExchangeId, message: &[u8]) {
        self.drive(|state, now| state.resolver.handle_reply(now, exchange, message));
    }

    /// Takes word that the socket of that exchange failed.
    pub(super) fn handle_unreachable(self: &Arc<Self>, exchange: ExchangeId) {
        self.drive(|state, now| state.resolver.handle_unreachable(now, exchange));
    }

    pub(super) fn install(&self, snapshot: Arc<Snapshot>) {
        self.lock().resolver.install(snapshot);
    }

    pub(super) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    fn ask(
        self: &Arc<Self>,
        address: SocketAddr,
        transport: Transport,
        message: &[u8],
    ) -> Asked<'_> {
        self.drive(|state, now| {
            state.last_token += 1;
            let token = state.last_token;
            let client = Client {
                address,
                transport,
                token,
            };
            let mut octets = Vec::new();
            let disposition = state
                .resolver
                .handle_query(now, client, message, &mut octets);
            match disposition {
                Disposition::Answered => Asked::Answered(octets),
                Disposition::Dropped => Asked::Dropped,
                Disposition::Pending => {
                    let (sender, answer) = oneshot::channel();
                    state.waiters.insert(token, sender);
                    Asked::Pending(Waiter {
                        driver: self,
                        token,
                        answer,
                    })
                }
            }
        })
    }

    /// Hands one input to the resolver, then does all that it wants done.
    fn drive<T>(self: &Arc<Self>, input: impl FnOnce(&mut State, Millis) -> T) -> T {
        let mut state = self.lock();
        let outcome = input(&mut state, self.now());
        self.drain(&mut state);
        self.arm(&mut state);
        while state.tasks.try_join_next().is_some() {}
        outcome
    }

    fn drain(self: &Arc<Self>, state: &mut State) {
        let mut octets = Vec::new();
        while let Some(transmit) = state.resolver.poll_transmit(&mut octets) {
            let octets = core::mem::take(&mut octets);
            match transmit {
                Transmit::Answer(client) => state.deliver(client.token, octets),
                Transmit::Ask {
                    exchange,
                    server,
                    transport,
                } => {
                    let opened = Exchange {
                        driver: Arc::downgrade(self),
                        id: exchange,
                        server,
                        message: octets,
                    };
                    let task = state.tasks.spawn(opened.run(transport));
                    state.exchanges.insert(exchange, task);
                }
                // A driver is alone with its resolver.
                Transmit::Wake(_) => {}
                Transmit::Close(exchange) => {
                    if let Some(task) = state.exchanges.remove(&exchange) {
                        task.abort();
                    }
                }
            }
        }
    }

    /// Sees to it that the timer waits for the resolver's next timeout.
    fn arm(self: &Arc<Self>, state: &mut State) {
        let due = state.resolver.poll_timeout();
        // It has ended if the runtime that it was started on is gone.
        let is_running = state.timer.as_ref().is_some_and(|task| !task.is_finished());
        if due.is_some() && !is_running {
            let timer = keep_time(Arc::downgrade(self), Arc::clone(&self.wake));
            state.timer = Some(state.tasks.spawn(timer));
        } else if due != state.due {
            self.wake.notify_one();
        }
        state.due = due;
    }

    /// Tells the resolver if its timeout has come, and gives the next one.
    fn expire(self: &Arc<Self>) -> Option<Instant> {
        let due = self.drive(|state, now| {
            if state.resolver.poll_timeout().is_some_and(|due| due <= now) {
                state.resolver.handle_timeout(now);
            }
            state.resolver.poll_timeout()
        });
        due.map(|due| self.started + Duration::from_millis(due.0))
    }

    fn now(&self) -> Millis {
        let elapsed = self.started.elapsed().as_millis();
        Millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    /// A request that panicked while it held the lock must not silence all later ones.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes the resolver's timeouts on until the driver is gone.
async fn keep_time(driver: Weak<Driver>, wake: Arc<Notify>) {
    loop {
        let Some(due) = driver.upgrade().map(|driver| driver.expire()) else {
            return;
        };
        match due {
            // Woken or due: either way the resolver is asked again.
            Some(due) => drop(timeout_at(due, wake.notified()).await),
            None => wake.notified().await,
        }
    }
}

impl State {
    /// Hands an answer to its request, unless that was cancelled.
    fn deliver(&mut self, token: u64, octets: Vec<u8>) {
        if let Some(waiter) = self.waiters.remove(&token) {
            // The receiver may be on its way out, about to take its waiter off the list.
            let _ = waiter.send(octets);
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.driver.lock().waiters.remove(&self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ResolverConfig;
    use crate::forward::{ForwardPolicy, Route};
    use crate::table::update::TableUpdate;
    use crate::table::{Completeness, TableWriter};
    use crate::transmit::Random;
    use crate::view::{View, Views};
    use crate::wire::NameBuf;
    use alloc::boxed::Box;
    use core::task::{Context, Waker};

    struct Fixed;

    impl Random for Fixed {
        fn next_u32(&mut self) -> u32 {
            7
        }
    }

    /// All is forwarded to a port of loopback.
    fn driver() -> Arc<Driver> {
        let server = "127.0.0.1:9".parse().unwrap();
        let route = Route::new(NameBuf::parse(".").unwrap(), [server]);
        let nothing = TableUpdate::Replace(Vec::new());
        let snapshot = Snapshot {
            table: TableWriter::new(7).apply(nothing, Completeness::Complete),
            views: Views::single(View::new(NameBuf::parse("cluster.local").unwrap())),
            zones: Vec::new(),
            forward: ForwardPolicy::new([route]),
        };
        let config = ResolverConfig::default();
        let resolver = Resolver::new(config, Arc::new(snapshot), Box::new(Fixed));
        Arc::new(Driver::new(resolver))
    }

    #[test]
    fn a_cancelled_request_leaves_no_waiter() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _entered = runtime.enter();
        let driver = driver();
        let query = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
        let client = "192.0.2.1:53".parse().unwrap();
        let mut answer = Box::pin(driver.answer(client, Transport::Udp, query));
        let mut context = Context::from_waker(Waker::noop());
        assert!(answer.as_mut().poll(&mut context).is_pending());
        assert_eq!(driver.lock().waiters.len(), 1);
        drop(answer);
        assert_eq!(driver.lock().waiters.len(), 0);
    }

    #[test]
    fn a_response_gets_no_answer() {
        let driver = driver();
        let response = b"\0\x07\x81\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
        let client = "192.0.2.1:53".parse().unwrap();
        let mut answer = Box::pin(driver.answer(client, Transport::Udp, response));
        let mut context = Context::from_waker(Waker::noop());
        let polled = answer.as_mut().poll(&mut context);
        assert_eq!(polled, core::task::Poll::Ready(None));
    }
}
