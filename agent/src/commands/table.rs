//! `callsign table`: the table that clients are served, from files or from a running process.

use super::Exit;
use crate::admin::{self, AdminError};
use crate::app::Preview;
use crate::cli::{TableArgs, TableOutput};
use crate::config::{Config, Environment, values};
use crate::output::{ServedTable, ViewChoice, ndsz, one_line, table_json, table_text, write_json};
use crate::problem::Problem;
use hyper::StatusCode;
use serde_json::Value;
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

/// Prints the table to `out`, and what is wrong with its inputs to standard error.
///
/// With the flag `--admin` it is the table of the process there. Otherwise `preview` reads the
/// files that the configuration names. Exits with 1 when something is wrong with the inputs, or
/// no table is to be had; the table is printed in the first case. Exits with 2 when a flag is at
/// fault.
///
/// # Errors
/// Of `out`.
pub fn run<E: fmt::Display>(
    args: &TableArgs,
    environment: &Environment,
    preview: impl FnOnce(&Config) -> Result<Preview, E>,
    out: &mut impl Write,
) -> io::Result<Exit> {
    match &args.flags.admin {
        Some(address) => match values::loopback_address(address) {
            Ok(address) => of_process(address, args.output, out),
            Err(fault) => {
                eprintln!("command line: admin: {}; {}", fault.reason, fault.hint);
                Ok(Exit::BadFlag)
            }
        },
        None => match super::load_config(&args.flags, environment) {
            Ok(config) => of_files(&config, args.output, preview, out),
            Err(exit) => Ok(exit),
        },
    }
}

fn of_files<E: fmt::Display>(
    config: &Config,
    output: TableOutput,
    preview: impl FnOnce(&Config) -> Result<Preview, E>,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let preview = match preview(config) {
        Ok(preview) => preview,
        Err(error) => {
            eprintln!("{error}");
            return Ok(Exit::No);
        }
    };
    for problem in config.warnings.iter().chain(&preview.problems) {
        eprintln!("{}", one_line(&problem.to_string()));
    }
    let table = ServedTable::of(&preview.snapshot, &config.resolver, ViewChoice::Default)
        .expect("only the view of a given client may be missing")
        .with_held(Arc::clone(&preview.held));
    print(&table, output, out)?;
    let is_bad = preview.problems.iter().any(Problem::is_error);
    Ok(if is_bad { Exit::No } else { Exit::Fine })
}

fn print(table: &ServedTable<'_>, output: TableOutput, out: &mut impl Write) -> io::Result<()> {
    match output {
        TableOutput::Text => out.write_all(table_text(&table_json(table)).as_bytes()),
        TableOutput::Json => write_json(table, out),
        TableOutput::Ndsz => print_pretty(&serde_json::to_value(ndsz(table))?, out),
    }
}

