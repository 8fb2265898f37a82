//! Objects in, table entries out: Kubernetes and Istio objects of one cluster, istiod's name
//! tables and hosts files become [`HostEntry`](dns_core::HostEntry) values.
//!
//! ```text
//! text ──▶ documents ──▶ ObjectDoc ──▶ compile ──▶ entries ─┐
//! text ──▶ name_table ─────────────────────────▶ entries ─┼─▶ merge ──▶ the table
//! text ──▶ hosts_file ─────────────────────────▶ entries ─┘
//! ```
//!
//! Nothing here opens a file or reads a clock. The caller keeps the last good objects: every
//! [`Problem`] says by its [`Scope`] what has to be served from them.
#![forbid(unsafe_code)]

mod compile;
mod host_addresses;
mod hosts;
mod input;
mod merge;
mod name_table;
mod problem_list;
mod source_text;

pub use compile::{Compiled, Options, WildcardVips, compile};
pub use hosts::{HostsFile, hosts_file};
pub use input::{
    ObjectDoc, ObjectId, ObjectKind, Parsed, Problem, Scope, documents, object_from_value,
};
pub use merge::merge;
pub use name_table::{NameTableFile, name_table};
