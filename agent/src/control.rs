//! The only writer: reads the inputs when they change, compiles them, has virtual addresses
//! recorded, and publishes what the workers answer from.
//!
//! ```text
//! sources ─▶ compile ─▶ merge ─▶ vips::allot ─▶ TableWriter ─▶ Snapshot ─▶ workers
//!       └─▶ hosts lists              └─▶ journal      ▲        └─▶ Status ─▶ admin
//!                   └─────────────────────────────────┘
//! ```

use crate::clock::WallClock;
use crate::config::{Config, StateDir, upstream_is_ourselves};
use crate::entries::{self, Declared};
use crate::journal::LedgerStore;
use crate::logging::log_new;
use crate::problem::Problem;
use crate::reload::{keys_that_need_a_restart, with_fixed_of};
use crate::retired::Retired;
use crate::small_files::SmallFiles;
use crate::sources::{Holds, Refresh, Source, SourceKind};
use crate::status::{Freshness, Phase, Status};
use crate::upstream_names::{HostAddresses, Wanted};
use crate::vips;
use arc_swap::ArcSwap;
use dns_core::vip::RecordState;
use dns_core::{Completeness, NameTable, Snapshot, TableUpdate, TableWriter, Views};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

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
    sources: Vec<Source>,
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
    /// What is wrong with a configuration that is not in force.
    config_problems: Vec<Problem>,
    published: Option<SystemTime>,
    publish_time: Duration,
    publishes: u64,
    phase: Phase,
    snapshots: Arc<ArcSwap<Snapshot>>,
    retired: Retired,
    status: Arc<ArcSwap<Status>>,
}

impl Control {
    /// Reads all inputs for the first time and makes the first snapshot; what was read is to be
    /// [kept](Control::save_last_good) once it is served. `seed` keys the hash of names.
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
        let sources = sources_of(&config, Vec::new());
        let snapshot = Arc::new(Snapshot {
            table: Arc::new(NameTable::not_ready()),
            views: Views::default(),
            zones: config.zones.clone(),
            forward: config.forward_policy(&[], &HostAddresses::default()),
        });
        let status = Status::starting(Arc::clone(&snapshot), store.status());
        let mut control = Control {
            config,
            listen,
            sources,
            store,
            writer: TableWriter::new(seed),
            table: Arc::clone(&snapshot.table),
            small_files: SmallFiles::default(),
            hosts: Arc::default(),
            clock: WallClock::start(),
            exhausted: 0,
            compile_problems: Vec::new(),
            config_problems: Vec::new(),
            published: None,
            publish_time: Duration::ZERO,
            publishes: 0,
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
        control.refresh_sources(Holds::Keep);
        control.rebuild();
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

    /// Paths whose change means work.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self
            .sources
            .iter()
            .map(|source| source.path().to_owned())
            .collect();
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
        let sources = self.refresh_sources(holds);
        let journal_changed = self.store.status() != self.status.load().journal;
        let is_table_changed = sources == Refresh::Changed || journal_changed;
        if is_table_changed {
            self.rebuild();
        }
        if !is_table_changed && small == Refresh::Same {
            return Refresh::Same;
        }
        self.publish(began);
        self.save_last_good();
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
            self.sources.iter_mut().for_each(Source::forget);
        }
        self.config = with_fixed_of(&self.config, config);
        self.sources = sources_of(&self.config, std::mem::take(&mut self.sources));
        self.store
            .ledger
            .reconfigure(self.config.vips.ledger.clone());
        self.small_files.forget(&self.config);
        self.refresh_small_files(holds);
        self.refresh_sources(holds);
        self.rebuild();
        self.publish(began);
        self.save_last_good();
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

    fn refresh_sources(&mut self, holds: Holds) -> Refresh {
        let elapsed = self.clock.elapsed();
        let domain = &self.config.domain();
        let mut refresh = Refresh::Same;
        for source in &mut self.sources {
            let before = source.status();
            if source.refresh(domain, elapsed, holds) == Refresh::Changed {
                refresh = Refresh::Changed;
                log_change(&before, &source.status());
            }
        }
        refresh
    }

