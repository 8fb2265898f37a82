//! The harness of the end-to-end tests.
//!
//! ```text
//! cases ──▶ callsign (a process) ◀──── client (queries over UDP and TCP)
//!   │            │
//!   │            └──▶ upstream (a scripted DNS server)
//!   └─────▶ dns-core's Resolver, for what no input file can express
//! ```
//!
//! [`Callsign`] runs the built binary, [`Upstream`] is the server it forwards to, [`Question`]
//! asks it, and [`cases`] runs files of cases through the three. [`scenarios`] runs meshes of several
//! clusters, step by step.

pub mod admin;
pub mod callsign;
pub mod cases;
pub mod client;
pub mod command;
pub mod liar;
pub mod lies;
pub mod mesh;
pub mod objects;
pub mod observed;
pub mod records;
pub mod scenarios;
pub mod script;
pub mod upstream;
pub mod walk;

pub use callsign::{Callsign, Launch};
pub use client::{Question, Reply};
pub use liar::Liar;
pub use observed::Observed;
pub use records::{Order, Wanted};
pub use script::Script;
pub use upstream::Upstream;
