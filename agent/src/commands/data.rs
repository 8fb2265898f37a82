//! [`Data`]: where a command that looks at data takes it from.

use super::{Exit, load_config};
use crate::admin::{self, AdminError};
use crate::app;
use crate::cli::DataFlags;
use crate::config::{Config, Environment, values};
use crate::control::Control;
use crate::output::one_line;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Where a command takes its data from.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// From the files that a configuration names.
    Files(Box<Config>),
    /// From the process whose admin server is there.
    Process(SocketAddr),
}

/// Where `command` takes its data from: with the flag `--admin` from the process there, else from
/// the files of the configuration.
///
/// # Errors
/// The exit code, after its reason was told on standard error: [`Exit::BadFlag`] when a flag is
/// at fault or none says where the data is, [`Exit::No`] when the configuration file is.
pub(crate) fn data(
    command: &str,
    flags: &DataFlags,
    environment: &Environment,
) -> Result<Data, Exit> {
    if let Some(address) = &flags.admin {
        let address = values::loopback_address(address).map_err(|fault| {
            eprintln!("command line: admin: {}; {}", fault.reason, fault.hint);
            Exit::BadFlag
        })?;
        return Ok(Data::Process(address));
    }
    if !flags.names_data() {
        eprintln!(
            "callsign {command}: of what? write --clusters DIR --cluster ID, --config FILE, or \
             --admin ADDR of a running agent"
        );
        return Err(Exit::BadFlag);
    }
    let config = load_config(&flags.to_agent_flags(), environment)?;
    Ok(Data::Files(Box::new(config)))
}

/// Reads the files as the agent would, and tells what is wrong with them on standard error. The
/// exit code is [`Exit::No`] when an error is among that.
///
/// # Errors
/// The exit code when nothing can be looked at, after the reason was told.
pub(crate) fn look(config: &Config) -> Result<(Control, Exit), Exit> {
    let control = app::look(config).map_err(|error| {
        eprintln!("{error}");
        error.exit()
    })?;
    let status = control.status().load_full();
    let of_sources = status.sources.iter().flat_map(|source| &source.problems);
    let mut exit = Exit::Fine;
    for problem in of_sources.chain(&status.problems) {
        eprintln!("{}", one_line(&problem.to_string()));
        if problem.is_error() {
            exit = Exit::No;
        }
    }
    Ok((control, exit))
}

/// A page of a process, as it is.
///
/// # Errors
/// [`Exit::No`], after the reason was told.
pub(crate) fn page(command: &str, address: SocketAddr, target: &str) -> Result<Bytes, Exit> {
    body_of(command, admin::fetch(address, target))
}

/// The body of an answer of a process.
///
/// # Errors
/// [`Exit::No`], after the reason was told.
pub(crate) fn body_of(
    command: &str,
    answer: Result<(StatusCode, Bytes), AdminError>,
) -> Result<Bytes, Exit> {
    match answer {
        Ok((StatusCode::OK, body)) => Ok(body),
        Ok((code, body)) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            Err(refused(command, AdminError::Refused(code, text)))
        }
        Err(error) => Err(refused(command, error)),
    }
}

/// What a page of a process holds.
///
/// # Errors
/// [`Exit::No`], after the reason was told.
pub(crate) fn read<T: DeserializeOwned>(command: &str, body: &[u8]) -> Result<T, Exit> {
    serde_json::from_slice(body).map_err(|error| {
        refused(
            command,
            format!("the process answers something else: {error}"),
        )
    })
}

/// Tells why a command cannot go on.
pub(crate) fn refused(command: &str, reason: impl Display) -> Exit {
    let reason = reason.to_string();
    eprintln!("callsign {command}: {}", one_line(reason.trim_end()));
    Exit::No
}

/// What a process says of its inputs is told on standard error; the exit code is [`Exit::No`] when
/// it is not ready.
pub(crate) fn readiness(address: SocketAddr) -> Exit {
    let Ok((_, body)) = admin::fetch(address, "/readyz?format=json") else {
        return Exit::No;
    };
    let page: Value = serde_json::from_slice(&body).unwrap_or_default();
    let lists = ["reasons", "notes"].map(|key| page[key].as_array());
    for line in lists.into_iter().flatten().flatten() {
        eprintln!("{}", one_line(line.as_str().unwrap_or_default()));
    }
    if page["ready"] == Value::Bool(true) {
        Exit::Fine
    } else {
        Exit::No
    }
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}
