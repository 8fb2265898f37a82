//! The `callsign` command.

use agent::app;
use agent::cli::{AgentFlags, Cli, Command, ConfigCommand};
use agent::commands::{
    Exit, cache, check, compile, config_check, confirm, diff, explain, exports, query, services,
    snapshot, table, vips,
};
use agent::config::Environment;
use clap::Parser;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli.command).into(),
        Err(error) => {
            // A reader that went away needs no help text.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

fn run(command: Command) -> Exit {
    let environment = Environment::of_process();
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = match command {
        Command::Agent(args) => Ok(agent(&args.flags)),
        Command::Table(args) => table::run(&args, &environment, app::preview, &mut out),
        Command::Query(args) => query::run(&args, &mut out),
        Command::Cache(args) => cache::run(&args, &environment, &mut out),
        Command::Compile(args) => compile::run(&args, &environment, &mut out),
        Command::Snapshot(args) => snapshot::run(&args, &environment, &mut out),
        Command::Diff(args) => diff::run(&args, &environment, &mut out),
        Command::Confirm(args) => confirm::run(&args, &environment, &mut out),
        Command::Vips(args) => vips::run(&args, &environment, &mut out),
        Command::Explain(args) => explain::run(&args, &environment, &mut out),
        Command::Services(args) => services::run(&args, &environment, &mut out),
        Command::Exports(args) => exports::run(&args, &environment, &mut out),
        Command::Check(args) => check::run(&args, &environment, &mut out),
        Command::Config(args) => match args.command {
            ConfigCommand::Check(args) => {
                config_check::run(args, &environment, app::source_problems, &mut out)
            }
        },
    };
    Exit::of(printed.and_then(|exit| out.flush().map(|()| exit)))
}

fn agent(flags: &AgentFlags) -> Exit {
    match app::run(flags) {
        Ok(()) => Exit::Fine,
        Err(error) => {
            eprintln!("{error}");
            error.exit()
        }
    }
}
