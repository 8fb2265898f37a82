//! `callsign vips`: virtual addresses, which name has which.

use super::data::{body_of, page, read, refused};
use super::{Data, Exit, data, look, print_json};
use crate::admin::{self, SentAddress};
use crate::app::{self, ConfirmError};
use crate::cli::{Output, VipsArgs, VipsCommand, VipsImportArgs, VipsListArgs, VipsMigrateArgs};
use crate::config::{Config, Environment};
use crate::input_file;
use crate::output::{ImportReport, MoveRow, VipRow, migration_of, moves_text, vips_of, vips_text};
use dns_core::vip::{ImportedAddress, VipKey};
use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddr;
use table_compiler::{ImportedName, VipMap, parse_vip_map};

/// Largest map read, in octets: a million names as Consul lists them.
const MAP_OCTETS_MAX: u64 = 1 << 30;

/// Lists addresses, takes over those of another system, or plans a move, and prints to `out`.
///
/// Exits with 1 when there is no such name, part of a map is not taken over, a name cannot be
/// moved, or something is wrong with what was looked at; with 2 when a flag is at fault.
///
/// # Errors
/// Of `out`.
pub fn run(args: &VipsArgs, environment: &Environment, out: &mut impl Write) -> io::Result<Exit> {
    let printed = match &args.command {
        None => list(&args.list, environment, out),
        Some(VipsCommand::Import(args)) => import(args, environment, out),
        Some(VipsCommand::Migrate(args)) => migrate(args, environment, out),
    };
    printed.unwrap_or_else(Ok)
}

/// What printing gave, or the exit code after a reason was told.
type Printed = Result<io::Result<Exit>, Exit>;

fn list(args: &VipsListArgs, environment: &Environment, out: &mut impl Write) -> Printed {
    let name = args.name.as_deref();
    let (rows, exit): (Vec<VipRow>, Exit) = match data("vips", &args.data, environment)? {
        Data::Files(config) => {
            let (control, exit) = look(&config)?;
            (vips_of(&control.insight(), name), exit)
        }
        Data::Process(address) => {
            let parameters: Vec<_> = name
                .map(|name| ("name", name.to_owned()))
                .into_iter()
                .collect();
            let target = admin::with_query(admin::VIPS, &parameters);
            let body = page("vips", address, &target)?;
            (read("vips", &body)?, Exit::Fine)
        }
    };
    let is_missing = name.is_some() && rows.is_empty();
    let printed = match args.output {
        Output::Text if is_missing => {
            _ = refused(
                "vips",
                "no such name has a virtual address, or had one lately",
            );
            Ok(())
        }
        Output::Text => out.write_all(vips_text(&rows).as_bytes()),
        Output::Json => print_json(&rows, out),
    };
    Ok(printed.map(|()| if is_missing { Exit::No } else { exit }))
}

fn migrate(args: &VipsMigrateArgs, environment: &Environment, out: &mut impl Write) -> Printed {
    let (moves, exit): (Vec<MoveRow>, Exit) = match data("vips", &args.data, environment)? {
        Data::Files(config) => {
            let (control, exit) = look(&config)?;
            (migration_of(&control.insight()), exit)
        }
        Data::Process(address) => {
            let body = page("vips", address, admin::MIGRATION)?;
            (read("vips", &body)?, Exit::Fine)
        }
    };
    let is_stuck = moves.iter().any(|planned| planned.to.is_none());
    let printed = match args.output {
        Output::Text => out.write_all(moves_text(&moves).as_bytes()),
        Output::Json => print_json(&moves, out),
    };
    Ok(printed.map(|()| if is_stuck { Exit::No } else { exit }))
}

fn import(args: &VipsImportArgs, environment: &Environment, out: &mut impl Write) -> Printed {
    let source = data("vips", &args.data, environment)?;
    let map = map_of(args)?;
    let skipped: Vec<String> = map.problems.iter().map(ToString::to_string).collect();
    let report = match source {
        Data::Files(config) => import_into_files(args, &config, map.names)?,
        Data::Process(address) => import_into_process(args, address, map.names)?,
    };
    let report = ImportReport { skipped, ..report };
    let printed = match args.output {
        Output::Text => out.write_all(report.text().as_bytes()),
        Output::Json => print_json(&report, out),
    };
    let exit = if report.is_whole() {
        Exit::Fine
    } else {
        Exit::No
    };
    Ok(printed.map(|()| exit))
}

fn map_of(args: &VipsImportArgs) -> Result<VipMap, Exit> {
    let place = args.file.display().to_string();
    let fail = |error: &dyn Display| refused("vips", format!("{place}: {error}"));
    let (octets, _) = input_file::read(&args.file, MAP_OCTETS_MAX).map_err(|error| fail(&error))?;
    let text = String::from_utf8(octets).map_err(|_| fail(&"is no UTF-8 text"))?;
    parse_vip_map(&place, &text).map_err(|problem| refused("vips", problem))
}

fn import_into_files(
    args: &VipsImportArgs,
    config: &Config,
    names: Vec<ImportedName>,
) -> Result<ImportReport, Exit> {
    let addresses = names.into_iter().map(|imported| ImportedAddress {
        key: VipKey::of_name(&imported.name),
        address: imported.address,
    });
    let addresses = addresses.collect();
    if args.dry_run {
        let (control, _) = look(config)?;
        return Ok(ImportReport::of(&control.try_import(addresses), true));
    }
    let mut control = app::own(config).map_err(|error| match error {
        ConfirmError::App(error) => {
            eprintln!("{error}");
            error.exit()
        }
        other => refused("vips", other),
    })?;
    Ok(ImportReport::of(&control.import(addresses), false))
}

fn import_into_process(
    args: &VipsImportArgs,
    address: SocketAddr,
    names: Vec<ImportedName>,
) -> Result<ImportReport, Exit> {
    let sent: Vec<SentAddress> = names
        .into_iter()
        .map(|imported| SentAddress {
            name: imported.name.to_string(),
            address: imported.address,
        })
        .collect();
    let body = serde_json::to_vec(&sent).map_err(|error| refused("vips", error))?;
    let parameters = [("dry_run", args.dry_run.to_string())];
    let target = admin::with_query(admin::IMPORT, &parameters);
    let body = body_of("vips", admin::send(address, &target, body.into()))?;
    read("vips", &body)
}