    /// Makes the table anew from all sources.
    fn rebuild(&mut self) {
        let Declared {
            mut entries,
            hosts,
            problems,
        } = entries::of_sources(&self.sources, &self.config);
        log_new(&self.compile_problems, &problems);
        self.compile_problems = problems;
        let now_ms = self.clock.now_ms();
        let exhausted = vips::allot(&mut entries, &hosts, &mut self.store, now_ms);
        if exhausted > self.exhausted {
            let hint = "add a block to vips.pools";
            tracing::warn!(
                names = exhausted,
                hint,
                "pools of virtual addresses are full"
            );
        }
        self.exhausted = exhausted;
        let is_partial = self.sources.iter().any(Source::is_unread);
        let completeness = if is_partial {
            Completeness::Partial
        } else {
            Completeness::Complete
        };
        self.writer.set_hosts(hosts);
        self.table = self
            .writer
            .apply(TableUpdate::Replace(entries), completeness);
        self.published = Some(SystemTime::now());
        self.publishes += 1;
        tracing::info!(
            names = self.table.len(),
            generation = self.table.generation(),
            "table published"
        );
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
        problems.extend(self.compile_problems.iter().cloned());
        let records = self.store.ledger.records();
        let (active, resting): (Vec<_>, Vec<_>) =
            records.partition(|record| record.state == RecordState::Active);
        self.status.store(Arc::new(Status {
            snapshot: self.snapshots.load_full(),
            sources: self.sources.iter().map(Source::status).collect(),
            journal: self.store.status(),
            vips_active: active.len(),
            vips_released: resting.len(),
            vips_exhausted: self.exhausted,
            published: self.published,
            publish_time: self.publish_time,
            publishes: self.publishes,
            problems,
            phase: self.phase,
        }));
    }

    /// Keeps what is served for the next start, where it has changed. Called when it is served:
    /// nobody waits for the disk.
    pub fn save_last_good(&mut self) {
        let StateDir::Path(folder) = &self.config.state_dir else {
            return;
        };
        if !self.store.owns_folder() {
            return;
        }
        for source in &mut self.sources {
            if let Err(error) = source.save(folder) {
                let source = source.path().display();
                tracing::warn!(%error, %source, "last good content was not kept");
            }
        }
    }
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

/// Sources for the paths of a configuration; those that are there already are kept.
fn sources_of(config: &Config, mut known: Vec<Source>) -> Vec<Source> {
    let tables = config.tables.iter().map(|path| (path, SourceKind::Table));
    let hosts = config.hosts.iter().map(|path| (path, SourceKind::Hosts));
    tables
        .chain(hosts)
        .map(|(path, kind)| {
            let is_it = |source: &Source| source.path() == path && source.kind() == kind;
            let at = known.iter().position(is_it);
            at.map_or_else(
                || new_source(config, path, kind),
                |at| known.swap_remove(at),
            )
        })
        .collect()
}

fn new_source(config: &Config, path: &Path, kind: SourceKind) -> Source {
    let mut source = Source::new(path, kind);
    if let StateDir::Path(folder) = &config.state_dir
        && let Err(error) = source.restore(&config.domain(), folder)
    {
        let source = path.display();
        tracing::warn!(%error, %source, "last good content is not used");
    }
    source
}

fn log_change(before: &crate::status::SourceStatus, after: &crate::status::SourceStatus) {
    let path = after.path.display();
    log_new(&before.problems, &after.problems);
    match &after.freshness {
        Freshness::Held(reason) if before.freshness != after.freshness => {
            tracing::warn!(%path, %reason, "source held");
        }
        freshness => {
            let state = freshness.label();
            tracing::info!(%path, items = after.items, state, "source read");
        }
    }
}

#[cfg(test)]
mod tests;
