//! Which field of [`Stats`](dns_core::Stats) and [`NetStats`](crate::net::NetStats) is which
//! series.

use super::Counts;
use super::family::{Family, Labels, Series};
use crate::status::Status;
use std::borrow::Cow;

/// All counters.
pub(super) fn of(status: &Status, counts: &Counts) -> impl Iterator<Item = Family> {
    let publishes = Family {
        name: "callsign_table_publishes",
        help: "Tables published since the start.",
        series: Series::Counter(vec![(Vec::new(), status.publishes)]),
    };
    let counted = COUNTERS.iter().map(|counter| counter.family(counts));
    std::iter::once(publishes).chain(counted)
}

/// A metric made of counted fields.
struct Counter {
    name: &'static str,
    help: &'static str,
    series: &'static [(Label, &'static [&'static str])],
}

/// Labels of a series, and after it the fields whose sum it is.
type Label = &'static [(&'static str, &'static str)];

impl Counter {
    fn family(&self, counts: &Counts) -> Family {
        let sum = |fields: &[&str]| fields.iter().filter_map(|field| counts.get(field)).sum();
        let series = self
            .series
            .iter()
            .map(|(labels, fields)| (labels_of(labels), sum(fields)));
        Family {
            name: self.name,
            help: self.help,
            series: Series::Counter(series.collect()),
        }
    }
}

fn labels_of(label: Label) -> Labels {
    label
        .iter()
        .map(|(name, value)| (*name, Cow::Borrowed(*value)))
        .collect()
}

const COUNTERS: &[Counter] = &[
    Counter {
        name: "callsign_dns_requests",
        help: "Queries received.",
        series: &[
            (&[("transport", "udp")], &["queries_udp"]),
            (&[("transport", "tcp")], &["queries_tcp"]),
        ],
    },
    Counter {
        name: "callsign_dns_responses",
        help: "Responses made without asking an upstream.",
        series: &[
            (&[("source", "table"), ("outcome", "hit")], &["table_hits"]),
            (
                &[("source", "table"), ("outcome", "nodata")],
                &["table_nodata"],
            ),
            (
                &[("source", "table"), ("outcome", "nxdomain")],
                &["table_nxdomain"],
            ),
            (
                &[("source", "table"), ("outcome", "not_ready")],
                &["not_ready"],
            ),
            (
                &[("source", "query"), ("outcome", "formerr")],
                &["refused_formerr"],
            ),
            (
                &[("source", "query"), ("outcome", "notimp")],
                &["refused_notimp"],
            ),
            (
                &[("source", "query"), ("outcome", "badvers")],
                &["refused_badvers"],
            ),
            (
                &[("source", "query"), ("outcome", "refused")],
                &["refused_policy"],
            ),
            (
                &[("source", "view"), ("outcome", "refused")],
                &["refused_no_view"],
            ),
            (
                &[("source", "forward"), ("outcome", "refused")],
                &["refused_no_upstream"],
            ),
        ],
    },
    Counter {
        name: "callsign_dns_dropped",
        help: "Messages that deserve no response: no header, or themselves responses.",
        series: &[(&[], &["dropped"])],
    },
    Counter {
        name: "callsign_dns_truncated",
        help: "Responses cut with TC.",
        series: &[(&[], &["truncated"])],
    },
    Counter {
        name: "callsign_forward_questions",
        help: "Questions for upstreams by what became of them.",
        series: &[
            (&[("outcome", "answered")], &["forward_answered"]),
            (&[("outcome", "failed")], &["forward_failed"]),
            (
                &[("outcome", "shed")],
                &["forward_shed", "forward_client_shed", "forward_route_shed"],
            ),
        ],
    },
    Counter {
        name: "callsign_forward_shed",
        help: "Questions not asked, or given up, because too many waited.",
        series: &[
            (&[("reason", "full")], &["forward_shed"]),
            (&[("reason", "client_share")], &["forward_client_shed"]),
            (&[("reason", "route_full")], &["forward_route_shed"]),
            (&[("reason", "jostled")], &["forward_jostled"]),
        ],
    },
    Counter {
        name: "callsign_cache_hits",
        help: "Queries answered out of the cache.",
        series: &[
            (&[("kind", "fresh")], &["cache_hits"]),
            (&[("kind", "stale")], &["cache_stale"]),
            (&[("kind", "failure")], &["cache_failures"]),
        ],
    },
    Counter {
        name: "callsign_cache_prefetches",
        help: "Questions asked to renew a popular answer before its end.",
        series: &[(&[], &["forward_prefetched"])],
    },
    Counter {
        name: "callsign_forward_started",
        help: "Questions begun to be asked upstream.",
        series: &[(&[], &["forwarded"])],
    },
    Counter {
        name: "callsign_forward_joined",
        help: "Queries that wait for an equal question asked before.",
        series: &[(&[], &["forward_joined"])],
    },
    Counter {
        name: "callsign_forward_sent",
        help: "Messages sent upstream, repeats included.",
        series: &[(&[], &["forward_sent"])],
    },
    Counter {
        name: "callsign_forward_timeouts",
        help: "Attempts that an upstream did not answer in time.",
        series: &[(&[], &["forward_timeouts"])],
    },
    Counter {
        name: "callsign_forward_tcp_retries",
        help: "Questions asked again over TCP, of servers otherwise asked over UDP.",
        series: &[(&[], &["forward_tcp_retries"])],
    },
    Counter {
        name: "callsign_forward_discarded",
        help: "Messages from upstreams that were not used.",
        series: &[
            (&[("reason", "mismatched")], &["forward_mismatched"]),
            (&[("reason", "bad")], &["forward_bad"]),
            (&[("reason", "case_folded")], &["forward_case_folded"]),
            (&[("reason", "bad_cookie")], &["forward_bad_cookie"]),
        ],
    },
    Counter {
        name: "callsign_forward_cookies_missing",
        help: "Messages without the cookie that their server is known to send.",
        series: &[(&[], &["forward_cookie_missing"])],
    },
    Counter {
        name: "callsign_forward_guarded",
        help: "Questions asked over TCP because somebody may have been guessing their answer.",
        series: &[(&[], &["forward_mismatch_tcp"])],
    },
    Counter {
        name: "callsign_forward_next",
        help: "Questions that went on to the next of their route.",
        series: &[(&[], &["forward_next"])],
    },
    Counter {
        name: "callsign_forward_servers_down",
        help: "Times that a server was found to be down.",
        series: &[(&[], &["forward_servers_down"])],
    },
    Counter {
        name: "callsign_forward_all_down",
        help: "Questions failed at once because all servers of the route were down.",
        series: &[(&[], &["forward_all_down"])],
    },
    Counter {
        name: "callsign_forward_probes",
        help: "Probes sent to servers that did not answer.",
        series: &[(&[], &["forward_probes"])],
    },
    Counter {
        name: "callsign_net_datagrams",
        help: "Datagrams from and to clients.",
        series: &[
            (&[("direction", "received")], &["datagrams_received"]),
            (&[("direction", "sent")], &["datagrams_sent"]),
        ],
    },
    Counter {
        name: "callsign_net_datagrams_dropped",
        help: "Datagrams that could not be answered.",
        series: &[
            (&[("reason", "port_zero")], &["datagrams_dropped_port_zero"]),
            (&[("reason", "buffer_full")], &["datagrams_dropped_full"]),
            (&[("reason", "send_error")], &["datagrams_dropped_error"]),
        ],
    },
    Counter {
        name: "callsign_net_datagrams_cut",
        help: "Datagrams received in part because they are longer than any query.",
        series: &[(&[], &["datagrams_cut"])],
    },
    Counter {
        name: "callsign_net_receive_errors",
        help: "Errors on receiving datagrams.",
        series: &[(&[], &["receive_errors"])],
    },
    Counter {
        name: "callsign_net_tcp_accepted",
        help: "TCP connections taken.",
        series: &[(&[], &["tcp_accepted"])],
    },
    Counter {
        name: "callsign_net_tcp_refused",
        help: "TCP connections closed at once.",
        series: &[
            (&[("reason", "full")], &["tcp_refused_full"]),
            (&[("reason", "client_limit")], &["tcp_refused_client"]),
        ],
    },
    Counter {
        name: "callsign_net_tcp_accept_errors",
        help: "Errors on accepting TCP connections.",
        series: &[(&[], &["tcp_accept_errors"])],
    },
    Counter {
        name: "callsign_net_tcp_closed",
        help: "TCP connections ended.",
        series: &[
            (&[("reason", "client")], &["tcp_closed_by_client"]),
            (&[("reason", "idle")], &["tcp_closed_idle"]),
            (&[("reason", "evicted")], &["tcp_closed_evicted"]),
            (&[("reason", "slow_message")], &["tcp_closed_slow_message"]),
            (
                &[("reason", "write_stalled")],
                &["tcp_closed_write_stalled"],
            ),
            (&[("reason", "bad_frame")], &["tcp_closed_bad_frame"]),
            (&[("reason", "error")], &["tcp_closed_error"]),
            (&[("reason", "shutdown")], &["tcp_closed_shutdown"]),
        ],
    },
    Counter {
        name: "callsign_net_upstream_sockets",
        help: "Sockets to upstreams.",
        series: &[
            (&[("outcome", "opened")], &["exchanges_opened"]),
            (&[("outcome", "failed")], &["exchange_open_failures"]),
        ],
    },
    Counter {
        name: "callsign_net_upstream_datagrams_dropped",
        help: "Datagrams to and from upstreams that were dropped.",
        series: &[
            (&[("reason", "unsent")], &["upstream_datagrams_unsent"]),
            (
                &[("reason", "mismatched")],
                &["upstream_datagrams_mismatched"],
            ),
            (&[("reason", "late")], &["upstream_datagrams_late"]),
            (&[("reason", "cut")], &["upstream_datagrams_cut"]),
        ],
    },
    Counter {
        name: "callsign_net_upstream_asked_again",
        help: "Questions asked once more because an upstream closed its connection.",
        series: &[(&[], &["upstream_asked_again"])],
    },
    Counter {
        name: "callsign_net_upstream_tls_failures",
        help: "TLS connections to upstreams that failed.",
        series: &[(&[], &["upstream_tls_failures"])],
    },
    // The Istio agent's own names, for dashboards that read them.
    Counter {
        name: "istio_agent_dns_requests",
        help: "Queries received.",
        series: &[(&[], &["queries_udp", "queries_tcp"])],
    },
    Counter {
        name: "istio_agent_dns_upstream_requests",
        help: "Questions forwarded.",
        series: &[(&[], &["forwarded"])],
    },
    Counter {
        name: "istio_agent_dns_upstream_failures",
        help: "Questions forwarded that no upstream answered.",
        series: &[(&[], &["forward_failed"])],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::NetStats;
    use dns_core::Stats;
    use std::collections::BTreeSet;

    #[test]
    fn every_counted_field_is_a_series_and_every_series_a_field() {
        let stats = Stats::default();
        let net_stats = NetStats::default();
        let fields = || stats.iter().chain(net_stats.iter()).map(|(field, _)| field);
        let counted: BTreeSet<_> = fields().collect();
        assert_eq!(counted.len(), fields().count(), "a name in both");
        let named: BTreeSet<_> = COUNTERS
            .iter()
            .flat_map(|counter| counter.series)
            .flat_map(|(_, fields)| *fields)
            .copied()
            .collect();
        assert_eq!(named, counted);
    }
}
