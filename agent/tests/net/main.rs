//! The data plane over loopback: real sockets, a small table, and an upstream that the test plays.

#![allow(
    clippy::unwrap_used,
    reason = "everything here is a test or a helper of one"
)]

mod drain;
mod messages;
mod tcp;
mod udp;
mod world;
