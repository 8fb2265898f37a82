//! The agent from start to end: bind, read, serve, reload, drain.

use crate::admin::{self, CacheAccess};
use crate::banner::Banner;
use crate::cli::AgentFlags;
use crate::commands::Exit;
use crate::config::{Config, ConfigError, Environment, StateDir};
use crate::config_file::ConfigFile;
use crate::control::{Control, NotConfirmed, StateAccess};
use crate::generations::GenerationId;
use crate::held::Held;
use crate::inquiry::{self, Asked, Inbox, Questions};
use crate::logging;
use crate::metrics::Metrics;
use crate::net::{Listeners, UpstreamTls, raise_open_files_limit};
use crate::priority;
use crate::problem::Problem;
use crate::signals::{Signals, Wish};
use crate::sources::watch::Watch;
use crate::sources::{Holds, Refresh};
use crate::upstream_names::UpstreamNames;
use crate::workers::{SHUTDOWN_GRACE, WorkerExit, WorkerOptions, Workers};
use dns_core::Snapshot;
use rand::TryRng;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// How long a start waits for the addresses of upstream servers that are given by name, so that the
/// first clients are not refused. A lookup takes milliseconds; one that takes longer is not worth
/// keeping back the answers of the table.
const NAMES_PATIENCE: Duration = Duration::from_secs(1);

/// Why the agent does not start, or ended by itself.
#[derive(Debug)]
pub enum AppError {
    /// The configuration is bad.
    Config(ConfigError),
    /// An input or a combination of keys cannot be served.
    Problem(Box<Problem>),
    /// An address cannot be listened on, or the system refused something.
    System(String),
    /// A worker ended.
    WorkerDied,
}

impl AppError {
    /// How the process exits: a bad flag is told apart.
    pub fn exit(&self) -> Exit {
        match self {
            AppError::Config(error) if error.is_of_flag() => Exit::BadFlag,
            _ => Exit::No,
        }
    }
}

impl AppError {
    /// What is wrong with configuration or inputs; nothing if the system is at fault.
    fn problems(self) -> Vec<Problem> {
        match self {
            AppError::Config(error) => error.problems,
            AppError::Problem(problem) => vec![*problem],
            AppError::System(_) | AppError::WorkerDied => Vec::new(),
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppError::Config(error) => error.fmt(f),
            AppError::Problem(problem) => problem.fmt(f),
            AppError::System(reason) => f.write_str(reason),
            AppError::WorkerDied => f.write_str("a worker thread ended; the log says why"),
        }
    }
}

impl std::error::Error for AppError {}

impl From<ConfigError> for AppError {
    fn from(error: ConfigError) -> Self {
        AppError::Config(error)
    }
}

