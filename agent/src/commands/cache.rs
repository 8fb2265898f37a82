//! `callsign cache`: what a running process keeps of the answers of upstreams.

use super::Exit;
use crate::admin::{self, AdminError};
use crate::cli::{AgentFlags, CacheArgs, CacheCommand, CacheSelection, CacheShowArgs, Output};
use crate::config::{Environment, values};
use crate::output::{CacheListing, Flushed};
use hyper::StatusCode;
use hyper::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Asks the process and prints to `out`.
///
/// Exits with 1 when the process does not answer or keeps no cache, or when nothing is kept for a
/// name or suffix that was asked for; with 2 when a flag is at fault. A flush of nothing is fine.
///
/// # Errors
/// Of `out`.
pub fn run(args: &CacheArgs, environment: &Environment, out: &mut impl Write) -> io::Result<Exit> {
    let selection = args.command.selection();
    let address = match address(selection, environment) {
        Ok(address) => address,
        Err(exit) => return Ok(exit),
    };
    let asked = match &args.command {
        CacheCommand::List(args) => show(address, args, CacheListing::list_text, out),
        CacheCommand::Dump(args) => show(address, args, CacheListing::dump_text, out),
        CacheCommand::Flush(selection) => flush(address, selection, out),
    };
    match asked {
        Ok(printed) => printed,
        Err(error) => {
            eprintln!("callsign cache: {}", error.trim_end());
            Ok(Exit::No)
        }
    }
}

fn show(
    address: SocketAddr,
    args: &CacheShowArgs,
    text: impl FnOnce(&CacheListing) -> String,
    out: &mut impl Write,
) -> Result<io::Result<Exit>, String> {
    let selection = &args.selection;
    let page = admin::fetch(address, &target("/cache", selection, args.limit));
    let listing: CacheListing = read(address, page)?;
    if listing.cut {
        let (shown, max) = (listing.limit, admin::CACHE_LIMIT_MAX);
        eprintln!(
            "callsign cache: only {shown} entries are shown; there are more, --limit takes up to {max}"
        );
    }
    let is_asked_for = selection.name.is_some() || selection.suffix.is_some();
    let exit = if listing.entries.is_empty() && is_asked_for {
        Exit::No
    } else {
        Exit::Fine
    };
    let printed = match selection.output {
        Output::Text => out.write_all(text(&listing).as_bytes()),
        Output::Json => print_json(&listing, out),
    };
    Ok(printed.map(|()| exit))
}

fn flush(
    address: SocketAddr,
    selection: &CacheSelection,
    out: &mut impl Write,
) -> Result<io::Result<Exit>, String> {
    let page = admin::post(address, &target("/cache/flush", selection, None));
    let flushed: Flushed = read(address, page)?;
    let printed = match selection.output {
        Output::Text => {
            let plural = if flushed.flushed == 1 { "y" } else { "ies" };
            writeln!(out, "flushed {} entr{plural}", flushed.flushed)
        }
        Output::Json => print_json(&flushed, out),
    };
    Ok(printed.map(|()| Exit::Fine))
}

fn print_json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The page as what it holds, or why there is none.
fn read<T: DeserializeOwned>(
    address: SocketAddr,
    page: Result<(StatusCode, Bytes), AdminError>,
) -> Result<T, String> {
    let (code, body) = page.map_err(|error| error.to_string())?;
    if code != StatusCode::OK {
        let text = String::from_utf8_lossy(&body).into_owned();
        return Err(AdminError::Refused(code, text).to_string());
    }
    serde_json::from_slice(&body)
        .map_err(|error| format!("{address} answers something else than a cache: {error}"))
}

fn target(path: &str, selection: &CacheSelection, limit: Option<usize>) -> String {
    let parameters = [
        ("name", selection.name.clone()),
        ("suffix", selection.suffix.clone()),
        ("type", selection.rtype.clone()),
        ("limit", limit.map(|limit| limit.to_string())),
    ];
    let given: Vec<_> = parameters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    admin::with_query(path, &given)
}

