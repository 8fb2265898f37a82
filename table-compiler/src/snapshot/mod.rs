//! [`Snapshot`]: all that the tables depend on, as one JSON document.
//!
//! ```text
//! objects, ledger, carried, health, time ─┐                        ┌─▶ the same tables
//! configuration of the mesh and of VIPs ──┴─▶ Snapshot ─▶ compile ─┘    on any machine
//! ```

mod config;
mod error;
mod health;
mod objects;
#[cfg(test)]
mod tests;
mod text;
mod vips;

pub use error::SnapshotError;

use crate::input::ObjectDoc;
use crate::mesh::{Carried, ClientKind, Compiler, Health, MeshConfig, Outcome, Stale};
use config::StoredMesh;
use dns_core::vip::{Given, Ledger, VipConfig};
use health::StoredHealth;
use objects::{StoredCarried, StoredCluster, StoredKind, restore_carried, store_carried};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use vips::{StoredGiven, StoredVips, journal_of, ledger_of, restore_given, store_given};

/// Version of the document that this code writes and reads.
pub(crate) const VERSION: u64 = 1;

/// All that the tables depend on.
///
/// Objects are kept as they were read: what is secret in them has been taken out before. Files are
/// named as the reader named them, and are not opened again.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When it was taken, in milliseconds since 1970; the time of the compilation.
    pub now_ms: u64,
    /// For whose clients it was taken.
    pub kind: ClientKind,
    /// Further kinds of clients that are compiled for.
    pub kinds: Vec<ClientKind>,
    /// The configuration of the mesh.
    pub mesh: MeshConfig,
    /// The objects of every cluster.
    pub clusters: BTreeMap<Arc<str>, ClusterObjects>,
    /// The ledger of virtual addresses, with its configuration.
    pub ledger: Ledger,
    /// Product names that were served before.
    pub carried: Carried,
    /// What probes found.
    pub health: Health,
    /// Addresses that hosts files give to names.
    pub occupied: BTreeMap<IpAddr, Given>,
}

/// The objects of a cluster, and which of them are from before its present state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterObjects {
    /// The objects.
    pub objects: Vec<ObjectDoc>,
    /// What of them is stale.
    pub stale: Stale,
}

/// What a snapshot compiles to.
#[derive(Debug)]
pub struct Recompiled {
    /// The compiler, with the tables.
    pub compiler: Compiler,
    /// The ledger afterwards.
    pub ledger: Ledger,
    /// What the compilation changed.
    pub outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u64,
    now_ms: u64,
    client: StoredKind,
    clients: Vec<StoredKind>,
    mesh: StoredMesh,
    vips: StoredVips,
    ledger: Vec<String>,
    carried: StoredCarried,
    health: StoredHealth,
    occupied: Vec<StoredGiven>,
    clusters: BTreeMap<Arc<str>, StoredCluster>,
}

/// The one field that says how to read the others.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl Snapshot {
    /// Compiles it. The result depends on nothing else.
    pub fn compile(&self) -> Recompiled {
        let mut compiler = Compiler::new(self.mesh.clone());
        compiler.set_kinds(self.kinds.clone());
        for (id, cluster) in &self.clusters {
            compiler.set_cluster(id, &cluster.objects, cluster.stale.clone());
        }
        compiler.set_health(self.health.clone());
        compiler.set_occupied(self.occupied.clone());
        compiler.carry(self.carried.clone());
        let mut ledger = self.ledger.clone();
        let outcome = compiler.compile(&mut ledger, self.now_ms);
        Recompiled {
            compiler,
            ledger,
            outcome,
        }
    }

    /// Writes it as JSON. Equal snapshots are written alike, octet for octet.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: impl io::Write) -> io::Result<()> {
        let stored = Stored {
            version: VERSION,
            now_ms: self.now_ms,
            client: (&self.kind).into(),
            clients: self.kinds.iter().map(StoredKind::from).collect(),
            mesh: (&self.mesh).into(),
            vips: self.ledger.config().into(),
            ledger: journal_of(&self.ledger),
            carried: store_carried(&self.carried),
            health: (&self.health).into(),
            occupied: store_given(&self.occupied),
            clusters: self
                .clusters
                .iter()
                .map(|(id, cluster)| (Arc::clone(id), cluster.into()))
                .collect(),
        };
        let mut out = out;
        serde_json::to_writer(&mut out, &stored)?;
        out.write_all(b"\n")
    }

    /// Reads what [`write`](Snapshot::write) has written.
    ///
    /// # Errors
    /// Another version, or the first field that is missing, unknown or damaged.
    pub fn read(octets: &[u8]) -> Result<Self, SnapshotError> {
        if octets.trim_ascii_start().first() != Some(&b'{') {
            return Err(SnapshotError::field(
                "",
                "is no snapshot: it is no JSON object",
            ));
        }
        let Versioned { version } = decoded(octets)?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let stored: Stored = decoded(octets)?;
        let config: VipConfig = stored.vips.restore()?;
        let clusters = stored.clusters.into_iter();
        let clusters = clusters.map(|(id, cluster)| {
            let objects = cluster.restore(&id)?;
            Ok((id, objects))
        });
        Ok(Snapshot {
            now_ms: stored.now_ms,
            kind: stored.client.into(),
            kinds: stored.clients.into_iter().map(ClientKind::from).collect(),
            mesh: stored.mesh.into(),
            clusters: clusters.collect::<Result<_, SnapshotError>>()?,
            ledger: ledger_of(&stored.ledger, config)?,
            carried: restore_carried(stored.carried),
            health: stored.health.into(),
            occupied: restore_given(stored.occupied),
        })
    }
}

fn decoded<'de, T: Deserialize<'de>>(octets: &'de [u8]) -> Result<T, SnapshotError> {
    let mut deserializer = serde_json::Deserializer::from_slice(octets);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "" } else { &path };
        SnapshotError::field(field, error.inner())
    })
}
