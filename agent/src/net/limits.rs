//! Limits of sockets, each with unit, default and reason.

/// Limits of one worker's sockets. Limits of questions are the resolver's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetLimits {
    /// Most client TCP connections open at a time, per worker. Default 1,024: with a file
    /// descriptor each they fit the usual limits. At the bound the connection that has been idle
    /// the longest makes room; if none is idle the new one is closed at once.
    pub tcp_connections_max: usize,
    /// Most TCP connections of one client address, per worker. Default 64: no client needs more,
    /// and it takes many to fill the table. Loopback is exempt: there every program of the
    /// machine shares one address.
    pub tcp_connections_per_client_max: usize,
    /// Milliseconds that a connection may be idle. Default 10,000, in the range of RFC 7766
    /// section 6.2.3.
    pub tcp_idle_ms: u64,
    /// Share of `tcp_connections_max`, in percent, from which on `tcp_idle_pressed_ms` holds.
    /// Default 75: time is left to free slots before new clients are turned away.
    pub tcp_pressed_percent: usize,
    /// Milliseconds that a connection may be idle when slots run short. Default 1,000: enough
    /// for a second question of the same lookup.
    pub tcp_idle_pressed_ms: u64,
    /// Milliseconds from the first octet of a message to its last. Default 2,000: a message fits
    /// in a few segments; who takes longer holds the slot on purpose.
    pub tcp_message_ms: u64,
    /// Milliseconds without progress after which a connection with unsent answers is closed.
    /// Default 2,000: the client has stopped reading.
    pub tcp_write_stall_ms: u64,
    /// Most queries of one connection waiting for an upstream. Default 128; at the bound reading
    /// pauses, nothing is lost.
    pub tcp_in_flight_max: usize,
    /// Unsent octets of one connection at which reading pauses. Default 65,536, the size of the
    /// largest message: a client that asks faster than it reads is slowed down.
    pub tcp_unsent_pause_octets: usize,
    /// Unsent octets of one connection at which it is closed, since answers to queries in flight
    /// still come after reading paused. Default 1 MiB, sixteen of the largest messages.
    pub tcp_unsent_max_octets: usize,
    /// Milliseconds that accepting pauses after an error such as EMFILE. Default 100: descriptors
    /// come free no sooner, and asking again at once would burn a core.
    pub accept_pause_ms: u64,
}

impl Default for NetLimits {
    fn default() -> Self {
        NetLimits {
            tcp_connections_max: 1_024,
            tcp_connections_per_client_max: 64,
            tcp_idle_ms: 10_000,
            tcp_pressed_percent: 75,
            tcp_idle_pressed_ms: 1_000,
            tcp_message_ms: 2_000,
            tcp_write_stall_ms: 2_000,
            tcp_in_flight_max: 128,
            tcp_unsent_pause_octets: 64 * 1024,
            tcp_unsent_max_octets: 1024 * 1024,
            accept_pause_ms: 100,
        }
    }
}
