//! Reads the file, lays the flags over it and walks the result.

use super::{Config, flags, read};
use crate::cli::AgentFlags;
use crate::problem::{Origin, Place, Problem};
use crate::yaml::{self, Document, Node, Value, YamlLimits};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Longest configuration file in octets: 1 MiB, thousands of views and routes.
pub const CONFIG_OCTETS_MAX: usize = 1 << 20;
/// Most values in a configuration file: 100,000, what fits in a megabyte of short lines.
const CONFIG_NODES_MAX: usize = 100_000;

/// What the configuration takes from the process it runs in.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `$STATE_DIRECTORY`: set by systemd, several folders with colons between; the first counts.
    pub state_directory: Option<OsString>,
    /// `$XDG_STATE_HOME`.
    pub xdg_state_home: Option<OsString>,
    /// `$HOME`.
    pub home: Option<OsString>,
    /// Cores this process may use: the default number of workers.
    pub cores: NonZeroUsize,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Environment {
            state_directory: variable("STATE_DIRECTORY"),
            xdg_state_home: variable("XDG_STATE_HOME"),
            home: variable("HOME"),
            cores: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// Every fault of a configuration, in the order of the file, those of flags first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The faults, at least one of them an error, and the doubts.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// Whether a flag is at fault, which is told apart from a bad file by its exit code.
    pub fn is_of_flag(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.is_error() && problem.at.origin == Origin::CommandLine)
    }
}

/// One fault a line.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let break_before = if index == 0 { "" } else { "\n" };
            write!(f, "{break_before}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the file that the flags name, if any, and the flags; a flag wins over the file.
    ///
    /// # Errors
    /// All faults, not only the first. A file that is no YAML hides what else is wrong in it.
    pub fn load(flags: &AgentFlags, environment: &Environment) -> Result<Config, ConfigError> {
        let Some(file) = &flags.config else {
            return read_all(Ok(empty_document()), flags, environment);
        };
        let document = read_file(file).and_then(|text| parse(&text, file));
        read_all(document, flags, environment)
    }

    /// [`Config::load`] with the text of the file given; `file` is its name in faults and the
    /// start of relative paths.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_text(
        text: &[u8],
        file: &Path,
        flags: &AgentFlags,
        environment: &Environment,
    ) -> Result<Config, ConfigError> {
        let flags = AgentFlags {
            config: Some(file.to_path_buf()),
            ..flags.clone()
        };
        read_all(parse(text, file), &flags, environment)
    }
}

fn read_file(file: &Path) -> Result<Vec<u8>, Problem> {
    let cannot = |error: std::io::Error| {
        Problem::error(Place::of_file(file), "", format!("cannot be read: {error}"))
            .with_hint("check the path and who may read it")
    };
    let mut text = Vec::new();
    let opened = File::open(file).map_err(cannot)?;
    opened
        .take(CONFIG_OCTETS_MAX as u64 + 1)
        .read_to_end(&mut text)
        .map_err(cannot)?;
    Ok(text)
}

fn parse(text: &[u8], file: &Path) -> Result<Document, Problem> {
    let limits = YamlLimits {
        octets_max: CONFIG_OCTETS_MAX,
        nodes_max: CONFIG_NODES_MAX,
    };
    yaml::parse(text, file, limits)
}

fn empty_document() -> Document {
    let root = Node {
        at: Place::command_line(),
        value: Value::Null,
    };
    Document {
        root,
        problems: Vec::new(),
    }
}

/// A document that cannot be read leaves the faults of the flags to be found.
fn read_all(
    document: Result<Document, Problem>,
    flags: &AgentFlags,
    environment: &Environment,
) -> Result<Config, ConfigError> {
    let (document, unreadable) = match document {
        Ok(document) => (document, None),
        Err(problem) => (empty_document(), Some(problem)),
    };
    let root = flags::overlay(document.root, flags);
    let (config, mut problems) = read::read(&root, flags.config.clone(), environment);
    problems.extend(document.problems);
    if let Some(unreadable) = unreadable {
        problems.retain(|problem| !problem.field.is_empty() && problem.is_error());
        problems.push(unreadable);
    }
    problems.sort_by_key(|problem| (problem.at.line, problem.at.column));
    if problems.iter().any(Problem::is_error) {
        return Err(ConfigError { problems });
    }
    Ok(Config {
        warnings: problems,
        ..config
    })
}

/// The state folder when none is configured.
pub(super) fn default_state_dir(environment: &Environment) -> Option<PathBuf> {
    let first = |paths: &OsString| std::env::split_paths(paths).next();
    let named = environment.state_directory.as_ref().and_then(first);
    let xdg = || {
        environment
            .xdg_state_home
            .as_ref()
            .map(|home| Path::new(home).join("callsign"))
    };
    let home = || {
        environment
            .home
            .as_ref()
            .map(|home| Path::new(home).join(".local/state/callsign"))
    };
    named.or_else(xdg).or_else(home)
}
