//! The only writer: reads the inputs when they change, compiles them, has virtual addresses
//! recorded, and publishes what the workers answer from.
//!
//! ```text
//! Inputs ─▶ Mesh: Compiler, Ledger ─▶ merge ─▶ TableWriter ─▶ Snapshot ─▶ workers
//!      └─▶ hosts lists      └─▶ journal             ▲      └─▶ Status ─▶ admin
//!                  └────────────────────────────────┘
//! ```

mod confirm;
mod import;
mod rebuild;
mod settle;

pub use confirm::NotConfirmed;

use crate::carried;
use crate::clock::WallClock;
use crate::config::{Config, StateDir, upstream_is_ourselves};
use crate::generations::Generations;
use crate::held::Held;
use crate::inputs::Inputs;
use crate::insight::Insight;
use crate::journal::LedgerStore;
use crate::logging::log_new;
use crate::mesh::Mesh;
use crate::problem::Problem;
use crate::reload::{keys_that_need_a_restart, with_fixed_of};
use crate::retired::Retired;
use crate::small_files::SmallFiles;
use crate::sources::{Holds, Refresh, Source};
use crate::status::{JournalStatus, Phase, Status};
use crate::upstream_names::{HostAddresses, Wanted};
use arc_swap::ArcSwap;
use dns_core::vip::RecordState;
use dns_core::{NameTable, Snapshot, TableWriter, Views};
use rebuild::Scope;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use table_compiler::Carried;

/// How it treats the state folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateAccess {
    /// It owns it: the agent.
    Write,
    /// It only looks: commands.
    ReadOnly,
}

/// The control task's state.
#[derive(Debug)]
pub struct Control {
    config: Config,
    /// Addresses that are listened on, for telling an upstream that is ourselves.
    listen: Vec<SocketAddr>,
    inputs: Inputs,
    mesh: Mesh,
    store: LedgerStore,
    writer: TableWriter,
    table: Arc<NameTable>,
    small_files: SmallFiles,
    /// Addresses of upstream servers that are given by name.
    hosts: Arc<HostAddresses>,
    clock: WallClock,
    /// Names that found their pool of virtual addresses full.
    exhausted: usize,
    compile_problems: Vec<Problem>,
    compile_time: Duration,
    /// When time alone changes the table, in milliseconds since 1970.
    due_ms: Option<u64>,
    /// Whether the table has entries of name tables.
    has_name_tables: bool,
    generations: Generations,
    held: Arc<Held>,
    /// What the state folder has.
    carried_kept: Carried,
    /// What is wrong with a configuration that is not in force.
    config_problems: Vec<Problem>,
    published: Option<SystemTime>,
    publish_time: Duration,
    publishes: u64,
    /// The last of them whose generation has been worked out.
    settled: u64,
    phase: Phase,
    snapshots: Arc<ArcSwap<Snapshot>>,
    retired: Retired,
    status: Arc<ArcSwap<Status>>,
}

impl Control {
    /// Reads all inputs for the first time and makes the first snapshot; what follows from it is to
    /// be [settled](Control::settle) once it is served. `seed` keys the hash of names.
    ///
    /// # Errors
    /// An upstream that is this process itself.
    pub fn start(
        config: Config,
        access: StateAccess,
        listen: Vec<SocketAddr>,
        seed: u64,
    ) -> Result<Self, Box<Problem>> {
        refuse_ourselves(&config, &listen)?;
        let vip_config = config.vips.ledger.clone();
        let store = match (&config.state_dir, access) {
            (StateDir::None, _) => LedgerStore::in_memory(vip_config),
            (StateDir::Path(folder), StateAccess::Write) => LedgerStore::open(folder, vip_config),
            (StateDir::Path(folder), StateAccess::ReadOnly) => {
                LedgerStore::look(folder, vip_config)
            }
        };
        let snapshot = Arc::new(Snapshot {
            table: Arc::new(NameTable::not_ready()),
            views: Views::default(),
            zones: config.zones.clone(),
            forward: config.forward_policy(&[], &HostAddresses::default()),
        });
        let status = Status::starting(Arc::clone(&snapshot), store.status());
        let carried: Carried = kept(&config, "products in their grace", carried::load);
        let mut control = Control {
            inputs: Inputs::of(&config, Inputs::default()),
            mesh: Mesh::new(&config, carried.clone()),
            generations: kept(&config, "generations", Generations::load),
            carried_kept: carried,
            config,
            listen,
            store,
            writer: TableWriter::new(seed),
            table: Arc::clone(&snapshot.table),
            small_files: SmallFiles::default(),
            hosts: Arc::default(),
            clock: WallClock::start(),
            exhausted: 0,
            compile_problems: Vec::new(),
            compile_time: Duration::ZERO,
            due_ms: None,
            has_name_tables: false,
            held: Arc::default(),
            config_problems: Vec::new(),
            published: None,
            publish_time: Duration::ZERO,
            publishes: 0,
            settled: 0,
            phase: Phase::Serving,
            snapshots: Arc::new(ArcSwap::new(snapshot)),
            retired: Retired::default(),
            status: Arc::new(ArcSwap::from_pointee(status)),
        };
        control.refresh_small_files(Holds::Keep);
        if let Some(problem) = control.small_files.refused() {
            return Err(Box::new(problem.clone()));
        }
        let began = Instant::now();
        control.mesh.take_health(control.small_files.health());
        control.refresh_inputs(Holds::Keep);
        control.rebuild(Scope::Whole);
        control.publish(began);
        Ok(control)
    }

