//! The built binary against servers that lie, fail, lose or say nothing, and against clients that
//! take more than their share. Each claim is about what a client gets, how often a server was
//! asked, and whether good names are answered afterwards. The ids are those of the README.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod broken;
mod cache;
mod cookies;
mod crowds;
mod cuts;
mod failing;
mod late;
mod poison;
mod spoofs;
mod stale;
mod streams;
mod world;