fn print_pretty(value: &Value, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

fn of_process(address: SocketAddr, output: TableOutput, out: &mut impl Write) -> io::Result<Exit> {
    match pages(address, output) {
        Ok((table, readiness)) => {
            for line in &readiness.lines {
                eprintln!("{}", one_line(line));
            }
            print_page(&table, output, out)?;
            Ok(if readiness.is_ready {
                Exit::Fine
            } else {
                Exit::No
            })
        }
        Err(error) => {
            eprintln!("callsign: {error}");
            Ok(Exit::No)
        }
    }
}

/// What `/readyz` says of the inputs.
struct Readiness {
    is_ready: bool,
    lines: Vec<String>,
}

fn pages(address: SocketAddr, output: TableOutput) -> Result<(Vec<u8>, Readiness), AdminError> {
    let path = match output {
        TableOutput::Text | TableOutput::Json => "/debug/table",
        TableOutput::Ndsz => "/debug/ndsz",
    };
    let (code, table) = admin::fetch(address, path)?;
    if code != StatusCode::OK {
        return Err(AdminError::Refused(
            code,
            String::from_utf8_lossy(&table).into_owned(),
        ));
    }
    let (_, readiness) = admin::fetch(address, "/readyz?format=json")?;
    let readiness: Value = serde_json::from_slice(&readiness).unwrap_or_default();
    let lines = |key: &str| readiness[key].as_array().cloned().unwrap_or_default();
    let lines = lines("reasons").into_iter().chain(lines("notes"));
    let readiness = Readiness {
        is_ready: readiness["ready"] == Value::Bool(true),
        lines: lines
            .filter_map(|line| line.as_str().map(str::to_owned))
            .collect(),
    };
    Ok((table.into(), readiness))
}

/// Prints a page as the table of files would be printed.
fn print_page(page: &[u8], output: TableOutput, out: &mut impl Write) -> io::Result<()> {
    match output {
        TableOutput::Json => out.write_all(page),
        TableOutput::Text => out.write_all(table_text(&serde_json::from_slice(page)?).as_bytes()),
        TableOutput::Ndsz => {
            let whole: Value = serde_json::from_slice(page)?;
            print_pretty(&whole["table"], out)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::AgentFlags;
    use crate::metrics::Metrics;
    use crate::output::fixture::{self, pay, reviews, snapshot};
    use crate::problem::Place;
    use crate::status::{Phase, Status};
    use arc_swap::ArcSwap;
    use std::num::NonZeroUsize;
    use std::path::Path;
    use std::sync::Arc;

    const OUTPUTS: [TableOutput; 3] = [TableOutput::Text, TableOutput::Json, TableOutput::Ndsz];

    pub(in crate::commands) fn environment() -> Environment {
        Environment {
            state_directory: None,
            xdg_state_home: None,
            home: None,
            cores: NonZeroUsize::MIN,
        }
    }

    fn run_with(
        flags: AgentFlags,
        output: TableOutput,
        preview: Result<Preview, &'static str>,
    ) -> (Exit, String) {
        let args = TableArgs { flags, output };
        let mut out = Vec::new();
        let exit = run(&args, &environment(), |_| preview, &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    fn flags() -> AgentFlags {
        AgentFlags {
            state_dir: Some("none".to_owned()),
            ..AgentFlags::default()
        }
    }

    fn preview(problems: Vec<Problem>) -> Preview {
        Preview {
            held: Arc::default(),
            snapshot: Arc::new(snapshot(vec![pay(), reviews()])),
            problems,
        }
    }

    fn problem(of: fn(Place, &'static str, &'static str) -> Problem) -> Vec<Problem> {
        vec![of(Place::of_file(Path::new("a.yaml")), "spec", "is odd")]
    }

    /// Runs `ask` against a process with that status.
    pub(in crate::commands) fn beside_a_process<T>(
        status: Status,
        ask: impl FnOnce(SocketAddr) -> T,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(ArcSwap::from_pointee(status));
        let shared = Arc::new(dns_core::Shared::new(0, None, 0));
        let metrics = Metrics::new(Arc::clone(&status), Vec::new(), Vec::new(), shared);
        let subject = admin::Subject {
            status,
            questions: crate::inquiry::channel().0,
            metrics: Arc::new(metrics),
            resolver: dns_core::ResolverConfig::default(),
            cache: admin::cache_with_failures(&["gone.example", "a.gone.example"]),
        };
        runtime.spawn(admin::serve(listener, subject, std::future::pending()));
        ask(address)
    }

    fn admin_flags(address: SocketAddr) -> AgentFlags {
        AgentFlags {
            admin: Some(address.to_string()),
            ..AgentFlags::default()
        }
    }

    #[test]
    fn a_process_and_its_files_are_shown_alike() {
        let status = fixture::status(snapshot(vec![pay(), reviews()]));
        beside_a_process(status, |address| {
            for output in OUTPUTS {
                let of_process = run_with(admin_flags(address), output, Err("no files"));
                let of_files = run_with(flags(), output, Ok(preview(Vec::new())));
                assert_eq!(of_process, of_files);
                assert_eq!(of_process.0, Exit::Fine);
                assert!(of_process.1.contains("pay.example.com"), "{}", of_process.1);
            }
        });
    }

    #[test]
    fn what_is_printed_as_name_table_can_be_given_as_table() {
        let (_, printed) = run_with(flags(), TableOutput::Ndsz, Ok(preview(Vec::new())));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table.json");
        std::fs::write(&file, &printed).unwrap();
        let flags = AgentFlags {
            table: vec![file.display().to_string()],
            ..flags()
        };
        let args = TableArgs {
            flags,
            output: TableOutput::Ndsz,
        };
        let mut out = Vec::new();
        let exit = run(&args, &environment(), crate::app::preview, &mut out).unwrap();
        assert_eq!(exit, Exit::Fine);
        assert_eq!(String::from_utf8(out).unwrap(), printed);
    }

    #[test]
    fn a_process_that_is_not_ready_shows_its_table_and_exits_with_1() {
        let mut status = fixture::status(snapshot(vec![pay()]));
        status.phase = Phase::Draining;
        beside_a_process(status, |address| {
            let (exit, text) = run_with(admin_flags(address), TableOutput::Text, Err("no files"));
            assert_eq!(exit, Exit::No);
            assert!(text.contains("pay.example.com"), "{text}");
        });
    }

    #[test]
    fn inputs_with_errors_show_what_is_left_and_exit_with_1_and_warnings_with_0() {
        let show = |problems| run_with(flags(), TableOutput::Json, Ok(preview(problems)));
        let (exit, text) = show(problem(Problem::error));
        assert_eq!(exit, Exit::No);
        assert!(text.contains("pay.example.com"), "{text}");
        assert_eq!(show(problem(Problem::warning)).0, Exit::Fine);
    }

    #[test]
    fn no_table_is_an_exit_with_1_and_a_bad_flag_with_2() {
        let (exit, text) = run_with(flags(), TableOutput::Text, Err("no folder"));
        assert_eq!((exit, text.as_str()), (Exit::No, ""));
        let foreign = AgentFlags {
            admin: Some("192.0.2.1:80".to_owned()),
            ..flags()
        };
        assert_eq!(
            run_with(foreign, TableOutput::Text, Err("unused")).0,
            Exit::BadFlag
        );
        let bad = AgentFlags {
            workers: Some("none".to_owned()),
            ..flags()
        };
        assert_eq!(
            run_with(bad, TableOutput::Text, Err("unused")).0,
            Exit::BadFlag
        );
    }
}
