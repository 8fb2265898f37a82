//! Objects in, table entries out: Kubernetes and Istio objects of one cluster and istiod's name
//! tables become [`HostEntry`](dns_core::HostEntry) values, hosts files
//! [`HostList`](dns_core::HostList)s.
//!
//! ```text
//! text ──▶ documents ──▶ ObjectDoc ──▶ compile ──▶ entries ─┐
//! text ──▶ name_table ─────────────────────────▶ entries ─┴─▶ merge ──▶ entries ─┐
//! text ──▶ hosts_file ─────────────────────────────────────────────────▶ list ─┴─▶ the table
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