impl From<Box<Problem>> for AppError {
    fn from(problem: Box<Problem>) -> Self {
        AppError::Problem(problem)
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps it from starting, or the end of a worker.
pub fn run(flags: &AgentFlags) -> Result<(), AppError> {
    let config = load(flags)?;
    logging::start(&config.log).map_err(AppError::System)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let system = |error: io::Error| AppError::System(error.to_string());
    if let Err(error) = raise_open_files_limit() {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    // One thread beside the main one: the admin server answers while inputs are read.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(system)?;
    let signals = {
        let _runtime = runtime.enter();
        Signals::new().map_err(system)?
    };
    let listeners = Listeners::bind(&config.listen, config.workers)
        .map_err(|error| AppError::System(error.to_string()))?;
    let listen = listeners.local_addresses().to_vec();
    // Without a server over TLS, too: the next configuration may name one.
    let upstream_tls = upstream_tls(&config)?;
    let mut control = Control::start(config.clone(), StateAccess::Write, listen.clone(), seed()?)?;
    let names = runtime.block_on(async {
        let mut names = UpstreamNames::start(control.names_wanted());
        control.take_host_addresses(names.first(NAMES_PATIENCE).await);
        names
    });
    let died = Arc::new(Notify::new());
    let on_exit = Arc::clone(&died);
    let workers = Workers::start(
        listeners,
        WorkerOptions {
            resolver: config.resolver.clone(),
            limits: config.net.clone(),
            cache: config.cache.clone(),
            snapshots: control.snapshots(),
            upstream_tls: Some(upstream_tls),
            on_exit: Some(Arc::new(move |exit| {
                if exit == WorkerExit::Died {
                    on_exit.notify_one();
                }
            })),
        },
    )
    .map_err(system)?;
    let config_file = ConfigFile::new(flags);
    let workers = Arc::new(workers);
    let (questions, inbox) = inquiry::channel();
    let agent = Agent {
        questions,
        inbox,
        flags: flags.clone(),
        config_file,
        control,
        names,
        workers,
        died,
    };
    runtime.block_on(agent.serve(&config, &listen, signals))
}

fn load(flags: &AgentFlags) -> Result<Config, AppError> {
    Ok(Config::load(flags, &Environment::of_process())?)
}

/// Whom upstreams over TLS are checked with.
fn upstream_tls(config: &Config) -> Result<UpstreamTls, Box<Problem>> {
    UpstreamTls::load(config.upstream_ca.as_deref()).map_err(|error| {
        let problem = Problem::error(config.place(), "upstream_ca", error.to_string());
        Box::new(problem.with_hint("name a PEM file of certificate authorities"))
    })
}

/// What a client would be answered from, without serving it.
#[derive(Debug)]
pub struct Preview {
    /// Table, views, zones and routes.
    pub snapshot: Arc<Snapshot>,
    /// What is held back.
    pub held: Arc<Held>,
    /// What is wrong with the inputs.
    pub problems: Vec<Problem>,
}

/// Reads the inputs of a configuration as the agent would; the state folder is only looked at.
///
/// # Errors
/// As [`run`].
pub fn preview(config: &Config) -> Result<Preview, AppError> {
    let control = look(config)?;
    let status = control.status().load_full();
    let sources = status
        .sources
        .iter()
        .flat_map(|source| source.problems.iter());
    let mut problems: Vec<Problem> = sources.chain(&status.problems).cloned().collect();
    problems.retain(|problem| !config.warnings.contains(problem));
    Ok(Preview {
        snapshot: Arc::clone(&status.snapshot),
        held: Arc::clone(&status.held),
        problems,
    })
}

/// Reads the inputs of a configuration as the agent would, for commands that tell more than the
/// table; the state folder is only looked at.
///
/// # Errors
/// As [`run`].
pub fn look(config: &Config) -> Result<Control, AppError> {
    let mut control = start(config, StateAccess::ReadOnly)?;
    control.settle();
    Ok(control)
}

/// Lets through what is held by the state folder of a configuration that no agent runs with: the
/// next start serves it. `word` says which generation is meant, as [`Control::confirm`] has it.
///
/// # Errors
/// [`ConfirmError`].
pub fn confirm(config: &Config, word: &str) -> Result<GenerationId, ConfirmError> {
    let mut control = own(config)?;
    control.confirm(word).map_err(ConfirmError::NotConfirmed)
}

/// Reads the inputs of a configuration that no agent runs with, for commands that change what its
/// state folder keeps: the folder is theirs until the control task is dropped.
///
/// # Errors
/// [`ConfirmError::App`] and [`ConfirmError::InUse`].
pub fn own(config: &Config) -> Result<Control, ConfirmError> {
    if config.state_dir == StateDir::None {
        let reason = "nothing is kept with state_dir none; ask the process with --admin";
        return Err(ConfirmError::InUse(reason.to_owned()));
    }
    let mut control = start(config, StateAccess::Write).map_err(ConfirmError::App)?;
    control.owned().map_err(ConfirmError::InUse)?;
    control.settle();
    Ok(control)
}

/// Why what is held by a state folder was not let through.
#[derive(Debug)]
pub enum ConfirmError {
    /// The configuration cannot be served.
    App(AppError),
    /// The state folder is not ours to write: an agent runs, or it cannot be written at all.
    InUse(String),
    /// Something else is held, or nothing.
    NotConfirmed(NotConfirmed),
}

impl fmt::Display for ConfirmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfirmError::App(error) => error.fmt(f),
            ConfirmError::InUse(reason) => f.write_str(reason),
            ConfirmError::NotConfirmed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConfirmError {}

fn start(config: &Config, access: StateAccess) -> Result<Control, AppError> {
    let listen = config.listen.clone();
    Ok(Control::start(config.clone(), access, listen, seed()?)?)
}

/// What is wrong with the files that a configuration names.
pub fn source_problems(config: &Config) -> Vec<Problem> {
    let mut problems = match preview(config) {
        Ok(preview) => preview.problems,
        Err(AppError::Problem(problem)) => vec![*problem],
        Err(error) => vec![Problem::error(config.place(), "", error.to_string())],
    };
    problems.extend(upstream_tls(config).err().map(|problem| *problem));
    problems
}

/// A seed for the hash of names, which clients choose.
fn seed() -> Result<u64, AppError> {
    let no_randomness =
        |error| AppError::System(format!("the system gives no randomness: {error}"));
    rand::rngs::SysRng.try_next_u64().map_err(no_randomness)
}

struct Agent {
    flags: AgentFlags,
    config_file: ConfigFile,
    control: Control,
    questions: Questions,
    inbox: Inbox,
    names: UpstreamNames,
    workers: Arc<Workers>,
    died: Arc<Notify>,
}

impl Agent {
    async fn serve(
        mut self,
        config: &Config,
        listen: &[SocketAddr],
        mut signals: Signals,
    ) -> Result<(), AppError> {
        let (until_drained, ended) = oneshot::channel();
        let (admin, server) = self.start_admin(config, ended).await?.unzip();
        // Workers answer already: they do not wait for the disk.
        self.control.settle();
        let status = self.control.status().load_full();
        Banner {
            status: &status,
            listen,
            admin,
            config,
        }
        .print();
        if let Err(error) = priority::yield_to_workers() {
            tracing::debug!(%error, "the control thread keeps its priority");
        }
        self.watch(&mut signals).await?;
        self.control.drain();
        tracing::info!("draining");
        let drained = self.drain(&mut signals).await;
        drop(until_drained);
        if let Some(server) = server {
            // It lets responses that have begun go out, for a second at most.
            let _ = server.await;
        }
        drained
    }

    /// Serves the admin pages until the other end of `ended` is gone.
    async fn start_admin(
        &self,
        config: &Config,
        ended: oneshot::Receiver<()>,
    ) -> Result<Option<(SocketAddr, JoinHandle<()>)>, AppError> {
        let Some(address) = config.admin else {
            return Ok(None);
        };
        let fail = |error: io::Error| {
            AppError::System(format!("cannot listen on {address} (admin): {error}"))
        };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let status = self.control.status();
        let metrics = Metrics::new(
            Arc::clone(&status),
            self.workers.stats(),
            self.workers.net_stats(),
            Arc::clone(self.workers.shared()),
        );
        let resolver = config.resolver.clone();
        let subject = admin::Subject {
            status,
            questions: self.questions.clone(),
            metrics: Arc::new(metrics),
            resolver,
            cache: CacheAccess::new(Arc::clone(self.workers.shared()), self.workers.clock()),
        };
        let server = tokio::spawn(admin::serve(listener, subject, async move {
            // An error is the end of the agent, too.
            let _ = ended.await;
        }));
        Ok(Some((bound, server)))
    }

    /// Follows the inputs until a signal says to end.
    async fn watch(&mut self, signals: &mut Signals) -> Result<(), AppError> {
        let mut watch = Watch::new();
        loop {
            self.names.want(self.control.names_wanted());
            let paths = self.control.paths();
            watch.watch(
                paths
                    .iter()
                    .map(PathBuf::as_path)
                    .chain(self.config_file.path()),
            );
            tokio::select! {
                () = watch.changed() => match self.config_file.refresh() {
                    Refresh::Changed => self.reload(Holds::Keep),
                    Refresh::Same => self.refresh(Holds::Keep),
                },
                wish = signals.next() => match wish {
                    Wish::Reload => self.reload(Holds::Release),
                    Wish::End => return Ok(()),
                },
                hosts = self.names.changed() => self.control.take_host_addresses(hosts),
                asked = self.inbox.next() => self.answer(asked),
                () = self.died.notified() => return Err(AppError::WorkerDied),
            }
        }
    }

    /// Reads configuration and inputs again. A bad configuration leaves the one in force as it is.
    fn reload(&mut self, holds: Holds) {
        let taken =
            load(&self.flags).and_then(|config| Ok(self.control.reconfigure(config, holds)?));
        match taken {
            Ok(fixed) => {
                self.workers.wake();
                tracing::info!("reloaded");
                if !fixed.is_empty() {
                    tracing::warn!(keys = fixed.join(", "), "changed keys that need a restart");
                }
            }
            Err(error) => {
                self.control.refuse(error.problems());
                self.refresh(holds);
            }
        }
    }

    fn refresh(&mut self, holds: Holds) {
        if self.control.refresh(holds) == Refresh::Changed {
            self.workers.wake();
        }
    }

    /// Answers somebody who asks, and who may have something changed.
    fn answer(&mut self, asked: Asked) {
        let before = self.control.publishes();
        asked.answer(&mut self.control);
        if self.control.publishes() != before {
            self.workers.wake();
        }
    }

    /// Answers what has been taken in. A second signal ends the wait.
    async fn drain(self, signals: &mut Signals) -> Result<(), AppError> {
        let workers = Arc::clone(&self.workers);
        let mut drained = tokio::task::spawn_blocking(move || workers.shutdown(SHUTDOWN_GRACE));
        tokio::select! {
            _ = &mut drained => {}
            () = signals.end() => {
                let workers = Arc::clone(&self.workers);
                let _ = tokio::task::spawn_blocking(move || workers.shutdown(SHUTDOWN_GRACE)).await;
            }
        }
        Ok(())
    }
}
