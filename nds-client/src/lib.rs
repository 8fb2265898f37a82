//! What a subscriber of name tables needs before it connects: who it says it is, and how long it
//! waits between attempts.
//!
//! Both parts are pure: nothing here opens a connection, reads a clock or draws random numbers.
//! The session itself (subscribe, ACK, NACK) and the decoding of tables are not in this version.
#![forbid(unsafe_code)]

mod backoff;
mod node;
mod node_error;

pub use backoff::{Backoff, DELAY_FIRST, DELAY_MAX};
pub use node::{CLUSTER_ID_DEFAULT, Node};
pub use node_error::NodeError;
