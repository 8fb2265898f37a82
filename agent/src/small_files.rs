//! The small inputs beside the table: resolv.conf and the pod-address file. What was read last
//! stays while they are missing, broken or empty.

use crate::config::{Config, ViewSpec, upstream_is_ourselves};
use crate::logging::log_new;
use crate::pods_file::PodsFile;
use crate::problem::{Place, Problem};
use crate::resolv_conf::{ResolvConf, interface_index};
use crate::sources::{Holds, Refresh};
use crate::watched::Watched;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use table_compiler::{Health, Scope, health_document};

/// What the small files say, those that a configuration names.
#[derive(Debug, Default)]
pub(crate) struct SmallFiles {
    resolv_conf: Watched<Vec<SocketAddr>>,
    pods: Watched<PodsFile>,
    health: Watched<HealthRead>,
}

/// What a health document says, and what is wrong with it.
#[derive(Debug, Default)]
struct HealthRead {
    health: Health,
    problems: Vec<Problem>,
}

impl SmallFiles {
    /// Paths of the small files of a configuration.
    pub(crate) fn paths(config: &Config) -> impl Iterator<Item = &Path> {
        config
            .resolv_conf_in_use()
            .into_iter()
            .chain(pods_of(config))
            .chain(config.health.as_deref())
    }

    /// What probes have found.
    pub(crate) fn health(&self) -> &Health {
        &self.health.value.health
    }

    /// Servers of resolv.conf.
    pub(crate) fn servers(&self) -> &[SocketAddr] {
        &self.resolv_conf.value
    }

    /// Pod addresses and their views.
    pub(crate) fn pods(&self) -> &[(IpAddr, ViewSpec)] {
        &self.pods.value.pods
    }

    /// What is wrong with the files at this time.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Problem> {
        let of_files = self.resolv_conf.problem.iter().chain(&self.pods.problem);
        of_files
            .chain(&self.pods.value.problems)
            .chain(&self.health.problem)
            .chain(&self.health.value.problems)
    }

    /// Why resolv.conf must not be used at all.
    pub(crate) fn refused(&self) -> Option<&Problem> {
        let problem = self.resolv_conf.problem.as_ref();
        problem.filter(|problem| problem.is_error())
    }

    /// Reads the files that have changed. `listen` are the addresses we listen on.
    pub(crate) fn refresh(
        &mut self,
        config: &Config,
        listen: &[SocketAddr],
        holds: Holds,
    ) -> Refresh {
        let mut refresh = Refresh::Same;
        if let Some(path) = config.resolv_conf_in_use() {
            let read = self.resolv_conf.refresh(path, |text, before| {
                read_resolv_conf(path, text, before, listen, holds)
            });
            refresh = refresh.or(read);
        }
        if let Some(path) = pods_of(config) {
            let before = self.pods.value.problems.clone();
            let read = self
                .pods
                .refresh(path, |text, before| read_pods(path, text, before, holds));
            log_new(&before, &self.pods.value.problems);
            refresh = refresh.or(read);
        }
        if let Some(path) = &config.health {
            let before = self.health.value.problems.clone();
            let read = self.health.refresh(path, |text, _| read_health(path, text));
            log_new(&before, &self.health.value.problems);
            refresh = refresh.or(read);
        }
        refresh
    }

    /// Has the files read again. Of those that `config` does not name nothing stays.
    pub(crate) fn forget(&mut self, config: &Config) {
        match config.resolv_conf_in_use() {
            Some(_) => self.resolv_conf.forget(),
            None => self.resolv_conf = Watched::default(),
        }
        match pods_of(config) {
            Some(_) => self.pods.forget(),
            None => self.pods = Watched::default(),
        }
        match &config.health {
            Some(_) => self.health.forget(),
            None => self.health = Watched::default(),
        }
    }
}

fn pods_of(config: &Config) -> Option<&Path> {
    config.node_views.as_ref()?.pods_file.as_deref()
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

/// Reads a health document. What was read last stays while it is no YAML.
fn read_health(path: &Path, text: &[u8]) -> Result<HealthRead, Problem> {
    let file = path.to_string_lossy();
    let read = health_document(&file, &String::from_utf8_lossy(text));
    let is_unreadable = |problem: &&table_compiler::Problem| problem.scope == Scope::File;
    if let Some(problem) = read.problems.iter().find(is_unreadable) {
        return Err(Problem::from(problem));
    }
    Ok(HealthRead {
        problems: read.problems.iter().map(Problem::from).collect(),
        health: read.health,
    })
}

/// Reads the servers of a resolv.conf. One without any is held like an empty pod-address file.
fn read_resolv_conf(
    path: &Path,
    text: &[u8],
    before: &[SocketAddr],
    listen: &[SocketAddr],
    holds: Holds,
) -> Result<Vec<SocketAddr>, Problem> {
    let servers = ResolvConf::parse(&String::from_utf8_lossy(text), interface_index).servers;
    if let Some(server) = servers
        .iter()
        .find(|server| upstream_is_ourselves(listen, **server))
    {
        let reason = format!("{server} is this process itself: questions would go in circles");
        let problem = Problem::error(Place::of_file(path), "nameserver", reason);
        return Err(problem.with_hint("name the upstream servers with --upstream, and those that know their names with `bootstrap`"));
    }
    let is_confirmed = holds == Holds::Release && !before.is_empty();
    if !servers.is_empty() || is_confirmed {
        return Ok(servers);
    }
    let (reason, hint) = match before.len() {
        0 => (
            "names no server: names that are not ours are refused".to_owned(),
            "name servers with --upstream, or write --upstream none if that is meant",
        ),
        kept => (
            format!("names no server; its {kept} from before are kept"),
            "write nameserver lines, or send SIGHUP if there are none",
        ),
    };
    Err(Problem::warning(Place::of_file(path), "nameserver", reason).with_hint(hint))
}
