//! Runs of the built binary that end by themselves.

use crate::callsign::binary;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// How a command ended and what it printed.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `callsign` to its end.
///
/// # Errors
/// When it is not built or cannot be run.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Ended, String> {
    let output = Command::new(binary()?)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run callsign: {error}"))?;
    Ok(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
