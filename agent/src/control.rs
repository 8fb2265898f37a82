//! The only writer: reads the inputs when they change, compiles them, has virtual addresses
//! recorded, and publishes what the workers answer from.
//!
//! ```text
//! sources ─▶ compile ─▶ merge ─▶ vips::allot ─▶ TableWriter ─▶ Snapshot ─▶ workers
//!                                    └─▶ journal               └─▶ Status ─▶ admin
//! ```

use crate::clock::WallClock;
use crate::config::{Config, StateDir, Upstreams, WildcardVips, upstream_is_ourselves};
use crate::journal::LedgerStore;
use crate::pods_file::PodsFile;
use crate::problem::{Place, Problem};
use crate::resolv_conf::{ResolvConf, interface_index};
use crate::sources::{Content, Holds, LastGood, Refresh, Source, SourceKind, Staleness};
use crate::status::{Freshness, Phase, Status};
use crate::vips;
use crate::watched::Watched;
use arc_swap::ArcSwap;
use dns_core::vip::RecordState;
use dns_core::{
    Completeness, HostEntry, NameState, NameTable, Snapshot, TableUpdate, TableWriter, Views,
};
use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use table_compiler::{ObjectDoc, ObjectId, Options};

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
    access: StateAccess,
    /// Addresses that are listened on, for telling an upstream that is ourselves.
    listen: Vec<SocketAddr>,
    sources: Vec<Source>,
    store: LedgerStore,
    writer: TableWriter,
    resolv_conf: Watched<Vec<SocketAddr>>,
    pods: Watched<PodsFile>,
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
    status: Arc<ArcSwap<Status>>,
}

