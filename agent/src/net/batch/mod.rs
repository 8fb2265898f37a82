//! Datagrams in batches, by `recvmmsg` and `sendmmsg` of Linux.
//!
//! ```text
//! ReceiveBatch::receive ─▶ datagrams() ─▶ (message, source, local) ─▶ whoever answers
//!                                                                       │
//! kernel ◀── SendBatch::send ◀── push(to, from) ◀── buffer() ◀──────────┘
//! ```
//!
//! Both keep their memory from call to call. No call here waits, on a blocking socket either.
//! Addresses and control messages are octets, written and read by hand in `address` and
//! `control`, so that `calls` alone is `unsafe`: the two system calls.
//!
//! It is public for the measurements of this workspace, and for no other program.

mod address;
mod calls;
mod control;
mod receive;
mod send;

pub use control::LocalAddress;
pub use receive::{Addresses, Datagram, ReceiveBatch, SlotFit};
pub use send::{SendBatch, SendReport};

/// Most messages of one system call, and most taken from one socket before the others have their
/// turn. 32 is where batching of system calls stops paying, and small enough that nobody waits
/// long.
pub const BATCH_MESSAGES: usize = 32;

/// The result of a system call that no signal interrupted.
pub fn uninterrupted<T>(mut call: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests;
