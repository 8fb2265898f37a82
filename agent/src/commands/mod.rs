//! The commands of the binary but `agent` itself. Each takes its arguments and a place to print
//! to, and says how the process shall exit.

pub mod cache;
pub mod check;
pub mod compile;
pub mod config_check;
pub mod confirm;
mod data;
pub mod diff;
pub mod explain;
pub mod exports;
pub mod query;
pub mod services;
mod show;
pub mod snapshot;
pub mod table;
pub mod vips;

pub(crate) use data::{Data, data, look, print_json};

use crate::cli::AgentFlags;
use crate::config::{Config, Environment};
use std::io;
use std::process::ExitCode;

/// How the process exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: fine.
    Fine,
    /// 1: the answer is no, or the configuration or what was looked at is bad.
    No,
    /// 2: a bad flag.
    BadFlag,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::No => 1,
            Exit::BadFlag => 2,
        })
    }
}

impl Exit {
    /// The exit code of a command that printed. A reader that went away has seen enough; another
    /// fault of the output is told on standard error.
    pub fn of(result: io::Result<Exit>) -> Exit {
        match result {
            Ok(exit) => exit,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine,
            Err(error) => {
                eprintln!("callsign: cannot write the output: {error}");
                Exit::No
            }
        }
    }
}

/// The configuration, or its problems on standard error and the exit code they deserve.
///
/// # Errors
/// [`Exit::BadFlag`] when a flag is at fault, [`Exit::No`] when only the file is.
pub fn load_config(flags: &AgentFlags, environment: &Environment) -> Result<Config, Exit> {
    Config::load(flags, environment).map_err(|error| {
        eprintln!("{error}");
        if error.is_of_flag() {
            Exit::BadFlag
        } else {
            Exit::No
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_is_no_fault() {
        assert_eq!(Exit::of(Err(io::ErrorKind::BrokenPipe.into())), Exit::Fine);
        assert_eq!(Exit::of(Err(io::ErrorKind::StorageFull.into())), Exit::No);
        assert_eq!(Exit::of(Ok(Exit::BadFlag)), Exit::BadFlag);
    }
}
