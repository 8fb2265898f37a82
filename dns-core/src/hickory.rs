//! A [`Resolver`] inside a hickory server: feature `hickory-server`, off by default, brings tokio.
//!
//! ```text
//! hickory Server ──▶ HickoryHandler ──▶ Driver ──▶ Resolver
//!       ▲                  │              │ ▲
//!       └── MessageResponse┘     Exchange ┴─┘ a task with a socket of its own
//! ```
//!
//! For those who embed hickory-server already: it keeps the listeners, the resolver says what is
//! answered. One lock is around one resolver, so it does not scale over cores as a resolver for
//! each worker does, and hickory decodes and encodes every message once more.
//!
//! What that second encoding changes: the records of forwarded answers are rebuilt, with targets
//! of SRV records in lower case. A forwarded answer that hickory cannot read becomes SERVFAIL.
//! What hickory answers or drops before its handler is asked stays as hickory has it: messages it
//! cannot read, responses, denied networks.

mod driver;
mod exchange;
mod reply;

use crate::resolver::Resolver;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use crate::transmit::Transport;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::SocketAddr;
use driver::Driver;
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use reply::Reply;

/// Answers the requests of a hickory server from a [`Resolver`].
///
/// A clone is another handle on the same resolver: give one to the server and keep one for
/// [`HickoryHandler::install`] and [`HickoryHandler::stats`]. With the last of them go its tasks
/// and upstream sockets.
///
/// Requests must be handled inside a tokio runtime with I/O and time enabled. Questions waiting
/// for an upstream are bounded by the resolver's own `forward_pending_max` and
/// `forward_waiters_max`, their sockets by `forward_attempts_max` for each; a server that forwards
/// much needs as many open files, or a lower bound.
#[derive(Clone)]
pub struct HickoryHandler {
    driver: Arc<Driver>,
}

impl HickoryHandler {
    /// A handler that owns `resolver`. Nothing runs before the first request.
    pub fn new(resolver: Resolver) -> Self {
        let driver = Arc::new(Driver::new(resolver));
        HickoryHandler { driver }
    }

    /// Answers from `snapshot` from the next query on.
    pub fn install(&self, snapshot: Arc<Snapshot>) {
        self.driver.install(snapshot);
    }

    /// The resolver's counters; they may be read from any thread.
    pub fn stats(&self) -> &Arc<Stats> {
        self.driver.stats()
    }
}

#[async_trait::async_trait]
impl RequestHandler for HickoryHandler {
    /// Answers the request. One that gets no answer, because it has no header or is a response
    /// itself, is not replied to; hickory is told SERVFAIL, its own word for a reply not sent.
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        response_handle: R,
    ) -> ResponseInfo {
        let (client, transport) = (canonical(request.src()), transport_of(request));
        let message = request.as_slice();
        let Some(octets) = self.driver.answer(client, transport, message).await else {
            return reply::unsent(request);
        };
        match Reply::read(&octets, request) {
            Ok(reply) => reply.send(request, response_handle).await,
            Err(_) => reply::send_failure(request, response_handle).await,
        }
    }
}

/// The address as views have it: a socket for both families shows IPv4 clients as IPv6 ones.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// TLS, HTTPS and QUIC carry messages of any length, as TCP does.
fn transport_of(request: &Request) -> Transport {
    if request.protocol().is_datagram() {
        Transport::Udp
    } else {
        Transport::Tcp
    }
}
