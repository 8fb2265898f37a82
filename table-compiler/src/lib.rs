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

mod check;
mod diff;
mod entry_order;
mod hash;
mod health_document;
mod host_addresses;
mod hosts;
mod input;
mod inventory;
mod istio_v1;
mod merge;
mod mesh;
mod name_table;
mod problem_list;
mod snapshot;
mod source_text;
mod vip_import;

pub use check::{CheckId, CheckInput, CheckLine, ServingProcess, Verdict, check};
pub use diff::{Answered, ChangedName, NamedAnswers, TableDiff, named_answers};
pub use hash::{TableHash, table_hash};
pub use health_document::{HealthFile, health_document};
pub use hosts::{HostsFile, hosts_file};
pub use input::{
    ObjectDoc, ObjectId, ObjectKind, Order, OrderKey, Parsed, Problem, Scope, documents,
    object_from_value,
};
pub use inventory::{ExportReason, ExportRow, ServiceInCluster, ServiceRow, exports, services};
pub use istio_v1::{IstioV1Address, IstioV1Service, istio_v1_addresses};
pub use merge::merge;
pub use mesh::{
    Access, Carried, CarriedProduct, Changed, ClientKind, ClusterConfig, ClusterHealth, Compiler,
    Conflict, Credential, Discovery, Explanation, FAILURE_THRESHOLD, GatewayHealth, GatewayState,
    Health, LinkConfig, MemberService, Members, MeshConfig, NAME_GRACE_SECS, NameTemplate,
    ObjectChange, ObjectRef, Outcome, Permission, Probe, Rejected, Stale, Table, WildcardVips,
};
pub use name_table::{NameTableFile, name_table};
pub use snapshot::{ClusterObjects, Recompiled, Snapshot, SnapshotError};
pub use vip_import::{ImportedName, VipMap, VipMapShape, parse_vip_map};
