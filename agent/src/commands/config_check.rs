//! `callsign config check`: every problem of the configuration and of the files it names.

use super::Exit;
use crate::cli::{CheckArgs, Output};
use crate::config::{Config, ConfigError, Environment};
use crate::problem::Problem;
use serde::Serialize;
use std::io::{self, Write};

/// Loads the configuration and prints its problems, then those that `check_sources` finds in the
/// files it names; a bad configuration names none.
///
/// Exits with 1 when a problem is an error, with 2 when a flag is at fault.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: CheckArgs,
    environment: &Environment,
    check_sources: impl FnOnce(&Config) -> Vec<Problem>,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let output = args.output;
    let flags = args.into_flags();
    let subject = flags
        .config
        .as_ref()
        .map_or("flags".to_owned(), |file| file.display().to_string());
    let report = Report::of(Config::load(&flags, environment), check_sources);
    match output {
        Output::Text => report.print(&subject, out)?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)?;
        }
    }
    Ok(report.exit)
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    problems: Vec<Problem>,
    #[serde(skip)]
    exit: Exit,
}

impl Report {
    fn of(
        loaded: Result<Config, ConfigError>,
        check_sources: impl FnOnce(&Config) -> Vec<Problem>,
    ) -> Self {
        let (problems, exit_if_bad) = match loaded {
            Ok(config) => {
                let of_sources = check_sources(&config);
                (
                    config.warnings.into_iter().chain(of_sources).collect(),
                    Exit::No,
                )
            }
            Err(error) if error.is_of_flag() => (error.problems, Exit::BadFlag),
            Err(error) => (error.problems, Exit::No),
        };
        let ok = !problems.iter().any(Problem::is_error);
        Report {
            ok,
            problems,
            exit: if ok { Exit::Fine } else { exit_if_bad },
        }
    }

    fn print(&self, subject: &str, out: &mut impl Write) -> io::Result<()> {
        for problem in &self.problems {
            writeln!(out, "{problem}")?;
        }
        let errors = self
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .count();
        let warnings = self.problems.len() - errors;
        match (errors, warnings) {
            (0, 0) => writeln!(out, "{subject}: ok"),
            (0, warnings) => writeln!(out, "{subject}: ok, {}", counted(warnings, "warning")),
            (errors, 0) => writeln!(out, "{subject}: {}", counted(errors, "error")),
            (errors, warnings) => {
                let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
                writeln!(out, "{subject}: {errors}, {warnings}")
            }
        }
    }
}

fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::AgentFlags;
    use crate::config::tests::environment;
    use crate::problem::Place;
    use std::path::Path;

    fn check(flags: AgentFlags, output: Output, of_sources: Vec<Problem>) -> (Exit, String) {
        let args = CheckArgs {
            file: None,
            flags,
            output,
        };
        let mut out = Vec::new();
        let exit = run(args, &environment(), |_| of_sources, &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    fn of_source() -> Problem {
        let at = Place::of_file(Path::new("objects/a.yaml")).at(7, 3);
        Problem::error(at, "spec.hosts", "missing")
    }

    #[test]
    fn nothing_wrong_is_ok_and_exits_with_0() {
        let (exit, text) = check(AgentFlags::default(), Output::Text, Vec::new());
        assert_eq!((exit, text.as_str()), (Exit::Fine, "flags: ok\n"));
    }

    #[test]
    fn problems_of_sources_count_and_exit_with_1() {
        let (exit, text) = check(AgentFlags::default(), Output::Text, vec![of_source()]);
        assert_eq!(exit, Exit::No);
        assert_eq!(
            text,
            "objects/a.yaml:7:3: spec.hosts: missing\nflags: 1 error\n"
        );
    }

    #[test]
    fn a_bad_flag_exits_with_2() {
        let flags = AgentFlags {
            workers: Some("0".into()),
            ..AgentFlags::default()
        };
        let (exit, text) = check(flags, Output::Text, Vec::new());
        assert_eq!(exit, Exit::BadFlag);
        assert!(text.starts_with("command line: workers: 0 is too small"));
    }

    #[test]
    fn json_lists_every_problem_with_its_place() {
        let (_, text) = check(AgentFlags::default(), Output::Json, vec![of_source()]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["ok"], false);
        let expected = serde_json::json!({
            "file": "objects/a.yaml", "line": 7, "column": 3, "field": "spec.hosts",
            "reason": "missing", "hint": "", "severity": "error",
        });
        assert_eq!(json["problems"][0], expected);
    }
}