    /// What workers answer from.
    pub fn snapshots(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshots)
    }

    /// What the admin server tells.
    pub fn status(&self) -> Arc<ArcSwap<Status>> {
        Arc::clone(&self.status)
    }

    /// All that is known about the names.
    pub fn insight(&self) -> Insight<'_> {
        Insight {
            config: &self.config,
            compiler: &self.mesh.compiler,
            kind: self.mesh.kind().clone(),
            ledger: &self.store.ledger,
            generations: &self.generations,
            health: self.mesh.health(),
            status: self.status.load_full(),
            now_ms: self.clock.now_ms(),
            sources: self.inputs.sources(),
        }
    }

    /// Whether this process, and no other, writes to the state folder.
    ///
    /// # Errors
    /// Why it does not.
    pub fn owned(&self) -> Result<(), String> {
        match self.store.status() {
            JournalStatus::Failed(reason) => Err(reason),
            _ if self.store.owns_folder() => Ok(()),
            _ => Err("the state folder is only looked at".to_owned()),
        }
    }

    /// Tables published since the start.
    pub fn publishes(&self) -> u64 {
        self.publishes
    }

    /// Paths whose change means work.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths = self.inputs.paths(&self.config);
        paths.extend(SmallFiles::paths(&self.config).map(Path::to_owned));
        paths
    }

    /// Names of upstream servers to look up, and with whom.
    pub fn names_wanted(&self) -> Wanted {
        let bootstrap = match self.config.bootstrap.as_slice() {
            [] => self.small_files.servers(),
            written => written,
        };
        Wanted {
            servers: self.config.named_servers().cloned().collect(),
            bootstrap: bootstrap.to_vec(),
            listen: self.listen.clone(),
            place: self.config.place(),
        }
    }

    /// Takes the addresses of those names and publishes routes with them.
    pub fn take_host_addresses(&mut self, hosts: Arc<HostAddresses>) {
        if hosts != self.hosts {
            self.hosts = hosts;
            self.publish(Instant::now());
        }
    }

    /// Reads what has changed and publishes it, if anything has.
    pub fn refresh(&mut self, holds: Holds) -> Refresh {
        self.retired.free();
        let began = Instant::now();
        self.store.retry();
        let small = self.refresh_small_files(holds);
        let inputs = self.refresh_inputs(holds);
        let is_journal_changed = self.store.status() != self.status.load().journal;
        let is_due = self.due_ms.is_some_and(|due| due <= self.clock.now_ms());
        let is_probed = self.mesh.take_health(self.small_files.health()) == Refresh::Changed;
        let is_table_changed = inputs == Refresh::Changed || is_due || is_probed;
        if is_journal_changed {
            self.rebuild(Scope::Whole);
        } else if is_table_changed {
            self.rebuild(Scope::Changed);
        } else if small == Refresh::Same {
            return Refresh::Same;
        }
        self.publish(began);
        self.settle();
        Refresh::Changed
    }

    /// Takes a new configuration. What only a start can change stays as it was; the names of
    /// those keys are given back.
    ///
    /// # Errors
    /// An upstream that is this process itself, where it listens since its start. Nothing has
    /// changed then.
    pub fn reconfigure(
        &mut self,
        config: Config,
        holds: Holds,
    ) -> Result<Vec<&'static str>, Box<Problem>> {
        refuse_ourselves(&config, &self.listen)?;
        let began = Instant::now();
        let fixed = keys_that_need_a_restart(&self.config, &config);
        self.config_problems.clear();
        if config.domain() != self.config.domain() {
            // Names were read as names of the old one.
            self.inputs.forget();
        }
        self.config = with_fixed_of(&self.config, config);
        self.inputs = Inputs::of(&self.config, std::mem::take(&mut self.inputs));
        self.mesh.reconfigure(&self.config);
        self.store
            .ledger
            .reconfigure(self.config.vips.ledger.clone());
        self.small_files.forget(&self.config);
        self.refresh_small_files(holds);
        self.mesh.take_health(self.small_files.health());
        self.refresh_inputs(holds);
        self.rebuild(Scope::Whole);
        self.publish(began);
        self.settle();
        Ok(fixed)
    }

    /// Tells of a configuration that was refused; the one in force stays.
    pub fn refuse(&mut self, problems: Vec<Problem>) {
        log_new(&[], &problems);
        tracing::error!("the configuration in force stays");
        self.config_problems = problems;
        self.publish_status();
    }

    /// Says that the process is going down: it is not ready any more.
    pub fn drain(&mut self) {
        self.phase = Phase::Draining;
        self.publish_status();
    }

    fn refresh_small_files(&mut self, holds: Holds) -> Refresh {
        self.small_files.refresh(&self.config, &self.listen, holds)
    }

    fn refresh_inputs(&mut self, holds: Holds) -> Refresh {
        let elapsed = self.clock.elapsed();
        self.inputs.refresh(&self.config, elapsed, holds)
    }

    /// Publishes the table with views and routes as the small files have them.
    fn publish(&mut self, began: Instant) {
        let before = self.snapshots.swap(Arc::new(Snapshot {
            table: Arc::clone(&self.table),
            views: self.config.views(self.small_files.pods()),
            zones: self.config.zones.clone(),
            forward: self
                .config
                .forward_policy(self.small_files.servers(), &self.hosts),
        }));
        self.retired.add(before);
        self.publish_time = began.elapsed();
        self.publish_status();
    }

    fn publish_status(&self) {
        let mut problems = self.config_problems.clone();
        problems.extend(self.config.warnings.iter().cloned());
        problems.extend(self.small_files.problems().cloned());
        problems.extend(self.hosts.problems().iter().cloned());
        problems.extend(self.inputs.problems().iter().cloned());
        problems.extend(self.compile_problems.iter().cloned());
        let records = self.store.ledger.records();
        let (active, resting): (Vec<_>, Vec<_>) =
            records.partition(|record| record.state == RecordState::Active);
        let sources = self.inputs.sources().iter();
        self.status.store(Arc::new(Status {
            snapshot: self.snapshots.load_full(),
            sources: sources.map(Source::status).collect(),
            unready: self.inputs.unready(&self.config),
            journal: self.store.status(),
            vips_active: active.len(),
            vips_released: resting.len(),
            vips_exhausted: self.exhausted,
            published: self.published,
            publish_time: self.publish_time,
            compile_time: self.compile_time,
            publishes: self.publishes,
            generation: self.generations.current().map(|current| current.id),
            held: Arc::clone(&self.held),
            problems,
            phase: self.phase,
        }));
    }
}

/// What the state folder has kept; nothing where that cannot be used, with a warning.
fn kept<T: Default>(config: &Config, what: &str, load: fn(&Path) -> io::Result<T>) -> T {
    let StateDir::Path(folder) = &config.state_dir else {
        return T::default();
    };
    load(folder).unwrap_or_else(|error| {
        tracing::warn!(%error, "{what} of before are not used");
        T::default()
    })
}

/// Refuses upstreams that are addresses we listen on. Those of a resolv.conf are looked at when it
/// is read.
fn refuse_ourselves(config: &Config, listen: &[SocketAddr]) -> Result<(), Box<Problem>> {
    let mut servers = config.server_addresses();
    let Some(server) = servers.find(|server| upstream_is_ourselves(listen, *server)) else {
        return Ok(());
    };
    let reason = format!("{server} is this process itself: questions would go in circles");
    let hint = "name another server; what is listened on changes with a restart only";
    let problem = Problem::error(config.place(), "upstreams", reason);
    Err(Box::new(problem.with_hint(hint)))
}

#[cfg(test)]
mod clusters_tests;
#[cfg(test)]
pub(crate) mod tests;
