//! [`Insight`]: all that is known about the names, for commands and pages that explain them.

use crate::config::Config;
use crate::entries::{ClusterInput, cluster_inputs, hosts_lists};
use crate::generations::Generations;
use crate::sources::{Holds, Source};
use crate::status::Status;
use crate::vips;
use dns_core::vip::{Given, Ledger};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use table_compiler::{ClientKind, Compiler, Health};

/// All that is known about the names at one time: of a running process through
/// [`Questions`](crate::inquiry::Questions), of files through [`look`](crate::app::look).
#[derive(Clone, Debug)]
pub struct Insight<'a> {
    /// What the process is told.
    pub config: &'a Config,
    /// The compiler, after its last compilation.
    pub compiler: &'a Compiler,
    /// Whose table is served.
    pub kind: ClientKind,
    /// The virtual addresses.
    pub ledger: &'a Ledger,
    /// What was served lately, and what would be if nothing were held.
    pub generations: &'a Generations,
    /// What probes have found.
    pub health: &'a Health,
    /// The state of sources, journal and table.
    pub status: Arc<Status>,
    /// Wall-clock time in milliseconds since 1970.
    pub now_ms: u64,
    pub(crate) sources: &'a [Source],
}

impl Insight<'_> {
    /// The objects that are served, by cluster. Copies them: for snapshots.
    pub fn clusters(&self) -> BTreeMap<Arc<str>, ClusterInput> {
        cluster_inputs(self.sources, &self.kind.cluster)
    }

    /// The addresses that hosts files give away.
    pub fn occupied(&self) -> BTreeMap<IpAddr, Given> {
        let hosts = hosts_lists(self.sources, Holds::Keep);
        let hidden = || {
            let declared = self.status.table().declared();
            let hiding = declared.filter(|entry| vips::hides_hosts(entry));
            hiding.map(|entry| entry.name.clone()).collect()
        };
        vips::occupied(&hosts, self.ledger, hidden)
    }
}
