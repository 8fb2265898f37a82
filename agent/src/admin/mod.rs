//! The admin server: HTTP/1.1 on loopback, for probes, scrapers and the other commands.
//!
//! ```text
//! accept ──▶ one request ──▶ Pages::respond ──▶ one response, then the connection ends
//! ```

mod cache;
mod client;
#[cfg(test)]
mod confirm_tests;
mod look;
mod mesh;
mod pages;
mod query;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::{cache_with_failures, keep_failure};

pub use cache::{CacheAccess, LIMIT_MAX as CACHE_LIMIT_MAX, limit as cache_limit};
pub use client::{AdminError, fetch, post, send};
pub(crate) use mesh::{GENERATION, IMPORT, MIGRATION, SNAPSHOT, SentAddress, VIPS};
pub(crate) use query::with_query;

use crate::inquiry::Questions;
use crate::metrics::Metrics;
use crate::status::Status;
use arc_swap::ArcSwap;
use dns_core::ResolverConfig;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pages::Pages;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Most connections at a time: a kubelet, a few scrapers and people, several times over. Further
/// ones wait in the listener's queue.
pub const CONNECTIONS_MAX: usize = 32;
/// Longest request line with headers, in octets: ten times what a browser sends. A longer one is
/// answered 431.
pub const HEAD_OCTETS_MAX: usize = 8 * 1024;
/// How long a request may take to arrive: on loopback it takes microseconds.
pub const REQUEST_TIME: Duration = Duration::from_secs(5);
/// How long a connection may last in all: enough to write out and send a table of a million
/// names. Its end is the end of the response, whole or not.
pub const CONNECTION_TIME: Duration = Duration::from_secs(30);
/// How long responses that have begun may take when shutting down. The workers have been drained
/// by then; nobody needs the rest of a dump.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// How long accepting rests after an error, such as running out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the admin server tells of.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The state of the process, as it is published.
    pub status: Arc<ArcSwap<Status>>,
    /// Where the control task is asked what is not published.
    pub questions: Questions,
    /// Its metrics.
    pub metrics: Arc<Metrics>,
    /// How its workers answer.
    pub resolver: ResolverConfig,
    /// The cache that they share.
    pub cache: CacheAccess,
}

/// Serves until `shutdown` is done, then finishes the responses that have begun.
///
/// Tables and metrics are written out on blocking threads of the runtime, so it may be the one
/// that the control task runs on.
///
/// The listener should be bound to a loopback address: nobody is asked who they are. Requests for
/// other hosts than this are refused, lest a web page reaches us through a name of its own (DNS
/// rebinding). A GET changes nothing, and what changes something is not done for a web page of any
/// origin.
pub async fn serve(listener: TcpListener, subject: Subject, shutdown: impl Future<Output = ()>) {
    let pages = Arc::new(Pages::new(subject));
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, slot) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(converse(stream, Arc::clone(&pages), slot));
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    // Those that take longer end with the set.
    let _ = timeout(DRAIN_TIME, finished).await;
}

/// The next connection, once there is a slot for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                tracing::warn!(%error, "admin server cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the one request of a connection.
async fn converse(stream: TcpStream, pages: Arc<Pages>, _slot: OwnedSemaphorePermit) {
    let service = service_fn(move |request| {
        let pages = Arc::clone(&pages);
        async move { Ok::<_, Infallible>(pages.respond(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIME)
        .max_buf_size(HEAD_OCTETS_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "admin connection broke"),
        Err(_) => tracing::debug!("admin connection took too long"),
    }
}