impl Control {
    /// Reads all inputs for the first time and makes the first snapshot. `seed` keys the hash of
    /// names.
    ///
    /// # Errors
    /// An upstream that is this process itself.
    pub fn start(
        config: Config,
        access: StateAccess,
        listen: Vec<SocketAddr>,
        seed: u64,
    ) -> Result<Self, Box<Problem>> {
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
            forward: config.forward_policy(&[]),
        });
        let status = Status {
            snapshot: Arc::clone(&snapshot),
            sources: Vec::new(),
            journal: store.status(),
            vips_active: 0,
            vips_released: 0,
            vips_exhausted: 0,
            published: None,
            publish_time: Duration::ZERO,
            publishes: 0,
            problems: Vec::new(),
            phase: Phase::Serving,
        };
        let mut control = Control {
            config,
            access,
            listen,
            sources,
            store,
            writer: TableWriter::new(seed),
            resolv_conf: Watched::default(),
            pods: Watched::default(),
            clock: WallClock::start(),
            exhausted: 0,
            compile_problems: Vec::new(),
            config_problems: Vec::new(),
            published: None,
            publish_time: Duration::ZERO,
            publishes: 0,
            phase: Phase::Serving,
            snapshots: Arc::new(ArcSwap::new(snapshot)),
            status: Arc::new(ArcSwap::from_pointee(status)),
        };
        control.refresh_small_files(Holds::Keep);
        if let Some(problem) = control
            .resolv_conf
            .problem
            .take_if(|problem| problem.is_error())
        {
            return Err(Box::new(problem));
        }
        let began = Instant::now();
        control.refresh_sources(Holds::Keep);
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
        if let Upstreams::ResolvConf(path) = &self.config.upstreams {
            paths.push(path.clone());
        }
        paths.extend(self.pods_path().map(Path::to_owned));
        paths
    }

    /// Reads what has changed and publishes it, if anything has.
    pub fn refresh(&mut self, holds: Holds) {
        let began = Instant::now();
        self.store.retry();
        let small = self.refresh_small_files(holds);
        let sources = self.refresh_sources(holds);
        let journal_changed = self.store.status() != self.status.load().journal;
        if small == Refresh::Changed || sources == Refresh::Changed || journal_changed {
            self.publish(began);
        }
    }

    /// Takes a new configuration. What only a start can change stays as it was; the names of
    /// those keys are given back.
    pub fn reconfigure(&mut self, config: Config, holds: Holds) -> Vec<&'static str> {
        let fixed = keys_that_need_a_restart(&self.config, &config);
        self.config_problems.clear();
        self.sources = sources_of(&config, std::mem::take(&mut self.sources));
        self.store.ledger.reconfigure(config.vips.ledger.clone());
        self.config = Config {
            state_dir: self.config.state_dir.clone(),
            ..config
        };
        self.resolv_conf.forget();
        self.pods.forget();
        self.refresh_small_files(holds);
        self.refresh_sources(holds);
        self.publish(Instant::now());
        fixed
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

    fn pods_path(&self) -> Option<&Path> {
        self.config.node_views.as_ref()?.pods_file.as_deref()
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

    fn refresh_small_files(&mut self, holds: Holds) -> Refresh {
        let mut refresh = Refresh::Same;
        if let Upstreams::ResolvConf(path) = &self.config.upstreams {
            let listen = &self.listen;
            let read = self
                .resolv_conf
                .refresh(path, |text, _| read_resolv_conf(path, text, listen));
            refresh = refresh.or(read);
        }
        if let Some(path) = self
            .config
            .node_views
            .as_ref()
            .and_then(|v| v.pods_file.as_ref())
        {
            let before = self.pods.value.problems.clone();
            let read = self
                .pods
                .refresh(path, |text, before| read_pods(path, text, before, holds));
            log_new(&before, &self.pods.value.problems);
            refresh = refresh.or(read);
        }
        refresh
    }

    fn publish(&mut self, began: Instant) {
        let (mut entries, problems) = self.compile();
        log_new(&self.compile_problems, &problems);
        self.compile_problems = problems;
        self.exhausted = vips::allot(&mut entries, &mut self.store, self.clock.now_ms());
        let is_partial = self.sources.iter().any(Source::is_unread);
        let completeness = if is_partial {
            Completeness::Partial
        } else {
            Completeness::Complete
        };
        let table = self
            .writer
            .apply(TableUpdate::Replace(entries), completeness);
        let views = self.config.views(&self.pods.value.pods);
        let forward = self.config.forward_policy(&self.resolv_conf.value);
        let zones = self.config.zones.clone();
        tracing::info!(
            names = table.len(),
            generation = table.generation(),
            "table published"
        );
        self.snapshots.store(Arc::new(Snapshot {
            table,
            views,
            zones,
            forward,
        }));
        self.published = Some(SystemTime::now());
        self.publish_time = began.elapsed();
        self.publishes += 1;
        self.publish_status();
        self.save_last_good();
    }

    /// What all sources say together, and what of it was left out.
    fn compile(&self) -> (Vec<HostEntry>, Vec<Problem>) {
        let mut objects: Vec<ObjectDoc> = Vec::new();
        let (mut name_tables, mut hosts) = (Vec::new(), Vec::new());
        let mut stale: HashSet<&ObjectId> = HashSet::new();
        for (_, content, staleness) in self.sources.iter().flat_map(Source::contents) {
            match content {
                Content::Objects(read) => {
                    match staleness {
                        Staleness::None => {}
                        Staleness::Objects(ids) => stale.extend(ids),
                        Staleness::Whole => stale.extend(read.iter().map(|doc| &doc.id)),
                    }
                    objects.extend_from_slice(read);
                }
                Content::NameTable(entries, _) => name_tables.push(aged(entries, staleness)),
                Content::Hosts(entries, _) => hosts.push(aged(entries, staleness)),
            }
        }
        let compiled = table_compiler::compile(&self.options(), &objects);
        let mut entries = compiled.entries;
        if !stale.is_empty() {
            let stale: BTreeSet<String> = stale.iter().map(|id| id.to_string()).collect();
            for entry in entries
                .iter_mut()
                .filter(|entry| stale.contains(&object_of(entry)))
            {
                entry.state = NameState::Stale;
            }
        }
        let problems = compiled.problems.iter().map(Problem::from).collect();
        (table_compiler::merge(entries, name_tables, hosts), problems)
    }

    fn options(&self) -> Options {
        Options {
            cluster: self.config.cluster.clone(),
            wildcard_vips: match self.config.vips.wildcards {
                WildcardVips::DynamicOnly => table_compiler::WildcardVips::Off,
                WildcardVips::All => table_compiler::WildcardVips::On,
            },
            ..Options::new(self.config.domain())
        }
    }

    fn publish_status(&self) {
        let mut problems = self.config_problems.clone();
        problems.extend(self.config.warnings.iter().cloned());
        problems.extend(self.resolv_conf.problem.clone());
        problems.extend(self.pods.problem.clone());
        problems.extend(self.pods.value.problems.iter().cloned());
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

    fn save_last_good(&mut self) {
        let (StateDir::Path(folder), StateAccess::Write) = (&self.config.state_dir, self.access)
        else {
            return;
        };
        for source in &mut self.sources {
            if let Err(error) = source.save(folder) {
                let source = source.path().display();
                tracing::warn!(%error, %source, "last good content was not kept");
            }
        }
    }
}

impl Refresh {
    fn or(self, other: Refresh) -> Refresh {
        if self == Refresh::Changed {
            self
        } else {
            other
        }
    }
}

/// Reads the pod-address file. An empty one is held, like any source: `[]` says that there are no
/// pods, nothing says that somebody is writing.
fn read_pods(
    path: &Path,
    text: &[u8],
    before: &PodsFile,
    holds: Holds,
) -> Result<PodsFile, Problem> {
    let is_blank = text.trim_ascii().is_empty();
    if is_blank && !before.pods.is_empty() && holds == Holds::Keep {
        let reason = format!("is empty; its {} pods are kept", before.pods.len());
        let problem = Problem::warning(Place::of_file(path), "", reason);
        return Err(problem.with_hint("write [] if there are none, or send SIGHUP"));
    }
    Ok(PodsFile::parse(text, path)?.frozen_by(before))
}

fn read_resolv_conf(
    path: &Path,
    text: &[u8],
    listen: &[SocketAddr],
) -> Result<Vec<SocketAddr>, Problem> {
    let servers = ResolvConf::parse(&String::from_utf8_lossy(text), interface_index).servers;
    match servers
        .iter()
        .find(|server| upstream_is_ourselves(listen, **server))
    {
        None => Ok(servers),
        Some(server) => {
            let reason = format!("{server} is this process itself: questions would go in circles");
            let problem = Problem::error(Place::of_file(path), "nameserver", reason);
            Err(problem.with_hint("name the upstream servers with --upstream"))
        }
    }
}

/// Sources for the paths of a configuration; those that are there already are kept.
fn sources_of(config: &Config, mut known: Vec<Source>) -> Vec<Source> {
    let tables = config.tables.iter().map(|path| (path, SourceKind::Table));
    let hosts = config.hosts.iter().map(|path| (path, SourceKind::Hosts));
    tables
        .chain(hosts)
        .map(|(path, kind)| {
            let at = known.iter().position(|source| source.path() == path);
            at.map_or_else(
                || new_source(config, path, kind),
                |at| known.swap_remove(at),
            )
        })
        .collect()
}

fn new_source(config: &Config, path: &Path, kind: SourceKind) -> Source {
    let last_good = match &config.state_dir {
        StateDir::None => None,
        StateDir::Path(folder) => LastGood::load(folder, path).unwrap_or_else(|error| {
            let kept = LastGood::file_of(folder, path);
            tracing::warn!(%error, file = %kept.display(), "last good content is not used");
            None
        }),
    };
    Source::new(path, kind, &config.domain(), last_good.as_ref())
}

fn keys_that_need_a_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let changed = [
        ("listen", old.listen != new.listen),
        ("workers", old.workers != new.workers),
        ("admin", old.admin != new.admin),
        ("state_dir", old.state_dir != new.state_dir),
        ("log", old.log != new.log),
        (
            "resolver limits, ttl and forward times",
            old.resolver != new.resolver,
        ),
    ];
    changed
        .into_iter()
        .filter(|(_, is_changed)| *is_changed)
        .map(|(key, _)| key)
        .collect()
}

fn aged(entries: &[HostEntry], staleness: Staleness<'_>) -> Vec<HostEntry> {
    let mut entries = entries.to_vec();
    if staleness == Staleness::Whole {
        for entry in &mut entries {
            entry.state = NameState::Stale;
        }
    }
    entries
}

/// The object an entry came from, as [`ObjectId`] prints it.
fn object_of(entry: &HostEntry) -> String {
    let source = &entry.source;
    match &source.namespace {
        Some(namespace) => format!("{} {namespace}/{}", source.kind, source.name),
        None => format!("{} {}", source.kind, source.name),
    }
}

/// Logs the problems that were not there before.
fn log_new(before: &[Problem], after: &[Problem]) {
    let known: BTreeSet<String> = before.iter().map(ToString::to_string).collect();
    for problem in after {
        let text = problem.to_string();
        match (known.contains(&text), problem.is_error()) {
            (true, _) => {}
            (false, true) => tracing::error!("{text}"),
            (false, false) => tracing::warn!("{text}"),
        }
    }
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
