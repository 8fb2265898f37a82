//! What there is in all clusters, as lists: services, and what clusters export.
//!
//! ```text
//! Compiler (objects, tables) ─▶ ClusterFacts ─▶ services, exports, and the checks
//! ```

mod exports;
mod facts;
mod policy;
mod services;

pub(crate) use exports::export_names;
#[cfg(test)]
mod tests;

pub use exports::{ExportReason, ExportRow, exports};
pub use services::{ServiceInCluster, ServiceRow, services};

pub(crate) use facts::{ClusterFacts, Readiness};
pub(crate) use policy::{change_rules, restricts_publishing};
