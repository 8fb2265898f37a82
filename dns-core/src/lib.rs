//! A sans-IO DNS resolver for service meshes.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod answer;
pub mod config;
pub mod forward;
#[cfg(feature = "hickory-server")]
pub mod hickory;
mod host;
pub mod locality;
pub mod query;
pub mod resolver;
pub mod search;
pub mod stats;
pub mod table;
pub mod transmit;
pub mod view;
pub mod vip;
pub mod wire;

pub use config::ResolverConfig;
pub use forward::{ForwardPolicy, Route, Strategy};
pub use host::{answered_addresses, answered_ttl_secs, virtual_addresses};
pub use locality::Locality;
pub use resolver::{Disposition, Resolver, Snapshot};
pub use stats::Stats;
pub use table::update::{
    AddressOrigin, Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry, HostKind,
    NameState, Port, PortTransport, Source, TableUpdate, Via, VipState, VipWanted, Visibility,
};
pub use table::{Completeness, NameTable, TableWriter};
pub use transmit::{Client, ExchangeId, Millis, Random, Transmit, Transport};
pub use view::{AnswerMode, Families, View, Views};
pub use wire::{Name, NameBuf, NameError};
