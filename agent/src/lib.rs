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
mod carried;
pub mod cli;
mod clock;
pub mod commands;
pub mod config;
mod config_file;
pub mod control;
mod drain;
mod durable;
mod engine;
pub mod entries;
pub mod generations;
pub mod held;
mod input_file;
mod inputs;
pub mod inquiry;
pub mod insight;
pub mod journal;
mod known_clusters;
pub mod logging;
mod mesh;
mod mesh_page;
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
