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
    /// Milliseconds until a silent server is joined by the next one. Default 400: a lost packet
    /// costs less than half a second, and four tries fit in the budget.
    pub forward_retry_ms: u64,
    /// Most messages sent upstream for one question. Default 4, so that a question is never a
    /// packet cannon; never over 8.
    pub forward_attempts_max: u8,
    /// Most questions waiting for an upstream at a time, per resolver. Default 4,096: past it new
    /// ones get SERVFAIL and the table goes on answering.
    pub forward_pending_max: usize,
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
            forward_attempts_max: 4,
            forward_pending_max: 4_096,
            forward_waiters_max: 256,
        }
    }
}
