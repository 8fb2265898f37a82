//! What a worker's sockets count, in the manner of the resolver's [`Stats`](dns_core::Stats): one
//! writer, any reader.

use dns_core::stats::Counter;

macro_rules! net_stats {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// Counters of one worker's sockets.
        #[derive(Debug, Default)]
        pub struct NetStats {
            $($(#[$doc])* pub $field: Counter,)*
        }

        impl NetStats {
            /// Every counter with its field name, in order of declaration.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
                [$((stringify!($field), self.$field.value()),)*].into_iter()
            }
        }
    };
}

net_stats! {
    /// Datagrams received from clients.
    datagrams_received,
    /// Datagrams sent to clients.
    datagrams_sent,
    /// Datagrams dropped because nobody can be answered at port 0.
    datagrams_dropped_port_zero,
    /// Answers dropped because the socket's send buffer was full.
    datagrams_dropped_full,
    /// Answers that the system refused to send, such as to an address without route.
    datagrams_dropped_error,
    /// Errors on receiving datagrams.
    receive_errors,
    /// TCP connections taken.
    tcp_accepted,
    /// TCP connections closed at once because every slot was busy.
    tcp_refused_full,
    /// TCP connections closed at once because their client had enough.
    tcp_refused_client,
    /// Errors on accepting, such as running out of file descriptors.
    tcp_accept_errors,
    /// TCP connections that the client closed.
    tcp_closed_by_client,
    /// TCP connections closed for being idle.
    tcp_closed_idle,
    /// Idle TCP connections closed to make room.
    tcp_closed_evicted,
    /// TCP connections closed because a message took too long to arrive.
    tcp_closed_slow_message,
    /// TCP connections closed because the client does not read its answers.
    tcp_closed_write_stalled,
    /// TCP connections closed for a message of length zero.
    tcp_closed_bad_frame,
    /// TCP connections that broke.
    tcp_closed_error,
    /// TCP connections closed by our shutdown.
    tcp_closed_shutdown,
    /// Sockets opened to upstreams.
    exchanges_opened,
    /// Sockets to upstreams that could not be opened.
    exchange_open_failures,
    /// Datagrams to upstreams that the kernel did not take.
    upstream_datagrams_unsent,
    /// Datagrams from upstreams with the id of no question: broken or guessed.
    upstream_datagrams_mismatched,
    /// Datagrams from upstreams to questions that had ended.
    upstream_datagrams_late,
    /// Datagrams from upstreams dropped for being far larger than we ask for.
    upstream_datagrams_cut,
    /// Questions asked once more because the upstream had closed the connection.
    upstream_asked_again,
    /// TLS connections to upstreams that failed, as for a certificate that is not valid.
    upstream_tls_failures,
    /// Datagrams received in part because they are longer than any query.
    datagrams_cut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_listed_by_name() {
        let stats = NetStats::default();
        stats.tcp_accepted.add(3);
        assert!(stats.iter().any(|counter| counter == ("tcp_accepted", 3)));
        assert_eq!(stats.iter().map(|(_, count)| count).sum::<u64>(), 3);
    }
}
