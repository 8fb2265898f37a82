//! The workers of a process: started together, drained together.

use crate::drain::Drain;
use crate::engine::SeededRandom;
use crate::net::{ListenerSet, Listeners, NetLimits, NetStats, UpstreamTls};
use crate::worker::{Clock, Worker, WorkerParts, WorkerPoll};
use arc_swap::ArcSwap;
use dns_core::{CacheConfig, Resolver, ResolverConfig, Shared, Snapshot, Stats};
use mio::Waker;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long questions in flight may take when shutting down, if nobody says otherwise. More than
/// twice the time that a forwarded question has, and less than the 30 s after which Kubernetes
/// kills.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// What workers are made with.
pub struct WorkerOptions {
    /// Knobs of each worker's resolver.
    pub resolver: ResolverConfig,
    /// Limits of each worker's sockets.
    pub limits: NetLimits,
    /// The cache that all workers share; none leaves it off.
    pub cache: Option<CacheConfig>,
    /// What is answered from. A new snapshot stored here is used from a worker's next turn on.
    pub snapshots: Arc<ArcSwap<Snapshot>>,
    /// Whom to trust to name upstream servers that are spoken to over TLS. With none they are
    /// unreachable.
    pub upstream_tls: Option<UpstreamTls>,
    /// Told by each worker's thread as its last act. A process that goes on without a worker
    /// leaves the clients that the kernel gives it unanswered.
    pub on_exit: Option<ExitListener>,
}

/// Whoever wants to know that a worker has ended, and how.
pub type ExitListener = Arc<dyn Fn(WorkerExit) + Send + Sync>;

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerExit {
    /// It was told to.
    Stopped,
    /// Its poll failed, or it panicked; the log has more.
    Died,
}

/// Running workers.
pub struct Workers {
    clock: Clock,
    drain: Arc<Drain>,
    wakers: Arc<[Waker]>,
    shared: Arc<Shared>,
    stats: Vec<Arc<Stats>>,
    net_stats: Vec<Arc<NetStats>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Workers {
    /// Starts a thread for each set of sockets.
    ///
    /// # Errors
    ///
    /// The system has no more threads, descriptors or randomness. Nothing keeps running then.
    pub fn start(listeners: Listeners, options: WorkerOptions) -> io::Result<Self> {
        let sets = listeners.into_sets();
        let mut polls = Vec::new();
        let mut wakers = Vec::new();
        for _ in &sets {
            let (poll, waker) = WorkerPoll::new()?;
            polls.push(poll);
            wakers.push(waker);
        }
        let seed = SeededRandom::from_system()?.next_u64();
        let mut workers = Workers {
            clock: Clock::start(),
            drain: Arc::default(),
            wakers: wakers.into(),
            shared: Arc::new(Shared::new(sets.len(), options.cache.clone(), seed)),
            stats: Vec::new(),
            net_stats: Vec::new(),
            threads: Mutex::default(),
        };
        let mut ready = Vec::new();
        for (number, (listeners, poll)) in sets.into_iter().zip(polls).enumerate() {
            ready.push(workers.prepare(number, listeners, poll, &options)?);
        }
        for (number, worker) in ready.into_iter().enumerate() {
            workers.spawn(number, worker, options.on_exit.clone())?;
        }
        Ok(workers)
    }

    /// Whether every worker is running.
    pub fn is_alive(&self) -> bool {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.len() == self.wakers.len() && threads.iter().all(|thread| !thread.is_finished())
    }

    /// Counters of each worker's resolver.
    pub fn stats(&self) -> Vec<Arc<Stats>> {
        self.stats.clone()
    }

    /// Counters of each worker's sockets.
    pub fn net_stats(&self) -> Vec<Arc<NetStats>> {
        self.net_stats.clone()
    }

    /// Wakes all workers: one that has no clients takes the newest snapshot, too, and lets the one
    /// before it go.
    pub fn wake(&self) {
        for waker in self.wakers.iter() {
            // A worker that cannot be woken has ended.
            let _ = waker.wake();
        }
    }

    /// Accepts and receives nothing new, answers what has been taken in, and returns when that is
    /// done or `grace` is over. A second call, from another thread, ends the first one's grace.
    ///
    /// UDP sockets stay open until then since answers leave by them; datagrams that arrive
    /// meanwhile are lost, as on any restart.
    pub fn shutdown(&self, grace: Duration) {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        self.drain.request(self.clock.now().plus(grace_ms));
        self.wake();
        let threads = {
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *threads)
        };
        for thread in threads {
            // How a worker ended has been told.
            let _ = thread.join();
        }
    }

    /// What the workers share: the cache, and the questions in flight.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The clock that times of what they share are of.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    fn prepare(
        &mut self,
        number: usize,
        listeners: ListenerSet,
        poll: WorkerPoll,
        options: &WorkerOptions,
    ) -> io::Result<Worker> {
        let resolver = Resolver::with_shared(
            options.resolver.clone(),
            options.snapshots.load_full(),
            Box::new(SeededRandom::from_system()?),
            Arc::clone(&self.shared),
            number,
        );
        let stats = Arc::new(NetStats::default());
        self.stats.push(Arc::clone(resolver.stats()));
        self.net_stats.push(Arc::clone(&stats));
        Worker::new(WorkerParts {
            poll,
            listeners,
            resolver,
            snapshots: Arc::clone(&options.snapshots),
            limits: options.limits.clone(),
            exchanges_max: exchanges_max(&options.resolver),
            upstream_tls: options.upstream_tls.clone(),
            stats,
            drain: Arc::clone(&self.drain),
            wakers: Arc::clone(&self.wakers),
            clock: self.clock,
        })
    }

    fn spawn(
        &self,
        number: usize,
        worker: Worker,
        on_exit: Option<ExitListener>,
    ) -> io::Result<()> {
        let run = move || {
            let mut notice = ExitNotice {
                exit: WorkerExit::Died,
                on_exit,
            };
            match worker.run() {
                Ok(()) => notice.exit = WorkerExit::Stopped,
                Err(error) => tracing::error!(worker = number, %error, "worker cannot go on"),
            }
        };
        let thread = thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(run)?;
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shutdown(Duration::ZERO);
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("count", &self.wakers.len())
            .finish_non_exhaustive()
    }
}

/// Every question that may wait, with every server it may be sent to: the resolver's own bounds
/// come first, this one is against sockets that leak.
fn exchanges_max(resolver: &ResolverConfig) -> usize {
    resolver
        .forward_pending_max
        .saturating_mul(usize::from(resolver.forward_attempts_max).max(1))
}

/// Tells how a thread ended, even if by a panic.
struct ExitNotice {
    exit: WorkerExit,
    on_exit: Option<ExitListener>,
}

impl Drop for ExitNotice {
    fn drop(&mut self) {
        if let Some(on_exit) = &self.on_exit {
            on_exit(self.exit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_worker_that_panics_is_told_as_dead() {
        let (ended, exits) = channel();
        let on_exit: ExitListener = Arc::new(move |exit| ended.send(exit).unwrap_or_default());
        let panicking = thread::spawn(move || {
            let _notice = ExitNotice {
                exit: WorkerExit::Died,
                on_exit: Some(on_exit),
            };
            panic!("a fault of ours");
        });
        assert!(panicking.join().is_err());
        assert_eq!(exits.recv(), Ok(WorkerExit::Died));
    }
}
