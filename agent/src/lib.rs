//! The callsign process: what the binary does, as a library, so that tests can run its parts.
//!
//! ```text
//! cli ─▶ config ─▶ app ─▶ control ─▶ Snapshot ─▶ workers ◀─▶ net
//!                   │        └──▶ Status ─▶ admin
//!                   └─ signals, drain
//! ```

pub mod admin;
pub mod app;
mod banner;
pub mod cli;
mod clock;
pub mod commands;
pub mod config;
mod config_file;
pub mod control;
mod drain;
mod durable;
mod engine;
mod entries;
mod input_file;
pub mod journal;
pub mod logging;
pub mod metrics;
pub mod net;
pub mod output;
pub mod pods_file;
mod priority;
pub mod problem;
mod reload;
pub mod resolv_conf;
mod retired;
mod signals;
mod small_files;
pub mod sources;
pub mod status;
pub mod upstream_names;
mod vips;
mod watched;
mod worker;
pub mod workers;
pub mod yaml;