/// The admin server: the flag, else the key of the file.
fn address(selection: &CacheSelection, environment: &Environment) -> Result<SocketAddr, Exit> {
    if let Some(address) = &selection.admin {
        return values::loopback_address(address).map_err(|fault| {
            eprintln!("command line: admin: {}; {}", fault.reason, fault.hint);
            Exit::BadFlag
        });
    }
    if selection.config.is_none() {
        eprintln!(
            "callsign cache: which process? write --admin 127.0.0.1:15054, the address that \
             `callsign agent --admin` was given, or --config FILE with its configuration"
        );
        return Err(Exit::BadFlag);
    }
    let flags = AgentFlags {
        config: selection.config.clone(),
        ..AgentFlags::default()
    };
    let config = super::load_config(&flags, environment)?;
    config.admin.ok_or_else(|| {
        eprintln!(
            "{}: the admin server is off; write `admin: 127.0.0.1:15054` there and start the \
             agent again",
            config.place()
        );
        Exit::No
    })
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::{beside_a_process, environment};
    use super::*;
    use crate::output::fixture;
    use serde_json::Value;

    fn run_with(command: CacheCommand) -> (Exit, String) {
        let mut out = Vec::new();
        let exit = run(&CacheArgs { command }, &environment(), &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    fn list(selection: &CacheSelection) -> CacheCommand {
        CacheCommand::List(shown(selection))
    }

    fn shown(selection: &CacheSelection) -> CacheShowArgs {
        CacheShowArgs {
            selection: selection.clone(),
            limit: None,
        }
    }

    /// Runs `ask` with the selection of a process that keeps the failures of two names.
    fn beside_a_cache(ask: impl FnOnce(CacheSelection)) {
        beside_a_process(fixture::status(fixture::snapshot(Vec::new())), |address| {
            ask(CacheSelection {
                admin: Some(address.to_string()),
                ..CacheSelection::default()
            });
        });
    }

    #[test]
    fn entries_are_listed_dumped_and_flushed() {
        beside_a_cache(|all| {
            let named = CacheSelection {
                name: Some("gone.example".to_owned()),
                ..all.clone()
            };
            let (exit, text) = run_with(list(&all));
            assert_eq!(exit, Exit::Fine);
            assert_eq!(text.lines().count(), 3, "{text}");
            assert!(
                text.starts_with("NAME ") && text.contains("\ngone.example "),
                "{text}"
            );
            let (exit, text) = run_with(CacheCommand::Dump(shown(&named)));
            assert_eq!(exit, Exit::Fine);
            assert!(
                text.starts_with("; gone.example A: failure, timed-out"),
                "{text}"
            );
            let flushed = run_with(CacheCommand::Flush(named.clone()));
            assert_eq!(flushed, (Exit::Fine, "flushed 1 entry\n".to_owned()));
            assert_eq!(run_with(list(&named)).0, Exit::No);
            let flushed = run_with(CacheCommand::Flush(named));
            assert_eq!(flushed, (Exit::Fine, "flushed 0 entries\n".to_owned()));
        });
    }

    #[test]
    fn json_is_what_the_process_says() {
        beside_a_cache(|all| {
            let selection = CacheSelection {
                output: Output::Json,
                ..all
            };
            let (exit, text) = run_with(CacheCommand::List(CacheShowArgs {
                limit: Some(1),
                ..shown(&selection)
            }));
            let listing: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((exit, &listing["cut"]), (Exit::Fine, &Value::Bool(true)));
            assert_eq!(listing["entries"][0]["type"], "A");
            let (_, text) = run_with(CacheCommand::Flush(selection));
            let flushed: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(flushed["flushed"], 2);
        });
    }

    #[test]
    fn a_bad_selection_is_an_exit_with_1_and_a_bad_flag_with_2() {
        beside_a_cache(|all| {
            let bad = CacheSelection {
                rtype: Some("XYZ".to_owned()),
                ..all
            };
            assert_eq!(run_with(list(&bad)).0, Exit::No);
        });
        let nobody = CacheSelection {
            admin: Some("127.0.0.1:1".to_owned()),
            ..CacheSelection::default()
        };
        assert_eq!(run_with(list(&nobody)).0, Exit::No);
        let foreign = CacheSelection {
            admin: Some("192.0.2.1:80".to_owned()),
            ..CacheSelection::default()
        };
        assert_eq!(run_with(list(&foreign)).0, Exit::BadFlag);
        let nowhere = CacheSelection::default();
        assert_eq!(run_with(CacheCommand::Flush(nowhere)).0, Exit::BadFlag);
    }

    #[test]
    fn the_address_is_taken_from_the_configuration_of_the_agent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("callsign.yaml");
        let at = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let selection = CacheSelection {
                config: Some(file.clone()),
                ..CacheSelection::default()
            };
            address(&selection, &environment())
        };
        let expected = Ok("127.0.0.1:15054".parse().unwrap());
        assert_eq!(at("admin: 127.0.0.1:15054\nstate_dir: none\n"), expected);
        assert_eq!(at("state_dir: none\n"), Err(Exit::No));
        assert_eq!(at("admin: nowhere\n"), Err(Exit::No));
    }
}
