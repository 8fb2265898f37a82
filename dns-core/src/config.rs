//! The resolver's knobs, each with unit, default and reason.

/// Limits and times of a [`Resolver`](crate::Resolver). Names, views and routes are data of a
/// [`Snapshot`](crate::Snapshot).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverConfig {
    /// TTL in seconds of records whose entry has none. Default 30, what the Istio agent answers.
    pub ttl_secs: u32,
    /// TTL in seconds of negative answers from the table, and minimum of their SOA. Default 5: a
    /// name that comes up is found soon after.
    pub negative_ttl_secs: u32,
    /// TTL in seconds of answers that name machines rather than virtual addresses
    /// ([`AnswerMode::Endpoints`](crate::AnswerMode)). Default 5: machines come and go.
    pub endpoints_ttl_secs: u32,
    /// Milliseconds from a forwarded question to SERVFAIL. Default 2,000: stub resolvers repeat
    /// their question after 5 s, and most users gave up before.
    pub forward_budget_ms: u64,
    /// Most milliseconds until a silent server is joined by the next one. Default 400: a lost packet
    /// costs less than half a second. A server that is known to answer faster is given less, at
    /// least 200.
    pub forward_retry_ms: u64,
    /// Most messages sent upstream for one question. Default 8, the most there can be: with half of
    /// all messages lost, 99 of 100 questions are answered.
    pub forward_attempts_max: u8,
    /// Most questions waiting for an upstream at a time, per resolver. Default 4,096. At the bound
    /// a question that has waited longer than `forward_jostle_ms` makes room for a new one; if
    /// there is none the new one gets SERVFAIL. The table goes on answering.
    pub forward_pending_max: usize,
    /// Share of `forward_pending_max`, in percent, that the questions of one client address may
    /// take. Default 25: four clients that ask for dead names must agree before others suffer. 127.0.0.1 and
    /// ::1 are exempt: behind them are all programs of a machine, or of a pod.
    pub forward_client_percent: u8,
    /// Milliseconds after which a waiting question may be given up for a new one when there are too
    /// many. Default 200: live servers answer sooner.
    pub forward_jostle_ms: u64,
    /// Milliseconds that a client waits for an upstream before it gets a stale answer, if there is
    /// one. Default 1,800 (RFC 8767 section 5).
    pub stale_after_ms: u64,
    /// Whether letters of names sent over UDP are in random case, to be repeated by the server
    /// (draft-vixie-dnsext-dns0x20). Default true; a server that does not repeat them is asked
    /// over TCP.
    pub forward_random_case: bool,
    /// Whether servers are sent a cookie (RFC 7873). Default true.
    pub forward_cookies: bool,
    /// Milliseconds between the probes of a server that is down. Default 1,000: one packet a
    /// second finds it again soon.
    pub forward_probe_ms: u64,
    /// Most clients joined to one waiting question. Default 256; later ones get SERVFAIL.
    pub forward_waiters_max: usize,
}

impl Default for ResolverConfig {
    fn default() -> Self {
        ResolverConfig {
            ttl_secs: 30,
            negative_ttl_secs: 5,
            endpoints_ttl_secs: 5,
            forward_budget_ms: 2_000,
            forward_retry_ms: 400,
            forward_attempts_max: 8,
            forward_pending_max: 4_096,
            forward_client_percent: 25,
            forward_jostle_ms: 200,
            stale_after_ms: 1_800,
            forward_random_case: true,
            forward_cookies: true,
            forward_probe_ms: 1_000,
            forward_waiters_max: 256,
        }
    }
}
