//! The cache's knobs, each with unit, default and reason.

/// Limits and times of a [`Cache`](super::Cache).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Octets that all entries may take, their bookkeeping included. Default 32 MiB: some 100,000
    /// answers, what a node asks in a day.
    pub octets_max: usize,
    /// Longest TTL of a positive answer in seconds. Default 86,400: a mistake upstream does not
    /// outlive the day.
    pub ttl_max_secs: u32,
    /// Longest TTL of a negative answer in seconds. Default 1,800 (RFC 2308 section 5 allows up to
    /// three hours).
    pub negative_ttl_max_secs: u32,
    /// Seconds that a failure is kept (RFC 9520 section 3.2: 1 s to 5 min). Default 5.
    pub failure_ttl_secs: u32,
    /// Seconds after its TTL that an answer may be served while upstreams fail; 0 never does.
    /// Default 86,400 (RFC 8767 section 5 suggests one to three days).
    pub stale_max_secs: u32,
    /// TTL in seconds of an answer served stale. Default 30 (RFC 8767 section 5).
    pub stale_ttl_secs: u32,
    /// Seconds during which a failed refresh is not repeated while a stale answer is served.
    /// Default 30 (RFC 8767 section 5).
    pub stale_recheck_secs: u32,
    /// Share of its TTL, in percent, at the end of which an answer that was asked for more than
    /// once is fetched again; 0 never does. Default 10.
    pub prefetch_percent: u8,
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig {
            octets_max: 32 * 1024 * 1024,
            ttl_max_secs: 86_400,
            negative_ttl_max_secs: 1_800,
            failure_ttl_secs: 5,
            stale_max_secs: 86_400,
            stale_ttl_secs: 30,
            stale_recheck_secs: 30,
            prefetch_percent: 10,
        }
    }
}

/// What of a route's answers is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caching {
    /// Whether anything is. Default true.
    pub is_on: bool,
    /// Longest TTL of a positive answer in seconds; `None` leaves it to the cache.
    pub ttl_max_secs: Option<u32>,
    /// Longest TTL of a negative answer in seconds; `None` leaves it to the cache.
    pub negative_ttl_max_secs: Option<u32>,
}

impl Default for Caching {
    fn default() -> Self {
        Caching {
            is_on: true,
            ttl_max_secs: None,
            negative_ttl_max_secs: None,
        }
    }
}
