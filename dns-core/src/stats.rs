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
        // Two cache lines: some processors fetch them in pairs, and what another thread writes
        // must be in neither.
        #[derive(Debug, Default)]
        #[repr(align(128))]
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
    /// Questions asked again over TCP after a truncated answer.
    forward_tcp_retries,
}
