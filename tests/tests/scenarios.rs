//! Runs the scenarios: `cargo test -p tests --test scenarios [PART OF AN ID]`, or those of another
//! folder with `CALLSIGN_CASES=FOLDER`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tests::callsign::binary;
use tests::cases::{FOLDER_VARIABLE, committed_folder};
use tests::scenarios::run;

/// Options of the usual test harness that have a value; they mean nothing here.
const OPTIONS_WITH_VALUE: [&str; 5] = [
    "--test-threads",
    "--skip",
    "--format",
    "--color",
    "--logfile",
];

fn main() -> ExitCode {
    let run = || {
        binary()?;
        let filter = filter(std::env::args().skip(1));
        run(&folder(), filter.as_deref(), |line| println!("{line}"))
    };
    match run() {
        Ok(report) => {
            println!("\n{report}");
            match report.failures().next() {
                None => ExitCode::SUCCESS,
                Some(_) => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            println!("FAIL {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the environment, else the committed one. A relative folder starts from the
/// workspace, where people type it, although tests run in the folder of their crate.
fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::var_os(FOLDER_VARIABLE).map_or_else(committed_folder, |folder| workspace.join(folder))
}

fn filter(mut arguments: impl Iterator<Item = String>) -> Option<String> {
    while let Some(argument) = arguments.next() {
        if OPTIONS_WITH_VALUE.contains(&argument.as_str()) {
            arguments.next();
        } else if !argument.starts_with('-') {
            return Some(argument);
        }
    }
    None
}
