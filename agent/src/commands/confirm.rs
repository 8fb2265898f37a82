//! `callsign confirm`: releases a change that is held.

use super::data::{body_of, read, refused};
use super::{Data, Exit, data, print_json};
use crate::admin;
use crate::app::{self, ConfirmError};
use crate::cli::{ConfirmArgs, Output};
use crate::config::Environment;
use crate::control::NotConfirmed;
use crate::generations::GenerationId;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::net::SocketAddr;

/// Lets through what is held and says so on `out`.
///
/// Exits with 1 when something else is held, or nothing, or when the state folder or the process is
/// not to be had; with 2 when a flag is at fault.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: &ConfirmArgs,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let told = match data("confirm", &args.data, environment) {
        Ok(Data::Files(config)) => of_files(app::confirm(&config, &args.generation)),
        Ok(Data::Process(address)) => of_process(address, &args.generation),
        Err(exit) => return Ok(exit),
    };
    match told {
        Ok(told) => told.print(args.output, out),
        Err(exit) => Ok(exit),
    }
}

/// What became of it, as the page of a process has it.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// The generation that is served from now on.
    confirmed: Option<String>,
    /// The one that is held, if it is another.
    held: Option<String>,
    /// Why nothing was confirmed.
    reason: String,
}

impl Told {
    fn print(&self, output: Output, out: &mut impl Write) -> io::Result<Exit> {
        match (output, &self.confirmed) {
            (Output::Json, _) => print_json(self, out)?,
            (Output::Text, Some(id)) => writeln!(out, "{id} is served")?,
            (Output::Text, None) => _ = refused("confirm", &self.reason),
        }
        Ok(if self.confirmed.is_some() {
            Exit::Fine
        } else {
            Exit::No
        })
    }
}

fn of_files(confirmed: Result<GenerationId, ConfirmError>) -> Result<Told, Exit> {
    match confirmed {
        Ok(id) => Ok(Told {
            confirmed: Some(id.to_string()),
            held: None,
            reason: String::new(),
        }),
        Err(ConfirmError::NotConfirmed(error)) => Ok(Told {
            confirmed: None,
            held: match error {
                NotConfirmed::Other(held) => Some(held.to_string()),
                NotConfirmed::NothingHeld => None,
            },
            reason: error.to_string(),
        }),
        Err(ConfirmError::App(error)) => {
            eprintln!("{error}");
            Err(error.exit())
        }
        Err(ConfirmError::InUse(reason)) => Err(refused("confirm", reason)),
    }
}

fn of_process(address: SocketAddr, generation: &str) -> Result<Told, Exit> {
    let target = admin::with_query("/confirm", &[("generation", generation.to_owned())]);
    let body = match admin::post(address, &target) {
        Ok((StatusCode::CONFLICT, body)) => body,
        answer => body_of("confirm", answer)?,
    };
    read("confirm", &body)
}
