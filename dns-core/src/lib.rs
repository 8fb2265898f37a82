//! A sans-IO DNS resolver for service meshes: answers names from a [`NameTable`], forwards the rest.
//!
//! ```text
//! TableUpdate ─▶ TableWriter ─▶ NameTable ─┐
//!                      views, zones, routes ┴─▶ Snapshot ─▶ Resolver ◀─▶ octets, and the time
//! ```
//!
//! It has no clock, socket, task or randomness of its own. Whoever owns those calls it:
//!
//! 1. build a [`Snapshot`] and a [`Resolver`];
//! 2. hand in what happens: [`Resolver::handle_query`], [`Resolver::handle_reply`],
//!    [`Resolver::handle_unreachable`], [`Resolver::handle_timeout`], each with the time;
//! 3. after each input drain [`Resolver::poll_transmit`] and do what it says;
//! 4. wait for the next input, or until [`Resolver::poll_timeout`].
//!
//! A new table is a new snapshot, given to [`Resolver::install`]. The example `embed` is all of it
//! in forty lines.
//!
//! Virtual addresses for names that have none are allotted by [`vip`], before a table is built.
//!
//! # Features
//!
//! - `std` (default): the standard library in dependencies.
//! - `hickory-server`: `HickoryHandler`, with which a hickory server hosts a resolver; brings tokio.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod answer;
pub mod cache;
pub mod config;
mod decide;
mod fast;
pub mod forward;
#[cfg(feature = "hickory-server")]
pub mod hickory;
mod host;
pub mod locality;
pub mod query;
pub mod question;
pub mod reply;
pub mod resolver;
pub mod search;
pub mod server;
pub mod shared;
pub mod snapshot;
pub mod stats;
mod sync;
pub mod table;
pub mod transmit;
pub mod view;
pub mod vip;
pub mod wire;

pub use cache::{Cache, CacheConfig, Caching};
pub use config::ResolverConfig;
pub use forward::{ForwardPolicy, Next, Route, Strategy};
pub use host::{answered_addresses, answered_ttl_secs, virtual_addresses};
pub use locality::Locality;
pub use resolver::Resolver;
pub use server::{Protocol, Server};
pub use shared::Shared;
pub use snapshot::Snapshot;
pub use stats::Stats;
pub use table::update::{
    AddressOrigin, Answers, Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry,
    HostKind, NameState, Port, PortTransport, Source, TableUpdate, Via, VipState, VipWanted,
    Visibility,
};
pub use table::{
    Completeness, Host, HostList, HostListBuilder, HostRecord, HostsFreshness, NamePlace,
    NameTable, TableWriter,
};
pub use transmit::{Client, Disposition, ExchangeId, Millis, Random, Transmit, Transport};
pub use view::{AnswerMode, Families, View, Views};
pub use wire::{Name, NameBuf, NameError};
