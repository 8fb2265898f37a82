//! [`show`]: prints a [`MeshPage`], of files or of a process.

use super::Exit;
use super::data::{self, Data, data, print_json, refused};
use crate::app;
use crate::cli::{DataFlags, Output};
use crate::config::{Config, Environment};
use crate::control::Control;
use crate::mesh_page::{Looked, MeshPage};
use serde_json::Value;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Prints `page` of what `flags` name to `out`, for `command`. Exits with 1 when there is nothing to
/// show or it is no good news.
///
/// # Errors
/// Of `out`.
pub(super) fn show(
    command: &str,
    page: &MeshPage,
    flags: &DataFlags,
    output: Output,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let found = data(command, flags, environment).and_then(|data| match data {
        Data::Files(config) => of_files(command, page, &config),
        Data::Process(address) => of_process(command, page, address),
    });
    let (body, inputs) = match found {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    match output {
        Output::Text => out.write_all(page.text(&body).as_bytes())?,
        Output::Json => print_json(&body, out)?,
    }
    Ok(match page {
        // What is listed is as good as what it was read from.
        MeshPage::Services | MeshPage::Exports => inputs,
        MeshPage::Check(_) | MeshPage::Explain { .. } if page.is_fine(&body) => Exit::Fine,
        MeshPage::Check(_) | MeshPage::Explain { .. } => Exit::No,
    })
}

/// What there is to print, and how good the inputs are.
fn of_files(command: &str, page: &MeshPage, config: &Config) -> Result<(Value, Exit), Exit> {
    let (control, inputs) = match page {
        // The problems of its inputs are among its lines.
        MeshPage::Check(_) => (start(config)?, Exit::Fine),
        MeshPage::Services | MeshPage::Exports | MeshPage::Explain { .. } => data::look(config)?,
    };
    let body = page.body(&control.insight(), Looked::Files);
    let body = body.map_err(|reason| refused(command, reason))?;
    Ok((body, inputs))
}

fn start(config: &Config) -> Result<Control, Exit> {
    app::look(config).map_err(|error| {
        eprintln!("{error}");
        error.exit()
    })
}

fn of_process(command: &str, page: &MeshPage, address: SocketAddr) -> Result<(Value, Exit), Exit> {
    let octets = data::page(command, address, &page.target())?;
    let body = data::read(command, &octets)?;
    let inputs = match page {
        MeshPage::Check(_) => Exit::Fine,
        MeshPage::Services | MeshPage::Exports | MeshPage::Explain { .. } => {
            data::readiness(address)
        }
    };
    Ok((body, inputs))
}
