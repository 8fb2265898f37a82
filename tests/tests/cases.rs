//! Runs the cases: `cargo test -p tests --test cases [PART OF AN ID]`, or those of another folder
//! with `CALLSIGN_CASES=FOLDER`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tests::callsign::binary;
use tests::cases::{FOLDER_VARIABLE, committed_folder, run};

/// Options of the usual test harness that have a value; they mean nothing here.
const OPTIONS_WITH_VALUE: [&str; 5] = [
    "--test-threads",
    "--skip",
    "--format",
    "--color",
    "--logfile",
];

fn main() -> ExitCode {
    // Without a binary most cases fail, each with the same reason: it is said once.
    let run = || {
        binary()?;
        run(&folder(), filter(std::env::args().skip(1)).as_deref())
    };
    let report = match run() {
        Ok(report) => report,
        Err(error) => {
            println!("FAIL {error}");
            return ExitCode::FAILURE;
        }
    };
    for line in report.lines() {
        println!("{line}");
    }
    println!("\n{report}");
    if report.failures().next().is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
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
