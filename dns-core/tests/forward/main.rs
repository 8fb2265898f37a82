//! The forwarder in virtual time, against scripted servers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod clients;
mod failover;
mod guards;
mod kept;
mod messages;
mod policies;
mod random_walk;
mod replies;
mod rig;
mod spoofing;
mod trouble;
mod truncation;
mod world;
