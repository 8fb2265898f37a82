//! What a resolver counts: plain fields, no exporter.
//!
//! One resolver writes, anyone may read: a counter is added to with a load and a store, so the
//! writer pays no locked instruction.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter with one writer.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one. Only the owner of the resolver may call it.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds `count`. Only the owner of the resolver may call it.
    pub fn add(&self, count: u64) {
        self.0
            .store(self.0.load(Relaxed).wrapping_add(count), Relaxed);
    }

    /// The count so far.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

macro_rules! stats {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// Counters of one resolver.
        #[derive(Debug, Default)]
        pub struct Stats {
            $($(#[$doc])* pub $field: Counter,)*
        }

        impl Stats {
            /// Every counter with its field name, in order of declaration.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
                [$((stringify!($field), self.$field.value()),)*].into_iter()
            }
        }
    };
}

stats! {
    /// Queries over UDP.
    queries_udp,
    /// Queries over TCP.
    queries_tcp,
    /// Messages dropped without reply: no header, or a response.
    dropped,
    /// Queries answered FORMERR.
    refused_formerr,
    /// Queries answered NOTIMP.
    refused_notimp,
    /// Queries answered BADVERS.
    refused_badvers,
    /// Queries refused for their class or as transfers.
    refused_policy,
    /// Queries refused because no view fits the client.
    refused_no_view,
    /// Queries refused because there is no upstream for the name.
    refused_no_upstream,
    /// Positive answers from the table.
    table_hits,
    /// Answers without data for names the table or a zone has.
    table_nodata,
    /// Answers NXDOMAIN inside our zones.
    table_nxdomain,
    /// Answers SERVFAIL because the table is not complete yet.
    not_ready,
    /// Answers cut with TC.
    truncated,
    /// Questions forwarded.
    forwarded,
    /// Queries that joined a waiting question.
    forward_joined,
    /// Messages sent upstream, retries included.
    forward_sent,
    /// Forwarded questions that got an answer.
    forward_answered,
    /// Forwarded questions that ended in SERVFAIL.
    forward_failed,
    /// Questions not forwarded because too many were waiting.
    forward_shed,
    /// Upstream messages that answered nothing we asked.
    forward_mismatched,
    /// Upstream messages that could not be used.
    forward_bad,
    /// Attempts that a server did not answer in time.
    forward_timeouts,
    /// Questions asked again over TCP, of servers otherwise asked over UDP.
    forward_tcp_retries,
    /// Fresh answers out of the cache.
    cache_hits,
    /// Answers out of the cache whose time was over.
    cache_stale,
    /// Answers SERVFAIL for failures out of the cache.
    cache_failures,
    /// Questions asked to renew a popular answer in the cache.
    forward_prefetched,
    /// Questions answered SERVFAIL at once because all servers of the route were down.
    forward_all_down,
    /// Times that a server was found to be down.
    forward_servers_down,
    /// Probes sent to servers that did not answer.
    forward_probes,
    /// Questions given up early to make room for others.
    forward_jostled,
    /// Questions not forwarded because their client had too many waiting.
    forward_client_shed,
    /// Questions not forwarded because too many of their route were waiting.
    forward_route_shed,
    /// Questions that went on to another route.
    forward_next,
    /// Questions asked over TCP because somebody may have been guessing their answer.
    forward_mismatch_tcp,
    /// Upstream answers that did not repeat the case of the name.
    forward_case_folded,
    /// Upstream answers without the cookie that the server is known to send.
    forward_cookie_missing,
    /// Upstream answers that asked for another cookie.
    forward_bad_cookie,
}
